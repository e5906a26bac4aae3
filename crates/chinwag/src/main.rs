//! chinwag: a chat server that needs no set-up and never loses a message, and its client.

mod certificate;
mod check;
mod cli;
mod client;
mod cloak;
mod cluster;
mod config;
mod fingerprint;
mod key_file;
mod logging;
mod password;
mod push_key;
mod serve;

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::config::Source;

fn main() -> ExitCode {
    logging::say_bugs_plainly();
    match Cli::parse().command {
        Command::Serve(serve) => {
            let source = Source { file: serve.config, listen: serve.listen, data: serve.data };
            serve::run(&source)
        }
        Command::Client(client) => client::run(client),
        Command::Check(check) => {
            match (Source { file: check.config, ..Source::default() }).load() {
                Ok(config) => {
                    let shown = print(&check::show(&config));
                    let wrong = config.cluster().err().map(|error| error.to_string());
                    let wrong = wrong.or_else(|| config.options(&[]).err().map(|e| e.to_string()));
                    wrong.map_or(shown, fail)
                }
                Err(error) => fail(error),
            }
        }
        Command::HashPassword => match password::hash() {
            Ok(hash) => print(&format!("{hash}\n")),
            Err(error) => fail(format!("{error:#}")),
        },
        Command::Cluster(command) => match cluster::run(command) {
            Ok((said, is_well)) => {
                let printed = print(&said);
                if is_well { printed } else { ExitCode::FAILURE }
            }
            Err(error) => fail(format!("{error:#}")),
        },
        Command::MakeCertificate(make) => {
            match certificate::make(make.names, &make.out, make.force) {
                Ok(said) => print(&said),
                Err(error) => fail(format!("{error:#}")),
            }
        }
    }
}

/// Prints what was asked for.
fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(format!("cannot print: {error}")),
    }
}

/// Says in one line what went wrong.
fn fail(error: impl Display) -> ExitCode {
    logging::say(format_args!("chinwag: {error}"));
    ExitCode::FAILURE
}
