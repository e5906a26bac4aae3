//! `WEBPUSH`: devices that are told of what is said to their owner while they sleep. Lane: record.
//!
//! Spec: <https://github.com/ircv3/ircv3-specifications/pull/471>.

use chinwag_model::effect::{Event, Push, Stamp};
use chinwag_model::intent::Intent;
use chinwag_model::message::Message;
use chinwag_model::outcome::Refusal;
use chinwag_model::push::{Device, Endpoint, Keys};
use chinwag_model::tag::Tags;
use chinwag_wire::irc::message::Message as IrcMessage;
use chinwag_wire::irc::push::read_keys;

use super::{Command, TooFew};
use crate::irc::caps::Cap;
use crate::irc::chat::{Chat, Next, Told};
use crate::irc::render::{Look, Teller};
use crate::irc::split::LINE_BYTES_MAX;
use crate::output::Output;

/// The longest line that a device is told, in bytes. A push service takes 4096 bytes of a message, in
/// which its encryption takes 103 (RFC 8291, section 4).
const PUSHED_BYTES_MAX: usize = 3900;

pub(super) const COMMANDS: &[Command] = &[Command {
    params: 1,
    too_few: TooFew::Fail,
    run: webpush,
    ..Command::new(
        "WEBPUSH",
        "REGISTER|UNREGISTER|VAPIDPUBKEY [<endpoint> [<keys>]]",
        "Registers a device for push notifications.",
    )
}];

/// A device is to be told, or no longer.
#[derive(Debug)]
struct Wanted {
    endpoint: Endpoint,
    /// Whether it is to be told from here on.
    on: bool,
}

/// What a device is told of something: one line of IRC, without its end, or nothing.
///
/// It looks as to the session that asked for it. The tags of clients are left out where the line
/// would be longer than some 3900 bytes; of a message of several lines it is the first.
#[must_use]
pub fn pushed_line(push: &Push, server_name: &str) -> Option<Vec<u8>> {
    let look = Look::single(push.device.look);
    let line = first_line(&push.event, &push.stamp, look, server_name)?;
    if line.len() <= PUSHED_BYTES_MAX {
        return Some(line);
    }
    let Event::Said(message) = &push.event else { return None };
    let bare = Message { tags: Tags::NONE, ..Message::clone(message) };
    let line = first_line(&Event::Said(bare.into()), &push.stamp, look, server_name)?;
    (line.len() <= PUSHED_BYTES_MAX).then_some(line)
}

fn first_line(event: &Event, stamp: &Stamp, look: Look, server: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    Teller { server, look, front: &[], viewer: "*" }.event(event, stamp, &mut bytes);
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    (!line.is_empty()).then(|| line.to_vec())
}

fn webpush(chat: &mut Chat, message: &IrcMessage<'_>, out: &mut Output) {
    let params = message.params();
    let [subcommand, rest @ ..] = params else { return };
    let subcommand = subcommand.to_ascii_uppercase();
    let Some(policy) = &chat.policy.push else {
        let text = "This server does not do that";
        return push_failed(chat, "FORBIDDEN", &subcommand, None, text, out);
    };
    let devices_max = policy.devices_max;
    let asked = match (subcommand.as_str(), rest) {
        ("VAPIDPUBKEY", _) => {
            let key = policy.key.clone();
            return push_line(chat, "VAPIDPUBKEY", &key, out);
        }
        ("REGISTER", [endpoint, keys, ..]) => read_device(chat, endpoint, keys)
            .map(|device| (device.endpoint.clone(), Intent::AddDevice { device, devices_max })),
        ("UNREGISTER", [endpoint, ..]) => {
            read_endpoint(endpoint).map(|read| (read.clone(), Intent::RemoveDevice(read)))
        }
        ("REGISTER" | "UNREGISTER", _) => Err("Not enough parameters".to_owned()),
        _ => Err("Unknown subcommand".to_owned()),
    };
    match asked {
        Ok((endpoint, intent)) => {
            let on = matches!(intent, Intent::AddDevice { .. });
            chat.want(intent, Wanted { endpoint, on });
        }
        Err(text) => push_failed(chat, "INVALID_PARAMS", &subcommand, None, &text, out),
    }
}

fn read_device(chat: &Chat, endpoint: &str, keys: &str) -> Result<Device, String> {
    let endpoint = read_endpoint(endpoint)?;
    let keys = read_keys(keys).and_then(|(public, secret)| Keys::new(&public, &secret));
    let keys = keys.ok_or("These are no keys of a subscription")?;
    let reads = chat.has(Cap::ReadMarker);
    Ok(Device { endpoint, keys, look: chat.look.bits(), reads })
}

impl Next for Wanted {
    fn told(self: Box<Self>, told: Told<'_>, chat: &mut Chat, out: &mut Output) {
        let Told::Outcome(outcome) = told else { return chat.unexpected(told, out) };
        let endpoint = self.endpoint.as_str();
        let subcommand = if self.on { "REGISTER" } else { "UNREGISTER" };
        let (code, text) = match outcome {
            Ok(_) => return push_line(chat, subcommand, endpoint, out),
            Err(Refusal::AccountNeeded) => ("FORBIDDEN", "You need an account"),
            Err(Refusal::TooMany) => ("MAX_REGISTRATIONS", "You have too many devices"),
            Err(Refusal::NotStored(_)) => ("INTERNAL_ERROR", "Nothing can be stored now"),
            Err(_) => ("INTERNAL_ERROR", "That failed"),
        };
        push_failed(chat, code, subcommand, Some(endpoint), text, out);
    }
}

fn push_line(chat: &mut Chat, subcommand: &str, what: &str, out: &mut Output) {
    chat.server_line("WEBPUSH", |line| line.param(subcommand).param(what), out);
}

fn push_failed(
    chat: &mut Chat,
    code: &str,
    subcommand: &str,
    endpoint: Option<&str>,
    text: &str,
    out: &mut Output,
) {
    chat.server_line(
        "FAIL",
        |line| {
            let context = [Some(code), Some(subcommand), endpoint].into_iter().flatten();
            let line = context.fold(line.param("WEBPUSH"), |line, param| line.param(param));
            line.trailing_within(text, LINE_BYTES_MAX)
        },
        out,
    );
}

fn read_endpoint(text: &str) -> Result<Endpoint, String> {
    Endpoint::parse(text).map_err(|bad| format!("That is no endpoint: {bad}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chinwag_model::id::{NodeId, PersonId, Place, SessionId, Timestamp};
    use chinwag_model::intent::Origin;
    use chinwag_model::message::{Card, Destination, Manner};
    use chinwag_model::name::Name;
    use chinwag_model::text::Text;

    use super::*;
    use crate::irc::caps::Caps;

    fn pushed(caps: &[Cap], text: &str, tag_bytes: usize) -> String {
        let card = |id, name| Card {
            id: PersonId(id),
            name: Name::parse(name).unwrap(),
            badge: Arc::default(),
        };
        let mut wanted = Caps::default();
        caps.iter().for_each(|cap| wanted.set(*cap, true));
        let mut public = [7; 65];
        public[0] = 4;
        let to = Destination::Person(card(2, "bo"));
        let (place, time) = (Place::default(), Timestamp(0));
        let text = Text::parse(text).unwrap();
        let mut said = Message::plain(place, time, card(1, "ana"), to, Manner::Speech, text);
        if tag_bytes > 0 {
            said.tags = Tags::new(vec![("+x".into(), "y".repeat(tag_bytes).into())]).unwrap();
        }
        let push = Push {
            person: PersonId(2),
            device: Device {
                endpoint: Endpoint::parse("https://push.example/a").unwrap(),
                keys: Keys::new(&public, &[1; 16]).unwrap(),
                look: Look::of(wanted).bits(),
                reads: false,
            },
            event: Event::Said(Arc::new(said)),
            stamp: Stamp {
                place,
                time,
                origin: Origin { session: SessionId { node: NodeId(0), number: 1 }, request: 1 },
            },
        };
        String::from_utf8(pushed_line(&push, "srv").unwrap()).unwrap()
    }

    #[test]
    fn a_device_is_told_one_line_as_its_client_would_see_it() {
        let line = ":ana!@ PRIVMSG bo :hello";
        let long = "x".repeat(2000);
        for (caps, text, tag_bytes, told) in [
            (&[][..], "hello", 3, line.to_owned()),
            (&[Cap::MessageTags], "hello", 0, format!("@msgid=0.0 {line}")),
            (&[Cap::MessageTags], "hello", 3, format!("@msgid=0.0;+x=yyy {line}")),
            (&[Cap::MessageTags], "hello", 3990, format!("@msgid=0.0 {line}")),
            (&[Cap::ServerTime], "hello", 0, format!("@time=1970-01-01T00:00:00.000Z {line}")),
            (&[Cap::Multiline, Cap::Batch], "hello\nbo", 0, line.to_owned()),
        ] {
            assert_eq!(pushed(caps, text, tag_bytes), told, "{caps:?} {text}");
        }
        assert!(pushed(&[], &long, 0).len() <= LINE_BYTES_MAX - 2);
    }
}
