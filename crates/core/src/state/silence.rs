//! Open names under which nothing was ever said. They expire, so that what strangers leave is bounded.
//!
//! An *open* name has no password. One that has expired is as if it had never been, but that its number
//! is not given again.

use std::collections::BTreeMap;

use chinwag_model::id::{PersonId, Place, Timestamp};
use chinwag_model::intent::Mark;
use minicbor::{Decode, Encode};

use super::State;

/// How long a name is kept without a login, in milliseconds: 30 days.
pub const NAME_LIFE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How often names are looked at, in milliseconds of the log's time, and most of them at a time: a
/// million are gone through in less than a day.
const PERIOD_MS: i64 = 60 * 1000;
const LOOKED_AT_MAX: usize = 1000;

/// All open names under which nothing was said yet.
#[derive(Clone, Debug, Encode, Decode)]
pub(crate) struct Silent {
    #[n(0)]
    names: BTreeMap<PersonId, Silence>,
    /// The last message to everyone since there is such a name.
    #[n(1)]
    broadcast: Place,
    /// The first name to be looked at the next time.
    #[n(2)]
    next: PersonId,
}

/// An open name under which nothing was said yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
struct Silence {
    /// When they were last there, for who is not there now.
    #[n(0)]
    since: Timestamp,
    /// Up to where they were sent what waits.
    #[n(1)]
    sent: Place,
    /// The last message to them alone.
    #[n(2)]
    told: Place,
}

impl Default for Silent {
    fn default() -> Self {
        Self { names: BTreeMap::new(), broadcast: Place::default(), next: PersonId(0) }
    }
}

impl Silent {
    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub(crate) fn has(&self, person: PersonId) -> bool {
        self.names.contains_key(&person)
    }

    /// A name is made here.
    pub(crate) fn begin(&mut self, person: PersonId, place: Place, time: Timestamp) {
        self.names.insert(person, Silence { since: time, sent: place, told: Place::default() });
    }

    /// Something is said under a name, or it is open no longer.
    pub(crate) fn end(&mut self, person: PersonId) {
        if self.names.remove(&person).is_some() && self.names.is_empty() {
            *self = Self::default();
        }
    }

    /// Someone is there no longer.
    pub(crate) fn gone(&mut self, person: PersonId, time: Timestamp) {
        if let Some(silence) = self.names.get_mut(&person) {
            silence.since = time;
        }
    }

    /// A message to one person waits for them until it is sent.
    pub(crate) fn told(&mut self, person: PersonId, place: Place) {
        if let Some(silence) = self.names.get_mut(&person) {
            silence.told = place;
        }
    }

    /// A message to everyone waits for each until it is sent.
    pub(crate) fn told_everyone(&mut self, place: Place) {
        if !self.is_empty() {
            self.broadcast = place;
        }
    }

    /// A person was sent what waits.
    pub(crate) fn sent(&mut self, mark: Mark) {
        if let Some(silence) = self.names.get_mut(&mark.person) {
            silence.sent = silence.sent.max(mark.upto);
        }
    }
}

impl State {
    /// Whether names are to be looked at, as the log's time was `before` at the entry before.
    pub(crate) fn expires_names(&self, before: Timestamp) -> bool {
        !self.silent.is_empty() && before.0 / PERIOD_MS != self.time.0 / PERIOD_MS
    }

    /// Looks at the next names, and takes those out that have expired.
    pub(crate) fn expire_names(&mut self) -> Vec<PersonId> {
        let looked_at: Vec<_> = self
            .silent
            .names
            .range(self.silent.next..)
            .take(LOOKED_AT_MAX)
            .map(|(id, silence)| (*id, *silence))
            .collect();
        let is_all = looked_at.len() < LOOKED_AT_MAX;
        let last = looked_at.last().filter(|_| !is_all);
        self.silent.next = last.map_or(PersonId(0), |(id, _)| PersonId(id.0 + 1));
        let mut expired = Vec::new();
        for (id, silence) in looked_at {
            let open = self.persons.get(&id);
            let open = open.filter(|person| person.password.is_none() && person.guest.is_none());
            let Some(person) = open else {
                self.silent.end(id);
                continue;
            };
            let due = self.time.0.saturating_sub(silence.since.0) >= NAME_LIFE_MS;
            let waits = silence.told.max(self.silent.broadcast) > silence.sent;
            // A person who is not there is in no rooms but groups.
            if due && !waits && !person.is_online() && person.rooms.is_empty() {
                self.remove_person(id);
                self.silent.end(id);
                expired.push(id);
            }
        }
        expired
    }
}

#[cfg(test)]
mod tests {
    use chinwag_model::entry::{Entry, Packet};
    use chinwag_model::id::{NodeId, SessionId, Timestamp};
    use chinwag_model::intent::{Identity, Intent, Origin, Request};
    use chinwag_model::name::NewName;

    use super::{LOOKED_AT_MAX, NAME_LIFE_MS, PERIOD_MS};
    use crate::core::Core;
    use crate::stage::{Stage, check};
    use crate::state::State;

    /// One second more than 30 days, and one less than them, each with the second that an entry takes
    /// and the minute within which names are looked at.
    const MONTH: &str = "clock: 2592060";
    const LESS: &str = "clock: 2591900";

    fn check_after(before: &str, days: &str, after: &str, seen: &str) {
        check(&format!("{before}\n{days}\nother: enter guest\n--\n{after}"), seen);
    }

    #[test]
    fn a_name_that_said_nothing_expires_after_thirty_days() {
        let before = "ana: enter\nana: exit";
        check_after(
            before,
            LESS,
            "ana: enter known ana",
            "ana told: in as ana\nana other see: ana is online",
        );
        check_after(before, MONTH, "ana: enter known ana", "ana told: refused, no such person ana");
        check_after(
            before,
            MONTH,
            "ana: enter new ana",
            "kept: ana has all up to here
             ana told: in as ana, new
             ana other see: ana is online",
        );
    }

    #[test]
    fn a_login_begins_the_time_anew_and_who_is_there_stays() {
        let again = format!("ana: enter\nana: exit\n{LESS}\nana: enter\nana: exit");
        let known = "ana: enter known ana";
        let seen = "ana told: in as ana\nana other see: ana is online";
        check_after(&again, LESS, known, seen);
        check_after(
            "ana: enter",
            MONTH,
            "ana: exit\nana: enter known ana",
            "ana told: out
             other sees: ana is offline
             ana told: in as ana
             ana other see: ana is online",
        );
    }

    #[test]
    fn what_says_something_is_protected_or_in_a_group_stays() {
        for before in [
            "ana: enter\nana: say hello\nana: exit",
            "bo: enter\nana: enter\nana: to bo hello\nana: exit",
            "ana: enter\nana: broad hello\nana: exit",
            "bo: enter\nana: enter\nbo: group grp ana\nana: exit",
        ] {
            let mut stage = Stage::new();
            stage.play(before);
            stage.play(&format!("{MONTH}\nother: enter guest"));
            let seen = stage.play("ana: enter known ana");
            assert!(seen.starts_with("ana told: in as ana"), "{before}: {seen}");
        }
        check_after(
            "ana: enter with v\nana: exit",
            MONTH,
            "ana: enter ana checked 1",
            "ana told: in as ana\nana other see: ana is online",
        );
    }

    #[test]
    fn a_name_for_which_something_waits_stays_until_it_was_sent() {
        for told in ["to ana hello", "broad hello"] {
            let mut stage = Stage::new();
            stage.play(&format!("ana: enter\nbo: enter\nana: exit\nbo: {told}"));
            stage.play(&format!("{MONTH}\nother: enter guest"));
            let seen = stage.play("ana: enter known ana");
            assert!(seen.starts_with("ana told: in as ana"), "{told}: {seen}");
            stage.play("ana: exit 9.0");
            stage.play(&format!("{MONTH}\nother: exit"));
            let seen = stage.play("ana: enter known ana");
            assert_eq!(seen, "ana told: refused, no such person ana", "{told}");
        }
    }

    #[test]
    fn a_guest_who_takes_a_name_is_silent_unless_they_said_something() {
        for (says, seen) in [
            ("", "ana told: refused, no such person ana"),
            ("guest: say hello\n", "ana told: in as ana\nother ana see: ana is online"),
        ] {
            let before = format!("guest: enter guest\n{says}guest: nick ana\nguest: exit");
            check_after(&before, MONTH, "ana: enter known ana", seen);
        }
    }

    #[test]
    fn a_number_that_has_expired_is_not_given_again() {
        let mut stage = Stage::new();
        stage.play("ana: enter\nana: exit");
        let id = stage.state().person_called(&crate::stage::name("ana")).unwrap().0;
        stage.play(&format!("{MONTH}\nother: enter guest\nana: enter"));
        assert!(stage.state().person_called(&crate::stage::name("ana")).unwrap().0 > id);
    }

    /// Takes requests of connections as the next entry, which stands at this time.
    fn take(core: &mut Core, ms: i64, wants: Vec<(u64, Intent)>) {
        let node = NodeId(1);
        let request = |(number, intent)| {
            let session = SessionId { node, number };
            Request { origin: Origin { session, request: 1 }, intent }
        };
        let first = core.state().lives.get(&node).map_or(0, |life| life.next);
        let requests = wants.into_iter().map(request).collect();
        let packet = Packet { node, epoch: 1, first, requests, expires: None };
        let entry = Entry { seq: core.state().seq().next(), time: Timestamp(ms), packet };
        core.apply(&entry, &mut Vec::new()).unwrap();
    }

    #[test]
    fn attack_of_many_names_no_entry_looks_at_all_and_none_is_left_in_the_end() {
        let mut core = Core::default();
        take(&mut core, 0, vec![(0, Intent::Begin)]);
        let empty = core.state().snapshot().len();
        let count = LOOKED_AT_MAX * 5 / 2;
        // Letters, so that no two of them look alike.
        let letter = |n: usize| char::from(b"abcdefghkmpqrstx"[n % 16]);
        let name = |n: usize| format!("n{}{}{}", letter(n), letter(n / 16), letter(n / 256));
        for n in 0..count {
            let name = NewName::parse(&name(n)).unwrap();
            let enter = Intent::Enter(Identity::New { name, verifier: None }, None);
            let exit = Intent::Exit { delivered: None, reason: None };
            take(&mut core, 1, vec![(1, enter), (1, exit)]);
        }
        let names = |core: &Core| core.state().persons.keys().count();
        let mut left = count;
        assert_eq!(names(&core), left);
        for minute in 0..3 {
            let time = NAME_LIFE_MS + (minute + 1) * PERIOD_MS;
            // Only the first entry of a minute looks at names.
            for ms in 0..3 {
                take(&mut core, time + ms, vec![]);
                // A restored state goes on where it was.
                core = Core::new(State::restore(&core.state().snapshot()).unwrap());
                left -= if ms == 0 { left.min(LOOKED_AT_MAX) } else { 0 };
                assert_eq!(names(&core), left, "{minute} {ms}");
            }
        }
        assert_eq!((left, core.state().silent.is_empty()), (0, true));
        // Those who have gone are remembered for a while.
        assert!(core.state().snapshot().len() < empty + 200 * crate::state::FORMER_MAX);
    }
}
