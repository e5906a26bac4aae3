//! `/password`: setting a password, by prompts.

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::intent::Intent;
use chinwag_model::query::{Answer, Query, Standing};
use chinwag_model::secret::Secret;

use super::{Command, Form, Read, Section, query};
use crate::line::outcome::Act;
use crate::line::secret::{VERIFY_FIRST, bad_secret, secret};
use crate::line::talk::{Me, Next, Prompt, Talk, Told};
use crate::line::{Output, refusal};

pub(super) const COMMANDS: &[Command] = &[Command {
    help: Some((Section::You, "set or change your password")),
    run: |_, me, _| password(me),
    ..Command::new(Form::Slash("password"), "/password")
}];

fn password(me: &Me) -> Read {
    if me.guest {
        return Err("Guests have no password. Take a name first with /nick NAME.".to_owned());
    }
    Ok(query(Query::Standing(me.person.name.clone()), OwnStanding))
}

/// Whether there is a password to be given first is asked for.
#[derive(Debug)]
struct OwnStanding;

impl Next for OwnStanding {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Answer(Answer::Standing(Standing::Protected)) => talk.prompt(OldPassword, out),
            Told::Answer(Answer::Standing(_)) if talk.policy.verification => {
                talk.fail(VERIFY_FIRST, out);
            }
            Told::Answer(Answer::Standing(_)) => talk.prompt(NewPassword(None), out),
            other => talk.unexpected(other, out),
        }
    }
}

/// The old password is typed.
#[derive(Debug)]
struct OldPassword;

impl Prompt for OldPassword {
    fn words(&self) -> &'static str {
        "OLD PASSWORD: "
    }

    fn is_hidden(&self) -> bool {
        true
    }

    fn take(self: Box<Self>, typed: &str, talk: &mut Talk, _: &mut Output) {
        if let Some(me) = &talk.me {
            let name = me.person.name.clone();
            talk.ask(Ask::Check { name, password: secret(typed) }, CheckOld);
        }
    }
}

/// The old password is checked.
#[derive(Debug)]
struct CheckOld;

impl Next for CheckOld {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Checked(Checked::Right { version }) => {
                talk.prompt(NewPassword(Some(*version)), out);
            }
            Told::Checked(Checked::Wrong) => talk.fail("Wrong password.", out),
            Told::Checked(Checked::Limited { why, seconds }) => {
                talk.fail(refusal::slowed(*why, *seconds), out);
            }
            other => talk.unexpected(other, out),
        }
    }
}

/// The new password is typed; the old one was checked against this version.
#[derive(Debug)]
struct NewPassword(Option<u32>);

impl Prompt for NewPassword {
    fn words(&self) -> &'static str {
        "NEW PASSWORD: "
    }

    fn is_hidden(&self) -> bool {
        true
    }

    fn take(self: Box<Self>, typed: &str, talk: &mut Talk, out: &mut Output) {
        if let Some(bad) = bad_secret(typed) {
            return talk.fail(format_args!("{bad} Nothing was changed."), out);
        }
        talk.prompt(Again { checked: self.0, password: secret(typed) }, out);
    }
}

/// The new password is typed once more.
#[derive(Debug)]
struct Again {
    checked: Option<u32>,
    password: Secret,
}

impl Prompt for Again {
    fn words(&self) -> &'static str {
        "AGAIN: "
    }

    fn is_hidden(&self) -> bool {
        true
    }

    fn take(self: Box<Self>, typed: &str, talk: &mut Talk, out: &mut Output) {
        if self.password != secret(typed) {
            return talk.fail("The two differ. Nothing was changed.", out);
        }
        talk.ask(Ask::Hash(self.password), HashNew(self.checked));
    }
}

/// The new password is hashed; the old one was checked against this version.
#[derive(Debug)]
struct HashNew(Option<u32>);

impl Next for HashNew {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match (told, &talk.me) {
            (Told::Checked(Checked::Hashed(verifier)), Some(me)) => {
                let next = Act(me.room.name.clone());
                let set = Intent::SetPassword { verifier: verifier.clone(), checked: self.0 };
                talk.want(set, next);
            }
            (Told::Checked(Checked::Limited { why, seconds }), _) => {
                talk.fail(refusal::slowed(*why, *seconds), out);
            }
            (other, _) => talk.unexpected(other, out),
        }
    }
}
