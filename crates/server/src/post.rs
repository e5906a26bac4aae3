//! Codes that are mailed: made here, and kept nowhere but in the mail. What is stored is a hash.

mod bounds;
mod code;
mod mailer;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use chinwag_core::state::State;
use chinwag_model::ask::CodeAsk;
use chinwag_model::intent::Intent;
use chinwag_model::mail::NotMailed;
use chinwag_model::name::Name;
use chinwag_model::secret::CodeHash;
use chinwag_node::delivery::SessionNumber;
use chinwag_node::node::Mailing;
use crossbeam_channel::Sender;

use self::bounds::Bounds;
use self::code::{Code, Purpose};
use self::mailer::{Job, Mailer};
use crate::courier::{Mailed, ToHub};
use crate::options::Policy;

/// Codes that were made and whose requests are not stored yet. It takes a moment; beyond, the
/// oldest one is forgotten, and its asker told that it could not be mailed.
const MADE_MAX: usize = 1024;

/// Makes codes and has them mailed.
#[derive(Debug)]
pub(crate) struct Post {
    mailer: Mailer,
    made: VecDeque<Made>,
    bounds: Bounds,
}

/// A code, until its request is stored.
#[derive(Debug)]
struct Made {
    session: SessionNumber,
    request: u32,
    account: Name,
    purpose: Purpose,
    code: Code,
}

/// What became of a code that was to be mailed, as far as it is known at once.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The hub hears of it later.
    OnItsWay,
    Failed(Mailed),
    /// Nobody here knows the code any more.
    Forgotten,
}

/// Who asks: session, request, and where they connect from.
pub(crate) type Asker = (SessionNumber, u32, Option<IpAddr>);

impl Post {
    /// Starts the threads that send; they end when this is dropped.
    pub(crate) fn start(hub: &Sender<ToHub>) -> std::io::Result<Self> {
        let mailer = Mailer::start(hub)?;
        Ok(Self { mailer, made: VecDeque::new(), bounds: Bounds::default() })
    }

    /// What is to be stored for a session that wants a code, or gives one.
    pub(crate) fn intent(
        &mut self,
        asker: Asker,
        ask: CodeAsk,
        state: &State,
        policy: &Policy,
    ) -> Result<Intent, NotMailed> {
        if policy.mail.is_none() {
            return Err(NotMailed::Off);
        }
        let now = Instant::now();
        Ok(match ask {
            CodeAsk::Hold { name, address, claim } => {
                self.bounds.charge(&address, asker.2, now)?;
                let code = self.make(asker, name.name().clone(), Purpose::Verify)?;
                Intent::Hold { name, address, claim, code }
            }
            CodeAsk::Verify { account, code } => {
                let code = Code::typed(&code).hash(Purpose::Verify, &account);
                Intent::Verify { account, code }
            }
            CodeAsk::AskReset { account } => {
                // Where there is none, the rule refuses, and nothing is mailed.
                if let Some(address) = state.address(&account) {
                    self.bounds.charge(address, asker.2, now)?;
                }
                let code = self.make(asker, account.clone(), Purpose::Reset)?;
                Intent::AskReset { account, code }
            }
            CodeAsk::Reset { account, code, verifier } => {
                let code = Code::typed(&code).hash(Purpose::Reset, &account);
                Intent::Reset { account, code, verifier }
            }
        })
    }

    /// Has a code mailed whose request is stored.
    pub(crate) fn send(&mut self, mailing: Mailing, policy: &Arc<Policy>) -> Sent {
        let Mailing { session, request, to } = mailing;
        let is_it = |made: &Made| made.session == session && made.request == request;
        let made = self.made.iter().rposition(is_it).and_then(|at| self.made.remove(at));
        let Some(Made { account, purpose, code, .. }) = made else { return Sent::Forgotten };
        let hash = code.hash(purpose, &account);
        let mailed = Mailed { session, request, account, code: hash, result: Ok(()) };
        let policy = Arc::clone(policy);
        let job = Job { mailed, purpose, code, to, policy, asked: Instant::now() };
        match self.mailer.send(job) {
            None => Sent::OnItsWay,
            Some(failed) => Sent::Failed(failed),
        }
    }

    fn make(
        &mut self,
        (session, request, _): Asker,
        account: Name,
        purpose: Purpose,
    ) -> Result<CodeHash, NotMailed> {
        let code = Code::new().ok_or(NotMailed::Unreachable)?;
        let hash = code.hash(purpose, &account);
        if self.made.len() >= MADE_MAX {
            self.made.pop_front();
        }
        self.made.push_back(Made { session, request, account, purpose, code });
        Ok(hash)
    }
}
