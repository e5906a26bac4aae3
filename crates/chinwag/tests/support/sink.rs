//! A mail server that keeps what it is given (SMTP, RFC 5321).

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};

use super::PATIENCE;

/// A mail as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mail {
    /// `MAIL` and `RCPT`, as they were said.
    pub(crate) envelope: Vec<String>,
    /// Headers, a blank line, and the text; without ends of lines.
    pub(crate) lines: Vec<String>,
}

/// A mail server at a port of its own.
///
/// It keeps clients waiting while it is told to. It refuses mail to `refused@…` for good, and the first one to `later@…` for now.
#[derive(Debug)]
pub(crate) struct Sink {
    port: u16,
    mails: Receiver<Mail>,
    gate: Arc<Gate>,
}

/// Whether clients are kept waiting.
#[derive(Debug, Default)]
struct Gate {
    is_shut: Mutex<bool>,
    opened: Condvar,
}

impl Sink {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for mail");
        let port = listener.local_addr().expect("it has an address").port();
        let (keep, mails) = channel();
        let gate = Arc::new(Gate::default());
        let waits = Arc::clone(&gate);
        std::thread::spawn(move || {
            let mut put_off = false;
            for stream in listener.incoming() {
                let is_shut = waits.is_shut.lock().expect("no test panics here");
                drop(waits.opened.wait_while(is_shut, |is_shut| *is_shut));
                // A client that goes in the middle of it is no concern of the next one.
                let _ = stream.and_then(|stream| converse(stream, &keep, &mut put_off));
            }
        });
        Self { port, mails, gate }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Keeps clients waiting from now on, or no longer.
    pub(crate) fn shut(&self, is_shut: bool) {
        *self.gate.is_shut.lock().expect("no test panics here") = is_shut;
        self.gate.opened.notify_all();
    }

    /// How many mails came that were not asked for.
    pub(crate) fn count(&self) -> usize {
        self.mails.try_iter().count()
    }

    /// The next mail that comes.
    pub(crate) fn mail(&self) -> Mail {
        self.mails.recv_timeout(PATIENCE).expect("no mail comes")
    }

    /// Asserts that nothing came that was not asked for.
    pub(crate) fn expect_nothing(&self) {
        assert!(self.mails.try_recv().is_err(), "a mail came");
    }
}

impl Mail {
    /// The word behind the account in the line that is to be said to NickServ.
    pub(crate) fn code(&self, command: &str, account: &str) -> String {
        let begins = format!("    /msg NickServ {command} {account} ");
        let line = self.lines.iter().find_map(|line| line.strip_prefix(&begins));
        let word = line.and_then(|rest| rest.split(' ').next());
        word.unwrap_or_else(|| panic!("no code in {self:#?}")).to_owned()
    }

    /// The lines of a header.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let headers = self.lines.iter().take_while(|line| !line.is_empty());
        headers.filter_map(|line| line.strip_prefix(&format!("{name}: "))).collect()
    }
}

fn converse(stream: TcpStream, keep: &Sender<Mail>, put_off: &mut bool) -> std::io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut lines = BufReader::new(stream).lines();
    let mut mail = Mail::default();
    writer.write_all(b"220 sink\r\n")?;
    while let Some(line) = lines.next().transpose()? {
        let answer = match line.get(..4).unwrap_or_default() {
            "MAIL" => {
                mail = Mail { envelope: vec![line], lines: Vec::new() };
                "250 yes"
            }
            "RCPT" if line.contains("<refused@") => "550 no such mailbox",
            "RCPT" if line.contains("<later@") && !std::mem::replace(put_off, true) => {
                "451 not now"
            }
            "RCPT" => {
                mail.envelope.push(line);
                "250 yes"
            }
            "DATA" => {
                writer.write_all(b"354 go on\r\n")?;
                while let Some(line) = lines.next().transpose()?.filter(|line| line != ".") {
                    mail.lines.push(line);
                }
                let _ = keep.send(std::mem::take(&mut mail));
                "250 kept"
            }
            "QUIT" => "221 bye",
            _ => "250 yes",
        };
        writer.write_all(format!("{answer}\r\n").as_bytes())?;
    }
    Ok(())
}
