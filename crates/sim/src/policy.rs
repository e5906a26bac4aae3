//! How the servers of the world are configured: as a server is that nobody configured, with passwords
//! for all names.

use chinwag_face::irc::{IrcLimits, IrcPolicy};
use chinwag_face::line::LinePolicy;
use chinwag_model::id::Timestamp;
use chinwag_model::mode::Flags;

/// What the server calls itself.
pub(crate) const SERVER: &str = "srv";

/// The longest line of line mode, in bytes.
pub(crate) const LINE_BYTES_MAX: usize = 4096;

pub(crate) fn line() -> LinePolicy {
    LinePolicy {
        server_name: SERVER.to_owned(),
        guests: true,
        open_names: false,
        registration: true,
        verification: false,
        line_bytes_max: LINE_BYTES_MAX,
    }
}

pub(crate) fn irc() -> IrcPolicy {
    IrcPolicy {
        server_name: SERVER.to_owned(),
        network: "net".to_owned(),
        description: "a server".to_owned(),
        motd: Vec::new(),
        password: None,
        version: "v".to_owned(),
        icon: None,
        sts: None,
        push: None,
        started: Timestamp(0),
        guests: true,
        registration: true,
        register_before_connect: true,
        register_needs_email: false,
        mail: false,
        always_on: true,
        default_flags: Flags::default(),
        lines_per_second: 10,
        limits: IrcLimits {
            nick_length: 32,
            channel_length: 64,
            topic_length: 390,
            kick_length: 390,
            away_length: 200,
            monitor_entries: 100,
            list_mode_entries: 100,
            whowas_entries: 100,
            chathistory_messages: 100,
            multiline_bytes: 4096,
            multiline_lines: 32,
            metadata_keys: 20,
            metadata_subscriptions: 50,
        },
    }
}
