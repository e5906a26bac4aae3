//! `chinwag cluster …`: what is done to a cluster by hand.

mod import;
mod progress;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chinwag_model::id::Seq;
use chinwag_model::node::NodeName;
use chinwag_nats::doctor::{self, Finding, Weight};
use chinwag_nats::{Cluster, Going, JetStreamLog, Keys, NatsError, Options, Standing};
use chinwag_node::health::Pace;
use chinwag_node::node::Part;
use chinwag_sqlite::store::{self, Store};
use chinwag_sqlite::{OpenError, SqliteArchive};
use chinwag_storage::copy::LogCopy;

use crate::config::{Config, Source};
use crate::{cli, cloak, key_file, push_key};
pub(crate) use progress::Progress;

/// After so many entries nodes compare their states. All nodes of a cluster have to do so after the
/// same ones.
const DIGEST_PERIOD: u64 = 10_000;

/// The secrets of a data folder that all nodes share, by the files' names.
const SECRETS: [&str; 2] = ["cloak", "push"];

/// Runs a command. Gives what is to be printed, and whether all is well.
pub(crate) fn run(command: cli::Cluster) -> Result<(String, bool)> {
    match command {
        cli::Cluster::Doctor(node) => doctor(node),
        cli::Cluster::Import(import) => Ok((import::run(import)?, true)),
        cli::Cluster::Export(node) => Ok((export(node)?, true)),
    }
}

/// As what a node takes part in its cluster.
pub(crate) fn part(options: &Options) -> Result<Part> {
    let name = NodeName::parse(&options.node)
        .with_context(|| format!("cluster.node is {:?}", options.node))?;
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce).context("the system gives no chance")?;
    let nonce = u64::from_ne_bytes(nonce);
    Ok(Part { name, nonce, pace: Pace::default(), digest_period: DIGEST_PERIOD })
}

/// Opens the log of a node of a cluster, with its copy in this folder, and the archive. Where the stream
/// does not reach back to what is there, or that is wrong, it first copies the past from another node;
/// `going` is told so.
///
/// The secrets in the folder become those of a cluster that is made now; those of one that is there
/// already take their place.
pub(crate) fn open(
    options: Options,
    store: &Store,
    data: &Path,
    going: Going<'_>,
) -> Result<(JetStreamLog, SqliteArchive)> {
    let keys = keys(data)?;
    let (mut copy, mut archive) = store.open_copy()?;
    let cluster = Cluster::connect(options)?;
    let lacking = match store.wants_seed() {
        true => Some(Seq(0)),
        false => match cluster.stand(&copy, &keys)? {
            Standing::Follows { .. } => None,
            Standing::Behind { last, .. } => Some(last),
        },
    };
    if let Some(last) = lacking {
        drop((copy, archive));
        cluster.seed(last, &mut store.arrival(), going)?;
        (copy, archive) = store.open_copy()?;
    }
    let log = cluster.open(Arc::new(copy), &keys)?;
    for name in SECRETS {
        if let Some(key) = log.keys().get(name).filter(|key| Some(*key) != keys.get(name)) {
            key_file::replace(&data.join(format!("{name}.key")), key)?;
        }
    }
    Ok((log, archive))
}

/// The secrets in a data folder, which are made where they are not there yet.
fn keys(data: &Path) -> Result<Keys> {
    cloak::key(data)?;
    push_key::key(data)?;
    let mut keys = Keys::new();
    for name in SECRETS {
        let path = data.join(format!("{name}.key"));
        let key = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        keys.insert(name.to_owned(), key);
    }
    Ok(keys)
}

fn export(node: cli::ClusterNode) -> Result<String> {
    let (config, options) = load(node)?;
    let data = config.data();
    if !data.is_dir() {
        bail!("there is no data folder {}; name one with --data", data.display());
    }
    let (copy, _archive) = store::open_copy(&data)?;
    if copy.origin()?.is_none() {
        bail!("{} is of a chinwag without a cluster already", data.display());
    }
    let (last, _) = copy.last()?;
    // Without the servers, what is here is all there is.
    let end = match Cluster::connect(options).and_then(|cluster| cluster.end(&copy)) {
        Err(NatsError::Unreachable { .. } | NatsError::TooFew { .. }) => None,
        end => end?,
    };
    if let Some(end) = end.filter(|end| *end > last) {
        bail!(
            "the stream goes on to entry {}, and this data folder ends with entry {}; stop all other \
             nodes, start this one once more, and stop it",
            end.0,
            last.0
        );
    }
    copy.leave()?;
    let data = data.display();
    Ok(format!("{data} is of a chinwag without a cluster now, and ends with entry {}.\n", last.0))
}

fn doctor(node: cli::ClusterNode) -> Result<(String, bool)> {
    let (config, options) = load(node)?;
    let mut copy = None;
    let mut found = Vec::new();
    if config.data().is_dir() {
        let opened = Store::take(&config.data())
            .and_then(|store| store.open_copy().map(|opened| (store.wants_seed(), opened)));
        match opened {
            Ok((wants_seed, (opened, _))) => {
                copy = Some(opened);
                found.extend(wants_seed.then(|| {
                    Finding {
                        weight: Weight::Warning,
                        what: "the state in the data folder was found to be wrong; when this node \
                           starts, it copies the past from another one"
                            .to_owned(),
                    }
                }));
            }
            Err(OpenError::InUse { .. }) => found.push(Finding {
                weight: Weight::Good,
                what: "the data folder is in use by a running node, which minds it".to_owned(),
            }),
            Err(error) => {
                found.push(Finding { weight: Weight::Wrong, what: error.to_string() });
            }
        }
    }
    found.extend(doctor::examine(options, copy.as_ref().map(|copy| copy as &dyn LogCopy)));
    let is_well = found.iter().all(|finding| finding.weight < Weight::Wrong);
    Ok((found.iter().map(|finding| format!("{finding}\n")).collect(), is_well))
}

/// The configuration, and the cluster in it.
fn load(node: cli::ClusterNode) -> Result<(Config, Options)> {
    let source = Source { file: node.config, data: node.data, ..Source::default() };
    let config = source.load()?;
    match config.cluster().context("the configuration is wrong")? {
        Some(options) => Ok((config, options)),
        None => {
            bail!("no cluster is configured; say which in [cluster], or name a file with --config")
        }
    }
}
