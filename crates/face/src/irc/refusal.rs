//! What a refusal is in IRC.

use chinwag_model::ask::Slowed;
use chinwag_model::outcome::{NotStored, Refusal, RoomNo};
use chinwag_model::query::Answer;
use chinwag_model::rank::Rank;

use super::chat::{Chat, Next, Told};
use super::render::channel;
use super::sign;
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

/// Something is done that is seen by itself: only a refusal is told, as one of this command.
#[derive(Debug)]
pub(super) struct Act {
    command: &'static str,
    /// What the command was about, as the client gave it.
    target: Box<str>,
}

impl Act {
    /// By a command, about something; about nothing in particular where that is empty.
    pub(super) fn new(command: &'static str, target: &str) -> Self {
        Self { command, target: target.into() }
    }
}

impl Next for Act {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(Ok(_)) => {}
            other => chat.not_done(self.command, &self.target, other, out),
        }
    }
}

impl Chat {
    /// Tells what came where something else was waited for. This is the one place that knows what any
    /// command says then.
    pub(super) fn unexpected(&mut self, told: Told<'_>, out: &mut Output) {
        self.not_done("*", "*", told, out);
    }

    /// Tells a refusal as one of a command, and everything else as unexpected.
    pub(super) fn not_done(
        &mut self,
        command: &str,
        target: &str,
        told: Told<'_>,
        out: &mut Output,
    ) {
        match told {
            Told::Outcome(Err(refusal)) => self.refused(command, target, refusal, out),
            // It is done, whatever it is, and must not be told as failed.
            Told::Outcome(Ok(_)) => self.notice(None, "That is done.", out),
            Told::Answer(Answer::Unavailable) => {
                let text = "That cannot be read now; try again";
                self.fail("*", "TEMPORARILY_UNAVAILABLE", &[], text, out);
            }
            Told::Answer(_) | Told::Checked(_) => {
                self.refused("*", "*", &Refusal::Internal, out);
            }
            Told::Due => {}
        }
    }

    pub(super) fn no_such_channel(&mut self, name: &str, out: &mut Output) {
        let shown = if name.is_empty() { "*" } else { name };
        self.numeric(403, &[shown], "No such channel", out);
    }

    pub(super) fn no_such_nick(&mut self, nick: &str, out: &mut Output) {
        let shown = if nick.is_empty() { "*" } else { nick };
        self.numeric(401, &[shown], "No such nick", out);
    }

    pub(super) fn not_operator(&mut self, out: &mut Output) {
        let text = "Permission Denied- You're not an IRC operator";
        self.numeric(481, &[], text, out);
    }

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

    /// Tells why a room is not to be had so.
    fn room_no(&mut self, room: &str, no: &RoomNo, out: &mut Output) {
        let (number, text) = match no {
            RoomNo::NotIn => (442, "You're not on that channel".to_owned()),
            RoomNo::NotThere(who) => {
                let text = "They aren't on that channel";
                return self.numeric(441, &[who.name.shown(), room], text, out);
            }
            RoomNo::AlreadyThere(who) => {
                let text = "is already on channel";
                return self.numeric(443, &[who.name.shown(), room], text, out);
            }
            RoomNo::NotInvited(who) => {
                let text = "They have no invitation to that channel";
                return self.fail("UNINVITE", "NOT_INVITED", &[who.name.shown(), room], text, out);
            }
            RoomNo::InviteOnly => (473, "Cannot join channel (+i)".to_owned()),
            RoomNo::Banned => (474, "Cannot join channel (+b)".to_owned()),
            RoomNo::WrongKey => (475, "Cannot join channel (+k)".to_owned()),
            RoomNo::Full => (471, "Cannot join channel (+l)".to_owned()),
            RoomNo::AccountsOnly => {
                (477, "Cannot join channel (+R); you need to be logged in".to_owned())
            }
            RoomNo::RankNeeded(Rank::Founder) => {
                (482, "Only the channel's founder may do that".to_owned())
            }
            RoomNo::RankNeeded(_) => (482, "You're not channel operator".to_owned()),
            RoomNo::Outside => (404, "Cannot send to channel (+n)".to_owned()),
            RoomNo::Muted => (404, "Cannot send to channel (+m)".to_owned()),
            RoomNo::AccountToSpeak => {
                (404, "Cannot send to channel (+M); you need to be logged in".to_owned())
            }
            RoomNo::NoRequests => (404, "Cannot send to channel (+C)".to_owned()),
            RoomNo::ListFull(list) => {
                let letter = sign::list_letter(*list).to_string();
                return self.numeric(478, &[room, &letter], "Channel list is full", out);
            }
            RoomNo::ForEver => (400, "Whoever is in this channel stays in it".to_owned()),
            RoomNo::Founded(true) => (400, "This channel is registered".to_owned()),
            RoomNo::Founded(false) => (400, "This channel is not registered".to_owned()),
        };
        if number == 400 {
            return self.numeric(400, &["*", room], &text, out);
        }
        self.numeric(number, &[room], &text, out);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chinwag_model::ask::Checked;
    use chinwag_model::id::{NodeId, SessionId};
    use chinwag_model::outcome::Done;

    use super::*;
    use crate::irc::About;
    use crate::irc::tests::world::policy;

    #[test]
    fn what_was_not_expected_is_told_as_it_is() {
        for (told, line) in [
            (Told::Outcome(&Ok(Done::Exited)), ":srv NOTICE * :That is done.\r\n"),
            (
                Told::Outcome(&Err(Refusal::NotYours)),
                ":srv 400 * * :That is not yours to change\r\n",
            ),
            (
                Told::Answer(&Answer::Unavailable),
                ":srv FAIL * TEMPORARILY_UNAVAILABLE :That cannot be read now; try again\r\n",
            ),
            (
                Told::Checked(&Checked::Wrong),
                ":srv 400 * * :That failed in the server; nothing was changed\r\n",
            ),
            (Told::Due, ""),
        ] {
            let about = About {
                session: SessionId { node: NodeId(0), number: 1 },
                host: "host".into(),
                address: "".into(),
                secure: false,
                certificate: None,
            };
            let mut chat = Chat::new(Arc::new(policy()), about);
            let mut out = Output::default();
            chat.unexpected(told, &mut out);
            assert_eq!(String::from_utf8(out.bytes).unwrap(), line);
        }
    }
}
