//! What is stored, as someone sees it who sees all: the log alone decides.

use std::collections::BTreeMap;

use chinwag_core::core::Core;
use chinwag_core::snapshot::Digest;
use chinwag_model::effect::Effect;
use chinwag_model::entry::Entry;
use chinwag_model::id::{PersonId, Place, Seq};
use chinwag_model::message::{Conversation, Destination, Message};
use chinwag_model::record::Record;

/// After each so many entries states are compared.
pub(crate) const DIGEST_PERIOD: u64 = 8;

/// A message that is stored.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) place: Place,
    pub(crate) conversation: Conversation,
    /// Who said it, by id and by name.
    pub(crate) author: (PersonId, String),
    /// To whom, where it was said to one person.
    pub(crate) to: Option<String>,
}

/// The whole log, what follows from it, and what was said, by the mark that each message bears.
#[derive(Debug, Default)]
pub(crate) struct Truth {
    core: Core,
    pub(crate) entries: Vec<Entry>,
    pub(crate) records: Vec<(Seq, Vec<Record>)>,
    pub(crate) said: BTreeMap<String, Stored>,
    digests: BTreeMap<Seq, Digest>,
    /// What stands in it twice, though it was said once.
    pub(crate) twice: Vec<String>,
}

impl Truth {
    /// An entry is durable.
    pub(crate) fn take(&mut self, entry: &Entry) {
        let mut effects = Vec::new();
        if let Err(gap) = self.core.apply(entry, &mut effects) {
            self.twice.push(gap.to_string());
        }
        if entry.seq.0.is_multiple_of(DIGEST_PERIOD) {
            self.digests.insert(entry.seq, self.core.state().digest());
        }
        let mut records = Vec::new();
        for effect in effects {
            if let Effect::Keep(record) = effect {
                if let Record::Message(message) = &record
                    && let Some(token) = token(message.text.as_str())
                    && self.said.insert(token.to_owned(), Stored::of(message)).is_some()
                {
                    self.twice.push(format!("{token} is stored twice"));
                }
                records.push(record);
            }
        }
        self.records.push((entry.seq, records));
        self.entries.push(entry.clone());
    }

    pub(crate) fn last(&self) -> Seq {
        self.core.state().seq()
    }

    /// The state's digest after all entries.
    pub(crate) fn digest(&self) -> Digest {
        self.core.state().digest()
    }

    /// The digest after an entry, where it is one after which states are compared.
    pub(crate) fn digest_at(&self, seq: Seq) -> Option<Digest> {
        self.digests.get(&seq).copied()
    }

    /// What was said in the lobby, in order.
    pub(crate) fn lobby(&self) -> Vec<(&str, &Stored)> {
        let lobby = Conversation::Room(chinwag_model::id::RoomId::LOBBY);
        let said = self.said.iter().filter(|(_, stored)| stored.conversation == lobby);
        let mut said: Vec<_> = said.map(|(token, stored)| (token.as_str(), stored)).collect();
        said.sort_unstable_by_key(|(_, stored)| stored.place);
        said
    }
}

impl Stored {
    fn of(message: &Message) -> Self {
        let to = match &message.to {
            Destination::Person(person) => Some(person.name.shown().to_owned()),
            _ => None,
        };
        let author = (message.author.id, message.author.name.shown().to_owned());
        Self { place: message.place, conversation: message.conversation(), author, to }
    }
}

/// The mark that a message of a bot's bears: its first word, `m`, the bot's number, a minus and the
/// message's.
pub(crate) fn token(text: &str) -> Option<&str> {
    let word = text.split(' ').next()?;
    let (bot, number) = word.strip_prefix('m')?.split_once('-')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (digits(bot) && digits(number)).then_some(word)
}
