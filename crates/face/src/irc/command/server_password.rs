//! `PASS`: the server's password, where it has one.
//!
//! Spec: <https://modern.ircdocs.horse/#pass-message>.

use chinwag_model::ask::{Ask, Checked, ProofOf};
use chinwag_wire::irc::message::Message;

use super::Command;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::refusal::slowed;
use crate::output::Output;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    early: true,
    run: pass,
    ..Command::new("PASS", "<password>", "Gives the server's password, before the welcome.")
}];

fn pass(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    if chat.me.is_some() {
        return chat.numeric(462, &[], "You may not reregister", out);
    }
    if let Some(wanted) = &chat.policy.password {
        let given = message.params().first().copied().unwrap_or_default();
        let right = is_same(wanted.as_bytes(), given.as_bytes());
        let proof = Ask::Proof { of: ProofOf::Server, right };
        chat.ask(proof, Counted { right });
    }
}

/// The server's password that a client gave is to be counted.
#[derive(Debug)]
struct Counted {
    right: bool,
}

impl Next for Counted {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match (told, &mut chat.intro) {
            (Told::Checked(Checked::Counted), Some(intro)) if self.right => {
                intro.has_password = true;
            }
            (Told::Checked(Checked::Limited { why, seconds }), _) => {
                wrong_password(chat, &slowed(*why, *seconds), out);
            }
            _ => wrong_password(chat, "Password incorrect", out),
        }
    }
}

/// Whether the client has given the server's password, where there is one. Without it the client
/// can neither come in, nor log in or register before that: it is told so, and closed.
pub(super) fn may_come(chat: &mut Chat, out: &mut Output) -> bool {
    let given = chat.intro.as_ref().is_none_or(|intro| intro.has_password);
    let may = chat.me.is_some() || chat.policy.password.is_none() || given;
    if !may {
        wrong_password(chat, "Password incorrect", out);
    }
    may
}

fn wrong_password(chat: &mut Chat, text: &str, out: &mut Output) {
    chat.numeric(464, &[], text, out);
    chat.close(text, out);
}

/// Whether two are the same, in a time that does not tell where they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}
