//! `chinwag check`: the effective configuration, as TOML, with where each value came from. Warnings
//! stand below it, as comments.

use crate::config::Config;

/// The configuration as TOML; of secrets, only that they are there.
pub(crate) fn show(config: &Config) -> String {
    let mut out = String::new();
    for (heading, settings) in config.settings().tables() {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&heading);
        out.push('\n');
        for (name, setting) in settings {
            let origin = &setting.origin;
            if setting.secret && !setting.value.text().is_empty() {
                out.push_str(&format!("# {name} is set and not shown  # {origin}\n"));
            } else {
                out.push_str(&format!("{name} = {}  # {origin}\n", setting.value));
            }
        }
    }
    for warning in config.warnings() {
        out.push_str(&format!("\n# warning: {warning}\n"));
    }
    out
}
