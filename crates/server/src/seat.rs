//! How many connections there are, in all and from each network.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

/// All places that are taken. Its clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seats(Arc<Taken>);

#[derive(Debug, Default)]
struct Taken {
    all: AtomicUsize,
    networks: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection's place among all; given back when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Seats,
    network: Option<IpAddr>,
    /// Most places that its network may have; 0 for no bound.
    per_network_max: usize,
}

impl Seats {
    /// How many places are taken.
    pub(crate) fn taken(&self) -> usize {
        self.0.all.load(Ordering::Relaxed)
    }

    /// A place for a connection from this address, unless its network has as many as it may;
    /// 0 for no bound. Loopback is exempt.
    pub(crate) fn take(&self, peer: Option<IpAddr>, per_network_max: usize) -> Option<Seat> {
        let network = self.count(peer, per_network_max)?;
        self.0.all.fetch_add(1, Ordering::Relaxed);
        Some(Seat { seats: self.clone(), network, per_network_max })
    }

    /// Counts one more for the network of this address; nothing if it has as many as it may.
    fn count(&self, peer: Option<IpAddr>, per_network_max: usize) -> Option<Option<IpAddr>> {
        let counted = peer.filter(|peer| per_network_max > 0 && !peer.is_loopback()).map(network);
        if let Some(network) = counted {
            let mut networks = self.0.networks.lock().unwrap_or_else(PoisonError::into_inner);
            let count = networks.entry(network).or_insert(0);
            if *count >= per_network_max {
                return None;
            }
            *count += 1;
        }
        Some(counted)
    }

    fn discount(&self, network: Option<IpAddr>) {
        let Some(network) = network else { return };
        let mut networks = self.0.networks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = networks.get_mut(&network) {
            *count -= 1;
            if *count == 0 {
                networks.remove(&network);
            }
        }
    }
}

impl Seat {
    /// Counts it for this address from now on, under the bound it was taken with; whether there
    /// was room.
    pub(crate) fn move_to(&mut self, peer: IpAddr) -> bool {
        let Some(network) = self.seats.count(Some(peer), self.per_network_max) else {
            return false;
        };
        self.seats.discount(std::mem::replace(&mut self.network, network));
        true
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.0.all.fetch_sub(1, Ordering::Relaxed);
        self.seats.discount(self.network);
    }
}

/// The part of an address that one customer has: all of IPv4's, the first half of IPv6's.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
