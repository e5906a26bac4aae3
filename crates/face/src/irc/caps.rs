//! Capabilities: what a client and the server agree on beyond plain IRC.
//!
//! Spec: <https://ircv3.net/specs/extensions/capability-negotiation>.

use super::IrcPolicy;

/// A capability; several names can stand for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Cap {
    AccountNotify,
    AccountRegistration,
    AccountTag,
    AwayNotify,
    Batch,
    Notify,
    ChannelRename,
    Chathistory,
    Chghost,
    EchoMessage,
    EventPlayback,
    ExtendedIsupport,
    ExtendedJoin,
    ExtendedMonitor,
    InviteNotify,
    LabeledResponse,
    MessageRedaction,
    MessageTags,
    Metadata,
    MultiPrefix,
    Multiline,
    NoImplicitNames,
    Persistence,
    PreAway,
    ReadMarker,
    Relaymsg,
    Sasl,
    Search,
    ServerTime,
    Setname,
    StandardReplies,
    UserhostInNames,
    Webpush,
}

/// All capabilities by name, in the order told.
pub(super) const CAPS: &[(&str, Cap)] = &[
    ("account-notify", Cap::AccountNotify),
    ("account-tag", Cap::AccountTag),
    ("away-notify", Cap::AwayNotify),
    ("batch", Cap::Batch),
    ("cap-notify", Cap::Notify),
    ("chghost", Cap::Chghost),
    ("draft/account-registration", Cap::AccountRegistration),
    ("draft/channel-rename", Cap::ChannelRename),
    ("draft/chathistory", Cap::Chathistory),
    ("draft/event-playback", Cap::EventPlayback),
    ("draft/extended-isupport", Cap::ExtendedIsupport),
    ("draft/message-redaction", Cap::MessageRedaction),
    ("draft/metadata-3", Cap::Metadata),
    ("draft/multiline", Cap::Multiline),
    ("draft/no-implicit-names", Cap::NoImplicitNames),
    ("draft/persistence", Cap::Persistence),
    ("draft/pre-away", Cap::PreAway),
    ("draft/read-marker", Cap::ReadMarker),
    ("draft/relaymsg", Cap::Relaymsg),
    ("draft/search", Cap::Search),
    ("draft/webpush", Cap::Webpush),
    ("echo-message", Cap::EchoMessage),
    ("extended-join", Cap::ExtendedJoin),
    ("extended-monitor", Cap::ExtendedMonitor),
    ("invite-notify", Cap::InviteNotify),
    ("labeled-response", Cap::LabeledResponse),
    ("message-tags", Cap::MessageTags),
    ("multi-prefix", Cap::MultiPrefix),
    ("no-implicit-names", Cap::NoImplicitNames),
    ("sasl", Cap::Sasl),
    ("server-time", Cap::ServerTime),
    ("setname", Cap::Setname),
    ("standard-replies", Cap::StandardReplies),
    ("userhost-in-names", Cap::UserhostInNames),
];

/// A set of capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Caps(u64);

impl Caps {
    pub(super) fn has(self, cap: Cap) -> bool {
        self.0 & (1 << cap as u8) != 0
    }

    pub(super) fn set(&mut self, cap: Cap, on: bool) {
        let bit = 1 << cap as u8;
        self.0 = if on { self.0 | bit } else { self.0 & !bit };
    }

    /// Reads `CAP REQ`'s list and turns what it names; `None`, and nothing, if any is unknown.
    pub(super) fn request(self, list: &str, policy: &IrcPolicy) -> Option<Self> {
        let mut caps = self;
        for word in list.split(' ').filter(|word| !word.is_empty()) {
            let (name, on) = match word.strip_prefix('-') {
                Some(name) => (name, false),
                None => (word, true),
            };
            caps.set(find(name).filter(|cap| is_offered(*cap, policy))?, on);
        }
        Some(caps)
    }

    /// The names of all that are on.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        CAPS.iter().filter(move |(_, cap)| self.has(*cap)).map(|(name, _)| *name)
    }
}

fn find(name: &str) -> Option<Cap> {
    CAPS.iter().find(|(known, _)| *known == name).map(|(_, cap)| *cap)
}

/// Whether a capability is there as the server is configured.
pub(super) fn is_offered(cap: Cap, policy: &IrcPolicy) -> bool {
    cap != Cap::Webpush || policy.push.is_some()
}

/// What a capability is listed as, with its value for those who can read one.
pub(super) fn listed(name: &str, cap: Cap, policy: &IrcPolicy, values: bool) -> String {
    let value = match cap {
        _ if !values => None,
        Cap::Sasl => Some("PLAIN,EXTERNAL,SCRAM-SHA-256".to_owned()),
        Cap::Multiline => Some(format!(
            "max-bytes={},max-lines={}",
            policy.limits.multiline_bytes, policy.limits.multiline_lines
        )),
        Cap::AccountRegistration => {
            let before = policy.register_before_connect.then_some("before-connect");
            let email = policy.register_needs_email.then_some("email-required");
            let flags: Vec<_> = before.into_iter().chain(email).collect();
            (!flags.is_empty()).then(|| flags.join(","))
        }
        Cap::Metadata => Some(format!(
            "before-connect,max-subs={},max-keys={}",
            policy.limits.metadata_subscriptions, policy.limits.metadata_keys
        )),
        Cap::Relaymsg => Some("/".to_owned()),
        _ => None,
    };
    match value {
        Some(value) => format!("{name}={value}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::irc::tests::world::policy;

    #[test]
    fn a_request_is_taken_whole_or_not_at_all() {
        let some = Caps::default().request("batch echo-message", &policy()).unwrap();
        assert!(some.has(Cap::Batch) && some.has(Cap::EchoMessage));
        assert_eq!(some.request("sasl nonsense", &policy()), None);
        let less = some.request(" -batch  sasl", &policy()).unwrap();
        assert!(!less.has(Cap::Batch) && less.has(Cap::EchoMessage) && less.has(Cap::Sasl));
        assert_eq!(some.names().collect::<Vec<_>>(), ["batch", "echo-message"]);
    }

    #[test]
    fn what_the_server_does_not_do_is_not_to_be_had() {
        let without = IrcPolicy { push: None, ..policy() };
        assert!(Caps::default().request("draft/webpush", &policy()).is_some());
        assert_eq!(Caps::default().request("draft/webpush", &without), None);
    }
}
