//! One room of 1,000 in each way that chinwag can be spoken to, and in several of them at once.

use super::subject::{Rooms, Subject};
use super::talking;
use crate::generator::face::Face;
use crate::server::{Ground, Setup};
use crate::trial::Experiment;

/// The setting, in each way.
pub(super) fn experiments(ground: &Ground, quick: bool) -> Vec<Experiment> {
    let members = if quick { 20 } else { 1000 };
    let rooms = Rooms { rooms: 1, members, senders: 10, in_flight: 8, size: 64 };
    let tls = Setup { tls: true, presence_notices_max: None };
    let subjects = [
        Subject::RAW,
        Subject::chinwag("chinwag, IRC", &[Face::Irc]),
        Subject::chinwag("chinwag, IRC with tags", &[Face::IrcTags]),
        Subject::chinwag("chinwag, line mode", &[Face::Line]),
        Subject::chinwag("chinwag, IRC in WebSockets", &[Face::WebSocket]),
        Subject { setup: tls, ..Subject::chinwag("chinwag, IRC over TLS", &[Face::Tls]) },
        Subject::chinwag(
            "chinwag, all of these but TLS in one room",
            &[Face::Irc, Face::IrcTags, Face::Line, Face::WebSocket],
        ),
    ];
    vec![talking::experiment("faces", rooms, &subjects, ground, quick)]
}
