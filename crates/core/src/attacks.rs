//! Attacks on rooms, groups, names and invitations, and what others' advisories tell of: scripts over
//! several rules. A test that is called `adv_…` is named after the advisory in whose program it happened.

use chinwag_model::intent::Owner;
use chinwag_model::mode::RoomList;
use chinwag_model::query::{
    Answer, ChannelFilter, Filter, Page, Query, Range, ReadingKind, Standing,
};

use crate::stage::{Stage, name, play};
use crate::state::{
    FORMER_NAME_MS, GROUP_BURST, GROUP_REFILL_MS, GROUPS_BY_OTHERS_MAX, INVITATION_MS,
};

fn stage(script: &str) -> Stage {
    let mut stage = Stage::new();
    stage.play(script);
    stage
}

/// What the last one who asked for something was told.
fn last_told(script: &str) -> String {
    let told = play(script);
    let last = told.lines().rfind(|line| line.contains(" told: "));
    last.unwrap_or_else(|| panic!("nothing told of {script}")).to_owned()
}

/// What is told last by each script.
#[track_caller]
fn check_last(before: &str, cases: &[(&str, &str)]) {
    for (script, expected) in cases {
        assert_eq!(last_told(&format!("{before}\n{script}")), *expected, "{script}");
    }
}

// Names.

#[test]
fn attack_a_room_that_looks_like_one_that_people_know_is_not_made() {
    check_last(
        "ana: visits
         ana: visit tea-1
         bo: visits",
        &[
            ("bo: visit 1obby", "bo told: refused, 1obby looks like lobby"),
            ("bo: visit lоbby", "bo told: refused, lоbby looks like lobby"),
            ("bo: visit LOBBУ", "bo told: refused, LOBBУ looks like lobby"),
            ("bo: visit tea-l", "bo told: refused, tea-l looks like tea-1"),
            ("bo: join tea-l", "bo told: refused, tea-l looks like tea-1"),
            ("bo: visit mine\nbo: rename mine tea-l", "bo told: refused, tea-l looks like tea-1"),
            ("bo: visit mine\nbo: rename mine l0bby", "bo told: refused, l0bby looks like lobby"),
            // The room itself may be renamed so, and others that are called otherwise be made.
            ("ana: rename tea-1 tea-l", "ana told: noted"),
            ("bo: visit tea-2", "bo told: in tea-2"),
        ],
    );
}

#[test]
fn attack_the_refusal_of_a_look_alike_tells_of_no_hidden_room() {
    // A secret one that is not registered is no obstacle, and others are not named.
    let secret = "ana: visits\nana: register\nana: visit tea-1\nana: mode tea-1 +s\nbo: visits";
    check_last(secret, &[("bo: visit tea-l", "bo told: in tea-l")]);
    let registered = format!("{secret}\nana: found tea-1");
    check_last(&registered, &[("bo: visit tea-l", "bo told: refused, tea-l can't be taken")]);
    let in_line_mode = "ana: enter\nana: group plan-1\nbo: enter";
    check_last(
        in_line_mode,
        &[
            ("bo: join plan-l", "bo told: refused, plan-l can't be taken"),
            ("bo: nick plan-l", "bo told: refused, plan-l can't be taken"),
            ("plan-l: enter", "plan-l told: refused, plan-l can't be taken"),
        ],
    );
}

#[test]
fn a_room_that_was_there_first_keeps_its_place() {
    check_last(
        "ana: visits
         ana: visit tea-1
         ana: mode tea-1 +s
         bo: visits
         bo: visit tea-l
         ana: mode tea-1 -s",
        &[
            ("cy: visits\ncy: visit tea-1", "cy told: in tea-1"),
            ("cy: visits\ncy: visit tea-l", "cy told: in tea-l"),
        ],
    );
}

// Groups.

#[test]
fn attack_nobody_is_put_into_a_group_by_someone_they_ignore() {
    check_last(
        "ana: enter
         bo: enter
         cy: enter
         bo: ignore ana
         ana: group own",
        &[
            ("ana: group grp bo", "ana told: refused, bo can't be put into groups"),
            ("ana: group grp cy bo", "ana told: refused, bo can't be put into groups"),
            ("ana: invite bo own", "ana told: refused, bo can't be put into groups"),
            ("ana: call bo own", "ana told: refused, bo can't be put into groups"),
            ("bo: unignore ana\nana: call bo own", "ana told: bo is in own"),
        ],
    );
}

#[test]
fn attack_others_fill_at_most_a_hundred_of_ones_rooms_and_slowly() {
    let mut stage = stage("bo: enter\nbo: group mine");
    // A new throwaway name each few groups, as one name can't go on so fast.
    let mut refused = String::new();
    for n in 0..GROUPS_BY_OTHERS_MAX + 5 {
        if n % 10 == 0 {
            stage.play(&format!("t{0}: enter t{0}", n / 10));
        }
        refused = stage.play(&format!("--\nt{}: group g{n} bo", n / 10));
    }
    let last = (GROUPS_BY_OTHERS_MAX + 4) / 10;
    assert_eq!(refused, format!("t{last} told: refused, bo can't be put into groups"));
    // One's own do not count, and one that is left makes room.
    assert!(stage.play("--\nbo: group mine2").starts_with("bo told: group mine2"));
    stage.play("bo: leave g3");
    let again = stage.play(&format!("--\nt{last}: group more bo"));
    assert!(again.contains("told: group more"), "{again}");
    stage.restore();
    let full = stage.play(&format!("--\nt{last}: group most bo"));
    assert!(full.ends_with("bo can't be put into groups"), "after a restart: {full}");
}

#[test]
fn attack_one_name_makes_groups_no_faster_than_people_do() {
    let mut stage = stage("ana: enter\nbo: enter\ncy: enter");
    let mut made = 0;
    // A script's line takes a second.
    for n in 0..GROUP_BURST + 5 {
        let told = stage.play(&format!("--\nana: group g{n}"));
        made += i64::from(told.contains("told: group"));
        assert!(told.contains("told: group") || told.contains("too fast"), "{told}");
    }
    assert_eq!(made, GROUP_BURST);
    stage.restore();
    for script in ["ana: invite bo g1", "ana: call bo g1", "ana: group more"] {
        let told = stage.play(&format!("--\n{script}"));
        assert!(told.contains("too fast"), "{script}: {told}");
    }
    assert!(stage.play("--\ncy: group other").contains("told: group"));
    let told = stage.play(&format!("clock: {}\n--\nana: invite bo g1", GROUP_REFILL_MS / 1000));
    assert!(told.contains("bo is in g1"), "{told}");
}

#[test]
fn attack_strangers_put_nobody_into_groups_who_takes_messages_from_accounts_only() {
    let mut stage = stage("bo: visits\nbo: register\nana: enter\nana: group grp");
    stage.play("bo: accounts only");
    assert_eq!(stage.play("--\nana: call bo grp"), "ana told: refused, bo takes nothing");
    assert_eq!(stage.play("--\nana: group more bo"), "ana told: refused, bo takes nothing");
}

#[test]
fn who_left_a_group_reads_nothing_of_it_and_nothing_of_it_waits() {
    let mut stage = stage(
        "ana: enter
         bo: enter
         ana: group grp bo
         ana: in grp before
         bo: leave grp
         ana: in grp after",
    );
    assert!(matches!(
        stage.ask("bo", &Query::History { of: name("grp"), limit: 9 }),
        Answer::NoSuchHistory(_)
    ));
    let room = stage.room("grp");
    assert_eq!(stage.ask("bo", &Query::RoomHistory { room, limit: 9 }), Answer::Unavailable);
    assert_eq!(backlog_groups(&mut stage, "bo"), 0);
    assert_eq!(backlog_groups(&mut stage, "ana"), 1);
    assert!(!searched(&mut stage, "bo").contains(&room));
    // Whoever is added again is told what is said from then on.
    stage.play("ana: invite bo grp");
    let since = stage.state().rooms[&room].members[&stage.person("bo")].since;
    assert_eq!(since.seq, stage.state().seq());
}

fn backlog_groups(stage: &mut Stage, label: &str) -> usize {
    let upto = chinwag_model::id::Place::default();
    match stage.reading(label, &Query::Backlog { upto, after: None }).what {
        ReadingKind::Backlog { groups, .. } => groups.len(),
        other => panic!("{other:?}"),
    }
}

fn searched(stage: &mut Stage, label: &str) -> Vec<chinwag_model::id::RoomId> {
    let query = Query::Search { words: "x".into(), filter: Box::default(), limit: 9 };
    match stage.reading(label, &query).what {
        ReadingKind::Search { rooms, .. } => rooms,
        other => panic!("{other:?}"),
    }
}

// Registered rooms.

/// A room of ana's, which bo leads.
const REGISTERED: &str = "ana: visits
    ana: register
    ana: visit tea
    ana: found tea
    bo: visits
    bo: register
    bo: visit tea
    ana: mode tea +o:bo
    cy: visits
    dora: visits
    dora: oper";

#[test]
fn attack_an_operator_of_a_registered_room_does_not_take_its_name() {
    check_last(
        REGISTERED,
        &[
            ("bo: rename tea stolen", "bo told: refused, tea: RankNeeded(Founder)"),
            ("cy: rename tea stolen", "cy told: refused, tea: NotIn"),
            (
                "ana: mode tea +q:bo\nbo: rename tea stolen",
                "bo told: refused, tea: RankNeeded(Founder)",
            ),
            ("ana: rename tea coffee", "ana told: noted"),
            ("dora: rename tea coffee", "dora told: noted"),
        ],
    );
}

#[test]
fn attack_the_former_name_of_a_registered_room_is_kept_for_its_founder() {
    let renamed = format!("{REGISTERED}\nana: rename tea coffee");
    check_last(
        &renamed,
        &[
            ("bo: visit tea", "bo told: refused, tea is kept"),
            ("bo: join tea", "bo told: refused, tea is kept"),
            ("bo: visit mine\nbo: rename mine tea", "bo told: refused, tea is kept"),
            ("cy: visit tea", "cy told: refused, tea is kept"),
            ("ana: visit tea", "ana told: in tea"),
            ("ana: rename coffee tea", "ana told: noted"),
            ("ana: rename coffee tea\nbo: visit coffee", "bo told: refused, coffee is kept"),
        ],
    );
    let day = FORMER_NAME_MS / 1000;
    check_last(&renamed, &[(&format!("clock: {day}\nbo: visit tea"), "bo told: in tea")]);
    // Also after a restart, and from look-alikes; a room of nobody's keeps no name.
    let mut stage = stage(&format!("{REGISTERED}\nana: rename tea tea-1\nana: rename tea-1 other"));
    stage.restore();
    assert_eq!(stage.play("--\nbo: visit tea-l"), "bo told: refused, tea-l is kept");
    check_last(
        "bo: visits\nbo: visit a\nbo: rename a b\ncy: visits",
        &[("cy: visit a", "cy told: in a")],
    );
}

#[test]
fn attack_renaming_to_and_fro_keeps_only_a_few_names() {
    let mut script = REGISTERED.to_owned();
    let mut was = "tea".to_owned();
    for n in 0..20 {
        script.push_str(&format!("\nana: rename {was} name{n}"));
        was = format!("name{n}");
    }
    check_last(
        &script,
        &[
            ("cy: visit name1", "cy told: in name1"),
            ("cy: visit name18", "cy told: refused, name18 is kept"),
        ],
    );
}

#[test]
fn a_name_that_persons_shared_with_a_registered_room_is_kept_from_them_too() {
    check_last(
        "ana: enter with v
         ana: join tea
         ana: found tea
         ana: rename tea coffee",
        &[
            ("tea: enter", "tea told: refused, tea is kept"),
            ("bo: enter\nbo: nick tea", "bo told: refused, tea is kept"),
        ],
    );
}

// Invitations.

/// A room that ana leads and where bo is a plain member, and cy and dora, who are not in it.
const INVITING: &str = "ana: visits
    ana: register
    bo: visits
    cy: visits
    dora: visits
    ana: visit tea
    bo: visit tea";

#[test]
fn attack_a_plain_members_invitation_passes_no_lock_on_any_face() {
    for (lock, no) in
        [("+b:cy!*@*", "Banned"), ("+k:x", "WrongKey"), ("+l:2", "Full"), ("+R", "AccountsOnly")]
    {
        for order in ["bo: call cy tea", "bo: invite cy tea"] {
            let refused = format!("cy told: refused, tea: {no}");
            let (before, after) = (
                format!("ana: mode tea {lock}\n{order}"),
                format!("{order}\nana: mode tea {lock}"),
            );
            for script in [before, after] {
                check_last(INVITING, &[(&format!("{script}\ncy: visit tea"), &refused)]);
            }
        }
    }
    for order in ["bo: call cy tea", "bo: invite cy tea"] {
        let script = format!("ana: mode tea +i\n{order}");
        check_last(INVITING, &[(&script, "bo told: refused, tea: RankNeeded(HalfOperator)")]);
        let script = format!("{order}\nana: mode tea +i\ncy: visit tea");
        check_last(INVITING, &[(&script, "cy told: refused, tea: InviteOnly")]);
    }
}

#[test]
fn who_leads_a_room_invites_past_its_locks_once() {
    for lock in ["+b:cy!*@*", "+k:x", "+l:2", "+R", "+i"] {
        for order in ["ana: call cy tea", "ana: invite cy tea"] {
            let script = format!("{INVITING}\nana: mode tea {lock}\n{order}");
            check_last(
                &script,
                &[("cy: visit tea", "cy told: in tea"), ("cy: join tea", "cy told: in tea")],
            );
            let again = last_told(&format!("{script}\ncy: visit tea\ncy: part tea\ncy: visit tea"));
            assert!(again.starts_with("cy told: refused"), "{lock}: {again}");
        }
    }
}

#[test]
fn attack_an_invitation_outlives_nothing_that_is_meant_to_end_it() {
    let invited = format!("{INVITING}\nana: mode tea +i\nana: call cy tea");
    let day = INVITATION_MS / 1000;
    let (over, not_yet) = (format!("clock: {day}\n"), format!("clock: {}\n", day - 10));
    for (what, no) in [
        ("ana: mode tea -i +i\n", "InviteOnly"),
        ("ana: mode tea +b:cy!*@*\n", "Banned"),
        ("ana: mode tea +b:nemo!*@*\ncy: shown nemo\n", "Banned"),
        ("ana: uninvite cy tea\n", "InviteOnly"),
        (over.as_str(), "InviteOnly"),
        ("cy: visit tea\nana: kick tea cy\n", "InviteOnly"),
        ("ana: mode tea -o:ana\n", "InviteOnly"),
    ] {
        let no = format!("cy told: refused, tea: {no}");
        check_last(&invited, &[(&format!("{what}cy: visit tea"), &no)]);
    }
    check_last(
        &invited,
        &[
            (&format!("{not_yet}cy: visit tea"), "cy told: in tea"),
            ("ana: mode tea +b:dora!*@*\ncy: visit tea", "cy told: in tea"),
            ("ana: mode tea +o:bo\nana: part tea\ncy: visit tea", "cy told: in tea"),
            // Those whom someone invited who is put out do not come in by that.
            (
                "ana: mode tea +o:bo\nbo: call dora tea\nana: kick tea bo\ndora: visit tea",
                "dora told: refused, tea: InviteOnly",
            ),
        ],
    );
}

#[test]
fn an_invitation_is_taken_back_by_who_gave_it_and_who_leads() {
    check_last(
        &format!("{INVITING}\nana: mode tea +i +h:bo\nbo: call cy tea"),
        &[
            ("bo: uninvite cy tea", "bo told: cy is not invited to tea"),
            ("ana: uninvite cy tea", "ana told: cy is not invited to tea"),
            ("ana: uninvite dora tea", "ana told: refused, dora has no invitation to tea"),
            ("ana: uninvite nemo tea", "ana told: refused, no such person nemo"),
            ("cy: uninvite cy tea", "cy told: refused, tea: NotIn"),
            (
                "ana: mode tea -h:bo\nbo: uninvite cy tea",
                "bo told: refused, tea: RankNeeded(HalfOperator)",
            ),
            ("ana: mode tea +s\ndora: uninvite cy tea", "dora told: refused, no such room tea"),
        ],
    );
}

// Reading.

/// A public room with a topic and a value, in which ana and bo are; cy is banned, and was not in it.
const BANNED: &str = "ana: visits
    bo: visits
    cy: visits
    ana: visit tea
    bo: visit tea
    ana: on tea hello
    ana: topic tea biscuits
    ana: mode tea +b:cy!*@* +b:bo!*@*";

/// Whether someone reads a room by each question that there is; all have to agree.
#[track_caller]
fn reads(stage: &mut Stage, label: &str, room: &str) -> bool {
    let called = name(room);
    let id = stage.state().channel(&called).unwrap().0;
    let session = stage.session(label);
    let later = |stage: &Stage, query: &Query| {
        matches!(stage.state().answer(session, query), crate::answer::Response::Later(_))
    };
    let member = stage.state().rooms[&id].members.contains_key(&stage.person(label));
    let history = later(stage, &Query::History { of: called.clone(), limit: 9 });
    let lines = Query::Lines {
        of: Owner::Room(called.clone()),
        range: Range::Latest(None),
        limit: 9,
        happenings: true,
    };
    assert_eq!(later(stage, &lines), member, "CHATHISTORY is for members");
    let topic = matches!(stage.ask(label, &Query::Topic(id)), Answer::Topic(Some(_)));
    let row = match stage.ask(label, &Query::Channel(called.clone())) {
        Answer::Channel(row) => row,
        other => panic!("{other:?}"),
    };
    let listed = match stage
        .ask(label, &Query::Channels { filter: Box::new(ChannelFilter::default()), after: None })
    {
        Answer::Channels(Page { rows, .. }) => rows.into_iter().find(|row| row.card.id == id),
        other => panic!("{other:?}"),
    };
    let metadata = matches!(
        stage.ask(label, &Query::Metadata(Owner::Room(called.clone()))),
        Answer::Metadata(Some(_))
    );
    let names = matches!(
        stage.ask(label, &Query::Names { room: called.clone(), masks: false, after: None }),
        Answer::Names(Some(_), _)
    );
    let who = matches!(
        stage.ask(label, &Query::Members { room: called, after: None }),
        Answer::Members(Some(_), _)
    );
    let here = matches!(stage.ask(label, &Query::Present { room: id, after: None }), Answer::Present(page) if !page.rows.is_empty());
    let found = searched(stage, label).contains(&id);
    let told = [
        history,
        later(stage, &Query::RoomHistory { room: id, limit: 9 }),
        topic,
        row.as_ref().is_some_and(|row| row.reads && row.topic.is_some()),
        listed.is_some_and(|row| row.topic.is_some()),
        metadata,
        names,
        who,
        here,
        found,
    ];
    assert!(told.iter().all(|one| *one == told[0]), "{label}: {told:?}");
    told[0]
}

#[test]
fn attack_a_ban_stops_reading_from_outside_and_a_banned_member_reads_until_removed() {
    let mut stage = stage(BANNED);
    assert!(reads(&mut stage, "ana", "tea"));
    assert!(reads(&mut stage, "bo", "tea"), "a banned member");
    assert!(!reads(&mut stage, "cy", "tea"), "banned, from outside");
    stage.play("dora: visits");
    assert!(reads(&mut stage, "dora", "tea"), "anybody else, from outside");
    stage.play("bo: part tea");
    assert!(!reads(&mut stage, "bo", "tea"), "removed");
    stage.play("ana: mode tea -b:bo!*@* +e:cy!*@*");
    assert!(reads(&mut stage, "cy", "tea"), "exempt from the ban");
    stage.play("ana: mode tea -e:cy!*@* -b:cy!*@* +b:m:cy!*@*");
    assert!(reads(&mut stage, "cy", "tea"), "only silenced");
    for (lock, unlock) in [("+k:x", "-k"), ("+l:1", "-l"), ("+R", "-R"), ("+i", "-i")] {
        stage.play(&format!("ana: mode tea {lock}"));
        assert!(!reads(&mut stage, "dora", "tea"), "{lock}");
        stage.play(&format!("ana: mode tea {unlock}"));
        assert!(reads(&mut stage, "dora", "tea"), "{unlock}");
    }
}

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
        Query::Invitations,
        Query::Groups,
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
