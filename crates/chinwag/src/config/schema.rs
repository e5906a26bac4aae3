//! Every setting there is: its name, what it may hold, and its default.

use super::kind::Kind;

/// A setting that there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// As `limits.line_bytes`. A `*` stands for the number of a row, as of `[[listen]]`.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    pub(super) default: Default,
    /// Whether it is not to be shown.
    pub(super) secret: bool,
}

/// What a setting is where nothing is said.
#[derive(Clone, Copy, Debug)]
pub(super) enum Default {
    /// This, read as a variable is.
    Plain(&'static str),
    /// The machine's name.
    HostName,
    /// `detect` where a certificate is configured, `off` otherwise.
    Tls,
    /// Nothing: who writes the table has to say it.
    Required,
}

/// Tables that are not there unless somebody writes them.
pub(super) const OPTIONAL: &[&str] = &["tls", "mail", "operator.*", "cluster"];

/// The settings, table by table.
pub(super) const KEYS: &[Key] = &[
    key("server.name", Kind::Word, Default::HostName),
    key("server.url", Kind::Site, Default::Plain("")),
    key("server.network", Kind::Word, Default::Plain("chinwag")),
    key("server.data", Kind::Path, Default::Plain("chinwag-data")),
    key("server.clients_max", Kind::Number(1, 10_000_000), Default::Plain("100000")),
    key("server.connection_threads", Kind::Number(0, 256), Default::Plain("0")),
    key("server.description", Kind::Line(400), Default::Plain("")),
    key("server.motd", Kind::Text(65_536), Default::Plain("")),
    key("server.icon", Kind::Line(400), Default::Plain("")),
    key("server.metrics_from", Kind::Peers(100), Default::Plain("127.0.0.0/8, ::1")),
    key("server.web_origins", Kind::Line(2000), Default::Plain("")),
    secret("server.password", Kind::Line(300), Default::Plain("")),
    key("listen.*.address", Kind::Address, Default::Plain("127.0.0.1:8080")),
    key("listen.*.faces", Kind::Faces, Default::Plain("line, irc, web")),
    key("listen.*.tls", Kind::OneOf(&["off", "detect", "required"]), Default::Tls),
    key("listen.*.proxy_from", Kind::Peers(100), Default::Plain("")),
    key("listen.*.unterminated_ms", Kind::Number(0, 60_000), Default::Plain("0")),
    key("tls.certificate", Kind::Path, Default::Required),
    key("tls.key", Kind::Path, Default::Required),
    key("tls.sts_seconds", Kind::Number(0, 100_000_000), Default::Plain("0")),
    key("tls.sts_port", Kind::Number(1, 65_535), Default::Plain("6697")),
    key("accounts.guests", Kind::Flag, Default::Plain("true")),
    key("accounts.open_names", Kind::Flag, Default::Plain("true")),
    key("accounts.registration", Kind::Flag, Default::Plain("true")),
    key("accounts.register_before_connect", Kind::Flag, Default::Plain("true")),
    key("accounts.register_needs_email", Kind::Flag, Default::Plain("false")),
    key("accounts.always_on", Kind::Flag, Default::Plain("true")),
    key("accounts.default_user_modes", Kind::Line(20), Default::Plain("")),
    key("accounts.password.memory_kib", Kind::Number(8, 4_194_304), Default::Plain("19456")),
    key("accounts.password.passes", Kind::Number(1, 100), Default::Plain("2")),
    key("mail.host", Kind::Word, Default::Required),
    key("mail.port", Kind::Number(1, 65_535), Default::Plain("587")),
    key("mail.tls", Kind::OneOf(&["off", "starttls", "always"]), Default::Plain("starttls")),
    key("mail.from", Kind::Line(254), Default::Required),
    key("mail.user", Kind::Line(254), Default::Plain("")),
    key("mail.password_file", Kind::Line(4096), Default::Plain("")),
    key("operator.*.name", Kind::Word, Default::Required),
    secret("operator.*.password_hash", Kind::PasswordHash, Default::Required),
    key("limits.connections_per_ip", Kind::Number(0, 1_000_000), Default::Plain("0")),
    key("limits.lines_per_second", Kind::Number(0, 1_000_000), Default::Plain("10")),
    key("limits.lines_burst", Kind::Number(1, 1_000_000), Default::Plain("100")),
    key("limits.network_lines_per_second", Kind::Number(0, 1_000_000), Default::Plain("200")),
    key("limits.network_lines_burst", Kind::Number(1, 10_000_000), Default::Plain("2000")),
    key("limits.outbox_kib", Kind::Number(128, 1_048_576), Default::Plain("1024")),
    key("limits.stall_seconds", Kind::Number(1, 3600), Default::Plain("10")),
    key("limits.network_outbox_kib", Kind::Number(128, 1_048_576), Default::Plain("65536")),
    key("limits.line_bytes", Kind::Number(512, 16_384), Default::Plain("4096")),
    key("limits.presence_notices_max", Kind::Number(0, 1_000_000), Default::Plain("500")),
    key("limits.failed_logins_per_minute", Kind::Number(0, 100_000), Default::Plain("10")),
    key("limits.registrations_per_minute", Kind::Number(0, 100_000), Default::Plain("60")),
    key("limits.mails_per_minute", Kind::Number(0, 100_000), Default::Plain("30")),
    key("limits.new_names_per_hour", Kind::Number(0, 1_000_000), Default::Plain("200")),
    key("limits.name_seconds", Kind::Number(1, 86_400), Default::Plain("60")),
    key("limits.nick_length", Kind::Number(1, 32), Default::Plain("32")),
    key("limits.channel_length", Kind::Number(2, 64), Default::Plain("64")),
    key("limits.topic_length", Kind::Number(1, 4096), Default::Plain("390")),
    key("limits.kick_length", Kind::Number(1, 4096), Default::Plain("390")),
    key("limits.away_length", Kind::Number(1, 4096), Default::Plain("200")),
    key("limits.monitor_entries", Kind::Number(0, 10_000), Default::Plain("100")),
    key("limits.list_mode_entries", Kind::Number(0, 10_000), Default::Plain("60")),
    key("limits.whowas_entries", Kind::Number(0, 100_000), Default::Plain("100")),
    key("limits.chathistory_messages", Kind::Number(1, 10_000), Default::Plain("100")),
    key("limits.multiline_bytes", Kind::Number(512, 16_384), Default::Plain("4096")),
    key("limits.multiline_lines", Kind::Number(1, 1000), Default::Plain("32")),
    key("limits.metadata_keys", Kind::Number(0, 100_000), Default::Plain("1000")),
    key("limits.metadata_subscriptions", Kind::Number(0, 10_000), Default::Plain("100")),
    key("push.enabled", Kind::Flag, Default::Plain("true")),
    key("push.contact", Kind::Line(300), Default::Plain("")),
    key("push.devices_max", Kind::Number(1, 100), Default::Plain("8")),
    key("push.private_addresses", Kind::Flag, Default::Plain("false")),
    secret("metrics.token", Kind::Line(300), Default::Plain("")),
    key("log.format", Kind::OneOf(&["text", "json"]), Default::Plain("text")),
    key(
        "log.level",
        Kind::OneOf(&["error", "warn", "info", "debug", "trace"]),
        Default::Plain("info"),
    ),
    key("cluster.servers", Kind::Texts(100), Default::Required),
    key("cluster.node", Kind::Label, Default::Required),
    key("cluster.stream", Kind::Label, Default::Plain("chinwag")),
    key("cluster.replicas", Kind::Number(1, 5), Default::Plain("3")),
    key("cluster.addresses", Kind::Line(300), Default::Plain("")),
    key("cluster.seed_kib_per_second", Kind::Number(16, 100_000_000), Default::Plain("32768")),
    key("cluster.user", Kind::Line(300), Default::Plain("")),
    secret("cluster.password", Kind::Line(300), Default::Plain("")),
    secret("cluster.token", Kind::Line(300), Default::Plain("")),
    key("cluster.nkey_seed", Kind::Line(4096), Default::Plain("")),
    key("cluster.credentials", Kind::Line(4096), Default::Plain("")),
    key("cluster.tls_ca", Kind::Line(4096), Default::Plain("")),
    key("cluster.tls_certificate", Kind::Line(4096), Default::Plain("")),
    key("cluster.tls_key", Kind::Line(4096), Default::Plain("")),
];

const fn key(path: &'static str, kind: Kind, default: Default) -> Key {
    Key { path, kind, default, secret: false }
}

const fn secret(path: &'static str, kind: Kind, default: Default) -> Key {
    Key { path, kind, default, secret: true }
}

impl Key {
    /// The path of the table and the name in it.
    pub(super) fn table_and_name(&self) -> (&'static str, &'static str) {
        self.path.rsplit_once('.').unwrap_or(("", self.path))
    }
}

/// What a table is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    /// `[server]`
    One,
    /// `[[listen]]`
    Rows,
}

/// The setting of this path, in which rows have numbers.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    let path = pattern(path);
    KEYS.iter().find(|key| key.path == path)
}

/// What the table of this path is written as, if there is one.
pub(super) fn table(path: &str) -> Option<Table> {
    let begins = format!("{}.", pattern(path));
    let rows = format!("{begins}*.");
    let key = KEYS.iter().find(|key| key.path.starts_with(&begins))?;
    Some(if key.path.starts_with(&rows) { Table::Rows } else { Table::One })
}

/// The path as it is said to people: without the numbers of rows.
pub(super) fn spoken(path: &str) -> String {
    pattern(path).replace(".*.", ".")
}

/// The setting whose name is most like this one, if one is like it at all.
pub(super) fn nearest(path: &str) -> Option<String> {
    let wanted = spoken(path);
    let near = KEYS.iter().map(|key| (edits(&wanted, &spoken(key.path)), key.path));
    let (edits, path) = near.min_by_key(|(edits, _)| *edits)?;
    match edits {
        // Nothing but the row's number is missing.
        0 => Some(path.replace('*', "0")),
        1..=3 => Some(spoken(path)),
        _ => None,
    }
}

/// The path with a `*` for each number.
fn pattern(path: &str) -> String {
    let part = |part| if str::parse::<usize>(part).is_ok() { "*" } else { part };
    path.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// How many characters must be put in, taken out or changed to make one text the other
/// (Levenshtein's distance), as far as the first hundred of one go.
fn edits(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, c) in one.chars().enumerate().take(100) {
        let mut left = i + 1;
        let mut next = vec![left];
        for ((above_left, above), d) in row.iter().zip(row.iter().skip(1)).zip(&other) {
            let change = above_left + usize::from(c != *d);
            left = change.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (one, other, edited) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("name", "nmae", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(edits(one, other), edited, "{one} {other}");
        }
    }

    #[test]
    fn every_default_is_one_that_its_kind_takes() {
        for key in KEYS {
            if let Default::Plain(text) = key.default {
                assert!(key.kind.read_plain(text).is_some(), "{}", key.path);
            }
        }
    }

    #[test]
    fn the_settings_of_a_table_stand_together() {
        let mut tables: Vec<_> = KEYS.iter().map(|key| key.table_and_name().0).collect();
        tables.dedup();
        let count = tables.len();
        tables.sort_unstable();
        tables.dedup();
        assert_eq!(tables.len(), count);
    }
}
