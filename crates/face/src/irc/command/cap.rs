//! `CAP`: which capabilities client and server agree on.
//!
//! Spec: <https://ircv3.net/specs/extensions/capability-negotiation>.

use std::sync::Arc;

use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::caps::{CAPS, Cap, is_offered, listed};
use crate::irc::chat::Chat;
use crate::output::Output;

/// Bytes of capabilities on one line.
const LIST_BYTES_MAX: usize = 400;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    early: true,
    run: cap,
    ..Command::new("CAP", "LS|LIST|REQ|END", "Settles capabilities; clients do so by themselves.")
}];

fn cap(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let params = message.params();
    let subcommand = params.first().map(|word| word.to_ascii_uppercase()).unwrap_or_default();
    match subcommand.as_str() {
        "LS" => {
            let version: u32 = params.get(1).and_then(|v| v.parse().ok()).unwrap_or(301);
            negotiate(chat);
            if version >= 302 {
                chat.cap_values = true;
                let mut caps = chat.caps;
                caps.set(Cap::Notify, true);
                chat.set_caps(caps);
            }
            let (policy, values) = (Arc::clone(&chat.policy), chat.cap_values);
            // A client that does not read several lines gets one, without what is still a draft.
            let caps = CAPS.iter().filter(|(name, _)| values || !name.starts_with("draft/"));
            let caps = caps.filter(|(_, cap)| is_offered(*cap, &policy));
            let words = caps.map(|(name, cap)| listed(name, *cap, &policy, values));
            // It is told, and nobody can ask for it.
            let sts = policy.sts.filter(|_| values).map(|sts| match chat.about.secure {
                true => format!("sts=duration={}", sts.seconds),
                false => format!("sts=port={}", sts.port),
            });
            tell_list(chat, "LS", words.chain(sts).collect(), out);
        }
        "LIST" => {
            let words = chat.caps.names().map(str::to_owned).collect();
            tell_list(chat, "LIST", words, out);
        }
        "REQ" => {
            negotiate(chat);
            let list = params.get(1).copied().unwrap_or_default();
            let answer = match chat.caps.request(list, &chat.policy) {
                Some(mut caps) => {
                    // Who reads values is told of changes, whether it wants to or not.
                    caps.set(Cap::Notify, caps.has(Cap::Notify) || chat.cap_values);
                    chat.set_caps(caps);
                    "ACK"
                }
                None => "NAK",
            };
            let nick = chat.nick().to_owned();
            chat.server_line(
                "CAP",
                |line| line.param(&nick).param(answer).trailing(list.trim_end()),
                out,
            );
        }
        "END" => {
            if let Some(intro) = &mut chat.intro {
                intro.negotiating = false;
            }
        }
        _ => {
            let given = params.first().copied().unwrap_or_default().to_owned();
            chat.numeric(410, &[&given], "Invalid CAP command", out);
        }
    }
}

fn negotiate(chat: &mut Chat) {
    if let Some(intro) = &mut chat.intro {
        intro.negotiating = true;
    }
}

/// Tells capabilities, in as many lines as it takes.
fn tell_list(chat: &mut Chat, subcommand: &str, words: Vec<String>, out: &mut Output) {
    let mut lines: Vec<String> = vec![String::new()];
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < LIST_BYTES_MAX => {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    let nick = chat.nick().to_owned();
    let last = lines.len().saturating_sub(1);
    for (number, list) in lines.iter().enumerate() {
        chat.server_line(
            "CAP",
            |line| {
                let line = line.param(&nick).param(subcommand);
                let line = if number < last { line.param("*") } else { line };
                line.trailing(list)
            },
            out,
        );
    }
}
