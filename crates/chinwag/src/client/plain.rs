//! The plain client: each input line is sent, each line received is printed.

mod arrival;
mod echo;
mod gate;

use std::io::{self, BufRead, IsTerminal, Read as _, Write};
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use self::arrival::{Arrival, Step};
use self::echo::Echo;
use self::gate::{Gate, Pass};
use super::connect::{Greeted, Server};
use super::incoming::{Heard, Incoming};
use super::secret::Password;
use super::stream::Stream;
use crate::fail;

/// How long nothing must follow a prompt before it is shown. Where the answer was sent ahead, only whole
/// lines are printed.
const PROMPT_SHOWN_AFTER: Duration = Duration::from_millis(300);

/// Bytes that are read at once.
const PIECE_BYTES: usize = 16 * 1024;

/// The longest input line that answers a prompt of the login, in bytes; far above what a server takes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// Telnet's "interpret as command"; twice, it is a byte of the text (RFC 854).
const IAC: u8 = 255;

/// How it ended.
#[derive(Debug)]
enum End {
    /// The server said goodbye.
    Well,
    /// What is received cannot be printed.
    Unprinted(io::Error),
    /// The login was refused, for this reason.
    Refused(&'static str),
    /// The connection ended for this reason, before the login or after it.
    CutOff { why: String, is_in: bool },
}

/// Talks through standard input and output, until the server closes the connection.
pub(super) fn run(
    server: &Server,
    greeted: Greeted,
    name: Option<String>,
    password: Option<Password>,
) -> ExitCode {
    let (stream, gate) = (Arc::new(greeted.stream), Arc::new(Gate::default()));
    let sending = {
        let (stream, gate) = (Arc::clone(&stream), Arc::clone(&gate));
        std::thread::Builder::new()
            .name("input".to_owned())
            .spawn(move || send(io::stdin().lock(), &stream, &gate))
    };
    if let Err(error) = sending {
        return fail(format!("cannot send to {server}: {error}"));
    }
    let is_typed = io::stdin().is_terminal();
    let prompts: Box<dyn Write> = match is_typed {
        // A person sees the prompts, but a file that is written does not get them.
        true => Box::new(io::stderr()),
        false => Box::new(io::stdout()),
    };
    let mut conversation = Conversation {
        stream: &stream,
        gate: &gate,
        arrival: Arrival::new(name, password, is_typed),
        printer: Printer::new(io::stdout().lock(), prompts, Echo::of_input()),
    };
    let end = conversation.listen(&greeted.head);
    drop(conversation);
    match end {
        End::Well => ExitCode::SUCCESS,
        End::Unprinted(error) => fail(format!("cannot print what {server} says: {error}")),
        End::Refused(why) => fail(format!("not logged in at {server}: {why}. Nothing was sent.")),
        End::CutOff { why, is_in: true } => {
            fail(format!("cut off by {server}: {why}; connect again to see what was missed"))
        }
        End::CutOff { why, is_in: false } => {
            fail(format!("not logged in at {server}: {why}. Nothing was sent."))
        }
    }
}

/// Sends what may be sent of the input, then ends that direction alone.
fn send(mut input: impl BufRead, stream: &Stream, gate: &Gate) {
    // The listening thread reports a connection that is lost.
    let _ = send_answers(&mut input, stream, gate).and_then(|is_end| match is_end {
        true => Ok(()),
        false => send_all(&mut input, stream, gate),
    });
    gate.note_end();
    let _ = stream.end_of_input();
}

/// Sends a line for each prompt of the login that the input answers; whether the input ended.
fn send_answers(input: &mut impl BufRead, stream: &Stream, gate: &Gate) -> io::Result<bool> {
    while gate.pass() == Pass::Line {
        let mut line = zeroize::Zeroizing::new(Vec::new());
        let count = input.take(ANSWER_BYTES_MAX).read_until(b'\n', &mut line)?;
        if count == 0 {
            return Ok(true);
        }
        // The end of the input ends the last line, and a bound an endless one.
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        let mut escaped = zeroize::Zeroizing::new(Vec::with_capacity(line.len()));
        escape(&line, &mut escaped);
        stream.write_all(&escaped)?;
        gate.note_sent();
    }
    Ok(false)
}

fn send_all(input: &mut impl BufRead, stream: &Stream, gate: &Gate) -> io::Result<()> {
    let mut escaped = Vec::new();
    loop {
        let piece = match input.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            piece => piece?,
        };
        if piece.is_empty() {
            return Ok(());
        }
        escaped.clear();
        escape(piece, &mut escaped);
        let count = piece.len();
        input.consume(count);
        stream.write_all(&escaped)?;
        gate.note_sent();
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

/// What is heard, answered and printed.
struct Conversation<'a, W, P> {
    stream: &'a Stream,
    gate: &'a Gate,
    arrival: Arrival,
    printer: Printer<W, P>,
}

impl<W: Write, P: Write> Conversation<'_, W, P> {
    /// Listens until the end. The beginning was read already.
    fn listen(&mut self, head: &[u8]) -> End {
        let mut incoming = Incoming::default();
        incoming.push(head);
        let mut piece = vec![0; PIECE_BYTES];
        let mut is_end = false;
        loop {
            if let ControlFlow::Break(end) = self.take_all(&mut incoming, is_end) {
                return end;
            }
            if is_end {
                return self.end("the server closed the connection".to_owned());
            }
            let waits = self.printer.prompt.is_some() || incoming.is_unfinished();
            match self.stream.read(&mut piece, waits.then_some(PROMPT_SHOWN_AFTER)) {
                Ok(count) => {
                    incoming.push(piece.get(..count).unwrap_or_default());
                    is_end = count == 0;
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                        if let Some(heard) = incoming.guess_prompt()
                            && let ControlFlow::Break(end) = self.take(heard)
                        {
                            return end;
                        }
                        if let Err(error) = self.printer.show_prompt(self.gate) {
                            return End::Unprinted(error);
                        }
                    }
                    _ => return self.end(error.to_string()),
                },
            }
        }
    }

    /// Takes all lines and prompts that have come, and at the end what is unfinished.
    fn take_all(&mut self, incoming: &mut Incoming, is_end: bool) -> ControlFlow<End> {
        while let Some(heard) = incoming.next() {
            self.take(heard)?;
        }
        if is_end && let Some(rest) = incoming.rest() {
            self.take(rest)?;
        }
        self.printer
            .out
            .flush()
            .map_or_else(|e| ControlFlow::Break(End::Unprinted(e)), ControlFlow::Continue)
    }

    fn take(&mut self, heard: Heard) -> ControlFlow<End> {
        let step = self.arrival.hear(&heard, self.printer.echo.has_input());
        let is_answered = matches!(step, Step::Send(_) | Step::Refuse(_));
        let printed = self.printer.take(heard, is_answered, self.gate);
        if let Err(error) = printed {
            return ControlFlow::Break(End::Unprinted(error));
        }
        match step {
            Step::Nothing => {}
            Step::Ask => self.gate.admit_line(),
            Step::Open => self.gate.open(),
            Step::Send(text) => {
                let mut line = zeroize::Zeroizing::new(Vec::with_capacity(2 * text.len() + 1));
                escape(text.as_bytes(), &mut line);
                line.push(b'\n');
                // What goes wrong here is heard of when the answer is read.
                let _ = self.stream.write_all(&line);
            }
            Step::Refuse(why) => {
                return ControlFlow::Break(match self.printer.out.flush() {
                    Ok(()) => End::Refused(why),
                    Err(error) => End::Unprinted(error),
                });
            }
        }
        ControlFlow::Continue(())
    }

    /// What it means that the connection has ended.
    fn end(&self, why: String) -> End {
        let is_in = self.arrival.is_in();
        if self.printer.goodbye {
            End::Well
        } else if !is_in && self.gate.has_ended() {
            End::CutOff { why: "the input ended too early".to_owned(), is_in }
        } else {
            End::CutOff { why, is_in }
        }
    }
}

/// Prints lines, and prompts that wait for an answer.
#[derive(Debug)]
struct Printer<W, P> {
    out: W,
    prompts: P,
    echo: Echo,
    /// The prompt that came last, and was not shown.
    prompt: Option<String>,
    /// Whether a shown prompt's line is open: at this count of what was sent.
    open_line: Option<u64>,
    /// Whether the last line was a goodbye.
    goodbye: bool,
}

impl<W: Write, P: Write> Printer<W, P> {
    fn new(out: W, prompts: P, echo: Echo) -> Self {
        Self { out, prompts, echo, prompt: None, open_line: None, goodbye: false }
    }

    fn take(&mut self, heard: Heard, is_answered: bool, gate: &Gate) -> io::Result<()> {
        match heard {
            Heard::Prompt(prompt) => {
                self.close_line(gate)?;
                self.echo.hide(!is_answered && is_secret(&prompt));
                self.prompt = (!is_answered).then_some(prompt);
                Ok(())
            }
            Heard::Line(line) => {
                self.prompt = None;
                self.goodbye = line.starts_with("<Goodbye, ");
                self.close_line(gate)?;
                self.echo.hide(false);
                writeln!(self.out, "{line}")
            }
        }
    }

    /// Ends a shown prompt's line, unless the Enter that was typed after it has.
    fn close_line(&mut self, gate: &Gate) -> io::Result<()> {
        let Some(sent) = self.open_line.take() else { return Ok(()) };
        if self.echo.is_terminal() && !self.echo.is_hidden() && gate.sent() != sent {
            return Ok(());
        }
        writeln!(self.prompts)?;
        self.prompts.flush()
    }

    /// Shows a prompt that has come and that somebody may answer.
    fn show_prompt(&mut self, gate: &Gate) -> io::Result<()> {
        match self.prompt.take() {
            Some(prompt) if !gate.has_ended() => {
                self.open_line = Some(gate.sent());
                write!(self.prompts, "{prompt}")?;
                self.prompts.flush()
            }
            _ => Ok(()),
        }
    }
}

/// Whether what is typed after a prompt is not to be seen.
fn is_secret(prompt: &str) -> bool {
    prompt.ends_with("PASSWORD: ") || prompt == "AGAIN: "
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    /// What a script sees, prompts in brackets, and how it ended, of a server that sends these
    /// pieces, each one once the prompt before it has been shown, and closes the connection.
    fn play(name: Option<&str>, input_ended: bool, pieces: &[&str]) -> (String, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let stream = Stream::plain(stream);
        let (mut server, _) = listener.accept().unwrap();
        let (shown, seen) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let listening = scope.spawn(|| {
                let mut out = Vec::new();
                let gate = Gate::default();
                if input_ended {
                    gate.note_end();
                }
                let mut conversation = Conversation {
                    stream: &stream,
                    gate: &gate,
                    arrival: Arrival::new(name.map(str::to_owned), None, true),
                    printer: Printer::new(&mut out, Telling(shown), Echo::none()),
                };
                let end = match conversation.listen(b"") {
                    End::CutOff { is_in: true, .. } => "cut off".to_owned(),
                    End::CutOff { .. } => "not in".to_owned(),
                    end => format!("{end:?}"),
                };
                (String::from_utf8(out).unwrap(), end)
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
    fn nothing_but_a_goodbye_is_a_good_end() {
        for input_ended in [false, true] {
            for (said, end) in [
                ("Welcome back, Al.\n<Goodbye, Al.>\n", "Well"),
                ("Welcome back, Al.\n<Goodbye, Al.>\n[lobby] Bo: wait\n", "cut off"),
                ("Welcome back, Al.\n[lobby] Al: hello\n", "cut off"),
                ("Welcome back, Al.\n<The server is shutting down.>\n", "cut off"),
                ("Hi.\nUSERNAME: ", "not in"),
                ("<Server is full.>\n", "not in"),
                ("Hi.\nUSERNAME: PASSWORD: <Wrong password.>\n", "not in"),
                ("<This port does not speak line mode, only irc.>\n", "not in"),
                ("", "not in"),
            ] {
                assert_eq!(play(None, input_ended, &[said]).1, end, "{said:?}");
            }
        }
    }

    #[test]
    fn nothing_that_is_sent_is_taken_for_telnet() {
        let mut out = Vec::new();
        escape(b"a\r\nb\xff\xf4\n", &mut out);
        assert_eq!(out, b"a\nb\xff\xff\xf4\n");
    }
}
