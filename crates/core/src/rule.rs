//! The rules, a file each, and the one table of them.

mod away;
mod begin;
mod delivered;
mod enter;
mod exit;
mod group;
mod ignore;
mod invite;
mod join;
mod leave;
mod password;
mod presence;
mod rename;
mod say;
mod topic;

use chinwag_model::intent::{Intent, Request};
use chinwag_model::outcome::Refusal;

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
}

/// Decides a request by its rule. Reads, and touches nothing.
///
/// # Errors
/// The rule's refusal.
pub(crate) fn decide(state: &State, step: &Step, request: &Request) -> Result<Change, Refusal> {
    Ok(match &request.intent {
        Intent::Begin => Change::Begin(begin::decide(state, step)?),
        Intent::Enter(identity) => Change::Enter(enter::decide(state, step, identity)?),
        Intent::Exit { delivered } => Change::Exit(exit::decide(state, step, *delivered)?),
        Intent::Say { to, manner, text } => {
            Change::Say(say::decide(state, step, to, *manner, text)?)
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
        Intent::SetPassword { verifier, checked } => {
            Change::Password(password::decide(state, step, verifier, *checked)?)
        }
        Intent::Delivered(marks) => Change::Delivered(delivered::decide(state, step, marks)?),
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
            Self::Delivered(change) => change.commit(step, out),
        }
    }
}
