//! Coming in: a name, perhaps a password.

use chinwag_model::ask::{Ask, Checked, Slowed};
use chinwag_model::id::RoomId;
use chinwag_model::intent::{Identity, Intent};
use chinwag_model::message::RoomCard;
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Entered, Outcome, Refusal};
use chinwag_model::proof::Proves;
use chinwag_model::query::{Query, Standing};

use super::chat::not_a_name;
use super::password::{VERIFY_FIRST, bad_secret, secret};
use super::talk::{Me, Returning, Step, Talk, Why};
use super::{Output, refusal};

/// Wrong passwords after which the connection ends.
const WRONG_MAX: u8 = 3;

impl Talk {
    pub(super) fn take_name(&mut self, typed: &str, out: &mut Output) {
        let typed = typed.trim_matches([' ', '\t']);
        if typed.is_empty() {
            if self.policy.guests {
                return self.enter(Identity::Guest);
            }
            return self.fail("Guests are not welcome here. Give a name.", out);
        }
        match Name::parse(typed) {
            Ok(name) => self.ask(Ask::Query(Query::Standing(name.clone())), Why::Standing(name)),
            Err(bad) => self.fail(not_a_name(typed, &bad), out),
        }
    }

    /// It is known how the name given could come in.
    pub(super) fn stood(&mut self, name: Name, standing: &Standing, out: &mut Output) {
        match standing {
            Standing::Protected => self.open(returning(name, 0), out),
            Standing::Room => match NewName::parse(name.shown()) {
                Err(bad) => self.fail(not_a_name(name.shown(), &bad), out),
                Ok(_) => self.fail(format_args!("\"{name}\" is taken."), out),
            },
            Standing::Open => {
                self.come(Identity::Known { name, verifier: None, proof: None }, out);
            }
            Standing::Free => match NewName::parse(name.shown()) {
                Err(bad) => self.fail(not_a_name(name.shown(), &bad), out),
                Ok(_) if !self.policy.registration => {
                    let guests = if self.policy.guests { " and guests" } else { "" };
                    let said = format!("Registration is closed; only known names{guests} come in.");
                    self.fail(said, out);
                }
                Ok(name) => self.come(Identity::New { name, verifier: None }, out),
            },
        }
    }

    /// Comes in without a password, or sets one first where that is needed.
    fn come(&mut self, identity: Identity, out: &mut Output) {
        if self.policy.open_names {
            self.enter(identity);
        } else if self.policy.verification {
            self.fail(VERIFY_FIRST, out);
        } else {
            self.open_unless_ahead(Step::FirstPassword(Box::new(identity)));
        }
    }

    fn enter(&mut self, identity: Identity) {
        self.ask(Ask::Intent(Intent::Enter(identity, None)), Why::Enter);
    }

    pub(super) fn take_password(&mut self, who: Returning, typed: &str) {
        let check = Ask::Check { name: who.name.clone(), password: secret(typed) };
        self.ask(check, Why::Check(who));
    }

    pub(super) fn password_checked(&mut self, who: Returning, checked: &Checked, out: &mut Output) {
        match checked {
            Checked::Right(Proves::Account(proof)) => {
                let proof = Some(*proof);
                self.enter(Identity::Known { name: who.name, verifier: None, proof });
            }
            Checked::Wrong => {
                out.notice("Wrong password.");
                match who.wrong + 1 {
                    WRONG_MAX.. => self.step = Step::Over,
                    wrong => self.open_unless_ahead(returning(who.name, wrong)),
                }
            }
            Checked::Limited { why, seconds } => {
                out.notice(refusal::slowed(*why, *seconds));
                match why {
                    Slowed::Guesses => self.step = Step::Over,
                    _ => self.open(returning(who.name, who.wrong), out),
                }
            }
            Checked::Right(_) | Checked::Hashed(_) | Checked::Scram(_) | Checked::Counted => {
                self.misfit(&Why::Check(who), out);
            }
        }
    }

    pub(super) fn take_first_password(
        &mut self,
        identity: Identity,
        typed: &str,
        out: &mut Output,
    ) {
        if let Some(bad) = bad_secret(typed) {
            out.notice(bad);
            return self.open_unless_ahead(Step::FirstPassword(Box::new(identity)));
        }
        self.ask(Ask::Hash(secret(typed)), Why::FirstHash(identity));
    }

    pub(super) fn first_hashed(
        &mut self,
        mut identity: Identity,
        checked: &Checked,
        out: &mut Output,
    ) {
        match (&mut identity, checked) {
            (
                Identity::New { verifier, .. } | Identity::Known { verifier, .. },
                Checked::Hashed(hash),
            ) => {
                *verifier = Some(hash.clone());
                self.enter(identity);
            }
            (_, Checked::Limited { why, seconds }) => {
                out.notice(refusal::slowed(*why, *seconds));
                self.open(Step::FirstPassword(Box::new(identity)), out);
            }
            _ => self.fail(refusal::INTERNAL, out),
        }
    }

    pub(super) fn entered(&mut self, outcome: &Outcome, out: &mut Output) {
        match outcome {
            Ok(Done::Entered(entered)) => self.welcome(entered, out),
            Ok(_) => self.misfit(&Why::Enter, out),
            // It got a password, or another one, in this very moment.
            Err(Refusal::PasswordNeeded(name)) => self.open(returning(name.clone(), 0), out),
            // It expired in this very moment, and can be taken.
            Err(Refusal::NoSuchPerson(name)) => {
                self.ask(Ask::Query(Query::Standing(name.clone())), Why::Standing(name.clone()));
            }
            Err(refusal) => self.fail(refusal::words(refusal, &Name::lobby()), out),
        }
    }

    fn welcome(&mut self, entered: &Entered, out: &mut Output) {
        let Entered { person, place, guest, new, was_online, ignores, .. } = entered;
        let mut ignores = ignores.clone();
        ignores.sort_unstable();
        let room = lobby();
        self.me = Some(Me { person: person.clone(), guest: *guest, room, is_out: false, ignores });
        self.step = Step::Chat;
        if *new {
            let name = &person.name;
            out.line(format_args!("Welcome, {name}. You are new here. Type /help for help."));
        } else {
            out.line(format_args!("Welcome back, {}.", person.name));
            // What waits for who is online already is told on the other device.
            if !was_online {
                self.begin_backlog(*place);
            }
        }
    }

    pub(super) fn gone(&mut self, out: &mut Output) {
        if let Some(me) = &self.me {
            out.notice(format_args!("Goodbye, {}.", me.person.name));
        }
    }
}

fn returning(name: Name, wrong: u8) -> Step {
    Step::Password(Box::new(Returning { name, wrong }))
}

/// The room in which everyone is.
pub(super) fn lobby() -> RoomCard {
    RoomCard { id: RoomId::LOBBY, name: Name::lobby(), group: false }
}
