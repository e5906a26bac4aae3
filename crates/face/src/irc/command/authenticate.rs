//! `AUTHENTICATE`: proving an account by SASL PLAIN, EXTERNAL and SCRAM-SHA-256.
//!
//! Spec: <https://ircv3.net/specs/extensions/sasl-3.2>, RFC 4422, 4616, 7677.

use chinwag_model::ask::{Ask, Checked, ProofOf};
use chinwag_model::name::Name;
use chinwag_model::proof::{Proof, Proves};
use chinwag_model::query::{Answer, Query};
use chinwag_model::secret::Secret;
use chinwag_wire::irc::message::Message;
use chinwag_wire::sasl::credential::ScramCredential;
use chinwag_wire::sasl::plain::Plain;
use chinwag_wire::sasl::scram::ClientFirst;
use chinwag_wire::sasl::{Assembled, Assembler, BadPiece, PIECE_BYTES_MAX, pieces};

use super::Command;
use super::login::{self, sasl_failed};
use super::server_password::may_come;
use crate::irc::args;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::refusal::slowed;
use crate::irc::session::{Awaited, Door, Mechanism, Sasl};
use crate::output::Output;
use crate::proven::{PROOF_MS, Proven, is_within};

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    early: true,
    run: authenticate,
    ..Command::new(
        "AUTHENTICATE",
        "<mechanism>",
        "Logs you in by SASL; clients do so by themselves.",
    )
}];

fn authenticate(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    if !may_come(chat, out) {
        return;
    }
    let given = params.first().copied().unwrap_or_default();
    if chat.sasl.is_some() {
        return sasl_piece(chat, given, out);
    }
    if given == "*" {
        return chat.numeric(906, &[], "SASL authentication aborted", out);
    }
    let mechanism = match given.to_ascii_uppercase().as_str() {
        "PLAIN" => Mechanism::Plain,
        "EXTERNAL" => Mechanism::External,
        "SCRAM-SHA-256" => Mechanism::Scram,
        _ => {
            let known = "PLAIN,EXTERNAL,SCRAM-SHA-256";
            chat.numeric(908, &[known], "are available SASL mechanisms", out);
            return sasl_failed(chat, out);
        }
    };
    let assembler = Assembler::default();
    chat.sasl = Some(Box::new(Sasl { mechanism, assembler, busy: false }));
    challenge(chat, b"", out);
}

fn challenge(chat: &mut Chat, message: &[u8], out: &mut Output) {
    if message.is_empty() {
        return chat.server_line("AUTHENTICATE", |line| line.param("+"), out);
    }
    for piece in pieces(message) {
        chat.server_line("AUTHENTICATE", |line| line.param(&piece), out);
    }
}

fn sasl_piece(chat: &mut Chat, piece: &str, out: &mut Output) {
    let Some(sasl) = chat.sasl.as_mut() else { return };
    if sasl.busy {
        return;
    }
    match sasl.assembler.push(piece) {
        Ok(Assembled::More) => {}
        Ok(Assembled::Aborted) => {
            chat.sasl = None;
            chat.numeric(906, &[], "SASL authentication aborted", out);
        }
        Ok(Assembled::Whole(message)) => sasl_message(chat, &message, out),
        // A message that never ends fails; a piece that is too long says so.
        Err(BadPiece::TooLong) if piece.len() <= PIECE_BYTES_MAX => sasl_failed(chat, out),
        Err(BadPiece::TooLong) => {
            chat.sasl = None;
            chat.numeric(905, &[], "SASL message too long", out);
        }
        Err(BadPiece::NotBase64) => sasl_failed(chat, out),
    }
}

fn sasl_message(chat: &mut Chat, message: &[u8], out: &mut Output) {
    let Some(sasl) = chat.sasl.as_mut() else { return };
    match std::mem::replace(&mut sasl.mechanism, Mechanism::Plain) {
        Mechanism::Plain => match Plain::parse(message) {
            Ok(plain) if plain.authzid.is_empty() || plain.authzid == plain.authcid => {
                match args::person(plain.authcid) {
                    Some(name) => {
                        sasl.busy = true;
                        let password = Secret::new(plain.password.to_owned());
                        let check = Ask::Check { name: name.clone(), password };
                        chat.ask(check, Check(name));
                    }
                    None => sasl_failed(chat, out),
                }
            }
            _ => sasl_failed(chat, out),
        },
        Mechanism::External => match chat.about.certificate.as_deref().copied() {
            Some(fingerprint) => {
                sasl.busy = true;
                chat.query(Query::Certificate(fingerprint), Certificate);
            }
            None => sasl_failed(chat, out),
        },
        Mechanism::Scram => match ClientFirst::parse(message) {
            Ok(first) => match args::person(first.name()) {
                Some(name) => {
                    sasl.busy = true;
                    let proving = Proving { first, name: name.clone() };
                    chat.ask(Ask::Prove(name), proving);
                }
                None => sasl_failed(chat, out),
            },
            Err(_) => sasl_failed(chat, out),
        },
        Mechanism::ScramFinal(awaited) => {
            let Awaited { exchange, account, proof, since } = *awaited;
            if !is_within(PROOF_MS, since, out.now) {
                return sasl_failed(chat, out);
            }
            let right = exchange.finish(message).ok().zip(proof);
            sasl.busy = true;
            let of = ProofOf::Account(account.clone());
            let ask = Ask::Proof { of, right: right.is_some() };
            chat.ask(ask, LookedAt { right, account });
        }
        Mechanism::ScramDone(proven) if proven.holds(out.now) => proved(chat, *proven, out),
        Mechanism::ScramDone(_) => sasl_failed(chat, out),
    }
}

/// Nothing was proved.
fn refused(told: Told<'_>, chat: &mut Chat, out: &mut Output) {
    match told {
        Told::Checked(Checked::Limited { why, seconds }) => {
            chat.sasl = None;
            chat.numeric(904, &[], &slowed(*why, *seconds), out);
        }
        _ => sasl_failed(chat, out),
    }
}

/// A proof that was looked at has to be counted before anything comes of it.
#[derive(Debug)]
struct LookedAt {
    /// What a right one is answered with, and what it proves.
    right: Option<(String, Proof)>,
    account: Name,
}

impl Next for LookedAt {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Self { right, account } = *self;
        match (told, right, &mut chat.sasl) {
            (Told::Checked(Checked::Counted), Some((server_final, proof)), Some(sasl)) => {
                sasl.busy = false;
                let proven = Proven { account, proof, since: out.now };
                sasl.mechanism = Mechanism::ScramDone(Box::new(proven));
                challenge(chat, server_final.as_bytes(), out);
            }
            (told, ..) => refused(told, chat, out),
        }
    }
}

/// What a proof is checked against is asked for.
#[derive(Debug)]
struct Proving {
    first: ClientFirst,
    name: Name,
}

impl Next for Proving {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Checked(Checked::Scram(scram)) = told else { return refused(told, chat, out) };
        let Self { first, name } = *self;
        let Ok(credential) = ScramCredential::parse(&scram.credential) else {
            return sasl_failed(chat, out);
        };
        let exchange = first.answer(credential, &scram.nonce);
        let server_first = exchange.server_first().to_owned();
        if let Some(sasl) = &mut chat.sasl {
            let (account, proof, since) = (name, scram.proof, out.now);
            let awaited = Awaited { exchange, account, proof, since };
            sasl.mechanism = Mechanism::ScramFinal(Box::new(awaited));
            sasl.busy = false;
        }
        challenge(chat, server_first.as_bytes(), out);
    }
}

/// A certificate's account is asked for.
#[derive(Debug)]
struct Certificate;

impl Next for Certificate {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Answer(Answer::Certificate(Some((account, proof)))) => {
                let (account, proof) = (account.clone(), *proof);
                proved(chat, Proven { account, proof, since: out.now }, out);
            }
            Told::Answer(Answer::Certificate(None)) => sasl_failed(chat, out),
            other => chat.unexpected(other, out),
        }
    }
}

/// The client has proved an account.
fn proved(chat: &mut Chat, proven: Proven, out: &mut Output) {
    if chat.me.is_some() {
        return login::want(chat, proven.account, proven.proof, Door::Sasl);
    }
    chat.sasl = None;
    let nick = chat.nick().to_owned();
    login::logged_in(chat, &nick, proven.account.shown(), out);
    if let Some(intro) = &mut chat.intro {
        intro.login = Some(proven);
    }
    chat.numeric(903, &[], "SASL authentication successful", out);
}

/// An account's password is checked.
#[derive(Debug)]
struct Check(Name);

impl Next for Check {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Checked(Checked::Right(Proves::Account(proof))) => {
                let (account, proof) = (self.0, *proof);
                proved(chat, Proven { account, proof, since: out.now }, out);
            }
            Told::Checked(_) => refused(told, chat, out),
            other => chat.unexpected(other, out),
        }
    }
}
