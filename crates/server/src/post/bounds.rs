//! How much is mailed: to one mailbox, and for one stranger.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use chinwag_model::mail::{MailAddress, NotMailed};
use hashbrown::HashMap;

use crate::seat::network;

/// Codes an hour to one mailbox, and for one address that people connect from.
const PER_MAILBOX: u32 = 5;
const PER_PEER: u32 = 20;

/// Mailboxes and peers that are remembered; beyond, nothing is mailed to others for a while.
const REMEMBERED_MAX: usize = 100_000;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// A bucket for each mailbox and each peer, which holds an hour's codes and fills again evenly.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    /// When each would be as if nothing had been mailed.
    clear_at: HashMap<Whose, Instant>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Whose {
    Mailbox(String),
    Peer(IpAddr),
}

impl Bounds {
    /// Counts a code to an address for a peer; it is none if that is too much for either.
    pub(super) fn charge(
        &mut self,
        to: &MailAddress,
        peer: Option<IpAddr>,
        now: Instant,
    ) -> Result<(), NotMailed> {
        if self.clear_at.len() >= REMEMBERED_MAX {
            self.clear_at.retain(|_, clear| *clear > now);
            if self.clear_at.len() >= REMEMBERED_MAX {
                return Err(NotMailed::Limited { seconds: 60 });
            }
        }
        let mailbox = (Whose::Mailbox(to.mailbox()), HOUR / PER_MAILBOX);
        let peer = peer.map(|peer| (Whose::Peer(network(peer)), HOUR / PER_PEER));
        let counted = [Some(mailbox), peer];
        for (whose, step) in counted.iter().flatten() {
            let clear = self.clear_at.get(whose).copied().unwrap_or(now).max(now);
            let wait = (clear + *step).saturating_duration_since(now + HOUR);
            if !wait.is_zero() {
                let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
                return Err(NotMailed::Limited { seconds });
            }
        }
        for (whose, step) in counted.into_iter().flatten() {
            let clear = self.clear_at.entry(whose).or_insert(now);
            *clear = (*clear).max(now) + step;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_and_a_peer_get_so_many_codes_an_hour() {
        let address = |text: &str| MailAddress::parse(text).unwrap();
        let peer = |n| Some(IpAddr::from([10, 0, 0, n]));
        let now = Instant::now();
        let mut bounds = Bounds::default();
        for n in 0..5 {
            let to = format!("Ana+{n}@example.org");
            assert_eq!(bounds.charge(&address(&to), peer(n), now), Ok(()));
        }
        let ana = address("ana@example.org");
        assert_eq!(bounds.charge(&ana, peer(9), now), Err(NotMailed::Limited { seconds: 721 }));
        assert_eq!(bounds.charge(&ana, peer(9), now + HOUR / 5), Ok(()));

        let mut bounds = Bounds::default();
        for n in 0..20 {
            assert_eq!(bounds.charge(&address(&format!("a{n}@b.c")), peer(1), now), Ok(()));
        }
        let more = bounds.charge(&ana, peer(1), now);
        assert_eq!(more, Err(NotMailed::Limited { seconds: 181 }));
        assert_eq!(bounds.charge(&ana, peer(2), now), Ok(()));
        assert_eq!(bounds.charge(&ana, None, now), Ok(()));
    }
}
