//! Setting a password, by prompts.

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::intent::Intent;
use chinwag_model::query::Standing;
use chinwag_model::secret::{SECRET_BYTES_MAX, Secret};

use super::talk::{Chosen, Step, Talk, Why};
use super::{Output, refusal};

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
            Checked::Right { version } => self.open(Step::NewPassword(Some(*version)), out),
            Checked::Wrong => self.fail("Wrong password.", out),
            Checked::Limited { why, seconds } => self.fail(refusal::slowed(*why, *seconds), out),
            Checked::Hashed(_) | Checked::Scram(_) | Checked::Counted => {
                self.misfit(&Why::OldPassword, out);
            }
        }
    }

    pub(super) fn take_new_password(
        &mut self,
        checked: Option<u32>,
        typed: &str,
        out: &mut Output,
    ) {
        if let Some(bad) = bad_secret(typed) {
            return self.fail(format_args!("{bad} Nothing was changed."), out);
        }
        let chosen = Chosen { checked, password: secret(typed) };
        self.open(Step::Again(Box::new(chosen)), out);
    }

    pub(super) fn take_again(&mut self, chosen: Chosen, typed: &str, out: &mut Output) {
        if chosen.password != secret(typed) {
            return self.fail("The two differ. Nothing was changed.", out);
        }
        self.ask(Ask::Hash(chosen.password), Why::NewPassword(chosen.checked));
    }

    pub(super) fn new_password_hashed(
        &mut self,
        version: Option<u32>,
        checked: &Checked,
        out: &mut Output,
    ) {
        match (checked, &self.me) {
            (Checked::Hashed(verifier), Some(me)) => {
                let verifier = verifier.clone();
                let why = Why::Act(me.room.name.clone());
                self.ask(Ask::Intent(Intent::SetPassword { verifier, checked: version }), why);
            }
            (Checked::Limited { why, seconds }, _) => {
                self.fail(refusal::slowed(*why, *seconds), out);
            }
            _ => self.misfit(&Why::NewPassword(version), out),
        }
    }
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
