//! The client's side of a connection: where it goes, and what comes of it.

use std::io::{self, Read};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};

/// How long connecting to one address may take.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// Bytes of a line beyond which it is shown as it stands: a server sends none so long.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Where to connect to.
#[derive(Clone, Debug)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Server {
    /// Connects, to whichever of the host's addresses answers first in order.
    pub(super) fn connect(&self) -> Result<TcpStream> {
        let addresses = (self.host.as_str(), self.port)
            .to_socket_addrs()
            .with_context(|| format!("cannot find {}; is the name right?", self.host))?;
        let mut failure = anyhow!("{} has no address", self.host);
        for address in addresses {
            match TcpStream::connect_timeout(&address, CONNECT_MAX) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(stream);
                }
                Err(error) => failure = error.into(),
            }
        }
        Err(failure.context(format!(
            "cannot connect to {self}; is the server running there? (chinwag serve)"
        )))
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// What a server sent: lines, and prompts, which have no end.
#[derive(Debug)]
pub(super) struct Incoming<R> {
    from: R,
    bytes: Vec<u8>,
}

/// A piece of what a server sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A line, without its end.
    Line(String),
    /// What came without a line end, so far.
    Partial(String),
    /// The end.
    End,
}

impl<R: Read> Incoming<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, bytes: Vec::new() }
    }

    /// What comes next; waits for it. A partial line is given anew each time it has grown.
    pub(super) fn next(&mut self) -> io::Result<Heard> {
        loop {
            if let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let rest = self.bytes.split_off(end + 1);
                let line = std::mem::replace(&mut self.bytes, rest);
                return Ok(Heard::Line(text(line.strip_suffix(b"\n").unwrap_or(&line))));
            }
            if self.bytes.len() > LINE_BYTES_MAX {
                return Ok(Heard::Line(text(&std::mem::take(&mut self.bytes))));
            }
            let mut buffer = [0; 16 * 1024];
            let count = match self.from.read(&mut buffer) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if count == 0 {
                return Ok(if self.bytes.is_empty() {
                    Heard::End
                } else {
                    Heard::Line(text(&std::mem::take(&mut self.bytes)))
                });
            }
            self.bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
            if !self.bytes.contains(&b'\n') {
                return Ok(Heard::Partial(text(&self.bytes)));
            }
        }
    }

    /// Forgets a partial line that was given: it was a prompt, and has been answered.
    pub(super) fn take_prompt(&mut self) {
        self.bytes.clear();
    }
}

/// What a server says of itself when it has let someone go.
pub(super) fn is_goodbye(line: &str) -> bool {
    line.starts_with("<Goodbye, ") && line.ends_with(".>")
}

/// Whether a line or prompt without end asks for something to be typed.
pub(super) fn is_prompt(text: &str) -> bool {
    text.ends_with(": ")
}

/// Whether what a prompt asks for is not to be shown.
pub(super) fn is_secret(prompt: &str) -> bool {
    prompt.ends_with("PASSWORD: ") || prompt.ends_with("AGAIN: ")
}

/// A server's bytes as text that a terminal can be shown, whoever runs that server.
fn text(bytes: &[u8]) -> String {
    chinwag_wire::line::clean::clean(&String::from_utf8_lossy(bytes)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_prompts_are_told_apart() {
        let bytes = b"Welcome.\nUSERNAME: ".as_slice();
        let mut incoming = Incoming::new(bytes);
        assert_eq!(incoming.next().unwrap(), Heard::Line("Welcome.".to_owned()));
        // The end comes with the next read; until then the rest is a prompt.
        let Heard::Line(prompt) = incoming.next().unwrap() else { panic!("no prompt") };
        assert!(is_prompt(&prompt));
        assert_eq!(incoming.next().unwrap(), Heard::End);
    }

    #[test]
    fn what_a_server_sends_is_cleaned() {
        let mut incoming = Incoming::new(b"\x1b[2Jgone\xff\n".as_slice());
        assert_eq!(incoming.next().unwrap(), Heard::Line("[2Jgone\u{fffd}".to_owned()));
    }
}
