//! chinwag: a chat server that needs no set-up and never loses a message, and its client.

mod check;
mod cli;
mod client;
mod config;
mod logging;
mod password;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::config::Source;

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(serve) => {
            let source = Source { file: serve.config, listen: serve.listen, data: serve.data };
            serve::run(&source)
        }
        Command::Client(client) => client::run(&client.host, client.port, client.name.as_deref()),
        Command::Check(options) => {
            match (Source { file: options.config, ..Source::default() }).load() {
                Ok(config) => {
                    print!("{}", check::show(&config));
                    match config.unsupported() {
                        None => ExitCode::SUCCESS,
                        Some(what) => fail(what),
                    }
                }
                Err(error) => fail(error),
            }
        }
        Command::HashPassword => match password::hash() {
            Ok(hash) => {
                println!("{hash}");
                ExitCode::SUCCESS
            }
            Err(error) => fail(error),
        },
    }
}

/// Says in one line what went wrong.
fn fail(error: impl std::fmt::Display) -> ExitCode {
    eprintln!("chinwag: {error}");
    ExitCode::FAILURE
}
