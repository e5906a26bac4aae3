//! `chinwag check`: the effective configuration, as TOML, with where each value came from.

use crate::config::{Config, Setting, Settings};

/// The configuration as TOML; secrets are left out.
pub(crate) fn show(config: &Config) -> String {
    let mut out = String::new();
    let mut table = String::new();
    for (path, setting) in in_order(config.settings()) {
        let (of, name) = path.rsplit_once('.').unwrap_or(("", path));
        if of != table {
            table = of.to_owned();
            let heading = match of.rsplit_once('.') {
                Some((rows, number)) if number.parse::<usize>().is_ok() => format!("[[{rows}]]"),
                _ => format!("[{of}]"),
            };
            let blank = if out.is_empty() { "" } else { "\n" };
            out.push_str(&format!("{blank}{heading}\n"));
        }
        let origin = &setting.origin;
        if setting.secret && !setting.value.text().is_empty() {
            out.push_str(&format!("# {name} is set, and not shown  # {origin}\n"));
        } else {
            out.push_str(&format!("{name} = {}  # {origin}\n", setting.value));
        }
    }
    out
}

/// Tables with rows of their own behind the values that stand before them.
fn in_order(settings: &Settings) -> impl Iterator<Item = (&str, &Setting)> {
    let mut all: Vec<_> = settings.iter().collect();
    all.sort_by_key(|(path, _)| path.rsplit_once('.').map(|(table, _)| table.to_owned()));
    all.into_iter()
}
