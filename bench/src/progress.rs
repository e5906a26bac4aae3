//! The bar on standard error.

use std::io::{IsTerminal, Write};
use std::time::Instant;

/// Cells of the bar.
const CELLS: usize = 30;

/// How far the benchmarks are.
#[derive(Debug)]
pub(crate) struct Progress {
    done: usize,
    all: usize,
    begun: Instant,
    /// A terminal gets one line that changes; a file gets a line each.
    terminal: bool,
}

impl Progress {
    /// Nothing is done yet, of so many steps.
    pub(crate) fn begin(all: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { done: 0, all, begun: Instant::now(), terminal }
    }

    /// The next step begins.
    pub(crate) fn step(&mut self, case: &str, setting: &str, subject: &str) {
        let (done, all) = (self.done, self.all.max(1));
        let full = CELLS * done / all;
        let bar = format!("{}{}", "#".repeat(full), ".".repeat(CELLS - full));
        let left = match done {
            0 => String::new(),
            _ => {
                let each = self.begun.elapsed().as_secs_f64() / done as f64;
                format!(", {:.0} s left", each * (all - done) as f64)
            }
        };
        let line = format!("[{bar}] {done}/{all}{left}: {case}, {setting}: {subject}");
        let mut out = std::io::stderr().lock();
        // Nobody is hurt by a bar that can't be seen.
        let _ = if self.terminal {
            write!(out, "\r\x1b[K{}", line.chars().take(110).collect::<String>())
        } else {
            writeln!(out, "{line}")
        };
        let _ = out.flush();
        self.done += 1;
    }

    /// All is done.
    pub(crate) fn end(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
        eprintln!("{} steps in {:.0} s", self.done, self.begun.elapsed().as_secs_f64());
    }
}
