//! The client on a terminal: a line editor at the bottom, and above it what comes in.
//!
//! The editor has the main thread, the [link] to the server another; between them is the
//! [desk]. The link prints through the editor, which keeps what is being typed in one piece.

mod desk;
mod link;
mod watch;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use chinwag_face::line::is_speech;
use rustyline::config::{BellStyle, Config, Configurer};
use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{ColorMode, Editor, ExternalPrinter};
use signal_hook::consts::SIGINT;
use zeroize::Zeroizing;

use self::desk::{Desk, Draft, Edit, End};
use self::link::Link;
use self::watch::Watch;
use super::connect::{Greeted, Server};
use super::secret::Password;
use crate::fail;

/// Lines that can be called back. They are not kept beyond the end of the program.
const HISTORY_LINES_MAX: usize = 1000;

/// A terminal on which lines can be edited.
pub(super) struct Terminal {
    desk: Arc<Desk>,
    editor: Editor<Watch, DefaultHistory>,
    printer: Box<dyn ExternalPrinter + Send>,
}

/// Readies the terminal.
///
/// # Errors
/// Where it can't do what a line editor needs.
pub(super) fn open() -> Result<Terminal, ReadlineError> {
    let desk = Arc::new(Desk::default());
    let config = Config::builder()
        .bell_style(BellStyle::None)
        .max_history_size(HISTORY_LINES_MAX)?
        // What follows the typing works by way of the colours.
        .color_mode(ColorMode::Forced)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_auto_add_history(false);
    editor.set_helper(Some(Watch::new(Arc::clone(&desk))));
    let printer = Box::new(editor.create_external_printer()?);
    Ok(Terminal { desk, editor, printer })
}

impl Terminal {
    /// Talks until one side ends it.
    pub(super) fn run(
        mut self,
        server: Server,
        greeted: Greeted,
        name: Option<String>,
        password: Option<Password>,
    ) -> ExitCode {
        // The link calls the editor by this signal; it must not end the program when it comes a
        // moment too early or too late.
        if let Err(error) = signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false))) {
            return fail(format!("cannot take signals: {error}"));
        }
        self.desk.come_in_as(name, password);
        let link = Link::new(Arc::clone(&self.desk), self.printer, server);
        if let Err(error) =
            std::thread::Builder::new().name("link".to_owned()).spawn(move || link.run(greeted))
        {
            return fail(format!("cannot start a thread: {error}"));
        }
        let failed = edit_lines(&self.desk, &mut self.editor).err();
        match (self.desk.leave(), failed) {
            (Some(End::Failed(why)), _) => fail(why),
            (_, Some(error)) => fail(format!("cannot read from the terminal: {error}")),
            _ => ExitCode::SUCCESS,
        }
    }
}

/// Edits and sends lines until there is an end.
fn edit_lines(
    desk: &Desk,
    editor: &mut Editor<Watch, DefaultHistory>,
) -> Result<(), ReadlineError> {
    let mut draft = Draft::default();
    while let Some(edit) = desk.begin_edit() {
        let initial = if edit.takes_draft { std::mem::take(&mut draft) } else { Draft::default() };
        let line = editor.readline_with_initial(&edit.prompt, (&initial.left, &initial.right));
        let typed = desk.end_edit();
        match line.map(Zeroizing::new) {
            Ok(line) => {
                if !desk.send(&line) {
                    println!("Not connected; nothing was sent.");
                    draft = typed;
                    continue;
                }
                if edit.is_chat {
                    editor.add_history_entry(line.as_str())?;
                    if is_speech(&line) {
                        erase(&edit, &line);
                    }
                }
            }
            Err(ReadlineError::Interrupted) if desk.take_call() => {
                erase(&edit, &format!("{}{}", typed.left, typed.right));
                if edit.takes_draft {
                    draft = typed;
                }
            }
            Err(ReadlineError::Interrupted | ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Erases the edited line, below which the cursor stands.
fn erase(edit: &Edit, line: &str) {
    let columns = rustix::termios::tcgetwinsize(std::io::stdout())
        .map_or(80, |size| usize::from(size.ws_col).max(1));
    let rows = rows_at_least(&edit.prompt, line, columns);
    let mut out = std::io::stdout().lock();
    // A terminal that is gone is found out by the editor.
    let _ = write!(out, "\x1b[{rows}A\r\x1b[J").and_then(|()| out.flush());
}

/// How many rows a line takes. Of what is not ASCII the width is not known: rather too little is
/// erased than a line that somebody said.
fn rows_at_least(prompt: &str, line: &str, columns: usize) -> usize {
    let width = prompt.len() + line.chars().filter(char::is_ascii).count();
    width / columns + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_line_took_is_erased() {
        for (line, rows) in [("", 1), ("seven…!", 1), ("12345678", 2), ("123456789012345678", 3)]
        {
            assert_eq!(rows_at_least("> ", line, 10), rows, "{line}");
        }
    }

    #[test]
    fn commands_stay_and_messages_come_back() {
        for (line, echoed) in [("hello", true), ("bo: hi", true), ("/who", false), ("LIST", false)]
        {
            assert_eq!(is_speech(line), echoed);
        }
    }
}
