//! A server in small: sessions around the rules, without a socket and without a log.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chinwag_core::answer::Response;
use chinwag_core::core::Core;
use chinwag_model::ask::{Ask, Checked, CodeAsk, Slowed};
use chinwag_model::effect::{Audience, Effect, Event, Stamp};
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, RoomId, SessionId, Timestamp};
use chinwag_model::intent::{Intent, Origin, Request};
use chinwag_model::mode::{Flags, PersonFlag};
use chinwag_model::proof::Proves;
use chinwag_model::query::{Answer, Line};
use chinwag_model::secret::{CodeHash, Secret, Verifier};

use super::super::{About, IrcFace, IrcLimits, IrcPolicy, PushPolicy, Sight, Via, shared_lines};
use crate::output::Output;

/// Sessions `p0`, `p1` and so on, all of which have come in.
pub(super) struct World {
    core: Core,
    sent: u64,
    people: Vec<(IrcFace, Output)>,
    rooms: BTreeMap<RoomId, BTreeSet<SessionId>>,
    attached: BTreeSet<SessionId>,
    /// Whether every room is too large to tell all of who comes.
    pub(super) crowded: bool,
    /// Whether what is asked of the archive waits until [`read`](Self::read).
    pub(super) slow: bool,
    later: Vec<(usize, u32)>,
    said: Vec<Line>,
}

pub(crate) fn policy() -> IrcPolicy {
    let plain = IrcPolicy::new("srv", "net");
    IrcPolicy {
        motd: vec!["hello".to_owned()],
        push: Some(PushPolicy { key: "KEY".to_owned(), devices_max: 2 }),
        limits: IrcLimits {
            monitor_entries: 3,
            list_mode_entries: 3,
            metadata_keys: 3,
            metadata_subscriptions: 3,
            ..plain.limits
        },
        ..plain
    }
}

fn session(who: usize) -> SessionId {
    SessionId { node: NodeId(0), number: who as u64 + 1 }
}

impl World {
    pub(super) fn new(count: usize) -> Self {
        let policy = Arc::new(policy());
        let people = (0..count).map(|who| {
            let about = About {
                session: session(who),
                host: "host".into(),
                address: "".into(),
                secure: false,
                certificate: None,
            };
            (IrcFace::new(Arc::clone(&policy), about), Output::default())
        });
        let mut world = Self {
            core: Core::default(),
            sent: 0,
            people: people.collect(),
            rooms: BTreeMap::new(),
            attached: BTreeSet::new(),
            crowded: false,
            slow: false,
            later: Vec::new(),
            said: Vec::new(),
        };
        let node = SessionId { node: NodeId(0), number: 0 };
        world.decide(Origin { session: node, request: 0 }, Intent::Begin);
        for who in 0..count {
            world.types(who, &format!("NICK p{who}"));
            world.types(who, "USER u 0 * :Real Name");
            assert!(world.take(who).contains(" 001 "));
        }
        world
    }

    pub(super) fn types(&mut self, who: usize, line: &str) {
        self.sends(who, format!("{line}\r\n").as_bytes());
    }

    pub(super) fn sends(&mut self, who: usize, bytes: &[u8]) {
        self.people[who].0.receive(bytes);
        self.run(who);
        // What others are told may make them want something.
        (0..self.people.len()).for_each(|who| self.run(who));
    }

    /// What a session was told since this was last asked.
    pub(super) fn take(&mut self, who: usize) -> String {
        String::from_utf8(std::mem::take(&mut self.people[who].1.bytes)).expect("it is UTF-8")
    }

    /// Answers what waits with all that was said so far.
    pub(super) fn read(&mut self) {
        for (who, request) in std::mem::take(&mut self.later) {
            let answer = Answer::Lines(self.said.clone());
            let (face, out) = &mut self.people[who];
            face.answer(request, &answer, out);
            self.run(who);
        }
    }

    /// Whether a session sees what is said in a room as others with its capabilities do.
    pub(super) fn hears(&self, who: usize) -> bool {
        self.people[who].0.hears(&[]).is_some()
    }

    fn run(&mut self, who: usize) {
        loop {
            let (face, out) = &mut self.people[who];
            let Some((request, ask)) = face.next_ask(out) else { return };
            let origin = Origin { session: session(who), request };
            match ask {
                Ask::Intent(intent) => self.decide(origin, intent),
                Ask::Query(query) => {
                    let answer = match self.core.state().answer(origin.session, &query) {
                        Response::Now(answer) => answer,
                        Response::Later(_) if self.slow => {
                            self.later.push((who, request));
                            continue;
                        }
                        Response::Later(_) => Answer::Unavailable,
                    };
                    let (face, out) = &mut self.people[who];
                    face.answer(request, &answer, out);
                }
                Ask::Hash(_) | Ask::HashFor { .. } | Ask::HashReset { .. } => {
                    let hashed = Checked::Hashed(Verifier::new("phc".to_owned()));
                    self.checked(who, request, &hashed);
                }
                Ask::Check { name, .. } => {
                    let checked = match self.core.state().credential(&name) {
                        Some(credential) => Checked::Right(credential.proves),
                        None => Checked::Wrong,
                    };
                    self.checked(who, request, &checked);
                }
                Ask::Claim { name, .. } => {
                    let checked = match self.core.state().claim(&name) {
                        Some(held) => Checked::Right(held.proves),
                        None => Checked::Hashed(Verifier::new("phc".to_owned())),
                    };
                    self.checked(who, request, &checked);
                }
                Ask::Code(ask) => self.decide(origin, coded(*ask)),
                Ask::Operate { .. } => {
                    self.checked(who, request, &Checked::Right(Proves::Operator(1)));
                }
                Ask::BecomeOperator { .. } => {
                    let on = Flags::default().with(PersonFlag::Operator, true);
                    self.decide(origin, Intent::ChangeSelf { on, off: Flags::default() });
                }
                Ask::Prove(_) => {
                    let busy = Checked::Limited { why: Slowed::Busy, seconds: 1 };
                    self.checked(who, request, &busy);
                }
                Ask::Proof { .. } => self.checked(who, request, &Checked::Counted),
                Ask::Whisper { to, tags } => match self.core.state().whisper(origin, &to, &tags) {
                    Ok((audience, event, stamp)) => {
                        self.show(&audience, &event, &stamp);
                        let said = Ok(chinwag_model::outcome::Done::Said(None));
                        let (face, out) = &mut self.people[who];
                        face.outcome(request, &said, out);
                    }
                    Err(refusal) => {
                        let (face, out) = &mut self.people[who];
                        face.outcome(request, &Err(refusal), out);
                    }
                },
                Ask::Reread => {}
            }
        }
    }

    fn checked(&mut self, who: usize, request: u32, checked: &Checked) {
        let (face, out) = &mut self.people[who];
        face.checked(request, checked, out);
    }

    fn decide(&mut self, origin: Origin, intent: Intent) {
        let requests = vec![Request { origin, intent }];
        let packet =
            Packet { node: NodeId(0), epoch: 1, first: self.sent, requests, expires: None };
        self.sent += 1;
        let seq = self.core.state().seq().next();
        let mut effects = Vec::new();
        let time = Timestamp(1000 * self.sent as i64);
        self.core.apply(&Entry { seq, time, packet }, &mut effects).expect("no gap");
        for effect in effects {
            self.take_effect(effect);
        }
    }

    fn take_effect(&mut self, effect: Effect) {
        match effect {
            Effect::Show { audience, event, stamp } => self.show(&audience, &event, &stamp),
            Effect::Reply(origin, outcome) if origin.session.number > 0 => {
                let (face, out) = &mut self.people[origin.session.number as usize - 1];
                face.outcome(origin.request, &outcome, out);
            }
            Effect::Mail { origin, .. } => {
                let (face, out) = &mut self.people[origin.session.number as usize - 1];
                let sent = Ok(chinwag_model::outcome::Done::CodeSent);
                face.outcome(origin.request, &sent, out);
            }
            Effect::Attach { session, rooms, .. } => {
                self.attached.insert(session);
                for room in rooms {
                    self.rooms.entry(room).or_default().insert(session);
                }
            }
            Effect::Detach(session) => {
                self.attached.remove(&session);
                for room in self.rooms.values_mut() {
                    room.remove(&session);
                }
            }
            Effect::Subscribe(room, sessions) => {
                self.rooms.entry(room).or_default().extend(sessions);
            }
            Effect::Unsubscribe(room, sessions) => {
                let heard = self.rooms.entry(room).or_default();
                for session in &sessions {
                    heard.remove(session);
                }
            }
            Effect::Reply(..) | Effect::Keep(_) => {}
        }
    }

    fn show(&mut self, audience: &Audience, event: &Event, stamp: &Stamp) {
        if let Event::Said(message) = event {
            self.said.push(Line::Message(Arc::clone(message)));
        }
        let room = |room: &RoomId| self.rooms.get(room).cloned().unwrap_or_default();
        let sessions: BTreeSet<SessionId> = match audience {
            Audience::Room(id) => room(id),
            Audience::Everyone => self.attached.clone(),
            Audience::Sessions(sessions) => sessions.iter().copied().collect(),
            Audience::Peers { rooms, own, .. } => {
                rooms.iter().flat_map(room).chain(own.iter().copied()).collect()
            }
            Audience::Watchers(_) => BTreeSet::new(),
        };
        let via = Via { watch: false, crowded: self.crowded };
        for session in sessions {
            let (face, out) = &mut self.people[session.number as usize - 1];
            match face.sight(event, stamp, via) {
                Sight::Nothing => {}
                Sight::Shared(look) => {
                    out.bytes.extend(shared_lines(event, stamp, look, "srv"));
                }
                Sight::Own => face.show(event, stamp, out),
            }
        }
    }
}

/// What a node makes of something that a code is mailed or given for; every code is `right`.
fn coded(ask: CodeAsk) -> Intent {
    let mailed = CodeHash::new([1; 32]);
    let given = |code: &Secret| match code.expose() {
        b"right" => mailed,
        _ => CodeHash::new([2; 32]),
    };
    match ask {
        CodeAsk::Hold { name, address, claim } => {
            Intent::Hold { name, address, claim, code: mailed }
        }
        CodeAsk::Verify { account, code } => Intent::Verify { account, code: given(&code) },
        CodeAsk::AskReset { account } => Intent::AskReset { account, code: mailed },
        CodeAsk::Reset { account, code, verifier } => {
            Intent::Reset { account, code: given(&code), verifier }
        }
    }
}
