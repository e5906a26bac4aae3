//! `SETNAME`: another real name.
//!
//! Spec: <https://ircv3.net/specs/extensions/setname>.

use chinwag_model::intent::Intent;
use chinwag_wire::irc::message::Message;

use super::{Command, REAL_NAME_BYTES_MAX};
use crate::irc::chat::Chat;
use crate::irc::refusal::Act;
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    run: setname,
    ..Command::new("SETNAME", ":<name>", "Changes your real name.")
}];

fn setname(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let name = params.first().copied().unwrap_or_default();
    if name.len() > REAL_NAME_BYTES_MAX {
        let text = "Real name is not valid";
        return chat.fail("SETNAME", "INVALID_REALNAME", &[], text, out);
    }
    chat.want(Intent::SetRealName(name.into()), Act::new("SETNAME", ""));
}
