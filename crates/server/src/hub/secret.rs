//! What sessions ask that has to do with passwords and codes.

use chinwag_core::state::Credential;
use chinwag_model::ask::{Checked, ProofOf};
use chinwag_model::intent::Intent;
use chinwag_model::mail::NotMailed;
use chinwag_model::mode::{Flags, PersonFlag};
use chinwag_model::outcome::{Done, Refusal};
use chinwag_model::proof::Proves;
use chinwag_model::secret::Verifier;
use chinwag_node::delivery::SessionNumber;

use super::Hub;
use crate::courier::{Asker, Mailed, Wanted};
use crate::post::Sent;
use crate::vault::Guarded;

impl Hub {
    /// Does what a session asks about passwords and codes.
    pub(super) fn ask_secret(&mut self, session: SessionNumber, request: u32, wanted: Wanted) {
        let by = |peer| Asker { session, request, peer };
        let (state, policy) = (self.node.state(), &self.policy);
        match wanted {
            Wanted::Check { name, password, peer } => {
                let credential = state.credential(&name);
                self.vault.check(by(peer), Guarded::account(&name), password, credential, policy);
            }
            Wanted::Hash { password, peer } => self.vault.hash(by(peer), password, policy),
            Wanted::HashFor { name, password, peer } => {
                if state.credential(&name).is_some() {
                    self.vault.tell(by(peer), Checked::Wrong);
                } else {
                    self.vault.hash(by(peer), password, policy);
                }
            }
            Wanted::Claim { name, address, password, peer } => {
                match (
                    self.post.may_hold(by(peer), &name, &address, state, policy),
                    state.claim(&name),
                ) {
                    (Err(outcome), _) => self.node.tell(session, request, outcome),
                    (Ok(()), None) => self.vault.hash(by(peer), password, policy),
                    (Ok(()), held) => {
                        let of = Guarded::account(&name);
                        self.vault.check(by(peer), of, password, held, policy);
                    }
                }
            }
            Wanted::HashReset { account, code, password, peer } => {
                match self.post.may_reset(by(peer), &account, &code, state, policy) {
                    Ok(_) => self.vault.hash(by(peer), password, policy),
                    Err(outcome) => self.node.tell(session, request, outcome),
                }
            }
            Wanted::Code { ask, peer } => match self.post.intent(by(peer), *ask, state, policy) {
                Ok(intent) => self.newcomer(session, request, intent, peer),
                Err(outcome) => self.node.tell(session, request, outcome),
            },
            Wanted::Prove { name, peer } => {
                let credential = state.credential(&name);
                self.vault.prove(by(peer), &name, credential.as_ref(), policy);
            }
            Wanted::Proof { of, right, peer } => {
                let of = match of {
                    ProofOf::Account(name) => Guarded::account(&name),
                    ProofOf::Server => Guarded::Server,
                };
                self.vault.proof(by(peer), &of, right, policy);
            }
            Wanted::Operate { name, password, peer } => {
                let credential = policy.operator(&name).map(|operator| Credential {
                    verifier: Verifier::new(operator.password_hash.clone()),
                    proves: Proves::Operator(operator.number()),
                });
                self.vault.check(by(peer), Guarded::operator(&name), password, credential, policy);
            }
            Wanted::BecomeOperator { name, version } => {
                if policy.operator(&name).is_some_and(|known| known.number() == version) {
                    let on = Flags::default().with(PersonFlag::Operator, true);
                    let change = Intent::ChangeSelf { on, off: Flags::default() };
                    self.node.ask(session, request, change);
                } else {
                    self.node.tell(session, request, Err(Refusal::OperatorNeeded));
                }
            }
            Wanted::Intent(_)
            | Wanted::Newcomer { .. }
            | Wanted::Query(..)
            | Wanted::Whisper { .. }
            | Wanted::Closed(_)
            | Wanted::Delivered(_)
            | Wanted::Reread => {}
        }
    }

    /// Tells the asker of a code that it is mailed, or takes back what waits for the code.
    pub(super) fn take_mailed(&mut self, mailed: Mailed) {
        let Mailed { session, request, account, code, is_answered, result } = mailed;
        match result {
            Ok(()) if is_answered => {}
            Ok(()) => self.node.tell(session, request, Ok(Done::CodeSent)),
            Err(why) => {
                self.node.ask(session, request, Intent::Withdraw { account, code, why });
            }
        }
    }

    /// Has codes mailed whose requests are stored.
    pub(super) fn send_mails(&mut self) {
        for mailing in self.node.take_mails() {
            let (session, request) = (mailing.session, mailing.request);
            let (sent, failed) = self.post.send(mailing, &self.policy);
            if let Some(failed) = failed {
                self.take_mailed(failed);
            }
            match sent {
                Sent::OnItsWay => {}
                Sent::Unsaid => self.node.tell(session, request, Ok(Done::CodeSent)),
                Sent::Forgotten => {
                    let refusal = Refusal::NotMailed(NotMailed::Unreachable);
                    self.node.tell(session, request, Err(refusal));
                }
            }
        }
    }
}
