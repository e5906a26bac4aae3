//! A terminal that a program runs in, and whose screen can be read: tmux.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Instant;

use tempfile::TempDir;

use super::PATIENCE;

/// Columns and rows.
const SIZE: (u16, u16) = (80, 24);

/// A terminal of its own, in which a program runs; ended when dropped.
#[derive(Debug)]
pub(crate) struct Screen {
    /// Where this tmux has its socket.
    folder: TempDir,
}

impl Screen {
    /// Runs the client under this name; how it ends is written after it.
    pub(crate) fn client(server: SocketAddr, name: &str) -> Self {
        let chinwag = env!("CARGO_BIN_EXE_chinwag");
        let (host, port) = (server.ip(), server.port());
        Self::run(&format!("'{chinwag}' client {host} {port} {name}"))
    }

    /// Runs a command of the shell; how it ends is written after it.
    pub(crate) fn run(command: &str) -> Self {
        let folder = TempDir::with_prefix("chinwag-tmux-").expect("a folder for tmux");
        let screen = Self { folder };
        let (columns, rows) = (SIZE.0.to_string(), SIZE.1.to_string());
        screen.tmux(&[
            "new-session",
            "-d",
            "-x",
            &columns,
            "-y",
            &rows,
            // What follows keeps the terminal open, for its end to be read.
            &format!("{command}; echo \"exit code $?\"; cat"),
        ]);
        screen
    }

    /// Types text, without Enter.
    pub(crate) fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Presses a key by tmux's name for it: `Enter`, `C-d`, `Left`.
    pub(crate) fn presses(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// The rows of the screen, without blanks at their ends and empty rows at the foot.
    pub(crate) fn rows(&self) -> Vec<String> {
        let screen = self.tmux(&["capture-pane", "-p"]);
        screen.trim_end().lines().map(|row| row.trim_end().to_owned()).collect()
    }

    /// Waits until the screen is as wanted, and gives its rows.
    pub(crate) fn shows(&self, what: &str, is_so: impl Fn(&[String]) -> bool) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let rows = self.rows();
            if is_so(&rows) {
                return rows;
            }
            let screen = rows.join("\n  ");
            assert!(Instant::now() < deadline, "the screen never shows {what}:\n  {screen}");
        }
    }

    /// Waits until a row is exactly this.
    pub(crate) fn shows_row(&self, row: &str) -> Vec<String> {
        self.shows(&format!("the row {row:?}"), |rows| rows.iter().any(|shown| shown == row))
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .args(["-f", "/dev/null", "-L", "screen"])
            .args(arguments)
            .env("TMUX_TMPDIR", self.folder.path())
            .env_remove("TMUX")
            .output()
            .unwrap_or_else(|error| panic!("cannot run tmux, which is needed: {error}"));
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("a screen is text")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may well have ended.
        let _ = Command::new("tmux")
            .args(["-L", "screen", "kill-server"])
            .env("TMUX_TMPDIR", self.folder.path())
            .output();
    }
}
