//! Whether a request registers a name, for whoever bounds how many are.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chinwag_model::id::Place;
use chinwag_model::intent::{Intent, Origin, Request};
use chinwag_model::outcome::Refusal;

use crate::rule::{self, Change};
use crate::state::State;
use crate::step::Step;

impl State {
    /// Whether a request, decided now, would register a name, make an account of one that was nobody's,
    /// or hold one. A request whose session has another one on its way counts as if it would.
    #[must_use]
    pub fn registers(&self, origin: Origin, intent: &Intent) -> bool {
        if !intent.may_register() {
            return false;
        }
        let place = Place { seq: self.seq.next(), index: 0 };
        let step = Step { place, time: self.time, origin };
        let request = Request { origin, intent: intent.clone() };
        let decided = catch_unwind(AssertUnwindSafe(|| rule::decide(self, &step, &request)));
        let is_guest = || step.asker(self).is_ok_and(|(_, person)| person.guest.is_some());
        match decided {
            Ok(Ok(Change::Enter(change))) => change.is_new(),
            Ok(Ok(Change::Rename(_) | Change::Register(_))) => is_guest(),
            Ok(Ok(Change::Create(_) | Change::Hold(_))) => true,
            Ok(Err(Refusal::NotIn | Refusal::AlreadyIn)) | Err(_) => true,
            Ok(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use chinwag_model::id::{NodeId, SessionId};
    use chinwag_model::intent::{Claim, Identity, Origin};
    use chinwag_model::mail::MailAddress;
    use chinwag_model::name::NewName;
    use chinwag_model::secret::{CodeHash, Verifier};

    use super::*;
    use crate::stage::{Stage, name};

    fn new(text: &str) -> NewName {
        NewName::parse(text).unwrap()
    }

    fn enter(text: &str) -> Intent {
        Intent::Enter(Identity::New { name: new(text), verifier: None }, None)
    }

    fn verifier() -> Verifier {
        Verifier::new("v".to_owned())
    }

    #[test]
    fn only_what_makes_a_name_of_nobodys_registers_one() {
        let mut stage = Stage::new();
        stage.play("ana: enter\nana: exit\nbo: enter\nguest: enter guest\ngil: visits");
        let of = |who: &str| stage.state().person_called(&name(who)).unwrap().1.sessions()[0];
        let stranger = SessionId { node: NodeId(7), number: 70 };
        let (bo, guest, gil) = (of("bo"), of("guest-1"), of("gil"));
        let hold = Intent::Hold {
            name: new("fay"),
            address: MailAddress::parse("fay@example.org").unwrap(),
            claim: Claim::New(verifier()),
            code: CodeHash::new([1; 32]),
        };
        for (session, intent, registers) in [
            (stranger, enter("cy"), true),
            (stranger, enter("ana"), false),
            (stranger, enter("bo"), false),
            (stranger, enter("b0"), false),
            (stranger, Intent::Enter(Identity::Guest, None), false),
            (stranger, Intent::Create(new("cy"), verifier()), true),
            (stranger, Intent::Create(new("ana"), verifier()), false),
            (stranger, hold, true),
            (guest, Intent::Rename(new("cy")), true),
            (guest, Intent::Rename(new("ana")), false),
            (gil, Intent::Register(new("gil"), verifier()), true),
            (gil, Intent::Register(new("ana"), verifier()), false),
            (bo, Intent::Rename(new("cy")), false),
            (bo, Intent::Register(new("bo"), verifier()), false),
            (bo, Intent::SetPassword { verifier: verifier(), proof: None }, false),
            // The session comes in just now.
            (stranger, Intent::Rename(new("cy")), true),
        ] {
            let origin = Origin { session, request: 1 };
            assert_eq!(stage.state().registers(origin, &intent), registers, "{intent:?}");
        }
    }
}
