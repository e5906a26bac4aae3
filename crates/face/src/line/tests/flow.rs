//! Many lines at once, the end, and what a silent session costs.

use chinwag_model::intent::Intent;
use chinwag_model::query::Query;

use super::super::{ANSWERED_BYTES_MAX, IN_FLIGHT_MAX};
use super::*;

fn is_say(ask: &Ask) -> bool {
    matches!(ask, Ask::Intent(Intent::Say { .. }))
}

/// Types, and takes all requests without giving any result.
fn requests(stage: &mut Stage, typed: &str) -> Vec<(u32, Ask)> {
    stage.face.receive(typed.as_bytes());
    std::iter::from_fn(|| stage.face.next_ask(&mut stage.out)).collect()
}

#[test]
fn at_most_64_messages_are_on_their_way_together() {
    let mut stage = Stage::alice();
    let asked = requests(&mut stage, &"x\n".repeat(100));
    assert_eq!(asked.len(), IN_FLIGHT_MAX as usize);
    assert!(asked.iter().all(|(_, ask)| is_say(ask)));
    assert_eq!(stage.face.buffered(), 2 * (100 - IN_FLIGHT_MAX as usize));
    for (request, _) in &asked[..3] {
        stage.give(*request, &said());
    }
    assert_eq!(requests(&mut stage, "").len(), 3);
}

#[test]
fn the_answer_to_a_command_comes_after_what_was_said_before_it() {
    for (command, seen) in [
        ("/foo", "</foo is not a command. Type /help.>\n"),
        ("SEND", "Enter client index to send message to: "),
        ("a!b: x\n/foo", "</foo is not a command. Type /help.>\n"),
        (&"x".repeat(5000), "<That line is longer than 4096 bytes. Nothing was sent.>\n"),
    ] {
        let mut stage = Stage::alice();
        let asked = requests(&mut stage, &format!("hello\n{command}\n"));
        assert_eq!(stage.take(), "", "{command}");
        for (request, _) in asked {
            stage.give(request, &said());
        }
        requests(&mut stage, "");
        assert_eq!(stage.take(), seen, "{command}");
    }
}

#[test]
fn lines_wait_for_the_answer_to_a_command() {
    let mut stage = Stage::alice();
    let asked = requests(&mut stage, "/rooms\nhello\n");
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].1, Ask::Query(Query::Rooms { after: None }));
    stage.give(asked[0].0, &Reply::Answer(Answer::Unavailable));
    assert!(requests(&mut stage, "").iter().all(|(_, ask)| is_say(ask)));
}

#[test]
fn exit_goes_out_at_once_and_goodbye_is_last() {
    let mut stage = Stage::alice();
    let asked = requests(&mut stage, "hello\nexit\nnever read\n");
    let exit = Ask::Intent(Intent::Exit { delivered: None, reason: None });
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].1, exit);
    stage.give(asked[0].0, &said());
    stage.show(&Event::Said(speech(9, alice(), Destination::Room(lobby()), "hello")));
    assert!(!stage.face.is_finished());
    stage.give(asked[1].0, &done(Done::Exited));
    assert_eq!(stage.take(), "[lobby] Alice: hello\n<Goodbye, Alice.>\n");
    assert!(stage.face.is_finished());
    stage.face.receive(b"never kept\n");
    assert!(requests(&mut stage, "").is_empty());
}

#[test]
fn the_end_of_input_is_an_exit_after_what_came() {
    let exit = Ask::Intent(Intent::Exit { delivered: None, reason: None });
    for typed in ["hello\n", "hello", "hello\nexit\n", "hello\nexit"] {
        let mut stage = Stage::alice();
        stage.face.receive(typed.as_bytes());
        stage.face.end_of_input();
        let asked = requests(&mut stage, "");
        assert_eq!(asked.len(), 2, "{typed:?}");
        assert!(is_say(&asked[0].1));
        assert_eq!(asked[1].1, exit);
    }
    let mut stage = Stage::alice();
    stage.face.receive(b"/rooms\nhello\n");
    stage.face.end_of_input();
    let asked = requests(&mut stage, "");
    assert_eq!(asked.len(), 1, "what came waits its turn");
    stage.give(asked[0].0, &Reply::Answer(Answer::Unavailable));
    assert_eq!(requests(&mut stage, "").len(), 2);
}

#[test]
fn who_ends_before_coming_in_is_just_gone() {
    for typed in [&b""[..], b"\xff\xf4"] {
        let mut stage = Stage::new(policy());
        stage.face.receive(typed);
        stage.face.end_of_input();
        // An empty line would be a guest; no line is none.
        assert!(requests(&mut stage, "").is_empty());
        assert!(stage.face.is_finished());
    }
}

#[test]
fn telnet_can_leave_and_ask_for_a_sign_of_life() {
    let mut stage = Stage::alice();
    stage.face.receive(b"\xff\xf6");
    assert!(requests(&mut stage, "").is_empty());
    assert_eq!(stage.take(), "<Yes.>\n");
    stage.face.receive(b"\xff\xf4");
    let asked = requests(&mut stage, "");
    assert_eq!(asked[0].1, Ask::Intent(Intent::Exit { delivered: None, reason: None }));
}

#[test]
fn telnet_is_asked_not_to_echo_a_password() {
    let mut stage = Stage::new(policy());
    let typed = "Alice\r\nsecret\r\n";
    let right = Reply::Checked(Checked::Right(proves(1)));
    stage.play(typed, [standing(Standing::Protected), right, entered(true)]);
    let prompt = b"USERNAME: PASSWORD: \xff\xfb\x01";
    let shown = b"\xff\xfc\x01";
    let bytes = &stage.out.bytes;
    assert!(bytes.windows(prompt.len()).any(|part| part == prompt), "{bytes:?}");
    assert!(bytes.windows(shown.len()).any(|part| part == shown), "{bytes:?}");
}

#[test]
fn what_has_no_line_end_can_be_ended() {
    let mut stage = Stage::alice();
    assert!(requests(&mut stage, "hello").is_empty());
    assert!(stage.face.has_partial());
    stage.face.end_line();
    assert_eq!(requests(&mut stage, "").len(), 1);
    assert!(!stage.face.has_partial());
}

#[test]
fn much_that_is_answered_at_once_is_answered_in_parts() {
    let mut stage = Stage::alice();
    let count = 1000;
    stage.face.receive("/help\n".repeat(count).as_bytes());
    assert_eq!(stage.face.lines(), 1);
    let mut parts = 0;
    loop {
        assert!(stage.face.next_ask(&mut stage.out).is_none());
        let part = stage.take();
        assert!(part.len() < 2 * ANSWERED_BYTES_MAX);
        parts += 1;
        if !stage.face.has_more() {
            break;
        }
    }
    assert!(parts > 10);
    assert_eq!(stage.face.lines(), 1 + count as u64);
}

#[test]
fn the_end_is_said_to_those_who_are_there_and_those_who_are_not() {
    let mut stage = Stage::alice();
    let out = &mut stage.out;
    stage.face.shutting_down(None, out);
    LineFace::server_full(out);
    assert_eq!(stage.take(), "<The server is shutting down.>\n<Server is full.>\n");
}

#[test]
fn a_silent_session_is_small() {
    assert!(size_of::<LineFace>() <= 304, "{}", size_of::<LineFace>());
}
