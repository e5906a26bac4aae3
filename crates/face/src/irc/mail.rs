//! Codes that are mailed: to verify an address before an account is made, and to set another
//! password.
//!
//! Spec: <https://ircv3.net/specs/extensions/account-registration>.

use chinwag_model::ask::{Ask, Checked, CodeAsk};
use chinwag_model::intent::Claim;
use chinwag_model::mail::{MailAddress, NotMailed};
use chinwag_model::name::{Name, NewName};
use chinwag_model::outcome::{Done, Outcome, Refusal};
use chinwag_model::proof::Proves;
use chinwag_model::secret::{SECRET_BYTES_MAX, Secret, Verifier};

use super::args;
use super::chat::{Chat, Door, Why};
use crate::output::Output;

const NICKSERV: &str = "NickServ";

impl Chat {
    /// Wants a name held until its address is verified.
    pub(super) fn claim_for(
        &mut self,
        door: Door,
        nick: &str,
        password: &str,
        email: &str,
        out: &mut Output,
    ) {
        let Ok(name) = NewName::parse(nick) else {
            let text = "That name is the server's own; choose another one";
            return self.not_registered(door, "ACCOUNT_EXISTS", text, out);
        };
        let Ok(address) = MailAddress::parse(email) else {
            let text = "A valid e-mail address is needed; a code is mailed to it";
            return self.not_registered(door, "INVALID_EMAIL", text, out);
        };
        if password.is_empty() || password.len() > SECRET_BYTES_MAX {
            return self.not_registered(door, "WEAK_PASSWORD", "Choose another password", out);
        }
        let password = Secret::new(password.to_owned());
        let (claimed, to) = (name.name().clone(), address.clone());
        let claim = Ask::Claim { name: claimed, address: to, password };
        self.ask(claim, Why::ClaimFor(door, name, address));
    }

    /// The password is hashed, or is the one that the name is held with.
    pub(super) fn claimed(
        &mut self,
        (door, name, address): (Door, NewName, MailAddress),
        checked: &Checked,
        out: &mut Output,
    ) {
        let claim = match checked {
            Checked::Hashed(verifier) => Claim::New(verifier.clone()),
            Checked::Right(Proves::Held(entry)) => Claim::Again(*entry),
            Checked::Wrong => {
                let text = "That name waits to be verified; for another code, give the password \
                            that it was registered with";
                return self.not_registered(door, "ACCOUNT_EXISTS", text, out);
            }
            checked => return self.not_hashed(door, checked, out),
        };
        let account = name.name().shown().into();
        let hold = CodeAsk::Hold { name, address, claim };
        self.ask(Ask::Code(Box::new(hold)), Why::Hold(door, account));
    }

    /// A name is held, or not.
    pub(super) fn held(&mut self, door: Door, account: &str, outcome: &Outcome, out: &mut Output) {
        match outcome {
            Ok(Done::CodeSent) if door == Door::Service => {
                let text = format!(
                    "A code is mailed to you. Say VERIFY {account} CODE within a day, and the \
                     account is yours."
                );
                self.notice(Some(NICKSERV), &text, out);
            }
            Ok(Done::CodeSent) => self.server_line(
                "REGISTER",
                |line| {
                    let line = line.param("VERIFICATION_REQUIRED").param(account);
                    line.trailing("A code is mailed to you; give it with VERIFY within a day")
                },
                out,
            ),
            Ok(_) => self.refused_account(door, &Refusal::Internal, out),
            Err(refusal) => self.refused_account(door, refusal, out),
        }
    }

    /// `VERIFY ACCOUNT CODE`.
    pub(super) fn verify(&mut self, params: &[&str], out: &mut Output) {
        let [account, code, ..] = params else { return };
        if self.me.is_none() && !self.policy.register_before_connect {
            let text = "Connect first, then verify";
            return self.fail("VERIFY", "COMPLETE_CONNECTION_REQUIRED", &[account], text, out);
        }
        self.verify_by(Door::Command, account, code, out);
    }

    pub(super) fn verify_by(&mut self, door: Door, account: &str, code: &str, out: &mut Output) {
        if self.me.as_ref().is_some_and(|me| me.card.badge.account.is_some()) {
            let text = "You have an account already";
            return self.not_verified(door, account, "ALREADY_AUTHENTICATED", text, out);
        }
        if !self.may_come(out) {
            return;
        }
        let name = args::person(account).filter(|_| self.policy.mail);
        let Some(name) = name.filter(|_| code.len() <= SECRET_BYTES_MAX) else {
            let text = "No account of that name waits to be verified";
            return self.not_verified(door, account, "INVALID_CODE", text, out);
        };
        let verify = CodeAsk::Verify { account: name, code: Secret::new(code.to_owned()) };
        self.ask(Ask::Code(Box::new(verify)), Why::Verify(door, account.into()));
    }

    /// A code was given.
    pub(super) fn verified(
        &mut self,
        door: Door,
        account: &str,
        outcome: &Outcome,
        out: &mut Output,
    ) {
        let (code, text) = match outcome {
            Ok(Done::Registered(card, proof)) => {
                if let Some(me) = &mut self.me {
                    me.card = card.clone();
                    me.guest = false;
                }
                return self.registered(door, "VERIFY", (card, *proof), out);
            }
            Ok(Done::LoggedIn(entered)) => {
                if door == Door::Command {
                    self.server_line(
                        "VERIFY",
                        |line| line.param("SUCCESS").param(account).trailing("Account registered"),
                        out,
                    );
                }
                return self.has_logged_in(door, entered, out);
            }
            Ok(Done::WrongCode { left: 0 }) => {
                ("INVALID_CODE", "Wrong code; register again for another one".to_owned())
            }
            Ok(Done::WrongCode { left }) => {
                ("INVALID_CODE", format!("Wrong code; it can be given {left} more times"))
            }
            Err(Refusal::NoSuchAccount(_)) => {
                ("INVALID_CODE", "No account of that name waits to be verified".to_owned())
            }
            Err(Refusal::AccountExists(_)) => {
                ("ALREADY_AUTHENTICATED", "You have an account already".to_owned())
            }
            Err(Refusal::NotMailed(why)) => not_mailed(why),
            Err(Refusal::NotStored(why)) => {
                let why = super::refusal::not_stored(*why);
                ("TEMPORARILY_UNAVAILABLE", format!("Not stored, so not done: {why}"))
            }
            _ => ("TEMPORARILY_UNAVAILABLE", "That failed; try again".to_owned()),
        };
        self.not_verified(door, account, code, &text, out);
    }

    fn not_verified(
        &mut self,
        door: Door,
        account: &str,
        code: &str,
        text: &str,
        out: &mut Output,
    ) {
        if door == Door::Service {
            return self.notice(Some(NICKSERV), &format!("{text}."), out);
        }
        let account = args::person(account).map_or_else(|| "*".to_owned(), |a| a.to_string());
        self.fail("VERIFY", code, &[&account], text, out);
    }

    /// NickServ's `RESETPASS ACCOUNT [CODE PASSWORD]`.
    pub(super) fn reset_password(&mut self, rest: &[&str], out: &mut Output) {
        if !self.policy.mail {
            let text = "This server mails no codes. Ask its operator for another password.";
            return self.notice(Some(NICKSERV), text, out);
        }
        let account = rest.first().and_then(|account| args::person(account));
        match (account, rest) {
            (Some(account), [_]) => {
                let ask = CodeAsk::AskReset { account };
                self.ask(Ask::Code(Box::new(ask)), Why::AskReset);
            }
            (Some(account), [_, code, password])
                if code.len() <= SECRET_BYTES_MAX && password.len() <= SECRET_BYTES_MAX =>
            {
                let code = Secret::new((*code).to_owned());
                let password = Secret::new((*password).to_owned());
                // The code is looked at first: a wrong one has nothing hashed.
                let (whose, given) = (account.clone(), code.clone());
                let hash = Ask::HashReset { account: whose, code: given, password };
                self.ask(hash, Why::HashReset(account, code));
            }
            _ => {
                let text = "RESETPASS ACCOUNT has a code mailed; RESETPASS ACCOUNT CODE PASSWORD \
                            sets the password.";
                self.notice(Some(NICKSERV), text, out);
            }
        }
    }

    /// A code is mailed, or not. Whether an account has an address is nobody else's business.
    pub(super) fn reset_asked(&mut self, outcome: &Outcome, out: &mut Output) {
        let text = match outcome {
            Ok(_) | Err(Refusal::NoSuchAccount(_)) => {
                "If that account has a verified address, a code is mailed to it. Say RESETPASS \
                 ACCOUNT CODE PASSWORD within an hour."
                    .to_owned()
            }
            Err(refusal) => in_words(refusal),
        };
        self.notice(Some(NICKSERV), &text, out);
    }

    /// The password is hashed that a code is to set.
    pub(super) fn reset_by(&mut self, account: Name, code: Secret, verifier: Verifier) {
        let reset = CodeAsk::Reset { account, code, verifier };
        self.ask(Ask::Code(Box::new(reset)), Why::Reset);
    }

    /// Another password is set, or not.
    pub(super) fn password_reset(&mut self, outcome: &Outcome, out: &mut Output) {
        let text = match outcome {
            Ok(Done::PasswordSet(_)) => {
                "The password is changed; IDENTIFY with it. All connections \
                                         that were logged in are ended, and certificates and \
                                         devices are removed."
                    .to_owned()
            }
            Ok(Done::WrongCode { left: 0 }) => "Wrong code. Have another one mailed.".to_owned(),
            Ok(Done::WrongCode { left }) => {
                format!("Wrong code; it can be given {left} more times.")
            }
            Ok(_) => in_words(&Refusal::Internal),
            Err(Refusal::NoSuchAccount(_)) => {
                "No code holds for that account. Have one mailed with RESETPASS ACCOUNT.".to_owned()
            }
            Err(refusal) => in_words(refusal),
        };
        self.notice(Some(NICKSERV), &text, out);
    }
}

fn in_words(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotMailed(why) => format!("{}.", not_mailed(why).1),
        Refusal::NotStored(why) => {
            format!("Not stored, so not done: {}.", super::refusal::not_stored(*why))
        }
        _ => "That failed; try again.".to_owned(),
    }
}

/// Why no code is mailed: as a code of the specification, and in words.
pub(super) fn not_mailed(why: &NotMailed) -> (&'static str, String) {
    match why {
        NotMailed::Off => {
            ("TEMPORARILY_UNAVAILABLE", "This server sends no mail; nothing was changed".to_owned())
        }
        NotMailed::Limited { seconds } => (
            "TEMPORARILY_UNAVAILABLE",
            format!("Many codes were mailed of late; try again in {seconds} seconds"),
        ),
        NotMailed::Guesses { seconds } => (
            "TEMPORARILY_UNAVAILABLE",
            format!("Too many wrong codes came from your network; try again in {seconds} seconds"),
        ),
        NotMailed::Refused => (
            "UNACCEPTABLE_EMAIL",
            "Mail to that address is refused; nothing was changed".to_owned(),
        ),
        NotMailed::Unreachable => (
            "TEMPORARILY_UNAVAILABLE",
            "No mail can be sent now, so nothing was changed; try again later".to_owned(),
        ),
    }
}
