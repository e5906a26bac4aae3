//! Reading from outside, and after access is lost.

use super::*;

/// A public room with a topic and a value, in which ana and bo are; cy is banned, and was not in it.
const BANNED: &str = "ana: visits
    bo: visits
    cy: visits
    ana: visit tea
    bo: visit tea
    ana: on tea hello
    ana: topic tea biscuits
    ana: mode tea +b:cy!*@* +b:bo!*@*";

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

/// A message of bo's to the room tea, at a place, perhaps to those of a rank alone.
fn message(stage: &Stage, seq: u64, rank: Option<Rank>) -> Arc<Message> {
    let (id, room) = stage.state().channel(&name("tea")).unwrap();
    let author = stage.person("bo");
    let card = stage.state().persons[&author].card(author);
    let (place, time) = (Place { seq: Seq(seq), index: 0 }, Timestamp(0));
    let to = Destination::Room(room.card(id));
    let text = Text::parse("hello").unwrap();
    Arc::new(Message { rank, ..Message::plain(place, time, card, to, Manner::Speech, text) })
}

/// How many messages are told of each kind of answer that holds these.
fn told(stage: &mut Stage, label: &str, messages: &[Arc<Message>]) -> [usize; 5] {
    let session = stage.session(label);
    let reader = stage.state().reader(session);
    let all = || messages.to_vec();
    let backlog = Backlog { messages: all(), total: 0, next: None };
    let lines = messages.iter().cloned().map(Line::Message).collect();
    let answers = [
        Answer::History(all()),
        Answer::Found(all()),
        Answer::Backlog(backlog),
        Answer::Lines(lines),
        Answer::Message(messages.last().cloned()),
    ];
    answers.map(|mut answer| {
        reader.censor(&mut answer);
        match answer {
            Answer::History(messages) | Answer::Found(messages) => messages.len(),
            Answer::Backlog(backlog) => backlog.messages.len(),
            Answer::Lines(lines) => lines.len(),
            Answer::Message(message) => usize::from(message.is_some()),
            other => panic!("{other:?}"),
        }
    })
}

#[test]
fn adv_ergo_7_what_is_said_to_a_rank_is_read_by_that_rank_alone() {
    let mut stage = stage(
        "ana: visits
         bo: visits
         cy: visits
         dora: visits
         ana: visit tea
         bo: visit tea
         cy: visit tea
         ana: mode tea +v:cy
         cy: register
         cy: device c",
    );
    let said = [message(&stage, 1, None), message(&stage, 2, Some(Rank::Operator))];
    for (label, [two, one]) in [
        ("ana", [2, 1]),
        ("bo", [2, 1]),
        // A voice is no operator, and dora reads from outside.
        ("cy", [1, 0]),
        ("dora", [1, 0]),
    ] {
        assert_eq!(told(&mut stage, label, &said), [two, two, two, two, one], "{label}");
    }
    // Nor is a device woken.
    let pushed = stage.play("--\nbo: ops tea cy is a spy\nbo: on tea cy is there");
    assert_eq!(pushed.matches("is pushed").count(), 1, "{pushed}");
    // One who was an operator reads it no longer.
    stage.play("ana: mode tea -o:ana");
    assert_eq!(told(&mut stage, "ana", &said), [1, 1, 1, 1, 0]);
}

#[test]
fn adv_synapse_1_a_page_in_flight_tells_nothing_of_what_came_after_the_kick() {
    let mut stage = stage(
        "ana: visits
         bo: visits
         cy: visits
         cy: register
         ana: visit tea
         bo: visit tea
         cy: visit tea
         cy: device c
         bo: on tea before",
    );
    // The page is asked for here; the archive answers when it has more than that.
    let asked_at = stage.state().seq().0;
    let page = [message(&stage, asked_at, None), message(&stage, asked_at + 2, None)];
    assert_eq!(told(&mut stage, "cy", &page), [1, 1, 1, 1, 0]);
    let after = stage.play("--\nana: kick tea cy\nbo: on tea cy, this is not for you");
    let (_, said) = after.split_once("told: noted").unwrap();
    assert!(!said.contains("cy sees") && !said.contains("bo cy see"), "{after}");
    assert!(!said.contains("pushed"), "{after}");
    for loss in ["ana: mode tea +b:cy!*@*", "ana: mode tea +i", "ana: mode tea +s"] {
        stage.play(loss);
        assert!(!reads(&mut stage, "cy", "tea"), "{loss}");
    }
}
