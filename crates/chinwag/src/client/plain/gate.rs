//! How much of the input may be sent.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Stands between the thread that reads the input and the server: until the login is done, a line
/// is sent only where the server asks for one.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Lines that may be sent.
    lines: usize,
    is_open: bool,
    has_ended: bool,
    /// How often input was sent.
    sent: u64,
}

/// What may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pass {
    /// One line.
    Line,
    /// Everything.
    All,
}

/// For the input.
impl Gate {
    /// Waits until something may be sent.
    pub(super) fn pass(&self) -> Pass {
        let mut state = self
            .changed
            .wait_while(self.lock(), |state| !state.is_open && state.lines == 0)
            .unwrap_or_else(PoisonError::into_inner);
        if state.is_open {
            return Pass::All;
        }
        state.lines -= 1;
        Pass::Line
    }

    /// Takes note that input was sent.
    pub(super) fn note_sent(&self) {
        self.lock().sent += 1;
    }

    /// Takes note that there is no more input.
    pub(super) fn note_end(&self) {
        self.lock().has_ended = true;
    }
}

/// For what the server says.
impl Gate {
    /// Lets one more line pass.
    pub(super) fn admit_line(&self) {
        self.lock().lines += 1;
        self.changed.notify_all();
    }

    /// Lets everything pass from now on.
    pub(super) fn open(&self) {
        self.lock().is_open = true;
        self.changed.notify_all();
    }

    /// How often input was sent.
    pub(super) fn sent(&self) -> u64 {
        self.lock().sent
    }

    /// Whether there is no more input.
    pub(super) fn has_ended(&self) -> bool {
        self.lock().has_ended
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
