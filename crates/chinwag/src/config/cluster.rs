//! The cluster that a node belongs to.

use std::path::PathBuf;

use chinwag_model::id::NodeId;
use chinwag_model::node::NodeName;
use chinwag_nats::{Login, Options, Tls};

use super::kind::Value;
use super::{Config, ConfigError};

impl Config {
    /// Where people reach the other nodes of the cluster; empty where that is not said.
    pub(crate) fn addresses(&self) -> String {
        self.settings.text("cluster.addresses").to_owned()
    }

    /// How many bytes a second a node copies for another one.
    pub(crate) fn seed_bytes_per_second(&self) -> u64 {
        self.settings.size("cluster.seed_kib_per_second") as u64 * 1024
    }

    /// The cluster that is configured, if one is.
    ///
    /// # Errors
    /// Where two ways to log in are named, or half of one.
    pub(crate) fn cluster(&self) -> Result<Option<Options>, ConfigError> {
        let s = &self.settings;
        let Some(servers) = s.get("cluster.servers") else { return Ok(None) };
        let Value::Texts(servers) = servers.value.clone() else { return Ok(None) };
        let text = |name: &str| s.text(&format!("cluster.{name}")).to_owned();
        let path = |name: &str| Some(text(name)).filter(|text| !text.is_empty()).map(PathBuf::from);
        let wrong = |name: &str, what: &str| {
            let setting = s.get(&format!("cluster.{name}"));
            let origin = setting.map_or(super::setting::Origin::Default, |s| s.origin.clone());
            ConfigError::at(&origin, format!("cluster.{name} {what}"))
        };
        let ways = ["user", "token", "nkey_seed", "credentials"];
        let mut named = ways.into_iter().filter(|name| !text(name).is_empty());
        let way = named.next();
        if let Some(second) = named.next() {
            let what =
                format!("cannot be used beside cluster.{}; take one out", way.unwrap_or_default());
            return Err(wrong(second, &what));
        }
        if way != Some("user") && !text("password").is_empty() {
            return Err(wrong("password", "is of nobody; name a cluster.user"));
        }
        let login = match way {
            Some("user") => Login::Password { user: text("user"), password: text("password") },
            Some("token") => Login::Token(text("token")),
            Some("nkey_seed") => Login::Seed(text("nkey_seed").into()),
            Some(_) => Login::Credentials(text("credentials").into()),
            None => Login::Nothing,
        };
        let certificate = match (path("tls_certificate"), path("tls_key")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            (Some(_), None) => return Err(wrong("tls_certificate", "needs cluster.tls_key")),
            (None, Some(_)) => return Err(wrong("tls_key", "needs cluster.tls_certificate")),
        };
        Ok(Some(Options {
            servers,
            node: text("node"),
            // No other name is in a subject that is read.
            id_of: |name| NodeName::parse(name).map_or(NodeId(0), |name| name.id()),
            stream: text("stream"),
            replicas: s.size("cluster.replicas"),
            login,
            tls: Tls { ca: path("tls_ca"), certificate },
        }))
    }
}
