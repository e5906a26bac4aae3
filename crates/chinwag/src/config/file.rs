//! A configuration file.

use std::fs::File;
use std::io::Read;
use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, Item, Key, TableLike, Value as Toml};

use super::schema::{Table, table};
use super::setting::{ConfigError, Origin, Settings};

/// The longest file that is read, in bytes.
const FILE_BYTES_MAX: usize = 1 << 20;

/// Adds what a file says.
pub(super) fn read_file(settings: &mut Settings, path: &Path) -> Result<(), ConfigError> {
    let name = path.display().to_string();
    let unreadable =
        |line, what: String| Err(ConfigError::at(&Origin::File(name.clone(), line), what));
    let mut bytes = Vec::new();
    let limit = FILE_BYTES_MAX as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes));
    if let Err(error) = read {
        return unreadable(1, format!("the file cannot be read: {error}"));
    }
    if bytes.len() > FILE_BYTES_MAX {
        return unreadable(1, format!("a configuration has at most {FILE_BYTES_MAX} bytes"));
    }
    let text = match str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => {
            let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
            let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
            return unreadable(line, "this is not UTF-8".to_owned());
        }
    };
    let place = Place { file: name.clone(), text };
    let document = Document::parse(text).map_err(|error| {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        ConfigError::at(&place.origin(error.span()), format!("this is not TOML: {message}"))
    })?;
    read_table(settings, "", document.as_table(), &place)
}

/// A file's text, in which places are found.
struct Place<'t> {
    file: String,
    text: &'t str,
}

impl Place<'_> {
    fn origin(&self, span: Option<Range<usize>>) -> Origin {
        let before = span.and_then(|span| self.text.get(..span.start)).unwrap_or_default();
        Origin::File(self.file.clone(), before.matches('\n').count() + 1)
    }
}

fn read_table(
    settings: &mut Settings,
    prefix: &str,
    from: &dyn TableLike,
    place: &Place<'_>,
) -> Result<(), ConfigError> {
    for (name, item) in from.iter() {
        let within = |name: &str| match prefix {
            "" => name.to_owned(),
            _ => format!("{prefix}.{name}"),
        };
        let path = within(name);
        let origin = place.origin(from.key(name).and_then(Key::span));
        // A quoted key can hold anything, a dot too, which would make it look like a path.
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        match table(&path).filter(|_| plain) {
            Some(Table::Rows) => {
                let rows = rows(item).ok_or_else(|| {
                    ConfigError::at(&origin, format!("{path} takes tables: [[{path}]]"))
                })?;
                for (number, (span, row)) in rows.into_iter().enumerate() {
                    let path = format!("{path}.{number}");
                    settings.open_table(&path, place.origin(span));
                    read_table(settings, &path, row, place)?;
                }
            }
            Some(Table::One) => {
                let table = item.as_table_like().ok_or_else(|| {
                    ConfigError::at(&origin, format!("{path} takes a table: [{path}]"))
                })?;
                settings.open_table(&path, origin);
                read_table(settings, &path, table, place)?;
            }
            None => {
                let path = if plain { path } else { within(&format!("{name:?}")) };
                settings.set(&path, origin, |key| key.kind.read(item.as_value()?))?;
            }
        }
    }
    Ok(())
}

/// Where a row is in the file, and what it holds.
type Row<'i> = (Option<Range<usize>>, &'i dyn TableLike);

/// The rows of a table, in either way of writing them.
fn rows(item: &Item) -> Option<Vec<Row<'_>>> {
    match item {
        Item::ArrayOfTables(rows) => Some(rows.iter().map(|row| (row.span(), row as _)).collect()),
        Item::Value(Toml::Array(rows)) => {
            rows.iter().map(|row| Some((row.span(), row.as_inline_table()? as _))).collect()
        }
        _ => None,
    }
}
