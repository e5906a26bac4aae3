//! What a refusal sounds like.

use chinwag_model::ask::Slowed;
use chinwag_model::intent::GROUP_NAMED_MAX;
use chinwag_model::name::{BadName, Name, quoted};
use chinwag_model::outcome::{NotStored, Refusal, RoomNo};
use chinwag_model::rank::Rank;

/// The words of a refusal, without the brackets. `room` is the room that the request was about.
pub(super) fn words(refusal: &Refusal, room: &Name) -> String {
    match refusal {
        Refusal::NotIn => "You have not come in.".to_owned(),
        Refusal::AlreadyIn => "You have come in already.".to_owned(),
        Refusal::AlreadyOnline(name) => format!("User {name} is already online."),
        Refusal::PasswordNeeded(name) => format!("User {name} has another password by now."),
        Refusal::TooManySessions(name) => format!("User {name} is online too many times."),
        Refusal::Taken(name) => format!("\"{name}\" is taken."),
        Refusal::TakenByPerson(name) => format!("\"{name}\" is taken by a person."),
        Refusal::LooksLike { wanted, existing } => {
            format!("\"{wanted}\" is not a name: it looks like {existing}.")
        }
        Refusal::NotTakeable(name) => format!("\"{name}\" cannot be taken."),
        Refusal::NoSuchPerson(name) => no_such_person(name.shown()),
        Refusal::Offline(name) => format!("User {name} is offline."),
        Refusal::NoSuchTarget(name) => no_such_target(name.shown()),
        Refusal::Gone => "Whom you wrote to has gone. Nothing was sent.".to_owned(),
        Refusal::NotInRoom => not_in(room.shown()),
        Refusal::LobbyIsForEver => "Everyone is in lobby.".to_owned(),
        Refusal::TooManyNamed(named) => too_many_named(*named),
        Refusal::TooManyRooms(name) => format!("User {name} is in as many rooms as one can be."),
        Refusal::NotAddable(name) => format!("User {name} cannot be put into another group now."),
        Refusal::TooFast(seconds) => {
            format!("That is too many groups in a short time. Wait {seconds} seconds.")
        }
        Refusal::NameKept(name) => format!(
            "\"{name}\" was a room's name until a short time ago, and is kept for it. Take another one."
        ),
        Refusal::TooManyIgnored => "You ignore as many people as one can.".to_owned(),
        Refusal::Guest(name) => format!("User {name} is a guest."),
        Refusal::NoSuchRoom(name) => not_in(name.shown()),
        Refusal::Room(room, no) => room_words(&room.name, no),
        Refusal::Closed(name) => format!("User {name} takes no messages from you."),
        Refusal::OperatorNeeded => "Only operators of the server may do that.".to_owned(),
        Refusal::AccountNeeded => "That takes a name with a password; see /password.".to_owned(),
        Refusal::AccountExists(name) => format!("\"{name}\" has a password already."),
        Refusal::NoSuchAccount(name) => no_such_person(name.shown()),
        Refusal::NoSuchMessage => "There is no such message.".to_owned(),
        Refusal::NotYours => "That is not yours to change.".to_owned(),
        Refusal::NoSuchKey => "There is no such value.".to_owned(),
        Refusal::TooMany => "You have as many as one can have.".to_owned(),
        Refusal::TooManyNew { seconds } => format!(
            "Too many new names came from your network. Come in under a name that exists, or try again \
             in {} min.",
            seconds.div_ceil(60)
        ),
        Refusal::NotMailed(_) => "No code could be mailed.".to_owned(),
        Refusal::NotStored(why) => format!("Not stored, so not sent: {}.", reason(*why)),
        Refusal::Unsure => UNSURE.to_owned(),
        Refusal::Internal => INTERNAL.to_owned(),
    }
}

/// Why a room is not to be had so.
fn room_words(room: &Name, no: &RoomNo) -> String {
    match no {
        RoomNo::NotIn => not_in(room.shown()),
        RoomNo::NotThere(who) => format!("{} is not in {room}.", who.name),
        RoomNo::AlreadyThere(who) => format!("{} is already in {room}.", who.name),
        RoomNo::NotInvited(who) => format!("{} has no invitation to {room}.", who.name),
        RoomNo::InviteOnly => format!("{room} is for those who are invited."),
        RoomNo::Banned => format!("You are banned from {room}."),
        RoomNo::WrongKey => format!("{room} asks for a key, which IRC clients can give."),
        RoomNo::Full => format!("{room} is full."),
        RoomNo::AccountsOnly => {
            format!("{room} is for those whose name has a password; see /password.")
        }
        RoomNo::RankNeeded(Rank::Founder) => format!("Only the founder of {room} may do that."),
        RoomNo::RankNeeded(_) => format!("Only those who lead {room} may do that."),
        RoomNo::Outside | RoomNo::Muted => {
            format!("You may not speak in {room} now. Nothing was sent.")
        }
        RoomNo::AccountToSpeak => format!(
            "In {room} only those speak whose name has a password; see /password. Nothing was sent."
        ),
        RoomNo::NoRequests => "That text cannot be sent.".to_owned(),
        RoomNo::ListFull(_) => format!("A list of {room} is full."),
        RoomNo::ForEver => format!("Whoever is in {room} stays in it."),
        RoomNo::Founded(true) => format!("{room} has a founder."),
        RoomNo::Founded(false) => format!("{room} has no founder."),
    }
}

/// The words of a refusal to make a group.
pub(super) fn group_words(refusal: &Refusal, room: &Name) -> String {
    match refusal {
        Refusal::NotStored(_) | Refusal::Internal => words(refusal, room),
        Refusal::TakenByPerson(name) => no_group(&format!("\"{name}\" is taken.")),
        _ => no_group(&words(refusal, room)),
    }
}

/// What is said where the server is to blame.
pub(super) const INTERNAL: &str = "That failed in the server; nothing was changed.";

/// What is said where a node that is cut off can't know what became of something.
const UNSURE: &str = "Not known yet whether that is stored: this server is cut off from the others. \
                      If it is, /history has it.";

/// What is said where the archive can't answer.
pub(super) const UNAVAILABLE: &str = "That cannot be read now. Try again.";

/// What is wrong with a name that was to be taken.
pub(super) fn not_a_name(typed: &str, why: &BadName) -> String {
    format!("\"{}\" is not a name: {why}.", quoted(typed))
}

pub(super) fn no_such_person(name: &str) -> String {
    format!("User {name} does not exist.")
}

pub(super) fn no_such_target(name: &str) -> String {
    format!(
        "No user or group is called \"{name}\". Nothing was sent; to say it to the room, use /say."
    )
}

pub(super) fn no_such_client(index: &str) -> String {
    format!("There is no client {index}.")
}

pub(super) fn not_in(room: &str) -> String {
    format!("You are not in {room}.")
}

/// The current room is one that the person was put out of, or left on another device.
pub(super) fn no_longer_in(room: &str) -> String {
    format!(
        "You are no longer in {room}. Nothing was sent; choose where to talk with /room lobby or /join \
         ROOM."
    )
}

pub(super) fn too_many_named(named: usize) -> String {
    format!("A group has at most {GROUP_NAMED_MAX} named members; you named {named}.")
}

/// Why a password is not looked at now, and when to try again.
pub(super) fn slowed(why: Slowed, seconds: u32) -> String {
    let why = match why {
        Slowed::Guesses => "Too many wrong passwords",
        Slowed::Busy => "The server is busy with other passwords",
        Slowed::Registrations => "Too many new passwords from your network",
    };
    format!("{why}. Try again in {seconds} seconds.")
}

pub(super) fn no_group(why: &str) -> String {
    format!("{why} No group was made.")
}

fn reason(why: NotStored) -> &'static str {
    match why {
        NotStored::DiskFull => "the disk is full",
        NotStored::StoreFailed => "the store failed",
        NotStored::ArchiveBehind => "the archive is behind",
        NotStored::Stopping => "the server is stopping",
        NotStored::CutOff => "this server is cut off from the others",
        NotStored::TooLate => "it was too late, as this server was cut off from the others",
        NotStored::OlderNode => "another server has an older version",
    }
}
