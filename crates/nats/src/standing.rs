//! How a node's own copy stands to the stream: is it the same log, and does it reach back?

use chinwag_model::entry::Entry;
use chinwag_model::id::Seq;
use chinwag_storage::copy::LogCopy;
use tokio::time::{Duration, Instant, sleep};

use crate::api::{Api, ApiError};
use crate::connection::Cluster;
use crate::error::NatsError;
use crate::hazard;
use crate::options::Options;
use crate::stream::{self, Decompression, Identity, Info, Keys};
use crate::told::Told;

/// How long a stream may seem to be gone or shorter than it was: a server that has just been
/// elected, or started, may not know all of it yet.
const DOUBT: Duration = Duration::from_secs(10);

/// How long to wait for JetStream to have a leader.
const ELECTION: Duration = Duration::from_secs(20);

/// How a node's own copy stands to the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The node goes on after the last entry of its copy.
    Follows {
        /// That entry.
        last: Seq,
    },
    /// What lies between the copy and the stream's beginning is to be had from another node only.
    Behind {
        /// The last entry of the copy.
        last: Seq,
        /// The first entry of the stream.
        first: Seq,
    },
}

/// Compares copy and stream, and makes the stream where neither is there yet.
pub(crate) async fn stand(
    Cluster { api, options, told, .. }: &Cluster,
    copy: &dyn LogCopy,
    keys: &Keys,
) -> Result<(Standing, Info), NatsError> {
    let origin = copy.origin()?;
    let (last, _) = copy.last()?;
    let info = match (find(api, origin.is_some()).await?, &origin) {
        (Some(info), _) => info,
        (None, Some(_)) => {
            return Err(NatsError::Gone { stream: options.stream.clone(), last: last.0 });
        }
        (None, None) if last > Seq(0) => return Err(NatsError::Alone),
        (None, None) => make(api, options, &Identity::new(keys.clone())?, Seq(1)).await?,
    };
    whose(options, &info)?;
    let info = made_sound(api, options, told, info).await?;
    let identity = whose(options, &info)?;
    if let Some(what) = info.config.differs(options) {
        return Err(NatsError::Stream { stream: options.stream.clone(), what });
    }
    if origin.is_none() {
        if last > Seq(0) {
            return Err(NatsError::Alone);
        }
        copy.set_origin(identity)?;
    }
    let (standing, info) = compare(api, options, copy, info).await?;
    Ok((standing, info))
}

/// Switches compression off where the stream has it, and refuses other settings that lose data.
async fn made_sound(
    api: &Api,
    options: &Options,
    told: &[Told],
    mut info: Info,
) -> Result<Info, NatsError> {
    let stream = &options.stream;
    if info.config.is_compressed() && !hazard::of_stream(&info.config, told).is_empty() {
        info = match stream::decompress(api, told).await {
            Ok(info) => info,
            // Servers do not answer a request that the user has no permission for.
            Err(ApiError::Silent | ApiError::Nobody) => {
                return Err(NatsError::Compressed { stream: stream.clone() });
            }
            Err(error) => return Err(stream::said(error)),
        };
        tracing::warn!(
            "the stream {stream} was compressed, with which NATS loses its end when all servers are \
             killed at once; that is switched off now"
        );
    }
    if let Decompression::Pending(names) = info.config.decompression(told) {
        tracing::warn!("{}", pending(stream, &names));
    }
    match hazard::of_stream(&info.config, told).first() {
        Some(loss) => {
            Err(NatsError::Loses { stream: stream.clone(), what: loss.what, edit: loss.edit })
        }
        None => Ok(info),
    }
}

/// Names the servers that have to be restarted before they stop compressing.
pub(crate) fn pending(stream: &str, names: &[String]) -> String {
    format!(
        "the compression of the stream {stream} was switched off, which takes hold of a NATS server when \
         it is started; restart one by one, each once `chinwag cluster doctor` finds all copies current: \
         {}",
        names.join(", ")
    )
}

/// Compares a copy, which may be of nothing, and the stream, and changes neither.
pub(crate) async fn compare(
    api: &Api,
    options: &Options,
    copy: &dyn LogCopy,
    info: Info,
) -> Result<(Standing, Info), NatsError> {
    let (last, entry) = copy.last()?;
    let identity = whose(options, &info)?;
    if copy.origin()?.is_some_and(|origin| origin != identity) {
        return Err(NatsError::Another { stream: options.stream.clone() });
    }
    let info = long_enough(api, options, last, info).await?;
    let first = Seq(info.state.first_seq.max(1));
    if let Some(entry) = entry.filter(|entry| entry.seq >= first) {
        same(api, options, &entry).await?;
    }
    let standing = if last.next() < first {
        Standing::Behind { last, first }
    } else {
        Standing::Follows { last }
    };
    Ok((standing, info))
}

/// Which log the stream is.
fn whose<'i>(options: &Options, info: &'i Info) -> Result<&'i str, NatsError> {
    let foreign = || NatsError::Foreign { stream: options.stream.clone() };
    info.config.identity().ok_or_else(foreign)
}

/// Makes the stream, or finds the one that another node has made just now.
pub(crate) async fn make(
    api: &Api,
    options: &Options,
    identity: &Identity,
    first: Seq,
) -> Result<Info, NatsError> {
    let until = Instant::now() + ELECTION;
    loop {
        let made = match stream::create(api, options, identity, first).await {
            Ok(Some(info)) => return Ok(info),
            Ok(None) => stream::info(api).await,
            Err(error) => Err(error),
        };
        match made {
            Ok(Some(info)) => return Ok(info),
            Err(error @ ApiError::Refused { .. }) => return Err(stream::said(error)),
            Err(error) if Instant::now() > until => return Err(stream::said(error)),
            Ok(None) | Err(_) => sleep(Duration::from_millis(200)).await,
        }
    }
}

/// What the stream tells; `None` if there is none, surely so where one is expected.
pub(crate) async fn find(api: &Api, expected: bool) -> Result<Option<Info>, NatsError> {
    let begun = Instant::now();
    loop {
        match stream::info(api).await {
            Ok(Some(info)) => return Ok(Some(info)),
            Ok(None) if !expected || begun.elapsed() > DOUBT => return Ok(None),
            Err(error @ ApiError::Refused { .. }) => return Err(stream::said(error)),
            Err(error) if begun.elapsed() > ELECTION => return Err(stream::said(error)),
            Ok(None) | Err(_) => sleep(Duration::from_millis(200)).await,
        }
    }
}

/// Waits until the stream has all that the copy has.
async fn long_enough(
    api: &Api,
    options: &Options,
    last: Seq,
    info: Info,
) -> Result<Info, NatsError> {
    let info = settled(api, &options.stream, last, info).await?;
    if info.state.last_seq < last.0 {
        return Err(NatsError::Shorter {
            stream: options.stream.clone(),
            last: info.state.last_seq,
            seen: last.0,
        });
    }
    Ok(info)
}

/// Waits until the stream has the wanted entry, or has stopped growing: servers that have just started replay
/// their Raft log first.
pub(crate) async fn settled(
    api: &Api,
    stream: &str,
    wanted: Seq,
    mut info: Info,
) -> Result<Info, NatsError> {
    let (begun, mut since) = (Instant::now(), Instant::now());
    while info.state.last_seq < wanted.0 {
        if info.cluster.is_led() && since.elapsed() > DOUBT {
            break;
        }
        if !info.cluster.is_led() && begun.elapsed() > ELECTION {
            return Err(NatsError::NoLeader { stream: stream.to_owned() });
        }
        sleep(Duration::from_millis(200)).await;
        let before = info.state.last_seq;
        info = find(api, true).await?.unwrap_or(info);
        if info.state.last_seq > before {
            since = Instant::now();
        }
    }
    Ok(info)
}

/// Whether the stream has the same in an entry's place.
async fn same(api: &Api, options: &Options, entry: &Entry) -> Result<(), NatsError> {
    let begun = Instant::now();
    let found = loop {
        match api.message(entry.seq).await {
            Ok(found) => break found,
            Err(error @ ApiError::Refused { .. }) => return Err(stream::said(error)),
            Err(error) if begun.elapsed() > ELECTION => return Err(stream::said(error)),
            Err(_) => sleep(Duration::from_millis(200)).await,
        }
    };
    // It may have grown too old just now.
    let Some(found) = found else { return Ok(()) };
    // The bytes may be of another version, which wrote the same in another way.
    match found.entry(options, entry.time) {
        Ok(found) if found == *entry => Ok(()),
        _ => Err(NatsError::Differs { stream: options.stream.clone(), seq: entry.seq.0 }),
    }
}
