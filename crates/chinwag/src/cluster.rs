//! `chinwag cluster …`: what is done to a cluster by hand.

use anyhow::{Context, Result, bail};
use chinwag_nats::Options;
use chinwag_nats::doctor::{self, Finding, Weight};
use chinwag_sqlite::{OpenError, store};
use chinwag_storage::copy::LogCopy;

use crate::cli;
use crate::config::{Config, Source};

/// Runs a command. Gives what is to be printed, and whether all is well.
pub(crate) fn run(command: cli::Cluster) -> Result<(String, bool)> {
    match command {
        cli::Cluster::Doctor(node) => doctor(node),
    }
}

fn doctor(node: cli::ClusterNode) -> Result<(String, bool)> {
    let (config, options) = load(node)?;
    let mut copy = None;
    let mut found = Vec::new();
    if config.data().is_dir() {
        match store::open_copy(&config.data()) {
            Ok((opened, _)) => copy = Some(opened),
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
