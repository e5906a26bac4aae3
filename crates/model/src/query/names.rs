//! Who is in a room, by name.

use crate::id::PersonId;
use crate::message::Badge;
use crate::name::Name;
use crate::rank::Ranks;

/// Names on a page of [`Names`], at most.
pub const NAMES_MAX: usize = 1000;

/// A page of who is in a room, by name alone: in one piece, as everyone who comes in is told of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    words: String,
    /// The ranks of each, and where their word ends.
    ends: Vec<(Ranks, usize)>,
    /// What to ask the next page with; `None` after the last one.
    pub next: Option<PersonId>,
}

impl Names {
    /// Adds someone; with user and host, if these are given. `false`, and nothing is added, where the
    /// page is full.
    pub fn push(&mut self, ranks: Ranks, name: &Name, badge: Option<&Badge>) -> bool {
        if self.ends.len() >= NAMES_MAX {
            return false;
        }
        self.words.push_str(name.shown());
        if let Some(badge) = badge {
            for (sign, part) in [('!', &badge.user), ('@', &badge.host)] {
                self.words.push(sign);
                self.words.push_str(part);
            }
        }
        self.ends.push((ranks, self.words.len()));
        true
    }

    /// The ranks of each, and their name, `name!user@host` where that was asked for.
    pub fn iter(&self) -> impl Iterator<Item = (Ranks, &str)> {
        let mut from = 0;
        self.ends.iter().map(move |(ranks, end)| {
            let word = self.words.get(from..*end).unwrap_or_default();
            from = *end;
            (*ranks, word)
        })
    }
}
