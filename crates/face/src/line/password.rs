//! Setting a password, by prompts.

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::intent::Intent;
use chinwag_model::outcome::{Done, Outcome, PasswordSet, Refusal};
use chinwag_model::proof::{Proof, Proves};
use chinwag_model::query::Standing;
use chinwag_model::secret::{SECRET_BYTES_MAX, Secret};

use super::talk::{Chosen, Old, Step, Talk, Why};
use super::{Output, refusal};
use crate::proven::is_within;

/// How long the dialogue may take from the old password on, in milliseconds. The new one is typed
/// twice in it, by hand.
const DIALOGUE_MS: i64 = 60_000;

/// What is said to a guest who wants a password.
pub(super) const NO_GUEST: &str = "Guests have no password. Take a name first with /nick NAME.";

/// What is said to who wants a first password where it takes a verified address.
pub(super) const VERIFY_FIRST: &str = "A password needs a verified mail address here. Register \
                                       with an IRC client, under this name: /msg NickServ \
                                       REGISTER PASSWORD ADDRESS. Then come in with the password.";

impl Talk {
    /// It is known whether there is a password to be given first.
    pub(super) fn own_stood(&mut self, standing: &Standing, out: &mut Output) {
        match standing {
            Standing::Protected => self.open(Step::OldPassword, out),
            _ if self.policy.verification => self.fail(VERIFY_FIRST, out),
            _ => self.open(Step::NewPassword(None), out),
        }
    }

    pub(super) fn take_old_password(&mut self, typed: &str) {
        if let Some(me) = &self.me {
            let name = me.person.name.clone();
            self.ask(Ask::Check { name, password: secret(typed) }, Why::OldPassword);
        }
    }

    pub(super) fn old_password_checked(&mut self, checked: &Checked, out: &mut Output) {
        match checked {
            Checked::Right(Proves::Account(proof)) => {
                let old = Old { proof: *proof, since: out.now };
                self.open(Step::NewPassword(Some(Box::new(old))), out);
            }
            Checked::Wrong => self.fail("Wrong password.", out),
            Checked::Limited { why, seconds } => self.fail(refusal::slowed(*why, *seconds), out),
            Checked::Right(_) | Checked::Hashed(_) | Checked::Scram(_) | Checked::Counted => {
                self.misfit(&Why::OldPassword, out);
            }
        }
    }

    pub(super) fn take_new_password(
        &mut self,
        old: Option<Box<Old>>,
        typed: &str,
        out: &mut Output,
    ) {
        if let Some(bad) = bad_secret(typed) {
            return self.fail(format_args!("{bad} Nothing was changed."), out);
        }
        let chosen = Chosen { old, password: secret(typed) };
        self.open(Step::Again(Box::new(chosen)), out);
    }

    pub(super) fn take_again(&mut self, chosen: Chosen, typed: &str, out: &mut Output) {
        if chosen.password != secret(typed) {
            return self.fail("The two differ. Nothing was changed.", out);
        }
        let is_late = |old: &Old| !is_within(DIALOGUE_MS, old.since, out.now);
        if chosen.old.as_deref().is_some_and(is_late) {
            let seconds = DIALOGUE_MS / 1000;
            let text = format!("That took more than {seconds} seconds. Nothing was changed.");
            return self.fail(text, out);
        }
        let proof = chosen.old.map(|old| old.proof);
        self.ask(Ask::Hash(chosen.password), Why::NewPassword(proof));
    }

    pub(super) fn new_password_hashed(
        &mut self,
        proof: Option<Proof>,
        checked: &Checked,
        out: &mut Output,
    ) {
        match checked {
            Checked::Hashed(verifier) => {
                let verifier = verifier.clone();
                self.ask(Ask::Intent(Intent::SetPassword { verifier, proof }), Why::SetPassword);
            }
            Checked::Limited { why, seconds } => {
                self.fail(refusal::slowed(*why, *seconds), out);
            }
            _ => self.misfit(&Why::NewPassword(proof), out),
        }
    }

    /// A password is set, or not. What else lets in whoever added it is told.
    pub(super) fn password_set(&mut self, outcome: &Outcome, out: &mut Output) {
        let set = match outcome {
            Ok(Done::PasswordSet(set)) => set,
            Ok(_) => return out.notice(refusal::INTERNAL),
            Err(Refusal::Guest(name)) if self.is_me(name) => return out.notice(NO_GUEST),
            Err(Refusal::PasswordNeeded(_)) => {
                return out.notice(
                    "Your password was changed elsewhere in this moment. Nothing was changed here.",
                );
            }
            Err(refusal) => return out.notice(refusal::words(refusal, self.room())),
        };
        let PasswordSet { ended, certificates, devices } = &**set;
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
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

pub(super) fn secret(typed: &str) -> Secret {
    Secret::new(typed.to_owned())
}

/// What is wrong with a new password, if anything is.
pub(super) fn bad_secret(typed: &str) -> Option<String> {
    match typed.len() {
        0 => Some("A password has at least 1 character.".to_owned()),
        1..=SECRET_BYTES_MAX => None,
        _ => Some(format!("A password has at most {SECRET_BYTES_MAX} bytes.")),
    }
}
