//! A stage on which scripts are played, to see what everybody would see.
//!
//! A line of a script is a request, and an entry of its own: `WHO: VERB …`. `WHO` is a session:
//! `ana`, `ana2` (a second device), `cy@2` (on node 2), or a node itself: `node`, `node2`.
//! `clock: SECONDS` lets time pass. What comes before the line `--` sets the stage and is not told. The verbs are in [`Stage::intent`].
//!
//! What is told is a line an effect. Who is in a room's audience is known here only from `Attach`,
//! `Detach`, `Subscribe` and `Unsubscribe`, as a node knows it, and after each entry it is compared
//! with the members in the state.
// Size: one parser of the scripts in which the tests of all rules are written.

mod proofs;
pub(crate) mod routes;
mod words;

use std::collections::BTreeMap;

use chinwag_model::effect::{Effect, Event, Stamp};
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, PersonId, Place, RoomId, Seq, SessionId, Timestamp};
use chinwag_model::intent::{
    Claim, Identity, Intent, Mark, Origin, Owner, Request, Target, Visitor,
};
use chinwag_model::mail::{MailAddress, NotMailed};
use chinwag_model::mask::Mask;
use chinwag_model::message::Manner;
use chinwag_model::mode::{Flags, PersonFlag, RoomChange, RoomFlag, RoomList};
use chinwag_model::name::{Name, NewName};
use chinwag_model::node::{Incarnation, RULES, RULES_OLDEST};
use chinwag_model::outcome::Outcome;
use chinwag_model::proof::Proof;
use chinwag_model::push::{Device, Endpoint, Keys, PUBLIC_KEY_BYTES, SECRET_BYTES};
use chinwag_model::query::{Answer, Query, Reading};
use chinwag_model::rank::Rank;
use chinwag_model::record::Record;
use chinwag_model::secret::{CodeHash, Verifier};
use chinwag_model::tag::Tags;
use chinwag_model::text::Text;

use crate::answer::Response;
use crate::core::Core;
use crate::invariant;
use crate::push::DEVICE_LIFE_MS;
use crate::stage::proofs::{Proofs, print};
use crate::stage::routes::Routes;
use crate::state::{Folded, Holder, Key, State};

/// Plays a script and compares what is told with what is expected, line by line; indents do not
/// count.
#[track_caller]
pub(crate) fn check(script: &str, expected: &str) {
    let lines = |text: &str| {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    let told = play(script);
    assert!(told == lines(expected), "the script\n{script}\ntold\n\n{told}\n");
}

/// Plays a script on an empty stage; what everybody saw and what the archive keeps.
pub(crate) fn play(script: &str) -> String {
    Stage::new().play(script)
}

/// The core with its sessions around it.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    core: Core,
    lives: BTreeMap<NodeId, Life>,
    labels: BTreeMap<String, SessionId>,
    routes: Routes,
    proofs: Proofs,
    /// Everything that ever had a name.
    known: BTreeMap<Key<Folded>, Holder>,
    requests: u32,
    /// What is added to the time that entries take.
    later_ms: i64,
}

/// What a node knows of its own packets.
#[derive(Debug, Default)]
struct Life {
    epoch: u64,
    next: u64,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Plays a script; what was told since the last `--`.
    pub(crate) fn play(&mut self, script: &str) -> String {
        let mut told = Vec::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if line == "--" {
                told.clear();
            } else {
                self.line(line, &mut told);
            }
        }
        told.join("\n")
    }

    pub(crate) fn state(&self) -> &State {
        self.core.state()
    }

    /// As if the server had been started again: what is not in a snapshot is gone.
    pub(crate) fn restore(&mut self) {
        let state = State::restore(&self.state().snapshot()).expect("a snapshot");
        self.core = Core::new(state);
    }

    /// The session of this label.
    pub(crate) fn session(&mut self, label: &str) -> SessionId {
        let number = self.labels.len() as u64 + 1;
        let (label, node) = match label.split_once('@') {
            Some((label, node)) => (label, node.parse().expect("a node's number")),
            None => (label, 1),
        };
        let new = SessionId { node: NodeId(node), number };
        *self.labels.entry(label.to_owned()).or_insert(new)
    }

    /// The person who has this name, or had it.
    pub(crate) fn person(&self, name: &str) -> PersonId {
        match self.known.get(self::name(name).folded()) {
            Some(Holder::Person(id)) => *id,
            _ => PersonId(999),
        }
    }

    /// The room that has this name, or had it.
    pub(crate) fn room(&self, name: &str) -> RoomId {
        match self.known.get(self::name(name).folded()) {
            Some(Holder::Room(id)) => *id,
            _ => self.state().channel(&self::name(name)).map_or(RoomId(999), |(id, _)| id),
        }
    }

    /// What the state answers at once.
    pub(crate) fn ask(&mut self, label: &str, query: &Query) -> Answer {
        let session = self.session(label);
        match self.state().answer(session, query) {
            Response::Now(answer) => answer,
            Response::Later(reading) => panic!("{query:?} is left to the archive: {reading:?}"),
        }
    }

    /// What the archive is asked.
    pub(crate) fn reading(&mut self, label: &str, query: &Query) -> Reading {
        let session = self.session(label);
        match self.state().answer(session, query) {
            Response::Later(reading) => reading,
            Response::Now(answer) => panic!("{query:?} is answered at once: {answer:?}"),
        }
    }

    fn line(&mut self, line: &str, told: &mut Vec<String>) {
        let (label, what) = line.split_once(": ").unwrap_or_else(|| panic!("who says {line:?}?"));
        if label == "clock" {
            self.later_ms += 1000 * what.parse::<i64>().unwrap();
            return;
        }
        let session = match label.strip_prefix("node") {
            Some("") => SessionId { node: NodeId(1), number: 0 },
            Some(node) => SessionId { node: NodeId(node.parse().unwrap()), number: 0 },
            None => self.session(label),
        };
        if what == "a month passes" {
            self.later_ms += DEVICE_LIFE_MS;
            return;
        }
        let intent = self.intent(label, what);
        let life = self.lives.entry(session.node).or_default();
        let begins = session.number == 0 && matches!(intent, Intent::Begin | Intent::BeginAs(_));
        if begins {
            *life = Life { epoch: life.epoch + 1, next: 0 };
        } else if life.epoch == 0 {
            let node = SessionId { node: session.node, number: 0 };
            life.epoch = 1;
            self.request(node, Intent::Begin);
        }
        for effect in self.request(session, intent) {
            told.extend(self.take(&effect));
            if let Effect::Show { event, stamp, .. } = &effect {
                self.pushed(event, stamp, told);
            }
        }
        self.routes.compare(self.core.state());
        self.known.extend(self.core.state().names.clone());
        self.proofs.note(self.core.state());
        invariant::check(self.core.state());
    }

    /// Asks for something as a session, and gives the outcome.
    pub(crate) fn want(&mut self, session: SessionId, intent: Intent) -> Outcome {
        let effects = self.request(session, intent);
        let outcome = effects.into_iter().find_map(|effect| match effect {
            Effect::Reply(_, outcome) => Some(outcome),
            _ => None,
        });
        outcome.expect("each request is answered")
    }

    /// Puts one request in the log, as an entry.
    fn request(&mut self, session: SessionId, intent: Intent) -> Vec<Effect> {
        self.requests += 1;
        let origin = Origin { session, request: self.requests };
        let life = self.lives.entry(session.node).or_default();
        let (epoch, first) = (life.epoch, life.next);
        life.next += 1;
        let requests = vec![Request { origin, intent }];
        let packet = Packet { node: session.node, epoch, first, requests, expires: None };
        let seq = self.core.state().seq().next();
        let time =
            Timestamp(self.core.state().time().0 + 1000 + std::mem::take(&mut self.later_ms));
        let mut effects = Vec::new();
        self.core.apply(&Entry { seq, time, packet }, &mut effects).expect("no gap");
        effects
    }

    /// Does as a node does with an effect, and tells what is seen of it.
    fn take(&mut self, effect: &Effect) -> Option<String> {
        let sessions = self.routes.take(effect);
        match effect {
            // Those who are in line mode see nothing of these.
            Effect::Show { event, .. } if is_for_visitors(event) => None,
            Effect::Keep(Record::Happened(_)) => None,
            Effect::Show { event, .. } => {
                let seen = self.event(event);
                let labels: Vec<_> = sessions.into_iter().map(|id| self.label(id)).collect();
                Some(match labels.as_slice() {
                    [] => format!("nobody sees: {seen}"),
                    [one] => format!("{one} sees: {seen}"),
                    all => format!("{} see: {seen}", all.join(" ")),
                })
            }
            Effect::Reply(origin, outcome) => {
                Some(format!("{} told: {}", self.label(origin.session), self.outcome(outcome)))
            }
            Effect::Mail { origin, to } => {
                Some(format!("{} told: a code is mailed to {to}", self.label(origin.session)))
            }
            Effect::Keep(record) => Some(format!("kept: {}", self.record(record))),
            _ => None,
        }
    }

    /// Tells which devices are told of an event.
    fn pushed(&self, event: &Event, stamp: &Stamp, told: &mut Vec<String>) {
        let owner = |id| &self.core.state().persons[&id].name;
        let called = |endpoint: &Endpoint| endpoint.as_str().rsplit('/').next().unwrap().to_owned();
        let pushes = self.core.state().pushes(event, stamp);
        for push in &pushes.to {
            let (device, seen) = (called(&push.device.endpoint), self.event(&push.event));
            told.push(format!("{}'s {device} is pushed: {seen}", owner(push.person)));
        }
        for (person, endpoint) in &pushes.forgotten {
            told.push(format!("{}'s {} is forgotten", owner(*person), called(endpoint)));
        }
    }

    fn label(&self, session: SessionId) -> String {
        if session.number == 0 {
            return "node".to_owned();
        }
        let label = self.labels.iter().find(|(_, id)| **id == session);
        label.expect("a session of the script").0.clone()
    }

    fn intent(&self, label: &str, what: &str) -> Intent {
        let (verb, rest) = what.split_once(' ').unwrap_or((what, ""));
        let (first, tail) = rest.split_once(' ').unwrap_or((rest, ""));
        let say = |to, manner, words| Intent::say(to, manner, text(words));
        let speak = |to, words| say(to, Manner::Speech, words);
        let some_text = |words: &str| (!words.is_empty()).then(|| text(words));
        match verb {
            "begin" if rest.is_empty() => Intent::Begin,
            "enter" => Intent::Enter(self.identity(label, rest), None),
            "exit" => {
                Intent::Exit { delivered: (!rest.is_empty()).then(|| place(rest)), reason: None }
            }
            "say" => speak(Target::Room(RoomId::LOBBY), rest),
            "me" => say(Target::Room(RoomId::LOBBY), Manner::Action, rest),
            "in" => speak(Target::Room(self.room(first)), tail),
            "to" => speak(Target::Person(self.person(first)), tail),
            "tell" => speak(Target::Called(name(first)), tail),
            "either" => speak(Target::Either(name(first)), tail),
            "broad" => speak(Target::Everyone, rest),
            "group" => Intent::MakeGroup {
                name: NewName::parse(first).expect("a name for a group"),
                named: tail.split_whitespace().map(name).collect(),
            },
            "join" => Intent::Join { room: name(rest), new: NewName::parse(rest).ok() },
            "leave" => Intent::Leave(self.room(rest)),
            "topic" => Intent::SetTopic { room: self.room(first), topic: some_text(tail) },
            "invite" => Intent::Invite { who: name(first), room: self.room(tail) },
            "nick" => Intent::Rename(NewName::parse(rest).expect("a name to take")),
            "away" => Intent::SetAway(Some(text(rest))),
            "back" => Intent::SetAway(None),
            "ignore" => Intent::Ignore { who: name(rest), on: true },
            "unignore" => Intent::Ignore { who: name(rest), on: false },
            "password" => {
                let own = tail.strip_prefix("checked ").map(|number| {
                    let session = self.labels.get(label);
                    let person = session.and_then(|id| self.state().sessions.get(id));
                    let person = person.and_then(|of| self.state().persons.get(&of.person));
                    let account = person.and_then(|person| person.account().cloned());
                    self.proofs.meant(&account.unwrap_or(Name::lobby()), &[number])
                });
                Intent::SetPassword { verifier: Verifier::new(first.to_owned()), proof: own }
            }
            "sent" => {
                Intent::Delivered(vec![Mark { person: self.person(first), upto: place(tail) }])
            }
            "begin" | "beat" | "gone" | "end" | "digest" | "nothing" => {
                self.nodes_intent(verb, &rest.split(' ').collect::<Vec<_>>())
            }
            _ => self.visitors_intent(label, verb, first, tail, rest),
        }
    }

    /// What nodes of a cluster ask for: `begin as NAME [knows VERSION]`, `gone NODE EPOCH [seen
    /// ENTRY]`, where not said the last one that came from it.
    fn nodes_intent(&self, verb: &str, words: &[&str]) -> Intent {
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
        match verb {
            "begin" => Intent::BeginAs(Box::new(Incarnation {
                name: words[1].into(),
                nonce: 7,
                knows: number(3).map_or(RULES, |version| version as u32),
                knows_since: RULES_OLDEST,
            })),
            "gone" => {
                let node = NodeId(number(0).expect("a node") as u32);
                let seen = self.state().living(node).map(|living| living.seen.0);
                let last = Seq(number(3).or(seen).unwrap_or(0));
                Intent::Gone { node, epoch: number(1).expect("an epoch"), last }
            }
            "end" => Intent::End,
            "digest" => Intent::Digest { seq: Seq(1), digest: [7; 32] },
            "nothing" => Intent::Nothing,
            _ => Intent::Beat,
        }
    }

    /// What only those ask for to whom rooms are channels.
    fn visitors_intent(
        &self,
        label: &str,
        verb: &str,
        first: &str,
        tail: &str,
        rest: &str,
    ) -> Intent {
        let room = |text: &str| Name::parse_room(text).expect("a room's name");
        let some_text = |words: &str| (!words.is_empty()).then(|| text(words));
        let called = || label.split('@').next().unwrap_or_default();
        match verb {
            // `visits [as NAME] [ACCOUNT PROOF]`: outside of the lobby; by itself, under the
            // session's own name.
            "visits" => {
                let words: Vec<&str> = rest.split_whitespace().collect();
                let (shown, login) = match words.as_slice() {
                    ["as", shown, login @ ..] => (*shown, login),
                    login => (called(), login),
                };
                let login = match login {
                    [account, words @ ..] => Some(self.login(account, words)),
                    [] => None,
                };
                let identity = Identity::Nick { name: NewName::parse(shown).unwrap(), login };
                let visitor = Visitor {
                    user: "u".into(),
                    host: format!("{}.cloak", called()).into(),
                    outside: true,
                    stays: true,
                    ..Visitor::default()
                };
                Intent::Enter(identity, Some(Box::new(visitor)))
            }
            "visit" => Intent::Visit { room: room(first), key: some_text(tail) },
            "part" => Intent::Part { room: room(first), reason: some_text(tail) },
            "kick" => {
                let (who, reason) = tail.split_once(' ').unwrap_or((tail, ""));
                Intent::Kick { room: room(first), who: name(who), reason: some_text(reason) }
            }
            "on" => Intent::say(Target::Channel(room(first), None), Manner::Speech, text(tail)),
            "ops" => Intent::say(
                Target::Channel(room(first), Some(Rank::Operator)),
                Manner::Speech,
                text(tail),
            ),
            "mode" => {
                let changes = tail.split(' ').map(change).collect();
                Intent::ChangeRoom { room: room(first), changes, entries_max: 2 }
            }
            "call" => Intent::Call { who: name(first), room: room(tail) },
            "uninvite" => Intent::Uninvite { who: name(first), room: room(tail) },
            "shown" => Intent::Nick(NewName::parse_nick(rest).unwrap()),
            "register" => {
                let name = NewName::parse(called()).unwrap();
                Intent::Register(name, Verifier::new("v".to_owned()))
            }
            "login" => {
                let (account, proof) = self.login(first, &tail.split(' ').collect::<Vec<_>>());
                Intent::Login { account, proof }
            }
            "add" | "propose" => {
                Intent::Certify { fingerprint: print(rest), on: true, shown: verb == "add" }
            }
            "drop" => Intent::Certify { fingerprint: print(rest), on: false, shown: false },
            "confirm" => {
                Intent::ConfirmCertificate { account: name(first), fingerprint: print(tail) }
            }
            "ghost" => Intent::Ghost(name(rest)),
            "found" => Intent::Found { room: room(first), on: true },
            "take back" => Intent::Found { room: room(first), on: false },
            "read" => Intent::Read { target: first.into(), upto: Timestamp(tail.parse().unwrap()) },
            "rename" => Intent::RenameRoom { room: room(first), to: room(tail), reason: None },
            "redact" => Intent::Redact {
                message: place(first),
                author: self.person(tail.split(' ').next().unwrap_or_default()),
                room: tail.split_once(' ').map(|(_, room)| self.channel(room)),
                to: None,
                reason: None,
            },
            "oper" => Intent::ChangeSelf {
                on: Flags::default().with(PersonFlag::Operator, true),
                off: Flags::default(),
            },
            // `accounts only`: messages are taken from accounts only.
            "accounts" => Intent::ChangeSelf {
                on: Flags::default().with(PersonFlag::AccountsOnly, true),
                off: Flags::default(),
            },
            "value" => Intent::SetMetadata {
                of: Owner::Room(room(first)),
                key: Some("k".into()),
                value: some_text(tail),
                keys_max: 9,
            },
            "relay" => Intent::Relay {
                room: room(first),
                name: Name::parse_elsewhere("zed/net").unwrap(),
                text: text(tail),
                tags: Tags::NONE,
            },
            "entitle" => Intent::Entitle { room: room(first), topic: some_text(tail) },
            "kill" => Intent::Kill { who: name(first), reason: some_text(tail) },
            "stay" => Intent::Stay(Some(rest == "on")),
            "device" => Intent::AddDevice { device: device(rest), devices_max: 2 },
            "no" => Intent::RemoveDevice(device(tail).endpoint),
            "lost" => {
                Intent::LoseDevice { person: self.person(first), endpoint: device(tail).endpoint }
            }
            _ => self.mail_intent(called(), verb, rest),
        }
    }

    /// What has to do with codes that are mailed. `c1` and the like stand for a code.
    fn mail_intent(&self, called: &str, verb: &str, rest: &str) -> Intent {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let after = |word| words.iter().position(|w| *w == word).and_then(|at| words.get(at + 1));
        let word = |at: usize| words.get(at).copied().unwrap_or_default();
        let code = |text: &str| {
            let mut hash = [0; 32];
            hash.iter_mut().zip(text.bytes()).for_each(|(to, byte)| *to = byte);
            CodeHash::new(hash)
        };
        let own = after("as").copied().unwrap_or(called);
        match verb {
            "create" => {
                Intent::Create(NewName::parse(rest).unwrap(), Verifier::new("v".to_owned()))
            }
            // `hold CODE [as NAME] [again ENTRY]`, with the name's own address.
            "hold" => Intent::Hold {
                name: NewName::parse(own).unwrap(),
                address: MailAddress::parse(&format!("{own}@example.org")).unwrap(),
                claim: match after("again") {
                    Some(seq) => Claim::Again(Seq(seq.parse().unwrap())),
                    None => Claim::New(Verifier::new("v".to_owned())),
                },
                code: code(word(0)),
            },
            "verify" => Intent::Verify { account: name(own), code: code(word(0)) },
            // `forget ACCOUNT [CODE]`; without one it is `r1`.
            "forget" => Intent::AskReset {
                account: name(word(0)),
                code: code(words.get(1).copied().unwrap_or("r1")),
            },
            "reset" => Intent::Reset {
                account: name(word(0)),
                code: code(word(1)),
                verifier: Verifier::new(word(2).to_owned()),
            },
            "withdraw" => Intent::Withdraw {
                account: name(word(0)),
                code: code(word(1)),
                why: NotMailed::Refused,
            },
            _ => panic!("{called} can't {verb:?}"),
        }
    }

    fn login(&self, account: &str, words: &[&str]) -> (Name, Proof) {
        let account = name(account);
        let proof = self.proofs.meant(&account, words);
        (account, proof)
    }

    fn channel(&self, name: &str) -> RoomId {
        let name = Name::parse_room(name).expect("a room's name");
        self.state().channel(&name).expect("a room").0
    }

    /// `[guest | [new | known] [NAME]] [checked NUMBER] [with VERIFIER]`; the name is that of the
    /// session, and whether it is a new one is as the state says, if nothing else is said.
    fn identity(&self, label: &str, rest: &str) -> Identity {
        let label = label.split('@').next().unwrap_or_default();
        let mut called = label.trim_end_matches(|c: char| c.is_ascii_digit());
        let (mut new, mut number, mut verifier) = (None, None, None);
        let mut words = rest.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "guest" => return Identity::Guest,
                "new" => new = Some(true),
                "known" => new = Some(false),
                "checked" => number = words.next(),
                "with" => verifier = words.next().map(|phc| Verifier::new(phc.to_owned())),
                other => called = other,
            }
        }
        let free = self.state().holder(&name(called)).is_none();
        if new.unwrap_or(free) {
            Identity::New { name: NewName::parse(called).expect("a name to take"), verifier }
        } else {
            let proof = number.map(|number| self.proofs.meant(&name(called), &[number]));
            Identity::Known { name: name(called), verifier, proof }
        }
    }
}

/// A device of this name.
pub(crate) fn device(name: &str) -> Device {
    let endpoint = format!("https://push.example/{name}");
    let mut public = [7; PUBLIC_KEY_BYTES];
    public[0] = 4;
    Device {
        endpoint: Endpoint::parse(&endpoint).expect("an endpoint"),
        keys: Keys::new(&public, &[1; SECRET_BYTES]).expect("keys"),
        look: 0,
        reads: true,
    }
}

/// A change of a room: `+i`, `-m`, `+o:ana`, `+b:ana!*@*`, `+k:key`, `+l:2`.
fn change(word: &str) -> RoomChange {
    let (sign, what) = word.split_at(1);
    let on = sign == "+";
    let (letter, given) = what.split_once(':').unwrap_or((what, ""));
    let mask = || Mask::parse(given).expect("a mask");
    match letter {
        "i" => RoomChange::Flag(RoomFlag::InviteOnly, on),
        "m" => RoomChange::Flag(RoomFlag::Moderated, on),
        "s" => RoomChange::Flag(RoomFlag::Secret, on),
        "R" => RoomChange::Flag(RoomFlag::AccountsOnly, on),
        "k" => RoomChange::Key(on.then(|| text(given))),
        "l" => RoomChange::Limit(on.then(|| given.parse().unwrap())),
        "b" => RoomChange::List(RoomList::Bans, mask(), on),
        "e" => RoomChange::List(RoomList::Exempt, mask(), on),
        "q" => RoomChange::Rank(name(given), Rank::Founder, on),
        "o" => RoomChange::Rank(name(given), Rank::Operator, on),
        "h" => RoomChange::Rank(name(given), Rank::HalfOperator, on),
        "v" => RoomChange::Rank(name(given), Rank::Voice, on),
        other => panic!("no such change: {other}"),
    }
}

/// Whether an event is told otherwise, or not at all, to those who are in line mode.
fn is_for_visitors(event: &Event) -> bool {
    match event {
        Event::Joined(arrival) => arrival.room.group || arrival.room.id == RoomId::LOBBY,
        Event::Quit { .. }
        | Event::Watched { .. }
        | Event::Account(_)
        | Event::Badge { .. }
        | Event::Away { .. } => true,
        _ => false,
    }
}

/// A name, which the script has right.
pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn text(words: &str) -> Text {
    Text::parse(words).expect("a text")
}

/// `SEQ.INDEX`, as places are shown.
fn place(text: &str) -> Place {
    let (seq, index) = text.split_once('.').expect("a place");
    Place { seq: Seq(seq.parse().unwrap()), index: index.parse().unwrap() }
}
