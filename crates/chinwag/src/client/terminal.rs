//! On a terminal: a line editor at the bottom, what others say above it.

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use anyhow::{Context, Result};
use rustyline::{DefaultEditor, ExternalPrinter};

use super::connection::{Heard, Incoming, Server, is_goodbye, is_prompt, is_secret};
use crate::fail;

/// The first pause before a lost connection is tried again, and the longest one.
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(30);

/// How long the server may take to say goodbye.
const GOODBYE_MAX: Duration = Duration::from_secs(3);

/// What the conversation hears: from the server, and from the keyboard.
#[derive(Debug)]
enum News {
    Heard(Heard),
    Typed(String),
    /// Ctrl-C, Ctrl-D, or a terminal that is gone.
    Leave,
}

/// What the keyboard is to do next.
#[derive(Debug)]
enum Want {
    /// Read a line of text.
    Line,
    /// Read something that is not shown, after this prompt.
    Secret(String),
}

/// Joins the chat until one leaves, through lost connections.
pub(super) fn run(server: &Server, name: Option<&str>) -> ExitCode {
    match Talk::start(server, name).and_then(Talk::run) {
        Ok(code) => code,
        Err(error) => fail(format!("{error:#}")),
    }
}

struct Talk<'s> {
    server: &'s Server,
    name: Option<String>,
    /// Whether the server has let them in under that name.
    is_in: bool,
    stream: TcpStream,
    /// How often the server was connected to; what earlier connections still say is not heard.
    round: u64,
    news: Receiver<(u64, News)>,
    sender: Sender<(u64, News)>,
    wants: Sender<Want>,
    printer: Box<dyn Printer>,
    prompt: Option<String>,
}

trait Printer {
    fn print(&mut self, line: &str);
}

impl<P: ExternalPrinter> Printer for P {
    fn print(&mut self, line: &str) {
        // A terminal that is gone is noticed by who reads it.
        let _ = ExternalPrinter::print(self, format!("{line}\n"));
    }
}

impl<'s> Talk<'s> {
    fn start(server: &'s Server, name: Option<&str>) -> Result<Self> {
        let stream = server.connect()?;
        let mut editor = DefaultEditor::new().context("cannot use the terminal")?;
        let printer = editor.create_external_printer().context("cannot use the terminal")?;
        let (sender, news) = channel();
        let (wants, wanted) = channel();
        let typed = sender.clone();
        std::thread::Builder::new()
            .name("keyboard".to_owned())
            .spawn(move || read_keyboard(editor, &wanted, &typed))
            .context("cannot read the keyboard")?;
        let name = name.map(str::to_owned);
        let mut talk = Self {
            server,
            name,
            is_in: false,
            stream,
            round: 0,
            news,
            sender,
            wants,
            printer: Box::new(printer),
            prompt: None,
        };
        talk.listen()?;
        talk.want(Want::Line);
        Ok(talk)
    }

    fn run(mut self) -> Result<ExitCode> {
        loop {
            let Ok((round, news)) = self.news.recv() else { return Ok(ExitCode::FAILURE) };
            match news {
                News::Heard(_) if round != self.round => {}
                News::Heard(Heard::Line(line)) => {
                    self.is_in |= line.starts_with("Welcome back, ") || is_new_here(&line);
                    self.printer.print(&line);
                    if is_goodbye(&line) {
                        return Ok(ExitCode::SUCCESS);
                    }
                }
                News::Heard(Heard::Partial(text)) => self.heard_prompt(&text)?,
                News::Heard(Heard::End) => {
                    if !self.come_back()? {
                        return Ok(ExitCode::SUCCESS);
                    }
                }
                News::Typed(line) => self.typed(&line),
                News::Leave => return Ok(self.leave()),
            }
        }
    }

    /// Hears the server on a thread, until its connection ends.
    fn listen(&mut self) -> Result<()> {
        self.round += 1;
        let (round, sender) = (self.round, self.sender.clone());
        let stream = self.stream.try_clone().context("cannot use the connection")?;
        let hear = move || {
            let mut incoming = Incoming::new(stream);
            loop {
                let heard = incoming.next().unwrap_or(Heard::End);
                if matches!(&heard, Heard::Partial(text) if is_prompt(text)) {
                    incoming.take_prompt();
                }
                let ended = heard == Heard::End;
                if sender.send((round, News::Heard(heard))).is_err() || ended {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("server".to_owned()).spawn(hear)?;
        Ok(())
    }

    fn heard_prompt(&mut self, text: &str) -> Result<()> {
        if !is_prompt(text) {
            return Ok(());
        }
        if text == "USERNAME: " {
            if let Some(name) = self.name.clone() {
                if !self.is_in {
                    // It is asked for once more only if this name was refused.
                    self.name = None;
                }
                self.send(&name);
                return Ok(());
            }
            self.printer.print("Your name? (Enter for a guest's)");
        } else if is_secret(text) {
            self.printer.print(&format!("{text}(press Enter, then type it unseen)"));
        } else {
            self.printer.print(text.trim_end());
        }
        self.prompt = Some(text.to_owned());
        Ok(())
    }

    fn typed(&mut self, line: &str) {
        match self.prompt.take() {
            Some(prompt) if is_secret(&prompt) && line.is_empty() => {
                return self.want(Want::Secret(prompt));
            }
            Some(prompt) if prompt == "USERNAME: " => self.name = Some(line.to_owned()),
            _ => {}
        }
        self.send(line);
        self.want(Want::Line);
    }

    fn want(&self, want: Want) {
        let _ = self.wants.send(want);
    }

    /// A connection that fails is noticed by who hears it.
    fn send(&mut self, line: &str) {
        let _ = self.stream.write_all(format!("{line}\n").as_bytes());
    }

    /// The connection is lost: tries again until it is there; `false` if they left meanwhile.
    fn come_back(&mut self) -> Result<bool> {
        self.prompt = None;
        let mut pause = RETRY_FIRST;
        loop {
            let seconds = pause.as_secs();
            self.printer.print(&format!("(connection lost; trying again in {seconds} s)"));
            match self.news.recv_timeout(pause) {
                Ok((_, News::Leave)) | Err(RecvTimeoutError::Disconnected) => return Ok(false),
                Ok((_, News::Typed(_))) => {
                    self.printer.print("(not sent: there is no connection)");
                    self.want(Want::Line);
                }
                Ok((_, News::Heard(_))) | Err(RecvTimeoutError::Timeout) => {}
            }
            if let Ok(stream) = self.server.connect() {
                self.stream = stream;
                self.printer.print(&format!("(connected to {} again)", self.server));
                self.listen()?;
                return Ok(true);
            }
            pause = (pause * 2).min(RETRY_MAX);
        }
    }

    /// Leaves politely: the goodbye is waited for, shortly.
    fn leave(&mut self) -> ExitCode {
        self.send("exit");
        let _ = self.stream.shutdown(Shutdown::Write);
        while let Ok((_, news)) = self.news.recv_timeout(GOODBYE_MAX) {
            match news {
                News::Heard(Heard::Line(line)) => {
                    println!("{line}");
                    if is_goodbye(&line) {
                        break;
                    }
                }
                News::Heard(Heard::End) => break,
                _ => {}
            }
        }
        ExitCode::SUCCESS
    }
}

fn is_new_here(line: &str) -> bool {
    line.starts_with("Welcome, ") && line.ends_with("Type /help for help.")
}

fn read_keyboard(mut editor: DefaultEditor, wanted: &Receiver<Want>, typed: &Sender<(u64, News)>) {
    for want in wanted {
        let news = match want {
            Want::Line => match editor.readline("") {
                Ok(line) => {
                    let _ = editor.add_history_entry(&line);
                    News::Typed(line)
                }
                Err(_) => News::Leave,
            },
            // Neither shown nor kept in the history.
            Want::Secret(prompt) => match rpassword::prompt_password(prompt) {
                Ok(secret) => News::Typed(secret),
                Err(_) => News::Leave,
            },
        };
        let leaves = matches!(news, News::Leave);
        if typed.send((0, news)).is_err() || leaves {
            return;
        }
    }
}
