//! What is seen of others.

use chinwag_model::intent::{Intent, Target};
use chinwag_model::query::Page;

use super::super::{Sight, shared_line, shared_waited};
use super::*;

/// What Alice sees of an event, and how she sees it.
fn seen(event: &Event) -> (Sight, String) {
    let mut stage = Stage::alice();
    let sight = stage.face.sight(event);
    stage.show(event);
    let own = stage.take();
    if sight == Sight::Shared {
        let shared = shared_line(event).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(shared.as_ref(), Some(&own), "everyone sees the same");
    }
    (sight, own)
}

#[test]
fn each_event_looks_as_the_contract_says() {
    use Sight::*;
    let in_lobby =
        |manner, said| Event::Said(message(9, bob(), Destination::Room(lobby()), manner, said));
    let direct = |author, to, manner, said| {
        Event::Said(message(9, author, Destination::Person(to), manner, said))
    };
    let (speech, action) = (Manner::Speech, Manner::Action);
    let by = bob;
    let cases = [
        (in_lobby(speech, "hello"), Shared, "[lobby] Bob: hello\n"),
        (in_lobby(action, "waves"), Shared, "[lobby] * Bob waves\n"),
        (in_lobby(speech, "a\n\nb"), Shared, "[lobby] Bob: a\n[lobby] Bob: \n[lobby] Bob: b\n"),
        (in_lobby(speech, "\u{1b}[2Jx\u{202e}\u{7}\u{9b}\ty"), Shared, "[lobby] Bob: [2Jx\ty\n"),
        (
            Event::Said(super::speech(9, bob(), Destination::Everyone, "hello")),
            Shared,
            "[broadcast] Bob: hello\n",
        ),
        (direct(alice(), bob(), speech, "hello"), Own, "<To Bob> hello\n"),
        (direct(bob(), alice(), speech, "hello"), Own, "<Message from Bob: \"hello\">\n"),
        (direct(alice(), bob(), action, "waves"), Own, "<To Bob> * Alice waves\n"),
        (direct(bob(), alice(), action, "waves"), Own, "<Message from Bob: \"* Bob waves\">\n"),
        (
            direct(alice(), alice(), speech, "note"),
            Own,
            "<To Alice> note\n<Message from Alice: \"note\">\n",
        ),
        (Event::Online(bob()), Shared, "<User Bob is online.>\n"),
        (Event::Online(alice()), Shared, "<User Alice is online.>\n"),
        (Event::Offline(bob()), Shared, "<User Bob is offline.>\n"),
        (joined(bob()), Shared, "<Bob joined tea.>\n"),
        (left(bob()), Shared, "<Bob left tea.>\n"),
        (joined(alice()), Nothing, ""),
        (left(alice()), Own, ""),
        (
            Event::Renamed { was: bob(), who: card(2, "Bert") },
            Shared,
            "<Bob is now called Bert.>\n",
        ),
        (Event::Renamed { was: alice(), who: card(1, "Ally") }, Own, ""),
        (
            Event::Topic { room: tea(), by: by(), topic: Some(text("a\u{7}\nb")) },
            Shared,
            "<Topic of tea: a b>\n",
        ),
        (
            Event::Topic { room: tea(), by: by(), topic: None },
            Shared,
            "<tea has no topic any more.>\n",
        ),
        (Event::Added { by: by(), group: grp1() }, Shared, "<Bob added you to group grp1.>\n"),
        (
            Event::Invited { by: by(), who: alice(), room: tea() },
            Shared,
            "<Bob invites you to tea. Type /join tea.>\n",
        ),
        (Event::Ignoring { who: bob().id, on: true }, Own, ""),
    ];
    for (event, sight, bytes) in cases {
        assert_eq!(seen(&event), (sight, bytes.to_owned()), "{event:?}");
    }
}

#[test]
fn who_has_not_come_in_sees_nothing() {
    let mut stage = Stage::new(policy());
    stage.take();
    assert_eq!(stage.face.sight(&Event::Online(bob())), Sight::Nothing);
    stage.show(&Event::Online(bob()));
    assert_eq!(stage.take(), "");
}

#[test]
fn who_is_ignored_is_not_seen_until_they_are_again() {
    let mut stage = Stage::alice();
    let said = Event::Said(speech(9, bob(), Destination::Room(lobby()), "hello"));
    for (on, sight) in [(true, Sight::Nothing), (false, Sight::Shared)] {
        stage.show(&Event::Ignoring { who: bob().id, on });
        assert_eq!(stage.face.sight(&said), sight);
    }
    stage.show(&Event::Ignoring { who: alice().id, on: true });
    let own = Event::Said(speech(9, alice(), Destination::Room(lobby()), "hello"));
    assert_eq!(stage.face.sight(&own), Sight::Shared, "one can't help seeing oneself");
}

#[test]
fn what_waits_is_told_only_once() {
    let direct = Event::Said(speech(9, bob(), Destination::Person(alice()), "hello"));
    let own = Event::Said(speech(10, alice(), Destination::Person(bob()), "hello"));
    let in_group = Event::Said(speech(11, bob(), Destination::Room(grp1()), "hello"));
    let in_lobby = Event::Said(speech(12, bob(), Destination::Room(lobby()), "hello"));
    let mut stage = Stage::alice();
    for (event, waited) in [(direct, 9), (own, 9), (in_group.clone(), 11), (in_lobby.clone(), 11)] {
        stage.show(&event);
        assert_eq!(stage.out.waited, Some(place(waited)));
    }
    assert_eq!(shared_waited(&in_group), Some(place(11)));
    assert_eq!(shared_waited(&in_lobby), None);
}

#[test]
fn a_prompt_stands_again_below_what_came_in_between() {
    let mut stage = Stage::alice();
    stage.play("SEND\n", []);
    assert_eq!(stage.face.sight(&Event::Online(bob())), Sight::Own);
    stage.show(&Event::Online(bob()));
    let prompt = "Enter client index to send message to: ";
    assert_eq!(stage.take(), format!("{prompt}\n<User Bob is online.>\n{prompt}"));
}

/// Alice, whose current room is tea.
fn alice_in_tea() -> Stage {
    let mut stage = Stage::alice();
    let here = Page { rows: vec![(name("Alice"), None)], next: None };
    stage.play("/join tea\n", [done(Done::Joined(tea())), Reply::Answer(Answer::Present(here))]);
    stage.take();
    stage.asks.clear();
    stage
}

fn renamed(was: &str, now: RoomCard) -> Event {
    Event::RoomRenamed { was: name(was), room: now, by: bob(), reason: None }
}

fn kicked(who: Card) -> Event {
    Event::Kicked { room: tea(), who, by: bob(), reason: None }
}

/// Where what is typed now is said.
fn said_in(stage: &mut Stage) -> Vec<Target> {
    stage.asks.clear();
    stage.play("secret\n", []);
    let target = |ask: &Ask| match ask {
        Ask::Intent(Intent::Say { to, .. }) => to.clone(),
        other => panic!("{other:?}"),
    };
    stage.asks.iter().map(target).collect()
}

const NO_LONGER: &str = "<You are no longer in tea. Nothing was sent; choose where to talk with \
                         /room lobby or /join ROOM.>\n";

#[test]
fn attack_the_rename_of_another_room_does_not_change_where_the_next_line_goes() {
    // With no prompt, with a prompt open, and while what came before is still told.
    for prompt in ["", "SEND\n"] {
        let mut stage = alice_in_tea();
        stage.play(prompt, []);
        stage.take();
        stage.show(&renamed("cake", room(9, "evil", false)));
        assert!(stage.take().contains("<cake is now called evil.>\n"), "{prompt:?}");
        stage.play(if prompt.is_empty() { "" } else { "\n" }, []);
        stage.take();
        assert_eq!(said_in(&mut stage), [Target::Room(tea().id)], "{prompt:?}");
    }
}

#[test]
fn a_current_room_that_is_renamed_stays_the_current_one_and_the_person_is_told() {
    let mut stage = alice_in_tea();
    stage.show(&renamed("tea", room(1, "coffee", false)));
    assert_eq!(stage.take(), "<tea is now called coffee.>\n");
    assert_eq!(said_in(&mut stage), [Target::Room(RoomId(1))]);
}

#[test]
fn attack_who_is_put_out_says_nothing_anywhere_until_they_choose_a_room() {
    let dialogue = "Enter client index to send message to: ";
    let leaves = [
        (kicked(alice()), "<Alice was put out of tea by Bob.>\n"),
        (left(alice()), "<You left tea on another device.>\n"),
    ];
    for (event, told) in leaves {
        for prompt in ["", "SEND\n"] {
            let mut stage = alice_in_tea();
            stage.play(prompt, []);
            stage.take();
            assert_eq!(stage.face.sight(&event), Sight::Own);
            stage.show(&event);
            let open = if prompt.is_empty() { String::new() } else { dialogue.to_owned() };
            let line = if prompt.is_empty() { "" } else { "\n" };
            assert_eq!(stage.take(), format!("{line}{told}{open}"));
            stage.play(line, []);
            stage.take();
            for typed in ["secret", "/say secret", "/me waves", "/topic x", "/history", "/who"] {
                assert_eq!(said_in_all(&mut stage, typed), NO_LONGER, "{typed}");
            }
            // To be put back does not choose it.
            stage.show(&joined(alice()));
            assert_eq!(said_in_all(&mut stage, "secret"), NO_LONGER);
            stage.play("/room lobby\n", [Reply::Answer(Answer::Room(Some(lobby())))]);
            stage.take();
            assert_eq!(said_in(&mut stage), [Target::Room(RoomId::LOBBY)]);
        }
    }
}

/// What is answered to a line for which nothing may be asked.
fn said_in_all(stage: &mut Stage, typed: &str) -> String {
    stage.asks.clear();
    stage.play(&format!("{typed}\n"), []);
    assert_eq!(stage.asks, [], "{typed}");
    stage.take()
}

#[test]
fn attack_lines_on_their_way_as_one_is_put_out_are_refused_and_so_are_the_next_ones() {
    let mut stage = alice_in_tea();
    stage.play("one\n", [refused(Refusal::NotInRoom)]);
    assert_eq!(stage.take(), NO_LONGER);
    assert_eq!(said_in_all(&mut stage, "two"), NO_LONGER);
}

#[test]
fn who_is_put_out_of_another_room_goes_on_where_they_are() {
    let mut stage = Stage::alice();
    for event in [kicked(alice()), left(alice()), kicked(bob())] {
        stage.show(&event);
        stage.take();
        assert_eq!(said_in(&mut stage), [Target::Room(RoomId::LOBBY)], "{event:?}");
    }
}
