//! How much one answer may look at.
//!
//! A question about all rooms or all persons is answered while everyone else waits. So each answer looks at a
//! bounded number of entries, whether or not it finds something among them, and says where to go on; what
//! others want is done between.

use chinwag_model::mode::RoomList;
use chinwag_model::query::{Page, ROWS_MAX};

use crate::state::Room;

/// The work that one answer may do. One unit is an entry that is looked at: a room, a person or a member; what
/// takes longer than that, such as holding it against masks, counts as several.
pub const WORK_MAX: usize = 2000;

/// Bytes of masks that cost as much as an entry, about.
const MASK_BYTES: usize = 32;

/// What an answer has looked at so far.
#[derive(Debug, Default)]
pub(super) struct Work(usize);

impl Work {
    /// Counts so much more.
    pub(super) fn add(&mut self, units: usize) {
        self.0 = self.0.saturating_add(units);
    }

    /// All of it.
    pub(super) fn done(&self) -> usize {
        self.0
    }

    /// Whether it is enough.
    pub(super) fn is_over(&self) -> bool {
        self.0 >= WORK_MAX
    }

    /// Goes through entries, and makes a page of what `look` finds in them: until it is full, or enough was
    /// looked at. `cursor` says where to go on after an entry.
    pub(super) fn page<Entry, Row, Cursor>(
        &mut self,
        entries: impl Iterator<Item = Entry>,
        mut look: impl FnMut(&Entry, &mut Self) -> Option<Row>,
        cursor: impl Fn(Entry) -> Cursor,
    ) -> Page<Row, Cursor> {
        let mut rows = Vec::new();
        let mut last = None;
        for entry in entries {
            if last.is_some() && (rows.len() >= ROWS_MAX || self.is_over()) {
                return Page { rows, next: last.map(cursor) };
            }
            self.add(1);
            rows.extend(look(&entry, self));
            last = Some(entry);
        }
        Page { rows, next: None }
    }
}

/// What it costs to hold one text against masks of so many bytes together.
pub(super) fn of_masks<'m>(masks: impl IntoIterator<Item = &'m String>) -> usize {
    masks.into_iter().map(|mask| 1 + mask.len() / MASK_BYTES).sum()
}

/// What it costs to tell whether someone who is not in a room may read it: they are held against its lists.
pub(super) fn of_access(room: &Room) -> usize {
    let lists = [RoomList::Bans, RoomList::Exempt, RoomList::Invited];
    let masks = lists.into_iter().flat_map(|list| room.list(list));
    masks.map(|entry| 1 + entry.mask.as_str().len() / MASK_BYTES).sum()
}

#[cfg(test)]
mod tests {
    use chinwag_model::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId, Timestamp};
    use chinwag_model::mode::{PersonFlag, RoomFlag};
    use chinwag_model::name::Name;
    use chinwag_model::query::{Answer, ChannelFilter, Query};
    use chinwag_model::secret::Verifier;

    use super::*;
    use crate::answer::Response;
    use crate::state::{Member, Password, Person, Session, State};

    const ANA: SessionId = SessionId { node: NodeId(1), number: 1 };

    /// Rooms and persons besides those that are looked for.
    const MANY: u64 = 20_000;

    /// A state with so many rooms and persons: ana, who is in the lobby with all of them; `room7`, and
    /// `p7`, each seventh of whom is invisible and in another room. All others have no connection.
    fn large(secret: bool) -> State {
        let mut state = State::new();
        for id in 1..=MANY {
            let name = if id == 1 { "ana".to_owned() } else { format!("p{id}") };
            let password = Password::new(Verifier::new("v".to_owned()), Seq(1));
            let mut person = Person::new(Name::parse(&name).unwrap(), None, Some(password));
            (person.stays_else, person.since) = (true, Timestamp(1));
            person.flags = person.flags.with(PersonFlag::Invisible, id > 1 && id % 7 == 0);
            state.insert_person(PersonId(id), person);
            if id == 1 || id % 7 != 0 {
                state.join(PersonId(id), RoomId::LOBBY, Member::plain(Place::default()));
            }
        }
        for id in 1..=MANY {
            let name = Name::parse(&format!("room{id}")).unwrap();
            let mut room = Room::new(name, false, Timestamp(0));
            room.mode.flags = room.mode.flags.with(RoomFlag::Secret, secret);
            if id == MANY {
                room.invited.insert(PersonId(1), PersonId(2), Timestamp(0));
            }
            room.members.insert(PersonId(2 + id % 100), Member::plain(Place::default()));
            state.insert_room(RoomId(id), room);
        }
        let session = Session { person: PersonId(1), index: 1, secure: false, inside: true };
        state.insert_session(ANA, session);
        state
    }

    /// Asks until the last page; gives how many rows came, in how many steps, and the most work of one.
    fn ask_all(state: &State, mut query: Query) -> (usize, usize, usize) {
        let (mut rows, mut steps, mut most) = (0, 0, 0);
        loop {
            let (response, work) = state.answer_counted(ANA, &query);
            let Response::Now(answer) = response else {
                panic!("{query:?} is left to the archive")
            };
            most = most.max(work);
            steps += 1;
            assert!(steps <= 100_000, "{query:?} comes to no end");
            let goes_on = match (&mut query, answer) {
                (Query::People { after }, Answer::People(page)) => go_on(page, after, &mut rows),
                (Query::Rooms { after }, Answer::Rooms(page)) => go_on(page, after, &mut rows),
                (Query::Groups { after }, Answer::Groups(page)) => go_on(page, after, &mut rows),
                (Query::Present { after, .. }, Answer::Present(page)) => {
                    go_on(page, after, &mut rows)
                }
                (Query::Members { after, .. }, Answer::Members(_, page)) => {
                    go_on(page, after, &mut rows)
                }
                (Query::Channels { after, .. }, Answer::Channels(page)) => {
                    go_on(page, after, &mut rows)
                }
                (Query::Invitations { after }, Answer::Invitations(page)) => {
                    go_on(page, after, &mut rows)
                }
                (Query::Matching { after, .. }, Answer::Matching(page)) => {
                    go_on(page, after, &mut rows)
                }
                (Query::RoomMetadata { after, .. }, Answer::RoomMetadata(page)) => {
                    go_on(page, after, &mut rows)
                }
                (Query::Names { after, .. }, Answer::Names(_, names)) => {
                    rows += names.iter().count();
                    *after = names.next;
                    names.next.is_some()
                }
                (query, answer) => panic!("{query:?}: {answer:?}"),
            };
            if !goes_on {
                return (rows, steps, most);
            }
        }
    }

    fn go_on<Row, Cursor>(
        page: Page<Row, Cursor>,
        after: &mut Option<Cursor>,
        rows: &mut usize,
    ) -> bool {
        *rows += page.rows.len();
        *after = page.next;
        after.is_some()
    }

    #[test]
    fn attack_no_answer_looks_at_more_than_it_may_and_all_of_it_is_told() {
        let many = usize::try_from(MANY).unwrap();
        let (open, secret) = (large(false), large(true));
        let lobby = || Name::lobby();
        let filter = |masks: Vec<String>| {
            let filter = ChannelFilter { masks, ..ChannelFilter::default() };
            Query::Channels { filter: Box::new(filter), after: None }
        };
        // Twenty masks, of which none fits; and one that is costly to tell.
        let none: Vec<String> = (0..20).map(|n| format!("*nothing*like*{n}*this*")).collect();
        let costly = vec!["*r*o*o*m*1*1*x".to_owned(); 20];
        let matching = |mask: &str, operators| Query::Matching {
            mask: mask.to_owned(),
            operators,
            after: None,
        };
        let inside = many - (many / 7);
        let room = || Name::parse("room2").unwrap();
        for (state, query, rows) in [
            (&open, filter(vec![]), many + 1),
            (&open, filter(none), 0),
            (&open, filter(costly), 0),
            (&open, filter(vec!["#room19999".to_owned()]), 1),
            (&open, Query::Rooms { after: None }, many + 1),
            (&secret, Query::Rooms { after: None }, 1),
            // Of secret rooms, the one that ana is invited to.
            (&secret, filter(vec![]), 2),
            (&open, Query::Invitations { after: None }, 1),
            (&open, Query::Groups { after: None }, 0),
            (&open, Query::People { after: None }, many),
            (&open, matching("*", false), inside),
            (&open, matching("p19999", false), 1),
            (&open, matching("*n*o*b*o*d*y*", false), 0),
            (&open, matching("*", true), 0),
            (&open, Query::Members { room: lobby(), after: None }, inside),
            (&open, Query::Members { room: room(), after: None }, 1),
            (&open, Query::Names { room: lobby(), masks: true, after: None }, inside),
            // Of all who are there, one has a connection.
            (&open, Query::Present { room: RoomId::LOBBY, after: None }, 1),
            (
                &open,
                Query::RoomMetadata { room: lobby(), keys: vec!["k".into(); 50], after: None },
                0,
            ),
        ] {
            let (told, steps, most) = ask_all(state, query.clone());
            assert_eq!(told, rows, "{query:?}");
            // One more entry is looked at when the bound is reached, with all that belongs to it.
            assert!(most <= WORK_MAX + 600, "{most} for one step of {query:?}");
            // Nor is so little done at a time that it takes for ever.
            assert!(steps <= 2 + many / 50, "{steps} steps of {query:?}");
        }
    }

    #[test]
    fn attack_a_search_looks_for_public_rooms_among_a_bounded_number() {
        let state = large(true);
        let words = "tea".to_owned();
        let query = Query::Search { words, filter: Box::default(), limit: 10 };
        let (_, work) = state.answer_counted(ANA, &query);
        assert!(work <= 5000, "{work}");
    }
}
