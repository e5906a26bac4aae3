//! What chinwag counts of itself, read at `/metrics` (docs/monitoring.md).

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

/// Counts since the server's start.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Counted {
    /// Packets that were stored.
    pub(crate) commits: f64,
    /// Seconds from offering them to their being stored, together.
    pub(crate) commit_seconds: f64,
    /// Requests in them.
    pub(crate) requests: f64,
    /// Messages and events put into outboxes.
    pub(crate) deliveries: f64,
    /// Writes to sockets.
    pub(crate) writes: f64,
    /// Records that wait for the archive now.
    pub(crate) backlog: f64,
}

/// Asks a server.
///
/// # Errors
/// If it does not answer, or otherwise.
pub(super) fn read(server: SocketAddr) -> Result<Counted> {
    parse(&get(server, "/metrics")?).context("what it counts is not as it was thought to be")
}

/// What a server of HTTP answers to whoever asks for a path, with what stands before it. Version
/// 1.0 has no answers in chunks (RFC 9112, 7.1).
///
/// # Errors
/// If it does not answer.
pub(super) fn get(server: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect(server).with_context(|| format!("ask for {path}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text).with_context(|| format!("the answer to {path}"))?;
    Ok(text)
}

fn parse(text: &str) -> Option<Counted> {
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        line.split_whitespace().next()?.parse::<f64>().ok()
    };
    Some(Counted {
        commits: value("chinwag_commit_seconds_count")?,
        commit_seconds: value("chinwag_commit_seconds_sum")?,
        requests: value("chinwag_commit_requests_sum")?,
        deliveries: value("chinwag_deliveries_total")?,
        writes: value("chinwag_writes_total")?,
        backlog: value("chinwag_archive_backlog")?,
    })
}

impl Counted {
    /// What was counted since.
    pub(crate) fn since(self, before: Self) -> Self {
        Self {
            commits: self.commits - before.commits,
            commit_seconds: self.commit_seconds - before.commit_seconds,
            requests: self.requests - before.requests,
            deliveries: self.deliveries - before.deliveries,
            writes: self.writes - before.writes,
            backlog: self.backlog,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_by_their_whole_names() {
        let text = "HTTP/1.1 200 OK\r\n\r\n# TYPE chinwag_commit_seconds histogram\n\
            chinwag_commit_seconds_sum 0.5\nchinwag_commit_seconds_count 10\n\
            chinwag_commit_seconds_bucket{le=\"0.1\"} 3\n\
            chinwag_commit_requests_sum 40\nchinwag_commit_requests_count 10\n\
            chinwag_deliveries_total 80\nchinwag_writes_total 20\nchinwag_archive_backlog 7\n";
        let counted = parse(text).unwrap();
        let all = [counted.commits, counted.commit_seconds, counted.requests, counted.backlog];
        assert_eq!(all, [10.0, 0.5, 40.0, 7.0]);
        assert_eq!(counted.since(counted).deliveries, 0.0);
        assert_eq!(parse("HTTP/1.1 404 Not Found\r\n\r\n"), None);
    }
}
