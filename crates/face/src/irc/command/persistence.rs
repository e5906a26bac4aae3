//! `PERSISTENCE`: staying in one's rooms without a connection.
//!
//! Spec: <https://github.com/ircv3/ircv3-specifications/pull/503>.

use chinwag_model::intent::Intent;
use chinwag_model::outcome::Done;
use chinwag_model::query::{Answer, Query};
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::chat::{Chat, Next, Told};
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    run: persistence,
    ..Command::new(
        "PERSISTENCE",
        "GET|SET [ON|OFF|DEFAULT]",
        "Sets whether you stay in channels while disconnected.",
    )
}];

fn persistence(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    if chat.me.as_ref().is_none_or(|me| me.card.badge.account.is_none()) {
        let text = "An account is needed to stay";
        return chat.fail("PERSISTENCE", "ACCOUNT_REQUIRED", &[], text, out);
    }
    let subcommand = params.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    let setting = params.get(1).map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    match (subcommand.as_str(), setting.as_str()) {
        ("GET" | "", _) => chat.query(Query::Stays, Stay),
        ("SET", "ON") => chat.want(Intent::Stay(Some(true)), Stay),
        ("SET", "OFF") => chat.want(Intent::Stay(Some(false)), Stay),
        ("SET", "DEFAULT") => chat.want(Intent::Stay(None), Stay),
        _ => chat.fail("PERSISTENCE", "INVALID_PARAMS", &[], "Invalid parameters", out),
    }
}

/// Whether the asker stays is set, or asked for.
#[derive(Debug)]
struct Stay;

impl Next for Stay {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let (Told::Outcome(Ok(Done::Stays(stays))) | Told::Answer(Answer::Stays(stays))) = told
        else {
            return chat.unexpected(told, out);
        };
        let client = match stays {
            Some(true) => "ON",
            Some(false) => "OFF",
            None => "DEFAULT",
        };
        let effective = if stays.unwrap_or(chat.policy.always_on) { "ON" } else { "OFF" };
        chat.server_line(
            "PERSISTENCE",
            |line| line.param("STATUS").param(client).param(effective),
            out,
        );
    }
}
