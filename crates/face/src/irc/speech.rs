//! `PRIVMSG`, `NOTICE` and `TAGMSG`: to one target at once, to several as a command; messages of
//! several lines; and what bridges say for others.
//!
//! Spec: <https://ircv3.net/specs/extensions/message-tags>,
//! <https://ircv3.net/specs/extensions/multiline>,
//! <https://github.com/ircv3/ircv3-specifications/pull/417> (relaymsg).

use chinwag_model::ask::Ask;
use chinwag_model::intent::{Intent, Target};
use chinwag_model::message::Manner;
use chinwag_model::name::Name;
use chinwag_model::tag::Tags;
use chinwag_model::text::Text;
use chinwag_wire::irc::message::{Message, unescape};

use super::caps::Cap;
use super::chat::{Chat, Why};
use super::{args, sign, split};
use crate::output::Output;

/// Most targets of one message.
pub(super) const TARGETS_MAX: usize = 4;

/// Tags that may be lost and decide nothing.
const WHISPERED: &[&str] = &["+typing", "+draft/typing"];

/// A message that is on its way.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) request: u32,
    /// The label, until it was told.
    pub(super) label: Option<Box<str>>,
    pub(super) command: &'static str,
    pub(super) target: Box<str>,
}

/// A message of several lines that is being sent.
#[derive(Debug)]
pub(super) struct Multiline {
    id: Box<str>,
    target: Box<str>,
    label: Option<Box<str>>,
    tags: Tags,
    manner: Option<Manner>,
    text: String,
    joints: Vec<u32>,
    lines: usize,
    /// It was refused, and what still comes of it is passed over.
    refused: bool,
}

/// A message that was read, or the label of one that must wait for its turn.
pub(super) type Read = Result<(Slot, Ask), Option<Box<str>>>;

impl Chat {
    /// Reads a message to one target, which need not wait for those before it; `None` if the line is
    /// no message.
    pub(super) fn read_message(&self, message: &Message<'_>) -> Option<Read> {
        let command = message_command(message.command())?;
        let label = self.label_of(message);
        let Ok((to, ask)) = self.read_one(message, command) else { return Some(Err(label)) };
        Some(Ok((Slot { request: 0, label, command, target: to.into() }, ask)))
    }

    fn read_one<'m>(
        &self,
        message: &Message<'m>,
        command: &'static str,
    ) -> Result<(&'m str, Ask), ()> {
        let target = *message.params().first().ok_or(())?;
        if target.contains(',') || is_service(target).is_some() {
            return Err(());
        }
        let to = read_target(target).ok_or(())?;
        let tags = self.client_tags(message);
        if command == "TAGMSG" {
            return self.tag(to, tags).map(|ask| (target, ask)).ok_or(());
        }
        let (manner, text) = read_text(command, message.params().get(1).copied()).ok_or(())?;
        if self.is_too_long(command, target, manner, &text) {
            return Err(());
        }
        Ok((target, say(to, manner, text, tags, None)))
    }

    /// Whether others could not be told this in one line.
    fn is_too_long(&self, command: &str, target: &str, manner: Manner, text: &Text) -> bool {
        let acts = manner == Manner::Action;
        self.me
            .as_ref()
            .is_some_and(|me| text.as_str().len() > split::room(&me.card, command, target, acts))
    }

    fn tag(&self, to: Target, tags: Tags) -> Option<Ask> {
        if !self.has(Cap::MessageTags) || tags.is_empty() {
            return None;
        }
        let whispered = tags.iter().all(|(key, _)| WHISPERED.contains(&key));
        Some(if whispered {
            Ask::Whisper { to, tags }
        } else {
            Ask::Intent(Intent::Tag { to, tags })
        })
    }

    /// The tags of a message that are for other clients.
    fn client_tags(&self, message: &Message<'_>) -> Tags {
        if !self.has(Cap::MessageTags) {
            return Tags::NONE;
        }
        let own = message.tags().filter(|(key, _)| key.starts_with('+'));
        let tags = own.map(|(key, raw)| (key.into(), unescape(raw).into())).collect();
        Tags::new(tags).unwrap_or_default()
    }

    /// A message that is refused, or goes to several: a step each.
    pub(super) fn message_command(&mut self, message: &Message<'_>, out: &mut Output) {
        let Some(command) = message_command(message.command()) else { return };
        let params = message.params();
        let named = |targets: &&&str| targets.split(',').any(|target| !target.is_empty());
        let Some(targets) = params.first().filter(named) else {
            if command == "NOTICE" {
                return;
            }
            if command == "TAGMSG" {
                return self.too_few(command, out);
            }
            return self.numeric(411, &[], &format!("No recipient given ({command})"), out);
        };
        let tags = self.client_tags(message);
        let said = if command == "TAGMSG" {
            None
        } else {
            match read_text(command, params.get(1).copied()) {
                Some(said) => Some(said),
                None if command == "NOTICE" => return,
                None => return self.numeric(412, &[], "No text to send", out),
            }
        };
        if targets.split(',').filter(|target| !target.is_empty()).count() > TARGETS_MAX {
            let text = "Too many targets; the message was not sent";
            return self.numeric(407, &[targets.split(',').next().unwrap_or("*")], text, out);
        }
        for target in args::list(targets, TARGETS_MAX) {
            if let Some(service) = is_service(target) {
                if let Some((_, text)) = &said {
                    self.tell_service(service, text.as_str(), out);
                }
                continue;
            }
            let Some(to) = read_target(target) else {
                if target.starts_with(['#', '@', '+', '~', '&', '%']) {
                    self.no_such_channel(target, out);
                } else {
                    self.no_such_nick(target, out);
                }
                continue;
            };
            if let Some((manner, text)) = &said
                && self.is_too_long(command, target, *manner, text)
            {
                let text = "Input line was too long for others to see whole; it was not sent";
                self.numeric(417, &[], text, out);
                continue;
            }
            let ask = match &said {
                Some((manner, text)) => Some(say(to, *manner, text.clone(), tags.clone(), None)),
                None => self.tag(to, tags.clone()),
            };
            if let Some(ask) = ask {
                let slot = Slot { request: 0, label: None, command, target: target.into() };
                self.ask(ask, Why::Say(Box::new(slot)));
            }
        }
    }

    pub(super) fn batch(&mut self, message: &Message<'_>, out: &mut Output) {
        let [reference, rest @ ..] = message.params() else { return };
        let Some(id) = reference.strip_prefix('+').filter(|id| !id.is_empty()) else {
            // The end of one that was not begun, or of none.
            let text = "There is no such batch";
            return self.fail("BATCH", "UNKNOWN_BATCH", &[reference], text, out);
        };
        let kind = rest.first().copied().unwrap_or_default();
        if kind != "draft/multiline" || !self.has(Cap::Multiline) {
            let text = "Unknown type of batch";
            return self.fail("BATCH", "UNKNOWN_TYPE", &[kind], text, out);
        }
        let target = rest.get(1).copied().unwrap_or_default();
        if target.contains(',') || read_target(target).is_none() {
            let text = "A batch has one target";
            return self.fail("BATCH", "MULTILINE_INVALID_TARGET", &[target], text, out);
        }
        self.multiline = Some(Box::new(Multiline {
            id: id.into(),
            target: target.into(),
            label: self.reply.take_label(),
            tags: self.client_tags(message),
            manner: None,
            text: String::new(),
            joints: Vec::new(),
            lines: 0,
            refused: false,
        }));
    }

    /// Whether a line is one of the batch that is being sent, or its end.
    pub(super) fn belongs_to_multiline(&self, message: &Message<'_>) -> bool {
        if self.multiline.is_none() {
            return false;
        }
        let command = message.command();
        message.tag("batch").is_some()
            || command.eq_ignore_ascii_case("BATCH")
            || message_command(command).is_some()
    }

    /// Takes a line of the batch that is being sent; at its end the message goes out.
    pub(super) fn multiline_line(
        &mut self,
        message: &Message<'_>,
        out: &mut Output,
    ) -> Option<(u32, Ask)> {
        let mut batch = self.multiline.take()?;
        if message.command().eq_ignore_ascii_case("BATCH") {
            let ends = message.params().first().and_then(|id| id.strip_prefix('-'));
            if ends != Some(&*batch.id) {
                let text = "Batches cannot be nested, and end as they began";
                self.refuse_multiline(batch.label.take(), "MULTILINE_INVALID", &[], text, out);
                return None;
            }
            return self.end_multiline(*batch, out);
        }
        if batch.refused {
            self.multiline = Some(batch);
            return None;
        }
        let bounds = (self.policy.limits.multiline_lines, self.policy.limits.multiline_bytes);
        if let Err(refused) = batch.add(message, bounds) {
            let (lines, bytes) = (bounds.0.to_string(), bounds.1.to_string());
            let (code, context, text) = match refused {
                Refused::Lines => ("MULTILINE_MAX_LINES", vec![&*lines], "Too many lines"),
                Refused::Bytes => ("MULTILINE_MAX_BYTES", vec![&*bytes], "Too many bytes"),
                Refused::Invalid(text) => ("MULTILINE_INVALID", vec![], text),
            };
            batch.refused = true;
            self.refuse_multiline(batch.label.take(), code, &context, text, out);
        }
        self.multiline = Some(batch);
        None
    }

    fn refuse_multiline(
        &mut self,
        label: Option<Box<str>>,
        code: &str,
        context: &[&str],
        text: &str,
        out: &mut Output,
    ) {
        self.begin(label);
        self.fail("BATCH", code, context, text, out);
        self.settle(out);
    }

    fn end_multiline(&mut self, batch: Multiline, out: &mut Output) -> Option<(u32, Ask)> {
        let Multiline { target, label, tags, manner, text, joints, refused, .. } = batch;
        if refused {
            return None;
        }
        let text = Text::parse(&text).ok().filter(|text| !text.as_str().trim().is_empty());
        let (Some(manner), Some(text), Some(to)) = (manner, text, read_target(&target)) else {
            self.refuse_multiline(label, "MULTILINE_INVALID", &[], "There is no text", out);
            return None;
        };
        let command = if manner == Manner::Notice { "NOTICE" } else { "PRIVMSG" };
        let slot = Slot { request: 0, label, command, target };
        let joints = (!joints.is_empty()).then_some(joints);
        Some(self.send(slot, say(to, manner, text, tags, joints)))
    }

    pub(super) fn relaymsg(&mut self, message: &Message<'_>, out: &mut Output) {
        let [room, nick, text, ..] = message.params() else { return };
        let Some(name) = args::channel(room) else { return self.no_such_channel(room, out) };
        let Ok(who) = Name::parse_elsewhere(nick) else {
            let text = "A relayed nickname is NICK/NETWORK";
            return self.fail("RELAYMSG", "INVALID_NICK", &[], text, out);
        };
        let Ok(text) = Text::parse(text) else {
            return self.fail("RELAYMSG", "BLANK_MSG", &[], "There is no text", out);
        };
        let tags = self.client_tags(message);
        let slot = Slot { request: 0, label: None, command: "RELAYMSG", target: (*room).into() };
        let relay = Intent::Relay { room: name, name: who, text, tags };
        self.want(relay, Why::Say(Box::new(slot)));
    }
}

/// Why a line does not fit into a batch.
enum Refused {
    Lines,
    Bytes,
    Invalid(&'static str),
}

impl Multiline {
    fn add(&mut self, message: &Message<'_>, bounds: (usize, usize)) -> Result<(), Refused> {
        let same = message.tag("batch").is_some_and(|batch| *batch == *self.id);
        let manner = match message_command(message.command()) {
            Some("PRIVMSG") => Manner::Speech,
            Some("NOTICE") => Manner::Notice,
            _ => return Err(Refused::Invalid("Only messages belong into a batch")),
        };
        let [target, text, ..] = message.params() else {
            return Err(Refused::Invalid("A line has a target and a text"));
        };
        if !same || !target.eq_ignore_ascii_case(&self.target) {
            return Err(Refused::Invalid("All lines have the batch's own tag and target"));
        }
        if self.manner.is_some_and(|before| before != manner) {
            return Err(Refused::Invalid("All lines are of one command"));
        }
        let concat = message.tag("draft/multiline-concat").is_some();
        if concat && (text.is_empty() || self.lines == 0) {
            return Err(Refused::Invalid("Nothing can be added so"));
        }
        self.lines += 1;
        if self.lines > bounds.0 {
            return Err(Refused::Lines);
        }
        if self.text.len() + text.len() + 1 > bounds.1 {
            return Err(Refused::Bytes);
        }
        if concat {
            self.joints.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        } else if self.lines > 1 {
            self.text.push('\n');
        }
        self.text.push_str(text);
        self.manner = Some(manner);
        Ok(())
    }
}

fn message_command(command: &str) -> Option<&'static str> {
    ["PRIVMSG", "NOTICE", "TAGMSG"].into_iter().find(|known| command.eq_ignore_ascii_case(known))
}

/// Reads what is said, and as what.
fn read_text(command: &str, text: Option<&str>) -> Option<(Manner, Text)> {
    let text = text?;
    if command == "NOTICE" {
        return Some((Manner::Notice, Text::parse(text).ok()?));
    }
    let action =
        text.strip_prefix("\u{1}ACTION ").map(|acted| acted.strip_suffix('\u{1}').unwrap_or(acted));
    match action.and_then(|acted| Text::parse(acted).ok()) {
        Some(acted) => Some((Manner::Action, acted)),
        None => Some((Manner::Speech, Text::parse(text).ok()?)),
    }
}

fn read_target(target: &str) -> Option<Target> {
    let (rank, rest) = sign::split_sign(target);
    if rest.starts_with(args::CHANNEL_SIGN) {
        return args::channel(rest).map(|room| Target::Channel(room, rank));
    }
    args::person(target).map(Target::Called)
}

/// The service that a name is.
pub(super) fn is_service(name: &str) -> Option<&'static str> {
    ["NickServ", "ChanServ"].into_iter().find(|service| name.eq_ignore_ascii_case(service))
}

fn say(to: Target, manner: Manner, text: Text, tags: Tags, joints: Option<Vec<u32>>) -> Ask {
    Ask::Intent(Intent::Say { to, manner, text, tags, joints })
}
