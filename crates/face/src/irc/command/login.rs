//! A session becomes an account's: by SASL, by NickServ, or by the code that was mailed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chinwag_model::ask::Slowed;
use chinwag_model::intent::Intent;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Entered};
use chinwag_model::proof::Proof;

use super::arrival;
use crate::irc::args::NICKSERV;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::refusal::slowed_by;
use crate::irc::session::{Door, Me};
use crate::output::Output;

/// Wants the session to be an account's, which was proved.
pub(super) fn want(chat: &mut Chat, account: Name, proof: Proof, door: Door) {
    chat.want(Intent::Login { account, proof }, Login(door));
}

/// A session that has come in proves an account.
#[derive(Debug)]
struct Login(Door);

impl Next for Login {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Ok(Done::LoggedIn(entered))) => has_logged_in(chat, self.0, entered, out),
            Told::Outcome(Err(_)) if self.0 == Door::Service => {
                chat.notice(Some(NICKSERV), "You could not be logged in; try again.", out);
            }
            Told::Outcome(Err(_)) => sasl_failed(chat, out),
            other => chat.unexpected(other, out),
        }
    }
}

/// Says, by NickServ, that a password is not looked at now.
pub(super) fn slowed(chat: &mut Chat, why: Slowed, seconds: u32, out: &mut Output) {
    let text = format!("{}. Try again in {seconds} seconds.", slowed_by(why));
    chat.notice(Some(NICKSERV), &text, out);
}

/// Ends a SASL exchange that proved nothing.
pub(super) fn sasl_failed(chat: &mut Chat, out: &mut Output) {
    chat.sasl = None;
    chat.numeric(904, &[], "SASL authentication failed", out);
}

/// Tells the client which account it has.
pub(super) fn logged_in(chat: &mut Chat, nick: &str, account: &str, out: &mut Output) {
    let mask = match (&chat.me, &chat.intro) {
        (Some(me), _) => {
            let badge = &me.card.badge;
            format!("{}!{}@{}", me.card.name, badge.user, badge.host)
        }
        (None, Some(intro)) => {
            let user = intro.user.as_deref().unwrap_or("*");
            format!("{nick}!{user}@{}", chat.about.host)
        }
        (None, None) => nick.to_owned(),
    };
    let text = format!("You are now logged in as {account}");
    chat.numeric(900, &[&mask, account], &text, out);
}

/// The session is the account's from here on.
pub(super) fn has_logged_in(chat: &mut Chat, door: Door, entered: &Entered, out: &mut Output) {
    chat.sasl = None;
    let before = chat.me.as_ref().map(|me| me.card.clone());
    let account = entered.person.badge.account.clone();
    become_person(chat, entered);
    let nick = chat.nick().to_owned();
    let account = account.as_ref().map_or("*", Name::shown).to_owned();
    logged_in(chat, &nick, &account, out);
    match door {
        Door::Command => {}
        Door::Sasl => {
            chat.numeric(903, &[], "SASL authentication successful", out);
        }
        Door::Service => {
            let text = format!("You are now logged in as {account}.");
            chat.notice(Some(NICKSERV), &text, out);
        }
    }
    let Some(before) = before.filter(|before| before.id != entered.person.id) else { return };
    if before.name != entered.person.name {
        let (line, ..) = chat.line(None, out);
        let badge = &before.badge;
        let line = line.source_mask(before.name.shown(), &badge.user, &badge.host);
        line.command("NICK").param(entered.person.name.shown()).end();
    }
    arrival::catch_up(chat, entered, out);
}

/// The session is this person's from here on; what it watches stays.
pub(super) fn become_person(chat: &mut Chat, entered: &Entered) {
    let mut ignores = entered.ignores.clone();
    ignores.sort_unstable();
    let (watched, keys) = match chat.me.take() {
        Some(me) => (me.watched, me.keys),
        None => (BTreeMap::new(), BTreeSet::new()),
    };
    chat.me = Some(Box::new(Me {
        card: entered.person.clone(),
        flags: entered.flags,
        guest: entered.guest,
        real_name: Arc::clone(&entered.real_name),
        ignores,
        watched,
        keys,
        came: entered.place,
        behind: 0,
        held: Vec::new(),
    }));
}
