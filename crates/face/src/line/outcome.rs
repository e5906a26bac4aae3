//! What became of a request, told to who made it.

use chinwag_model::id::PersonId;
use chinwag_model::message::RoomCard;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Outcome, Refusal, Unheard};
use chinwag_model::query::{Answer, Page, Query};
use chinwag_model::text::Text;

use super::render::{self, listed};
use super::talk::{Next, Talk, Told, lobby};
use super::{Output, refusal};

/// Names of those in a room that are told to who joins it.
const NAMES_MAX: usize = 100;

/// Something is done that tells its own end, perhaps in this room.
#[derive(Debug)]
pub(super) struct Act(pub(super) Name);

impl Next for Act {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Outcome(Err(refusal)) => out.notice(refusal::words(refusal, &self.0)),
            other => talk.unless_granted(other, out),
        }
    }
}

/// A page of those who are in the room that was joined is asked for.
#[derive(Debug)]
struct Arrived(RoomCard);

impl Next for Arrived {
    fn told(self: Box<Self>, told: Told<'_>, talk: &mut Talk, out: &mut Output) {
        match told {
            Told::Answer(Answer::Present(page)) => arrived(&self.0, page, out),
            other => talk.unexpected(other, out),
        }
    }
}

impl Talk {
    /// A message came to its end. That it was said is seen by the message itself.
    pub(super) fn said(&mut self, outcome: &Outcome, out: &mut Output) {
        match outcome {
            Ok(done) => self.granted(done, out),
            // They were put out of it in this very moment.
            Err(Refusal::NotInRoom) => {
                out.notice(refusal::no_longer_in(self.room().shown()));
                self.me.iter_mut().for_each(|me| me.is_out = true);
            }
            Err(refusal) => out.notice(refusal::words(refusal, self.room())),
        }
    }

    /// Tells what was done, or what came instead.
    pub(super) fn unless_granted(&mut self, told: Told<'_>, out: &mut Output) {
        match told {
            Told::Outcome(Ok(done)) => self.granted(done, out),
            Told::Outcome(Err(refusal)) => out.notice(refusal::words(refusal, self.room())),
            other => self.unexpected(other, out),
        }
    }

    /// Tells what came where something else was waited for, and goes on with the next line. This is the
    /// one place that knows what any command says then.
    pub(super) fn unexpected(&mut self, told: Told<'_>, out: &mut Output) {
        match told {
            Told::Outcome(Ok(done)) => {
                self.granted(done, out);
                self.step = self.home();
                self.prompt_again(out);
            }
            Told::Outcome(Err(refusal)) => {
                let words = refusal::words(refusal, self.room());
                self.fail(words, out);
            }
            Told::Answer(Answer::Unavailable) => self.fail(refusal::UNAVAILABLE, out),
            Told::Answer(_) | Told::Checked(_) => self.fail(refusal::INTERNAL, out),
        }
    }

    /// Tells what was done, whatever it is: nothing that was done is told as failed.
    fn granted(&mut self, done: &Done, out: &mut Output) {
        match done {
            Done::Said(None) | Done::TopicSet | Done::Noted => {}
            Done::Said(Some(unheard)) => unheard_of(unheard, out),
            Done::GroupMade(group, names) => {
                out.notice(format_args!("Group {}: {}.", group.name, listed(names)));
            }
            Done::Joined(room) => {
                self.talk_in(room.clone());
                let query = Query::Present { room: room.id, after: None };
                self.query(query, Arrived(room.clone()));
            }
            Done::Left(room) => {
                if self.me.as_ref().is_some_and(|me| me.room.id == room.id) {
                    self.talk_in(lobby());
                }
                out.notice(format_args!("You left {}.", room.name));
            }
            Done::Invited(who, room) => {
                out.notice(format_args!("You invited {} to {}.", who.name, room.name));
            }
            Done::Uninvited(who, room) => {
                out.notice(format_args!("{} is no longer invited to {}.", who.name, room.name));
            }
            Done::Added(who, group) => {
                out.notice(format_args!("{} is now in group {}.", who.name, group.name));
            }
            Done::Renamed(card) => {
                if let Some(me) = &mut self.me {
                    me.person = card.clone();
                    me.guest = false;
                }
                out.notice(format_args!("You are now called {}.", card.name));
            }
            Done::Away(Some(words)) => {
                out.notice(format_args!("You are away: {}", render::one_line(words)));
            }
            Done::Away(None) => out.notice("You are back."),
            Done::Ignoring(who, true) => {
                out.notice(format_args!("You no longer see {}.", who.name));
            }
            Done::Ignoring(who, false) => {
                out.notice(format_args!("You see {} again.", who.name));
            }
            Done::PasswordSet(_) => out.notice("Password set."),
            // These are asked for on other faces only.
            Done::Entered(entered) => {
                out.notice(format_args!("You have come in as {}.", entered.person.name));
            }
            Done::Exited => out.notice("Your session has ended."),
            Done::Changed(refused) => match refused.first() {
                None => out.notice("The room was changed."),
                Some(refusal) => {
                    let why = refusal::words(refusal, self.room());
                    out.notice(format_args!("The room was changed, but not in all: {why}"));
                }
            },
            Done::Metadata(..) => out.notice("The values are set."),
            Done::Stays(Some(true)) => {
                out.notice("You stay in your rooms when you disconnect.");
            }
            Done::Stays(Some(false)) => {
                out.notice("You leave your rooms when you disconnect.");
            }
            Done::Stays(None) => {
                out.notice("The server decides whether you stay in your rooms.");
            }
            Done::Read(_) => out.notice("It is noted how far you have read."),
            Done::Registered(card, _) => {
                if let Some(me) = &mut self.me {
                    me.person = card.clone();
                    me.guest = false;
                }
                out.notice(format_args!("You have an account: {}.", card.name));
            }
            Done::LoggedIn(entered) => {
                if let Some(me) = &mut self.me {
                    me.person = entered.person.clone();
                    me.guest = entered.guest;
                }
                out.notice(format_args!("You are logged in as {}.", entered.person.name));
            }
            Done::CertificateProposed => {
                out.notice("The certificate counts once a connection that has it confirms it.");
            }
            Done::CodeSent => out.notice("A code was mailed."),
            Done::WrongCode { left } => {
                out.notice(format_args!("Wrong code; it can be given {left} more times."));
            }
        }
    }
}

/// Who joined a room is told where they are and with whom.
fn arrived(room: &RoomCard, page: &Page<(Name, Option<Text>), PersonId>, out: &mut Output) {
    let names: Vec<&Name> = page.rows.iter().map(|(name, _)| name).collect();
    let more = match names.len().checked_sub(NAMES_MAX) {
        _ if page.next.is_some() => " and more".to_owned(),
        Some(more @ 1..) => format!(", and {more} more"),
        _ => String::new(),
    };
    let named = names.get(..NAMES_MAX).unwrap_or(&names);
    out.notice(format_args!("You are in {}: {}{more}.", room.name, listed(named)));
}

fn unheard_of(unheard: &Unheard, out: &mut Output) {
    match unheard {
        Unheard::Offline(who) => {
            out.notice(format_args!(
                "User {} is offline and will see it on the next login.",
                who.name
            ));
        }
        Unheard::Away(who, words) => {
            out.notice(format_args!("User {} is away: {}", who.name, render::one_line(words)));
        }
    }
}
