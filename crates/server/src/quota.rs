//! Rates of what strangers may do, and the memory for them, which is bounded.

use std::borrow::Borrow;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use hashbrown::HashMap;

use crate::seat::network;

/// Entries in one generation of a [`Recent`]; a full generation pushes out the one before it.
const GENERATION_MAX: usize = 50_000;

/// Where a connection comes from, as far as limits go: an IPv4 address or an IPv6 /64. `None` is a
/// socket in the file system.
pub(crate) type Net = Option<IpAddr>;

/// The network of an address; an IPv4 address in IPv6 form is an IPv4 address.
pub(crate) fn net(peer: Option<IpAddr>) -> Net {
    peer.map(|peer| network(peer.to_canonical()))
}

/// The IPv6 /48 around a network: providers hand one to each customer that asks. IPv4 addresses
/// have none.
pub(crate) fn site(net: Net) -> Option<IpAddr> {
    match net {
        Some(IpAddr::V6(v6)) => Some(IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 80 << 80))),
        _ => None,
    }
}

/// So many in a period: a token bucket that holds one period's tokens and fills evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) count: u32,
    pub(crate) period: Duration,
}

impl Rate {
    /// So many a minute.
    pub(crate) const fn per_minute(count: u32) -> Self {
        Self { count, period: Duration::from_secs(60) }
    }

    /// So many an hour.
    pub(crate) const fn per_hour(count: u32) -> Self {
        Self { count, period: Duration::from_secs(60 * 60) }
    }

    /// The time in which one token comes back.
    fn step(self) -> Duration {
        self.period / self.count.max(1)
    }
}

/// Token buckets by key, with a bounded number of keys ("generic cell rate algorithm").
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    /// When each bucket is full again.
    full_at: Recent<K, Instant>,
}

impl<K: Eq + Hash> Buckets<K> {
    /// Buckets that hold the tokens of at most this time.
    pub(crate) fn new(held_max: Duration) -> Self {
        Self { full_at: Recent::new(held_max) }
    }

    /// The time until the bucket has a token; zero if it has one now.
    pub(crate) fn wait(&self, key: &K, rate: Rate, now: Instant) -> Duration {
        self.wait_within(key, rate, rate.period, now)
    }

    /// The same for a bucket that holds the tokens of `held` instead of one period.
    pub(crate) fn wait_within(
        &self,
        key: &K,
        rate: Rate,
        held: Duration,
        now: Instant,
    ) -> Duration {
        let full_at = self.full_at.get(key).copied().unwrap_or(now).max(now);
        (full_at + rate.step()).saturating_duration_since(now + held.max(rate.step()))
    }

    /// Whether nothing was taken of late.
    pub(crate) fn is_full(&self, key: &K, now: Instant) -> bool {
        self.full_at.get(key).is_none_or(|full_at| *full_at <= now)
    }

    /// Takes a token, whether there is one or not.
    pub(crate) fn charge(&mut self, key: K, rate: Rate, now: Instant) {
        let full_at = self.full_at.get(&key).copied().unwrap_or(now).max(now);
        self.full_at.insert(key, full_at + rate.step(), now);
    }

    /// Gives a token back.
    pub(crate) fn refund(&mut self, key: &K, rate: Rate) {
        if let Some(full_at) = self.full_at.get_mut(key)
            && let Some(earlier) = full_at.checked_sub(rate.step())
        {
            *full_at = earlier;
        }
    }
}

/// A map that forgets: an entry stays for at least `kept` after it was inserted, unless so many
/// others come that its generation is pushed out.
#[derive(Debug)]
pub(crate) struct Recent<K, V> {
    kept: Duration,
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    /// When the young generation began.
    turned: Option<Instant>,
}

impl<K: Eq + Hash, V> Recent<K, V> {
    pub(crate) fn new(kept: Duration) -> Self {
        Self { kept, young: HashMap::new(), old: HashMap::new(), turned: None }
    }

    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.young.get(key).or_else(|| self.old.get(key))
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        match self.young.get_mut(key) {
            Some(value) => Some(value),
            None => self.old.get_mut(key),
        }
    }

    pub(crate) fn insert(&mut self, key: K, value: V, now: Instant) {
        let turned = *self.turned.get_or_insert(now);
        let age = now.saturating_duration_since(turned);
        if age > self.kept || self.young.len() >= GENERATION_MAX {
            self.old = std::mem::take(&mut self.young);
            if age > 2 * self.kept {
                self.old.clear();
            }
            self.turned = Some(now);
        }
        self.young.insert(key, value);
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

/// A time to wait in whole seconds, as people are told it.
pub(crate) fn seconds(wait: Duration) -> u32 {
    u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_a_period_and_fills_evenly() {
        let rate = Rate::per_minute(10);
        let now = Instant::now();
        let mut buckets = Buckets::new(rate.period);
        for _ in 0..10 {
            assert_eq!(buckets.wait(&1, rate, now), Duration::ZERO);
            buckets.charge(1, rate, now);
        }
        assert_eq!(buckets.wait(&1, rate, now), Duration::from_secs(6));
        assert_eq!(buckets.wait(&2, rate, now), Duration::ZERO);
        assert_eq!(buckets.wait(&1, rate, now + Duration::from_secs(6)), Duration::ZERO);
        buckets.refund(&1, rate);
        assert_eq!(buckets.wait(&1, rate, now), Duration::ZERO);
    }

    #[test]
    fn a_key_is_remembered_for_its_period_and_keys_are_bounded() {
        let kept = Duration::from_secs(60);
        let now = Instant::now();
        let mut recent = Recent::new(kept);
        recent.insert(0, (), now);
        recent.insert(1, (), now + kept);
        recent.insert(2, (), now + kept + kept / 2);
        assert!(recent.get(&1).is_some() && recent.get(&2).is_some());
        recent.insert(3, (), now + 5 * kept);
        assert!(recent.get(&0).is_none() && recent.get(&1).is_none());
        for key in 10..1_000_000 {
            recent.insert(key, (), now + 5 * kept);
        }
        assert!(recent.young.len() + recent.old.len() <= 2 * GENERATION_MAX);
    }

    #[test]
    fn networks_are_what_one_customer_has() {
        let parse = |text: &str| net(text.parse().ok());
        assert_eq!(parse("::ffff:192.0.2.1"), parse("192.0.2.1"));
        assert_ne!(parse("192.0.2.1"), parse("192.0.2.2"));
        assert_eq!(parse("2001:db8:1:2::3"), parse("2001:db8:1:2::4"));
        assert_ne!(parse("2001:db8:1:2::3"), parse("2001:db8:1:3::3"));
        assert_eq!(site(parse("2001:db8:1:2::3")), site(parse("2001:db8:1:3::3")));
        assert_eq!(site(parse("192.0.2.1")), None);
    }
}
