//! Proving an account: SASL PLAIN, EXTERNAL and SCRAM-SHA-256.
//!
//! Spec: <https://ircv3.net/specs/extensions/sasl-3.2>, RFC 4422, 4616, 7677.

use chinwag_model::ask::{Ask, Checked, ProofOf, Scram};
use chinwag_model::id::Timestamp;
use chinwag_model::intent::Intent;
use chinwag_model::name::Name;
use chinwag_model::proof::{Proof, Proves};
use chinwag_model::query::Query;
use chinwag_model::secret::Secret;
use chinwag_wire::sasl::credential::ScramCredential;
use chinwag_wire::sasl::plain::Plain;
use chinwag_wire::sasl::scram::{ClientFirst, Exchange};
use chinwag_wire::sasl::{Assembled, Assembler, BadPiece, PIECE_BYTES_MAX, pieces};

use super::args;
use super::chat::{Chat, Door, Why};
use super::refusal::slowed;
use crate::output::Output;
use crate::proven::{PROOF_MS, Proven, is_within};

/// An exchange that is going on.
#[derive(Debug)]
pub(super) struct Sasl {
    mechanism: Mechanism,
    assembler: Assembler,
    /// Whether something is being checked.
    busy: bool,
}

#[derive(Debug)]
enum Mechanism {
    Plain,
    External,
    Scram,
    /// The client's proof is awaited.
    ScramFinal(Box<Awaited>),
    /// It was right, and the client is to say that it knows.
    ScramDone(Box<Proven>),
}

/// A proof that a client is to give.
#[derive(Debug)]
pub(super) struct Awaited {
    exchange: Exchange,
    account: Name,
    /// What it proves; `None` where there is no such account, and none is right.
    proof: Option<Proof>,
    since: Timestamp,
}

/// What is known while a proof is prepared.
#[derive(Debug)]
pub(super) struct Proving {
    first: ClientFirst,
    name: Name,
}

/// A proof that was looked at, and has to be counted before anything comes of it.
#[derive(Debug)]
pub(super) struct LookedAt {
    /// What a right one is answered with, and what it proves.
    right: Option<(String, Proof)>,
    account: Name,
}

impl Chat {
    pub(super) fn authenticate(&mut self, params: &[&str], out: &mut Output) {
        if !self.may_come(out) {
            return;
        }
        let given = params.first().copied().unwrap_or_default();
        if self.sasl.is_some() {
            return self.sasl_piece(given, out);
        }
        if given == "*" {
            return self.numeric(906, &[], "SASL authentication aborted", out);
        }
        let mechanism = match given.to_ascii_uppercase().as_str() {
            "PLAIN" => Mechanism::Plain,
            "EXTERNAL" => Mechanism::External,
            "SCRAM-SHA-256" => Mechanism::Scram,
            _ => {
                let known = "PLAIN,EXTERNAL,SCRAM-SHA-256";
                self.numeric(908, &[known], "are available SASL mechanisms", out);
                return self.failed(out);
            }
        };
        let assembler = Assembler::default();
        self.sasl = Some(Box::new(Sasl { mechanism, assembler, busy: false }));
        self.challenge(b"", out);
    }

    fn challenge(&mut self, message: &[u8], out: &mut Output) {
        if message.is_empty() {
            return self.server_line("AUTHENTICATE", |line| line.param("+"), out);
        }
        for piece in pieces(message) {
            self.server_line("AUTHENTICATE", |line| line.param(&piece), out);
        }
    }

    fn sasl_piece(&mut self, piece: &str, out: &mut Output) {
        let Some(sasl) = self.sasl.as_mut() else { return };
        if sasl.busy {
            return;
        }
        match sasl.assembler.push(piece) {
            Ok(Assembled::More) => {}
            Ok(Assembled::Aborted) => {
                self.sasl = None;
                self.numeric(906, &[], "SASL authentication aborted", out);
            }
            Ok(Assembled::Whole(message)) => self.sasl_message(&message, out),
            // A message that never ends fails; a piece that is too long says so.
            Err(BadPiece::TooLong) if piece.len() <= PIECE_BYTES_MAX => self.failed(out),
            Err(BadPiece::TooLong) => {
                self.sasl = None;
                self.numeric(905, &[], "SASL message too long", out);
            }
            Err(BadPiece::NotBase64) => self.failed(out),
        }
    }

    fn sasl_message(&mut self, message: &[u8], out: &mut Output) {
        let Some(sasl) = self.sasl.as_mut() else { return };
        match std::mem::replace(&mut sasl.mechanism, Mechanism::Plain) {
            Mechanism::Plain => match Plain::parse(message) {
                Ok(plain) if plain.authzid.is_empty() || plain.authzid == plain.authcid => {
                    match args::person(plain.authcid) {
                        Some(name) => {
                            sasl.busy = true;
                            let password = Secret::new(plain.password.to_owned());
                            let check = Ask::Check { name: name.clone(), password };
                            self.ask(check, Why::Check(Door::Sasl, name));
                        }
                        None => self.failed(out),
                    }
                }
                _ => self.failed(out),
            },
            Mechanism::External => match self.about.certificate.as_deref().copied() {
                Some(fingerprint) => {
                    sasl.busy = true;
                    self.ask(Ask::Query(Query::Certificate(fingerprint)), Why::Certificate);
                }
                None => self.failed(out),
            },
            Mechanism::Scram => match ClientFirst::parse(message) {
                Ok(first) => match args::person(first.name()) {
                    Some(name) => {
                        sasl.busy = true;
                        let proving = Proving { first, name: name.clone() };
                        self.ask(Ask::Prove(name), Why::Prove(Box::new(proving)));
                    }
                    None => self.failed(out),
                },
                Err(_) => self.failed(out),
            },
            Mechanism::ScramFinal(awaited) => {
                let Awaited { exchange, account, proof, since } = *awaited;
                if !is_within(PROOF_MS, since, out.now) {
                    return self.failed(out);
                }
                let right = exchange.finish(message).ok().zip(proof);
                sasl.busy = true;
                let of = ProofOf::Account(account.clone());
                let ask = Ask::Proof { of, right: right.is_some() };
                self.ask(ask, Why::Proof(Box::new(LookedAt { right, account })));
            }
            Mechanism::ScramDone(proven) if proven.holds(out.now) => self.proved(*proven, out),
            Mechanism::ScramDone(_) => self.failed(out),
        }
    }

    /// What a proof is checked against is known.
    pub(super) fn proving(&mut self, proving: Proving, scram: &Scram, out: &mut Output) {
        let Proving { first, name } = proving;
        let Ok(credential) = ScramCredential::parse(&scram.credential) else {
            return self.failed(out);
        };
        let exchange = first.answer(credential, &scram.nonce);
        let server_first = exchange.server_first().to_owned();
        if let Some(sasl) = &mut self.sasl {
            let (account, proof, since) = (name, scram.proof, out.now);
            let awaited = Awaited { exchange, account, proof, since };
            sasl.mechanism = Mechanism::ScramFinal(Box::new(awaited));
            sasl.busy = false;
        }
        self.challenge(server_first.as_bytes(), out);
    }

    /// A proof is counted, or there were too many wrong ones.
    pub(super) fn proof_counted(
        &mut self,
        looked_at: LookedAt,
        checked: &Checked,
        out: &mut Output,
    ) {
        let LookedAt { right, account } = looked_at;
        match (checked, right, &mut self.sasl) {
            (Checked::Counted, Some((server_final, proof)), Some(sasl)) => {
                sasl.busy = false;
                let proven = Proven { account, proof, since: out.now };
                sasl.mechanism = Mechanism::ScramDone(Box::new(proven));
                self.challenge(server_final.as_bytes(), out);
            }
            (checked, ..) => self.sasl_refused(checked, out),
        }
    }

    /// The client has proved an account.
    pub(super) fn proved(&mut self, proven: Proven, out: &mut Output) {
        if self.me.is_some() {
            let Proven { account, proof, .. } = proven;
            let login = Intent::Login { account, proof };
            return self.want(login, Why::Login(Door::Sasl));
        }
        self.sasl = None;
        let nick = self.nick().to_owned();
        self.logged_in(&nick, proven.account.shown(), out);
        if let Some(intro) = &mut self.intro {
            intro.login = Some(proven);
        }
        self.numeric(903, &[], "SASL authentication successful", out);
    }

    /// Tells the client which account it has.
    pub(super) fn logged_in(&mut self, nick: &str, account: &str, out: &mut Output) {
        let mask = match (&self.me, &self.intro) {
            (Some(me), _) => {
                let badge = &me.card.badge;
                format!("{}!{}@{}", me.card.name, badge.user, badge.host)
            }
            (None, Some(intro)) => {
                let user = intro.user.as_deref().unwrap_or("*");
                format!("{nick}!{user}@{}", self.about.host)
            }
            (None, None) => nick.to_owned(),
        };
        let text = format!("You are now logged in as {account}");
        self.numeric(900, &[&mask, account], &text, out);
    }

    /// A password was checked for SASL.
    pub(super) fn sasl_checked(&mut self, name: Name, checked: &Checked, out: &mut Output) {
        match checked {
            Checked::Right(Proves::Account(proof)) => {
                let (account, proof) = (name, *proof);
                self.proved(Proven { account, proof, since: out.now }, out);
            }
            checked => self.sasl_refused(checked, out),
        }
    }

    /// Nothing was proved.
    pub(super) fn sasl_refused(&mut self, checked: &Checked, out: &mut Output) {
        match checked {
            Checked::Limited { why, seconds } => {
                self.sasl = None;
                self.numeric(904, &[], &slowed(*why, *seconds), out);
            }
            _ => self.failed(out),
        }
    }

    pub(super) fn failed(&mut self, out: &mut Output) {
        self.sasl = None;
        self.numeric(904, &[], "SASL authentication failed", out);
    }
}
