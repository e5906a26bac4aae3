//! Coming in: a name, perhaps a password, and `CAP END`.
//!
//! Spec: <https://modern.ircdocs.horse/#connection-registration>.

use chinwag_model::intent::{Identity, Intent, Visitor};
use chinwag_model::name::NewName;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_wire::irc::message::Message;

use super::server_password::may_come;
use super::{Command, REAL_NAME_BYTES_MAX, USER_BYTES_MAX, welcome};
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::refusal::not_stored;
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[
    Command { early: true, run: nick, ..Command::new("NICK", "<nick>", "Changes your nickname.") },
    Command {
        params: 4,
        early: true,
        run: user,
        ..Command::new("USER", "<user> 0 * :<name>", "Says who you are, before the welcome.")
    },
];

fn user(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let (user, real_name) = (params.first().copied(), params.get(3).copied());
    if real_name.is_none_or(str::is_empty) {
        return chat.too_few("USER", out);
    }
    let Some(intro) = chat.intro.as_mut().filter(|intro| intro.user.is_none()) else {
        return chat.numeric(462, &[], "You may not reregister", out);
    };
    let plain = |c: &char| c.is_ascii_graphic() && !matches!(c, '!' | '@' | ':' | '*' | '?');
    let user: String = user.unwrap_or_default().chars().filter(plain).collect();
    let user = user.get(..user.len().min(USER_BYTES_MAX - 1)).unwrap_or_default();
    // A tilde says that the client alone says so.
    let user = if user.is_empty() { "user" } else { user };
    intro.user = Some(format!("~{user}").into());
    let real_name = real_name.unwrap_or_default();
    let end = real_name.floor_char_boundary(REAL_NAME_BYTES_MAX);
    intro.real_name = real_name.get(..end).unwrap_or_default().into();
}

fn nick(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let given = params.first().copied().unwrap_or_default();
    if given.is_empty() {
        return chat.numeric(431, &[], "No nickname given", out);
    }
    let fits = given.chars().count() <= chat.policy.limits.nick_length;
    let Some(name) = NewName::parse_nick(given).ok().filter(|_| fits) else {
        let shown = chinwag_model::name::quoted(given).replace([' ', ':'], "");
        let shown = if shown.is_empty() { "*" } else { &shown };
        return chat.numeric(432, &[shown], "Erroneous nickname", out);
    };
    if chat.me.is_some() {
        return chat.want(Intent::Nick(name), Nick(given.into()));
    }
    if let Some(intro) = &mut chat.intro {
        intro.nick = Some(name);
    }
}

/// Comes in, if all that it takes is known.
pub(in crate::irc) fn come_in(chat: &mut Chat, out: &mut Output) {
    if chat.me.is_some() || chat.is_over() {
        return;
    }
    let Some(intro) = &mut chat.intro else { return };
    let (Some(_), Some(_)) = (&intro.nick, &intro.user) else { return };
    if intro.negotiating || intro.entering {
        return;
    }
    if chat.sasl.take().is_some() {
        // Who goes on without it has given it up.
        chat.numeric(906, &[], "SASL authentication aborted", out);
        chat.end_reply(out);
    }
    if !may_come(chat, out) {
        return;
    }
    let Some(intro) = &mut chat.intro else { return };
    let (Some(nick), Some(user)) = (&intro.nick, &intro.user) else { return };
    if !chat.policy.guests && intro.login.is_none() {
        let text = "You must log in with SASL to connect to this server";
        chat.fail("*", "ACCOUNT_REQUIRED", &[], text, out);
        return chat.close("An account is required", out);
    }
    let login = intro.login.clone();
    if login.as_ref().is_some_and(|proven| !proven.holds(out.now)) {
        let text = "You took too long to come in after logging in; connect again";
        chat.fail("*", "ACCOUNT_REQUIRED", &[], text, out);
        return chat.close("Your login is no longer valid", out);
    }
    let login = login.map(|proven| (proven.account, proven.proof));
    let visitor = Visitor {
        user: user.clone(),
        host: chat.about.host.clone(),
        real_name: intro.real_name.clone(),
        flags: chat.policy.default_flags,
        away: intro.away.clone(),
        outside: true,
        stays: chat.policy.always_on,
        secure: chat.about.secure,
    };
    let identity = Identity::Nick { name: nick.clone(), login };
    intro.entering = true;
    let enter = Intent::Enter(identity, Some(Box::new(visitor)));
    chat.want(enter, Enter);
}

/// The name can't be had: another one is asked for.
fn not_entered(chat: &mut Chat, refusal: &Refusal, out: &mut Output) {
    let nick = chat.nick().to_owned();
    if let Some(intro) = &mut chat.intro {
        intro.nick = None;
        intro.entering = false;
    }
    let name = nick.as_str();
    match refusal {
        Refusal::PasswordNeeded(_) => {
            let text = "Nickname belongs to an account; log in to use it";
            chat.numeric(433, &[name], text, out);
        }
        Refusal::NoSuchAccount(_) => {
            if let Some(intro) = &mut chat.intro {
                intro.login = None;
            }
            chat.close("Your login is no longer valid", out);
        }
        Refusal::TooManySessions(_) => chat.close("Too many connections", out),
        Refusal::NotStored(why) => {
            let why = not_stored(*why);
            chat.close(&format!("Cannot store anything: {why}"), out);
        }
        Refusal::LooksLike { existing, .. } => {
            let text = format!("Nickname looks like {existing}, which is registered");
            chat.numeric(433, &[name], &text, out);
        }
        _ => chat.numeric(433, &[name], "Nickname is already in use", out),
    }
}

/// The session is to come in.
#[derive(Debug)]
struct Enter;

impl Next for Enter {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Ok(Done::Entered(entered))) => welcome::entered(chat, entered, out),
            Told::Outcome(Err(refusal)) => not_entered(chat, refusal, out),
            other => chat.unexpected(other, out),
        }
    }
}

/// The asker is shown under another name, the one that was typed.
#[derive(Debug)]
struct Nick(Box<str>);

impl Next for Nick {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Ok(_)) => {}
            Told::Outcome(Err(Refusal::Taken(_))) => {
                chat.numeric(433, &[&self.0], "Nickname is already in use", out);
            }
            other => chat.not_done("NICK", &self.0, other, out),
        }
    }
}
