//! Who is to be told of something on a device that may be asleep.
//!
//! A private message is for the one spoken to; what is said in a room is for those of its members
//! whose name it says; that something was read is for the reader's other devices. It makes no
//! difference whether somebody is connected: who reads on one device may have another in the pocket.

use std::collections::BTreeSet;

use chinwag_model::effect::{Event, Push, Stamp};
use chinwag_model::id::PersonId;
use chinwag_model::message::{Destination, Manner, Message};
use chinwag_model::name::Name;
use chinwag_model::push::Endpoint;

use crate::state::{Holder, KnownDevice, State};

/// After so long a device that nobody asked for again counts as thrown away, in milliseconds.
pub const DEVICE_LIFE_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// Words of a message that are looked at for names; what is longer speaks to everyone.
const WORDS_MAX: usize = 512;

/// The longest word that can be a name, in bytes.
const WORD_BYTES_MAX: usize = 128;

/// What is to be told to devices, and which of them are thrown away.
#[derive(Debug, Default)]
pub struct Pushes {
    /// Each device with what it is told.
    pub to: Vec<Push>,
    /// Devices for which nobody asked for [`DEVICE_LIFE_MS`].
    pub forgotten: Vec<(PersonId, Endpoint)>,
}

impl State {
    /// The devices that are to be told of an event, as things stand.
    #[must_use]
    pub fn pushes(&self, event: &Event, stamp: &Stamp) -> Pushes {
        let mut pushes = Pushes::default();
        if self.subscribers.is_empty() {
            return pushes;
        }
        match event {
            Event::Said(message) => {
                for person in self.spoken_to(message) {
                    self.push_to(person, event, stamp, |_| true, &mut pushes);
                }
            }
            Event::Read { .. } => {
                let session = stamp.origin.session;
                let Some(reader) = self.sessions.get(&session) else { return pushes };
                // Where it was read it is known.
                let own = (session, self.epoch(session.node));
                let other = |known: &KnownDevice| (known.session, known.epoch) != own;
                let wanted = |known: &KnownDevice| known.device.reads && other(known);
                self.push_to(reader.person, event, stamp, wanted, &mut pushes);
            }
            _ => {}
        }
        pushes
    }

    fn push_to(
        &self,
        id: PersonId,
        event: &Event,
        stamp: &Stamp,
        wanted: impl Fn(&KnownDevice) -> bool,
        pushes: &mut Pushes,
    ) {
        let Some(person) = self.persons.get(&id) else { return };
        for (endpoint, known) in person.devices.iter().flatten() {
            if stamp.time.0.saturating_sub(known.asked.0) > DEVICE_LIFE_MS {
                pushes.forgotten.push((id, endpoint.clone()));
            } else if wanted(known) {
                let (device, event) = (known.device.clone(), event.clone());
                pushes.to.push(Push { person: id, device, event, stamp: *stamp });
            }
        }
    }

    /// Those with devices whom a message is for.
    fn spoken_to(&self, message: &Message) -> BTreeSet<PersonId> {
        let author = message.author.id;
        if message.manner == Manner::Tags {
            return BTreeSet::new();
        }
        let mut meant = match &message.to {
            Destination::Person(person) => BTreeSet::from([person.id]),
            Destination::Room(card) => {
                let Some(room) = self.rooms.get(&card.id) else { return BTreeSet::new() };
                let mut named = self.named_in(message.text.as_str());
                named.retain(|id| {
                    room.members.get(id).is_some_and(|member| {
                        message.rank.is_none_or(|rank| member.ranks.at_least(rank))
                    })
                });
                named
            }
            Destination::Everyone => BTreeSet::new(),
        };
        meant.retain(|id| {
            let listens =
                |id| self.persons.get(id).is_some_and(|person| !person.ignores.contains(&author));
            *id != author && self.subscribers.contains(id) && listens(id)
        });
        meant
    }

    /// The persons whose name a text says as a word of its own, and not as a part of an address.
    fn named_in(&self, text: &str) -> BTreeSet<PersonId> {
        let chunks = text.split_whitespace().filter(|chunk| !chunk.contains("://"));
        let words = chunks
            .flat_map(|chunk| chunk.split(parts_words))
            .filter(|word| (1..=WORD_BYTES_MAX).contains(&word.len()));
        let mut named = BTreeSet::new();
        for word in words.take(WORDS_MAX) {
            // A name may hold these signs; more often they stand around one.
            let bare = word.trim_matches(|c: char| c.is_ascii() && !c.is_ascii_alphanumeric());
            for name in [word, bare] {
                let holder = Name::parse(name).ok().and_then(|name| self.holder(&name));
                if let Some(Holder::Person(id)) = holder {
                    named.insert(id);
                }
            }
        }
        named
    }
}

/// Whether a character stands between words, as none that a name holds does.
fn parts_words(c: char) -> bool {
    match c {
        '_' | '-' | '[' | ']' | '\\' | '^' | '{' | '}' | '|' | '`' => false,
        c if c.is_ascii() => !c.is_ascii_alphanumeric(),
        // Latin-1's signs, Unicode's general punctuation, and that of East Asian scripts.
        c => matches!(c, '\u{a0}'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}'
            | '\u{ff00}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}'),
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn a_private_message_wakes_the_devices_of_the_one_spoken_to() {
        check(
            "ana: enter with v
             bo: enter with v
             bo: device phone
             ana: device tablet
             bo: exit
             --
             ana: tell bo hello",
            "kept: [to bo] ana: hello
             ana sees: [to bo] ana: hello
             bo's phone is pushed: [to bo] ana: hello
             ana told: said, bo is offline",
        );
    }

    #[test]
    fn in_a_room_a_name_wakes_its_member() {
        for (said, woken) in [
            ("bo", true),
            ("Bo: look", true),
            ("look, BO!", true),
            ("@bo?", true),
            ("|bo|", true),
            ("is this bo's tea", true),
            ("robo", false),
            ("bob", false),
            ("bo_", true),
            ("bo_o", false),
            ("https://example.org/bo", false),
            ("cy", false),
            ("зbo", false),
            ("«bo»", true),
            ("hello", false),
        ] {
            let pushed = if woken {
                format!("bo's phone is pushed: [tea] ana: {said}\n")
            } else {
                String::new()
            };
            check(
                &format!(
                    "ana: enter
                     bo: enter with v
                     cy: enter with v
                     bo: device phone
                     cy: device phone
                     ana: join tea
                     bo: join tea
                     --
                     ana: in tea {said}"
                ),
                &format!(
                    "kept: [tea] ana: {said}\nana bo see: [tea] ana: {said}\n{pushed}ana told: said"
                ),
            );
        }
    }

    #[test]
    fn nobody_is_woken_by_their_own_words_or_by_whom_they_ignore() {
        check(
            "ana: enter with v
             bo: enter with v
             ana: device phone
             bo: device phone
             bo: ignore ana
             --
             ana: tell ana note
             ana: tell bo hello
             ana: say bo and ana",
            "kept: [to ana] ana: note
             ana sees: [to ana] ana: note
             ana told: said
             kept: [to bo] ana: hello
             ana bo see: [to bo] ana: hello
             ana told: said
             kept: [lobby] ana: bo and ana
             ana bo see: [lobby] ana: bo and ana
             ana told: said",
        );
    }

    #[test]
    fn what_was_read_is_told_to_the_other_devices() {
        check(
            "ana: enter with v
             ana2: enter ana checked 1
             ana: device phone
             ana2: device tablet
             --
             ana: read bo 5000",
            "ana2 sees: read bo up to 5000
             ana's tablet is pushed: read bo up to 5000
             ana told: read up to 5000",
        );
    }

    #[test]
    fn a_device_that_nobody_asks_for_is_forgotten() {
        check(
            "ana: enter
             bo: enter with v
             bo: device phone
             node: a month passes
             --
             ana: tell bo hello",
            "kept: [to bo] ana: hello
             ana bo see: [to bo] ana: hello
             bo's phone is forgotten
             ana told: said",
        );
    }
}
