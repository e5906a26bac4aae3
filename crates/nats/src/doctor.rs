//! What is wrong with a cluster, and what to do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chinwag_model::id::Seq;
use chinwag_storage::copy::LogCopy;
use tokio::time::Instant;

use crate::api::{Api, ApiError};
use crate::connection::{Runtime, open};
use crate::error::NatsError;
use crate::hazard::{self, Loss};
use crate::options::Options;
use crate::proof;
use crate::seed::fetch;
use crate::standing::{self, Standing};
use crate::stream::{self, Decompression, Info};
use crate::told::{Told, ToldStream};

/// How long to wait for a server.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long to wait for a leader, and when to ask again.
const ELECTION: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(200);

/// A copy that is behind the leader's by more than this is told of.
const LAG: u64 = 1000;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub weight: Weight,
    /// What it is, and what to do where something is to be done: one line.
    pub what: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// It is as it should be.
    Good,
    /// The cluster works; the next failure may be one too many.
    Warning,
    /// Something does not work, or may lose what was said.
    Wrong,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Good => "good",
            Weight::Warning => "warning",
            Weight::Wrong => "wrong",
        };
        write!(f, "{weight}: {}", self.what)
    }
}

/// Looks at the servers and the stream, and at how a node's copy stands to it. Changes nothing.
#[must_use]
pub fn examine(options: Options, copy: Option<&dyn LogCopy>) -> Vec<Finding> {
    let runtime = match Runtime::start() {
        Ok(runtime) => runtime,
        Err(error) => return vec![wrong(&NatsError::System(error))],
    };
    let mut found = Vec::new();
    if let Err(error) = runtime.block_on(examine_all(&Arc::new(options), copy, &mut found)) {
        found.push(wrong(&error));
    }
    found
}

async fn examine_all(
    options: &Options,
    copy: Option<&dyn LogCopy>,
    found: &mut Vec<Finding>,
) -> Result<(), NatsError> {
    let client = open(options, Instant::now() + PATIENCE).await?;
    found.push(good("the NATS servers can be reached and take the login".to_owned()));
    let told = proof::ask(&client, true).await?;
    servers(&told, options, found);
    let api = Api::new(client, &options.stream);
    let enough = !found.iter().any(|finding| finding.weight == Weight::Wrong);
    let Some(info) = info(&api, enough).await? else {
        if let Some(copy) = copy
            && copy.origin()?.is_some()
        {
            let stream = options.stream.clone();
            return Err(NatsError::Gone { stream, last: copy.last()?.0.0 });
        }
        found.push(Finding {
            weight: Weight::Warning,
            what: format!(
                "there is no stream {}; the first node that starts makes it",
                options.stream
            ),
        });
        return Ok(());
    };
    look_at(&info, options, found);
    losses(&info, &told, options, found);
    copies(&told, options, found);
    found.push(givers(&api, options, &info).await?);
    if let Some(copy) = copy {
        own(&api, options, copy, info, found).await?;
    }
    Ok(())
}

/// What the stream tells; where there are enough servers, an election is waited for.
async fn info(api: &Api, enough: bool) -> Result<Option<Info>, NatsError> {
    let until = Instant::now() + ELECTION;
    loop {
        match stream::info(api).await {
            Err(ApiError::Nobody | ApiError::Silent) if enough && Instant::now() < until => {
                tokio::time::sleep(AGAIN).await;
            }
            told => return told.map_err(stream::said),
        }
    }
}

/// The servers themselves.
fn servers(told: &[Told], options: &Options, found: &mut Vec<Finding>) {
    if let Err(error) = proof::check(told) {
        found.push(wrong(&error));
    }
    // Each for itself, so that all that are wrong are told at once.
    for one in told {
        let alone = std::slice::from_ref(one);
        match proof::check(alone) {
            Ok(()) | Err(NatsError::TooFew { .. }) => found.push(good(format!(
                "NATS server {} is of version {} and syncs before it acknowledges",
                one.server.name, one.server.ver
            ))),
            Err(_) if told.len() == 1 => {}
            Err(error) => found.push(wrong(&error)),
        }
    }
    let all = told.iter().filter_map(|one| one.data.meta_cluster.as_ref());
    let mut silent: Vec<&str> = all
        .flat_map(|meta| meta.replicas.iter().map(|peer| peer.name.as_str()))
        .filter(|name| !told.iter().any(|one| one.server.name == *name))
        .collect();
    silent.sort_unstable();
    silent.dedup();
    found.extend(silent.into_iter().map(|name| {
        let what = format!(
            "NATS server {name} does not answer, so one failure less can be borne; start it"
        );
        Finding { weight: Weight::Warning, what }
    }));
    let size = proof::size(told);
    if size < options.replicas && !told.is_empty() {
        found.push(wrong(&NatsError::FewerThanReplicas { size, replicas: options.replicas }));
    }
    if options.replicas < 3 {
        found.push(Finding {
            weight: Weight::Warning,
            what: format!(
                "cluster.replicas is {}: no server may fail; with 3, one may",
                options.replicas
            ),
        });
    }
}

/// The stream as its leader tells of it.
fn look_at(info: &Info, options: &Options, found: &mut Vec<Finding>) {
    let stream = || options.stream.clone();
    if info.config.identity().is_none() {
        return found.push(wrong(&NatsError::Foreign { stream: stream() }));
    }
    match info.config.differs(options) {
        Some(what) => found.push(wrong(&NatsError::Stream { stream: stream(), what })),
        None => found.push(good(format!(
            "the stream {} is set up as it has to be, and led by {}",
            options.stream, info.cluster.leader
        ))),
    }
    let (first, last) = (info.state.first_seq, info.state.last_seq);
    if info.state.messages == count(first, last) {
        found.push(good(format!("it holds entries {first} to {last}, every one")));
    }
    for replica in &info.cluster.replicas {
        let name = &replica.name;
        let what = if replica.offline {
            format!("the copy of server {name} is offline; start that server")
        } else if !replica.current || replica.lag > LAG {
            format!(
                "the copy of server {name} is {} entries behind; if that stays so, look at that \
                 server's log",
                replica.lag
            )
        } else {
            continue;
        };
        found.push(Finding { weight: Weight::Warning, what });
    }
}

/// Settings of the stream that are known to lose entries.
fn losses(info: &Info, told: &[Told], options: &Options, found: &mut Vec<Finding>) {
    let stream = || options.stream.clone();
    for Loss { what, edit } in hazard::of_stream(&info.config, told) {
        found.push(wrong(&NatsError::Loses { stream: stream(), what, edit }));
    }
    if info.config.is_compressed() {
        return;
    }
    found.push(match info.config.decompression(told) {
        Decompression::Done => good("no server compresses the stream".to_owned()),
        Decompression::Pending(names) => {
            Finding { weight: Weight::Wrong, what: standing::pending(&options.stream, &names) }
        }
        Decompression::Unknown => Finding {
            weight: Weight::Warning,
            what: format!(
                "the compression of the stream {} was switched off by hand, and it cannot be told \
                 whether all NATS servers were restarted since; if not, restart them one by one",
                options.stream
            ),
        },
    });
}

/// What each server itself has. One whose disk turned bits over drops what it can't read, says
/// nothing, and may lead (nats-io/nats-server#7549).
fn copies(told: &[Told], options: &Options, found: &mut Vec<Finding>) {
    let mut held = 0;
    for one in told {
        let streams = one.data.account_details.iter().flat_map(|account| &account.stream_detail);
        let own = streams.filter(|stream| is_ours(stream, options));
        for stream in own {
            held += 1;
            found.extend(holes(&one.server.name, stream));
        }
    }
    if held < options.replicas {
        found.push(Finding {
            weight: Weight::Warning,
            what: format!("{held} of {} copies of the stream tell of themselves", options.replicas),
        });
    }
}

fn is_ours(stream: &ToldStream, options: &Options) -> bool {
    stream.name == options.stream
}

/// That a server's copy has holes, if it has.
fn holes(server: &str, stream: &ToldStream) -> Option<Finding> {
    let state = &stream.state;
    let whole = count(state.first_seq, state.last_seq);
    (state.messages < whole).then(|| Finding {
        weight: Weight::Wrong,
        what: format!(
            "the copy of server {server} lacks {} of {whole} entries and is not mended by itself; \
             stop that server, empty its JetStream folder (store_dir), and start it: it then \
             copies the others",
            whole - state.messages
        ),
    })
}

/// Which other nodes run, and give the past to those that lack it.
async fn givers(api: &Api, options: &Options, info: &Info) -> Result<Finding, NatsError> {
    let log = info.config.identity().unwrap_or_default();
    let offers = fetch::offers(api.client(), options, log).await?;
    let mut names: Vec<_> = offers.iter().map(|offer| offer.node.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.is_empty() {
        return Ok(Finding {
            weight: Weight::Warning,
            what: "no node answers that would give the past to one that lacks it; start them, and \
                   see that they may do what docs/cluster.md lists as permissions"
                .to_owned(),
        });
    }
    Ok(good(format!("a node can copy the past from: {}", names.join(", "))))
}

/// How a node's own copy stands to the stream.
async fn own(
    api: &Api,
    options: &Options,
    copy: &dyn LogCopy,
    info: Info,
    found: &mut Vec<Finding>,
) -> Result<(), NatsError> {
    if copy.origin()?.is_none() && copy.last()?.0 > Seq(0) {
        return Err(NatsError::Alone);
    }
    let (standing, info) = standing::compare(api, options, copy, info).await?;
    found.push(match standing {
        Standing::Follows { last } => good(format!(
            "the data folder has the stream up to entry {} of {}",
            last.0, info.state.last_seq
        )),
        Standing::Behind { last, first } => Finding {
            weight: Weight::Warning,
            what: format!(
                "the data folder ends at entry {} and the stream begins at {}; when this node \
                 starts, it copies the past from another one, which has to run",
                last.0, first.0
            ),
        },
    });
    Ok(())
}

/// How many entries there are from one to another; they are counted from 1.
fn count(first: u64, last: u64) -> u64 {
    (last + 1).saturating_sub(first.max(1))
}

fn good(what: String) -> Finding {
    Finding { weight: Weight::Good, what }
}

fn wrong(error: &NatsError) -> Finding {
    Finding { weight: Weight::Wrong, what: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::told::ToldState;

    #[test]
    fn a_copy_with_holes_is_told_of() {
        for (messages, first_seq, last_seq, lacking) in [
            (0, 0, 0, None),
            (0, 5, 4, None),
            (6, 5, 10, None),
            (5, 5, 10, Some("lacks 1 of 6 entries")),
            (44_737, 1, 82_297, Some("lacks 37560 of 82297 entries")),
        ] {
            let state = ToldState { messages, first_seq, last_seq };
            let found = holes("n1", &ToldStream { name: "chat".to_owned(), state });
            assert_eq!(found.is_some(), lacking.is_some(), "{found:?}");
            if let (Some(found), Some(lacking)) = (found, lacking) {
                assert_eq!(found.weight, Weight::Wrong);
                assert!(found.what.contains(lacking), "{found}");
            }
        }
    }
}
