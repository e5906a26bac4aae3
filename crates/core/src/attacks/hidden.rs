//! Secret rooms and groups, as those outside know them.

use super::*;

/// A secret room of ana's, and a group of hers; cy is in neither, and no guest.
const HIDDEN: &str = "ana: enter with v
    ana2: visits as ana3
    bo: enter
    cy: visits
    cy: register
    ana: join tea
    ana: found tea
    ana: topic tea biscuits
    ana: value tea v
    ana: mode tea +s
    ana: in tea hello
    ana: group grp bo
    ana: in grp hello";

/// What someone asks of a room or of the world, in all ways that there are.
fn questions(stage: &Stage, room: &str, known: &str) -> Vec<Query> {
    let id = stage.room(known);
    let called = name(room);
    let owner = || Owner::Room(name(room));
    let filter = || Box::new(Filter { within: Some(owner()), ..Filter::default() });
    let masks = vec![format!("#{room}")];
    vec![
        Query::Present { room: id, after: None },
        Query::Room(called.clone()),
        Query::OwnRoom(called.clone()),
        Query::Topic(id),
        Query::RoomHistory { room: id, limit: 9 },
        Query::Search { words: "hello".into(), filter: filter(), limit: 9 },
        Query::Members { room: called.clone(), after: None },
        Query::Names { room: called.clone(), masks: true, after: None },
        Query::Channel(called.clone()),
        Query::Channels {
            filter: Box::new(ChannelFilter { masks, ..ChannelFilter::default() }),
            after: None,
        },
        Query::Listed { room: called.clone(), list: RoomList::Bans },
        Query::Listed { room: called.clone(), list: RoomList::Invited },
        Query::RoomMetadata { room: called, keys: vec!["k".into()], after: None },
        Query::Metadata(owner()),
        Query::ReadUpto(format!("#{room}").into()),
        Query::Invitations { after: None },
        Query::Groups { after: None },
        Query::Rooms { after: None },
    ]
}

/// All orders that are about a room by its name, but to come in.
const ORDERS: &[&str] = &[
    "part ROOM",
    "kick ROOM ana",
    "mode ROOM -s",
    "mode ROOM +b:x!*@*",
    "entitle ROOM x",
    "call cy ROOM",
    "call bo ROOM",
    "uninvite cy ROOM",
    "found ROOM",
    "rename ROOM mine",
    "relay ROOM x",
    "on ROOM x",
    "ops ROOM x",
    "value ROOM x",
    "read #ROOM 5",
];

/// A hidden room gives an outsider the same answers as one that does not exist.
#[track_caller]
fn check_hidden(label: &str) {
    for hidden in ["tea", "grp"] {
        let mut stage = stage(HIDDEN);
        let nowhere = questions(&stage, "nowhere", "nowhere");
        for (query, of_nowhere) in questions(&stage, hidden, hidden).iter().zip(&nowhere) {
            let (told, none) = (stage.ask(label, query), stage.ask(label, of_nowhere));
            assert_eq!(told, none, "{query:?}");
        }
        let lines = |room| Query::Lines {
            of: Owner::Room(name(room)),
            range: Range::Latest(None),
            limit: 9,
            happenings: true,
        };
        assert_eq!(stage.ask(label, &lines(hidden)), Answer::NoSuchHistory(name(hidden)));
        assert!(matches!(
            stage.ask(label, &Query::History { of: name(hidden), limit: 9 }),
            Answer::NoSuchHistory(_)
        ));
        let id = stage.room(hidden);
        assert!(!searched(&mut stage, label).contains(&id), "a search of everything");
        match stage
            .reading(
                label,
                &Query::Targets { from: Default::default(), to: Default::default(), limit: 9 },
            )
            .what
        {
            ReadingKind::Targets { rooms, .. } => assert!(!rooms.contains(&id)),
            other => panic!("{other:?}"),
        }
        match stage.ask(label, &Query::Profile(name("ana"))) {
            Answer::Profile(Some(profile)) => {
                assert!(profile.rooms.iter().all(|(room, _)| room.id != id), "{profile:?}");
            }
            other => panic!("{other:?}"),
        }
        for order in ORDERS {
            let of = |room: &str| {
                last_told(&format!("{HIDDEN}\n{label}: {}", order.replace("ROOM", room)))
            };
            assert_eq!(of(hidden).replace(hidden, "nowhere"), of("nowhere"), "{order}");
        }
    }
}

#[test]
fn attack_orders_and_questions_tell_no_outsider_of_a_secret_room() {
    check_hidden("cy");
}

#[test]
fn adv_ergo_4_values_and_names_of_hidden_rooms_are_told_to_nobody_outside() {
    check_hidden("cy");
    let mut stage = stage(HIDDEN);
    let values = Query::Metadata(Owner::Room(name("tea")));
    assert!(
        matches!(stage.ask("ana", &values), Answer::Metadata(Some((_, values))) if values.len() == 1)
    );
    stage.play("ana: mode tea -s +i");
    assert_eq!(stage.ask("cy", &values), Answer::Metadata(None), "by invitation only");
}

#[test]
fn adv_synapse_10_a_hidden_rooms_size_and_members_are_the_same_answer_as_of_none() {
    check_hidden("cy");
}

#[test]
fn adv_zulip_1_a_guest_reads_no_room_that_they_are_not_in() {
    // `ana2` came in without an account.
    check_hidden("ana2");
    let mut stage = stage(HIDDEN);
    for lock in ["-s +i", "-i +k:x", "-k +R"] {
        stage.play(&format!("ana: mode tea {lock}"));
        assert!(!reads(&mut stage, "ana2", "tea"), "{lock}");
    }
    stage.play("ana: mode tea -R");
    assert!(reads(&mut stage, "ana2", "tea"), "open to all");
}

#[test]
fn adv_zulip_2_what_was_readable_is_not_after_access_is_lost() {
    let open = "ana: visits\nbo: visits\nana: visit tea\nana: topic tea x\nana: on tea hello\nbo: visit tea";
    for (loss, room) in [
        ("ana: mode tea +i\nana: kick tea bo", "tea"),
        ("ana: mode tea +s\nana: kick tea bo", "tea"),
        ("ana: mode tea +b:bo!*@*\nana: kick tea bo", "tea"),
        ("ana: mode tea +k:x\nbo: part tea", "tea"),
        ("ana: mode tea +i\nana: kick tea bo\nana: rename tea coffee", "coffee"),
    ] {
        let mut stage = stage(&format!("{open}\n{loss}"));
        assert!(!reads(&mut stage, "bo", room), "{loss}");
        assert!(reads(&mut stage, "ana", room), "{loss}");
        let told = stage.play(&format!("--\nbo: redact 5.0 bo {room}"));
        assert!(told.contains("refused"), "{loss}: {told}");
    }
}

#[test]
fn adv_zulip_4_no_other_way_makes_a_room_that_join_would_not() {
    let before = "ana: visits\nana: register\nana: visit tea-1\nana: found tea-1\nbo: visits\nbo: visit mine";
    for wanted in ["tea-l", "l0bby"] {
        let by_join = last_told(&format!("{before}\nbo: visit {wanted}"));
        let by_rename = last_told(&format!("{before}\nbo: rename mine {wanted}"));
        let by_line_mode = last_told(&format!("{before}\nbo: join {wanted}"));
        assert!(by_join.contains("refused"), "{by_join}");
        assert_eq!(by_join, by_rename);
        assert!(by_line_mode.contains("refused"), "{by_line_mode}");
    }
    // A mode makes no room, and neither a topic nor a value does.
    for order in
        ["mode nowhere +s", "entitle nowhere x", "value nowhere x", "found nowhere", "on nowhere x"]
    {
        let mut stage = stage(&format!("bo: visits\nbo: {order}"));
        assert_eq!(
            stage.ask("bo", &Query::Channel(name("nowhere"))),
            Answer::Channel(None),
            "{order}"
        );
        assert_eq!(
            stage.ask("bo", &Query::Standing(name("nowhere"))),
            Answer::Standing(Standing::Free)
        );
    }
}

#[test]
fn adv_synapse_6_what_was_read_is_kept_of_ones_own_rooms_and_up_to_now() {
    check_last(
        &format!("{HIDDEN}\nana: group own"),
        &[
            ("cy: read #tea 5", "cy told: refused, not in that room"),
            ("cy: read #grp 5", "cy told: refused, not in that room"),
            ("cy: read #nowhere 5", "cy told: refused, not in that room"),
            ("ana: read #tea 5", "ana told: read up to 5"),
            ("ana: read bo 5", "ana told: read up to 5"),
            ("ana: read #tea 9000000000000", "ana told: read up to 16000"),
            ("ana: kick tea ana\nana: read #tea 7", "ana told: refused, not in that room"),
        ],
    );
}

#[test]
fn adv_ergo_2_who_may_take_a_message_back() {
    let script = "ana: visits
        bo: visits
        cy: visits
        dora: visits
        op: visits
        ana: visit tea
        bo: visit tea
        cy: visit tea
        ana: visit other
        dora: visit other
        ana: mode other +o:dora
        bo: on tea hello";
    let id = "14.0";
    for (who, before, may) in [
        ("bo", "", "noted"),
        ("ana", "", "noted"),
        ("cy", "", "refused, not yours"),
        ("cy", "ana: mode tea +v:cy", "refused, not yours"),
        ("cy", "ana: mode tea +h:cy", "noted"),
        ("cy", "ana: mode tea +o:cy\nana: mode tea -o:cy", "refused, not yours"),
        // One who leads another room, in this one or not.
        ("dora", "", "refused, tea: NotIn"),
        ("dora", "dora: visit tea", "refused, not yours"),
        ("dora", "ana: mode tea +s", "refused, no such message"),
        // The author who left, or was put out.
        ("bo", "bo: part tea", "refused, tea: NotIn"),
        ("bo", "ana: kick tea bo", "refused, tea: NotIn"),
        ("bo", "ana: mode tea +b:bo!*@*", "noted"),
        ("op", "op: kick tea bo\nop: oper\nop: visit tea", "noted"),
        ("op", "op: oper", "refused, tea: NotIn"),
    ] {
        let told = last_told(&format!("{script}\n{before}\n{who}: redact {id} bo tea"));
        assert_eq!(told, format!("{who} told: {may}"), "{before}");
    }
    // What a bridge said for others is its own, and nobody else's.
    let relayed = "ana: visits\nbo: visits\nana: visit tea\nbo: visit tea\nana: relay tea hello";
    let told = last_told(&format!("{relayed}\nbo: redact 6.0 ana tea"));
    assert_eq!(told, "bo told: refused, not yours");
    let told = last_told(&format!("{relayed}\nana: mode tea -o:ana\nana: redact 6.0 ana tea"));
    assert_eq!(told, "ana told: noted");
}
