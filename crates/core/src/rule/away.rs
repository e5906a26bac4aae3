//! Being away, and back.

use chinwag_model::effect::Event;
use chinwag_model::id::PersonId;
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::text::Text;

use super::presence;
use crate::state::State;
use crate::step::{Effects, Step};

/// Someone is away, or back.
#[derive(Debug)]
pub(crate) struct Change {
    who: PersonId,
    text: Option<Text>,
}

/// Anyone who is in may be away.
pub(crate) fn decide(state: &State, step: &Step, text: Option<&Text>) -> Result<Change, Refusal> {
    let (who, _) = step.asker(state)?;
    Ok(Change { who, text: text.cloned() })
}

impl Change {
    pub(crate) fn commit(self, state: &mut State, step: &Step, out: &mut Effects) {
        if let Some(person) = state.persons.get_mut(&self.who)
            && person.away != self.text
        {
            person.away.clone_from(&self.text);
            let event = Event::Away { who: person.card(self.who), text: self.text.clone() };
            step.show(presence::peers(person), event, out);
        }
        step.done(Done::Away(self.text), out);
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::check;

    #[test]
    fn whoever_is_in_may_be_away_and_back() {
        check(
            "ana: enter
             guest: enter guest
             --
             ana: away lunch
             ana: away tea
             ana: back
             ana: back
             guest: away home",
            "ana told: away: lunch
             ana told: away: tea
             ana told: back
             ana told: back
             guest told: away: home",
        );
    }

    #[test]
    fn being_away_is_the_persons_on_all_devices() {
        check(
            "ana: enter with v
             ana2: enter checked 1
             bo: enter
             ana: away lunch
             ana: exit
             --
             bo: tell ana hello
             ana2: back
             bo: tell ana hello",
            "kept: [to ana] bo: hello
             ana2 bo see: [to ana] bo: hello
             bo told: said, ana is away: lunch
             ana2 told: back
             kept: [to ana] bo: hello
             ana2 bo see: [to ana] bo: hello
             bo told: said",
        );
    }

    #[test]
    fn who_is_not_in_is_not_away() {
        check("ana: away lunch", "ana told: refused, not in");
    }
}
