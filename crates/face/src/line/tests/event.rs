//! What is seen of others.

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
        (left(alice()), Nothing, ""),
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
