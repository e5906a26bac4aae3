//! Several nodes over one log: what people see of it, and what becomes of nodes.

#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

mod property;
mod world;

use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::intent::{Intent, Origin, Request, Target};
use chinwag_model::node::{Incarnation, NodeName, RULES};
use chinwag_model::query::Query;
use chinwag_model::tag::Tags;
use chinwag_node::health::Standing;
use chinwag_node::node::DEPTH;
use chinwag_node::stop::Stop;
use chinwag_storage::log::{Log, PACKETS_IN_FLIGHT_MAX};

use crate::world::World;

/// Three nodes, with ana at the first, bo at the second and cy at the third, each by session 1.
fn three() -> World {
    let mut world = World::new(&["a", "b", "c"]);
    for (at, name) in ["ana", "bo", "cy"].into_iter().enumerate() {
        world.enter(at, 1, name);
    }
    for at in 0..3 {
        world.told(at, 1);
    }
    world
}

fn people() -> Query {
    Query::People { after: None }
}

#[test]
fn no_more_packets_leave_than_any_log_takes() {
    assert_eq!(DEPTH, PACKETS_IN_FLIGHT_MAX);
}

#[test]
fn people_at_different_nodes_see_the_same_in_the_same_order() {
    let mut world = three();
    for round in 0..10 {
        for at in 0..3 {
            world.places[at].say(1, &format!("{round} at {at}"));
        }
        world.settle();
    }
    let seen: Vec<_> = (0..3).map(|at| world.told(at, 1)).collect();
    assert_eq!(seen[0].lines().count(), 30);
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
    assert_eq!(world.history().len(), 30);
    assert!((0..3).all(|at| world.standing(at) == Standing::Well));
    assert_eq!(world.places[0].node.health().nodes, ["a", "b", "c"]);
}

#[test]
fn the_sessions_of_a_node_that_died_end_once_after_eight_beats() {
    let mut world = three();
    world.run(2_000);
    world.places[2].is_asleep = true;
    world.run(7_000);
    assert_eq!(world.told(0, 1), "", "for so long it may only be slow");
    world.run(3_000);
    assert_eq!(world.told(0, 1), "cy is offline");
    assert_eq!(world.told(1, 1), "cy is offline");
    world.run(20_000);
    assert_eq!(world.told(0, 1) + &world.told(1, 1), "");
    assert_eq!(world.places[0].node.health().nodes, ["a", "b"]);
}

#[test]
fn a_node_that_finds_itself_gone_closes_its_connections_and_comes_back_as_a_new_epoch() {
    let mut world = three();
    world.places[2].is_asleep = true;
    world.run(15_000);
    world.places[2].say(1, "am I there?");
    world.places[2].is_asleep = false;
    world.run(1_000);
    assert_eq!(world.places[2].closed, 1);
    assert!(world.told(2, 1).ends_with("(closed)"));
    assert_eq!(world.standing(2), Standing::Well);
    assert_eq!(world.places[0].node.health().nodes, ["a", "b", "c"]);
    assert_eq!(world.history(), [""; 0], "what was said at a node that was gone is not stored");
    let epoch = |world: &World| {
        world.places[0].node.state().epoch(NodeName::parse("c").expect("a name").id())
    };
    assert_eq!(epoch(&world), 2);
    world.enter(2, 2, "dora");
    world.say(2, 2, "hello");
    world.run(20_000);
    assert_eq!(world.told(0, 1), "cy is offline\ndora is online\ndora: hello");
    assert_eq!((epoch(&world), world.places[2].closed), (2, 1));
}

#[test]
fn while_nobody_can_write_what_is_said_is_held_then_refused_and_reading_goes_on() {
    let mut world = three();
    world.run(1_000);
    world.places.iter_mut().for_each(|place| place.is_cut = true);
    world.run(2_000);
    assert_eq!(world.standing(0), Standing::Well);
    world.run(2_000);
    assert_eq!(world.standing(0), Standing::Stalled);
    world.say(0, 1, "on its way");
    for _ in 0..3 {
        world.say(0, 1, "waits");
    }
    world.places[0].query(1, people());
    world.places[0].query(1, Query::Barrier);
    assert_eq!(world.told(0, 1), "", "it is held, and what was asked behind it too");
    world.run(10_000);
    assert_eq!(world.standing(0), Standing::CutOff);
    assert_eq!(
        world.told(0, 1),
        "(nobody knows)\n(refused: cut off)\n(refused: cut off)\n(refused: cut off)\n(people)\n\
         (barrier)",
        "in the order in which it was asked"
    );
    world.say(0, 1, "too late");
    world.places[0].query(1, people());
    world.places[0].query(1, Query::Barrier);
    world.settle();
    assert_eq!(world.told(0, 1), "(refused: cut off)\n(people)\n(barrier)");

    world.run(5_000);
    world.places.iter_mut().for_each(|place| place.is_cut = false);
    world.run(2_000);
    world.say(0, 1, "again");
    for at in 0..3 {
        assert_eq!(world.standing(at), Standing::Well);
        assert_eq!(world.told(at, 1), "ana: again", "nobody has gone, and nothing came late");
    }
    assert_eq!(world.history(), ["again"]);
}

#[test]
fn after_an_election_all_that_was_held_is_stored_in_order() {
    let mut world = three();
    world.places.iter_mut().for_each(|place| place.is_cut = true);
    world.run(1_000);
    for n in 0..100 {
        world.say(0, 1, &n.to_string());
    }
    world.run(8_000);
    world.places.iter_mut().for_each(|place| place.is_cut = false);
    world.run(1_000);
    let numbers: Vec<_> = (0..100).map(|n: i32| n.to_string()).collect();
    assert_eq!(world.history(), numbers);
    assert_eq!(world.told(1, 1).lines().count(), 100);
}

#[test]
fn what_was_told_to_be_unknown_and_was_stored_is_seen_once_and_told_no_more() {
    let mut world = three();
    world.run(1_000);
    // It reaches the log, but its place is not heard of.
    let request = world.places[0].say(1, "stored");
    let packet = world.places[0].node.next_packet().expect("it leaves at once");
    world.log.append(packet);
    world.places.iter_mut().for_each(|place| place.is_cut = true);
    world.run(14_000);
    assert_eq!(world.told(0, 1), "(nobody knows)");
    world.places.iter_mut().for_each(|place| place.is_cut = false);
    world.run(1_000);
    assert_eq!(world.told(0, 1), "ana: stored");
    assert_eq!(world.places[0].outcomes[&request].len(), 1);
    assert_eq!(world.history(), ["stored"]);
}

#[test]
fn alone_and_cut_off_for_long_a_node_sends_its_people_elsewhere() {
    let mut world = three();
    world.places[0].is_cut = true;
    world.run(29_000);
    assert_eq!(world.places[0].closed, 0);
    world.run(3_000);
    assert_eq!(world.places[0].closed, 1);
    assert_eq!(world.standing(0), Standing::CutOff);
    world.run(60_000);
    world.places[0].is_cut = false;
    world.run(2_000);
    assert_eq!((world.places[0].closed, world.standing(0)), (1, Standing::Well));
    assert_eq!(world.told(1, 1), "ana is offline");
    world.history();
}

#[test]
fn where_all_are_cut_off_and_hear_each_other_nobody_is_sent_anywhere() {
    let mut world = three();
    for place in &mut world.places {
        place.repeats = true;
    }
    world.refuse(true);
    world.run(300_000);
    assert!((0..3).all(|at| world.standing(at) == Standing::CutOff));
    world.refuse(false);
    world.run(2_000);
    assert!((0..3).all(|at| world.standing(at) == Standing::Well));
    assert!((0..3).all(|at| world.told(at, 1).is_empty() && world.places[at].closed == 0));
}

#[test]
fn a_packet_that_is_stored_twice_counts_once() {
    let mut world = three();
    world.places[0].repeats = true;
    let requests: Vec<_> = (0..20).map(|n| world.say(0, 1, &format!("n {n}"))).collect();
    world.run(1_000);
    assert_eq!(world.history().len(), 20);
    assert!(requests.iter().all(|request| world.places[0].outcomes[request].len() == 1));
}

#[test]
fn a_refused_packet_is_told_and_those_behind_it_are_stored() {
    let mut world = three();
    world.refuse(true);
    world.say(0, 1, "refused");
    world.refuse(false);
    world.say(0, 1, "stored");
    world.run(2_000);
    assert_eq!(world.told(0, 1), "(refused: StoreFailed)\nana: stored");
    assert_eq!(world.history(), ["stored"]);
    assert_eq!(world.standing(0), Standing::Well);
}

#[test]
fn a_second_process_under_a_name_that_lives_does_not_begin() {
    let mut world = three();
    let second = world.start("b").expect("it may listen");
    world.places.push(second);
    world.run(7_500);
    assert_eq!(world.places[3].stopped, Some(Stop::NameInUse("b".to_owned())));
    world.say(1, 1, "still here");
    assert_eq!(world.told(0, 1), "bo: still here");
}

#[test]
fn of_two_that_begin_at_once_under_one_name_one_lives() {
    let mut world = World::new(&["a"]);
    let (one, other) = (world.start("b").expect("may"), world.start("b").expect("may"));
    world.places.extend([one, other]);
    world.run(2_000);
    let stopped = |at: usize| world.places[at].stopped.is_some();
    assert_eq!([stopped(1), stopped(2)], [false, true]);
    assert_eq!(world.places[0].node.health().nodes, ["a", "b"]);
}

#[test]
fn a_process_that_takes_the_place_of_one_that_was_killed_begins_soon_and_ends_its_sessions() {
    let mut world = three();
    world.places.remove(1);
    let restarted = world.start("b").expect("it may");
    world.places.push(restarted);
    world.run(2_500);
    assert_eq!(world.standing(2), Standing::Joining);
    world.run(1_500);
    assert_eq!(world.standing(2), Standing::Well);
    assert_eq!(world.told(0, 1), "bo is offline");
}

#[test]
fn what_a_process_said_last_before_it_was_killed_is_not_taken_for_another_one() {
    let mut world = three();
    let restarted = world.start("b").expect("it may");
    world.places.push(restarted);
    // The old one is heard once more, and then never again.
    world.run(1_500);
    world.places.remove(1);
    world.run(5_000);
    assert_eq!((&world.places[2].stopped, world.standing(2)), (&None, Standing::Well));
}

#[test]
fn the_older_of_two_processes_stops_when_the_other_has_taken_its_name() {
    let mut world = three();
    world.places[1].is_asleep = true;
    let second = world.start("b").expect("it may");
    world.places.push(second);
    world.run(5_000);
    assert_eq!(world.standing(3), Standing::Well);
    world.places[1].is_asleep = false;
    world.run(1_000);
    assert_eq!(world.places[1].stopped, Some(Stop::NameInUse("b".to_owned())));
}

/// Puts a beginning in the log, as of a node of some other version or name.
fn begin(world: &mut World, node: NodeId, incarnation: Incarnation) {
    let origin = Origin { session: SessionId { node, number: 0 }, request: 0 };
    let intent = Intent::BeginAs(Box::new(incarnation));
    let requests = vec![Request { origin, intent }];
    world.log.clone().append(Packet { node, epoch: 1, first: 0, requests, expires: None });
}

#[test]
fn a_node_whose_name_comes_to_the_number_of_another_stops() {
    let mut world = World::new(&[]);
    let name = |text| NodeName::parse(text).expect("a name");
    begin(&mut world, name("a").id(), Incarnation::new(&name("other"), 9));
    let stop = world.start("a").err();
    let (own, other) = ("a".to_owned(), "other".to_owned());
    assert_eq!(stop, Some(Stop::NumberInUse { own, other }));
}

#[test]
fn a_node_that_is_too_old_for_the_cluster_does_not_join() {
    let mut world = World::new(&[]);
    let name = NodeName::parse("new").expect("a name");
    let incarnation = Incarnation { knows: 99, ..Incarnation::new(&name, 9) };
    begin(&mut world, name.id(), incarnation);
    assert!(matches!(world.start("a").err(), Some(Stop::TooOld { level: 99, .. })));
}

#[test]
fn beside_an_older_node_nothing_is_asked_for_that_it_does_not_know() {
    let mut world = World::new(&["a"]);
    let name = NodeName::parse("old").expect("a name");
    let incarnation = Incarnation { knows: 1, knows_since: 1, ..Incarnation::new(&name, 9) };
    begin(&mut world, name.id(), incarnation);
    world.run(1_000);
    assert_eq!(world.places[0].node.health().nodes, ["a"], "who came first sets the level");
}

#[test]
fn a_newer_node_does_as_the_older_ones_do_until_the_last_of_them_has_ended() {
    let mut world = three();
    let begin_newer = |world: &mut World, text| {
        let name = NodeName::parse(text).expect("a name");
        let incarnation = Incarnation::new(&name, 9);
        begin(world, name.id(), Incarnation { knows: RULES + 1, ..incarnation });
        world.run(500);
    };
    begin_newer(&mut world, "d");
    world.say(0, 1, "hello");
    for at in 0..3 {
        let health = world.places[at].node.health();
        assert_eq!((health.level, &health.nodes.join(" ")[..]), (RULES, "a b c d"));
        assert!(world.told(at, 1).contains("hello"));
        assert_eq!(world.places[at].closed, 0, "nobody is sent away");
    }
    for at in 0..3 {
        world.places[at].node.leave();
        world.run(500);
    }
    begin_newer(&mut world, "e");
    let stop = world.start("f").err();
    assert_eq!(stop, Some(Stop::TooOld { level: RULES + 1, knows: RULES }));
}

#[test]
fn a_node_that_read_something_else_stops_and_the_others_go_on() {
    let mut world = World::new(&[]);
    world.digest_period = 50;
    for name in ["a", "b", "c"] {
        let place = world.start(name).expect("it may join");
        world.places.push(place);
        world.run(200);
    }
    world.enter(0, 1, "ana");
    world.run(1_000);
    // The third has read another word than the others, which no state holds.
    world.places[2].is_cut = true;
    world.say(0, 1, "hello");
    world.places[2].twist = Some("hullo");
    world.places[2].is_cut = false;
    world.run(60_000);
    assert!(matches!(world.places[2].stopped, Some(Stop::Differs { others: 2, .. })));
    assert!(world.places[..2].iter().all(|place| place.stopped.is_none()));
    assert_eq!(world.history(), ["hello"]);
    let compared = world.places[0].node.take_compared().expect("a snapshot");
    assert!(compared.seq.0.is_multiple_of(50) && compared.seq > Seq(0));
}

#[test]
fn the_log_may_go_by_a_clock_that_is_an_hour_before_or_behind() {
    let mut world = three();
    let hour = 3_600_000;
    for jump in [hour, -hour, -hour, 3 * hour] {
        world.log_time += jump;
        world.run(3_000);
        world.say(0, 1, "tick");
        world.run(1_000);
        assert_eq!(world.told(1, 1), "ana: tick", "after a jump of {jump}");
        assert!((0..3).all(|at| world.standing(at) == Standing::Well));
    }
    assert_eq!(world.history(), ["tick"; 4]);
}

#[test]
fn whispers_reach_the_other_nodes_and_only_those_who_may_see_them() {
    let mut world = three();
    let typing = Tags::new(vec![("+typing".into(), "active".into())]).expect("tags");
    let lobby = Target::Room(RoomId::LOBBY);
    world.places[0].node.whisper(1, 70, lobby.clone(), typing.clone());
    world.settle();
    assert_eq!(world.told(1, 1), "ana types");
    world.places[0].node.whisper(1, 71, Target::Room(RoomId(99)), typing.clone());
    world.settle();
    assert_eq!(world.told(1, 1), "");

    // What comes before its time waits.
    world.places[1].is_cut = true;
    world.say(0, 1, "first");
    world.places[0].node.whisper(1, 72, lobby, typing);
    let whispers = world.places[0].node.take_whispers();
    world.places[1].node.hear_whisper(whispers.last().expect("one").clone());
    world.settle();
    assert_eq!(world.told(1, 1), "");
    world.places[1].is_cut = false;
    world.settle();
    assert_eq!(world.told(1, 1), "ana: first\nana types");
}

#[test]
fn a_node_that_leaves_ends_its_sessions_at_once_and_all_that_was_asked_before_is_stored() {
    let mut world = three();
    world.places[0].say(1, "last words");
    world.places[0].node.begin_farewell();
    world.places[0].node.closed(1, None);
    world.places[0].node.leave();
    world.settle();
    assert!(world.places[0].node.is_idle());
    assert_eq!(world.told(1, 1), "ana: last words\nana is offline");
    world.run(30_000);
    assert!(world.places[0].node.is_idle());
    assert_eq!(world.told(1, 1), "");
    assert_eq!(world.places[1].node.health().nodes, ["b", "c"]);
}

#[test]
fn an_entry_that_is_missing_stops_a_node() {
    let mut world = three();
    let seq = Seq(world.places[0].node.state().seq().0 + 2);
    let packet = Packet { node: NodeId(1), epoch: 1, first: 0, requests: vec![], expires: None };
    let entry = Entry { seq, time: Timestamp(0), packet };
    assert!(matches!(world.places[0].take_entry(&entry), Err(Stop::Gap(_))));
}

#[test]
fn what_is_refused_at_once_is_told_behind_what_was_asked_before() {
    let mut world = three();
    world.run(1_000);
    world.told(0, 1);
    world.places[0].is_cut = true;
    world.say(0, 1, "on its way");
    world.places[0].node.set_archive_behind(true);
    world.say(0, 1, "too much");
    world.places[0].node.set_archive_behind(false);
    world.say(0, 1, "behind it");
    assert_eq!(world.told(0, 1), "");
    world.places[0].is_cut = false;
    world.settle();
    assert_eq!(world.told(0, 1), "ana: on its way\n(refused: ArchiveBehind)\nana: behind it");
    world.say(0, 1, "stored again");
    assert_eq!(world.told(0, 1), "ana: stored again");
}
