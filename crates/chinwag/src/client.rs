//! `chinwag client`: joins a chat by line mode, on a terminal or for a script.

mod connection;
mod plain;
mod terminal;

use std::io::IsTerminal;
use std::process::ExitCode;

/// Joins the chat at `host:port`, under `name` if one is given. On a terminal there is a line
/// editor; with input or output redirected, lines just come and go.
pub(crate) fn run(host: &str, port: u16, name: Option<&str>) -> ExitCode {
    let server = connection::Server { host: host.to_owned(), port };
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        terminal::run(&server, name)
    } else {
        plain::run(&server, name)
    }
}
