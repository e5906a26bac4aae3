//! A proof between the check and what relies on it: how long it holds, and what ends it.

use std::sync::Arc;

use chinwag_model::ask::{Ask, Checked, Scram};
use chinwag_model::effect::{Event, Stamp};
use chinwag_model::id::{NodeId, PersonId, Place, Seq, SessionId, Timestamp};
use chinwag_model::intent::{Identity, Intent, Origin};
use chinwag_model::message::{Badge, Card};
use chinwag_model::mode::Flags;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Entered, Refusal};
use chinwag_model::proof::{Proof, Proves};
use chinwag_model::secret::Verifier;
use chinwag_wire::sasl::credential::ScramCredential;

use super::super::{About, IrcFace};
use super::world::policy;
use crate::output::Output;
use crate::proven::PROOF_MS;

/// RFC 7677, section 3, as a client's lines.
const CLIENT_FIRST: &str = "AUTHENTICATE biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=";
const CLIENT_FINAL: &str = "AUTHENTICATE Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXh\
                            GSWxqKWhObEYkazAscD1kSHpiWmFwV0lrNGpVaE4rVXRlOXl0YWc5empmTUhnc3FtbWl6N0FuZFZR\
                            PQ==";
const NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const SALT: [u8; 16] = [91, 109, 153, 104, 157, 18, 53, 142, 236, 160, 75, 20, 18, 54, 250, 129];

const PROOF: Proof = Proof { person: PersonId(7), version: Seq(3), certificate: None };

struct Session {
    face: IrcFace,
    out: Output,
}

impl Session {
    fn new() -> Self {
        let about = About {
            session: SessionId { node: NodeId(0), number: 1 },
            host: "host".into(),
            address: "address".into(),
            secure: false,
            certificate: None,
        };
        Self { face: IrcFace::new(Arc::new(policy()), about), out: Output::default() }
    }

    /// Says a line; what is asked for it.
    fn say(&mut self, line: &str) -> Vec<(u32, Ask)> {
        self.face.receive(format!("{line}\r\n").as_bytes());
        std::iter::from_fn(|| self.face.next_ask(&mut self.out)).collect()
    }

    fn checked(&mut self, asked: &[(u32, Ask)], checked: &Checked) -> Vec<(u32, Ask)> {
        let (request, _) = asked.last().expect("something to check");
        self.face.checked(*request, checked, &mut self.out);
        std::iter::from_fn(|| self.face.next_ask(&mut self.out)).collect()
    }

    /// Begins to come in as `u`.
    fn begin(&mut self) {
        self.say("CAP REQ sasl");
        self.say("NICK u");
        self.say("USER u 0 * :u");
    }

    /// Comes in, as a guest.
    fn come_in(&mut self) {
        self.begin();
        let asked = self.say("CAP END");
        let entered = Entered {
            person: card(1, "u", None),
            place: Place::default(),
            guest: true,
            new: true,
            was_online: false,
            rested: None,
            ignores: Vec::new(),
            rooms: Vec::new(),
            flags: Flags::default(),
            away: None,
            real_name: "u".into(),
        };
        let (request, _) = asked.last().expect("it comes in");
        let entered = Ok(Done::Entered(Box::new(entered)));
        self.face.outcome(*request, &entered, &mut self.out);
        while let Some((request, ask)) = self.face.next_ask(&mut self.out) {
            assert!(matches!(ask, Ask::Query(_)), "{ask:?}");
            let nothing = chinwag_model::query::Answer::Unavailable;
            self.face.answer(request, &nothing, &mut self.out);
        }
        self.take();
    }

    /// Goes through SCRAM up to the client's proof.
    fn scram(&mut self, proof: Option<Proof>) {
        self.say("AUTHENTICATE SCRAM-SHA-256");
        let asked = self.say(CLIENT_FIRST);
        let credential = ScramCredential::derive("pencil", &SALT, 4096).to_text();
        let scram = Scram { credential: credential.into(), nonce: NONCE.into(), proof };
        assert!(self.checked(&asked, &Checked::Scram(Box::new(scram))).is_empty());
    }

    /// Gives the client's proof, which the server counts.
    fn prove(&mut self) {
        let asked = self.say(CLIENT_FINAL);
        if !asked.is_empty() {
            assert!(matches!(asked[0].1, Ask::Proof { right: true, .. }), "{asked:?}");
            assert!(self.checked(&asked, &Checked::Counted).is_empty());
        }
    }

    fn wait(&mut self, ms: i64) {
        self.out.now = Timestamp(self.out.now.0 + ms);
    }

    fn take(&mut self) -> String {
        String::from_utf8(std::mem::take(&mut self.out.bytes)).expect("it is UTF-8")
    }
}

fn card(id: u64, name: &str, account: Option<&str>) -> Card {
    let read = |name| Name::parse(name).expect("a name");
    let badge = Badge { account: account.map(read), ..Badge::default() };
    Card { id: PersonId(id), name: read(name), badge: Arc::new(badge) }
}

#[test]
fn attack_a_proof_by_scram_is_forgotten_where_the_client_stops() {
    let just = PROOF_MS;
    for (before_final, before_end, holds) in [
        (0, 0, true),
        (just, just, true),
        (just + 1, 0, false),
        (0, just + 1, false),
        (0, 1000 * just, false),
        (0, -1, false),
    ] {
        for comes_in in [false, true] {
            let mut session = Session::new();
            session.wait(1_000_000);
            if comes_in {
                session.come_in();
            } else {
                session.begin();
            }
            session.scram(Some(PROOF));
            session.wait(before_final);
            session.prove();
            session.wait(before_end);
            let asked = session.say("AUTHENTICATE +");
            let told = session.take();
            let case = format!("{before_final} {before_end} {comes_in}: {told}");
            let login = asked.iter().any(|(_, ask)| {
                matches!(ask, Ask::Intent(Intent::Login { proof, .. }) if *proof == PROOF)
            });
            assert_eq!(login || told.contains(" 903 "), holds, "{case}");
            assert_eq!(told.contains(" 904 "), !holds, "{case}");
        }
    }
}

#[test]
fn attack_what_is_made_up_for_nobody_proves_nothing() {
    let mut session = Session::new();
    session.begin();
    session.scram(None);
    let asked = session.say(CLIENT_FINAL);
    assert!(matches!(asked[0].1, Ask::Proof { right: false, .. }), "{asked:?}");
    session.checked(&asked, &Checked::Counted);
    assert!(session.take().contains(" 904 "));
}

#[test]
fn attack_a_proof_is_forgotten_by_who_does_not_come_in() {
    for (wait, holds) in [(0, true), (PROOF_MS, true), (PROOF_MS + 1, false), (-1, false)] {
        let mut session = Session::new();
        session.begin();
        session.say("AUTHENTICATE PLAIN");
        let asked = session.say("AUTHENTICATE AGFuYQBzZXNhbWU=");
        session.checked(&asked, &Checked::Right(Proves::Account(PROOF)));
        assert!(session.take().contains(" 903 "));
        session.wait(wait);
        let asked = session.say("CAP END");
        let login = match asked.as_slice() {
            [(_, Ask::Intent(Intent::Enter(Identity::Nick { login, .. }, _)))] => login.clone(),
            _ => None,
        };
        assert_eq!(login.map(|(_, proof)| proof), holds.then_some(PROOF), "after {wait} ms");
        let told = session.take();
        assert_eq!(told.contains("Your login is no longer valid"), !holds, "{told}");
        assert_eq!(session.face.is_finished(), !holds);
    }
}

#[test]
fn attack_what_proves_something_else_proves_no_account() {
    for proves in [Proves::Held(Seq(3)), Proves::Operator(3)] {
        let mut session = Session::new();
        session.begin();
        session.say("AUTHENTICATE PLAIN");
        let asked = session.say("AUTHENTICATE AGFuYQBzZXNhbWU=");
        session.checked(&asked, &Checked::Right(proves));
        assert!(session.take().contains(" 904 "), "{proves:?}");
    }
    let mut session = Session::new();
    session.come_in();
    let asked = session.say("OPER admin sesame");
    session.checked(&asked, &Checked::Right(Proves::Account(PROOF)));
    assert!(session.take().contains(" 464 "));
}

#[test]
fn attack_an_operators_password_that_was_changed_since_the_check_gives_no_rights() {
    let mut session = Session::new();
    session.come_in();
    let asked = session.say("OPER admin sesame");
    let asked = session.checked(&asked, &Checked::Right(Proves::Operator(3)));
    let wanted = Ask::BecomeOperator { name: "admin".to_owned(), version: 3 };
    assert_eq!(asked.last().map(|(_, ask)| ask), Some(&wanted));
    let refusal = Err(Refusal::OperatorNeeded);
    session.face.outcome(asked[0].0, &refusal, &mut session.out);
    assert!(session.take().contains(" 464 "));
}

#[test]
fn a_login_by_another_door_ends_an_exchange() {
    let mut session = Session::new();
    session.come_in();
    session.scram(Some(PROOF));
    session.prove();
    let asked = session.say("NS REGISTER sesame");
    let hashed = Checked::Hashed(Verifier::new("phc".to_owned()));
    let asked = session.checked(&asked, &hashed);
    let registered = Ok(Done::Registered(card(1, "u", Some("u")), PROOF));
    session.face.outcome(asked[0].0, &registered, &mut session.out);
    session.take();
    assert!(session.say("AUTHENTICATE +").is_empty());
    let told = session.take();
    assert!(told.contains(" 904 ") && !told.contains(" 903 "), "{told}");
}

#[test]
fn who_is_put_out_by_another_password_is_told_so() {
    let mut session = Session::new();
    session.come_in();
    let stamp = Stamp {
        place: Place::default(),
        time: Timestamp(0),
        origin: Origin { session: SessionId { node: NodeId(0), number: 2 }, request: 1 },
    };
    let event = Event::PasswordChanged { who: card(1, "u", Some("u")) };
    session.face.show(&event, &stamp, &mut session.out);
    let told = session.take();
    assert_eq!(told, "ERROR :Closing link: (The password of u was changed; log in again)\r\n");
    assert!(session.face.is_finished());
}
