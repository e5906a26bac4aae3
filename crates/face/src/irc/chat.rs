//! Where a session stands: what is on its way, and what comes next.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chinwag_model::ask::Ask;
use chinwag_model::effect::Stamp;
use chinwag_model::id::{PersonId, Place};
use chinwag_model::intent::Intent;
use chinwag_model::mail::MailAddress;
use chinwag_model::message::{Card, RoomCard};
use chinwag_model::mode::{Flags, RoomList};
use chinwag_model::name::{Name, NewName};
use chinwag_model::proof::Proof;
use chinwag_model::secret::Secret;
use chinwag_model::text::Text;
use chinwag_wire::irc::message::{LineWriter, Message};
use chinwag_wire::websocket::upgrade::is_request_line;

use super::caps::{Cap, Caps};
use super::history::Past;
use super::login::{LookedAt, Proving, Sasl};
use super::registration::Intro;
use super::render::Look;
use super::reply::Reply;
use super::speech::{Multiline, Slot};
use super::{About, IN_FLIGHT_MAX, IrcPolicy};
use crate::output::Output;

/// What came from the client.
#[derive(Clone, Copy, Debug)]
pub(super) enum Input<'a> {
    Line(&'a str),
    TooLong,
    TagsTooLong,
    Control,
    NotUtf8(&'a [u8]),
    Flood,
    End,
}

/// Who came in.
#[derive(Debug)]
pub(super) struct Me {
    pub(super) card: Card,
    pub(super) flags: Flags,
    pub(super) guest: bool,
    /// What they were called beside the name as they came in.
    pub(super) real_name: Arc<str>,
    /// Whom they ignore, in order.
    pub(super) ignores: Vec<PersonId>,
    /// Names that are watched, by what is compared.
    pub(super) watched: BTreeMap<Box<str>, Name>,
    /// Keys of metadata that the client wants to hear of.
    pub(super) keys: BTreeSet<Box<str>>,
    /// Where the session came in, or into the last room it joined: what is later it sees live.
    pub(super) came: Place,
    /// How many answers are on their way that tell what was said before.
    pub(super) behind: usize,
    /// What was said meanwhile, and is told after it.
    pub(super) held: Vec<(Arc<chinwag_model::message::Message>, Stamp)>,
}

/// Why something is asked: how its result is told.
#[derive(Debug)]
pub(super) enum Why {
    /// To come in.
    Enter,
    /// To go; with these words.
    Quit(Option<Text>),
    /// To answer a `PING`.
    Pong(Box<str>),
    /// To do something that is seen by itself; the command, and what it was about.
    Act(&'static str, Box<str>),
    Nick(Box<str>),
    Join(Box<str>),
    Part(Box<str>),
    Kick {
        room: Box<str>,
        who: Box<str>,
    },
    Invite {
        who: Box<str>,
        room: Box<str>,
    },
    Uninvite {
        who: Box<str>,
        room: Box<str>,
    },
    SetTopic(Box<str>),
    /// To have a device told, or told no longer.
    Device(Box<super::webpush::Wanted>),
    ChangeRoom(Box<str>),
    Say(Box<Slot>),
    Away,
    Oper(Box<str>),
    OperFlags,
    Redact {
        target: Box<str>,
        id: Box<str>,
    },
    Rename(Box<str>, Box<str>),
    SetMetadata {
        target: Box<str>,
        key: Option<Box<str>>,
    },
    SetRead(Box<str>),
    Stay,
    /// An account is registered: by which door.
    Register(Door),
    HashFor(Door, NewName),
    /// A name is to be held until its address is verified.
    ClaimFor(Door, NewName, MailAddress),
    Hold(Door, Box<str>),
    Verify(Door, Box<str>),
    AskReset,
    /// A password is to be hashed, to set it by this code.
    HashReset(Name, Secret),
    Reset,
    /// A session proves an account after it has come in.
    Login(Door),
    Check(Door, Name),
    Prove(Box<Proving>),
    /// To count a proof that was looked at.
    Proof(Box<LookedAt>),
    /// To count a password of the server; whether it is the right one.
    ServerPassword(bool),
    Certificate,
    Nothing,

    /// To tell who is in a room.
    Names {
        room: Box<str>,
    },
    Topic {
        room: Box<str>,
        quiet: bool,
    },
    ReadMark {
        target: Box<str>,
    },
    RoomModes(Box<str>),
    Listed {
        room: Box<str>,
        list: RoomList,
    },
    Channels(Box<chinwag_model::query::ChannelFilter>),
    Invitations,
    Who(Box<super::people::WhoAsk>),
    Whois(Box<str>),
    Whowas {
        name: Box<str>,
        limit: usize,
    },
    Userhost,
    Ison,
    Lusers,
    /// To go on with the welcome.
    Welcomed,
    Monitor(Vec<Name>),
    Lines(Box<super::history::LinesAsk>),
    Targets,
    Search,
    FindToRedact {
        target: Box<str>,
        id: Box<str>,
        reason: Option<Text>,
    },
    Metadata {
        target: Box<str>,
        ask: super::metadata::Wanted,
    },
    /// To tell values of a room and of those in it, perhaps in this batch.
    Sync {
        room: Name,
        batch: Option<Box<str>>,
    },
    Backlog {
        upto: Place,
    },
    Replay(Box<str>),
    /// To tell each of the rooms that one is in; and what was said there meanwhile.
    Arrive(RoomCard, Past),
    /// To tell what is to be told of a room that another session brought this one into.
    LookAround(RoomCard),
    Certificates,
    Info(Box<str>),
    /// To tell by a service that it is done.
    Service(&'static str, Box<str>),
    /// To check the old password, to set this one.
    CheckOld(Secret),
    /// To hash a new password; the old one proved this.
    NewPassword(Proof),
    SetPassword,
    /// To add a certificate, or to propose it.
    AddCertificate([u8; 32]),
    /// To confirm for an account the certificate that one is connected with.
    ConfirmCertificate(Box<str>),
    EndOfWhois(Box<str>),
    EndOfNames(Box<str>),
    RoomInfo(Box<str>),
    Status(Box<str>),
}

/// By which command an account is dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// `REGISTER`.
    Command,
    /// `AUTHENTICATE`.
    Sasl,
    /// NickServ.
    Service,
}

#[derive(Debug, Default)]
struct Flow {
    /// What is to be asked, or done without asking, in order.
    steps: VecDeque<(Option<Ask>, Why)>,
    in_flight: Option<(u32, Why)>,
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
    flow: Option<Box<Flow>>,
    /// A line that waits for the messages before it.
    kept: Option<Box<str>>,
    request_next: u32,
    batch_next: u32,
    over: bool,
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
            request_next: 1,
            batch_next: 1,
            over: false,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    pub(super) fn is_finished(&self) -> bool {
        self.over && self.flow.is_none()
    }

    /// Whether a line can be read now.
    pub(super) fn is_ready(&self) -> bool {
        self.flow.is_none() && self.kept.is_none() && !self.over && self.slots.len() < IN_FLIGHT_MAX
    }

    pub(super) fn has(&self, cap: Cap) -> bool {
        self.caps.has(cap)
    }

    pub(super) fn set_caps(&mut self, caps: Caps) {
        self.caps = caps;
        self.look = Look::of(caps);
    }

    /// The request that is due: that of a line kept back, or the next one of a flow.
    pub(super) fn next_ask(&mut self, out: &mut Output) -> Option<(u32, Ask)> {
        if self.slots.is_empty()
            && self.flow.is_none()
            && let Some(kept) = self.kept.take()
            && let Some(ask) = self.take(Input::Line(&kept), out)
        {
            return Some(ask);
        }
        let (ask, why) = loop {
            let flow = self.flow.as_mut()?;
            if flow.in_flight.is_some() {
                return None;
            }
            match flow.steps.pop_front() {
                Some((Some(ask), why)) => break (ask, why),
                Some((None, why)) => self.go_on(why, out),
                None => self.finish(out),
            }
        };
        let number = self.number();
        let quiet = matches!(ask, Ask::Reread);
        if let Some(flow) = self.flow.as_mut().filter(|_| !quiet) {
            flow.in_flight = Some((number, why));
        }
        Some((number, ask))
    }

    /// Takes what came from the client; a message goes out at once.
    pub(super) fn take(&mut self, input: Input<'_>, out: &mut Output) -> Option<(u32, Ask)> {
        if self.over {
            return None;
        }
        match input {
            Input::Line(line) => return self.line(line, out),
            Input::TooLong | Input::TagsTooLong => {
                self.numeric(417, &[], "Input line was too long", out);
            }
            Input::Control => {
                self.fail("*", "INVALID_LINE", &[], "NUL and lone CR are not allowed", out);
            }
            Input::NotUtf8(line) => {
                let command = super::args::command_of(line);
                let reads = self.has(Cap::LabeledResponse) && self.has(Cap::Batch);
                self.begin(super::args::label_of(line).filter(|_| reads));
                self.fail(&command, "INVALID_UTF8", &[], "Messages must be in UTF-8", out);
                let server = self.policy.server_name.clone();
                self.reply.end(&server, out);
            }
            Input::Flood => self.close("Input flood", out),
            Input::End => self.leave(None, out),
        }
        None
    }

    fn line(&mut self, line: &str, out: &mut Output) -> Option<(u32, Ask)> {
        if self.me.is_none() && is_request_line(line) {
            self.close("This is IRC, and that was a request of HTTP", out);
            return None;
        }
        let Ok(message) = Message::parse(line) else {
            return None;
        };
        if self.belongs_to_multiline(&message) {
            return self.multiline_line(&message, out);
        }
        if self.me.is_some()
            && let Some(slot) = self.read_message(&message)
        {
            let (slot, ask) = match slot {
                Ok(said) => said,
                Err(label) => {
                    // Refused, or of several targets: as any command.
                    if !self.slots.is_empty() {
                        self.kept = Some(line.into());
                        return None;
                    }
                    self.begin(label);
                    self.message_command(&message, out);
                    self.settle(out);
                    return None;
                }
            };
            return Some(self.send(slot, ask));
        }
        if !self.slots.is_empty() {
            self.kept = Some(line.into());
            return None;
        }
        let label = self.label_of(&message);
        self.begin(label);
        self.command(&message, out);
        self.settle(out);
        None
    }

    /// Sends a message that does not wait for those before it.
    pub(super) fn send(&mut self, mut slot: Slot, ask: Ask) -> (u32, Ask) {
        let number = self.number();
        slot.request = number;
        self.slots.push_back(slot);
        (number, ask)
    }

    /// The label of a command, for a client that reads labels.
    pub(super) fn label_of(&self, message: &Message<'_>) -> Option<Box<str>> {
        let reads = self.has(Cap::LabeledResponse) && self.has(Cap::Batch);
        let label = message.tag("label").filter(|label| reads && !label.is_empty());
        label.filter(|label| label.len() <= 64).map(|label| label.into_owned().into())
    }

    pub(super) fn begin(&mut self, label: Option<Box<str>>) {
        self.reply = Reply::new(label);
    }

    /// Wants something, after what is wanted already.
    pub(super) fn ask(&mut self, ask: Ask, why: Why) {
        self.flow.get_or_insert_default().steps.push_back((Some(ask), why));
    }

    /// Wants something before what is wanted already.
    pub(super) fn ask_next(&mut self, ask: Ask, why: Why) {
        self.flow.get_or_insert_default().steps.push_front((Some(ask), why));
    }

    /// Goes on with something when what is wanted already is told.
    pub(super) fn then(&mut self, why: Why) {
        self.flow.get_or_insert_default().steps.push_back((None, why));
    }

    /// Goes on with something before what is wanted already.
    pub(super) fn then_next(&mut self, why: Why) {
        self.flow.get_or_insert_default().steps.push_front((None, why));
    }

    /// Whether more is wanted for the present command than what is on its way.
    pub(super) fn has_more_steps(&self) -> bool {
        self.flow.as_ref().is_some_and(|flow| !flow.steps.is_empty())
    }

    /// Wants something done.
    pub(super) fn want(&mut self, intent: Intent, why: Why) {
        self.ask(Ask::Intent(intent), why);
    }

    /// Ends the command, if nothing more is wanted for it.
    pub(super) fn settle(&mut self, out: &mut Output) {
        match &self.flow {
            Some(flow) if flow.in_flight.is_some() || !flow.steps.is_empty() => {}
            _ => self.finish(out),
        }
    }

    fn finish(&mut self, out: &mut Output) {
        self.flow = None;
        let policy = Arc::clone(&self.policy);
        self.reply.end(&policy.server_name, out);
        // The last command of a registration may complete it.
        self.come_in(out);
    }

    /// What a request was asked for, if it is the one on its way.
    pub(super) fn waited_for(&mut self, request: u32) -> Option<Why> {
        let in_flight = self.flow.as_mut().map(|flow| &mut flow.in_flight)?;
        in_flight.take_if(|(number, _)| *number == request).map(|(_, why)| why)
    }

    fn number(&mut self) -> u32 {
        let number = self.request_next;
        self.request_next = number.wrapping_add(1).max(1);
        number
    }

    /// A number for a batch of this session's.
    pub(super) fn batch_number(&mut self) -> u32 {
        self.batch_next = self.batch_next.wrapping_add(1);
        self.batch_next
    }

    /// The name under which the server speaks to this client.
    pub(super) fn nick(&self) -> &str {
        match (&self.me, &self.intro) {
            (Some(me), _) => me.card.name.shown(),
            (None, Some(intro)) => intro.nick.as_ref().map_or("*", |nick| nick.name().shown()),
            (None, None) => "*",
        }
    }

    /// Goes; others are told why.
    pub(super) fn leave(&mut self, reason: Option<Text>, out: &mut Output) {
        self.over = true;
        if self.me.is_some() {
            let exit = Intent::Exit { delivered: None, reason: reason.clone() };
            self.want(exit, Why::Quit(reason));
        } else {
            self.close(reason.as_ref().map_or("Client quit", |reason| reason.as_str()), out);
        }
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
