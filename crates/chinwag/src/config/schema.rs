//! Every setting there is: its name, what it may hold, and its default.

use super::kind::{Kind, Value};

/// A setting that there is. A `*` in the path stands for the number of a row, as of `[[listen]]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    pub(super) default: Default,
    /// Whether it is not to be shown.
    pub(super) secret: bool,
}

/// What a setting is where nothing is said.
#[derive(Clone, Copy, Debug)]
pub(super) enum Default {
    Text(&'static str),
    Number(i64),
    Flag(bool),
    Texts(&'static [&'static str]),
    /// The machine's name.
    HostName,
    /// Nothing.
    Absent,
}

const FACES: &[&str] = &["line", "irc", "web"];
const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];

/// The settings, table by table.
pub(super) const KEYS: &[Key] = &[
    key("server.name", Kind::Word, Default::HostName),
    key("server.network", Kind::Word, Default::Text("chinwag")),
    key("server.data", Kind::Text(4096), Default::Text("chinwag-data")),
    key("server.clients_max", Kind::Number(1, 10_000_000), Default::Number(100_000)),
    key("server.description", Kind::Text(400), Default::Text("")),
    key("server.motd", Kind::Text(65_536), Default::Text("")),
    Key { secret: true, ..key("server.password", Kind::Text(300), Default::Text("")) },
    key("listen.*.address", Kind::Address, Default::Text("127.0.0.1:8080")),
    key("listen.*.faces", Kind::SomeOf(FACES), Default::Texts(FACES)),
    key("listen.*.tls", Kind::OneOf(&["off", "detect", "required"]), Default::Text("detect")),
    key("listen.*.unterminated_ms", Kind::Number(0, 60_000), Default::Number(0)),
    key("tls.certificate", Kind::Text(4096), Default::Absent),
    key("tls.key", Kind::Text(4096), Default::Absent),
    key("accounts.guests", Kind::Flag, Default::Flag(true)),
    key("accounts.open_names", Kind::Flag, Default::Flag(true)),
    key("accounts.registration", Kind::Flag, Default::Flag(true)),
    key("accounts.register_before_connect", Kind::Flag, Default::Flag(true)),
    key("accounts.register_needs_email", Kind::Flag, Default::Flag(false)),
    key("accounts.always_on", Kind::Flag, Default::Flag(true)),
    key("accounts.default_user_modes", Kind::Text(20), Default::Text("")),
    key("accounts.password.memory_kib", Kind::Number(8, 4_194_304), Default::Number(19_456)),
    key("accounts.password.passes", Kind::Number(1, 100), Default::Number(2)),
    key("operator.*.name", Kind::Word, Default::Absent),
    Key { secret: true, ..key("operator.*.password_hash", Kind::PasswordHash, Default::Absent) },
    key("limits.connections_per_ip", Kind::Number(0, 1_000_000), Default::Number(0)),
    key("limits.lines_per_second", Kind::Number(0, 1_000_000), Default::Number(10)),
    key("limits.lines_burst", Kind::Number(1, 1_000_000), Default::Number(100)),
    key("limits.outbox_kib", Kind::Number(16, 1_048_576), Default::Number(1024)),
    key("limits.line_bytes", Kind::Number(512, 16_384), Default::Number(4096)),
    key("limits.presence_notices_max", Kind::Number(0, 1_000_000), Default::Number(500)),
    key("limits.failed_logins_per_minute", Kind::Number(0, 100_000), Default::Number(10)),
    key("limits.name_seconds", Kind::Number(1, 86_400), Default::Number(60)),
    key("limits.nick_length", Kind::Number(1, 32), Default::Number(32)),
    key("limits.channel_length", Kind::Number(2, 64), Default::Number(64)),
    key("limits.topic_length", Kind::Number(1, 4096), Default::Number(390)),
    key("limits.kick_length", Kind::Number(1, 4096), Default::Number(390)),
    key("limits.away_length", Kind::Number(1, 4096), Default::Number(200)),
    key("limits.monitor_entries", Kind::Number(0, 10_000), Default::Number(100)),
    key("limits.list_mode_entries", Kind::Number(0, 10_000), Default::Number(60)),
    key("limits.whowas_entries", Kind::Number(0, 100_000), Default::Number(100)),
    key("limits.chathistory_messages", Kind::Number(1, 10_000), Default::Number(100)),
    key("limits.multiline_bytes", Kind::Number(512, 16_384), Default::Number(4096)),
    key("limits.multiline_lines", Kind::Number(1, 1000), Default::Number(32)),
    key("limits.metadata_keys", Kind::Number(0, 100_000), Default::Number(1000)),
    key("limits.metadata_subscriptions", Kind::Number(0, 10_000), Default::Number(100)),
    key("log.format", Kind::OneOf(&["text", "json"]), Default::Text("text")),
    key("log.level", Kind::OneOf(LEVELS), Default::Text("info")),
    key("cluster.servers", Kind::Texts(100), Default::Absent),
    key("cluster.node", Kind::Word, Default::Absent),
    key("cluster.stream", Kind::Word, Default::Absent),
    key("cluster.replicas", Kind::Number(1, 5), Default::Absent),
];

const fn key(path: &'static str, kind: Kind, default: Default) -> Key {
    Key { path, kind, default, secret: false }
}

impl Default {
    /// The value, if there is one.
    pub(super) fn value(self, host_name: &str) -> Option<Value> {
        Some(match self {
            Self::Text(text) => Value::Text(text.to_owned()),
            Self::Number(number) => Value::Number(number),
            Self::Flag(flag) => Value::Flag(flag),
            Self::Texts(texts) => Value::Texts(texts.iter().map(|t| (*t).to_owned()).collect()),
            Self::HostName => Value::Text(host_name.to_owned()),
            Self::Absent => return None,
        })
    }
}

/// The setting of this path, in which rows have numbers.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| pattern(path) == key.path)
}

/// The path with a `*` for each number.
fn pattern(path: &str) -> String {
    let part = |part: &str| match part.parse::<usize>() {
        Ok(_) => "*".to_owned(),
        Err(_) => part.to_owned(),
    };
    path.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// The path as it is said to people: without the numbers of rows.
pub(super) fn spoken(path: &str) -> String {
    pattern(path).replace(".*", "")
}

/// Whether some setting's path begins so; whether it is a table of rows.
pub(super) fn table(path: &str) -> Option<bool> {
    let begins = format!("{}.", pattern(path));
    let rows = format!("{begins}*.");
    KEYS.iter().find(|key| key.path.starts_with(&begins)).map(|key| key.path.starts_with(&rows))
}

/// The setting whose name is most like this one, if one is like it at all.
pub(super) fn nearest(path: &str) -> Option<String> {
    let wanted = spoken(path);
    let distance = |key: &Key| edits(&wanted, &spoken(key.path));
    let key = KEYS.iter().min_by_key(|key| distance(key))?;
    (distance(key) <= 3).then(|| spoken(key.path))
}

/// How many characters must be put in, taken out or changed to make one text the other.
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, c) in one.chars().enumerate().take(100) {
        let mut next = vec![i + 1];
        for ((above_left, above), d) in row.iter().zip(row.iter().skip(1)).zip(&other) {
            let left = next.last().copied().unwrap_or_default();
            let change = above_left + usize::from(c != *d);
            next.push(change.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
