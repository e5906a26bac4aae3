//! The client of scripts: each input line is sent, each line received is printed.

use std::io::{self, IsTerminal, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::Server;
use super::incoming::{Heard, Incoming};
use crate::fail;

/// How long nothing must follow a prompt before it is shown. Whoever has sent the answer ahead
/// then sees whole lines alone.
const PROMPT_SHOWN_AFTER: Duration = Duration::from_millis(300);

/// Bytes that are read at once.
const PIECE_BYTES: usize = 16 * 1024;

/// Telnet's "interpret as command"; twice, it is a byte of the text (RFC 854).
const IAC: u8 = 255;

/// How the last line begins that a server sends who turns somebody away.
const TURNED_AWAY: [&str; 4] = [
    "<The server is shutting down.>",
    "<Server is full.>",
    "<Wrong password.>",
    "<Too many wrong ",
];

/// How it ended.
#[derive(Debug)]
enum End {
    /// The server said goodbye, or had nothing more to say after the end of the input.
    Well,
    /// Nobody reads what is printed.
    Unread,
    /// The connection ended for this reason.
    CutOff(String),
}

/// Talks through standard input and output, until the server closes the connection.
pub(super) fn run(server: &Server, stream: &TcpStream, name: Option<&str>) -> ExitCode {
    let input_ended = Arc::new(AtomicBool::new(false));
    let sending = stream.try_clone().and_then(|stream| {
        let (ended, name) = (Arc::clone(&input_ended), name.map(str::to_owned));
        std::thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || send(io::stdin().lock(), &stream, name.as_deref(), &ended))
    });
    if let Err(error) = sending {
        return fail(format!("cannot send to {server}: {error}"));
    }
    let out = io::stdout().lock();
    // Who types sees the prompts, but a file that is written does not get them.
    let end = match io::stdin().is_terminal() {
        true => listen(stream, Printer::new(out, io::stderr(), name), &input_ended),
        false => listen(stream, Printer::new(out, io::stdout(), name), &input_ended),
    };
    match end {
        End::Well | End::Unread => ExitCode::SUCCESS,
        End::CutOff(why) => {
            fail(format!("cut off by {server}: {why}; connect again to see what was missed"))
        }
    }
}

/// Sends the name and the input, then ends that direction alone.
fn send(mut input: impl Read, mut stream: &TcpStream, name: Option<&str>, ended: &AtomicBool) {
    let mut escaped = Vec::new();
    if let Some(name) = name {
        escape(name.as_bytes(), &mut escaped);
        escaped.push(b'\n');
    }
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        // Where the server has gone, whoever listens to it will know.
        if stream.write_all(&escaped).is_err() {
            return;
        }
        let count = match input.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Ok(count) => count,
            Err(_) => 0,
        };
        if count == 0 {
            ended.store(true, Ordering::SeqCst);
            let _ = stream.shutdown(Shutdown::Write);
            return;
        }
        escaped.clear();
        escape(piece.get(..count).unwrap_or_default(), &mut escaped);
    }
}

/// Takes out what would make the server think of telnet: carriage returns, and commands.
fn escape(bytes: &[u8], out: &mut Vec<u8>) {
    for byte in bytes {
        match *byte {
            b'\r' => {}
            IAC => out.extend([IAC, IAC]),
            byte => out.push(byte),
        }
    }
}

fn listen(
    mut stream: &TcpStream,
    mut printer: Printer<impl Write, impl Write>,
    input_ended: &AtomicBool,
) -> End {
    let mut incoming = Incoming::default();
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let waits = printer.prompt.is_some() || incoming.is_unfinished();
        let read = stream
            .set_read_timeout(waits.then_some(PROMPT_SHOWN_AFTER))
            .and_then(|()| stream.read(&mut piece));
        let count = match read {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if is_timeout(&error) => {
                if let Some(heard) = incoming.guess_prompt()
                    && printer.take(heard).is_err()
                {
                    return End::Unread;
                }
                if printer.show_prompt(input_ended).is_err() {
                    return End::Unread;
                }
                continue;
            }
            Err(_) if printer.goodbye => return End::Well,
            Err(error) => return End::CutOff(error.to_string()),
        };
        incoming.push(piece.get(..count).unwrap_or_default());
        while let Some(heard) = incoming.next() {
            if printer.take(heard).is_err() {
                return End::Unread;
            }
        }
        if count == 0 {
            let rest = incoming.rest().map_or(Ok(()), |rest| printer.take(rest));
            if rest.and_then(|()| printer.out.flush()).is_err() {
                return End::Unread;
            }
            return printer.end(input_ended.load(Ordering::SeqCst));
        }
        if printer.out.flush().is_err() {
            return End::Unread;
        }
    }
}

/// A socket's timeout has either name.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Prints lines, and prompts that wait for an answer.
#[derive(Debug)]
struct Printer<W, P> {
    out: W,
    prompts: P,
    /// The prompt that came last, and was not shown.
    prompt: Option<String>,
    /// Whether a shown prompt's line is open.
    line_is_open: bool,
    /// Whether the next prompt for a name is answered already.
    name_is_given: bool,
    goodbye: bool,
    turned_away: bool,
}

impl<W: Write, P: Write> Printer<W, P> {
    fn new(out: W, prompts: P, name: Option<&str>) -> Self {
        Self {
            out,
            prompts,
            prompt: None,
            line_is_open: false,
            name_is_given: name.is_some(),
            goodbye: false,
            turned_away: false,
        }
    }

    fn take(&mut self, heard: Heard) -> io::Result<()> {
        match heard {
            Heard::Prompt(prompt) => {
                let answered = prompt == "USERNAME: " && std::mem::take(&mut self.name_is_given);
                self.prompt = (!answered).then_some(prompt);
                Ok(())
            }
            Heard::Line(line) => {
                self.prompt = None;
                self.goodbye = line.starts_with("<Goodbye, ");
                self.turned_away = TURNED_AWAY.iter().any(|begin| line.starts_with(begin));
                if std::mem::take(&mut self.line_is_open) {
                    writeln!(self.prompts)?;
                    self.prompts.flush()?;
                }
                writeln!(self.out, "{line}")
            }
        }
    }

    /// Shows a prompt that has come and that somebody may answer.
    fn show_prompt(&mut self, input_ended: &AtomicBool) -> io::Result<()> {
        match self.prompt.take() {
            Some(prompt) if !input_ended.load(Ordering::SeqCst) => {
                self.line_is_open = true;
                write!(self.prompts, "{prompt}")?;
                self.prompts.flush()
            }
            _ => Ok(()),
        }
    }

    /// What it means that the server has closed the connection.
    fn end(&self, input_ended: bool) -> End {
        if self.goodbye || (input_ended && !self.turned_away) {
            End::Well
        } else {
            End::CutOff("the server closed the connection".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// What a script sees, prompts in brackets, and how it ended, of a server that sends these
    /// pieces, each one once the prompt before it has been shown, and closes the connection.
    fn play(name: Option<&str>, input_ended: bool, pieces: &[&str]) -> (String, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        let (shown, seen) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let listening = scope.spawn(|| {
                let mut out = Vec::new();
                let prompts = Telling(shown);
                let ended = AtomicBool::new(input_ended);
                let end = listen(&stream, Printer::new(&mut out, prompts, name), &ended);
                (String::from_utf8(out).unwrap(), format!("{end:?}"))
            });
            let mut prompts = String::new();
            for (at, piece) in pieces.iter().enumerate() {
                if at > 0 {
                    prompts.push_str(&format!("[{}]", seen.recv().unwrap()));
                }
                server.write_all(piece.as_bytes()).unwrap();
            }
            drop(server);
            let (lines, end) = listening.join().unwrap();
            (prompts + &lines, end)
        })
    }

    /// Tells of each prompt that is shown.
    struct Telling(std::sync::mpsc::Sender<String>);

    impl Write for Telling {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if bytes != b"\n" {
                let _ = self.0.send(String::from_utf8_lossy(bytes).into_owned());
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn who_has_sent_all_ahead_sees_lines_alone() {
        let all = "Hi.\nUSERNAME: PASSWORD: Welcome back, Al.\n<Goodbye, Al.>\n";
        let seen = play(None, true, &[all]);
        assert_eq!(
            seen,
            ("Hi.\nWelcome back, Al.\n<Goodbye, Al.>\n".to_owned(), "Well".to_owned())
        );
    }

    #[test]
    fn a_prompt_that_waits_for_an_answer_is_shown() {
        let pieces = ["Hi.\nUSERNAME: ", "PASSWORD: ", "Welcome back, Al.\n<Goodbye, Al.>\n"];
        let lines = "Hi.\nWelcome back, Al.\n<Goodbye, Al.>\n";
        let seen = play(None, false, &pieces).0;
        assert_eq!(seen, format!("[USERNAME: ][PASSWORD: ]{lines}"));
        // The first is answered by a name that was given.
        let seen = play(Some("Al"), false, &[&pieces[..2].concat(), pieces[2]]).0;
        assert_eq!(seen, format!("[PASSWORD: ]{lines}"));
    }

    #[test]
    fn a_goodbye_or_the_end_of_input_is_a_good_end() {
        let cut = "CutOff(\"the server closed the connection\")";
        for (input_ended, last, end) in [
            (false, "<Goodbye, Al.>", "Well"),
            (true, "[lobby] Al: hello", "Well"),
            (false, "[lobby] Al: hello", cut),
            (true, "<The server is shutting down.>", cut),
            (true, "<Server is full.>", cut),
            (true, "USERNAME: PASSWORD: <Wrong password.>", cut),
        ] {
            assert_eq!(play(None, input_ended, &[&format!("{last}\n")]).1, end, "{last}");
        }
    }

    #[test]
    fn nothing_that_is_sent_is_taken_for_telnet() {
        let mut out = Vec::new();
        escape(b"a\r\nb\xff\xf4\n", &mut out);
        assert_eq!(out, b"a\nb\xff\xff\xf4\n");
    }
}
