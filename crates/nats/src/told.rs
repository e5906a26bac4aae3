//! Answers of servers about themselves.

use serde::Deserialize;

/// What a server tells of itself, of what it tells (`JSInfo` in its source).
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Told {
    pub(crate) server: ToldServer,
    #[serde(default)]
    pub(crate) data: ToldData,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ToldServer {
    pub(crate) name: String,
    /// Another one after each start of the server.
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) ver: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ToldData {
    #[serde(default)]
    pub(crate) disabled: bool,
    #[serde(default)]
    pub(crate) config: ToldConfig,
    pub(crate) meta_cluster: Option<ToldMeta>,
    #[serde(default)]
    pub(crate) account_details: Vec<ToldAccount>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ToldConfig {
    #[serde(default)]
    pub(crate) sync_always: bool,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ToldMeta {
    #[serde(default)]
    pub(crate) cluster_size: usize,
    #[serde(default)]
    pub(crate) replicas: Vec<ToldPeer>,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ToldPeer {
    #[serde(default)]
    pub(crate) name: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ToldAccount {
    #[serde(default)]
    pub(crate) stream_detail: Vec<ToldStream>,
}

/// What a server itself has of a stream.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ToldStream {
    pub(crate) name: String,
    pub(crate) state: ToldState,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ToldState {
    #[serde(default)]
    pub(crate) messages: u64,
    #[serde(default)]
    pub(crate) first_seq: u64,
    #[serde(default)]
    pub(crate) last_seq: u64,
}
