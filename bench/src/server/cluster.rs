//! A cluster on this machine: three nodes of chinwag on three NATS servers.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::nats::{Nats, PASSWORD};
use super::{Ground, Server};

/// The nodes, in the order in which they start.
const NODES: [&str; 3] = ["a", "b", "c"];

/// How long a node may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(300);

/// Nodes and servers that run; they end when this is dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    nodes: Vec<Server>,
    nats: Nats,
    folder: TempDir,
}

impl Cluster {
    /// Starts all of them, in a new folder; returns once all nodes are ready.
    ///
    /// # Errors
    /// As of a server; if one does not get ready.
    pub(crate) fn start(ground: &Ground) -> Result<Self> {
        let folder = ground.dig()?;
        let nats = Nats::start(folder.path(), &NODES)?;
        let mut cluster = Self { nodes: Vec::new(), nats, folder };
        for _ in NODES {
            cluster.add()?;
        }
        for node in &cluster.nodes {
            wait_ready(node)?;
        }
        Ok(cluster)
    }

    /// Starts the next node, in the folder where it may have been before.
    ///
    /// # Errors
    /// As of a server; if all run.
    fn add(&mut self) -> Result<&Server> {
        let name = NODES.get(self.nodes.len()).context("all nodes run")?;
        let folder = self.folder.path().join(name);
        std::fs::create_dir_all(&folder).context("make a folder for a node")?;
        let servers = self.nats.urls();
        let more = format!(
            "[cluster]\nservers = {servers:?}\nnode = \"{name}\"\nuser = \"{name}\"\n\
             password = \"{PASSWORD}\"\n"
        );
        self.nodes.push(Server::start_with(&more, &folder)?);
        self.nodes.last().context("one was started")
    }

    /// Stops the last node in good order.
    ///
    /// # Errors
    /// If it does not end well.
    pub(crate) fn stop_last(&mut self) -> Result<()> {
        self.nodes.pop().context("a node runs")?.stop()
    }

    /// Has the node that was stopped come back; returns once it is ready.
    ///
    /// # Errors
    /// As of a server; if it does not get ready.
    pub(crate) fn bring_back(&mut self) -> Result<&Server> {
        let node = self.add()?;
        wait_ready(node)?;
        Ok(node)
    }

    /// The nodes that run.
    pub(crate) fn nodes(&self) -> &[Server] {
        &self.nodes
    }

    /// Where they listen.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(Server::address).collect()
    }

    /// Time of the processor that the nodes took so far, together.
    ///
    /// # Errors
    /// If one has ended.
    pub(crate) fn time(&self) -> Result<Duration> {
        self.nodes.iter().map(Server::time).sum()
    }

    /// The NATS servers.
    pub(crate) fn nats(&self) -> &Nats {
        &self.nats
    }

    /// The same, to do something to them.
    pub(crate) fn nats_mut(&mut self) -> &mut Nats {
        &mut self.nats
    }
}

/// Asks every few milliseconds.
fn wait_ready(node: &Server) -> Result<()> {
    let begun = Instant::now();
    while !node.is_ready()? {
        if begun.elapsed() > PATIENCE {
            bail!("a node does not get ready");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}
