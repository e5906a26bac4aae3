//! Many small rooms in which everyone talks, one line in flight each.

use super::subject::{Rooms, Subject};
use super::talking;
use crate::server::Ground;
use crate::trial::Experiment;

/// The setting, with each server.
pub(super) fn experiments(ground: &Ground, quick: bool) -> Vec<Experiment> {
    let rooms = if quick { 20 } else { 500 };
    let rooms = Rooms { rooms, members: 10, senders: 10, in_flight: 1, size: 64 };
    vec![talking::experiment("rooms", rooms, &Subject::on_irc(ground), ground, quick)]
}
