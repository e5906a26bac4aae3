//! The hot path, to have its instructions counted: `cargo xtask count` runs this under callgrind.
//!
//! Each stage is a function of its own whose name begins with `stage_`, does its work for
//! [`MESSAGES`] messages (or for [`MEMBERS`] members), and is all that is counted. No sockets, no
//! disk, no threads, no clock: the same program takes the same instructions each time.

use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use chinwag_core::core::Core;
use chinwag_core::state::State;
use chinwag_face::irc::{About, IrcFace, IrcPolicy, Look, shared_lines};
use chinwag_face::output::Output;
use chinwag_model::ask::Ask;
use chinwag_model::entry::Entry;
use chinwag_model::id::{NodeId, SessionId, Timestamp};
use chinwag_model::intent::Intent;
use chinwag_model::query::Answer;
use chinwag_node::delivery::{Delivery, SessionNumber, Shown};
use chinwag_node::node::Node;
use chinwag_node::outbox::Outbox;

/// Messages that each stage is measured with: as many as one session may have in flight.
const MESSAGES: usize = 64;

/// Members that a message is put into the outboxes of.
const MEMBERS: usize = 1000;

/// The one who speaks.
const SPEAKER: SessionNumber = 1;

/// The time that everything takes place at.
const TIME: Timestamp = Timestamp(1_800_000_000_000);

fn main() -> Result<()> {
    let mut stage = Stage::new();
    for line in ["CAP REQ :message-tags server-time draft/no-implicit-names", "NICK ana"] {
        stage.types(line)?;
    }
    for line in ["CAP END", "USER ana 0 * :Ana", "JOIN #tea"] {
        stage.types(line)?;
    }
    let look = stage.face.hears(&[]).context("the speaker has come in")?;
    // Once, so that what is made at first use is there.
    stage.talk(look)?;
    stage.talk(look)
}

/// A session, and the node that it is a session of.
struct Stage {
    face: IrcFace,
    node: Node,
    output: Output,
    seq: chinwag_model::id::Seq,
}

impl Stage {
    fn new() -> Self {
        let about = About {
            session: SessionId { node: NodeId(0), number: SPEAKER },
            host: "host.example".into(),
            address: "192.0.2.1".into(),
            secure: false,
            certificate: None,
        };
        let core = Core::new(State::new());
        let seq = core.state().seq();
        Self {
            face: IrcFace::new(Arc::new(policy()), about),
            node: Node::new(NodeId(0), core, 1, 500),
            output: Output::default(),
            seq,
        }
    }

    /// A line, and all that comes of it.
    fn types(&mut self, line: &str) -> Result<()> {
        self.face.receive(format!("{line}\r\n").as_bytes());
        while let Some((request, ask)) = self.face.next_ask(&mut self.output) {
            match ask {
                Ask::Intent(intent) => self.node.ask(SPEAKER, request, intent),
                Ask::Query(query) => self.node.query(SPEAKER, request, query),
                _ => bail!("{line} asks for what is not here"),
            }
            while let Some(entry) = self.entry() {
                self.node.landed(&entry.packet);
                self.node.take_entry(&entry)?;
            }
            self.node.answer_some(usize::MAX);
            for asked in self.node.take_readings() {
                let nothing = Answer::Lines(Vec::new());
                self.face.answer(asked.request, &nothing, &mut self.output);
            }
            for delivery in self.node.routes().take(0) {
                match delivery {
                    Delivery::Outcome { request, outcome, .. } => {
                        self.face.outcome(request, &outcome, &mut self.output);
                    }
                    Delivery::Answer { request, answer, .. } => {
                        self.face.answer(request, &answer, &mut self.output);
                    }
                    _ => {}
                }
            }
        }
        self.output.bytes.clear();
        Ok(())
    }

    /// The next packet as the log would give it back.
    fn entry(&mut self) -> Option<Entry> {
        let packet = self.node.next_packet()?;
        self.seq = self.seq.next();
        Some(Entry { seq: self.seq, time: TIME, packet })
    }

    /// Every stage once, from lines to outboxes.
    fn talk(&mut self, look: Look) -> Result<()> {
        let line = "PRIVMSG #tea :forty-two characters, as people say it so\r\n";
        let lines = line.repeat(MESSAGES);
        let intents = stage_decode(&mut self.face, &mut self.output, lines.as_bytes());
        if intents.len() != MESSAGES {
            bail!("{} of {MESSAGES} lines came to something", intents.len());
        }
        for (request, intent) in intents {
            self.node.ask(SPEAKER, request, intent);
        }
        let entry = self.entry().context("a packet")?;
        let deliveries = stage_decide(&mut self.node, &entry)?;
        let mut shown: Vec<Arc<Shown>> = Vec::new();
        for delivery in deliveries {
            match delivery {
                Delivery::Show { shown: one, .. } => shown.push(one),
                Delivery::Outcome { request, outcome, .. } => {
                    self.face.outcome(request, &outcome, &mut self.output);
                }
                _ => {}
            }
        }
        if shown.len() != MESSAGES {
            bail!("{} of {MESSAGES} messages are shown", shown.len());
        }
        let bytes: Rc<[u8]> = stage_encode(&shown, look).into();
        let mut outboxes: Vec<Outbox> = (0..MEMBERS).map(|_| Outbox::new(1 << 20)).collect();
        stage_enqueue(&mut outboxes, &bytes);
        Ok(())
    }
}

/// From bytes to what is asked of the node.
#[inline(never)]
fn stage_decode(face: &mut IrcFace, output: &mut Output, lines: &[u8]) -> Vec<(u32, Intent)> {
    face.receive(lines);
    let asks = std::iter::from_fn(|| face.next_ask(output));
    asks.filter_map(|(request, ask)| match ask {
        Ask::Intent(intent) => Some((request, intent)),
        _ => None,
    })
    .collect()
}

/// From a stored packet to what each shard is to do.
#[inline(never)]
fn stage_decide(node: &mut Node, entry: &Entry) -> Result<Vec<Delivery>> {
    node.landed(&entry.packet);
    node.take_entry(entry)?;
    black_box(node.take_records());
    Ok(node.routes().take(0))
}

/// From what happened to the bytes that all who see it alike get.
#[inline(never)]
fn stage_encode(shown: &[Arc<Shown>], look: Look) -> Vec<u8> {
    let mut bytes = Vec::new();
    for shown in shown {
        bytes.extend(shared_lines(&shown.event, &shown.stamp, look, "chat.example"));
    }
    bytes
}

/// Into each outbox, and out of it as a socket takes it.
#[inline(never)]
fn stage_enqueue(outboxes: &mut [Outbox], bytes: &Rc<[u8]>) {
    for outbox in outboxes {
        if outbox.push(Rc::clone(bytes), None).is_ok() {
            // A shard looks whether there is one piece, or more.
            let mut due = outbox.slices();
            black_box((due.next(), due.next()));
            drop(due);
            outbox.advance(black_box(outbox.len()));
        }
    }
}

fn policy() -> IrcPolicy {
    IrcPolicy { started: TIME, lines_per_second: 0, ..IrcPolicy::new("chat.example", "Example") }
}
