//! What a person sees of a session, with the node played by a list of results.

mod chat;
mod event;
mod flow;
mod login;
mod property;

use std::collections::VecDeque;
use std::sync::Arc;

use chinwag_model::ask::{Ask, Checked, Slowed};
use chinwag_model::effect::{Arrival, Event};
use chinwag_model::id::{PersonId, Place, RoomId, Seq, Timestamp};
use chinwag_model::message::{Card, Destination, Manner, Message, RoomCard};
use chinwag_model::mode::Flags;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Entered, Outcome, Refusal};
use chinwag_model::proof::{Proof, Proves};
use chinwag_model::query::{Answer, Standing};
use chinwag_model::rank::Ranks;
use chinwag_model::text::Text;

use super::{LineFace, LinePolicy, Output};

/// What a request came to.
#[derive(Clone, Debug)]
enum Reply {
    Outcome(Outcome),
    Answer(Answer),
    Checked(Checked),
}

/// A session, its requests, and what it has sent.
struct Stage {
    face: LineFace,
    out: Output,
    asks: Vec<Ask>,
}

/// What Alice's password proves that was set by this entry.
fn proof(entry: u64) -> Proof {
    Proof::of(PersonId(1), Seq(entry))
}

fn proves(entry: u64) -> Proves {
    Proves::Account(proof(entry))
}

impl Stage {
    fn new(policy: LinePolicy) -> Self {
        let mut face = LineFace::new(Arc::new(policy));
        let mut out = Output::default();
        face.greet(&mut out);
        Self { face, out, asks: Vec::new() }
    }

    /// Alice, who is new and has come in.
    fn alice() -> Self {
        let mut stage = Self::new(policy());
        stage.play("Alice\n", [standing(Standing::Free), entered(true)]);
        stage.show(&Event::Online(alice()));
        stage.take();
        stage.asks.clear();
        stage
    }

    /// Types, and gives each request the next result until there is none left to ask or to give.
    fn play(&mut self, typed: &str, replies: impl IntoIterator<Item = Reply>) {
        self.face.receive(typed.as_bytes());
        let mut replies: VecDeque<_> = replies.into_iter().collect();
        while let Some((request, ask)) = self.face.next_ask(&mut self.out) {
            self.asks.push(ask);
            match replies.pop_front() {
                Some(reply) => self.give(request, &reply),
                None => return,
            }
        }
        assert!(replies.is_empty(), "not asked for: {replies:?}");
    }

    fn give(&mut self, request: u32, reply: &Reply) {
        let out = &mut self.out;
        match reply {
            Reply::Outcome(outcome) => self.face.outcome(request, outcome, out),
            Reply::Answer(answer) => self.face.answer(request, answer, out),
            Reply::Checked(checked) => self.face.checked(request, checked, out),
        }
    }

    fn show(&mut self, event: &Event) {
        self.face.show(event, &mut self.out);
    }

    /// What was sent since the last time.
    fn take(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.out.bytes)).unwrap()
    }
}

fn policy() -> LinePolicy {
    LinePolicy {
        server_name: "chat.example.org".to_owned(),
        guests: true,
        open_names: true,
        registration: true,
        verification: false,
        line_bytes_max: 4096,
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn text(text: &str) -> Text {
    Text::parse(text).unwrap()
}

fn card(id: u64, called: &str) -> Card {
    Card { id: PersonId(id), name: name(called), badge: Arc::default() }
}

fn alice() -> Card {
    card(1, "Alice")
}

fn bob() -> Card {
    card(2, "Bob")
}

fn room(id: u64, called: &str, group: bool) -> RoomCard {
    RoomCard { id: RoomId(id), name: name(called), group }
}

fn joined(who: Card) -> Event {
    Event::Joined(Arc::new(Arrival {
        who,
        room: tea(),
        real_name: Arc::from(""),
        ranks: Ranks::NONE,
        away: None,
        metadata: Arc::from(vec![]),
    }))
}

fn left(who: Card) -> Event {
    Event::Left { who, room: tea(), reason: None }
}

fn lobby() -> RoomCard {
    room(0, "lobby", false)
}

fn tea() -> RoomCard {
    room(1, "tea", false)
}

fn grp1() -> RoomCard {
    room(2, "grp1", true)
}

fn place(seq: u64) -> Place {
    Place { seq: Seq(seq), index: 0 }
}

/// A message of 2026-11-21 14:03:05, at this place.
fn message(seq: u64, author: Card, to: Destination, manner: Manner, said: &str) -> Arc<Message> {
    let time = Timestamp(1_795_269_785_000);
    Arc::new(Message::plain(place(seq), time, author, to, manner, text(said)))
}

fn speech(seq: u64, author: Card, to: Destination, said: &str) -> Arc<Message> {
    message(seq, author, to, Manner::Speech, said)
}

fn done(done: Done) -> Reply {
    Reply::Outcome(Ok(done))
}

fn refused(refusal: Refusal) -> Reply {
    Reply::Outcome(Err(refusal))
}

fn said() -> Reply {
    done(Done::Said(None))
}

fn standing(standing: Standing) -> Reply {
    Reply::Answer(Answer::Standing(standing))
}

/// Alice has come in at the place 7.
fn entered(new: bool) -> Reply {
    done(Done::Entered(Box::new(Entered {
        person: alice(),
        place: place(7),
        guest: false,
        new,
        was_online: false,
        rested: None,
        ignores: Vec::new(),
        rooms: Vec::new(),
        flags: Flags::default(),
        away: None,
        real_name: "".into(),
    })))
}

#[test]
fn adv_ergo_5_a_request_of_http_brings_nobody_in_though_its_lines_come_one_by_one() {
    for line in ["POST / HTTP/1.1", "BREW /pot HTTP/1.0"] {
        let mut face = LineFace::new(Arc::new(policy()));
        let mut out = Output::default();
        face.greet(&mut out);
        for line in [line, "Host: chat.example.org:6667", "", "eve", "owned"] {
            face.receive(format!("{line}\r\n").as_bytes());
            assert_eq!(face.next_ask(&mut out), None, "{line}");
        }
        assert!(face.is_finished());
        let said = String::from_utf8(out.bytes).unwrap();
        assert!(said.ends_with("line mode. Nothing was sent.>\n"), "{said}");
    }
}
