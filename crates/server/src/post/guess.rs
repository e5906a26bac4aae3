//! How many wrong codes each asker may give.
//!
//! They are counted for the asker and never for the code, so that nobody can end a code of someone
//! else by wrong ones.

use std::time::{Duration, Instant};

use chinwag_model::name::Name;
use chinwag_node::delivery::SessionNumber;

use super::code::Purpose;
use crate::quota::{Buckets, Net, Rate, Recent};

/// Wrong codes for an account that one session may give, until it has another one mailed.
const PER_SESSION: u8 = 5;

/// Wrong codes for an account that one network may give.
const PER_NETWORK: Rate = Rate::per_hour(50);

type Subject = (Purpose, Box<str>);

/// Wrong codes of late.
#[derive(Debug)]
pub(super) struct Guesses {
    sessions: Recent<(Subject, SessionNumber), u8>,
    networks: Buckets<(Subject, Net)>,
}

/// Who gives a code, and for which account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guesser<'g> {
    pub(super) purpose: Purpose,
    pub(super) account: &'g Name,
    pub(super) session: SessionNumber,
    pub(super) from: Net,
}

/// Why a code is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The session has to have another one mailed.
    Session,
    /// The network has to wait.
    Network(Duration),
}

impl Default for Guesses {
    fn default() -> Self {
        let sessions = Recent::new(PER_NETWORK.period);
        Self { sessions, networks: Buckets::new(PER_NETWORK.period) }
    }
}

impl Guesses {
    /// Whether a code may be given.
    pub(super) fn look(&self, who: Guesser<'_>, now: Instant) -> Result<(), Refused> {
        let wait = self.networks.wait(&(who.subject(), who.from), PER_NETWORK, now);
        if !wait.is_zero() {
            return Err(Refused::Network(wait));
        }
        let wrong = self.sessions.get(&(who.subject(), who.session));
        if wrong.is_some_and(|wrong| *wrong >= PER_SESSION) {
            Err(Refused::Session)
        } else {
            Ok(())
        }
    }

    /// Counts a wrong code; the number of those that the session may still give.
    pub(super) fn count(&mut self, who: Guesser<'_>, now: Instant) -> u8 {
        self.networks.charge((who.subject(), who.from), PER_NETWORK, now);
        let key = (who.subject(), who.session);
        let wrong = self.sessions.get(&key).map_or(1, |wrong| wrong.saturating_add(1));
        self.sessions.insert(key, wrong, now);
        PER_SESSION.saturating_sub(wrong)
    }

    /// The session has another code mailed.
    pub(super) fn begin_anew(&mut self, who: Guesser<'_>) {
        self.sessions.remove(&(who.subject(), who.session));
    }
}

impl Guesser<'_> {
    fn subject(self) -> Subject {
        (self.purpose, self.account.folded().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_wrong_codes_count_for_the_one_who_gives_them() {
        let (account, now) = (Name::parse("ana").unwrap(), Instant::now());
        let who = |session, n: u8| Guesser {
            purpose: Purpose::Reset,
            account: &account,
            session,
            from: Some([10, 0, 0, n].into()),
        };
        let mut guesses = Guesses::default();
        for left in (0..5).rev() {
            assert_eq!(guesses.look(who(1, 1), now), Ok(()));
            assert_eq!(guesses.count(who(1, 1), now), left);
        }
        assert_eq!(guesses.look(who(1, 1), now), Err(Refused::Session));
        assert_eq!(guesses.look(who(2, 1), now), Ok(()));
        guesses.begin_anew(who(1, 1));
        assert_eq!(guesses.look(who(1, 1), now), Ok(()));
        for session in 10..55 {
            guesses.count(who(session, 1), now);
        }
        let wait = Duration::from_secs(72);
        assert_eq!(guesses.look(who(99, 1), now), Err(Refused::Network(wait)));
        assert_eq!(guesses.look(who(99, 2), now), Ok(()));
    }
}
