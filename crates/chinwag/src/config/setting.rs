//! Settings by path, each with where it came from.

use std::collections::BTreeMap;
use std::fmt;

use chinwag_server::options::{Address, Faces, Peers};

use super::kind::Value;
use super::schema::{Default, KEYS, Key, OPTIONAL, find, nearest, spoken};

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
    /// The tables that someone wrote, rows one by one, and where they did so first.
    tables: BTreeMap<String, Origin>,
}

/// Why a configuration is not taken: one line that says where and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{}", printable(&format!("{place}: {what}")))]
pub(crate) struct ConfigError {
    place: String,
    what: String,
}

impl ConfigError {
    /// What is wrong with a value, or with what stands in a value's place.
    pub(super) fn at(origin: &Origin, what: String) -> Self {
        Self { place: origin.to_string(), what }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file, line) => write!(f, "{}:{line}", printable(file)),
            Self::Environment(name) => f.write_str(name),
            Self::Option(name) => f.write_str(name),
        }
    }
}

impl Settings {
    /// The tables in the order in which people read them: the heading, and names with settings.
    pub(crate) fn tables(&self) -> impl Iterator<Item = (String, Vec<(&'static str, &Setting)>)> {
        let tables = KEYS.chunk_by(|one, next| one.table_and_name().0 == next.table_and_name().0);
        let instances = tables.flat_map(|keys| {
            let table = keys.first().map_or("", |key| key.table_and_name().0);
            self.instances(table).into_iter().map(move |instance| (table, instance, keys))
        });
        instances.filter_map(|(table, instance, keys)| {
            let heading = match table.strip_suffix(".*") {
                Some(rows) => format!("[[{rows}]]"),
                None => format!("[{table}]"),
            };
            let named = |key: &'static Key| {
                let name = key.table_and_name().1;
                Some((name, self.get(&format!("{instance}.{name}"))?))
            };
            let settings: Vec<_> = keys.iter().filter_map(named).collect();
            (!settings.is_empty()).then_some((heading, settings))
        })
    }

    /// A setting.
    pub(crate) fn get(&self, path: &str) -> Option<&Setting> {
        self.by_path.get(path)
    }

    /// A setting's text; empty where there is none.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.get(path).map_or("", |setting| setting.value.text())
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

    /// A setting's address.
    pub(crate) fn address(&self, path: &str) -> Option<&Address> {
        match self.get(path).map(|setting| &setting.value) {
            Some(Value::Address(address)) => Some(address),
            _ => None,
        }
    }

    /// A setting's faces.
    pub(crate) fn faces(&self, path: &str) -> Option<Faces> {
        match self.get(path).map(|setting| &setting.value) {
            Some(Value::Faces(faces)) => Some(*faces),
            _ => None,
        }
    }

    /// The addresses that a setting names.
    pub(crate) fn peers(&self, path: &str) -> Option<&Peers> {
        match self.get(path).map(|setting| &setting.value) {
            Some(Value::Peers(peers)) => Some(peers),
            _ => None,
        }
    }

    /// How many rows a table of rows has.
    pub(crate) fn rows(&self, table: &str) -> usize {
        self.row_numbers(table).count()
    }

    /// Notes that someone wrote a table.
    pub(super) fn open_table(&mut self, path: &str, origin: Origin) {
        self.tables.entry(path.to_owned()).or_insert(origin);
    }

    /// Takes away a table's rows from this one on.
    pub(super) fn cut_rows(&mut self, table: &str, rows: usize) {
        let stays = |path: &str| row_of(path, table).is_none_or(|row| row < rows);
        self.by_path.retain(|path, _| stays(path));
        self.tables.retain(|path, _| stays(path));
    }

    /// Sets what `read` makes of a setting that there is.
    pub(super) fn set(
        &mut self,
        path: &str,
        origin: Origin,
        read: impl FnOnce(&Key) -> Option<Value>,
    ) -> Result<(), ConfigError> {
        let Some(key) = find(path) else {
            let hint = match nearest(path) {
                Some(name) => format!("did you mean {name}?"),
                None => "chinwag.example.toml has all there are".to_owned(),
            };
            return Err(ConfigError::at(
                &origin,
                format!("{} is no setting; {hint}", spoken(path)),
            ));
        };
        let Some(value) = read(key) else {
            let what = format!("{} takes {}", spoken(path), key.kind.takes());
            return Err(ConfigError::at(&origin, what));
        };
        if let Some((table, _)) = path.rsplit_once('.') {
            self.open_table(table, origin.clone());
        }
        self.by_path.insert(path.to_owned(), Setting { value, origin, secret: key.secret });
        Ok(())
    }

    /// Fills in what was not said. There is one listener at least.
    pub(super) fn complete(&mut self, host_name: &str) -> Result<(), ConfigError> {
        self.open_table("listen.0", Origin::Default);
        self.check_rows()?;
        for key in KEYS {
            let (table, name) = key.table_and_name();
            for instance in self.instances(table) {
                let path = format!("{instance}.{name}");
                if self.by_path.contains_key(&path) {
                    continue;
                }
                let certificate = self.by_path.contains_key("tls.certificate");
                let default = match key.default {
                    Default::Plain(text) => text,
                    Default::HostName => host_name,
                    Default::Tls => {
                        if certificate {
                            "detect"
                        } else {
                            "off"
                        }
                    }
                    Default::Required => return Err(self.missing(&instance, key)),
                };
                self.set(&path, Origin::Default, |key| key.kind.read_plain(default))?;
            }
        }
        Ok(())
    }

    /// Variables can name any row; those that there are have to be the first ones.
    fn check_rows(&self) -> Result<(), ConfigError> {
        for table in ["listen", "operator"] {
            for (expected, row) in self.row_numbers(table).enumerate() {
                if row != expected {
                    let origin = self.tables.get(&format!("{table}.{row}"));
                    let what = format!(
                        "there is no {table} {expected}, so none can be {row}; count from 0"
                    );
                    return Err(ConfigError::at(origin.unwrap_or(&Origin::Default), what));
                }
            }
        }
        Ok(())
    }

    fn missing(&self, instance: &str, key: &Key) -> ConfigError {
        let origin = self.tables.get(instance).unwrap_or(&Origin::Default);
        let path = spoken(key.path);
        let table = path.split('.').next().unwrap_or_default();
        let takes = key.kind.takes();
        let what = format!("{path} is missing; set it to {takes}, or take {table} out");
        ConfigError::at(origin, what)
    }

    /// The tables that a table of the schema stands for: itself, its rows, or none.
    fn instances(&self, table: &str) -> Vec<String> {
        match table.strip_suffix(".*") {
            Some(rows) => self.row_numbers(rows).map(|row| format!("{rows}.{row}")).collect(),
            None if OPTIONAL.contains(&table) && !self.tables.contains_key(table) => Vec::new(),
            None => vec![table.to_owned()],
        }
    }

    /// The numbers of a table's rows, rising.
    fn row_numbers(&self, table: &str) -> impl Iterator<Item = usize> {
        let mut rows: Vec<_> = self.tables.keys().filter_map(|path| row_of(path, table)).collect();
        rows.sort_unstable();
        rows.into_iter()
    }
}

/// The number of the row that a path is in, or is.
fn row_of(path: &str, table: &str) -> Option<usize> {
    path.strip_prefix(table)?.strip_prefix('.')?.split('.').next()?.parse().ok()
}

/// The text without what a terminal would obey, in one line.
fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}
