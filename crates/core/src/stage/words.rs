//! What is told on the stage, in words.

use chinwag_model::effect::Event;
use chinwag_model::id::PersonId;
use chinwag_model::message::{Destination, Manner, Message};
use chinwag_model::mode::RoomChanged;
use chinwag_model::name::Name;
use chinwag_model::outcome::{Done, Outcome, PasswordSet, Refusal, RoomNo, Unheard};
use chinwag_model::record::Record;

use super::Stage;

impl Stage {
    pub(super) fn event(&self, event: &Event) -> String {
        match event {
            Event::Said(message) => said(message),
            Event::Online(who) => format!("{} is online", who.name),
            Event::Offline(who) => format!("{} is offline", who.name),
            Event::Joined(arrival) => {
                format!("{} joined {}", arrival.who.name, arrival.room.name)
            }
            Event::Left { who, room, .. } => format!("{} left {}", who.name, room.name),
            Event::Renamed { was, who } => format!("{} is now {}", was.name, who.name),
            Event::Topic { room, by, topic: Some(topic) } => {
                format!("{} set the topic of {}: {topic}", by.name, room.name)
            }
            Event::Topic { room, by, topic: None } => {
                format!("{} took the topic of {} away", by.name, room.name)
            }
            Event::Added { by, group } => format!("{} added you to {}", by.name, group.name),
            Event::Invited { by, who, room } => {
                format!("{} invites {} to {}", by.name, who.name, room.name)
            }
            Event::Ignoring { who, on: true } => format!("ignoring {}", self.called(*who)),
            Event::Ignoring { who, on: false } => format!("not ignoring {}", self.called(*who)),
            other => visitors_event(other),
        }
    }

    pub(super) fn outcome(&self, outcome: &Outcome) -> String {
        match outcome {
            Ok(done) => self.done(done),
            Err(refusal) => format!("refused, {}", no(refusal)),
        }
    }

    /// What the archive keeps. A mark at the entry just taken is `here`.
    pub(super) fn record(&self, record: &Record) -> String {
        match record {
            Record::Message(message) => said(message),
            Record::Delivered(mark) if mark.upto.seq == self.state().seq() => {
                format!("{} has all up to here", self.called(mark.person))
            }
            Record::Delivered(mark) => {
                format!("{} has all up to {}", self.called(mark.person), mark.upto)
            }
            Record::Happened(happening) => {
                format!("{}: {:?}", happening.who.name, happening.what)
            }
            Record::Redacted { message, .. } => format!("{message} is taken back"),
            Record::Expired(person) => format!("name {} has expired", person.0),
        }
    }

    fn called(&self, id: PersonId) -> String {
        let person = self.state().persons.get(&id);
        person.map_or_else(|| "someone gone".to_owned(), |person| person.name.to_string())
    }

    fn done(&self, done: &Done) -> String {
        match done {
            Done::Entered(entered) => {
                assert_eq!(entered.place.seq, self.state().seq());
                let mut told = format!("in as {}", entered.person.name);
                for (is, word) in [
                    (entered.guest, ", a guest"),
                    (entered.new, ", new"),
                    (entered.was_online, ", on another device too"),
                ] {
                    told.push_str(if is { word } else { "" });
                }
                for id in &entered.ignores {
                    told.push_str(&format!(", ignoring {}", self.called(*id)));
                }
                told
            }
            Done::Exited => "out".to_owned(),
            Done::Said(None) => "said".to_owned(),
            Done::Said(Some(Unheard::Offline(who))) => format!("said, {} is offline", who.name),
            Done::Said(Some(Unheard::Away(who, text))) => {
                format!("said, {} is away: {text}", who.name)
            }
            Done::GroupMade(group, members) => format!("group {}: {}", group.name, names(members)),
            Done::Joined(room) => format!("in {}", room.name),
            Done::Left(room) => format!("out of {}", room.name),
            Done::TopicSet => "topic set".to_owned(),
            Done::Invited(who, room) => format!("{} is told of {}", who.name, room.name),
            Done::Uninvited(who, room) => format!("{} is not invited to {}", who.name, room.name),
            Done::Added(who, group) => format!("{} is in {}", who.name, group.name),
            Done::Renamed(who) => format!("called {}", who.name),
            Done::Away(Some(text)) => format!("away: {text}"),
            Done::Away(None) => "back".to_owned(),
            Done::Ignoring(who, true) => format!("ignoring {}", who.name),
            Done::Ignoring(who, false) => format!("not ignoring {}", who.name),
            Done::PasswordSet(set) => {
                let PasswordSet { ended, certificates, devices } = &**set;
                let mut said = "password set".to_owned();
                let counts = [
                    (*ended, "others out"),
                    (certificates.len(), "certificates left"),
                    (devices.len(), "devices left"),
                ];
                for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
                    said += &format!(", {count} {what}");
                }
                said
            }
            Done::CertificateProposed => "proposed".to_owned(),
            Done::Noted => "noted".to_owned(),
            Done::Changed(refused) => {
                let refused: Vec<_> = refused.iter().map(no).collect();
                if refused.is_empty() {
                    "changed".into()
                } else {
                    format!("changed, but {}", refused.join(", "))
                }
            }
            Done::Metadata(_, values) => {
                let keys: Vec<_> = values.iter().map(|(key, _)| &**key).collect();
                format!("values {}", keys.join(" "))
            }
            Done::Stays(stays) => format!("stays {stays:?}"),
            Done::Read(upto) => format!("read up to {}", upto.0),
            Done::Registered(card, _) => format!("registered as {}", card.name),
            Done::LoggedIn(entered) => format!("is {} now", entered.person.name),
            Done::CodeSent => panic!("a node says so, not the core"),
            Done::WrongCode { left } => format!("a wrong code, {left} more"),
        }
    }
}

fn said(message: &Message) -> String {
    let to = match &message.to {
        Destination::Room(room) => room.name.to_string(),
        Destination::Person(who) => format!("to {}", who.name),
        Destination::Everyone => "to everyone".to_owned(),
    };
    let author = &message.author.name;
    match message.manner {
        Manner::Speech => format!("[{to}] {author}: {}", message.text),
        Manner::Action => format!("[{to}] * {author} {}", message.text),
        Manner::Notice => format!("[{to}] {author} notes: {}", message.text),
        Manner::Tags => {
            let tags: Vec<_> = message.tags.iter().map(|(k, v)| format!("{k}={v}")).collect();
            format!("[{to}] {author} tags: {}", tags.join(" "))
        }
    }
}

fn visitors_event(event: &Event) -> String {
    match event {
        Event::Quit { who, reason } => match reason {
            Some(reason) => format!("{} quits: {reason}", who.name),
            None => format!("{} quits", who.name),
        },
        Event::Kicked { room, who, by, .. } => {
            format!("{} put {} out of {}", by.name, who.name, room.name)
        }
        Event::Changed { room, by, changes } => {
            let by = by.as_ref().map_or("the server", |by| by.name.shown());
            format!("{by} changed {}: {}", room.name, changed(changes))
        }
        Event::RoomRenamed { was, room, by, .. } => {
            format!("{} calls {was} {} now", by.name, room.name)
        }
        Event::Away { who, text: Some(text) } => format!("{} is away: {text}", who.name),
        Event::Away { who, text: None } => format!("{} is back", who.name),
        Event::Account(who) => match &who.badge.account {
            Some(account) => format!("{} has the account {account}", who.name),
            None => format!("{} has no account", who.name),
        },
        Event::RealName { who, real_name } => format!("{} is called {real_name}", who.name),
        Event::Badge { who, .. } => format!("{} is at {}", who.name, who.badge.host),
        Event::Flags { who, now, .. } => format!("{} is {now:?}", who.name),
        Event::Watched { name, who } => {
            format!("{name} is {}", if who.is_some() { "there" } else { "gone" })
        }
        Event::Read { target, upto } => format!("read {target} up to {}", upto.0),
        Event::Redacted(redaction) => {
            format!("{} took {} back", redaction.by.name, redaction.message)
        }
        Event::Metadata { by, key, value, .. } => match value {
            Some(value) => format!("{} set {key} to {value}", by.name),
            None => format!("{} took {key} away", by.name),
        },
        Event::Wallops { by, text } => format!("{} tells operators: {text}", by.name),
        Event::PasswordChanged { who } => format!("out, as {} has another password", who.name),
        Event::Ended { by, .. } => format!("ended by {}", by.name),
        other => panic!("{other:?} is told elsewhere"),
    }
}

fn changed(changes: &[RoomChanged]) -> String {
    let sign = |on: bool| if on { '+' } else { '-' };
    let one = |change: &RoomChanged| match change {
        RoomChanged::Flag(flag, on) => format!("{}{flag:?}", sign(*on)),
        RoomChanged::Key(key, on) => format!("{}key {key}", sign(*on)),
        RoomChanged::Limit(limit) => format!("limit {limit:?}"),
        RoomChanged::List(list, mask, on) => format!("{}{list:?} {}", sign(*on), mask.as_str()),
        RoomChanged::Rank(who, rank, on) => format!("{}{rank:?} {}", sign(*on), who.name),
    };
    changes.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn names(names: &[Name]) -> String {
    names.iter().map(Name::shown).collect::<Vec<_>>().join(" ")
}

fn no(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotIn => "not in".to_owned(),
        Refusal::AlreadyIn => "already in".to_owned(),
        Refusal::AlreadyOnline(name) => format!("{name} is already online"),
        Refusal::PasswordNeeded(name) => format!("{name} has a password"),
        Refusal::TooManySessions(name) => format!("{name} has too many sessions"),
        Refusal::Taken(name) => format!("{name} is taken"),
        Refusal::TakenByPerson(name) => format!("{name} is a person"),
        Refusal::LooksLike { wanted, existing } => format!("{wanted} looks like {existing}"),
        Refusal::NotTakeable(name) => format!("{name} can't be taken"),
        Refusal::NoSuchPerson(name) => format!("no such person {name}"),
        Refusal::Offline(name) => format!("{name} is offline"),
        Refusal::NoSuchTarget(name) => format!("no person or room {name}"),
        Refusal::Gone => "that person has gone".to_owned(),
        Refusal::NotInRoom => "not in that room".to_owned(),
        Refusal::LobbyIsForEver => "the lobby is for ever".to_owned(),
        Refusal::NotAddable(name) => format!("{name} can't be put into groups"),
        Refusal::TooFast(seconds) => format!("too fast, {seconds} s"),
        Refusal::NameKept(name) => format!("{name} is kept"),
        Refusal::TooManyNamed(count) => format!("{count} are too many"),
        Refusal::TooManyRooms(name) => format!("{name} is in too many rooms"),
        Refusal::TooManyIgnored => "too many ignored".to_owned(),
        Refusal::Guest(name) => format!("{name} is a guest"),
        Refusal::NoSuchRoom(name) => format!("no such room {name}"),
        Refusal::Room(room, RoomNo::AlreadyThere(who)) => {
            format!("{} is in {} already", who.name, room.name)
        }
        Refusal::Room(room, RoomNo::NotInvited(who)) => {
            format!("{} has no invitation to {}", who.name, room.name)
        }
        Refusal::Room(room, no) => format!("{}: {no:?}", room.name),
        Refusal::Closed(name) => format!("{name} takes nothing"),
        Refusal::OperatorNeeded => "operators only".to_owned(),
        Refusal::AccountNeeded => "accounts only".to_owned(),
        Refusal::AccountExists(name) => format!("{name} is an account"),
        Refusal::NoSuchAccount(name) => format!("no such account {name}"),
        Refusal::NoSuchMessage => "no such message".to_owned(),
        Refusal::NotYours => "not yours".to_owned(),
        Refusal::NoSuchKey => "no such value".to_owned(),
        Refusal::TooMany => "too many".to_owned(),
        Refusal::TooManyNew { .. } => "too many new names".to_owned(),
        Refusal::NotMailed(why) => format!("not mailed: {why:?}"),
        Refusal::NotStored(why) => format!("not stored: {why:?}"),
        Refusal::Unsure => panic!("the core is never unsure"),
        Refusal::Internal => panic!("a rule panicked"),
    }
}
