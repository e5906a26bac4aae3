//! What the server counts of itself, and how a monitor reads it.
//!
//! Format: OpenMetrics 1.0 (<https://prometheus.io/docs/specs/om/open_metrics_spec/>). What happens
//! often is counted by each thread for itself and added up once a turn.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use chinwag_node::health::Standing;
use chinwag_storage::log::Pulse;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// The media type of [`Metrics::text`].
pub(crate) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    connections: [Gauge; 3],
    commits: Counter,
    commit_seconds: Histogram,
    commit_requests: Histogram,
    refused: Counter,
    archive_backlog: Gauge,
    deliveries: Counter,
    writes: Counter,
    written_bytes: Counter,
    outbox_bytes: Histogram,
    slow: Counter,
    cluster: ClusterMetrics,
    /// Whether the log refused what it was last given.
    refuses: AtomicBool,
    /// How the node stands with its cluster: a [`Standing`] as a number.
    standing: AtomicU8,
    /// What the server is doing while nobody can come in.
    closed: ArcSwapOption<String>,
}

/// What is told of a cluster: all of it 0 where there is none.
#[derive(Debug, Default)]
struct ClusterMetrics {
    standing: Gauge,
    nodes: Gauge,
    packets: Gauge,
    behind: Gauge,
    begun_anew: Counter,
    sent_again: Counter,
    fetched: Counter,
}

/// How a connection is talked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counts {
    Line,
    Irc,
    Websocket,
}

/// A connection among those of its face, until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted(Gauge);

/// What one thread has counted since it last told.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Messages and other events put into outboxes.
    pub(crate) deliveries: u64,
    /// Writes to sockets.
    pub(crate) writes: u64,
    /// Bytes that they took.
    pub(crate) written_bytes: u64,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("chinwag");
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "What runs", build);
        let connections = Family::<[(&str, &str); 1], Gauge>::default();
        let by_face = ["line", "irc", "websocket"]
            .map(|face| connections.get_or_create_owned(&[("face", face)]));
        registry.register("connections", "Connections whose protocol is known", connections);
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::<u64, AtomicU64>::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let commits = counter("commits", "Packets stored");
        let refused = counter("commits_refused", "Packets that could not be stored");
        let deliveries = counter("deliveries", "Messages and events put into outboxes");
        let writes = counter("writes", "Writes to sockets");
        let written_bytes = counter("written_bytes", "Bytes written to sockets");
        let slow = counter("slow_readers", "Connections closed for reading too slowly");
        let mut histogram = |name: &str, help: &str, unit, first, factor, count| {
            let histogram = Histogram::new(exponential_buckets(first, factor, count));
            match unit {
                Some(unit) => registry.register_with_unit(name, help, unit, histogram.clone()),
                None => registry.register(name, help, histogram.clone()),
            }
            histogram
        };
        let commit_seconds = histogram(
            "commit",
            "From offering a packet to its being stored",
            Some(Unit::Seconds),
            0.000_05,
            2.0,
            16,
        );
        let commit_requests =
            histogram("commit_requests", "Requests in one packet", None, 1.0, 2.0, 15);
        let outbox_bytes = histogram(
            "outbox",
            "What was left to be written when a socket took no more",
            Some(Unit::Bytes),
            256.0,
            4.0,
            10,
        );
        let archive_backlog = Gauge::default();
        let help = "Records taken but not yet in the archive";
        registry.register("archive_backlog", help, archive_backlog.clone());
        let cluster = ClusterMetrics::register(&mut registry);
        Self {
            registry,
            connections: by_face,
            commits,
            commit_seconds,
            commit_requests,
            refused,
            archive_backlog,
            deliveries,
            writes,
            written_bytes,
            outbox_bytes,
            slow,
            cluster,
            refuses: AtomicBool::new(false),
            standing: AtomicU8::new(Standing::Well as u8),
            closed: ArcSwapOption::empty(),
        }
    }

    /// Everything, as a monitor reads it.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string never fails.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// Counts a connection that is talked with so.
    pub(crate) fn count(&self, as_what: Counts) -> Counted {
        let [line, irc, websocket] = &self.connections;
        let gauge = match as_what {
            Counts::Line => line,
            Counts::Irc => irc,
            Counts::Websocket => websocket,
        };
        gauge.inc();
        Counted(gauge.clone())
    }

    /// A packet of so many requests was stored, so long after it was offered.
    pub(crate) fn stored(&self, requests: usize, took: Option<Duration>) {
        self.commits.inc();
        self.commit_requests.observe(f64::from(u32::try_from(requests).unwrap_or(u32::MAX)));
        if let Some(took) = took {
            self.commit_seconds.observe(took.as_secs_f64());
        }
        self.refuses.store(false, Ordering::Relaxed);
    }

    /// A packet was not stored.
    pub(crate) fn refused(&self) {
        self.refused.inc();
        self.refuses.store(true, Ordering::Relaxed);
    }

    /// The node stands so with its cluster.
    pub(crate) fn set_standing(&self, standing: Standing) {
        self.standing.store(standing as u8, Ordering::Relaxed);
        self.cluster.standing.set(match standing {
            Standing::Well => 0,
            Standing::Stalled => 1,
            Standing::CutOff => 2,
            Standing::Joining => 3,
        });
    }

    /// So many nodes live, and so many packets of this one are on their way.
    pub(crate) fn set_cluster(&self, nodes: usize, packets: usize) {
        for (gauge, count) in [(&self.cluster.nodes, nodes), (&self.cluster.packets, packets)] {
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// The log that lies elsewhere goes so.
    pub(crate) fn set_pulse(&self, pulse: Pulse) {
        let ClusterMetrics { behind, sent_again, fetched, .. } = &self.cluster;
        behind.set(i64::try_from(pulse.behind).unwrap_or(i64::MAX));
        for (counter, count) in [(sent_again, pulse.sent_again), (fetched, pulse.fetched)] {
            // The hub alone counts here.
            let more = count.saturating_sub(counter.get());
            if more > 0 {
                counter.inc_by(more);
            }
        }
    }

    /// The node has closed its connections and begun anew.
    pub(crate) fn began_anew(&self) {
        self.cluster.begun_anew.inc();
    }

    /// Nobody can come in, as the server is first doing this.
    pub(crate) fn close(&self, why: &str) {
        self.closed.store(Some(Arc::new(why.to_owned())));
    }

    /// What the server is doing while nobody can come in, if so.
    pub(crate) fn closed(&self) -> Option<Arc<String>> {
        self.closed.load_full()
    }

    /// Why what is sent now would not be stored, if so.
    pub(crate) fn trouble(&self) -> Option<Cow<'static, str>> {
        if let Some(why) = self.closed() {
            return Some(format!("This server is {why}.").into());
        }
        self.standing_trouble().map(Cow::Borrowed)
    }

    fn standing_trouble(&self) -> Option<&'static str> {
        let standing = self.standing.load(Ordering::Relaxed);
        if standing == Standing::CutOff as u8 {
            Some("This server is cut off from the others of its cluster; what is sent is refused.")
        } else if standing == Standing::Stalled as u8 {
            Some("Nothing was stored for a while; what is sent is held.")
        } else if standing == Standing::Joining as u8 {
            Some("This server is joining its cluster.")
        } else if self.refuses.load(Ordering::Relaxed) {
            Some("What is sent cannot be stored; the server's log says why.")
        } else {
            None
        }
    }

    /// So many records wait for the archive.
    pub(crate) fn set_archive_backlog(&self, records: usize) {
        self.archive_backlog.set(i64::try_from(records).unwrap_or(i64::MAX));
    }

    /// A socket took no more, with so many bytes left to be written.
    pub(crate) fn blocked(&self, bytes: usize) {
        self.outbox_bytes.observe(f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)));
    }

    /// A connection was closed as it read too slowly.
    pub(crate) fn slow_reader(&self) {
        self.slow.inc();
    }

    /// Adds what a thread has counted, and begins its tally anew.
    pub(crate) fn add(&self, tally: &mut Tally) {
        let Tally { deliveries, writes, written_bytes } = std::mem::take(tally);
        for (counter, count) in [
            (&self.deliveries, deliveries),
            (&self.writes, writes),
            (&self.written_bytes, written_bytes),
        ] {
            if count > 0 {
                counter.inc_by(count);
            }
        }
    }
}

impl ClusterMetrics {
    fn register(registry: &mut Registry) -> Self {
        let cluster = Self::default();
        let Self { standing, nodes, packets, behind, begun_anew, sent_again, fetched } = &cluster;
        for (name, help, gauge) in [
            ("standing", "0: well, 1: stalled, 2: cut off, 3: joining", standing),
            ("nodes", "Nodes that live, as the log says", nodes),
            ("packets_in_flight", "Packets of this node on their way to the log", packets),
            ("entries_behind", "Entries known to be stored that did not come yet", behind),
        ] {
            registry.register(format!("cluster_{name}"), help, gauge.clone());
        }
        for (name, help, counter) in [
            (
                "begun_anew",
                "Times that this node closed its connections and began anew",
                begun_anew,
            ),
            ("packets_sent_again", "Packets sent once more, for want of an answer", sent_again),
            ("entries_fetched", "Entries asked for, as they did not come by themselves", fetched),
        ] {
            registry.register(format!("cluster_{name}"), help, counter.clone());
        }
        cluster
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_told() {
        let metrics = Metrics::new();
        let line = metrics.count(Counts::Line);
        let _irc = metrics.count(Counts::Irc);
        metrics.stored(3, Some(Duration::from_micros(150)));
        let mut tally = Tally { deliveries: 7, writes: 2, written_bytes: 99 };
        metrics.add(&mut tally);
        metrics.add(&mut tally);
        drop(line);
        metrics.set_standing(Standing::CutOff);
        metrics.set_cluster(3, 5);
        metrics.began_anew();
        metrics.set_pulse(Pulse { behind: 4, sent_again: 1, fetched: 8 });
        metrics.set_pulse(Pulse { behind: 6, sent_again: 2, fetched: 8 });
        let text = metrics.text();
        for line in [
            "chinwag_connections{face=\"line\"} 0",
            "chinwag_connections{face=\"irc\"} 1",
            "chinwag_commits_total 1",
            "chinwag_commit_seconds_bucket{le=\"0.0002\"} 1",
            "chinwag_deliveries_total 7",
            "chinwag_writes_total 2",
            "chinwag_written_bytes_total 99",
            "chinwag_cluster_standing 2",
            "chinwag_cluster_nodes 3",
            "chinwag_cluster_packets_in_flight 5",
            "chinwag_cluster_begun_anew_total 1",
            "chinwag_cluster_entries_behind 6",
            "chinwag_cluster_packets_sent_again_total 2",
            "chinwag_cluster_entries_fetched_total 8",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn a_server_that_cannot_store_is_not_ready() {
        let metrics = Metrics::new();
        assert_eq!(metrics.trouble(), None);
        metrics.refused();
        assert!(metrics.trouble().is_some());
        metrics.stored(1, None);
        assert_eq!(metrics.trouble(), None);
        for standing in [Standing::Joining, Standing::Stalled, Standing::CutOff] {
            metrics.set_standing(standing);
            assert!(metrics.trouble().is_some(), "{standing}");
        }
        metrics.set_standing(Standing::Well);
        assert_eq!(metrics.trouble(), None);
        metrics.close("copying the past from node b");
        let told = metrics.trouble();
        assert_eq!(told.as_deref(), Some("This server is copying the past from node b."));
    }
}
