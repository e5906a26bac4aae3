//! `chinwag client`: line mode with a line editor on a terminal, and plain in a script.

mod address;
mod connect;
mod incoming;
mod login;
mod plain;
mod secret;
mod stream;
mod terminal;
mod trust;

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap::error::ErrorKind;

use self::address::Address;
use self::connect::Server;
use crate::cli::{Cli, Client};
use crate::fail;

/// Joins a chat, until one side ends it: exit code 0 after a goodbye, 1 where the server can't be
/// reached, refuses the login or cuts the client off, which is then said on standard error.
pub(crate) fn run(options: Client) -> ExitCode {
    let address =
        match Address::read(&options.host, options.port.as_deref(), options.name.as_deref()) {
            Ok(address) => address,
            Err(wrong) => misused(wrong),
        };
    let password = match secret::find(options.password_file.as_deref()) {
        Ok(password) => password,
        Err(error) => return fail(format!("{error:#}")),
    };
    let mut server = Server::new(&address, options.tls, options.tls_ca, options.tls_fingerprint);
    let greeted = match server.connect() {
        Ok(greeted) => greeted,
        Err(error) => return fail(format!("cannot connect to {server}: {error}")),
    };
    let on_terminal = !options.plain && can_edit_lines();
    match on_terminal.then(terminal::open).and_then(Result::ok) {
        Some(terminal) => terminal.run(server, greeted, address.name, password),
        None => plain::run(&server, greeted, address.name, password),
    }
}

/// Ends as clap does where an argument cannot be understood.
fn misused(wrong: String) -> ! {
    let mut cli = Cli::command();
    cli.build();
    match cli.find_subcommand_mut("client") {
        Some(client) => client.error(ErrorKind::ValueValidation, wrong).exit(),
        None => cli.error(ErrorKind::ValueValidation, wrong).exit(),
    }
}

/// Whether there is a terminal that can do more than print lines.
fn can_edit_lines() -> bool {
    let is_dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    !is_dumb && io::stdin().is_terminal() && io::stdout().is_terminal()
}
