//! What became of a request, told to who made it.

use chinwag_model::ask::Ask;
use chinwag_model::intent::Intent;
use chinwag_model::message::RoomCard;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Outcome, Refusal, Unheard};
use chinwag_model::query::{Answer, Query};

use super::chat::{no_such_history, not_a_name};
use super::list::{arrived, listed};
use super::login::lobby;
use super::talk::{Talk, Why};
use super::{Output, refusal, render};

impl Talk {
    /// A message came to its end. That it was said is seen by the message itself.
    pub(super) fn said(&mut self, outcome: &Outcome, out: &mut Output) {
        match outcome {
            Ok(Done::Said(None)) => {}
            Ok(Done::Said(Some(unheard))) => unheard_of(unheard, out),
            Ok(_) => out.notice(refusal::INTERNAL),
            // They were put out of it in this very moment.
            Err(Refusal::NotInRoom) => {
                out.notice(refusal::no_longer_in(self.room().shown()));
                self.me.iter_mut().for_each(|me| me.is_out = true);
            }
            Err(refusal) => out.notice(refusal::words(refusal, self.room())),
        }
    }

    /// Something else that was wanted came to its end.
    pub(super) fn done(&mut self, why: Why, outcome: &Outcome, out: &mut Output) {
        match (why, outcome) {
            (Why::SetPassword, outcome) => self.password_set(outcome, out),
            (Why::Act(_) | Why::Group | Why::Join(_) | Why::Send(_), Ok(done)) => {
                self.granted(done, out);
            }
            (Why::Group, Err(refusal)) => {
                out.notice(refusal::group_words(refusal, self.room()));
            }
            (Why::Join(Some(bad)), Err(Refusal::NotTakeable(name))) => {
                out.notice(not_a_name(name.shown(), &bad));
            }
            (Why::Send(typed), Err(Refusal::Gone)) => out.notice(refusal::no_such_client(&typed)),
            (Why::Act(room), Err(refusal)) => out.notice(refusal::words(refusal, &room)),
            (Why::Join(_) | Why::Send(_), Err(refusal)) => {
                out.notice(refusal::words(refusal, self.room()));
            }
            (why, _) => self.misfit(&why, out),
        }
    }

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
                self.ask(Ask::Query(query), Why::Arrived(room.clone()));
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
            Done::Entered(_)
            | Done::Exited
            | Done::Changed(_)
            | Done::Metadata(..)
            | Done::Stays(_)
            | Done::Read(_)
            | Done::PasswordSet(_)
            | Done::Registered(..)
            | Done::LoggedIn(_)
            | Done::CertificateProposed
            | Done::CodeSent
            | Done::WrongCode { .. } => out.notice(refusal::INTERNAL),
        }
    }

    /// A query is answered.
    pub(super) fn answer(&mut self, request: u32, answer: &Answer, out: &mut Output) {
        let Some(why) = self.waited_for(request) else { return };
        match (why, answer) {
            (why @ Why::Backlog { .. }, Answer::Unavailable) => self.misfit(&why, out),
            (_, Answer::Unavailable) => self.fail(refusal::UNAVAILABLE, out),
            (Why::Standing(name), Answer::Standing(standing)) => self.stood(name, standing, out),
            (Why::OwnStanding, Answer::Standing(standing)) => self.own_stood(standing, out),
            (Why::Backlog { upto, begun }, Answer::Backlog(page)) => {
                self.backlog(upto, begun, page, out);
            }
            (Why::Arrived(room), Answer::Present(page)) => arrived(&room, page, out),
            (Why::Present(room), Answer::Present(page)) => self.present(room, page, out),
            (Why::People, Answer::People(page)) => self.people(page, out),
            (Why::Clients, Answer::Clients(page)) => self.clients(page, out),
            (Why::Rooms, Answer::Rooms(page)) => self.rooms(page, out),
            (Why::Groups { begun }, Answer::Groups(page)) => self.groups(begun, page, out),
            (Why::History, Answer::History(messages)) => self.history(messages, out),
            (Why::History, Answer::NoSuchHistory(name)) => {
                out.notice(no_such_history(name.shown()));
            }
            (Why::Search, Answer::Found(messages)) => self.found(messages, out),
            (Why::Index(typed), Answer::Client(client)) => {
                self.indexed(typed, client.as_ref(), out);
            }
            (Why::Topic(room), Answer::Topic(Some(topic))) => {
                out.notice(format_args!("Topic of {room}: {}", render::one_line(topic)));
            }
            (Why::Topic(room), Answer::Topic(None)) => {
                out.notice(format_args!("{room} has no topic."));
            }
            (why, Answer::Room(room)) => match room {
                Some(room) => self.found_room(why, room.clone(), out),
                None => self.no_room(&why, out),
            },
            (why, _) => self.misfit(&why, out),
        }
    }

    /// The room that was meant is there.
    fn found_room(&mut self, why: Why, room: RoomCard, out: &mut Output) {
        match why {
            Why::Room(_) => {
                out.notice(format_args!("You are talking in {}.", room.name));
                self.talk_in(room);
            }
            Why::Leave(_) => {
                self.ask(Ask::Intent(Intent::Leave(room.id)), Why::Act(room.name));
            }
            Why::Invite { who, .. } => {
                let invite = Intent::Invite { who, room: room.id };
                self.ask(Ask::Intent(invite), Why::Act(room.name));
            }
            Why::Uninvite { who, .. } => {
                let uninvite = Intent::Uninvite { who, room: room.name.clone() };
                self.ask(Ask::Intent(uninvite), Why::Act(room.name));
            }
            Why::Who(_) => {
                let query = Query::Present { room: room.id, after: None };
                self.ask(Ask::Query(query), Why::Present(room.id));
            }
            why => self.misfit(&why, out),
        }
    }

    fn no_room(&mut self, why: &Why, out: &mut Output) {
        match why {
            Why::Room(name) | Why::Leave(name) | Why::Who(name) => {
                out.notice(refusal::not_in(name.shown()));
            }
            Why::Invite { room, .. } | Why::Uninvite { room, .. } => {
                out.notice(refusal::not_in(room.shown()));
            }
            why => self.misfit(why, out),
        }
    }

    /// What is said from here on goes to this room.
    fn talk_in(&mut self, room: RoomCard) {
        if let Some(me) = &mut self.me {
            (me.room, me.is_out) = (room, false);
        }
    }

    pub(super) fn room(&self) -> &Name {
        static LOBBY: std::sync::LazyLock<Name> = std::sync::LazyLock::new(Name::lobby);
        self.me.as_ref().map_or(&LOBBY, |me| &me.room.name)
    }

    pub(super) fn is_me(&self, name: &Name) -> bool {
        self.person().is_some_and(|person| person.name == *name)
    }
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
