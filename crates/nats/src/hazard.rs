//! Settings of servers and streams that are known to lose data, each with the versions of NATS that do so.
//!
//! A start and the doctor both use this one table.

use crate::error::NatsError;
use crate::options::AGE_MIN;
use crate::stream::Config;
use crate::told::{Told, ToldData};

/// A version of NATS. What comes before a release (`2.15.1-RC.1`) is older than that release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    numbers: (u32, u32, u32),
    is_released: bool,
}

impl Version {
    const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self { numbers: (major, minor, patch), is_released: true }
    }

    /// Reads a version; one that can't be read is older than all others.
    pub(crate) fn parse(text: &str) -> Self {
        // What follows a plus tells how it was built.
        let text = text.split_once('+').map_or(text, |(version, _)| version);
        let (numbers, is_released) = match text.split_once('-') {
            Some((numbers, _)) => (numbers, false),
            None => (text, true),
        };
        let mut parts = numbers.splitn(3, '.').map(str::parse);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor)), Some(Ok(patch))) => {
                Self { numbers: (major, minor, patch), is_released }
            }
            _ => OLDEST,
        }
    }
}

/// The oldest version of NATS that keeps what it acknowledged, whatever its settings.
const SOUND: Version = Version::new(2, 15, 1);

/// Older than all versions, as is one that can't be read.
const OLDEST: Version = Version { numbers: (0, 0, 0), is_released: false };

/// All versions that a node may meet.
const ALWAYS: (Version, Option<Version>) = (OLDEST, None);

/// Whose setting a row of the table is about.
#[derive(Clone, Copy)]
enum Setting {
    /// A setting of a server.
    Server(fn(&ToldData) -> bool, fn(String, String) -> NatsError),
    /// A setting of the stream: its damage, and the edit that mends it.
    Stream(fn(&Config) -> bool, &'static str, &'static str),
}

/// A row of the table: a setting that loses data from the first version on, up to but without the second
/// one if a version is known to be mended.
struct Row {
    versions: (Version, Option<Version>),
    setting: Setting,
}

const fn server(
    versions: (Version, Option<Version>),
    is_set: fn(&ToldData) -> bool,
    error: fn(String, String) -> NatsError,
) -> Row {
    Row { versions, setting: Setting::Server(is_set, error) }
}

const fn stream(
    versions: (Version, Option<Version>),
    is_set: fn(&Config) -> bool,
    what: &'static str,
    edit: &'static str,
) -> Row {
    Row { versions, setting: Setting::Stream(is_set, what, edit) }
}

/// All settings known to lose data.
///
/// - Versions before 2.15.1 sync so often with `sync_interval: always` that nobody would leave it on, and
///   compacted without it (nats-io/nats-server#8447, #8475, #8456).
/// - Without `always`, a message is acknowledged before it is synced.
/// - Since 2.15.0 a server that starts goes back to its last Raft snapshot and replays its Raft log
///   (`prepareForWALReplay`, `fileStore.Truncate`). If the stream is compressed, it compresses its last
///   block meanwhile, and then appends to it what is not compressed. No version is known to mend that
///   (#8312 and #8433 are about other ways to the same damage).
/// - `persist_mode: async` switches `sync_interval: always` off for the stream.
/// - Limits by number and size discard entries that a node may still have to read; so does a short age.
const TABLE: &[Row] = &[
    server((OLDEST, Some(SOUND)), |_| true, |server, version| NatsError::Old { server, version }),
    // A server without JetStream holds no copy of anything.
    server(
        ALWAYS,
        |data| !data.disabled && !data.config.sync_always,
        |server, _| NatsError::NotSynced { server },
    ),
    stream(
        (Version::new(2, 15, 0), None),
        Config::is_compressed,
        "it is compressed, and NATS loses the end of a compressed stream when all servers are killed at \
         once; a node switches that off when it starts, if its user may publish to \
         $JS.API.STREAM.UPDATE of the stream",
        "--compression=none",
    ),
    stream(
        ALWAYS,
        |config| config.persist_mode == "async",
        "its persist_mode is async, so messages are acknowledged before they are on a disk",
        "--persist-mode=default",
    ),
    stream(
        ALWAYS,
        |config| config.max_msgs > 0,
        "max_msgs is set, so entries are discarded that a node may still have to read",
        "--max-msgs=-1",
    ),
    stream(
        ALWAYS,
        |config| config.max_bytes > 0,
        "max_bytes is set, so entries are discarded that a node may still have to read",
        "--max-bytes=-1",
    ),
    stream(
        ALWAYS,
        |config| config.max_msgs_per_subject > 0,
        "max_msgs_per_subject is set, so entries are discarded that a node may still have to read",
        "--max-msgs-per-subject=-1",
    ),
    stream(
        ALWAYS,
        |config| (1..AGE_MIN.as_nanos()).contains(&u128::from(config.max_age)),
        "max_age is less than a day, so entries are discarded that a node may still have to read",
        "--max-age=7d",
    ),
];

impl Row {
    fn holds_for(&self, version: Version) -> bool {
        let (from, until) = self.versions;
        version >= from && until.is_none_or(|until| version < until)
    }
}

/// Checks a server's own settings.
///
/// # Errors
/// The setting that loses data, and what to do.
pub(crate) fn of_server(told: &Told) -> Result<(), NatsError> {
    let version = Version::parse(&told.server.ver);
    for row in TABLE.iter().filter(|row| row.holds_for(version)) {
        if let Setting::Server(is_set, error) = row.setting
            && is_set(&told.data)
        {
            return Err(error(told.server.name.clone(), told.server.ver.clone()));
        }
    }
    Ok(())
}

/// A setting of a stream that loses data with one of its servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) what: &'static str,
    /// Arguments of `nats stream edit` that mend it.
    pub(crate) edit: &'static str,
}

/// Lists the settings of a stream that lose data on these servers; on any version, if none are given.
pub(crate) fn of_stream(config: &Config, told: &[Told]) -> Vec<Loss> {
    let versions: Vec<_> = told.iter().map(|one| Version::parse(&one.server.ver)).collect();
    let rows = TABLE.iter().filter(|row| {
        versions.is_empty() || versions.iter().any(|version| row.holds_for(*version))
    });
    rows.filter_map(|row| match row.setting {
        Setting::Stream(is_set, what, edit) if is_set(config) => Some(Loss { what, edit }),
        _ => None,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::example;
    use crate::stream::{Config, Identity};
    use chinwag_model::id::Seq;

    fn told(version: &str, always: bool) -> Told {
        let text = format!(
            r#"{{"server":{{"name":"n1","ver":"{version}"}},
                "data":{{"config":{{"sync_always":{always}}}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_version_is_old_or_not() {
        for (version, is_old) in [
            ("2.15.1", false),
            ("2.15.2", false),
            ("2.15.10", false),
            ("2.16.0", false),
            ("2.16.0-RC.1", false),
            ("2.15.1+build.7", false),
            ("3.0.0", false),
            ("2.15.0", true),
            ("2.15.1-RC.2", true),
            ("2.9.10", true),
            ("", true),
            ("2.15", true),
            ("a.b.c", true),
            ("2.15.é", true),
        ] {
            let refused = of_server(&told(version, true));
            assert_eq!(matches!(refused, Err(NatsError::Old { .. })), is_old, "{version}");
        }
        let lazy = of_server(&told("2.15.1", false));
        assert!(matches!(lazy, Err(NatsError::NotSynced { .. })), "{lazy:?}");
    }

    #[test]
    fn attack_settings_that_lose_data_are_known() {
        for (key, value, version, edit) in [
            ("compression", serde_json::json!("s2"), "2.15.1", Some("--compression=none")),
            ("compression", "s2".into(), "2.99.0", Some("--compression=none")),
            ("compression", "s2".into(), "2.14.0", None),
            ("compression", "none".into(), "2.15.1", None),
            ("compression", "".into(), "2.15.1", None),
            ("persist_mode", "async".into(), "2.15.1", Some("--persist-mode=default")),
            ("persist_mode", "default".into(), "2.15.1", None),
            ("max_msgs", 1.into(), "2.15.1", Some("--max-msgs=-1")),
            ("max_msgs", (-1).into(), "2.15.1", None),
            ("max_bytes", 1_000_000.into(), "2.15.1", Some("--max-bytes=-1")),
            ("max_bytes", 0.into(), "2.15.1", None),
            ("max_msgs_per_subject", 9.into(), "2.15.1", Some("--max-msgs-per-subject=-1")),
            ("max_age", 60_000_000_000_u64.into(), "2.15.1", Some("--max-age=7d")),
            ("max_age", 86_400_000_000_000_u64.into(), "2.15.1", None),
            ("max_age", 0.into(), "2.15.1", None),
        ] {
            let wanted = Config::wanted(&example(), &Identity::default(), Seq(1));
            let mut config = serde_json::json!(wanted);
            config[key] = value.clone();
            let config: Config = serde_json::from_value(config).unwrap();
            let found = of_stream(&config, &[told(version, true)]);
            let edits: Vec<_> = found.iter().map(|loss| loss.edit).collect();
            assert_eq!(edits, edit.into_iter().collect::<Vec<_>>(), "{key} {value} {version}");
        }
        let wanted = Config::wanted(&example(), &Identity::default(), Seq(1));
        assert_eq!(of_stream(&wanted, &[]), [], "what chinwag makes loses nothing");
    }
}
