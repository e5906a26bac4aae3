use chinwag_model::id::{Place, Seq};
use chinwag_model::message::RoomCard;
use chinwag_model::query::ROWS_MAX;

use super::*;
use crate::stage::{Stage, name};

/// Plays a script and gives the stage.
fn after(script: &str) -> Stage {
    let mut stage = Stage::new();
    stage.play(script);
    stage
}

fn page<Row: Clone, Cursor: Clone>(answer: Page<Row, Cursor>) -> (Vec<Row>, Option<Cursor>) {
    (answer.rows, answer.next)
}

/// `prefix1`, `prefix2`, … each with a script around it.
fn many(count: usize, line: impl Fn(usize) -> String) -> String {
    (1..=count).map(|n| line(n) + "\n").collect()
}

#[test]
fn who_has_not_come_in_learns_only_how_a_name_stands() {
    let mut stage = after("ana: enter");
    assert_eq!(stage.ask("bo", &Query::Standing(name("ana"))), Answer::Standing(Standing::Open));
    for query in [
        Query::People { after: None },
        Query::Clients { after: 0 },
        Query::Client(1),
        Query::Rooms { after: None },
        Query::Groups { after: None },
        Query::Present { room: RoomId::LOBBY, after: None },
        Query::Room(name("lobby")),
        Query::OwnRoom(name("lobby")),
        Query::Topic(RoomId::LOBBY),
        Query::Backlog { upto: Place::default(), after: None },
        Query::RoomHistory { room: RoomId::LOBBY, limit: 1 },
        Query::History { of: name("ana"), limit: 1 },
        Query::BroadcastHistory { limit: 1 },
        Query::Search { words: "tea".to_owned(), filter: Box::default(), limit: 1 },
    ] {
        assert_eq!(stage.ask("bo", &query), Answer::Unavailable, "{query:?}");
    }
}

#[test]
fn a_name_is_free_open_protected_or_a_rooms() {
    let mut stage = after(
        "ana: enter
         bo: enter with v
         bo: exit
         guest: enter guest
         ana: join tea
         ana: group grp",
    );
    for (of, standing) in [
        ("ANA", Standing::Open),
        ("bo", Standing::Protected),
        ("tea", Standing::Room),
        ("grp", Standing::Room),
        ("lobby", Standing::Room),
        ("dora", Standing::Free),
        // A guest is not registered, so that there is nobody to come in as.
        ("guest-1", Standing::Free),
    ] {
        for asker in ["ana", "nobody"] {
            let answer = stage.ask(asker, &Query::Standing(name(of)));
            assert_eq!(answer, Answer::Standing(standing.clone()), "{of}");
        }
    }
}

#[test]
fn people_are_all_registered_and_guests_who_are_in_by_name() {
    let mut stage = after(
        "Cy: enter
         bo: enter
         Ana: enter
         one: enter guest
         two: enter guest
         one: exit
         bo: exit
         Ana: join tea",
    );
    let Answer::People(people) = stage.ask("Ana", &Query::People { after: None }) else { panic!() };
    let rows: Vec<_> = people.rows.iter().map(|(name, on)| (name.shown(), *on)).collect();
    assert_eq!(rows, [("Ana", true), ("bo", false), ("Cy", true), ("guest-2", true)]);
    assert_eq!(people.next, None);
}

#[test]
fn people_come_in_pages() {
    let script = many(ROWS_MAX, |n| format!("x: enter p{n:04}\nx: exit"));
    let mut stage = after(&format!("{script}\nana: enter"));
    let mut ask = |after| match stage.ask("ana", &Query::People { after }) {
        Answer::People(people) => page(people),
        other => panic!("{other:?}"),
    };
    let (first, next) = ask(None);
    assert_eq!((first.len(), next.clone()), (ROWS_MAX, Some(name("p0499"))));
    let (second, end) = ask(next);
    assert_eq!((second, end), (vec![(name("p0500"), false)], None));
    assert_eq!(ask(Some(name("zzz"))), (vec![], None));
}

#[test]
fn a_page_that_is_just_full_is_the_last_one() {
    let script = many(ROWS_MAX - 1, |n| format!("x: enter p{n:04}\nx: exit"));
    let mut stage = after(&format!("{script}\nana: enter"));
    let Answer::People(people) = stage.ask("ana", &Query::People { after: None }) else { panic!() };
    assert_eq!((people.rows.len(), people.next), (ROWS_MAX, None));
}

#[test]
fn clients_keep_their_indexes_and_a_new_one_is_behind_the_last() {
    let mut stage = after(
        "ana: enter with v
         bo: enter
         cy: enter
         guest: enter guest
         ana2: enter ana checked 1
         bo: exit
         guest: exit
         bo: enter",
    );
    let mut ask = |after| match stage.ask("ana", &Query::Clients { after }) {
        Answer::Clients(clients) => clients,
        other => panic!("{other:?}"),
    };
    let rows = |page: Page<Client, u32>| -> Vec<(u32, String)> {
        page.rows.iter().map(|client| (client.index, client.name.to_string())).collect()
    };
    let row = |index, name: &str| (index, name.to_owned());
    assert_eq!(rows(ask(0)), [row(1, "ana"), row(3, "cy"), row(5, "ana"), row(6, "bo")]);
    assert_eq!(rows(ask(3)), [row(5, "ana"), row(6, "bo")]);
    assert_eq!(rows(ask(u32::MAX)), []);

    let ana2 = stage.session("ana2");
    let Answer::Clients(clients) = stage.ask("ana", &Query::Clients { after: 4 }) else { panic!() };
    assert_eq!(clients.rows[0].session, ana2);
    for (index, person) in [(0, None), (1, Some("ana")), (2, None), (5, Some("ana")), (7, None)] {
        let Answer::Client(card) = stage.ask("bo", &Query::Client(index)) else { panic!() };
        let expected = person.map(|person| (stage.person(person), name(person)));
        assert_eq!(card.map(|card| (card.id, card.name)), expected, "client {index}");
    }
}

#[test]
fn the_last_index_is_given_again_once_it_is_free() {
    let mut stage = after(
        "ana: enter
         bo: enter
         bo: exit
         cy: enter",
    );
    let Answer::Client(card) = stage.ask("ana", &Query::Client(2)) else { panic!() };
    assert_eq!(card.map(|card| card.name), Some(name("cy")));
}

#[test]
fn clients_come_in_pages() {
    let mut stage = after(&many(ROWS_MAX + 2, |n| format!("p{n}: enter p{n}")));
    let mut ask = |after| match stage.ask("p1", &Query::Clients { after }) {
        Answer::Clients(clients) => (clients.rows.len(), clients.next),
        other => panic!("{other:?}"),
    };
    assert_eq!(ask(0), (ROWS_MAX, Some(500)));
    assert_eq!(ask(500), (2, None));
}

#[test]
fn rooms_are_public_ones_with_someone_in_them() {
    let mut stage = after(
        "ana: enter
         bo: enter
         ana: join Zoo
         ana: join coffee
         bo: join coffee
         ana: join tea
         ana: in tea hello
         ana: leave tea
         ana: group grp
         ana: topic coffee black",
    );
    let Answer::Rooms(rooms) = stage.ask("bo", &Query::Rooms { after: None }) else { panic!() };
    let row = |room: &RoomRow| {
        let topic = room.topic.as_ref().map(Text::as_str).unwrap_or_default();
        format!("{} {} {topic}", room.name, room.members)
    };
    let rows: Vec<_> = rooms.rows.iter().map(row).collect();
    assert_eq!(rows, ["coffee 2 black", "lobby 2 ", "Zoo 1 "]);
    assert_eq!(rooms.next, None);
}

#[test]
fn rooms_come_in_pages() {
    let joins = |who: &'static str, from: usize, count: usize| {
        many(count, move |n| format!("{who}: join room{:04}", from + n))
    };
    let mut stage = after(&format!(
        "ana: enter\nbo: enter\n{}{}",
        joins("ana", 0, ROWS_MAX - 1),
        joins("bo", ROWS_MAX - 1, 2)
    ));
    let mut ask = |after| match stage.ask("ana", &Query::Rooms { after }) {
        Answer::Rooms(rooms) => page(rooms),
        other => panic!("{other:?}"),
    };
    let (first, next) = ask(None);
    assert_eq!((first.len(), next.clone()), (ROWS_MAX, Some(name("room0499"))));
    let (second, end) = ask(next);
    let names: Vec<_> = second.iter().map(|row| row.name.shown()).collect();
    assert_eq!((names, end), (vec!["room0500", "room0501"], None));
}

#[test]
fn groups_are_ones_own_with_their_members() {
    let mut stage = after(
        "ana: enter
         bo: enter
         bo: exit
         cy: enter
         ana: join tea
         ana: group one bo
         ana: group two
         cy: group three ana",
    );
    let mut ask = |who| match stage.ask(who, &Query::Groups { after: None }) {
        Answer::Groups(groups) => groups
            .rows
            .iter()
            .map(|row| {
                let names: Vec<_> = row.names.iter().map(Name::shown).collect();
                format!("{}: {}", row.room.name, names.join(" "))
            })
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ask("ana"), ["one: ana bo", "two: ana", "three: ana cy"]);
    assert_eq!(ask("cy"), ["three: ana cy"]);
}

#[test]
fn who_is_present_is_online_and_perhaps_away() {
    let mut stage = after(
        "ana: enter
         bo: enter
         cy: enter
         ana: group grp bo cy
         cy: exit
         bo: away lunch",
    );
    let room = stage.room("grp");
    let Answer::Present(present) = stage.ask("ana", &Query::Present { room, after: None }) else {
        panic!()
    };
    let lunch = Text::parse("lunch").unwrap();
    assert_eq!(present.rows, [(name("ana"), None), (name("bo"), Some(lunch))]);
    assert_eq!(present.next, None);
}

#[test]
fn who_is_present_comes_in_pages() {
    let mut stage = after(&many(ROWS_MAX + 1, |n| format!("p{n}: enter p{n}")));
    let last = stage.person("p500");
    let mut ask = |after| match stage.ask("p1", &Query::Present { room: RoomId::LOBBY, after }) {
        Answer::Present(present) => page(present),
        other => panic!("{other:?}"),
    };
    let (first, next) = ask(None);
    assert_eq!((first.len(), next), (ROWS_MAX, Some(last)));
    assert_eq!(ask(next), (vec![(name("p501"), None)], None));
}

/// What can be asked of a room by id and by name.
fn of_room(stage: &mut Stage, who: &str, room: &str) -> [Option<Response>; 6] {
    let (id, of) = (stage.room(room), name(room));
    let session = stage.session(who);
    [
        Query::Present { room: id, after: None },
        Query::Topic(id),
        Query::RoomHistory { room: id, limit: 5 },
        Query::Room(of.clone()),
        Query::OwnRoom(of.clone()),
        Query::History { of, limit: 5 },
    ]
    .map(|query| {
        // An answer names the room that was asked for, which is all in which two may differ.
        match stage.state().answer(session, &query) {
            Response::Now(Answer::NoSuchHistory(_)) => None,
            response => Some(response),
        }
    })
}

#[test]
fn a_group_that_one_is_not_in_is_as_if_it_did_not_exist() {
    let mut stage = after(
        "ana: enter
         bo: enter
         ana: group grp
         ana: topic grp us
         ana: in grp hello",
    );
    let (group, nothing) = (of_room(&mut stage, "bo", "grp"), of_room(&mut stage, "bo", "nowhere"));
    assert_eq!(group, nothing);
    let nobody = Page { rows: Vec::new(), next: None };
    assert_eq!(
        group,
        [
            Some(Response::Now(Answer::Present(nobody))),
            Some(Response::Now(Answer::Topic(None))),
            Some(Response::Now(Answer::Unavailable)),
            Some(Response::Now(Answer::Room(None))),
            Some(Response::Now(Answer::Room(None))),
            None,
        ]
    );
}

#[test]
fn members_look_into_their_group_and_everyone_into_a_public_room() {
    let mut stage = after(
        "ana: enter
         bo: enter
         ana: group grp
         ana: topic grp us
         ana: join tea
         ana: topic tea us",
    );
    for (who, room, group, own) in
        [("ana", "grp", true, true), ("ana", "tea", false, true), ("bo", "tea", false, false)]
    {
        let id = stage.room(room);
        let card = RoomCard { id, name: name(room), group };
        let present = Page { rows: vec![(name("ana"), None)], next: None };
        let what = ReadingKind::History { conversation: Conversation::Room(id), limit: 5 };
        let reading = Response::Later(Reading { at: stage.state().seq(), what });
        assert_eq!(
            of_room(&mut stage, who, room),
            [
                Response::Now(Answer::Present(present)),
                Response::Now(Answer::Topic(Some(Text::parse("us").unwrap()))),
                reading.clone(),
                Response::Now(Answer::Room(Some(card.clone()))),
                Response::Now(Answer::Room(own.then_some(card))),
                reading,
            ]
            .map(Some),
            "{who} asks for {room}"
        );
    }
}

#[test]
fn the_history_with_a_person_is_that_of_the_two() {
    let mut stage = after(
        "ana: enter
         bo: enter
         bo: exit
         cy: enter",
    );
    for (who, of) in [("ana", "bo"), ("cy", "ANA"), ("ana", "ana")] {
        let pair = Conversation::pair(stage.person(who), stage.person(of));
        let reading = stage.reading(who, &Query::History { of: name(of), limit: 5 });
        let what = ReadingKind::History { conversation: pair, limit: 5 };
        assert_eq!(reading, Reading { at: Seq(5), what });
    }
    let of = name("dora");
    let answer = stage.ask("ana", &Query::History { of: of.clone(), limit: 5 });
    assert_eq!(answer, Answer::NoSuchHistory(of));
}

#[test]
fn the_history_of_broadcasts_is_everyones() {
    let mut stage = after("guest: enter guest");
    let reading = stage.reading("guest", &Query::BroadcastHistory { limit: 5 });
    let what = ReadingKind::History { conversation: Conversation::Everyone, limit: 5 };
    assert_eq!(reading, Reading { at: Seq(2), what });
}

#[test]
fn a_backlog_is_of_ones_groups_since_one_was_a_member_without_the_ignored() {
    let mut stage = after(
        "ana: enter
         bo: enter
         ana: group one
         ana: invite bo one
         bo: group two
         ana: group three
         bo: join tea
         bo: ignore ana
         bo: exit
         bo: enter",
    );
    let upto = Place { seq: Seq(11), index: 0 };
    let place = |seq| Place { seq: Seq(seq), index: 0 };
    let reading = stage.reading("bo", &Query::Backlog { upto, after: Some(place(9)) });
    let what = ReadingKind::Backlog {
        person: stage.person("bo"),
        groups: vec![(stage.room("one"), place(5)), (stage.room("two"), place(6))],
        upto,
        after: Some(place(9)),
        ignores: vec![stage.person("ana")],
    };
    assert_eq!(reading, Reading { at: Seq(11), what });
}

#[test]
fn a_search_goes_through_ones_own_rooms_first_and_public_ones_then() {
    let mut stage = after(
        "ana: enter
         bo: enter
         ana: join tea
         ana: group one
         bo: join coffee
         bo: group two
         bo: group three ana",
    );
    let query = Query::Search { words: "black tea".to_owned(), filter: Box::default(), limit: 5 };
    let rooms = |stage: &Stage, names: &[&str]| -> Vec<RoomId> {
        names.iter().map(|name| stage.room(name)).collect()
    };
    for (who, names) in [
        ("ana", &["lobby", "tea", "one", "three", "coffee"][..]),
        ("bo", &["lobby", "coffee", "two", "three", "tea"][..]),
    ] {
        let what = ReadingKind::Search {
            words: "black tea".to_owned(),
            person: stage.person(who),
            rooms: rooms(&stage, names),
            within: None,
            author: None,
            after: None,
            before: None,
            limit: 5,
        };
        assert_eq!(stage.reading(who, &query), Reading { at: Seq(8), what }, "{who}");
    }
}

#[test]
fn a_search_goes_through_so_many_rooms_and_no_more() {
    let rooms = |who: &'static str, count| many(count, move |n| format!("{who}: join {who}-{n}"));
    let mut stage = after(&format!(
        "bo: enter\n{}cy: enter\n{}dora: enter\n{}ana: enter\nana: group grp",
        rooms("bo", 499),
        rooms("cy", 499),
        rooms("dora", 10)
    ));
    let query = Query::Search { words: "tea".to_owned(), filter: Box::default(), limit: 5 };
    let ReadingKind::Search { rooms, .. } = stage.reading("ana", &query).what else { panic!() };
    assert_eq!(rooms.len(), ROOMS_SEARCHED_MAX);
    assert_eq!(rooms[..2], [RoomId::LOBBY, stage.room("grp")]);
}
