//! How many connections there are, in all and from each network, and what each network shares.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hashbrown::HashMap;

use crate::options::Limits;

/// Networks that are known before those are looked for that can be forgotten.
const NETWORKS_KEPT: usize = 1024;

/// All places that are taken. Its clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Seats(Arc<Taken>);

#[derive(Debug)]
struct Taken {
    all: AtomicUsize,
    networks: Mutex<Networks>,
}

#[derive(Debug, Default)]
struct Networks {
    known: HashMap<IpAddr, Arc<Share>>,
    /// With so many, those without connections are forgotten.
    swept_at: usize,
}

/// What the connections of one network have together.
#[derive(Debug)]
pub(crate) struct Share {
    /// Changed only while the networks are locked.
    connections: AtomicUsize,
    /// Bytes that wait for sockets which take no more.
    waiting: AtomicUsize,
    /// Lines of all connections, against the network's pace: the time, in microseconds since `began`, at
    /// which all of them would have come at an even pace.
    even_us: AtomicU64,
    began: Instant,
}

/// One connection's place among all; given back when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Seats,
    network: Option<Arc<Share>>,
    /// Most places that its network may have; 0 for no bound.
    per_network_max: usize,
    /// Bytes of this connection among those of its network that wait.
    waiting: usize,
}

impl Default for Seats {
    fn default() -> Self {
        let networks = Mutex::new(Networks { swept_at: NETWORKS_KEPT, ..Networks::default() });
        Self(Arc::new(Taken { all: AtomicUsize::new(0), networks }))
    }
}

impl Seats {
    /// How many places are taken.
    pub(crate) fn taken(&self) -> usize {
        self.0.all.load(Ordering::Relaxed)
    }

    /// A place for a connection from this address, unless its network has as many as it may;
    /// 0 for no bound. Loopback is exempt from all that networks are held to.
    pub(crate) fn take(&self, peer: Option<IpAddr>, per_network_max: usize) -> Option<Seat> {
        let network = self.count(peer, per_network_max)?;
        self.0.all.fetch_add(1, Ordering::Relaxed);
        Some(Seat { seats: self.clone(), network, per_network_max, waiting: 0 })
    }

    /// Counts one more for the network of this address; nothing if it has as many as it may.
    #[expect(clippy::option_option, reason = "the outer one is a refusal, the inner an exemption")]
    fn count(&self, peer: Option<IpAddr>, per_network_max: usize) -> Option<Option<Arc<Share>>> {
        let Some(network) = counted_network(peer) else { return Some(None) };
        let mut networks = self.lock();
        networks.sweep();
        let share = networks.known.entry(network).or_insert_with(|| Arc::new(Share::new()));
        let before = share.connections.load(Ordering::Relaxed);
        if per_network_max > 0 && before >= per_network_max {
            return None;
        }
        share.connections.store(before + 1, Ordering::Relaxed);
        Some(Some(Arc::clone(share)))
    }

    /// Counts one less. The network stays known for a while: it has a pace to keep.
    fn discount(&self, network: Option<Arc<Share>>) {
        let Some(share) = network else { return };
        let _networks = self.lock();
        share.connections.fetch_sub(1, Ordering::Relaxed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Networks> {
        self.0.networks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Networks {
    /// Forgets networks that have no connection, and have kept to their pace. It costs as much as the
    /// networks there are, once for as many as are new.
    fn sweep(&mut self) {
        if self.known.len() < self.swept_at {
            return;
        }
        let now = Instant::now();
        self.known.retain(|_, share| {
            share.connections.load(Ordering::Relaxed) > 0 || share.is_ahead(now)
        });
        self.swept_at = NETWORKS_KEPT.max(self.known.len() * 2);
    }
}

impl Share {
    fn new() -> Self {
        Self {
            connections: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            even_us: AtomicU64::new(0),
            began: Instant::now(),
        }
    }

    fn micros(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.began);
        since.as_micros().try_into().unwrap_or(u64::MAX)
    }

    fn is_ahead(&self, now: Instant) -> bool {
        self.even_us.load(Ordering::Relaxed) > self.micros(now)
    }
}

/// The time of one line of a network, and how far its bursts may run ahead, in microseconds; `None` where
/// networks have no pace.
fn pace_us(limits: &Limits) -> Option<(u64, u64)> {
    let rate = u64::from(limits.network_lines_per_second);
    // Who switches pacing off, does so for all.
    if limits.lines_per_second == 0 {
        return None;
    }
    let line = 1_000_000_u64.checked_div(rate)?.max(1);
    Some((line, line * u64::from(limits.network_lines_burst)))
}

impl Seat {
    /// Counts it for this address from now on, under the bound it was taken with; whether there
    /// was room.
    pub(crate) fn move_to(&mut self, peer: IpAddr) -> bool {
        let Some(network) = self.seats.count(Some(peer), self.per_network_max) else {
            return false;
        };
        self.set_waiting(0);
        self.seats.discount(std::mem::replace(&mut self.network, network));
        true
    }

    /// Until when the next line of its network must wait, if it must.
    pub(crate) fn wait_until(&self, limits: &Limits, now: Instant) -> Option<Instant> {
        let share = self.network.as_ref()?;
        let (_, burst) = pace_us(limits)?;
        let from = share.even_us.load(Ordering::Relaxed).checked_sub(burst)?;
        let wait = from.checked_sub(share.micros(now)).filter(|wait| *wait > 0)?;
        Some(now + Duration::from_micros(wait))
    }

    /// Counts so many lines against the pace of its network.
    pub(crate) fn charge(&self, lines: u64, limits: &Limits, now: Instant) {
        let (Some(share), Some((line, _))) = (&self.network, pace_us(limits)) else { return };
        if lines == 0 {
            return;
        }
        let now = share.micros(now);
        let charged = |even: u64| Some(even.max(now).saturating_add(line.saturating_mul(lines)));
        let _ = share.even_us.fetch_update(Ordering::Relaxed, Ordering::Relaxed, charged);
    }

    /// So many bytes wait for this connection, as its socket takes no more; 0 where it does.
    pub(crate) fn set_waiting(&mut self, bytes: usize) {
        let Some(share) = &self.network else { return };
        let before = std::mem::replace(&mut self.waiting, bytes);
        if bytes > before {
            share.waiting.fetch_add(bytes - before, Ordering::Relaxed);
        } else if bytes < before {
            share.waiting.fetch_sub(before - bytes, Ordering::Relaxed);
        }
    }

    /// Whether more waits for its network than may.
    pub(crate) fn is_over(&self, limits: &Limits) -> bool {
        self.network.as_ref().is_some_and(|share| {
            share.waiting.load(Ordering::Relaxed) > limits.network_outbox_bytes
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.set_waiting(0);
        self.seats.0.all.fetch_sub(1, Ordering::Relaxed);
        self.seats.discount(self.network.take());
    }
}

/// The network that a connection from this address is counted for: none for loopback, and for a socket
/// in the file system.
pub(crate) fn counted_network(peer: Option<IpAddr>) -> Option<IpAddr> {
    peer.map(|peer| peer.to_canonical()).filter(|peer| !peer.is_loopback()).map(network)
}

/// The part of an address that one customer has: all of IPv4's, the first half of IPv6's. An IPv4 address
/// that is written as IPv6 (`::ffff:192.0.2.1`) is that of IPv4.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        v4 @ IpAddr::V4(_) => v4,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(rate: u32, burst: u32) -> Limits {
        Limits { network_lines_per_second: rate, network_lines_burst: burst, ..Limits::default() }
    }

    #[test]
    fn a_network_has_no_more_places_than_it_may_and_gets_them_back() {
        let seats = Seats::default();
        let one: Option<IpAddr> = "2001:db8::1".parse().ok();
        let same: Option<IpAddr> = "2001:db8::2".parse().ok();
        let other: Option<IpAddr> = "2001:db8:0:1::1".parse().ok();
        let first = seats.take(one, 1);
        assert!(first.is_some());
        assert!(seats.take(same, 1).is_none());
        assert!(seats.take(other, 1).is_some());
        let home: Option<IpAddr> = "127.0.0.1".parse().ok();
        let local: Vec<_> = (0..5).map(|_| seats.take(home, 1)).collect();
        assert!(local.iter().all(Option::is_some));
        assert_eq!(seats.taken(), 6);
        drop(first);
        assert!(seats.take(same, 1).is_some());
    }

    #[test]
    fn a_place_can_be_anothers() {
        let seats = Seats::default();
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let mut through_proxy = seats.take(None, 1).unwrap();
        let mut next = seats.take(None, 1).unwrap();
        assert!(through_proxy.move_to(one));
        assert!(!next.move_to(one));
        assert!(seats.take(Some(one), 1).is_none());
        assert!(through_proxy.move_to("192.0.2.2".parse().unwrap()));
        assert!(next.move_to(one));
    }

    #[test]
    fn attack_an_address_written_in_two_ways_is_one() {
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        let plain: IpAddr = "192.0.2.1".parse().unwrap();
        let other: IpAddr = "::ffff:192.0.2.2".parse().unwrap();
        assert_eq!(network(mapped), network(plain));
        assert_ne!(network(mapped), network(other));
        let seats = Seats::default();
        let _first = seats.take(Some(mapped), 1).unwrap();
        assert!(seats.take(Some(plain), 1).is_none());
        assert!(seats.take(Some(other), 1).is_some());
        assert!(counted_network("::ffff:127.0.0.1".parse().ok()).is_none());
    }

    #[test]
    fn attack_connections_of_a_network_have_one_burst_together() {
        let (seats, limits) = (Seats::default(), limits(10, 20));
        let now = Instant::now();
        let take = |address: &str| seats.take(address.parse().ok(), 0).unwrap();
        let crowd: Vec<_> = (0..20).map(|n| take(&format!("2001:db8::{n}"))).collect();
        for (seat, number) in crowd.iter().zip(1..) {
            assert_eq!(seat.wait_until(&limits, now), None, "after {number} lines");
            seat.charge(1, &limits, now);
        }
        crowd[19].charge(20, &limits, now);
        let wait = crowd[0].wait_until(&limits, now).expect("40 lines are more than 20");
        assert!(wait > now + Duration::from_millis(1900), "{:?}", wait - now);
        assert_eq!(take("2001:db8:0:1::1").wait_until(&limits, now), None);
        assert_eq!(take("127.0.0.1").wait_until(&limits, now), None);
        // Coming back does not begin anew.
        drop(crowd);
        assert!(take("2001:db8::77").wait_until(&limits, now).is_some());
        let off = Limits { lines_per_second: 0, ..limits };
        assert_eq!(take("2001:db8::77").wait_until(&off, now), None);
    }

    #[test]
    fn what_waits_for_a_network_is_added_up_and_taken_away_again() {
        let limits = Limits { network_outbox_bytes: 100, ..Limits::default() };
        let seats = Seats::default();
        let mut one = seats.take("192.0.2.1".parse().ok(), 0).unwrap();
        let mut other = seats.take("192.0.2.1".parse().ok(), 0).unwrap();
        one.set_waiting(60);
        assert!(!other.is_over(&limits));
        other.set_waiting(60);
        assert!(one.is_over(&limits));
        one.set_waiting(30);
        assert!(!one.is_over(&limits));
        one.set_waiting(90);
        drop(other);
        assert!(!one.is_over(&limits));
        assert!(one.move_to("192.0.2.9".parse().unwrap()));
        let fresh = seats.take("192.0.2.1".parse().ok(), 0).unwrap();
        assert_eq!(fresh.network.as_ref().map(|s| s.waiting.load(Ordering::Relaxed)), Some(0));
    }

    #[test]
    fn networks_that_are_gone_are_forgotten() {
        let seats = Seats::default();
        for n in 0..10_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(0x0a00_0000 | n);
            drop(seats.take(Some(address.into()), 0));
        }
        assert!(seats.lock().known.len() <= NETWORKS_KEPT);
    }
}
