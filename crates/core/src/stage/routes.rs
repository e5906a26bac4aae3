//! Who hears what, as a node knows it: from effects alone.

use std::collections::{BTreeMap, BTreeSet};

use chinwag_model::effect::{Audience, Effect};
use chinwag_model::id::{PersonId, RoomId, SessionId};

use crate::state::State;

/// The sessions that are in, and the rooms that each hears.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    attached: BTreeMap<SessionId, PersonId>,
    rooms: BTreeMap<RoomId, BTreeSet<SessionId>>,
}

impl Routes {
    /// Does as a node does with an effect; for one that is shown, the sessions that see it.
    pub(crate) fn take(&mut self, effect: &Effect) -> Vec<SessionId> {
        match effect {
            Effect::Show { audience, .. } => return self.hearers(audience),
            Effect::Reply(..) | Effect::Mail { .. } | Effect::Keep(_) => {}
            Effect::Attach { session, person, rooms } => {
                let before = self.attached.insert(*session, *person);
                assert_eq!(before, None, "{session} is attached once");
                for room in rooms {
                    self.rooms.entry(*room).or_default().insert(*session);
                }
            }
            Effect::Detach(session) => {
                assert!(self.attached.remove(session).is_some(), "{session} was attached");
                for sessions in self.rooms.values_mut() {
                    sessions.remove(session);
                }
            }
            Effect::Subscribe(room, sessions) => {
                let heard = self.rooms.entry(*room).or_default();
                for session in sessions {
                    assert!(self.attached.contains_key(session), "{session} is attached");
                    assert!(heard.insert(*session), "{session} did not hear {room:?} before");
                }
            }
            Effect::Unsubscribe(room, sessions) => {
                let heard = self.rooms.entry(*room).or_default();
                for session in sessions {
                    assert!(heard.remove(session), "{session} heard {room:?} before");
                }
            }
        }
        Vec::new()
    }

    fn hearers(&self, audience: &Audience) -> Vec<SessionId> {
        match audience {
            Audience::Room(room) => self.rooms.get(room).into_iter().flatten().copied().collect(),
            Audience::Everyone => self.attached.keys().copied().collect(),
            Audience::Peers { rooms, own, .. } => {
                let heard = rooms.iter().filter_map(|room| self.rooms.get(room)).flatten();
                let all: BTreeSet<_> = heard.chain(own).copied().collect();
                all.into_iter().collect()
            }
            // Who watches a name is known to the node alone.
            Audience::Watchers(_) => Vec::new(),
            Audience::Sessions(sessions) => {
                let all = sessions.iter().all(|session| self.attached.contains_key(session));
                assert!(all, "{sessions:?} are attached");
                let once: BTreeSet<_> = sessions.iter().collect();
                assert_eq!(once.len(), sessions.len(), "nobody is told twice");
                sessions.clone()
            }
        }
    }

    /// Panics where this is not what the state says of sessions, members and rooms.
    pub(crate) fn compare(&self, state: &State) {
        let sessions = state.sessions.iter().map(|(id, session)| (*id, session.person));
        assert!(self.attached.clone().into_iter().eq(sessions), "attached is who is in");
        let rooms: BTreeSet<_> = state.rooms.keys().chain(self.rooms.keys()).collect();
        for room in rooms {
            let members = state.rooms.get(room).into_iter().flat_map(|room| room.members.keys());
            let sessions: BTreeSet<_> =
                members.flat_map(|member| state.persons[member].sessions()).collect();
            let heard = self.rooms.get(room).cloned().unwrap_or_default();
            assert_eq!(heard, sessions, "who hears {room:?} is who is in it");
        }
    }
}
