//! The configuration: read from a file, the environment and options, each value with its origin.

mod address;
mod cluster;
mod environment;
mod file;
mod irc;
mod kind;
mod mail;
mod schema;
mod setting;

use std::ffi::OsString;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chinwag_face::irc::PushPolicy;
use chinwag_model::secret::Secret;
use chinwag_server::certificate::Certificate;
use chinwag_server::options::{
    Limits, ListenOptions, Operator, Options, Policy, PushOptions, TlsUse,
};
use chinwag_server::site_url::SiteUrl;
use chinwag_server::vapid::Vapid;

use self::environment::{read_environment, replace_data, replace_listeners};
use self::file::read_file;
use self::kind::Kind;
pub(crate) use self::setting::{ConfigError, Settings};

/// The file that is taken when none is named, if it is there.
const FILE: &str = "chinwag.toml";

/// Where to read the configuration from; it can be read again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    /// The file named by an option.
    pub(crate) file: Option<PathBuf>,
    /// Addresses to listen on, in place of the configured ones.
    pub(crate) listen: Vec<String>,
    /// The data folder, in place of the configured one.
    pub(crate) data: Option<PathBuf>,
}

/// A configuration that was read and found good.
#[derive(Debug)]
pub(crate) struct Config {
    settings: Settings,
}

impl Source {
    /// Reads the configuration: options before the environment before the file before defaults.
    ///
    /// # Errors
    /// [`ConfigError`], which says where and what to do.
    pub(crate) fn load(&self) -> Result<Config, ConfigError> {
        self.load_with(std::env::vars_os())
    }

    fn load_with(
        &self,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Config, ConfigError> {
        let mut settings = Settings::default();
        let found = || Path::new(FILE).exists().then(|| PathBuf::from(FILE));
        if let Some(file) = self.file.clone().or_else(found) {
            read_file(&mut settings, &file)?;
        }
        read_environment(&mut settings, environment)?;
        if !self.listen.is_empty() {
            replace_listeners(&mut settings, &self.listen)?;
        }
        if let Some(data) = &self.data {
            replace_data(&mut settings, data)?;
        }
        settings.complete(&host_name())?;
        Ok(Config { settings })
    }
}

impl Config {
    /// Every setting, with its origin.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Most connections at a time.
    pub(crate) fn clients_max(&self) -> usize {
        self.settings.size("server.clients_max")
    }

    /// The folder that holds everything.
    pub(crate) fn data(&self) -> PathBuf {
        PathBuf::from(self.settings.text("server.data"))
    }

    /// Whether log lines are JSON.
    pub(crate) fn log_is_json(&self) -> bool {
        self.settings.text("log.format") == "json"
    }

    /// How much is logged.
    pub(crate) fn log_level(&self) -> &str {
        self.settings.text("log.level")
    }

    /// The certificate that is configured, read from its files, if one is.
    ///
    /// # Errors
    /// Where it cannot be used, or a listener wants one and none is configured.
    pub(crate) fn certificate(&self) -> Result<Option<Certificate>, ConfigError> {
        let s = &self.settings;
        if let (Some(certificate), Some(key)) = (s.get("tls.certificate"), s.get("tls.key")) {
            let read =
                Certificate::read(certificate.value.text().as_ref(), key.value.text().as_ref());
            return read
                .map(Some)
                .map_err(|error| ConfigError::at(&certificate.origin, error.to_string()));
        }
        let wanting = (0..s.rows("listen")).find_map(|row| {
            s.get(&format!("listen.{row}.tls")).filter(|tls| tls.value.text() != "off")
        });
        match wanting {
            None => Ok(None),
            Some(tls) => {
                let what = format!(
                    "listen.tls is {}, but there is no certificate; name one in [tls] \
                     (`chinwag make-certificate` makes one), or set it to \"off\"",
                    tls.value
                );
                Err(ConfigError::at(&tls.origin, what))
            }
        }
    }

    /// What the server is told.
    ///
    /// # Errors
    /// Where the certificate cannot be used, or mail cannot be sent so.
    pub(crate) fn options(&self, cloak_key: &[u8]) -> Result<Options, ConfigError> {
        let certificate = self.certificate()?;
        let policy = self.policy(cloak_key)?;
        let listeners = self.listen_options();
        let shards = NonZero::new(self.settings.size("server.connection_threads"));
        Ok(Options { listeners, certificate, shards, policy, reread, push: None })
    }

    /// Whether devices are told of what is said to their owners.
    pub(crate) fn pushes(&self) -> bool {
        self.settings.flag("push.enabled")
    }

    /// How devices are told, and what clients are told of it, with this key.
    pub(crate) fn push(&self, vapid: Vapid) -> (PushOptions, PushPolicy) {
        let s = &self.settings;
        let policy = PushPolicy { key: vapid.public(), devices_max: s.count("push.devices_max") };
        let contact = match s.text("push.contact") {
            "" => format!("https://{}/", s.text("server.name")),
            contact => contact.to_owned(),
        };
        let private_addresses = s.flag("push.private_addresses");
        (PushOptions { vapid, contact, private_addresses }, policy)
    }

    /// What can be changed while the server runs.
    ///
    /// # Errors
    /// Where mail cannot be sent so.
    pub(crate) fn policy(&self, cloak_key: &[u8]) -> Result<Policy, ConfigError> {
        let s = &self.settings;
        Ok(Policy {
            mail: mail::options(s)?,
            irc: irc::policy(s),
            operators: (0..s.rows("operator"))
                .map(|row| Operator {
                    name: s.text(&format!("operator.{row}.name")).to_owned(),
                    password_hash: s.text(&format!("operator.{row}.password_hash")).to_owned(),
                })
                .collect(),
            web_origins: s
                .text("server.web_origins")
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            url: SiteUrl::parse(s.text("server.url")),
            metrics_token: Some(s.text("metrics.token"))
                .filter(|token| !token.is_empty())
                .map(|token| Secret::new(token.to_owned())),
            metrics_from: s.peers("server.metrics_from").cloned().unwrap_or_default(),
            cloak_key: cloak_key.to_vec(),
            name: s.text("server.name").to_owned(),
            clients_max: s.size("server.clients_max"),
            guests: s.flag("accounts.guests"),
            open_names: s.flag("accounts.open_names"),
            registration: s.flag("accounts.registration"),
            password_memory_kib: s.count("accounts.password.memory_kib"),
            password_passes: s.count("accounts.password.passes"),
            limits: Limits {
                connections_per_ip: s.size("limits.connections_per_ip"),
                lines_per_second: s.count("limits.lines_per_second"),
                lines_burst: s.count("limits.lines_burst"),
                network_lines_per_second: s.count("limits.network_lines_per_second"),
                network_lines_burst: s.count("limits.network_lines_burst"),
                outbox_bytes: s.size("limits.outbox_kib") * 1024,
                stall_time: Duration::from_secs(s.count("limits.stall_seconds").into()),
                network_outbox_bytes: s.size("limits.network_outbox_kib") * 1024,
                line_bytes: s.size("limits.line_bytes"),
                presence_notices_max: s.size("limits.presence_notices_max"),
                failed_logins_per_minute: s.count("limits.failed_logins_per_minute"),
                registrations_per_minute: s.count("limits.registrations_per_minute"),
                mails_per_minute: s.count("limits.mails_per_minute"),
                new_names_per_hour: s.count("limits.new_names_per_hour"),
                name_time: Duration::from_secs(s.count("limits.name_seconds").into()),
            },
        })
    }

    /// What an operator may not have meant, a line each.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let s = &self.settings;
        let Some(password) = s.get("server.password").filter(|set| !set.value.text().is_empty())
        else {
            return Vec::new();
        };
        let has_line_mode =
            |row: &usize| s.faces(&format!("listen.{row}.faces")).is_some_and(|faces| faces.line);
        let warning = |row: usize| {
            let address = s.address(&format!("listen.{row}.address"))?;
            let what = format!(
                "server.password is asked of IRC clients only, and whoever speaks line mode on \
                 {address} comes in without it; give that [[listen]] faces = [\"irc\", \"web\"], or \
                 bind it to an address that only friends reach"
            );
            Some(ConfigError::at(&password.origin, what).to_string())
        };
        (0..s.rows("listen")).filter(has_line_mode).filter_map(warning).collect()
    }

    fn listen_options(&self) -> Vec<ListenOptions> {
        let s = &self.settings;
        let listener = |row| {
            let unterminated_ms = s.count(&format!("listen.{row}.unterminated_ms"));
            Some(ListenOptions {
                address: s.address(&format!("listen.{row}.address"))?.clone(),
                faces: s.faces(&format!("listen.{row}.faces"))?,
                unterminated: (unterminated_ms > 0)
                    .then(|| Duration::from_millis(unterminated_ms.into())),
                tls: match s.text(&format!("listen.{row}.tls")) {
                    "required" => TlsUse::Required,
                    "detect" => TlsUse::Detect,
                    _ => TlsUse::Off,
                },
                proxies: s.peers(&format!("listen.{row}.proxy_from"))?.clone(),
            })
        };
        (0..s.rows("listen")).filter_map(listener).collect()
    }
}

/// Has the configuration read again, as a signal does.
fn reread() {
    if let Err(error) = signal_hook::low_level::raise(signal_hook::consts::SIGHUP) {
        tracing::error!("cannot ask for the configuration to be read again: {error}");
    }
}

/// The machine's name, if it can be shown; `chinwag` otherwise.
pub(crate) fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    match Kind::Word.read_plain(&name) {
        Some(_) => name,
        None => "chinwag".to_owned(),
    }
}

#[cfg(test)]
mod tests;
