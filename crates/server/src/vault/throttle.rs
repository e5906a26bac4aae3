//! Slowing those who guess passwords, without locking out the owners.
//!
//! A wrong password is charged to the name from the guesser's network, to that network, and to the
//! name from all networks together. The last of these has a bound that is a hundred times larger,
//! and does not hold for networks from which the name was logged in to of late. So the owner of a
//! name that is being guessed at from elsewhere gets in.

use std::time::{Duration, Instant};

use chinwag_model::name::Name;

use crate::quota::{Buckets, Net, Rate, Recent, site};

/// How many times as many wrong passwords one network may give for all names together.
const NETWORK_FACTOR: u32 = 3;

/// The same for an IPv6 /48.
const SITE_FACTOR: u32 = 10;

/// How many times as many wrong passwords all networks together may give for one name.
const NAME_FACTOR: u32 = 100;

/// How long a network counts as known after a login from it.
const KNOWN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const MINUTE: Duration = Duration::from_secs(60);

/// What a password guards.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Guarded {
    /// An account, or a name that is held for one, by its folded name.
    Account(Box<str>),
    /// The rights of an operator, by the configured name.
    Operator(Box<str>),
    /// The server: `server.password`.
    Server,
}

/// What a wrong password is charged to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Bucket {
    Pair(Guarded, Net),
    Network(Net),
    Site(std::net::IpAddr),
    All(Guarded),
}

/// Wrong passwords of the last minute, and known networks.
#[derive(Debug)]
pub(super) struct Throttle {
    buckets: Buckets<Bucket>,
    known: Recent<(Guarded, Net), ()>,
}

impl Guarded {
    pub(crate) fn account(name: &Name) -> Self {
        Self::Account(name.folded().into())
    }

    pub(crate) fn operator(name: &str) -> Self {
        Self::Operator(name.into())
    }
}

impl Default for Throttle {
    fn default() -> Self {
        Self { buckets: Buckets::new(MINUTE), known: Recent::new(KNOWN) }
    }
}

impl Throttle {
    /// The time until the network may try again; `None` if it may now. `per_minute` is the number of
    /// wrong passwords for a name from one network; 0 is no bound.
    pub(super) fn wait(
        &self,
        of: &Guarded,
        net: Net,
        per_minute: u32,
        now: Instant,
    ) -> Option<Duration> {
        if per_minute == 0 {
            return None;
        }
        let is_known = self.known.get(&(of.clone(), net)).is_some();
        let waits = buckets(of, net, per_minute)
            .filter(|(bucket, _)| !is_known || !matches!(bucket, Bucket::All(_)))
            .map(|(bucket, rate)| self.buckets.wait(&bucket, rate, now));
        waits.max().filter(|wait| !wait.is_zero())
    }

    /// Counts a wrong password, or one that is about to be checked.
    pub(super) fn charge(&mut self, of: &Guarded, net: Net, per_minute: u32, now: Instant) {
        if per_minute > 0 {
            for (bucket, rate) in buckets(of, net, per_minute) {
                self.buckets.charge(bucket, rate, now);
            }
        }
    }

    /// What was charged turned out to be right.
    pub(super) fn refund(&mut self, of: &Guarded, net: Net, per_minute: u32) {
        if per_minute > 0 {
            for (bucket, rate) in buckets(of, net, per_minute) {
                self.buckets.refund(&bucket, rate);
            }
        }
    }

    /// Notes that the owner has logged in from a network.
    pub(super) fn know(&mut self, of: &Guarded, net: Net, now: Instant) {
        self.known.insert((of.clone(), net), (), now);
    }
}

fn buckets(of: &Guarded, net: Net, per_minute: u32) -> impl Iterator<Item = (Bucket, Rate)> {
    let rate = move |factor: u32| Rate::per_minute(per_minute.saturating_mul(factor));
    let pair = (Bucket::Pair(of.clone(), net), rate(1));
    // Who comes by a socket in the file system is not told apart.
    let network = net.map(|_| (Bucket::Network(net), rate(NETWORK_FACTOR)));
    let site = site(net).map(|site| (Bucket::Site(site), rate(SITE_FACTOR)));
    // The server's password has no owner whom a bound for all would have to spare.
    let all = (*of != Guarded::Server).then(|| (Bucket::All(of.clone()), rate(NAME_FACTOR)));
    [Some(pair), network, site, all].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::net;

    fn ana() -> Guarded {
        Guarded::account(&Name::parse("ana").unwrap())
    }

    fn v4(n: u16) -> Net {
        let [high, low] = n.to_be_bytes();
        net(Some([10, 0, high, low].into()))
    }

    /// Tries until one is refused; how many were not.
    fn tries(throttle: &mut Throttle, of: impl Fn(u32) -> Guarded, net: Net, now: Instant) -> u32 {
        for n in 0..1000 {
            if throttle.wait(&of(n), net, 10, now).is_some() {
                return n;
            }
            throttle.charge(&of(n), net, 10, now);
        }
        1000
    }

    #[test]
    fn attack_guesses_from_one_network_leave_the_owner_elsewhere_alone() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        assert_eq!(tries(&mut throttle, |_| ana(), v4(1), now), 10);
        assert_eq!(throttle.wait(&ana(), v4(1), 10, now), Some(Duration::from_secs(6)));
        assert_eq!(throttle.wait(&ana(), v4(2), 10, now), None);
        let later = now + Duration::from_secs(6);
        assert_eq!(throttle.wait(&ana(), v4(1), 10, later), None);
    }

    #[test]
    fn attack_guesses_from_many_networks_leave_known_networks_alone() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        throttle.know(&ana(), v4(9999), now);
        let guesses: u32 = (0..200).map(|n| tries(&mut throttle, |_| ana(), v4(n), now)).sum();
        assert_eq!(guesses, 1000);
        assert!(throttle.wait(&ana(), v4(8888), 10, now).is_some());
        assert_eq!(throttle.wait(&ana(), v4(9999), 10, now), None);
        assert_eq!(tries(&mut throttle, |_| ana(), v4(9999), now), 10, "and are bounded too");
    }

    #[test]
    fn attack_one_password_for_many_names_is_slowed() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        let names = |n: u32| Guarded::Account(n.to_string().into());
        assert_eq!(tries(&mut throttle, names, v4(1), now), 30);
        let v6 = |n: u32| net(format!("2001:db8:0:{n:x}::1").parse().ok());
        let all: u32 = (0..100).map(|n| tries(&mut throttle, names, v6(n), now)).sum();
        assert_eq!(all, 100, "of all networks of an IPv6 /48");
    }

    #[test]
    fn operators_accounts_and_the_server_are_counted_apart() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        assert_eq!(tries(&mut throttle, |_| ana(), v4(1), now), 10);
        assert_eq!(tries(&mut throttle, |_| Guarded::operator("ana"), v4(1), now), 10);
        assert_eq!(tries(&mut throttle, |_| Guarded::Server, v4(1), now), 10);
        assert_eq!(tries(&mut throttle, |_| Guarded::Server, None, now), 10);
        for n in 0..1000 {
            throttle.charge(&Guarded::Server, v4(n), 10, now);
        }
        assert_eq!(throttle.wait(&Guarded::Server, v4(5000), 10, now), None);
    }

    #[test]
    fn a_right_password_costs_nothing() {
        let mut throttle = Throttle::default();
        let now = Instant::now();
        for _ in 0..1000 {
            assert_eq!(throttle.wait(&ana(), v4(1), 1, now), None);
            throttle.charge(&ana(), v4(1), 1, now);
            throttle.refund(&ana(), v4(1), 1);
        }
    }
}
