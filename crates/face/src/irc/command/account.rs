//! How a client is told that an account was made, or why not.
//!
//! Spec: <https://ircv3.net/specs/extensions/account-registration>.

use chinwag_model::ask::Checked;
use chinwag_model::mail::NotMailed;
use chinwag_model::message::Card;
use chinwag_model::outcome::Refusal;
use chinwag_model::proof::Proof;

use super::login::logged_in;
use crate::irc::args::NICKSERV;
use crate::irc::chat::Chat;
use crate::irc::refusal::{not_stored, slowed, too_many_new};
use crate::irc::session::Door;
use crate::output::Output;
use crate::proven::Proven;

/// The account is made, and proved by whoever made it.
pub(super) fn registered(
    chat: &mut Chat,
    door: Door,
    command: &str,
    (who, proof): (&Card, Proof),
    out: &mut Output,
) {
    // An exchange that is going on was begun by somebody without an account.
    chat.sasl = None;
    let account = who.name.shown().to_owned();
    match door {
        Door::Service => {
            let text = format!("Account {account} is registered; you are logged in.");
            chat.notice(Some(NICKSERV), &text, out);
        }
        _ => chat.server_line(
            command,
            |line| line.param("SUCCESS").param(&account).trailing("Account registered"),
            out,
        ),
    }
    let nick = chat.nick().to_owned();
    if let Some(intro) = &mut chat.intro {
        intro.login = Some(Proven { account: who.name.clone(), proof, since: out.now });
    }
    logged_in(chat, &nick, &account, out);
}

/// No account is made, by the core's word.
pub(super) fn refused(chat: &mut Chat, door: Door, refusal: &Refusal, out: &mut Output) {
    let (code, text) = match refusal {
        Refusal::AccountExists(_)
        | Refusal::Taken(_)
        | Refusal::AlreadyOnline(_)
        | Refusal::PasswordNeeded(_) => {
            ("ACCOUNT_EXISTS", "There is an account by that name already".to_owned())
        }
        Refusal::LooksLike { existing, .. } => {
            ("BAD_ACCOUNT_NAME", format!("That name looks like {existing}, which is taken"))
        }
        Refusal::NotMailed(why) => not_mailed(why),
        Refusal::TooManyNew { seconds } => ("TEMPORARILY_UNAVAILABLE", too_many_new(*seconds)),
        Refusal::TooMany => {
            ("TEMPORARILY_UNAVAILABLE", "Too many wait to be verified; try later".to_owned())
        }
        Refusal::NotStored(why) => {
            let why = not_stored(*why);
            ("TEMPORARILY_UNAVAILABLE", format!("Not stored, so not done: {why}"))
        }
        _ => ("TEMPORARILY_UNAVAILABLE", "That failed; try again".to_owned()),
    };
    not_registered(chat, door, code, &text, out);
}

pub(super) fn not_registered(
    chat: &mut Chat,
    door: Door,
    code: &str,
    text: &str,
    out: &mut Output,
) {
    if door == Door::Service {
        return chat.notice(Some(NICKSERV), &format!("{text}."), out);
    }
    let nick = chat.nick().to_owned();
    chat.fail("REGISTER", code, &[&nick], text, out);
}

/// A password of a new account is not hashed.
pub(super) fn not_hashed(chat: &mut Chat, door: Door, checked: &Checked, out: &mut Output) {
    let text = match checked {
        Checked::Limited { why, seconds } => slowed(*why, *seconds),
        _ => "That failed; try again".to_owned(),
    };
    not_registered(chat, door, "TEMPORARILY_UNAVAILABLE", &text, out);
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
