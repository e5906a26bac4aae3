//! Who reads: what was said only to those of a rank is told to those who have it.

use chinwag_model::id::{PersonId, RoomId, Seq, SessionId};
use chinwag_model::message::{Destination, Message};
use chinwag_model::query::{Answer, Line};
use chinwag_model::rank::Rank;

use crate::state::State;

/// Someone who reads history, with the ranks they have as they ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reader {
    person: Option<PersonId>,
    ranks: Vec<(RoomId, Rank)>,
    /// The last entry there was as they asked.
    at: Seq,
}

impl Reader {
    /// Who it is.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        self.person
    }

    /// Takes out of an answer what its reader may not see.
    pub fn censor(&self, answer: &mut Answer) {
        // The archive may be further by now than the right to read was when it was looked at.
        let told = |message: &Message| message.place.seq <= self.at && self.may_read(message);
        match answer {
            Answer::History(messages) | Answer::Found(messages) => {
                messages.retain(|message| told(message));
            }
            // Of these, who and when is told, and not what.
            Answer::Targets(messages) => messages.retain(|message| self.may_read(message)),
            Answer::Backlog(backlog) => backlog.messages.retain(|message| told(message)),
            Answer::Lines(lines) => lines.retain(|line| match line {
                Line::Message(message) => told(message),
                Line::Happening(happening) => happening.place.seq <= self.at,
            }),
            Answer::Message(message) => {
                message.take_if(|message| !told(message));
            }
            _ => {}
        }
    }

    fn may_read(&self, message: &Message) -> bool {
        let (Some(rank), Destination::Room(room)) = (message.rank, &message.to) else {
            return true;
        };
        let ranked = |(id, own): &(RoomId, Rank)| *id == room.id && *own >= rank;
        self.person == Some(message.author.id) || self.ranks.iter().any(ranked)
    }
}

impl State {
    /// Who a session is as a reader.
    #[must_use]
    pub fn reader(&self, session: SessionId) -> Reader {
        let Some(of) = self.sessions.get(&session) else { return Reader::default() };
        let rooms = self.persons.get(&of.person).into_iter().flat_map(|person| &person.rooms);
        let ranks = rooms.filter_map(|id| {
            let member = self.rooms.get(id)?.members.get(&of.person)?;
            Some((*id, member.ranks.highest()?))
        });
        Reader { person: Some(of.person), ranks: ranks.collect(), at: self.seq }
    }
}
