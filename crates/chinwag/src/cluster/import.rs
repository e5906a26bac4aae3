//! `chinwag cluster import`: a stream that goes on from a data folder, or from that of several which has
//! most.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use chinwag_model::id::Seq;
use chinwag_nats::Cluster;
use chinwag_sqlite::store::Store;
use chinwag_sqlite::{SqliteArchive, SqliteCopy};
use chinwag_storage::copy::LogCopy;

use super::{keys, load};
use crate::cli;

/// A data folder that is held.
struct Folder {
    path: PathBuf,
    copy: SqliteCopy,
    /// The log that it has a copy of; `None` for a chinwag without a cluster.
    origin: Option<String>,
    last: Seq,
    /// Why the log cannot go on from it, if it cannot.
    unfit: Option<String>,
    _archive: SqliteArchive,
}

impl Folder {
    fn open(path: &Path) -> Result<Self> {
        let store = Store::take(path)?;
        let (copy, archive) = store.open_copy()?;
        let (origin, (last, _)) = (copy.origin()?, copy.last()?);
        let unfit = match store.wants_seed() {
            true => Some("the state in it was found to be wrong".to_owned()),
            false => whole(&copy, last).err(),
        };
        Ok(Self { path: path.to_owned(), copy, origin, last, unfit, _archive: archive })
    }

    /// What it is, for a list of folders.
    fn line(&self) -> String {
        let Self { path, last, unfit, .. } = self;
        let but = unfit.as_ref().map_or_else(String::new, |why| format!(", but {why}"));
        format!("{} has the log to entry {}{but}.\n", path.display(), last.0)
    }
}

/// Whether the copy has every entry from its snapshot on.
fn whole(copy: &SqliteCopy, last: Seq) -> Result<(), String> {
    let saved = copy.snapshot().map_err(|error| error.to_string())?;
    let saved = saved.map_or(Seq(0), |snapshot| snapshot.seq);
    let read = copy.replay(saved, &mut |_| {}).map_err(|error| error.to_string())?;
    if read < last { Err(format!("its entries end with {}", read.0)) } else { Ok(()) }
}

/// Makes the stream. Gives what is to be printed.
pub(super) fn run(import: cli::ClusterImport) -> Result<String> {
    let cli::ClusterImport { node, replace, furthest, folders } = import;
    let (config, options) = load(node)?;
    let stream = options.stream.clone();
    let folders = open(&config.data(), &folders)?;
    let (said, folder) = choose(&folders, furthest)?;
    let last = Cluster::connect(options)?.found(&folder.copy, &keys(&folder.path)?, replace)?;
    let path = folder.path.display();
    let first = if folders.len() > 1 { " Start the node of that folder first." } else { "" };
    Ok(format!("{said}The stream {stream} goes on after entry {} of {path}.{first}\n", last.0))
}

/// Holds the folder that is configured, if it is there, and these.
fn open(data: &Path, named: &[PathBuf]) -> Result<Vec<Folder>> {
    let mut paths: Vec<PathBuf> = Vec::new();
    let configured = Some(data).filter(|data| named.is_empty() || data.is_dir());
    for path in configured.into_iter().chain(named.iter().map(PathBuf::as_path)) {
        if !path.is_dir() {
            bail!("there is no data folder {}; name one with --data", path.display());
        }
        let real = fs::canonicalize(path)?;
        let is_there = |other: &PathBuf| fs::canonicalize(other).is_ok_and(|other| other == real);
        if !paths.iter().any(is_there) {
            paths.push(path.to_owned());
        }
    }
    paths.iter().map(|path| Folder::open(path)).collect()
}

/// Chooses the folder that has most; nothing that any node had is to be lost. Gives what is to be printed
/// of the others, too.
fn choose(folders: &[Folder], furthest: Option<u64>) -> Result<(String, &Folder)> {
    let Some(first) = folders.first() else {
        bail!("there is no data folder; name one with --data")
    };
    if let Some(other) = folders.iter().find(|other| other.origin != first.origin) {
        let (one, other) = (first.path.display(), other.path.display());
        bail!("{one} and {other} are not of nodes of one cluster; name only those that are");
    }
    let list: String = folders.iter().map(Folder::line).collect();
    let said = if folders.len() > 1 { list.as_str() } else { "" };
    let good = folders.iter().filter(|folder| folder.unfit.is_none());
    // Of those that have as much, the first one.
    let best = good.reduce(|best, other| if other.last > best.last { other } else { best });
    let best = match best {
        Some(best) if folders.iter().all(|other| other.last <= best.last) => best,
        _ => {
            let most = folders.iter().max_by_key(|folder| folder.last).unwrap_or(first);
            let why = most.unfit.as_deref().unwrap_or_default();
            bail!(
                "{} has the log to entry {}, but {why}; to go on without what only that folder has, do \
                 not name it",
                most.path.display(),
                most.last.0
            );
        }
    };
    let last = best.last.0;
    match furthest {
        Some(furthest) if furthest > last => bail!(
            "{} has the log to entry {last}, and another node to entry {furthest}; run this there, or \
             name that node's data folder as well",
            best.path.display()
        ),
        None if best.origin.is_some() && folders.len() == 1 => bail!(
            "{} has the log to entry {last}; does another node have more? `chinwag cluster doctor` on \
             each tells, and so does each that ends; run this on the one that has it to the highest \
             entry, with --furthest and the number of that entry, or name the data folders of all nodes",
            best.path.display()
        ),
        _ => Ok((said.to_owned(), best)),
    }
}
