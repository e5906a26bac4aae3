//! What the editor and the link to the server share.

use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustyline::ExternalPrinter;
use signal_hook::consts::SIGINT;

use super::super::incoming::Heard;
use super::super::login::{Login, Prompt, Reaction};
use super::super::secret::Password;
use super::super::stream::Stream;

/// How long a goodbye is waited for.
const GOODBYE_MAX: Duration = Duration::from_secs(2);

/// After how long the editor is called again that has not come.
const CALL_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// How long the editor may take to print.
const PRINT_MAX: Duration = Duration::from_secs(1);

/// How it ended.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// By a goodbye.
    Well,
    /// For this reason.
    Failed(String),
}

/// What stands before and after the cursor.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) left: String,
    pub(super) right: String,
}

/// A line to be edited.
#[derive(Debug)]
pub(super) struct Edit {
    pub(super) prompt: String,
    /// Whether it answers no prompt of the server.
    pub(super) is_chat: bool,
    /// Whether what was being typed goes on here.
    pub(super) takes_draft: bool,
}

/// The desk on which the editor and the link leave things for each other.
#[derive(Debug, Default)]
pub(super) struct Desk {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    login: Login,
    connection: Option<Arc<Stream>>,
    /// What the server asks, until it is answered.
    prompt: Option<Prompt>,
    phase: Phase,
    /// Whether what is being typed is a secret.
    hides: bool,
    typed: Draft,
    /// How often the line was painted.
    paints: u64,
    /// Whether the editor is called, and has not come.
    is_called: bool,
    is_leaving: bool,
    end: Option<End>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// No line is being edited, but soon will be.
    #[default]
    Between,
    /// A line is being edited: the editor prints.
    Editing,
    /// No line will be edited any more.
    Over,
}

/// For the editor.
impl Desk {
    /// Sets the name to come in under, and its password.
    pub(super) fn come_in_as(&self, name: Option<String>, password: Option<Password>) {
        self.lock().login = Login::new(name, password);
    }

    /// What is to be edited now; `None` at the end.
    pub(super) fn begin_edit(&self) -> Option<Edit> {
        let mut state = self.lock();
        state.is_called = false;
        self.changed.notify_all();
        if state.end.is_some() {
            return None;
        }
        state.typed = Draft::default();
        state.hides = state.prompt.as_ref().is_some_and(|prompt| prompt.is_hidden);
        Some(match &state.prompt {
            Some(prompt) => {
                Edit { prompt: prompt.text.clone(), is_chat: false, takes_draft: !prompt.at_login }
            }
            None => Edit {
                prompt: if state.login.is_in() { "> " } else { "" }.to_owned(),
                is_chat: true,
                takes_draft: true,
            },
        })
    }

    /// What was being typed, unless it is a secret.
    pub(super) fn end_edit(&self) -> Draft {
        let mut state = self.lock();
        state.phase = Phase::Between;
        std::mem::take(&mut state.typed)
    }

    /// Whether the editor was called by the link, and not by a key.
    pub(super) fn take_call(&self) -> bool {
        let called = std::mem::take(&mut self.lock().is_called);
        self.changed.notify_all();
        called
    }

    /// Takes note that the line was painted.
    pub(super) fn note_painted(&self) {
        let mut state = self.lock();
        state.paints += 1;
        if state.phase == Phase::Between {
            state.phase = Phase::Editing;
        }
        self.changed.notify_all();
    }

    /// Takes note of the line; whether it is to be hidden.
    pub(super) fn note_typed(&self, line: &str, at: usize) -> bool {
        let mut state = self.lock();
        if !state.hides {
            let (left, right) = line.split_at_checked(at).unwrap_or((line, ""));
            state.typed = Draft { left: left.to_owned(), right: right.to_owned() };
        }
        state.hides
    }

    /// Sends a line; `false` if there is no connection.
    pub(super) fn send(&self, line: &str) -> bool {
        let mut state = self.lock();
        let Some(connection) = state.connection.clone() else { return false };
        match state.prompt.take() {
            Some(prompt) => state.login.answer(&prompt, line),
            None => state.login.volunteer(line),
        }
        drop(state);
        // A line that was pasted may be several.
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(line.len() + 1));
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        // What goes wrong here the link hears of, too.
        connection.write_all(&bytes).is_ok()
    }

    /// Takes leave, if there is no end yet, and waits a little for the goodbye.
    pub(super) fn leave(&self) -> Option<End> {
        let mut state = self.lock();
        state.phase = Phase::Over;
        state.is_leaving = true;
        self.changed.notify_all();
        if state.end.is_none()
            && let Some(connection) = state.connection.clone()
        {
            // Where something was asked, this would be the answer; the end of input is as good.
            if state.prompt.is_none() && state.login.is_in() {
                let _ = connection.write_all(b"exit\n");
            }
            let _ = connection.end_of_input();
            state = self.wait_while(state, GOODBYE_MAX, |state| state.end.is_none());
        }
        state.end.clone()
    }
}

/// For the link.
impl Desk {
    /// Has a connection to send on, and sends the name if there is one.
    pub(super) fn connect(&self, connection: Arc<Stream>) {
        let mut state = self.lock();
        if let Some(name) = state.login.begin() {
            // What goes wrong here is heard of when the answer is read.
            let _ = connection.write_all(format!("{name}\n").as_bytes());
        }
        state.connection = Some(connection);
    }

    /// Has no connection any more; whether it had come in.
    pub(super) fn disconnect(&self) -> bool {
        let mut state = self.lock();
        state.connection = None;
        let is_in = state.login.is_in();
        if state.prompt.take().is_some() {
            self.call(state);
        }
        is_in
    }

    /// Takes what the server says.
    pub(super) fn hear(&self, heard: Heard) -> Reaction {
        let mut state = self.lock();
        let was_in = state.login.is_in();
        let reaction = state.login.hear(heard);
        if let (Reaction::Send(password), Some(connection)) = (&reaction, &state.connection) {
            let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(password.len() + 1));
            bytes.extend_from_slice(password.as_bytes());
            bytes.push(b'\n');
            let _ = connection.write_all(&bytes);
        }
        // Who has come in is shown so by the prompt.
        if !was_in && state.login.is_in() {
            self.call(state);
        }
        reaction
    }

    /// Asks the person.
    pub(super) fn ask(&self, prompt: Prompt) {
        let mut state = self.lock();
        if state.prompt.as_ref() != Some(&prompt) {
            state.prompt = Some(prompt);
            self.call(state);
        }
    }

    /// The lines of a login that was broken off, which tell why.
    pub(super) fn take_held(&self) -> Vec<String> {
        self.lock().login.take_held()
    }

    /// Whether a connection has ever come in.
    pub(super) fn was_in(&self) -> bool {
        self.lock().login.was_in()
    }

    /// Whether one side took leave.
    pub(super) fn is_over(&self) -> bool {
        let state = self.lock();
        state.is_leaving || state.login.said_goodbye()
    }

    /// Waits, unless the person leaves.
    pub(super) fn wait(&self, time: Duration) {
        drop(self.wait_while(self.lock(), time, |state| !state.is_leaving));
    }

    /// Ends it.
    pub(super) fn end(&self, end: End) {
        let mut state = self.lock();
        state.end = Some(end);
        self.changed.notify_all();
        self.call(state);
    }

    /// Prints above the line that is being edited.
    pub(super) fn print(&self, printer: &mut dyn ExternalPrinter, text: String) {
        let mut state = self.lock();
        // Between two lines the editor would print at once, before what it has been given already.
        while state.phase == Phase::Between {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let paints = state.paints;
        let is_over = state.phase == Phase::Over;
        drop(state);
        if is_over {
            let mut out = std::io::stdout().lock();
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            return;
        }
        if printer.print(text).is_ok() {
            let state = self.lock();
            drop(self.wait_while(state, PRINT_MAX, |state| {
                state.paints == paints && state.phase != Phase::Over
            }));
        }
    }

    /// Has the editor come and see what has changed. It reads nothing but the terminal and signals.
    fn call<'a>(&'a self, mut state: MutexGuard<'a, State>) {
        state.is_called = true;
        while state.is_called && state.phase != Phase::Over {
            // Under the lock, so that the editor never takes a call that it has answered for a key.
            let _ = signal_hook::low_level::raise(SIGINT);
            state = self.wait_while(state, CALL_AGAIN_AFTER, |state| state.is_called);
        }
    }

    fn wait_while<'a>(
        &'a self,
        state: MutexGuard<'a, State>,
        time: Duration,
        condition: impl FnMut(&mut State) -> bool,
    ) -> MutexGuard<'a, State> {
        self.changed
            .wait_timeout_while(state, time, condition)
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
