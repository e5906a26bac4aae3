//! The configuration: read from a file, the environment and options, each value with its origin.

mod kind;
mod schema;
mod setting;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chinwag_server::options::{Address, Faces, Limits, ListenOptions, Options, Policy};

pub(crate) use self::setting::{ConfigError, Origin, Setting, Settings};

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
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        });
        self.load_with(environment)
    }

    fn load_with(
        &self,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Config, ConfigError> {
        let mut settings = Settings::default();
        let found = Path::new(FILE).is_file().then(|| PathBuf::from(FILE));
        if let Some(file) = self.file.clone().or(found) {
            let text = std::fs::read_to_string(&file)
                .map_err(|error| ConfigError::unreadable(&file, &error))?;
            settings.read_file(&file, &text)?;
        }
        settings.read_environment(environment)?;
        if !self.listen.is_empty() {
            settings.replace_listeners(&self.listen)?;
        }
        if let Some(data) = &self.data {
            settings.set_data(data)?;
        }
        settings.fill_defaults(&host_name());
        Ok(Config { settings })
    }
}

impl Config {
    /// Every setting, with its origin.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
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

    /// What is asked for and this version does not have: to be told, and not to be passed over.
    pub(crate) fn unsupported(&self) -> Option<String> {
        let set = |path: &str| self.settings.get(path).filter(|s| s.origin != Origin::Default);
        for (path, what) in [("tls.certificate", "TLS"), ("cluster.servers", "a cluster")] {
            if let Some(setting) = set(path) {
                let origin = &setting.origin;
                return Some(format!(
                    "{origin}: this version of chinwag does not do {what} yet; remove {path}"
                ));
            }
        }
        self.listeners().filter_map(|at| set(&format!("listen.{at}.tls"))).find_map(|setting| {
            let required = setting.value.text() == "required";
            let origin = &setting.origin;
            required.then(|| {
                format!("{origin}: this version of chinwag does not do TLS yet; remove tls = \"required\"")
            })
        })
    }

    /// What the server is told.
    pub(crate) fn options(&self) -> Options {
        Options { listeners: self.listen_options(), policy: self.policy() }
    }

    /// What can be changed while the server runs.
    pub(crate) fn policy(&self) -> Policy {
        let s = &self.settings;
        Policy {
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
                outbox_bytes: s.size("limits.outbox_kib") * 1024,
                line_bytes: s.size("limits.line_bytes"),
                presence_notices_max: s.size("limits.presence_notices_max"),
                failed_logins_per_minute: s.count("limits.failed_logins_per_minute"),
                name_time: Duration::from_secs(s.count("limits.name_seconds").into()),
            },
        }
    }

    fn listeners(&self) -> impl Iterator<Item = usize> {
        0..self.settings.rows("listen")
    }

    fn listen_options(&self) -> Vec<ListenOptions> {
        let s = &self.settings;
        let listener = |at| {
            let text = s.text(&format!("listen.{at}.address"));
            let faces = s.texts(&format!("listen.{at}.faces"));
            let has = |name: &str| faces.iter().any(|face| face == name);
            let unterminated_ms = s.count(&format!("listen.{at}.unterminated_ms"));
            Some(ListenOptions {
                address: parse_address(text)?,
                faces: Faces { line: has("line"), irc: has("irc"), web: has("web") },
                unterminated: (unterminated_ms > 0)
                    .then(|| Duration::from_millis(unterminated_ms.into())),
            })
        };
        self.listeners().filter_map(listener).collect()
    }
}

/// Reads `IP:PORT`, `localhost:PORT` or `unix:PATH`.
fn parse_address(text: &str) -> Option<Address> {
    if let Some(path) = text.strip_prefix("unix:") {
        return (!path.is_empty()).then(|| Address::Unix(path.into()));
    }
    let text = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    text.parse().ok().map(Address::Tcp)
}

/// The machine's name, if it can be shown; `chinwag` otherwise.
fn host_name() -> String {
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    if !name.is_empty() && name.chars().all(plain) { name } else { "chinwag".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("c.toml");
        std::fs::write(&file, text).unwrap();
        let source = Source { file: Some(file.clone()), ..Source::default() };
        let environment = environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let shown =
            |error: ConfigError| error.to_string().replace(&file.display().to_string(), "c.toml");
        source.load_with(environment).map_err(shown)
    }

    #[test]
    fn nothing_configured_is_the_default() {
        let config = load("", &[]).unwrap();
        let options = config.options();
        assert_eq!(options.listeners.len(), 1);
        let listener = &options.listeners[0];
        assert_eq!(listener.address.to_string(), "127.0.0.1:8080");
        assert_eq!(listener.faces.to_string(), "line, irc, web");
        assert_eq!(options.policy.limits.line_bytes, 4096);
        assert_eq!(config.data(), PathBuf::from("chinwag-data"));
        assert_eq!(config.unsupported(), None);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, message) in [
            (
                "[server]\nnmae = \"x\"",
                "c.toml:2: server.nmae is no setting; did you mean server.name?",
            ),
            ("\nfoo = 1", "c.toml:2: foo is no setting"),
            (
                "[limits]\nline_bytes = \"x\"",
                "c.toml:2: limits.line_bytes takes a number from 512 to 16384",
            ),
            (
                "[limits]\n\nline_bytes = 1",
                "c.toml:3: limits.line_bytes takes a number from 512 to 16384",
            ),
            (
                "[server]\nname = 5",
                "c.toml:2: server.name takes a text of 1 to 63 characters without blanks",
            ),
            ("[accounts]\nguests = \"yes\"", "c.toml:2: accounts.guests takes true or false"),
            (
                "[[listen]]\naddress = \"nowhere\"",
                "c.toml:2: listen.address takes an IP address with a port, as \"0.0.0.0:8080\" or \"[::]:8080\", or \"unix:PATH\"",
            ),
            (
                "[[listen]]\nfaces = [\"line\", \"fax\"]",
                "c.toml:2: listen.faces takes a list of \"line\", \"irc\", \"web\"",
            ),
            (
                "[[operator]]\nname = \"a\"\npassword_hash = \"x\"",
                "c.toml:3: operator.password_hash takes what `chinwag hash-password` prints",
            ),
            (
                "[log]\nlevel = \"loud\"",
                "c.toml:2: log.level takes one of \"error\", \"warn\", \"info\", \"debug\", \"trace\"",
            ),
            ("[server", "c.toml:1: this is not TOML: unclosed table, expected `]`"),
            ("listen = 5", "c.toml:1: listen takes tables: [[listen]]"),
            ("server = 5", "c.toml:1: server takes a table: [server]"),
        ] {
            assert_eq!(load(text, &[]).map(|_| ()), Err(message.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn the_environment_is_before_the_file() {
        let text = "[server]\nname = \"file\"\n[[listen]]\naddress = \"0.0.0.0:1\"";
        let environment = [
            ("CHINWAG_SERVER__NAME", "env"),
            ("CHINWAG_LISTEN__0__ADDRESS", "127.0.0.1:2"),
            ("CHINWAG_LIMITS__LINES_PER_SECOND", "0"),
            ("CHINWAG_UNRELATED", "left alone"),
        ];
        let options = load(text, &environment).unwrap().options();
        assert_eq!(options.policy.name, "env");
        assert_eq!(options.policy.limits.lines_per_second, 0);
        assert_eq!(options.listeners[0].address.to_string(), "127.0.0.1:2");
        let wrong = load("", &[("CHINWAG_SERVER__NMAE", "x")]).map(|_| ());
        let message = "CHINWAG_SERVER__NMAE: server.nmae is no setting; did you mean server.name?";
        assert_eq!(wrong, Err(message.to_owned()));
    }

    #[test]
    fn what_this_version_does_not_do_is_said() {
        for (text, what) in [
            ("[tls]\ncertificate = \"a\"", "TLS"),
            ("[[listen]]\ntls = \"required\"", "TLS"),
            ("[cluster]\nservers = [\"nats://a\"]", "a cluster"),
        ] {
            let said = load(text, &[]).unwrap().unsupported().unwrap();
            assert!(said.contains(&format!("does not do {what} yet")), "{said}");
        }
    }

    const EXAMPLE: &str = include_str!("../../../chinwag.example.toml");

    #[test]
    fn the_example_is_the_default() {
        let (example, default) = (load(EXAMPLE, &[]).unwrap(), load("", &[]).unwrap());
        let values = |config: &Config| -> Vec<(String, String)> {
            let all = config.settings().iter();
            all.map(|(path, setting)| (path.to_owned(), setting.value.to_string())).collect()
        };
        assert_eq!(values(&example), values(&default));
    }

    #[test]
    fn the_example_has_every_setting() {
        let begins = |line: &str| line.starts_with(|c: char| c.is_ascii_lowercase() || c == '[');
        let set = |line: &str| match line.strip_prefix('#').filter(|rest| begins(rest)) {
            Some(rest) => format!("{rest}\n"),
            None => format!("{line}\n"),
        };
        let all: String = EXAMPLE.lines().map(set).collect();
        let config = load(&all, &[]).unwrap();
        for key in schema::KEYS {
            let path = key.path.replace('*', "0");
            let setting = config.settings().get(&path);
            let found = setting.is_some_and(|setting| setting.origin != Origin::Default);
            assert!(found, "{path} is not in chinwag.example.toml");
        }
    }

    #[test]
    fn what_check_prints_is_the_same_configuration() {
        let config = load("[server]\nname = \"x\"\n[[listen]]\nfaces = [\"line\"]", &[]).unwrap();
        let shown = crate::check::show(&config);
        assert!(shown.contains("name = \"x\"  # c.toml:2") || shown.contains(":2"), "{shown}");
        let again = load(&shown, &[]).unwrap();
        for (path, setting) in config.settings().iter() {
            let value = again.settings().get(path).map(|other| &other.value);
            assert_eq!(value, Some(&setting.value), "{path} in\n{shown}");
        }
    }
}
