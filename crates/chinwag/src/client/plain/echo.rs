//! Whether the terminal shows what is typed.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// The echo of the terminal that standard input is; of anything else, nothing. Shown again when this is
/// dropped, and when a signal ends the program.
#[derive(Debug)]
pub(super) struct Echo {
    is_terminal: bool,
    is_hidden: Arc<Mutex<bool>>,
}

impl Echo {
    /// The echo of standard input.
    pub(super) fn of_input() -> Self {
        let is_hidden = Arc::<Mutex<bool>>::default();
        let is_terminal = std::io::stdin().is_terminal();
        if is_terminal && let Ok(mut signals) = Signals::new([SIGHUP, SIGINT, SIGTERM]) {
            let hidden = Arc::clone(&is_hidden);
            // Without the thread a signal would have no effect at all, so it must be there.
            let handle = signals.handle();
            let waiting = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
                if let Some(signal) = signals.forever().next() {
                    set(&mut lock(&hidden), false);
                    // It ends the program, with the exit status of that signal.
                    let _ = emulate_default_handler(signal);
                }
            });
            if waiting.is_err() {
                handle.close();
            }
        }
        Self { is_terminal, is_hidden }
    }

    /// No terminal's.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { is_terminal: false, is_hidden: Arc::default() }
    }

    /// Whether there is a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        self.is_terminal
    }

    /// Whether something was typed at the terminal that has not been read.
    pub(super) fn has_input(&self) -> bool {
        self.is_terminal
            && rustix::io::ioctl_fionread(std::io::stdin()).is_ok_and(|count| count > 0)
    }

    /// Hides what is typed, or shows it again.
    pub(super) fn hide(&self, on: bool) {
        if self.is_terminal {
            set(&mut lock(&self.is_hidden), on);
        }
    }

    /// Whether what is typed is hidden.
    pub(super) fn is_hidden(&self) -> bool {
        *lock(&self.is_hidden)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.hide(false);
    }
}

fn set(is_hidden: &mut bool, on: bool) {
    if *is_hidden == on {
        return;
    }
    *is_hidden = on;
    let input = std::io::stdin();
    // A terminal that is gone shows nothing.
    if let Ok(mut modes) = tcgetattr(&input) {
        modes.local_modes.set(LocalModes::ECHO, !on);
        let _ = tcsetattr(&input, OptionalActions::Now, &modes);
    }
}

fn lock(is_hidden: &Mutex<bool>) -> MutexGuard<'_, bool> {
    is_hidden.lock().unwrap_or_else(PoisonError::into_inner)
}
