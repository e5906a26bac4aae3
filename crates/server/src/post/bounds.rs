//! How many codes are mailed, and how many names are held: for an asker, to a mailbox, and in all.

use std::time::{Duration, Instant};

use chinwag_core::state::State;
use chinwag_model::mail::{MailAddress, NotMailed};
use chinwag_model::name::Name;
use hashbrown::HashMap;

use super::code::Purpose;
use crate::quota::{Buckets, Net, Rate, seconds, site};

/// Codes for one network: an IPv4 address, an IPv6 /48.
const PER_ASKER: Rate = Rate::per_hour(60);

/// Codes to one mailbox that one network asks for.
const PER_MAILBOX_AND_ASKER: Rate = Rate::per_hour(5);

/// Codes to one mailbox that all networks together ask for to verify it. A network that has not
/// asked of late may do so even beyond, for as many hours' worth again: so one or few networks that
/// ask for codes to a mailbox of someone else do not keep its owner from asking.
const PER_MAILBOX: Rate = Rate::per_hour(20);
const MAILBOX_HOURS_FIRST: u32 = 2;

/// Names that are held for one network.
const HELD_PER_ASKER: usize = 50;

/// Networks for which names are held, after which all are looked through for names that no longer
/// are.
const ASKERS_MAX: usize = 4096;

/// How long a name may take to be held after it was asked for.
const ON_ITS_WAY: Duration = Duration::from_secs(30);

/// What was mailed of late, and for whom names are held.
#[derive(Debug)]
pub(super) struct Bounds {
    mailed: Buckets<Whose>,
    held: HashMap<Net, Vec<(Name, Instant)>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Whose {
    Asker(Net),
    Mailbox(Box<str>),
    MailboxAndAsker(Box<str>, Net),
    Server,
}

/// A code that is to be mailed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish<'w> {
    pub(super) purpose: Purpose,
    /// To which address it goes, where that was given by the asker.
    pub(super) to: Option<&'w MailAddress>,
    pub(super) from: Net,
    /// Codes a minute that the server mails.
    pub(super) per_minute: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        let held_max = PER_MAILBOX.period * MAILBOX_HOURS_FIRST;
        Self { mailed: Buckets::new(held_max), held: HashMap::new() }
    }
}

impl Bounds {
    /// Whether a code may be mailed now.
    pub(super) fn look(&self, wish: Wish<'_>, now: Instant) -> Result<(), NotMailed> {
        let waits = counted(wish).map(|(whose, rate)| {
            let held = match (&whose, wish.purpose) {
                // Half of what the server mails is kept for owners who lost their password.
                (Whose::Server, Purpose::Verify) => rate.period / 2,
                (Whose::Mailbox(mailbox), _) => {
                    let own = Whose::MailboxAndAsker(mailbox.clone(), wish.asker());
                    let is_first = self.mailed.is_full(&own, now);
                    if is_first { rate.period * MAILBOX_HOURS_FIRST } else { rate.period }
                }
                _ => rate.period,
            };
            self.mailed.wait_within(&whose, rate, held, now)
        });
        match waits.max().filter(|wait| !wait.is_zero()) {
            Some(wait) => Err(NotMailed::Limited { seconds: seconds(wait) }),
            None => Ok(()),
        }
    }

    /// Counts a code that is to be mailed, if it may be.
    pub(super) fn charge(&mut self, wish: Wish<'_>, now: Instant) -> Result<(), NotMailed> {
        self.look(wish, now)?;
        for (whose, rate) in counted(wish) {
            self.mailed.charge(whose, rate, now);
        }
        Ok(())
    }

    /// Whether another name may be held for a network.
    pub(super) fn may_hold(&mut self, from: Net, state: &State, now: Instant) -> bool {
        let Some(held) = self.held.get_mut(&asker(from)) else { return true };
        held.retain(|held| is_held(held, state, now));
        from.is_none() || held.len() < HELD_PER_ASKER
    }

    /// Notes that a name is to be held for a network.
    pub(super) fn hold(&mut self, from: Net, name: Name, state: &State, now: Instant) {
        if self.held.len() >= ASKERS_MAX {
            self.held.retain(|_, held| {
                held.retain(|held| is_held(held, state, now));
                !held.is_empty()
            });
        }
        self.held.entry(asker(from)).or_default().push((name, now));
    }
}

fn is_held((name, since): &(Name, Instant), state: &State, now: Instant) -> bool {
    now.saturating_duration_since(*since) < ON_ITS_WAY || state.claim(name).is_some()
}

impl Wish<'_> {
    fn asker(self) -> Net {
        asker(self.from)
    }
}

fn asker(from: Net) -> Net {
    site(from).or(from)
}

fn counted(wish: Wish<'_>) -> impl Iterator<Item = (Whose, Rate)> {
    let from = wish.asker();
    let asker = from.map(|_| (Whose::Asker(from), PER_ASKER));
    let mailbox = wish.to.map(|to| Box::<str>::from(to.mailbox()));
    let server = Some((Whose::Server, Rate::per_minute(wish.per_minute)));
    let server = server.filter(|_| wish.per_minute > 0);
    let own =
        mailbox.clone().map(|box_| (Whose::MailboxAndAsker(box_, from), PER_MAILBOX_AND_ASKER));
    let mailbox = mailbox.map(|mailbox| (Whose::Mailbox(mailbox), PER_MAILBOX));
    [asker, own, mailbox, server].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quota::net;

    fn to(text: &str) -> MailAddress {
        MailAddress::parse(text).unwrap()
    }

    fn v4(n: u16) -> Net {
        let [high, low] = n.to_be_bytes();
        net(Some([10, 0, high, low].into()))
    }

    /// Asks until it is refused; how often it was not.
    fn asks(bounds: &mut Bounds, to: Option<&MailAddress>, from: Net, now: Instant) -> u32 {
        let purpose = if to.is_some() { Purpose::Verify } else { Purpose::Reset };
        let wish = Wish { purpose, to, from, per_minute: 0 };
        (0..100).find(|_| bounds.charge(wish, now).is_err()).unwrap_or(100)
    }

    #[test]
    fn attack_a_network_cannot_use_up_a_mailbox_nor_several() {
        let (ana, now) = (to("ana@example.org"), Instant::now());
        let mut bounds = Bounds::default();
        assert_eq!(asks(&mut bounds, Some(&to("Ana+1@example.org")), v4(1), now), 5);
        assert_eq!(asks(&mut bounds, Some(&ana), v4(1), now), 0);
        assert_eq!((2..=10).map(|n| asks(&mut bounds, Some(&ana), v4(n), now)).sum::<u32>(), 21);
        assert_eq!(asks(&mut bounds, Some(&ana), v4(99), now), 1, "the owner's own");
        // A mailbox is not bombed either.
        let all: u32 = (100..200).map(|n| asks(&mut bounds, Some(&ana), v4(n), now)).sum();
        assert_eq!(all, 13);
    }

    #[test]
    fn an_asker_gets_so_many_codes_an_hour() {
        let now = Instant::now();
        let mut bounds = Bounds::default();
        assert_eq!(asks(&mut bounds, None, v4(1), now), 60);
        assert_eq!(asks(&mut bounds, None, v4(2), now), 60);
        assert_eq!(asks(&mut bounds, None, None, now), 100, "a socket in the file system");
        let v6 = |n: u16| net(format!("2001:db8:0:{n:x}::1").parse().ok());
        let all: u32 = (0..100).map(|n| asks(&mut bounds, None, v6(n), now)).sum();
        assert_eq!(all, 60);
    }

    #[test]
    fn attack_many_networks_get_no_more_than_the_server_mails() {
        let (now, mut bounds) = (Instant::now(), Bounds::default());
        let mut mailed = |purpose, now| {
            let mut count = 0;
            for n in 0..1000_u16 {
                let to = to(&format!("a{n}@b.c"));
                let wish = Wish { purpose, to: Some(&to), from: v4(n), per_minute: 30 };
                count += u32::from(bounds.charge(wish, now).is_ok());
            }
            count
        };
        assert_eq!(mailed(Purpose::Verify, now), 15);
        assert_eq!(mailed(Purpose::Reset, now), 15, "the other half");
        assert_eq!(mailed(Purpose::Reset, now + Duration::from_secs(20)), 10);
    }

    #[test]
    fn attack_a_network_holds_only_so_many_names() {
        let (now, mut bounds) = (Instant::now(), Bounds::default());
        let state = State::default();
        for n in 0..HELD_PER_ASKER {
            assert!(bounds.may_hold(v4(1), &state, now));
            bounds.hold(v4(1), Name::parse(&format!("n{n}")).unwrap(), &state, now);
        }
        assert!(!bounds.may_hold(v4(1), &state, now));
        assert!(bounds.may_hold(v4(2), &state, now));
        // In this state nothing is held, so that they count only while they are on their way.
        assert!(bounds.may_hold(v4(1), &state, now + ON_ITS_WAY));
    }
}
