//! Codes that are mailed: made here, and kept nowhere but in the mail. What is stored is a hash.

mod bounds;
mod code;
mod guess;
mod mailer;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use chinwag_core::state::State;
use chinwag_model::ask::CodeAsk;
use chinwag_model::intent::{Claim, Intent};
use chinwag_model::mail::{MailAddress, NotMailed};
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Outcome, Refusal};
use chinwag_model::secret::{CodeHash, Secret};
use chinwag_node::node::Mailing;
use crossbeam_channel::Sender;

use self::bounds::{Bounds, Wish};
use self::code::{Code, Purpose};
use self::guess::{Guesser, Guesses, Refused};
use self::mailer::{Job, Mailer};
use crate::courier::{Asker, Mailed, ToHub};
use crate::options::Policy;
use crate::quota::{net, seconds};

/// Codes that were made and whose requests are not stored yet. It takes a moment; beyond, the
/// oldest one is forgotten, and its asker told that it could not be mailed.
const MADE_MAX: usize = 1024;

/// Makes codes and has them mailed.
#[derive(Debug)]
pub(crate) struct Post {
    mailer: Mailer,
    made: VecDeque<Made>,
    bounds: Bounds,
    guesses: Guesses,
}

/// A code, until its request is stored.
#[derive(Debug)]
struct Made {
    asker: Asker,
    account: Name,
    purpose: Purpose,
    code: Code,
}

/// What became of a code that was to be mailed, as far as it is known at once.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The hub hears of it later.
    OnItsWay,
    /// The same, and the asker is to be answered as if it were mailed: what comes of it would tell
    /// that the account has an address.
    Unsaid,
    /// Nobody here knows the code any more.
    Forgotten,
}

impl Post {
    /// Starts the threads that send; they end when this is dropped.
    pub(crate) fn start(hub: &Sender<ToHub>) -> std::io::Result<Self> {
        let mailer = Mailer::start(hub)?;
        let (bounds, guesses) = (Bounds::default(), Guesses::default());
        Ok(Self { mailer, made: VecDeque::new(), bounds, guesses })
    }

    /// What is to be stored for a session that wants a code, or gives one.
    ///
    /// # Errors
    /// With what the session is answered at once.
    pub(crate) fn intent(
        &mut self,
        asker: Asker,
        ask: CodeAsk,
        state: &State,
        policy: &Policy,
    ) -> Result<Intent, Outcome> {
        let now = Instant::now();
        Ok(match ask {
            CodeAsk::Hold { name, address, claim } => {
                let account = name.name();
                self.may_hold(asker, account, &address, state, policy)?;
                let wish = wish(Purpose::Verify, Some(&address), asker, policy);
                self.bounds.charge(wish, now).map_err(not_mailed)?;
                if matches!(claim, Claim::New(_)) {
                    self.bounds.hold(wish.from, account.clone(), state, now);
                }
                let code = self.make(asker, account.clone(), Purpose::Verify)?;
                Intent::Hold { name, address, claim, code }
            }
            CodeAsk::Verify { account, code } => {
                is_on(policy)?;
                if state.claim(&account).is_none() {
                    return Err(Err(Refusal::NoSuchAccount(account)));
                }
                let code = self.look_at(asker, Purpose::Verify, &account, &code, state)?;
                Intent::Verify { account, code }
            }
            CodeAsk::AskReset { account } => {
                is_on(policy)?;
                // This is the same for accounts that have an address, and for all others.
                let wish = wish(Purpose::Reset, None, asker, policy);
                self.bounds.charge(wish, now).map_err(not_mailed)?;
                let code = self.make(asker, account.clone(), Purpose::Reset)?;
                Intent::AskReset { account, code }
            }
            CodeAsk::Reset { account, code, verifier } => {
                let code = self.may_reset(asker, &account, &code, state, policy)?;
                Intent::Reset { account, code, verifier }
            }
        })
    }

    /// Whether a name would be held for a session, as far as is known before its password is hashed.
    ///
    /// # Errors
    /// With what the session is answered at once.
    pub(crate) fn may_hold(
        &mut self,
        asker: Asker,
        account: &Name,
        address: &MailAddress,
        state: &State,
        policy: &Policy,
    ) -> Result<(), Outcome> {
        is_on(policy)?;
        let now = Instant::now();
        if state.credential(account).is_some() {
            return Err(Err(Refusal::AccountExists(account.clone())));
        }
        let wish = wish(Purpose::Verify, Some(address), asker, policy);
        if state.claim(account).is_none() && !self.bounds.may_hold(wish.from, state, now) {
            return Err(Err(Refusal::TooMany));
        }
        self.bounds.look(wish, now).map_err(not_mailed)
    }

    /// Whether a code sets another password; if so, what is kept of it. It is looked at before the
    /// password is hashed.
    ///
    /// # Errors
    /// With what the session is answered at once: the same for accounts for which a code holds, and
    /// for all others.
    pub(crate) fn may_reset(
        &mut self,
        asker: Asker,
        account: &Name,
        code: &Secret,
        state: &State,
        policy: &Policy,
    ) -> Result<CodeHash, Outcome> {
        is_on(policy)?;
        self.look_at(asker, Purpose::Reset, account, code, state)
    }

    fn look_at(
        &mut self,
        asker: Asker,
        purpose: Purpose,
        account: &Name,
        code: &Secret,
        state: &State,
    ) -> Result<CodeHash, Outcome> {
        let now = Instant::now();
        let who = guesser(purpose, account, asker);
        self.guesses.look(who, now).map_err(|refused| match refused {
            Refused::Session => Err(Refusal::NoSuchAccount(account.clone())),
            Refused::Network(wait) => not_mailed(NotMailed::Guesses { seconds: seconds(wait) }),
        })?;
        let code = Code::typed(code).hash(purpose, account);
        let is_right = match purpose {
            Purpose::Verify => state.verifies(account, &code),
            Purpose::Reset => state.resets(account, &code),
        };
        if is_right {
            return Ok(code);
        }
        Err(Ok(Done::WrongCode { left: self.guesses.count(who, now) }))
    }

    /// Has a code mailed whose request is stored. Too many that wait may be in the way of this mail or
    /// of another one; that one is the second value.
    pub(crate) fn send(
        &mut self,
        mailing: Mailing,
        policy: &Arc<Policy>,
    ) -> (Sent, Option<Mailed>) {
        let Mailing { session, request, to } = mailing;
        let is_it = |made: &Made| made.asker.session == session && made.asker.request == request;
        let made = self.made.iter().rposition(is_it).and_then(|at| self.made.remove(at));
        let Some(Made { asker, account, purpose, code }) = made else {
            return (Sent::Forgotten, None);
        };
        let hash = code.hash(purpose, &account);
        let is_answered = purpose == Purpose::Reset;
        let mailed = Mailed { session, request, account, code: hash, is_answered, result: Ok(()) };
        let policy = Arc::clone(policy);
        let job = Job { mailed, purpose, code, to, policy, asked: Instant::now() };
        let failed = self.mailer.send(net(asker.peer), job);
        (if is_answered { Sent::Unsaid } else { Sent::OnItsWay }, failed)
    }

    fn make(&mut self, asker: Asker, account: Name, purpose: Purpose) -> Result<CodeHash, Outcome> {
        let code = Code::new().ok_or_else(|| not_mailed(NotMailed::Unreachable))?;
        self.guesses.begin_anew(guesser(purpose, &account, asker));
        let hash = code.hash(purpose, &account);
        if self.made.len() >= MADE_MAX {
            self.made.pop_front();
        }
        self.made.push_back(Made { asker, account, purpose, code });
        Ok(hash)
    }
}

fn is_on(policy: &Policy) -> Result<(), Outcome> {
    policy.mail.as_ref().map(|_| ()).ok_or_else(|| not_mailed(NotMailed::Off))
}

fn not_mailed(why: NotMailed) -> Outcome {
    Err(Refusal::NotMailed(why))
}

fn wish<'w>(
    purpose: Purpose,
    to: Option<&'w MailAddress>,
    asker: Asker,
    policy: &Policy,
) -> Wish<'w> {
    let per_minute = policy.limits.mails_per_minute;
    Wish { purpose, to, from: net(asker.peer), per_minute }
}

fn guesser(purpose: Purpose, account: &Name, asker: Asker) -> Guesser<'_> {
    Guesser { purpose, account, session: asker.session, from: net(asker.peer) }
}
