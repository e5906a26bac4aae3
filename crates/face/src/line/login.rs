//! Coming in: a name, perhaps a password.

use chinwag_model::ask::{Ask, Checked, Slowed};
use chinwag_model::intent::{Identity, Intent};
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Entered, Refusal};
use chinwag_model::proof::Proves;
use chinwag_model::query::{Answer, Query, Standing as NameStanding};

use super::refusal::not_a_name;
use super::secret::{VERIFY_FIRST, bad_secret, secret};
use super::talk::{Me, Next, Prompt, Step, Talk, Told, lobby};
use super::{Output, backlog, refusal};

/// Wrong passwords after which the connection ends.
const WRONG_MAX: u8 = 3;

/// A name is typed, or nothing for a guest's.
pub(super) fn take_name(talk: &mut Talk, typed: &str, out: &mut Output) {
    let typed = typed.trim_matches([' ', '\t']);
    if typed.is_empty() {
        if talk.policy.guests {
            return enter(talk, Identity::Guest);
        }
        return talk.fail("Guests are not welcome here. Give a name.", out);
    }
    match Name::parse(typed) {
        Ok(name) => talk.query(Query::Standing(name.clone()), Standing(name)),
        Err(bad) => talk.fail(not_a_name(typed, &bad), out),
    }
}

/// How the name that was given could come in is asked for.
#[derive(Debug)]
struct Standing(Name);

impl Next for Standing {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Answer(Answer::Standing(standing)) => stood(talk, self.0, standing, out),
            other => talk.unexpected(other, out),
        }
    }
}

fn stood(talk: &mut Talk, name: Name, standing: &NameStanding, out: &mut Output) {
    match standing {
        NameStanding::Protected => talk.prompt(Password { name, wrong: 0 }, out),
        NameStanding::Room => match NewName::parse(name.shown()) {
            Err(bad) => talk.fail(not_a_name(name.shown(), &bad), out),
            Ok(_) => talk.fail(format!("\"{name}\" is taken."), out),
        },
        NameStanding::Open => {
            come(talk, Identity::Known { name, verifier: None, proof: None }, out);
        }
        NameStanding::Free => match NewName::parse(name.shown()) {
            Err(bad) => talk.fail(not_a_name(name.shown(), &bad), out),
            Ok(_) if !talk.policy.registration => {
                let guests = if talk.policy.guests { " and guests" } else { "" };
                let said = format!("Registration is closed; only known names{guests} come in.");
                talk.fail(said, out);
            }
            Ok(name) => come(talk, Identity::New { name, verifier: None }, out),
        },
    }
}

/// Comes in without a password, or sets one first where that is needed.
fn come(talk: &mut Talk, identity: Identity, out: &mut Output) {
    if talk.policy.open_names {
        enter(talk, identity);
    } else if talk.policy.verification {
        talk.fail(VERIFY_FIRST, out);
    } else {
        talk.prompt_unless_ahead(FirstPassword(identity));
    }
}

fn enter(talk: &mut Talk, identity: Identity) {
    talk.want(Intent::Enter(identity, None), Enter);
}

/// The password of a name is typed, after so many wrong ones.
#[derive(Debug)]
struct Password {
    name: Name,
    wrong: u8,
}

impl Prompt for Password {
    fn words(&self) -> &'static str {
        "PASSWORD: "
    }

    fn is_hidden(&self) -> bool {
        true
    }

    fn take(self: Box<Self>, typed: &str, talk: &mut Talk, _: &mut Output) {
        let Self { name, wrong } = *self;
        let check = Ask::Check { name: name.clone(), password: secret(typed) };
        talk.ask(check, Check { name, wrong });
    }
}

/// The password of a name is checked.
#[derive(Debug)]
struct Check {
    name: Name,
    wrong: u8,
}

impl Next for Check {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        let Self { name, wrong } = *self;
        match told {
            Told::Checked(Checked::Right(Proves::Account(proof))) => {
                enter(talk, Identity::Known { name, verifier: None, proof: Some(*proof) });
            }
            Told::Checked(Checked::Wrong) => {
                out.notice("Wrong password.");
                match wrong + 1 {
                    WRONG_MAX.. => talk.step = Step::Over,
                    wrong => talk.prompt_unless_ahead(Password { name, wrong }),
                }
            }
            Told::Checked(Checked::Limited { why, seconds }) => {
                out.notice(refusal::slowed(*why, *seconds));
                match why {
                    Slowed::Guesses => talk.step = Step::Over,
                    _ => talk.prompt(Password { name, wrong }, out),
                }
            }
            other => talk.unexpected(other, out),
        }
    }
}

/// The answer to a script whose name needs a first password: its next line may be a message.
const FIRST_PASSWORD_BY_HAND: &str = "This name needs a password. Choose one at the prompt; the \
                                      lines that followed the name were not read.";

/// The first password of a name is typed, to come in with.
#[derive(Debug)]
struct FirstPassword(Identity);

impl Prompt for FirstPassword {
    fn words(&self) -> &'static str {
        "NEW PASSWORD: "
    }

    fn is_hidden(&self) -> bool {
        true
    }

    fn sent_ahead(&self) -> Option<&'static str> {
        Some(FIRST_PASSWORD_BY_HAND)
    }

    fn take(self: Box<Self>, typed: &str, talk: &mut Talk, out: &mut Output) {
        if let Some(bad) = bad_secret(typed) {
            out.notice(bad);
            return talk.prompt_unless_ahead(*self);
        }
        talk.ask(Ask::Hash(secret(typed)), FirstHash(self.0));
    }
}

/// The first password of a name is hashed.
#[derive(Debug)]
struct FirstHash(Identity);

impl Next for FirstHash {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        let mut identity = self.0;
        match (&mut identity, told) {
            (
                Identity::New { verifier, .. } | Identity::Known { verifier, .. },
                Told::Checked(Checked::Hashed(hash)),
            ) => {
                *verifier = Some(hash.clone());
                enter(talk, identity);
            }
            (_, Told::Checked(Checked::Limited { why, seconds })) => {
                out.notice(refusal::slowed(*why, *seconds));
                talk.prompt(FirstPassword(identity), out);
            }
            (_, other) => talk.unexpected(other, out),
        }
    }
}

/// The session is to come in.
#[derive(Debug)]
struct Enter;

impl Next for Enter {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Outcome(Ok(Done::Entered(entered))) => welcome(talk, entered, out),
            // It got a password, or another one, in this very moment.
            Told::Outcome(Err(Refusal::PasswordNeeded(name))) => {
                talk.prompt(Password { name: name.clone(), wrong: 0 }, out);
            }
            // It expired in this very moment, and can be taken.
            Told::Outcome(Err(Refusal::NoSuchPerson(name))) => {
                talk.query(Query::Standing(name.clone()), Standing(name.clone()));
            }
            Told::Outcome(Err(refusal)) => {
                talk.fail(refusal::words(refusal, &Name::lobby()), out);
            }
            other => talk.unexpected(other, out),
        }
    }
}

fn welcome(talk: &mut Talk, entered: &Entered, out: &mut Output) {
    let Entered { person, place, guest, new, was_online, ignores, .. } = entered;
    let mut ignores = ignores.clone();
    ignores.sort_unstable();
    let room = lobby();
    talk.me = Some(Me { person: person.clone(), guest: *guest, room, is_out: false, ignores });
    talk.step = Step::Chat;
    if *new {
        let name = &person.name;
        out.line(format_args!("Welcome, {name}. You are new here. Type /help for help."));
    } else {
        out.line(format_args!("Welcome back, {}.", person.name));
        // What waits for who is online already is told on the other device.
        if !was_online {
            backlog::begin(talk, *place);
        }
    }
}
