//! The stream: how it has to be set up, and what it tells of itself.

use std::collections::BTreeMap;
use std::time::Duration;

use chinwag_model::id::Seq;
use serde::{Deserialize, Serialize};

use crate::api::{self, Api, ApiError};
use crate::error::NatsError;
use crate::options::{MAX_AGE, Options};
use crate::told::Told;

/// The name in the stream's metadata under which stands which log it is.
const IDENTITY: &str = "chinwag_log";

/// What begins the names under which stand the secrets that all nodes share, as hexadecimal digits.
/// Who may read the stream's configuration may read all that they protect as well.
const KEY: &str = "chinwag_key_";

/// The name in the metadata of a stream that was never compressed.
pub(crate) const RAW: &str = "chinwag_raw";

/// Name in the metadata of a stream whose compression was switched off. Its value lists the ids of the servers
/// that ran at that time, separated by commas. A server keeps compressing until it is restarted, and has another
/// id after each start.
const COMPRESSED_BY: &str = "chinwag_compressed_by";

/// Value of `compression` in a stream without any.
const UNCOMPRESSED: &str = "none";

/// The largest message that the stream takes, in bytes: with its headers it stays within what
/// servers take where nothing else is configured.
pub(crate) const MESSAGE_BYTES_MAX: usize = 1_000_000;

/// A stream's configuration, as far as chinwag sets it or minds it
/// (`StreamConfig` in nats-io/nats-server).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Config {
    pub(crate) name: String,
    #[serde(default)]
    subjects: Vec<String>,
    retention: String,
    storage: String,
    pub(crate) num_replicas: usize,
    discard: String,
    /// In nanoseconds; 0 for ever.
    #[serde(default)]
    pub(crate) max_age: u64,
    #[serde(default = "none")]
    pub(crate) max_msgs: i64,
    #[serde(default = "none")]
    pub(crate) max_bytes: i64,
    #[serde(default = "none")]
    pub(crate) max_msgs_per_subject: i64,
    #[serde(default = "none")]
    max_msg_size: i64,
    #[serde(default)]
    allow_direct: bool,
    #[serde(default)]
    deny_delete: bool,
    #[serde(default)]
    deny_purge: bool,
    #[serde(default)]
    sealed: bool,
    #[serde(default)]
    compression: String,
    #[serde(default, skip_serializing_if = "is_first")]
    first_seq: u64,
    republish: Option<Republish>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing)]
    mirror: Option<serde_json::Value>,
    #[serde(default, skip_serializing)]
    sources: Option<serde_json::Value>,
    #[serde(default, skip_serializing)]
    pub(crate) persist_mode: String,
    #[serde(default, skip_serializing)]
    subject_transform: Option<serde_json::Value>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Republish {
    src: String,
    dest: String,
    #[serde(default)]
    headers_only: bool,
}

fn none() -> i64 {
    -1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_first(seq: &u64) -> bool {
    *seq <= 1
}

/// What a stream tells of itself.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Info {
    pub(crate) config: Config,
    pub(crate) state: StreamState,
    #[serde(default)]
    pub(crate) cluster: ClusterInfo,
}

/// What is in a stream.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct StreamState {
    pub(crate) messages: u64,
    pub(crate) first_seq: u64,
    pub(crate) last_seq: u64,
}

/// Who holds a stream.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ClusterInfo {
    #[serde(default)]
    pub(crate) leader: String,
    #[serde(default)]
    pub(crate) replicas: Vec<ReplicaInfo>,
}

/// A copy of a stream besides the leader's.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ReplicaInfo {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) current: bool,
    #[serde(default)]
    pub(crate) offline: bool,
    #[serde(default)]
    pub(crate) lag: u64,
    /// How long ago the leader heard of it, in nanoseconds.
    #[serde(default)]
    active: u64,
}

/// A leader hears of all copies once a second.
const UNHEARD: Duration = Duration::from_secs(3);

impl ClusterInfo {
    /// Whether who tells this leads most of the copies. A server that is cut off from the others thinks
    /// for a while that it leads, and what it tells is old.
    pub(crate) fn is_led(&self) -> bool {
        let heard = |copy: &&ReplicaInfo| Duration::from_nanos(copy.active) < UNHEARD;
        let copies = self.replicas.len() + 1;
        2 * (self.replicas.iter().filter(heard).count() + 1) > copies
    }
}

impl Config {
    /// What chinwag asks for.
    ///
    /// Nothing is ever deleted but by age; any server may give messages; and what is stored is
    /// published again, by the leader and only then.
    pub(crate) fn wanted(options: &Options, identity: &Identity, first: Seq) -> Self {
        Self {
            name: options.stream.clone(),
            subjects: vec![options.log_subjects()],
            retention: "limits".to_owned(),
            storage: "file".to_owned(),
            num_replicas: options.replicas,
            discard: "old".to_owned(),
            max_age: u64::try_from(MAX_AGE.as_nanos()).unwrap_or(u64::MAX),
            max_msgs: -1,
            max_bytes: -1,
            max_msgs_per_subject: -1,
            max_msg_size: i64::try_from(MESSAGE_BYTES_MAX).unwrap_or(i64::MAX),
            allow_direct: true,
            deny_delete: true,
            deny_purge: true,
            sealed: false,
            // See `hazard.rs`.
            compression: UNCOMPRESSED.to_owned(),
            first_seq: first.0,
            republish: Some(Republish {
                src: options.log_subjects(),
                dest: options.live_subjects(),
                headers_only: false,
            }),
            metadata: (identity.keys.iter())
                .map(|(name, key)| (format!("{KEY}{name}"), hex(key)))
                .chain([(IDENTITY.to_owned(), identity.log.clone())])
                .chain([(RAW.to_owned(), "yes".to_owned())])
                .collect(),
            mirror: None,
            sources: None,
            persist_mode: String::new(),
            subject_transform: None,
        }
    }

    /// Whether servers compress what is in it.
    pub(crate) fn is_compressed(&self) -> bool {
        !self.compression.is_empty() && self.compression != UNCOMPRESSED
    }

    /// How far switching compression off has come on these servers.
    pub(crate) fn decompression(&self, told: &[Told]) -> Decompression {
        if self.metadata.contains_key(RAW) {
            return Decompression::Done;
        }
        let Some(ids) = self.metadata.get(COMPRESSED_BY) else { return Decompression::Unknown };
        let still = told.iter().filter(|one| ids.split(',').any(|id| id == one.server.id));
        let names: Vec<_> = still.map(|one| one.server.name.clone()).collect();
        if names.is_empty() { Decompression::Done } else { Decompression::Pending(names) }
    }

    /// Which log it is, if it is one of chinwag's.
    pub(crate) fn identity(&self) -> Option<&str> {
        self.metadata.get(IDENTITY).map(String::as_str)
    }

    /// The secrets that all nodes share.
    pub(crate) fn keys(&self) -> Keys {
        let key = |(name, key): (&String, &String)| {
            Some((name.strip_prefix(KEY)?.to_owned(), unhex(key)?))
        };
        self.metadata.iter().filter_map(key).collect()
    }

    /// How it differs from what chinwag asks for, where that matters.
    pub(crate) fn differs(&self, options: &Options) -> Option<String> {
        let wanted = Self::wanted(options, &Identity::default(), Seq(0));
        let rows = [
            (self.subjects == wanted.subjects, "its subjects are others"),
            (self.retention == wanted.retention, "its retention is not \"limits\""),
            (self.storage == wanted.storage, "it is kept in memory"),
            (self.discard == wanted.discard, "it does not discard the oldest"),
            (self.allow_direct, "allow_direct is off"),
            (self.deny_delete && self.deny_purge, "entries can be deleted from it"),
            (!self.sealed, "it is sealed"),
            (self.republish == wanted.republish, "it does not publish again what it stores"),
            (
                self.max_msg_size < 0 || self.max_msg_size >= wanted.max_msg_size,
                "max_msg_size is too small",
            ),
            (
                self.mirror.is_none() && self.subject_transform.is_none() && self.sources.is_none(),
                "it takes messages from another stream",
            ),
        ];
        if let Some((_, what)) = rows.into_iter().find(|(good, _)| !good) {
            return Some(what.to_owned());
        }
        (self.num_replicas != options.replicas).then(|| {
            let (has, wanted) = (self.num_replicas, options.replicas);
            format!("it has {has} replicas, and cluster.replicas is {wanted}")
        })
    }
}

/// How far switching compression off has come: it takes hold of each server at that server's next start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decompression {
    /// No server compresses.
    Done,
    /// These servers were not restarted since.
    Pending(Vec<String>),
    /// It was switched off by hand, and which servers ran then is not recorded.
    Unknown,
}

/// Secrets by their names.
pub type Keys = BTreeMap<String, Vec<u8>>;

/// Which log a stream is, and the secrets that its nodes share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Identity {
    /// No other log has the same.
    pub(crate) log: String,
    pub(crate) keys: Keys,
}

impl Identity {
    /// A new one, with these secrets.
    pub(crate) fn new(keys: Keys) -> Result<Self, NatsError> {
        let mut log = [0; 16];
        getrandom::fill(&mut log).map_err(|error| NatsError::System(error.into()))?;
        Ok(Self { log: hex(&log), keys })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let read = pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    read.collect::<Option<Vec<u8>>>().filter(|_| rest.is_empty())
}

/// What the stream tells of itself; `None` if there is none.
pub(crate) async fn info(api: &Api) -> Result<Option<Info>, ApiError> {
    match api.ask("STREAM.INFO", &serde_json::Value::Null).await {
        Ok(info) => Ok(Some(info)),
        Err(ApiError::Refused { code: api::NO_STREAM, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes the stream, whose first entry will have the number `first`. `None` if somebody else has
/// made one of this name.
pub(crate) async fn create(
    api: &Api,
    options: &Options,
    identity: &Identity,
    first: Seq,
) -> Result<Option<Info>, ApiError> {
    let config = serde_json::json!(Config::wanted(options, identity, first));
    match api.ask("STREAM.CREATE", &config).await {
        Ok(info) => Ok(Some(info)),
        Err(ApiError::Refused { code: api::NAME_TAKEN, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Switches the compression of the stream off, and records in its metadata which servers run now. Returns the
/// stream's new information.
pub(crate) async fn decompress(api: &Api, told: &[Told]) -> Result<Info, ApiError> {
    // The configuration is sent back whole, with fields unknown here: an update resets each field that it
    // does not name.
    let info: serde_json::Value = api.ask("STREAM.INFO", &serde_json::Value::Null).await?;
    let ids: Vec<_> = told.iter().map(|one| one.server.id.as_str()).collect();
    let change = |mut config: serde_json::Value| {
        let fields = config.as_object_mut()?;
        fields.insert("compression".to_owned(), UNCOMPRESSED.into());
        let metadata = fields.get_mut("metadata")?.as_object_mut()?;
        metadata.remove(RAW);
        metadata.insert(COMPRESSED_BY.to_owned(), ids.join(",").into());
        Some(config)
    };
    let config = info.get("config").cloned().and_then(change);
    let config = config.ok_or_else(|| ApiError::Odd("a stream without metadata".to_owned()))?;
    api.ask("STREAM.UPDATE", &config).await
}

/// Deletes the stream.
pub(crate) async fn delete(api: &Api) -> Result<(), ApiError> {
    let _: serde::de::IgnoredAny = api.ask("STREAM.DELETE", &serde_json::Value::Null).await?;
    Ok(())
}

/// What an error of JetStream's means to whoever starts a node.
pub(crate) fn said(error: ApiError) -> NatsError {
    match error {
        ApiError::Nobody => NatsError::NoJetStream { reason: error.to_string() },
        ApiError::Refused { code: api::NOT_FOR_ACCOUNT | api::NOT_ENABLED, description } => {
            NatsError::NoJetStream { reason: description }
        }
        other => NatsError::Asked(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::example;

    fn identity() -> Identity {
        let keys = Keys::from([("cloak".to_owned(), vec![0, 0xab, 255])]);
        Identity { log: "x".to_owned(), keys }
    }

    fn read(change: impl FnOnce(&mut serde_json::Value)) -> Config {
        let mut config = serde_json::json!(Config::wanted(&example(), &identity(), Seq(1)));
        // What servers add.
        config["max_consumers"] = (-1).into();
        config["metadata"]["_nats.ver"] = "2.15.1".into();
        change(&mut config);
        serde_json::from_value(config).unwrap()
    }

    #[test]
    fn a_stream_as_it_was_made_is_good() {
        assert_eq!(read(|_| {}).differs(&example()), None);
        assert_eq!(read(|_| {}).identity(), Some("x"));
        assert_eq!(read(|_| {}).keys(), identity().keys);
    }

    #[test]
    fn attack_servers_that_ran_when_compression_was_switched_off_are_known_until_restarted() {
        let told: Vec<Told> = [("n1", "AA"), ("n2", "BB"), ("n3", "CC")]
            .map(|(name, id)| {
                let text = format!(r#"{{"server":{{"name":"{name}","id":"{id}"}}}}"#);
                serde_json::from_str(&text).unwrap()
            })
            .into();
        let pending = |names: &[&str]| {
            Decompression::Pending(names.iter().map(|name| (*name).to_owned()).collect())
        };
        for (metadata, becomes) in [
            (serde_json::json!({ RAW: "yes" }), Decompression::Done),
            (serde_json::json!({ COMPRESSED_BY: "BB,AA,ZZ" }), pending(&["n1", "n2"])),
            (serde_json::json!({ COMPRESSED_BY: "CC" }), pending(&["n3"])),
            (serde_json::json!({ COMPRESSED_BY: "A,YY,ZZ" }), Decompression::Done),
            (serde_json::json!({}), Decompression::Unknown),
        ] {
            let config = read(|config| config["metadata"] = metadata.clone());
            assert_eq!(config.decompression(&told), becomes, "{metadata}");
        }
    }

    #[test]
    fn a_key_is_hexadecimal_or_none() {
        for (text, key) in [
            ("00fF", Some(vec![0, 255])),
            ("", Some(vec![])),
            ("0", None),
            ("0g", None),
            ("é", None),
        ] {
            assert_eq!(unhex(text), key, "{text}");
        }
    }

    #[test]
    fn a_stream_that_is_set_up_otherwise_is_refused() {
        for (key, value, what) in [
            ("subjects", serde_json::json!(["other.>"]), "its subjects are others"),
            ("retention", "workqueue".into(), "its retention is not \"limits\""),
            ("storage", "memory".into(), "it is kept in memory"),
            ("discard", "new".into(), "it does not discard the oldest"),
            ("allow_direct", false.into(), "allow_direct is off"),
            ("deny_purge", false.into(), "entries can be deleted from it"),
            ("sealed", true.into(), "it is sealed"),
            ("republish", serde_json::Value::Null, "it does not publish again what it stores"),
            ("max_msg_size", 1000.into(), "max_msg_size is too small"),
            ("mirror", serde_json::json!({ "name": "m" }), "it takes messages from another stream"),
            ("num_replicas", 1.into(), "it has 1 replicas, and cluster.replicas is 3"),
        ] {
            let config = read(|config| config[key] = value);
            assert_eq!(config.differs(&example()).as_deref(), Some(what), "{key}");
        }
        let longer = read(|config| config["max_age"] = 1.into());
        assert_eq!(longer.differs(&example()), None, "how long it keeps entries is free");
    }

    #[test]
    fn who_hears_of_less_than_half_of_the_copies_does_not_lead() {
        for (heard, is_led) in [
            (&[][..], true),
            (&[0.5, 0.7], true),
            (&[0.5, 60.0], true),
            (&[5.0, 60.0], false),
            (&[0.5], true),
            (&[5.0], false),
            (&[0.5, 0.1, 60.0, 60.0], true),
            (&[0.5, 60.0, 60.0, 60.0], false),
        ] {
            let replicas = heard.iter().map(
                |seconds| serde_json::json!({ "name": "n", "active": (seconds * 1e9) as u64 }),
            );
            let told = serde_json::json!({ "replicas": replicas.collect::<Vec<_>>() });
            let info: ClusterInfo = serde_json::from_value(told).unwrap();
            assert_eq!(info.is_led(), is_led, "{heard:?}");
        }
    }
}
