//! What a server needs of any face to run a session.

use chinwag_model::ask::{Ask, Checked};
use chinwag_model::outcome::Outcome;
use chinwag_model::query::Answer;

use crate::irc::IrcFace;
use crate::line::LineFace;
use crate::output::Output;

/// One person's conversation in one protocol, without I/O: bytes in, asks out; results in, bytes out.
///
/// [`next_ask`](Self::next_ask) is to be called until `None` whenever bytes or a result came in.
pub trait Face {
    /// Takes bytes as the socket gave them, in pieces of any size.
    fn receive(&mut self, bytes: &[u8]);
    /// No more bytes will come.
    fn end_of_input(&mut self);
    /// What this person wants next, with the number under which its result is to be given back.
    fn next_ask(&mut self, out: &mut Output) -> Option<(u32, Ask)>;
    /// Whether [`next_ask`](Self::next_ask) gave `None` only because it had written much.
    fn has_more(&self) -> bool;
    /// How many lines were read so far, a long one counted as several: see [`cost`](crate::cost::cost).
    fn lines(&self) -> u64;
    /// Bytes that came and were not read as lines yet.
    fn buffered(&self) -> usize;
    /// Whether more bytes are wanted.
    fn wants_input(&self) -> bool;
    /// Tells what an intent came to.
    fn outcome(&mut self, request: u32, outcome: &Outcome, out: &mut Output);
    /// Tells the answer to a query.
    fn answer(&mut self, request: u32, answer: &Answer, out: &mut Output);
    /// Tells what became of a password.
    fn checked(&mut self, request: u32, checked: &Checked, out: &mut Output);
    /// Tells that there is no place for the client.
    fn server_full(&self, out: &mut Output);
    /// Tells that the client took too long to come in.
    fn too_slow(&self, seconds: u64, out: &mut Output);
    /// Tells that the server stops, after a hint where to go, if there is one.
    fn shutting_down(&self, hint: Option<&str>, out: &mut Output);
    /// Tells that the server has lost the others of its cluster.
    fn cluster_lost(&self, out: &mut Output);
    /// Whether nothing more will come: the connection is closed when the output is written.
    fn is_finished(&self) -> bool;
}

macro_rules! face {
    ($face:ty) => {
        impl Face for $face {
            fn receive(&mut self, bytes: &[u8]) {
                <$face>::receive(self, bytes);
            }
            fn end_of_input(&mut self) {
                <$face>::end_of_input(self);
            }
            fn next_ask(&mut self, out: &mut Output) -> Option<(u32, Ask)> {
                <$face>::next_ask(self, out)
            }
            fn has_more(&self) -> bool {
                <$face>::has_more(self)
            }
            fn lines(&self) -> u64 {
                <$face>::lines(self)
            }
            fn buffered(&self) -> usize {
                <$face>::buffered(self)
            }
            fn wants_input(&self) -> bool {
                <$face>::wants_input(self)
            }
            fn outcome(&mut self, request: u32, outcome: &Outcome, out: &mut Output) {
                <$face>::outcome(self, request, outcome, out);
            }
            fn answer(&mut self, request: u32, answer: &Answer, out: &mut Output) {
                <$face>::answer(self, request, answer, out);
            }
            fn checked(&mut self, request: u32, checked: &Checked, out: &mut Output) {
                <$face>::checked(self, request, checked, out);
            }
            fn server_full(&self, out: &mut Output) {
                <$face>::server_full(out);
            }
            fn too_slow(&self, seconds: u64, out: &mut Output) {
                <$face>::too_slow(self, seconds, out);
            }
            fn shutting_down(&self, hint: Option<&str>, out: &mut Output) {
                <$face>::shutting_down(self, hint, out);
            }
            fn cluster_lost(&self, out: &mut Output) {
                <$face>::cluster_lost(self, out);
            }
            fn is_finished(&self) -> bool {
                <$face>::is_finished(self)
            }
        }
    };
}

face!(LineFace);
face!(IrcFace);
