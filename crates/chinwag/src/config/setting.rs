//! Settings by path, each with where it came from.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use toml_edit::{Document, Item, TableLike};

use super::kind::Value;
use super::schema::{KEYS, find, nearest, spoken, table};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Default,
    /// A file and the line in it, from 1.
    File(String, usize),
    /// A variable.
    Environment(String),
    /// An option.
    Option(&'static str),
}

/// A value and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) value: Value,
    pub(crate) origin: Origin,
    /// Whether it is not to be shown.
    pub(crate) secret: bool,
}

/// Settings by path: `listen.0.address` is the address of the first `[[listen]]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    by_path: BTreeMap<String, Setting>,
}

/// Why a configuration is not taken: one line that says where and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{place}: {what}")]
pub(crate) struct ConfigError {
    place: String,
    what: String,
}

impl ConfigError {
    fn at(origin: &Origin, what: String) -> Self {
        Self { place: origin.to_string(), what }
    }

    pub(crate) fn unreadable(file: &Path, error: &io::Error) -> Self {
        Self { place: file.display().to_string(), what: format!("cannot be read: {error}") }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file, line) => write!(f, "{file}:{line}"),
            Self::Environment(name) => f.write_str(name),
            Self::Option(name) => f.write_str(name),
        }
    }
}

impl Settings {
    /// Every setting, by path.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.by_path.iter().map(|(path, setting)| (path.as_str(), setting))
    }

    /// A setting.
    pub(crate) fn get(&self, path: &str) -> Option<&Setting> {
        self.by_path.get(path)
    }

    /// A setting's text; empty where there is none.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.get(path).map_or("", |setting| setting.value.text())
    }

    /// A setting's texts.
    pub(crate) fn texts(&self, path: &str) -> &[String] {
        match self.get(path).map(|setting| &setting.value) {
            Some(Value::Texts(texts)) => texts,
            _ => &[],
        }
    }

    /// A setting's number, whose bounds its kind has checked.
    pub(crate) fn count(&self, path: &str) -> u32 {
        match self.get(path).map(|setting| &setting.value) {
            Some(Value::Number(number)) => u32::try_from(*number).unwrap_or(0),
            _ => 0,
        }
    }

    /// The same, to count things in memory by.
    pub(crate) fn size(&self, path: &str) -> usize {
        usize::try_from(self.count(path)).unwrap_or(usize::MAX)
    }

    /// Whether a setting is on.
    pub(crate) fn flag(&self, path: &str) -> bool {
        self.get(path).is_some_and(|setting| setting.value == Value::Flag(true))
    }

    /// How many rows a table of rows has.
    pub(crate) fn rows(&self, table: &str) -> usize {
        let begins = format!("{table}.");
        let numbers = self.by_path.keys().filter_map(|path| {
            path.strip_prefix(&begins)?.split('.').next()?.parse::<usize>().ok()
        });
        numbers.max().map_or(0, |last| last + 1)
    }

    pub(super) fn read_file(&mut self, file: &Path, text: &str) -> Result<(), ConfigError> {
        let place = Lines { file: file.display().to_string(), text };
        let document = Document::parse(text).map_err(|error| {
            let origin = place.origin(error.span());
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            ConfigError::at(&origin, format!("this is not TOML: {message}"))
        })?;
        self.read_table("", document.as_table(), &place)
    }

    fn read_table(
        &mut self,
        prefix: &str,
        from: &dyn TableLike,
        place: &Lines<'_>,
    ) -> Result<(), ConfigError> {
        for (name, item) in from.iter() {
            let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
            let origin = place.origin(from.key(name).and_then(toml_edit::Key::span));
            match (table(&path), item) {
                (Some(true), Item::ArrayOfTables(rows)) => {
                    for (at, row) in rows.iter().enumerate() {
                        self.read_table(&format!("{path}.{at}"), row, place)?;
                    }
                }
                (Some(true), _) => {
                    let what = format!("{path} takes tables: [[{path}]]");
                    return Err(ConfigError::at(&origin, what));
                }
                (Some(false), item) => match item.as_table_like() {
                    Some(inner) => self.read_table(&path, inner, place)?,
                    None => {
                        let what = format!("{path} takes a table: [{path}]");
                        return Err(ConfigError::at(&origin, what));
                    }
                },
                (None, item) => self.set(&path, read_value(item), origin)?,
            }
        }
        Ok(())
    }

    pub(super) fn read_environment(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<(), ConfigError> {
        for (name, text) in variables {
            // One underscore parts words, two part tables: others' variables have none of these.
            let Some(rest) = name.strip_prefix("CHINWAG_").filter(|rest| rest.contains("__"))
            else {
                continue;
            };
            let path = rest.to_ascii_lowercase().replace("__", ".");
            let value = find(&path).map(|key| key.kind.read_plain(&text));
            self.set(&path, value, Origin::Environment(name.clone()))?;
        }
        Ok(())
    }

    /// Listens where an option says; all else is as the configured listener of the same row.
    pub(super) fn replace_listeners(&mut self, addresses: &[String]) -> Result<(), ConfigError> {
        let beyond = |path: &str| {
            let row = path.strip_prefix("listen.").and_then(|rest| rest.split('.').next());
            row.and_then(|row| row.parse().ok()).is_some_and(|row: usize| row >= addresses.len())
        };
        self.by_path.retain(|path, _| !beyond(path));
        for (at, address) in addresses.iter().enumerate() {
            let value = Some(Value::Text(address.clone()));
            self.set(&format!("listen.{at}.address"), value, Origin::Option("--listen"))?;
        }
        Ok(())
    }

    pub(super) fn set_data(&mut self, folder: &Path) -> Result<(), ConfigError> {
        let value = Some(Value::Text(folder.to_string_lossy().into_owned()));
        self.set("server.data", value, Origin::Option("--data"))
    }

    /// Fills in what was not said. There is one listener at least.
    pub(super) fn fill_defaults(&mut self, host_name: &str) {
        for key in KEYS {
            let paths = match key.path.split_once(".*") {
                None => vec![key.path.to_owned()],
                Some((table, name)) => {
                    let least = usize::from(table == "listen");
                    let rows = self.rows(table).max(least);
                    (0..rows).map(|row| format!("{table}.{row}{name}")).collect()
                }
            };
            for path in paths {
                if let Some(value) = key.default.value(host_name) {
                    let setting = Setting { value, origin: Origin::Default, secret: key.secret };
                    self.by_path.entry(path).or_insert(setting);
                }
            }
        }
    }

    fn set(&mut self, path: &str, value: Option<Value>, origin: Origin) -> Result<(), ConfigError> {
        let Some(key) = find(path) else {
            let hint = nearest(path).map(|name| format!("; did you mean {name}?"));
            let what = format!("{} is no setting{}", spoken(path), hint.unwrap_or_default());
            return Err(ConfigError::at(&origin, what));
        };
        match value.filter(|value| key.kind.admits(value)) {
            Some(value) => {
                let setting = Setting { value, origin, secret: key.secret };
                self.by_path.insert(path.to_owned(), setting);
                Ok(())
            }
            None => {
                let what = format!("{} takes {}", spoken(path), key.kind.takes());
                Err(ConfigError::at(&origin, what))
            }
        }
    }
}

/// A file's text, in which places are found.
struct Lines<'t> {
    file: String,
    text: &'t str,
}

impl Lines<'_> {
    fn origin(&self, span: Option<std::ops::Range<usize>>) -> Origin {
        let before = span.and_then(|span| self.text.get(..span.start)).unwrap_or_default();
        Origin::File(self.file.clone(), before.matches('\n').count() + 1)
    }
}

fn read_value(item: &Item) -> Option<Value> {
    match item.as_value()? {
        toml_edit::Value::String(text) => Some(Value::Text(text.value().clone())),
        toml_edit::Value::Integer(number) => Some(Value::Number(*number.value())),
        toml_edit::Value::Boolean(flag) => Some(Value::Flag(*flag.value())),
        toml_edit::Value::Array(texts) => {
            let texts = texts.iter().map(|text| text.as_str().map(str::to_owned));
            Some(Value::Texts(texts.collect::<Option<_>>()?))
        }
        _ => None,
    }
}
