//! `PRIVMSG`, `NOTICE` and `TAGMSG`: to one target at once, to several as a command; and messages of
//! several lines.
//!
//! Spec: <https://ircv3.net/specs/extensions/message-tags>,
//! <https://ircv3.net/specs/extensions/multiline>.

use chinwag_model::ask::Ask;
use chinwag_model::intent::{Intent, Target};
use chinwag_model::message::Manner;
use chinwag_model::outcome::{Done, Outcome, Refusal, RoomNo, Unheard};
use chinwag_model::tag::Tags;
use chinwag_model::text::Text;
use chinwag_wire::irc::message::{Message, unescape};

use super::{Command, services};
use crate::irc::caps::Cap;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::multiline::{Multiline, Refused};
use crate::irc::session::Slot;
use crate::irc::{args, sign, split};
use crate::output::Output;

/// Most targets of one message.
pub(super) const TARGETS_MAX: usize = 4;

/// Tags that may be lost and decide nothing.
const WHISPERED: &[&str] = &["+typing", "+draft/typing"];

pub(super) const COMMANDS: &[Command] = &[
    Command {
        params: 1,
        run: batch,
        ..Command::new(
            "BATCH",
            "+<id> draft/multiline <target>",
            "Begins a message of several lines.",
        )
    },
    Command {
        run: message_command,
        ..Command::new("NOTICE", "<target> :<text>", "As PRIVMSG, but nothing answers by itself.")
    },
    Command {
        run: message_command,
        ..Command::new(
            "PRIVMSG",
            "<target>[,<target>] :<text>",
            "Sends a message; see HELP MESSAGES.",
        )
    },
    Command {
        params: 1,
        run: message_command,
        ..Command::new("TAGMSG", "<target>", "Sends message tags without a text.")
    },
];

/// A message that was read, or the label of one that must wait for its turn.
pub(in crate::irc) type Read = Result<(Slot, Ask), Option<Box<str>>>;

/// Reads a message to one target, which need not wait for those before it; `None` if the line is
/// no message.
pub(in crate::irc) fn read_message(chat: &Chat, message: &Message<'_>) -> Option<Read> {
    let command = speech_command(message.command())?;
    let label = chat.label_of(message);
    let Ok((to, ask)) = read_one(chat, message, command) else { return Some(Err(label)) };
    Some(Ok((Slot { request: 0, label, command, target: to.into() }, ask)))
}

fn read_one<'m>(
    chat: &Chat,
    message: &Message<'m>,
    command: &'static str,
) -> Result<(&'m str, Ask), ()> {
    let target = *message.params().first().ok_or(())?;
    if target.contains(',') || args::service(target).is_some() {
        return Err(());
    }
    let to = read_target(target).ok_or(())?;
    let tags = client_tags(chat, message);
    if command == "TAGMSG" {
        return tag(chat, to, tags).map(|ask| (target, ask)).ok_or(());
    }
    let (manner, text) = read_text(command, message.params().get(1).copied()).ok_or(())?;
    if is_too_long(chat, command, target, manner, &text) {
        return Err(());
    }
    Ok((target, say(to, manner, text, tags, None)))
}

/// Whether others could not be told this in one line.
fn is_too_long(chat: &Chat, command: &str, target: &str, manner: Manner, text: &Text) -> bool {
    let acts = manner == Manner::Action;
    chat.me
        .as_ref()
        .is_some_and(|me| text.as_str().len() > split::room(&me.card, command, target, acts))
}

fn tag(chat: &Chat, to: Target, tags: Tags) -> Option<Ask> {
    if !chat.has(Cap::MessageTags) || tags.is_empty() {
        return None;
    }
    let whispered = tags.iter().all(|(key, _)| WHISPERED.contains(&key));
    Some(if whispered { Ask::Whisper { to, tags } } else { Ask::Intent(Intent::Tag { to, tags }) })
}

/// The tags of a message that are for other clients.
pub(super) fn client_tags(chat: &Chat, message: &Message<'_>) -> Tags {
    if !chat.has(Cap::MessageTags) {
        return Tags::NONE;
    }
    let own = message.tags().filter(|(key, _)| key.starts_with('+'));
    let tags = own.map(|(key, raw)| (key.into(), unescape(raw).into())).collect();
    Tags::new(tags).unwrap_or_default()
}

/// A message that did not wait came to its end: its label is told, unless its echo told it.
pub(in crate::irc) fn settled(
    chat: &mut Chat,
    mut slot: Slot,
    outcome: &Outcome,
    out: &mut Output,
) {
    let label = slot.label.take();
    chat.begin(label);
    tell_outcome(chat, &slot, outcome, out);
    chat.end_reply(out);
}

/// A message is said that waits for those before it.
#[derive(Debug)]
pub(super) struct Said(pub(super) Slot);

impl Next for Said {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        match told {
            Told::Outcome(outcome) => tell_outcome(chat, &self.0, outcome, out),
            other => chat.unexpected(other, out),
        }
    }
}

/// Tells what a message came to, beside what was seen of it.
fn tell_outcome(chat: &mut Chat, slot: &Slot, outcome: &Outcome, out: &mut Output) {
    let notice = slot.command == "NOTICE";
    match outcome {
        Ok(Done::Said(Some(Unheard::Away(who, text)))) if !notice => {
            chat.numeric(301, &[who.name.shown()], text.as_str(), out);
        }
        Ok(Done::Said(Some(Unheard::Offline(who)))) if !notice => {
            let text = "is offline and will see it on the next login";
            chat.numeric(301, &[who.name.shown()], text, out);
        }
        Ok(_) => {}
        // A program is not told in words what it could answer.
        Err(_) if notice => {}
        Err(Refusal::NoSuchRoom(_)) => chat.no_such_channel(&slot.target, out),
        Err(Refusal::NoSuchPerson(_)) => chat.no_such_nick(&slot.target, out),
        Err(Refusal::Room(_, RoomNo::Banned)) => {
            let (_, target) = sign::split_sign(&slot.target);
            chat.numeric(404, &[target], "Cannot send to channel (+b)", out);
        }
        Err(refusal) => chat.refused(slot.command, &slot.target, refusal, out),
    }
}

/// A message that is refused, or goes to several: a step each.
pub(in crate::irc) fn message_command(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let Some(command) = speech_command(message.command()) else { return };
    let params = message.params();
    let named = |targets: &&&str| targets.split(',').any(|target| !target.is_empty());
    let Some(targets) = params.first().filter(named) else {
        if command == "NOTICE" {
            return;
        }
        if command == "TAGMSG" {
            return chat.too_few(command, out);
        }
        return chat.numeric(411, &[], &format!("No recipient given ({command})"), out);
    };
    let tags = client_tags(chat, message);
    let said = if command == "TAGMSG" {
        None
    } else {
        match read_text(command, params.get(1).copied()) {
            Some(said) => Some(said),
            None if command == "NOTICE" => return,
            None => return chat.numeric(412, &[], "No text to send", out),
        }
    };
    if targets.split(',').filter(|target| !target.is_empty()).count() > TARGETS_MAX {
        let text = "Too many targets; the message was not sent";
        return chat.numeric(407, &[targets.split(',').next().unwrap_or("*")], text, out);
    }
    for target in args::list(targets, TARGETS_MAX) {
        if let Some(service) = args::service(target) {
            if let Some((_, text)) = &said {
                services::tell(chat, service, text.as_str(), out);
            }
            continue;
        }
        let Some(to) = read_target(target) else {
            if target.starts_with(['#', '@', '+', '~', '&', '%']) {
                chat.no_such_channel(target, out);
            } else {
                chat.no_such_nick(target, out);
            }
            continue;
        };
        if let Some((manner, text)) = &said
            && is_too_long(chat, command, target, *manner, text)
        {
            let text = "Input line was too long for others to see whole; it was not sent";
            chat.numeric(417, &[], text, out);
            continue;
        }
        let ask = match &said {
            Some((manner, text)) => Some(say(to, *manner, text.clone(), tags.clone(), None)),
            None => tag(chat, to, tags.clone()),
        };
        if let Some(ask) = ask {
            let slot = Slot { request: 0, label: None, command, target: target.into() };
            chat.ask(ask, Said(slot));
        }
    }
}

fn batch(chat: &mut Chat, message: &Message<'_>, out: &mut Output) {
    let [reference, rest @ ..] = message.params() else { return };
    let Some(id) = reference.strip_prefix('+').filter(|id| !id.is_empty()) else {
        // The end of one that was not begun, or of none.
        let text = "There is no such batch";
        return chat.fail("BATCH", "UNKNOWN_BATCH", &[reference], text, out);
    };
    let kind = rest.first().copied().unwrap_or_default();
    if kind != "draft/multiline" || !chat.has(Cap::Multiline) {
        let text = "Unknown type of batch";
        return chat.fail("BATCH", "UNKNOWN_TYPE", &[kind], text, out);
    }
    let target = rest.get(1).copied().unwrap_or_default();
    if target.contains(',') || read_target(target).is_none() {
        let text = "A batch has one target";
        return chat.fail("BATCH", "MULTILINE_INVALID_TARGET", &[target], text, out);
    }
    let tags = client_tags(chat, message);
    let label = chat.reply.take_label();
    chat.multiline = Some(Box::new(Multiline::new(id, target, label, tags)));
}

/// Whether a line is one of the batch that is being sent, or its end.
pub(in crate::irc) fn belongs_to_multiline(chat: &Chat, message: &Message<'_>) -> bool {
    if chat.multiline.is_none() {
        return false;
    }
    let command = message.command();
    message.tag("batch").is_some()
        || command.eq_ignore_ascii_case("BATCH")
        || speech_command(command).is_some()
}

/// Takes a line of the batch that is being sent; at its end the message goes out.
pub(in crate::irc) fn multiline_line(
    chat: &mut Chat,
    message: &Message<'_>,
    out: &mut Output,
) -> Option<(u32, Ask)> {
    let mut batch = chat.multiline.take()?;
    if message.command().eq_ignore_ascii_case("BATCH") {
        let ends = message.params().first().and_then(|id| id.strip_prefix('-'));
        if ends != Some(&*batch.id) {
            let text = "Batches cannot be nested, and end as they began";
            refuse_multiline(chat, batch.label.take(), "MULTILINE_INVALID", &[], text, out);
            return None;
        }
        return end_multiline(chat, *batch, out);
    }
    if batch.refused {
        chat.multiline = Some(batch);
        return None;
    }
    let bounds = (chat.policy.limits.multiline_lines, chat.policy.limits.multiline_bytes);
    if let Err(refused) = batch.add(message, line_manner(message.command()), bounds) {
        let (lines, bytes) = (bounds.0.to_string(), bounds.1.to_string());
        let (code, context, text) = match refused {
            Refused::Lines => ("MULTILINE_MAX_LINES", vec![&*lines], "Too many lines"),
            Refused::Bytes => ("MULTILINE_MAX_BYTES", vec![&*bytes], "Too many bytes"),
            Refused::Invalid(text) => ("MULTILINE_INVALID", vec![], text),
        };
        batch.refused = true;
        refuse_multiline(chat, batch.label.take(), code, &context, text, out);
    }
    chat.multiline = Some(batch);
    None
}

fn refuse_multiline(
    chat: &mut Chat,
    label: Option<Box<str>>,
    code: &str,
    context: &[&str],
    text: &str,
    out: &mut Output,
) {
    chat.begin(label);
    chat.fail("BATCH", code, context, text, out);
    chat.end_reply(out);
}

fn end_multiline(chat: &mut Chat, batch: Multiline, out: &mut Output) -> Option<(u32, Ask)> {
    let Multiline { target, label, tags, manner, text, joints, refused, .. } = batch;
    if refused {
        return None;
    }
    let text = Text::parse(&text).ok().filter(|text| !text.as_str().trim().is_empty());
    let (Some(manner), Some(text), Some(to)) = (manner, text, read_target(&target)) else {
        refuse_multiline(chat, label, "MULTILINE_INVALID", &[], "There is no text", out);
        return None;
    };
    let command = if manner == Manner::Notice { "NOTICE" } else { "PRIVMSG" };
    let slot = Slot { request: 0, label, command, target };
    let joints = (!joints.is_empty()).then_some(joints);
    Some(chat.send(slot, say(to, manner, text, tags, joints)))
}

fn speech_command(command: &str) -> Option<&'static str> {
    ["PRIVMSG", "NOTICE", "TAGMSG"].into_iter().find(|known| command.eq_ignore_ascii_case(known))
}

/// What a line of a message of several lines is said as, by its command.
fn line_manner(command: &str) -> Option<Manner> {
    match speech_command(command)? {
        "PRIVMSG" => Some(Manner::Speech),
        "NOTICE" => Some(Manner::Notice),
        _ => None,
    }
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

fn say(to: Target, manner: Manner, text: Text, tags: Tags, joints: Option<Vec<u32>>) -> Ask {
    Ask::Intent(Intent::Say { to, manner, text, tags, joints })
}
