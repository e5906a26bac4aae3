//! `chinwag client`: line mode with a line editor on a terminal, and plain in a script.

mod incoming;
mod login;
mod plain;
mod terminal;

use std::fmt;
use std::io::{self, IsTerminal};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::time::Duration;

use rustix::net::sockopt;

use crate::fail;

/// How long one address of a server may take to answer.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// How long the server may be silent before it is asked for a sign of life, how long between two
/// such questions, and how many may stay unanswered: a dead connection is noticed in a minute.
const ALIVE_IDLE: Duration = Duration::from_secs(30);
const ALIVE_INTERVAL: Duration = Duration::from_secs(10);
const ALIVE_COUNT: u32 = 3;

/// How long what was sent may stay unacknowledged.
const UNACKNOWLEDGED_MS_MAX: u32 = 30_000;

/// Joins a chat, until one side ends it: exit code 0 after a goodbye, 1 where the server can't be
/// reached or cuts the client off, which is then said on standard error.
pub(crate) fn run(host: &str, port: u16, name: Option<&str>) -> ExitCode {
    let server = Server { host: host.to_owned(), port };
    let stream = match server.connect() {
        Ok(stream) => stream,
        Err(error) => {
            return fail(format!(
                "cannot connect to {server}: {error}; check host and port, and that the server runs"
            ));
        }
    };
    let on_terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    // A terminal that can do nothing (`TERM=dumb`) is served as a script is.
    match on_terminal.then(terminal::open).and_then(Result::ok) {
        Some(terminal) => terminal.run(server, stream, name),
        None => plain::run(&server, &stream, name),
    }
}

/// Where the server is. Shown as `HOST:PORT`.
#[derive(Clone, Debug)]
struct Server {
    host: String,
    port: u16,
}

impl Server {
    /// Connects to the first of its addresses that answers.
    ///
    /// # Errors
    /// The last address's, or that there is none.
    fn connect(&self) -> io::Result<TcpStream> {
        let mut error = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in (self.host.as_str(), self.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT_MAX) {
                Ok(stream) => {
                    tune(&stream)?;
                    return Ok(stream);
                }
                Err(refused) => error = refused,
            }
        }
        Err(error)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Has lines leave at once, and a dead connection noticed.
fn tune(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, ALIVE_IDLE)?;
    sockopt::set_tcp_keepintvl(stream, ALIVE_INTERVAL)?;
    sockopt::set_tcp_keepcnt(stream, ALIVE_COUNT)?;
    sockopt::set_tcp_user_timeout(stream, UNACKNOWLEDGED_MS_MAX)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_shown_as_it_can_be_typed_elsewhere() {
        for (host, shown) in [("chat.example", "chat.example:8080"), ("::1", "[::1]:8080")] {
            assert_eq!(Server { host: host.to_owned(), port: 8080 }.to_string(), shown);
        }
    }

    #[test]
    fn a_server_that_is_not_there_is_an_error() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let error = Server { host: "127.0.0.1".to_owned(), port: free }.connect().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
