//! Nobody ever becomes a person whose secret they did not prove, in whatever order secrets are proved,
//! used, changed and lost, and names taken, given up and registered.
//!
//! What a secret is, is known here apart from the rules: each password is a text of its own, and each
//! proof is kept with the text, or the certificate, that got it.

use std::collections::BTreeMap;

use chinwag_model::effect::Effect;
use chinwag_model::entry::{Entry, Packet};
use chinwag_model::id::{NodeId, PersonId, SessionId, Timestamp};
use chinwag_model::intent::{Identity, Intent, Origin, Request};
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::Outcome;
use chinwag_model::proof::{Proof, Proves};
use chinwag_model::query::{Answer, Query};
use chinwag_model::secret::Verifier;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::answer::Response;
use crate::core::Core;
use crate::invariant;

const NAMES: &[&str] = &["ana", "bo", "cy", "dora"];

#[derive(Clone, Debug)]
enum Act {
    /// Somebody gives a password for a name: mostly the right one.
    Prove {
        name: Name,
        right: bool,
        secret: Index,
    },
    ProveCertificate(u8),
    Come {
        session: u64,
        identity: Identity,
    },
    /// Several requests of one entry: nobody can prove anything in between.
    Together(Vec<(u64, Want)>),
}

/// What a session wants; proofs are those that were given out so far.
#[derive(Clone, Debug)]
enum Want {
    Known(Name, Index),
    Nick(NewName, Name, Index),
    Login(Name, Index),
    SetPassword(Option<Index>),
    Register(NewName),
    Create(NewName),
    Rename(NewName),
    Shown(NewName),
    Exit,
    Certify { n: u8, on: bool, shown: bool },
    Confirm(Name, u8),
}

/// By what a proof was got.
#[derive(Clone, Debug)]
enum Secret {
    Password(String),
    Certificate(u8),
}

#[derive(Debug, Default)]
struct World {
    core: Core,
    sent: u64,
    secrets: Vec<String>,
    proofs: Vec<(Proof, Secret)>,
}

impl World {
    fn act(&mut self, act: Act) {
        match act {
            Act::Prove { name, right, secret } => self.prove(&name, right, secret),
            Act::ProveCertificate(n) => {
                let query = Query::Certificate([n; 32]);
                if let Response::Now(Answer::Certificate(Some((_, proof)))) =
                    self.core.state().answer(session(1), &query)
                {
                    self.proofs.push((proof, Secret::Certificate(n)));
                }
            }
            Act::Come { session, identity } => {
                let intent = Intent::Enter(identity, None);
                self.entry(&[(session, intent, None)]);
            }
            Act::Together(wants) => {
                let wants = wants.into_iter().filter_map(|(session, want)| {
                    let (intent, secret) = self.intent(session, want)?;
                    Some((session, intent, secret))
                });
                let wants: Vec<_> = wants.collect();
                self.entry(&wants);
            }
        }
    }

    fn prove(&mut self, name: &Name, right: bool, secret: Index) {
        let Some(known) = self.core.state().credential(name) else { return };
        let given = if right { known.verifier.phc() } else { secret.get(&self.secrets) };
        if let (true, Proves::Account(proof)) = (given == known.verifier.phc(), known.proves) {
            self.proofs.push((proof, Secret::Password(given.to_owned())));
        }
    }

    fn verifier(&mut self) -> Verifier {
        let secret = format!("secret {}", self.secrets.len());
        self.secrets.push(secret.clone());
        Verifier::new(secret)
    }

    fn intent(&mut self, session: u64, want: Want) -> Option<(Intent, Option<Secret>)> {
        let of = |at: &Index| (!self.proofs.is_empty()).then(|| at.get(&self.proofs).clone());
        let nick = |name, login| Intent::Enter(Identity::Nick { name, login }, None);
        Some(match want {
            Want::Known(name, at) => {
                let (proof, secret) = of(&at)?;
                let identity = Identity::Known { name, verifier: None, proof: Some(proof) };
                (Intent::Enter(identity, None), Some(secret))
            }
            Want::Nick(shown, account, at) => {
                let (proof, secret) = of(&at)?;
                (nick(shown, Some((account, proof))), Some(secret))
            }
            Want::Login(account, at) => {
                let (proof, secret) = of(&at)?;
                (Intent::Login { account, proof }, Some(secret))
            }
            Want::SetPassword(at) => {
                let of = at.and_then(|at| of(&at));
                let (proof, secret) = of.unzip();
                (Intent::SetPassword { verifier: self.verifier(), proof }, secret)
            }
            Want::Register(name) => (Intent::Register(name, self.verifier()), None),
            Want::Create(name) => (Intent::Create(name, self.verifier()), None),
            Want::Rename(name) => (Intent::Rename(name), None),
            Want::Shown(name) if session.is_multiple_of(2) => (nick(name, None), None),
            Want::Shown(name) => (Intent::Nick(name), None),
            Want::Exit => (Intent::Exit { delivered: None, reason: None }, None),
            Want::Certify { n, on, shown } => {
                (Intent::Certify { fingerprint: [n; 32], on, shown }, None)
            }
            Want::Confirm(account, n) => {
                (Intent::ConfirmCertificate { account, fingerprint: [n; 32] }, None)
            }
        })
    }

    /// Puts requests into the log, and looks after each of them at who is who.
    ///
    /// To see between the requests of an entry, it is also applied piece by piece to copies.
    fn entry(&mut self, wants: &[(u64, Intent, Option<Secret>)]) {
        let snapshot = self.core.state().snapshot();
        for upto in 1..=wants.len() {
            let before = self.copy(&snapshot, &wants[..upto - 1]).0;
            let (after, outcomes) = self.copy(&snapshot, &wants[..upto]);
            let (asker, _, secret) = &wants[upto - 1];
            if outcomes.last().is_some_and(Result::is_ok) {
                check(&before, &after, session(*asker), secret.as_ref());
            }
        }
        let (core, _) = self.copy(&snapshot, wants);
        invariant::check(core.state());
        self.core = core;
        self.sent += wants.len() as u64;
    }

    fn copy(
        &self,
        snapshot: &[u8],
        wants: &[(u64, Intent, Option<Secret>)],
    ) -> (Core, Vec<Outcome>) {
        let state = crate::state::State::restore(snapshot).expect("a snapshot");
        let mut core = Core::new(state);
        let requests = wants.iter().map(|(asker, intent, _)| Request {
            origin: Origin { session: session(*asker), request: 1 },
            intent: intent.clone(),
        });
        let packet = Packet {
            node: NodeId(1),
            epoch: 1,
            first: self.sent,
            requests: requests.collect(),
            expires: None,
        };
        let seq = core.state().seq().next();
        let time = Timestamp(1000 * seq.0 as i64);
        let mut effects = Vec::new();
        core.apply(&Entry { seq, time, packet }, &mut effects).expect("no gap");
        let outcomes = effects.into_iter().filter_map(|effect| match effect {
            Effect::Reply(_, outcome) => Some(outcome),
            _ => None,
        });
        (core, outcomes.collect())
    }
}

/// The persons that each session may be after a request that was granted.
fn check(before: &Core, after: &Core, asker: SessionId, secret: Option<&Secret>) {
    let (was, is) = (before.state(), after.state());
    let who = |core: &Core| -> BTreeMap<SessionId, PersonId> {
        core.state().sessions.iter().map(|(id, session)| (*id, session.person)).collect()
    };
    let (people_before, people_after) = (who(before), who(after));
    for (id, person) in &people_after {
        if people_before.get(id) == Some(person) {
            continue;
        }
        assert_eq!(*id, asker, "no session becomes somebody by what another one asks");
        let known = was.persons.get(person);
        let is_new = known.is_none();
        let is_open = known.is_some_and(|known| known.password.is_none());
        assert!(
            is_new || is_open || proves(was, *person, secret),
            "session {id} became {person:?} by {secret:?}"
        );
    }
    // Another password is set by who gave the old one.
    for (id, person) in &was.persons {
        let now = is.persons.get(id).and_then(|now| now.password.as_ref());
        if person.password.is_some() && person.password.as_ref() != now {
            assert!(proves(was, *id, secret), "{id:?} got another password by {secret:?}");
            let left = is.persons.get(id).map(crate::state::Person::sessions);
            assert_eq!(left, Some(vec![asker]), "only who set it is still in");
        }
    }
    // A certificate comes to an account by who is connected with it.
    for (print, id) in &is.certificates {
        let held = was.certificates.get(print);
        assert!(held.is_none_or(|held| held == id), "no certificate changes its account");
    }
}

/// Whether this secret is the person's now.
fn proves(state: &crate::state::State, person: PersonId, secret: Option<&Secret>) -> bool {
    match secret {
        None => false,
        Some(Secret::Certificate(n)) => state.certificates.get(&[*n; 32]) == Some(&person),
        Some(Secret::Password(text)) => {
            let password = state.persons.get(&person).and_then(|known| known.password.as_ref());
            password.is_some_and(|password| password.verifier.phc() == text)
        }
    }
}

fn session(number: u64) -> SessionId {
    SessionId { node: NodeId(1), number }
}

fn name() -> impl Strategy<Value = Name> {
    select(NAMES.to_vec()).prop_map(|name| Name::parse(name).unwrap())
}

fn new() -> impl Strategy<Value = NewName> {
    select(NAMES.to_vec()).prop_map(|name| NewName::parse(name).unwrap())
}

fn want() -> impl Strategy<Value = Want> {
    let at = any::<Index>;
    prop_oneof![
        3 => (name(), at()).prop_map(|(name, at)| Want::Known(name, at)),
        3 => (new(), name(), at()).prop_map(|(shown, name, at)| Want::Nick(shown, name, at)),
        6 => (name(), at()).prop_map(|(name, at)| Want::Login(name, at)),
        3 => prop::option::of(at()).prop_map(Want::SetPassword),
        4 => new().prop_map(Want::Register),
        2 => new().prop_map(Want::Create),
        4 => new().prop_map(Want::Rename),
        3 => new().prop_map(Want::Shown),
        4 => Just(Want::Exit),
        5 => (0..2u8, any::<bool>(), prop::bool::weighted(0.8))
            .prop_map(|(n, on, shown)| Want::Certify { n, on, shown }),
        1 => (name(), 0..2u8).prop_map(|(name, n)| Want::Confirm(name, n)),
    ]
}

fn act() -> impl Strategy<Value = Act> {
    let sessions = 1..7u64;
    let identity = prop_oneof![
        Just(Identity::Guest),
        new().prop_map(|name| Identity::New { name, verifier: None }),
        new().prop_map(|name| Identity::Nick { name, login: None }),
        name().prop_map(|name| Identity::Known { name, verifier: None, proof: None }),
    ];
    prop_oneof![
        6 => (name(), prop::bool::weighted(0.8), any::<Index>())
            .prop_map(|(name, right, secret)| Act::Prove { name, right, secret }),
        4 => (0..2u8).prop_map(Act::ProveCertificate),
        3 => (sessions.clone(), identity)
            .prop_map(|(session, identity)| Act::Come { session, identity }),
        10 => prop::collection::vec((sessions, want()), 1..4).prop_map(Act::Together),
    ]
}

proptest! {
    #[test]
    fn attack_nobody_becomes_a_person_whose_secret_they_did_not_prove(
        acts in prop::collection::vec(act(), 1..80)
    ) {
        let mut world = World::default();
        world.entry(&[(0, Intent::Begin, None)]);
        for act in acts {
            world.act(act);
        }
    }
}
