//! Benchmarks of chinwag beside a raw loop, on one machine: `cargo xtask bench`.

mod case;
mod generator;
mod progress;
mod raw;
mod report;
mod server;
mod trial;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use case::Case;
use raw::Fault;
use server::{Ground, Peer};

#[derive(Debug, Parser)]
#[command(name = "chinwag-bench", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run benchmarks: print a table, and write JSON.
    Run(Run),
    /// Serve as the raw loop does.
    Raw {
        /// Where to listen; port 0 is any that is free.
        address: SocketAddr,
        /// What to do wrong, once.
        #[arg(long, hide = true)]
        fault: Option<Fault>,
    },
}

#[derive(Debug, Args)]
struct Run {
    /// Only this case; can be given several times.
    #[arg(long = "case", value_name = "NAME")]
    cases: Vec<Case>,
    /// Only where the setting or the server is called so, in part; can be given several times.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Small and short: to see that all works, not to measure.
    #[arg(long)]
    quick: bool,
    /// Without other servers, even if they are installed.
    #[arg(long)]
    own: bool,
    /// What the raw loop is to do wrong, once.
    #[arg(long, hide = true)]
    fault: Option<Fault>,
    /// Also with ten million stored messages, and other servers with rooms above 1,000.
    #[arg(long)]
    long: bool,
    /// How often each server is measured; the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Where the figures go, as JSON.
    #[arg(long, value_name = "FILE", default_value = "target/bench.json")]
    json: PathBuf,
    /// Put the tables into this folder's performance.md, and draw its charts.
    #[arg(long, value_name = "DIR")]
    docs: Option<PathBuf>,
    /// The folder in which servers store; its disk counts.
    #[arg(long, value_name = "DIR", default_value = "target/bench")]
    folder: PathBuf,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(run) => benchmark(&run),
        Command::Raw { address, fault } => raw::serve(address, fault),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chinwag-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn benchmark(run: &Run) -> Result<()> {
    let files = getrlimit(Resource::Nofile);
    // Each connection is a file, here and in the servers, which inherit this. Where it can't be
    // raised, what needs more says so.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files });
    let ground = Ground { folder: run.folder.clone(), own: run.own, fault: run.fault };
    for peer in Peer::ALL.into_iter().filter(|peer| !run.own && peer.program().is_none()) {
        let name = peer.name();
        eprintln!("{name} is not here and is left out; --install-peers installs it (apt-get)");
    }
    let cases = if run.cases.is_empty() { Case::all() } else { run.cases.clone() };
    let all = cases.iter().flat_map(|case| case.experiments(&ground, run.quick, run.long));
    let all = all.filter_map(|experiment| experiment.only(&run.only)).collect();
    let results = trial::run(all, run.rounds)?;
    print!("{}", report::table::markdown(&results));
    if let Some(folder) = run.json.parent() {
        std::fs::create_dir_all(folder).context("make the folder of the figures")?;
    }
    std::fs::write(&run.json, report::json::text(&results))
        .with_context(|| format!("write {}", run.json.display()))?;
    eprintln!("figures: {}", run.json.display());
    if let Some(docs) = &run.docs {
        report::page::write(docs, &results, run.rounds)?;
    }
    trial::verdict(&results)
}
