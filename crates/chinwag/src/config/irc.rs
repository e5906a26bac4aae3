//! What IRC clients are told and held to.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use chinwag_face::irc::{IrcLimits, IrcPolicy, Sts, person_flags};
use chinwag_model::id::Timestamp;

use super::setting::Settings;

/// Reads it from the settings.
pub(super) fn policy(s: &Settings) -> IrcPolicy {
    let text = |path: &str| Some(s.text(path)).filter(|text| !text.is_empty());
    let size = |name: &str| s.size(&format!("limits.{name}"));
    let count = |name: &str| s.count(&format!("limits.{name}"));
    IrcPolicy {
        server_name: s.text("server.name").to_owned(),
        network: s.text("server.network").to_owned(),
        description: text("server.description").unwrap_or("a chinwag server").to_owned(),
        motd: s.text("server.motd").lines().map(str::to_owned).collect(),
        password: text("server.password").map(str::to_owned),
        version: concat!("chinwag-", env!("CARGO_PKG_VERSION")).to_owned(),
        icon: text("server.icon").map(str::to_owned),
        sts: (s.count("tls.sts_seconds") > 0).then(|| Sts {
            port: u16::try_from(s.count("tls.sts_port")).unwrap_or(6697),
            seconds: s.count("tls.sts_seconds"),
        }),
        // It needs the server's key, which lies in the data folder.
        push: None,
        started: started(),
        guests: s.flag("accounts.guests"),
        registration: s.flag("accounts.registration"),
        register_before_connect: s.flag("accounts.register_before_connect"),
        register_needs_email: s.flag("accounts.register_needs_email"),
        mail: s.get("mail.host").is_some(),
        always_on: s.flag("accounts.always_on"),
        default_flags: person_flags(s.text("accounts.default_user_modes")),
        lines_per_second: s.count("limits.lines_per_second"),
        limits: IrcLimits {
            nick_length: size("nick_length"),
            channel_length: size("channel_length"),
            topic_length: size("topic_length"),
            kick_length: size("kick_length"),
            away_length: size("away_length"),
            monitor_entries: size("monitor_entries"),
            list_mode_entries: count("list_mode_entries"),
            whowas_entries: size("whowas_entries"),
            chathistory_messages: count("chathistory_messages"),
            multiline_bytes: size("multiline_bytes"),
            multiline_lines: size("multiline_lines"),
            metadata_keys: count("metadata_keys"),
            metadata_subscriptions: size("metadata_subscriptions"),
        },
    }
}

/// When this program started.
fn started() -> Timestamp {
    static STARTED: LazyLock<i64> = LazyLock::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    });
    Timestamp(*STARTED)
}
