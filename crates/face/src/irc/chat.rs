//! Where a session stands: who it is, what is on its way, and what comes next.
//!
//! A command asks for something and says what comes [`Next`]: a value of the command's own file. Nothing
//! here knows of any command.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::sync::Arc;

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::intent::Intent;
use chinwag_model::outcome::Outcome;
use chinwag_model::query::{Answer, Query};
use chinwag_wire::irc::message::LineWriter;

use super::caps::{Cap, Caps};
use super::multiline::Multiline;
use super::render::Look;
use super::reply::Reply;
use super::session::{Intro, Me, Sasl, Slot};
use super::{About, IrcPolicy};
use crate::output::Output;

/// What came of something that a session asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told<'a> {
    Outcome(&'a Outcome),
    Answer(&'a Answer),
    Checked(&'a Checked),
    /// Nothing was asked: everything that stood before it is told.
    Due,
}

/// What a session does once the result that it waits for is there.
///
/// Results that the command does not expect go to [`Chat::unexpected`].
pub(super) trait Next: Debug + Send {
    /// Takes the result.
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output);
}

/// Nothing comes next: whoever is to see the result sees it by itself.
#[derive(Debug)]
pub(super) struct Nothing;

impl Next for Nothing {
    fn told(self: Box<Self>, _: Told<'_>, _: &mut Chat, _: &mut Output) {}
}

/// A command that is being answered: a row of asks.
#[derive(Debug, Default)]
pub(super) struct Flow {
    /// What is to be asked, or done without asking, in order.
    pub(super) steps: VecDeque<(Option<Ask>, Box<dyn Next>)>,
    pub(super) in_flight: Option<(u32, Box<dyn Next>)>,
}

/// A session.
#[derive(Debug)]
pub(super) struct Chat {
    pub(super) policy: Arc<IrcPolicy>,
    pub(super) about: About,
    pub(super) caps: Caps,
    pub(super) look: Look,
    /// Whether the client reads capabilities with values.
    pub(super) cap_values: bool,
    /// What is known before the session comes in.
    pub(super) intro: Option<Box<Intro>>,
    pub(super) me: Option<Box<Me>>,
    pub(super) sasl: Option<Box<Sasl>>,
    pub(super) multiline: Option<Box<Multiline>>,
    pub(super) slots: VecDeque<Slot>,
    pub(super) reply: Reply,
    pub(super) flow: Option<Box<Flow>>,
    /// A line that waits for the messages before it.
    pub(super) kept: Option<Box<str>>,
    pub(super) over: bool,
    request_next: u32,
    pub(super) batch_next: u32,
}

impl Chat {
    pub(super) fn new(policy: Arc<IrcPolicy>, about: About) -> Self {
        let caps = Caps::default();
        Self {
            policy,
            about,
            caps,
            look: Look::of(caps),
            cap_values: false,
            intro: Some(Box::default()),
            me: None,
            sasl: None,
            multiline: None,
            slots: VecDeque::new(),
            reply: Reply::default(),
            flow: None,
            kept: None,
            over: false,
            request_next: 1,
            batch_next: 1,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn is_finished(&self) -> bool {
        self.over && self.flow.is_none()
    }

    pub(super) fn has(&self, cap: Cap) -> bool {
        self.caps.has(cap)
    }

    pub(super) fn set_caps(&mut self, caps: Caps) {
        self.caps = caps;
        self.look = Look::of(caps);
    }

    /// Wants something, after what is wanted already.
    pub(super) fn ask(&mut self, ask: Ask, next: impl Next + 'static) {
        self.flow.get_or_insert_default().steps.push_back((Some(ask), Box::new(next)));
    }

    /// Wants something before what is wanted already.
    pub(super) fn ask_next(&mut self, ask: Ask, next: impl Next + 'static) {
        self.flow.get_or_insert_default().steps.push_front((Some(ask), Box::new(next)));
    }

    /// Wants something done.
    pub(super) fn want(&mut self, intent: Intent, next: impl Next + 'static) {
        self.ask(Ask::Intent(intent), next);
    }

    /// Wants something answered.
    pub(super) fn query(&mut self, query: Query, next: impl Next + 'static) {
        self.ask(Ask::Query(query), next);
    }

    /// Wants something answered before what is wanted already.
    pub(super) fn query_next(&mut self, query: Query, next: impl Next + 'static) {
        self.ask_next(Ask::Query(query), next);
    }

    /// Goes on with something when what is wanted already is told.
    pub(super) fn then(&mut self, next: impl Next + 'static) {
        self.flow.get_or_insert_default().steps.push_back((None, Box::new(next)));
    }

    /// Goes on with something before what is wanted already.
    pub(super) fn then_next(&mut self, next: impl Next + 'static) {
        self.flow.get_or_insert_default().steps.push_front((None, Box::new(next)));
    }

    /// Whether more is wanted for the present command than what is on its way.
    pub(super) fn has_more_steps(&self) -> bool {
        self.flow.as_ref().is_some_and(|flow| !flow.steps.is_empty())
    }

    /// What a request was asked for, if it is the one on its way.
    pub(super) fn waited_for(&mut self, request: u32) -> Option<Box<dyn Next>> {
        let in_flight = self.flow.as_mut().map(|flow| &mut flow.in_flight)?;
        in_flight.take_if(|(number, _)| *number == request).map(|(_, next)| next)
    }

    /// A number for a request.
    pub(super) fn number(&mut self) -> u32 {
        let number = self.request_next;
        self.request_next = number.wrapping_add(1).max(1);
        number
    }

    /// Sends a message that does not wait for those before it.
    pub(super) fn send(&mut self, mut slot: Slot, ask: Ask) -> (u32, Ask) {
        let number = self.number();
        slot.request = number;
        self.slots.push_back(slot);
        (number, ask)
    }

    /// The name under which the server speaks to this client.
    pub(super) fn nick(&self) -> &str {
        nick_of(self.me.as_deref(), self.intro.as_deref())
    }

    /// Ends the connection with a word.
    pub(super) fn close(&mut self, why: &str, out: &mut Output) {
        self.over = true;
        self.kept = None;
        self.slots.clear();
        let line = LineWriter::new(&mut out.bytes).command("ERROR");
        line.trailing(&format!("Closing link: ({why})")).end();
        if self.me.take().is_none() {
            self.flow = None;
        }
    }

    /// The session was ended by others, for this reason.
    pub(super) fn put_out(&mut self, why: &str, out: &mut Output) {
        let line = LineWriter::new(&mut out.bytes).command("ERROR");
        line.trailing(&format!("Closing link: ({why})")).end();
        self.end();
    }

    /// The session is over, whatever was on its way.
    pub(super) fn end(&mut self) {
        self.over = true;
        self.flow = None;
        self.kept = None;
        self.slots.clear();
    }
}

/// The name of whoever came in, or the one given so far; `*` for none.
pub(super) fn nick_of<'n>(me: Option<&'n Me>, intro: Option<&'n Intro>) -> &'n str {
    match (me, intro) {
        (Some(me), _) => me.card.name.shown(),
        (None, Some(intro)) => intro.nick.as_ref().map_or("*", |nick| nick.name().shown()),
        (None, None) => "*",
    }
}
