//! `SEND`: a client's index is asked for, then a message to it.

use chinwag_model::ask::Ask;
use chinwag_model::intent::{Intent, Target};
use chinwag_model::message::{Card, Manner};
use chinwag_model::name::quoted;
use chinwag_model::query::Query;
use chinwag_model::text::Text;

use super::talk::{Addressee, Step, Talk, Why};
use super::{Output, refusal};

impl Talk {
    pub(super) fn take_index(&mut self, typed: &str, out: &mut Output) {
        let typed = typed.trim_matches([' ', '\t']);
        match typed.parse::<u32>() {
            Ok(index) => {
                self.ask(Ask::Query(Query::Client(index)), Why::Index(typed.to_owned()));
            }
            Err(_) => self.fail(refusal::no_such_client(&quoted(typed)), out),
        }
    }

    /// It is known who has the index.
    pub(super) fn indexed(&mut self, typed: String, client: Option<&Card>, out: &mut Output) {
        match client {
            Some(card) => {
                let addressee = Addressee { typed, person: card.id };
                self.open(Step::Message(Box::new(addressee)), out);
            }
            None => self.fail(refusal::no_such_client(&typed), out),
        }
    }

    pub(super) fn take_message(&mut self, to: Addressee, typed: &str) {
        // With nothing to say the dialogue is over.
        if let Ok(text) = Text::parse(typed) {
            let to_person = Target::Person(to.person);
            let say = Intent::say(to_person, Manner::Speech, text);
            self.ask(Ask::Intent(say), Why::Send(to.typed));
        }
    }
}
