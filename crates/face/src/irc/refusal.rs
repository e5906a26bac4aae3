//! What a refusal is in IRC.

use chinwag_model::ask::Slowed;
use chinwag_model::outcome::{NotStored, Refusal};

use super::chat::Chat;
use super::render::channel;
use crate::output::Output;

/// Why something could not be stored, in words.
pub(super) fn not_stored(why: NotStored) -> &'static str {
    match why {
        NotStored::DiskFull => "the disk is full",
        NotStored::StoreFailed => "the store failed",
        NotStored::ArchiveBehind => "the archive is behind",
        NotStored::Stopping => "the server is stopping",
        NotStored::CutOff => "this server is cut off from the others",
        NotStored::TooLate => "it was too late; this server was cut off from the others",
        NotStored::OlderNode => "another server has an older version",
    }
}

impl Chat {
    /// Tells why a command was refused; `target` is what it was about, as the client gave it.
    pub(super) fn refused(
        &mut self,
        command: &str,
        target: &str,
        refusal: &Refusal,
        out: &mut Output,
    ) {
        let target = if target.is_empty() { "*" } else { target };
        match refusal {
            Refusal::NoSuchRoom(_) => self.no_such_channel(target, out),
            Refusal::Room(room, no) => {
                let shown = channel(&room.name);
                let given = target.get(1..).unwrap_or_default();
                // As the client called it, but for the case of letters.
                let same = target.starts_with('#') && given.to_lowercase() == room.name.folded();
                self.room_no(if same { target } else { &shown }, no, out);
            }
            Refusal::NoSuchPerson(name) | Refusal::NoSuchTarget(name) => {
                self.no_such_nick(name.shown(), out);
            }
            Refusal::Gone | Refusal::Offline(_) => self.no_such_nick(target, out),
            Refusal::NotInRoom => {
                self.numeric(442, &[target], "You're not on that channel", out);
            }
            Refusal::Taken(name) => {
                let text = "Nickname is already in use";
                self.numeric(433, &[name.shown()], text, out);
            }
            Refusal::TakenByPerson(name) => {
                self.numeric(403, &[name.shown()], "That name is a person's", out);
            }
            Refusal::LooksLike { wanted, existing } => {
                let text = format!("Nickname looks like {existing}, which is registered");
                self.numeric(433, &[wanted.shown()], &text, out);
            }
            Refusal::NotTakeable(name) => {
                let text = "Nickname cannot be taken; choose another one";
                self.numeric(433, &[name.shown()], text, out);
            }
            Refusal::NameKept(_) => {
                let text = "That was a registered channel's name until a short time ago, and is \
                            kept for its founder";
                self.numeric(437, &[target], text, out);
            }
            Refusal::NotAddable(name) => {
                let text = format!("{name} cannot be put into another group now");
                self.fail(command, "CANNOT_ADD", &[target], &text, out);
            }
            Refusal::TooFast(seconds) => {
                let text = format!("Too many groups in a short time; wait {seconds} seconds");
                self.fail(command, "RATE_LIMITED", &[target], &text, out);
            }
            Refusal::AlreadyOnline(name) | Refusal::PasswordNeeded(name) => {
                let text = "Nickname belongs to an account; log in to use it";
                self.numeric(433, &[name.shown()], text, out);
            }
            Refusal::TooManyRooms(_) => {
                self.numeric(405, &[target], "You have joined too many channels", out);
            }
            Refusal::Closed(name) => {
                let text = "You must be logged in to send messages to this user, and no CTCP";
                self.numeric(477, &[name.shown()], text, out);
            }
            Refusal::OperatorNeeded => self.not_operator(out),
            Refusal::Guest(name) => {
                let text = format!("{name} has no account");
                self.fail(command, "ACCOUNT_REQUIRED", &[target], &text, out);
            }
            Refusal::AccountNeeded => {
                let text = "You need an account for that; see HELP ACCOUNTS";
                self.fail(command, "ACCOUNT_REQUIRED", &[], text, out);
            }
            Refusal::NotStored(why) => {
                let text = format!("Not stored, so not sent: {}", not_stored(*why));
                self.fail(command, "NOT_STORED", &[target], &text, out);
            }
            Refusal::Unsure => {
                let text = "Not known yet whether it is stored: this server is cut off from the \
                            others. If it is, history has it";
                self.fail(command, "UNSURE", &[target], text, out);
            }
            Refusal::TooManyNew { seconds } => {
                let text = too_many_new(*seconds);
                self.fail(command, "LIMIT_REACHED", &[target], &text, out);
            }
            Refusal::TooMany | Refusal::TooManyIgnored | Refusal::TooManyNamed(_) => {
                let text = "You have as many as one can have";
                self.fail(command, "LIMIT_REACHED", &[target], text, out);
            }
            other => {
                let text = match other {
                    Refusal::NotYours => "That is not yours to change",
                    Refusal::LobbyIsForEver => "Whoever is in this channel stays in it",
                    Refusal::NotIn => "You have not come in",
                    _ => "That failed in the server; nothing was changed",
                };
                self.numeric(400, &[command], text, out);
            }
        }
    }
}

/// Why a password is not looked at now, and when to try again.
pub(super) fn slowed(why: Slowed, seconds: u32) -> String {
    format!("{}; try again in {seconds} seconds", slowed_by(why))
}

/// Why a password is not looked at now.
pub(super) fn slowed_by(why: Slowed) -> &'static str {
    match why {
        Slowed::Guesses => "Too many wrong passwords",
        Slowed::Busy => "The server is busy with other passwords",
        Slowed::Registrations => "Too many new passwords from your network",
    }
}

/// What is said where many names were registered from one network.
pub(super) fn too_many_new(seconds: u32) -> String {
    let minutes = seconds.div_ceil(60);
    format!("Too many new names came from your network; try again in {minutes} min")
}
