//! Who may speak where, and who hears it.

use chinwag_model::effect::Audience;
use chinwag_model::id::{PersonId, RoomId};
use chinwag_model::intent::Target;
use chinwag_model::message::{Destination, Manner};
use chinwag_model::mode::{PersonFlag, RoomFlag};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Refusal, RoomNo, Unheard};
use chinwag_model::rank::Rank;

use crate::state::{Person, Room, State, Suspect};

/// What begins a request from client to client (CTCP).
const REQUEST: char = '\u{1}';

/// Someone who wants to speak, and as what.
#[derive(Clone, Copy)]
pub(crate) struct Speaker<'s> {
    pub(crate) id: PersonId,
    pub(crate) person: &'s Person,
    pub(crate) manner: Manner,
    pub(crate) text: &'s str,
}

/// Where something is said, who sees it, and what the speaker should know.
pub(crate) struct Heard {
    pub(crate) to: Destination,
    pub(crate) audience: Audience,
    pub(crate) unheard: Option<Unheard>,
    pub(crate) rank: Option<Rank>,
}

impl Speaker<'_> {
    /// Finds out who hears this speaker there.
    pub(crate) fn reach(self, state: &State, to: &Target) -> Result<Heard, Refusal> {
        match to {
            Target::Room(room) => self.room(state, *room, Refusal::NotInRoom),
            Target::Person(other) => self.person(state, *other, Refusal::Gone),
            Target::Called(name) => {
                let none = Refusal::NoSuchPerson(name.clone());
                match state.person_called(name) {
                    Some((other, _)) => self.person(state, other, none),
                    None => Err(none),
                }
            }
            Target::Either(name) => self.either(state, name),
            Target::Everyone => Ok(Heard {
                to: Destination::Everyone,
                audience: Audience::Everyone,
                unheard: None,
                rank: None,
            }),
            Target::Channel(name, rank) => self.channel(state, name, *rank),
        }
    }

    fn either(self, state: &State, name: &Name) -> Result<Heard, Refusal> {
        let none = Refusal::NoSuchTarget(name.clone());
        if let Some((room, _)) = state.room_called(name) {
            return self.room(state, room, none);
        }
        match state.person_called(name) {
            Some((other, _)) => self.person(state, other, none),
            None => Err(none),
        }
    }

    fn room(self, state: &State, id: RoomId, none: Refusal) -> Result<Heard, Refusal> {
        let room = state.rooms.get(&id).filter(|room| room.members.contains_key(&self.id));
        let room = room.ok_or(none)?;
        self.may_speak(room).map_err(|no| Refusal::Room(room.card(id), no))?;
        let to = Destination::Room(room.card(id));
        Ok(Heard { to, audience: Audience::Room(id), unheard: None, rank: None })
    }

    fn channel(self, state: &State, name: &Name, rank: Option<Rank>) -> Result<Heard, Refusal> {
        let (id, room) = state.known_room(self.id, self.person, name)?;
        self.may_speak(room).map_err(|no| Refusal::Room(room.card(id), no))?;
        let to = Destination::Room(room.card(id));
        let audience = match rank {
            None if room.members.contains_key(&self.id) => Audience::Room(id),
            // Who speaks from outside hears their own words all the same.
            None => Audience::Peers {
                rooms: vec![id],
                own: self.person.sessions(),
                name: self.person.name.clone(),
            },
            Some(rank) => {
                let ranked = room
                    .members
                    .iter()
                    .filter(|(other, member)| member.ranks.at_least(rank) || **other == self.id);
                let people = ranked.filter_map(|(other, _)| state.persons.get(other));
                Audience::Sessions(people.flat_map(Person::sessions).collect())
            }
        };
        Ok(Heard { to, audience, unheard: None, rank })
    }

    fn may_speak(self, room: &Room) -> Result<(), RoomNo> {
        let ranks = room.ranks(self.id);
        let member = room.members.contains_key(&self.id);
        if !member && room.has(RoomFlag::MembersOnly) {
            return Err(RoomNo::Outside);
        }
        if room.has(RoomFlag::NoRequests) && self.is_request() {
            return Err(RoomNo::NoRequests);
        }
        if ranks.highest().is_some() {
            return Ok(());
        }
        if room.has(RoomFlag::Moderated) {
            return Err(RoomNo::Muted);
        }
        if room.has(RoomFlag::AccountsSpeak) && self.person.account().is_none() {
            return Err(RoomNo::AccountToSpeak);
        }
        if !room.mode.bans.is_empty() {
            let suspect = Suspect::new(self.person);
            if room.bans(&suspect) || room.mutes(&suspect) {
                return Err(RoomNo::Banned);
            }
        }
        Ok(())
    }

    fn is_request(self) -> bool {
        self.manner != Manner::Action && self.text.starts_with(REQUEST)
    }

    fn person(self, state: &State, other: PersonId, none: Refusal) -> Result<Heard, Refusal> {
        let Some(person) = state.persons.get(&other) else { return Err(none) };
        let card = person.card(other);
        let own = other == self.id;
        let strange = self.person.account().is_none() && !person.accepts.contains(&self.id);
        let shut = person.flags.has(PersonFlag::AccountsOnly) && strange
            || person.flags.has(PersonFlag::NoRequests) && self.is_request();
        if shut && !own {
            return Err(Refusal::Closed(person.name.clone()));
        }
        let sessions = self.person.sessions.union(&person.sessions);
        let unheard = match &person.away {
            _ if !person.is_online() => Some(Unheard::Offline(card.clone())),
            Some(text) => Some(Unheard::Away(card.clone(), text.clone())),
            None => None,
        };
        let audience = Audience::Sessions(sessions);
        Ok(Heard { to: Destination::Person(card), audience, unheard, rank: None })
    }
}
