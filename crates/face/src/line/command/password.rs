//! `/password`: setting a password, by prompts.

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::id::Timestamp;
use chinwag_model::intent::Intent;
use chinwag_model::outcome::{Done, PasswordSet, Refusal};
use chinwag_model::proof::{Proof, Proves};
use chinwag_model::query::{Answer, Query, Standing};
use chinwag_model::secret::Secret;

use super::{Command, Form, Read, Section, query};
use crate::line::secret::{VERIFY_FIRST, bad_secret, secret};
use crate::line::talk::{Me, Next, Prompt, Talk, Told};
use crate::line::{Output, refusal};
use crate::proven::is_within;

/// How long the dialogue may take from the old password on, in milliseconds. The new one is typed
/// twice in it, by hand.
const DIALOGUE_MS: i64 = 60_000;

/// What is said to a guest who wants a password.
const NO_GUEST: &str = "Guests have no password. Take a name first with /nick NAME.";

pub(super) const COMMANDS: &[Command] = &[Command {
    help: Some((Section::You, "set or change your password")),
    run: |_, me, _| password(me),
    ..Command::new(Form::Slash("password"), "/password")
}];

fn password(me: &Me) -> Read {
    if me.guest {
        return Err(NO_GUEST.to_owned());
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
            Told::Checked(Checked::Right(Proves::Account(proof))) => {
                let old = Old { proof: *proof, since: out.now };
                talk.prompt(NewPassword(Some(old)), out);
            }
            Told::Checked(Checked::Wrong) => talk.fail("Wrong password.", out),
            Told::Checked(Checked::Limited { why, seconds }) => {
                talk.fail(refusal::slowed(*why, *seconds), out);
            }
            other => talk.unexpected(other, out),
        }
    }
}

/// The old password was right.
#[derive(Debug)]
struct Old {
    /// What it proves.
    proof: Proof,
    since: Timestamp,
}

/// The new password is typed.
#[derive(Debug)]
struct NewPassword(Option<Old>);

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
        talk.prompt(Again { old: self.0, password: secret(typed) }, out);
    }
}

/// The new password is typed once more.
#[derive(Debug)]
struct Again {
    old: Option<Old>,
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
        let is_late = |old: &Old| !is_within(DIALOGUE_MS, old.since, out.now);
        if self.old.as_ref().is_some_and(is_late) {
            let seconds = DIALOGUE_MS / 1000;
            let text = format!("That took more than {seconds} seconds. Nothing was changed.");
            return talk.fail(text, out);
        }
        let proof = self.old.map(|old| old.proof);
        talk.ask(Ask::Hash(self.password), HashNew(proof));
    }
}

/// The new password is hashed; the old one proved this.
#[derive(Debug)]
struct HashNew(Option<Proof>);

impl Next for HashNew {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Checked(Checked::Hashed(verifier)) => {
                let verifier = verifier.clone();
                talk.want(Intent::SetPassword { verifier, proof: self.0 }, SetPassword);
            }
            Told::Checked(Checked::Limited { why, seconds }) => {
                talk.fail(refusal::slowed(*why, *seconds), out);
            }
            other => talk.unexpected(other, out),
        }
    }
}

/// The new password is to be set.
#[derive(Debug)]
struct SetPassword;

impl Next for SetPassword {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Outcome(Ok(Done::PasswordSet(set))) => is_set(set, out),
            Told::Outcome(Err(Refusal::Guest(name))) if talk.is_me(name) => out.notice(NO_GUEST),
            Told::Outcome(Err(Refusal::PasswordNeeded(_))) => out.notice(
                "Your password was changed elsewhere in this moment. Nothing was changed here.",
            ),
            other => talk.unless_granted(other, out),
        }
    }
}

/// A password is set. What else lets in whoever added it is told.
fn is_set(set: &PasswordSet, out: &mut Output) {
    let PasswordSet { ended, certificates, devices } = set;
    out.notice("Password set.");
    match ended {
        0 => {}
        1 => out.notice("Your other connection is ended."),
        many => out.notice(format_args!("Your {many} other connections are ended.")),
    }
    if !certificates.is_empty() {
        let many = counted(certificates.len(), "certificate logs", "certificates log");
        out.notice(format_args!(
            "{many} you in still. Remove what is not yours with an IRC client: /msg NickServ \
             CERT LIST, then CERT DEL."
        ));
    }
    if !devices.is_empty() {
        let many = counted(devices.len(), "device is", "devices are");
        out.notice(format_args!(
            "{many} told still of what is said to you. Remove what is not yours with an IRC \
             client:"
        ));
    }
    for endpoint in devices {
        out.notice(format_args!("/quote WEBPUSH UNREGISTER {}", endpoint.as_str()));
    }
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
