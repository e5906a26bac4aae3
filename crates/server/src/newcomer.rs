//! How many names were registered from each network within the last hour.
//!
//! A name that is registered is kept for 30 days at least, and an account for ever, so that strangers
//! may not make as many as they can. Counted is by network, as nothing else is known of a stranger; the
//! count is this node's alone, and begins anew with it.

use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use hashbrown::HashMap;

/// How long one slot of the count is, and how many there are: those of one hour, and the one that is
/// being filled.
const SLOT: Duration = Duration::from_secs(600);
const SLOTS: usize = 7;

/// Networks that are counted. Each of them has registered a name within the hour; beyond, new ones wait.
const NETWORKS_MAX: usize = 100_000;

/// What one customer of IPv6 can have: the bits of the network, and how many times as many names as one
/// address of IPv4 it may register. Most have a /64, and many a /48 or /56.
const SIX: [(u32, u32); 2] = [(64, 1), (48, 4)];

/// The counts of all networks.
#[derive(Debug)]
pub(crate) struct Newcomers {
    began: Instant,
    networks: HashMap<(IpAddr, u32), Count>,
}

/// How many names a network registered, by slots of time.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    slots: [u32; SLOTS],
    /// The number of the slot that is being filled, since the beginning.
    at: u64,
}

impl Newcomers {
    pub(crate) fn new(now: Instant) -> Self {
        Self { began: now, networks: HashMap::new() }
    }

    /// Counts a name that someone from this address registers. Loopback, a socket in the file system and
    /// a proxy that says nothing of its clients have no address here, and no bound.
    ///
    /// # Errors
    /// The time to wait, if there were `per_hour` within the last hour; 0 is no bound.
    pub(crate) fn charge(
        &mut self,
        peer: Option<IpAddr>,
        per_hour: u32,
        now: Instant,
    ) -> Result<(), Duration> {
        let Some(peer) = peer.filter(|peer| per_hour > 0 && !peer.is_loopback()) else {
            return Ok(());
        };
        let since = now.saturating_duration_since(self.began);
        let at = since.as_secs() / SLOT.as_secs();
        let next_slot = SLOT - Duration::from_secs(since.as_secs() % SLOT.as_secs());
        let networks: Vec<_> = networks(peer).collect();
        for (network, times) in &networks {
            if let Some(count) = self.networks.get_mut(network) {
                count.move_to(at);
                if count.all() >= per_hour.saturating_mul(*times) {
                    return Err(next_slot + SLOT * count.slots_to_wait());
                }
            }
        }
        if self.networks.len() + networks.len() > NETWORKS_MAX {
            self.networks.retain(|_, count| {
                count.move_to(at);
                count.all() > 0
            });
            if self.networks.len() + networks.len() > NETWORKS_MAX {
                return Err(next_slot);
            }
        }
        for (network, _) in networks {
            self.networks.entry(network).or_insert_with(|| Count { at, ..Count::default() }).add();
        }
        Ok(())
    }
}

impl Count {
    fn move_to(&mut self, at: u64) {
        let steps = usize::try_from(at.saturating_sub(self.at)).unwrap_or(SLOTS);
        let kept = SLOTS - steps.min(SLOTS);
        // The newest slot is the last one.
        self.slots.rotate_left(SLOTS - kept);
        self.slots.iter_mut().skip(kept).for_each(|slot| *slot = 0);
        self.at = self.at.max(at);
    }

    fn all(&self) -> u32 {
        self.slots.iter().sum()
    }

    /// After how many more slots the first names are an hour old.
    fn slots_to_wait(&self) -> u32 {
        let first = self.slots.iter().position(|slot| *slot > 0).unwrap_or_default();
        u32::try_from(first).unwrap_or_default()
    }

    fn add(&mut self) {
        if let Some(newest) = self.slots.last_mut() {
            *newest += 1;
        }
    }
}

/// The networks that an address counts for, and how many times as many each may register.
fn networks(peer: IpAddr) -> impl Iterator<Item = ((IpAddr, u32), u32)> {
    let (four, six) = match peer {
        IpAddr::V4(_) => (Some(((peer, 32), 1)), None),
        IpAddr::V6(six) => (None, Some(six)),
    };
    let six = six.into_iter().flat_map(|six| {
        SIX.into_iter().map(move |(bits, times)| {
            let first = Ipv6Addr::from_bits(six.to_bits() >> (128 - bits) << (128 - bits));
            ((IpAddr::V6(first), bits), times)
        })
    });
    four.into_iter().chain(six)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn peer(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    /// How many names an address may register, of 1,000 tried.
    fn granted(newcomers: &mut Newcomers, from: &str, now: Instant) -> usize {
        (0..1000).filter(|_| newcomers.charge(peer(from), 10, now).is_ok()).count()
    }

    #[test]
    fn a_network_registers_no_more_than_it_may_in_any_hour() {
        let began = Instant::now();
        let mut newcomers = Newcomers::new(began);
        let at = |minutes: u32| began + MINUTE * minutes;
        assert_eq!(granted(&mut newcomers, "192.0.2.1", at(5)), 10);
        assert_eq!(granted(&mut newcomers, "192.0.2.2", at(5)), 10);
        for minutes in [6, 35, 64] {
            assert_eq!(granted(&mut newcomers, "192.0.2.1", at(minutes)), 0, "{minutes}");
        }
        let wait = newcomers.charge(peer("192.0.2.1"), 10, at(64)).unwrap_err();
        assert_eq!(granted(&mut newcomers, "192.0.2.1", at(64) + wait), 10);
    }

    #[test]
    fn who_is_refused_comes_in_after_the_time_told_at_whatever_moment() {
        for minutes in [0, 1, 9, 10, 25, 59, 60, 300] {
            let began = Instant::now();
            let mut newcomers = Newcomers::new(began);
            let now = began + MINUTE * minutes;
            assert_eq!(granted(&mut newcomers, "192.0.2.1", now), 10);
            let wait = newcomers.charge(peer("192.0.2.1"), 10, now).unwrap_err();
            assert!((MINUTE * 60..=MINUTE * 70).contains(&wait), "{minutes}: {wait:?}");
            let almost = now + wait - Duration::from_secs(1);
            assert!(newcomers.charge(peer("192.0.2.1"), 10, almost).is_err(), "{minutes}");
            assert!(newcomers.charge(peer("192.0.2.1"), 10, now + wait).is_ok(), "{minutes}");
        }
    }

    #[test]
    fn attack_by_many_addresses_of_one_customer_gains_little() {
        let began = Instant::now();
        let mut newcomers = Newcomers::new(began);
        let from = |n: usize| format!("2001:db8:7:{:x}::{:x}", n / 1000, n % 1000 + 1);
        let all = (0..100_000).filter(|n| newcomers.charge(peer(&from(*n)), 10, began).is_ok());
        assert_eq!(all.count(), 40);
    }

    #[test]
    fn nobody_is_bound_where_nothing_is_and_the_machine_itself_never() {
        let began = Instant::now();
        let mut newcomers = Newcomers::new(began);
        for from in [None, peer("127.0.0.1"), peer("::1")] {
            assert!((0..100).all(|_| newcomers.charge(from, 10, began).is_ok()), "{from:?}");
        }
        assert!((0..100).all(|_| newcomers.charge(peer("192.0.2.1"), 0, began).is_ok()));
        assert!(newcomers.networks.is_empty());
    }

    #[test]
    fn attack_of_more_networks_than_are_counted_waits() {
        let began = Instant::now();
        let mut newcomers = Newcomers::new(began);
        let from =
            |n: usize| peer(&format!("10.{}.{}.{}", n / 65536 % 256, n / 256 % 256, n % 256));
        let granted =
            (0..NETWORKS_MAX + 50).filter(|n| newcomers.charge(from(*n), 10, began).is_ok());
        assert_eq!(granted.count(), NETWORKS_MAX);
        assert!(newcomers.charge(peer("192.0.2.1"), 10, began + MINUTE * 71).is_ok());
        assert_eq!(newcomers.networks.len(), 1);
    }
}
