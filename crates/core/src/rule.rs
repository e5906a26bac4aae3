//! The rules, a file each, and the one table of them.

mod accept;
mod account;
mod admission;
mod away;
mod begin;
mod call;
mod certify;
mod change_room;
mod change_self;
mod claim;
mod create;
mod delivered;
mod device;
mod enter;
mod entitle;
mod exit;
mod found;
mod gone;
mod group;
mod hold;
mod ignore;
mod invite;
mod join;
mod kick;
mod kill;
mod leave;
mod login;
mod metadata;
mod nick;
mod part;
mod password;
mod presence;
mod read;
mod real_name;
mod redact;
mod register;
mod relay;
mod rename;
mod rename_room;
mod reset;
mod say;
mod sign;
pub(crate) mod speech;
mod stay;
mod topic;
mod uninvite;
mod verify;
mod visit;
mod wallops;

use chinwag_model::intent::{Intent, Request};
use chinwag_model::message::Manner;
use chinwag_model::outcome::Refusal;
use chinwag_model::text::Text;

use crate::rule::say::Words;
use crate::state::State;
use crate::step::{Effects, Step};

/// What was decided; each rule has its own.
#[derive(Debug)]
pub(crate) enum Change {
    Begin(begin::Change),
    Enter(enter::Change),
    Exit(exit::Change),
    Say(say::Change),
    Group(group::Change),
    Join(join::Change),
    Leave(leave::Change),
    Topic(topic::Change),
    Invite(invite::Change),
    Rename(rename::Change),
    Away(away::Change),
    Ignore(ignore::Change),
    Password(password::Change),
    Delivered(delivered::Change),
    Visit(visit::Change),
    Part(part::Change),
    Kick(kick::Change),
    RoomMode(change_room::Change),
    Nick(nick::Change),
    OwnMode(change_self::Change),
    RealName(real_name::Change),
    Read(read::Change),
    Redact(redact::Change),
    Register(register::Change),
    Login(login::Change),
    Certify(certify::Change),
    Found(found::Change),
    Kill(kill::Change),
    Wallops(wallops::Change),
    Metadata(metadata::Change),
    RenameRoom(rename_room::Change),
    Relay(relay::Change),
    Accept(accept::Change),
    Stay(stay::Change),
    Create(create::Change),
    Gone(gone::Change),
    Sign(sign::Change),
    Device(device::Change),
    Hold(Box<hold::Change>),
    Verify(Box<verify::Change>),
    AskReset(reset::Asked),
    Reset(reset::Change),
    Withdraw(reset::Withdrawal),
    Uninvite(uninvite::Change),
}

/// Decides a request by its rule. Reads, and touches nothing.
///
/// # Errors
/// The rule's refusal.
pub(crate) fn decide(state: &State, step: &Step, request: &Request) -> Result<Change, Refusal> {
    Ok(match &request.intent {
        Intent::Begin => Change::Begin(begin::decide(state, step, false)?),
        Intent::BeginAs(_) => Change::Begin(begin::decide(state, step, true)?),
        Intent::Enter(identity, visitor) => {
            Change::Enter(enter::decide(state, step, identity, visitor.as_deref())?)
        }
        Intent::Exit { delivered, reason } => {
            Change::Exit(exit::decide(state, step, *delivered, reason.as_ref())?)
        }
        Intent::Say { to, manner, text, tags, joints } => {
            let words = Words { to, manner: *manner, text, tags, joints: joints.as_deref() };
            Change::Say(say::decide(state, step, words)?)
        }
        Intent::Tag { to, tags } => {
            let text = &Text::empty();
            let words = Words { to, manner: Manner::Tags, text, tags, joints: None };
            Change::Say(say::decide(state, step, words)?)
        }
        Intent::MakeGroup { name, named } => {
            Change::Group(group::decide(state, step, name, named)?)
        }
        Intent::Join { room, new } => Change::Join(join::decide(state, step, room, new.as_ref())?),
        Intent::Leave(room) => Change::Leave(leave::decide(state, step, *room)?),
        Intent::SetTopic { room, topic } => {
            Change::Topic(topic::decide(state, step, *room, topic.as_ref())?)
        }
        Intent::Invite { who, room } => Change::Invite(invite::decide(state, step, who, *room)?),
        Intent::Rename(name) => Change::Rename(rename::decide(state, step, name)?),
        Intent::SetAway(text) => Change::Away(away::decide(state, step, text.as_ref())?),
        Intent::Ignore { who, on } => Change::Ignore(ignore::decide(state, step, who, *on)?),
        Intent::SetPassword { verifier, proof } => {
            Change::Password(password::decide(state, step, verifier, proof.as_ref())?)
        }
        Intent::Delivered(marks) => Change::Delivered(delivered::decide(state, step, marks)?),
        Intent::Visit { room, key } => {
            Change::Visit(visit::decide(state, step, room, key.as_ref())?)
        }
        Intent::Part { room, reason } => {
            Change::Part(part::decide(state, step, room, reason.as_ref())?)
        }
        Intent::Kick { room, who, reason } => {
            Change::Kick(kick::decide(state, step, room, who, reason.as_ref())?)
        }
        Intent::ChangeRoom { room, changes, entries_max } => {
            Change::RoomMode(change_room::decide(state, step, room, changes, *entries_max)?)
        }
        Intent::Entitle { room, topic } => {
            Change::Topic(entitle::decide(state, step, room, topic.as_ref())?)
        }
        Intent::Call { who, room } => Change::Invite(call::decide(state, step, who, room)?),
        Intent::Nick(name) => Change::Nick(nick::decide(state, step, name)?),
        Intent::ChangeSelf { on, off } => {
            Change::OwnMode(change_self::decide(state, step, *on, *off)?)
        }
        Intent::SetRealName(name) => Change::RealName(real_name::decide(state, step, name)?),
        Intent::Read { target, upto } => Change::Read(read::decide(state, step, target, *upto)?),
        Intent::Redact { message, author, room, to, reason } => {
            let (message, author, room, to) = (*message, *author, *room, *to);
            let said = redact::Said { message, author, room, to, reason: reason.as_ref() };
            Change::Redact(redact::decide(state, step, said)?)
        }
        Intent::Register(name, verifier) => {
            Change::Register(register::decide(state, step, name, verifier)?)
        }
        Intent::Login { account, proof } => {
            Change::Login(login::decide(state, step, account, proof)?)
        }
        Intent::Certify { fingerprint, on, shown } => {
            Change::Certify(certify::decide(state, step, *fingerprint, *on, *shown)?)
        }
        Intent::ConfirmCertificate { account, fingerprint } => {
            Change::Certify(certify::decide_confirm(state, step, account, *fingerprint)?)
        }
        Intent::Found { room, on } => Change::Found(found::decide(state, step, room, *on)?),
        Intent::Kill { who, reason } => {
            Change::Kill(kill::decide(state, step, who, reason.as_ref())?)
        }
        Intent::Ghost(who) => Change::Kill(kill::decide_ghost(state, step, who)?),
        Intent::Wallops(text) => Change::Wallops(wallops::decide(state, step, text)?),
        Intent::SetMetadata { of, key, value, keys_max } => {
            let key = key.as_deref();
            let decided = metadata::decide(state, step, of, key, value.as_ref(), *keys_max)?;
            Change::Metadata(decided)
        }
        Intent::RenameRoom { room, to, reason } => {
            Change::RenameRoom(rename_room::decide(state, step, room, to, reason.as_ref())?)
        }
        Intent::Relay { room, name, text, tags } => {
            Change::Relay(relay::decide(state, step, room, name, text, tags)?)
        }
        Intent::Accept { who, on } => Change::Accept(accept::decide(state, step, who, *on)?),
        Intent::Stay(stays) => Change::Stay(stay::decide(state, step, *stays)?),
        Intent::Create(name, verifier) => {
            Change::Create(create::decide(state, step, name, verifier)?)
        }
        Intent::Gone { node, epoch, last } => {
            Change::Gone(gone::decide(state, step, *node, *epoch, *last)?)
        }
        Intent::End => Change::Gone(gone::decide_end(state, step)?),
        Intent::Beat | Intent::Digest { .. } | Intent::Nothing => {
            Change::Sign(sign::decide(state, step)?)
        }
        Intent::AddDevice { device, devices_max } => {
            Change::Device(device::decide_add(state, step, device, *devices_max)?)
        }
        Intent::RemoveDevice(endpoint) => {
            Change::Device(device::decide_remove(state, step, endpoint)?)
        }
        Intent::LoseDevice { person, endpoint } => {
            Change::Device(device::decide_lose(state, step, *person, endpoint)?)
        }
        Intent::Hold { name, address, claim, code } => {
            let decided = hold::decide(state, step, name, address, claim, *code)?;
            Change::Hold(Box::new(decided))
        }
        Intent::Verify { account, code } => {
            Change::Verify(Box::new(verify::decide(state, step, account, *code)?))
        }
        Intent::AskReset { account, code } => {
            Change::AskReset(reset::ask(state, step, account, *code)?)
        }
        Intent::Reset { account, code, verifier } => {
            Change::Reset(reset::decide(state, step, account, *code, verifier)?)
        }
        Intent::Withdraw { account, code, why } => {
            Change::Withdraw(reset::withdraw(account, *code, *why))
        }
        Intent::Uninvite { who, room } => {
            Change::Uninvite(uninvite::decide(state, step, who, room)?)
        }
    })
}

impl Change {
    /// Makes it so, and tells who is to see it. Can't fail.
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        match self {
            Self::Begin(change) => change.commit(state, step, out),
            Self::Enter(change) => change.commit(state, step, out),
            Self::Exit(change) => change.commit(state, step, out),
            Self::Say(change) => change.commit(state, step, out),
            Self::Group(change) => change.commit(state, step, out),
            Self::Join(change) => change.commit(state, step, out),
            Self::Leave(change) => change.commit(state, step, out),
            Self::Topic(change) => change.commit(state, step, out),
            Self::Invite(change) => change.commit(state, step, out),
            Self::Rename(change) => change.commit(state, step, out),
            Self::Away(change) => change.commit(state, step, out),
            Self::Ignore(change) => change.commit(state, step, out),
            Self::Password(change) => change.commit(state, step, out),
            Self::Delivered(change) => change.commit(state, step, out),
            Self::Visit(change) => change.commit(state, step, out),
            Self::Part(change) => change.commit(state, step, out),
            Self::Kick(change) => change.commit(state, step, out),
            Self::RoomMode(change) => change.commit(state, step, out),
            Self::Nick(change) => change.commit(state, step, out),
            Self::OwnMode(change) => change.commit(state, step, out),
            Self::RealName(change) => change.commit(state, step, out),
            Self::Read(change) => change.commit(state, step, out),
            Self::Redact(change) => change.commit(step, out),
            Self::Register(change) => change.commit(state, step, out),
            Self::Login(change) => change.commit(state, step, out),
            Self::Certify(change) => change.commit(state, step, out),
            Self::Found(change) => change.commit(state, step, out),
            Self::Kill(change) => change.commit(state, step, out),
            Self::Wallops(change) => change.commit(step, out),
            Self::Metadata(change) => change.commit(state, step, out),
            Self::RenameRoom(change) => change.commit(state, step, out),
            Self::Relay(change) => change.commit(state, step, out),
            Self::Accept(change) => change.commit(state, step, out),
            Self::Stay(change) => change.commit(state, step, out),
            Self::Create(change) => change.commit(state, step, out),
            Self::Gone(change) => change.commit(state, step, out),
            Self::Sign(change) => change.commit(step, out),
            Self::Device(change) => change.commit(state, step, out),
            Self::Hold(change) => change.commit(state, step, out),
            Self::Verify(change) => change.commit(state, step, out),
            Self::AskReset(change) => change.commit(state, step, out),
            Self::Reset(change) => change.commit(state, step, out),
            Self::Withdraw(change) => change.commit(state, step, out),
            Self::Uninvite(change) => change.commit(state, step, out),
        }
    }
}
