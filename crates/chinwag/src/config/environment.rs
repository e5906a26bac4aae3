//! Variables and options, which stand before the file.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::setting::{ConfigError, Origin, Settings};

/// Adds what variables say: `CHINWAG_SERVER__NAME` is `server.name`, and
/// `CHINWAG_LISTEN__0__ADDRESS` the address of the first `[[listen]]`.
pub(super) fn read_environment(
    settings: &mut Settings,
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<(), ConfigError> {
    for (name, value) in variables {
        // One underscore parts words, two part tables: others' variables have none of these.
        let name = name.to_string_lossy();
        let Some(rest) = name.strip_prefix("CHINWAG_").filter(|rest| rest.contains("__")) else {
            continue;
        };
        let path = rest.to_ascii_lowercase().split("__").map(plain_number).collect::<Vec<_>>();
        let origin = Origin::Environment(name.clone().into_owned());
        set_plain(settings, &path.join("."), &value, origin)?;
    }
    Ok(())
}

/// Listens where `--listen` says; all else is as the configured listener of the same row has it,
/// so that a listener that was closed to some stays so.
pub(super) fn replace_listeners(
    settings: &mut Settings,
    addresses: &[String],
) -> Result<(), ConfigError> {
    settings.cut_rows("listen", addresses.len());
    for (row, address) in addresses.iter().enumerate() {
        let path = format!("listen.{row}.address");
        set_plain(settings, &path, OsStr::new(address), Origin::Option("--listen"))?;
    }
    Ok(())
}

/// Takes the folder that `--data` says.
pub(super) fn replace_data(settings: &mut Settings, folder: &Path) -> Result<(), ConfigError> {
    set_plain(settings, "server.data", folder.as_os_str(), Origin::Option("--data"))
}

fn set_plain(
    settings: &mut Settings,
    path: &str,
    value: &OsStr,
    origin: Origin,
) -> Result<(), ConfigError> {
    // What is not UTF-8 is a value of no kind.
    settings.set(path, origin, |key| key.kind.read_plain(value.to_str()?))
}

/// A row's number in one way of writing it, which is how rows are told apart.
fn plain_number(part: &str) -> String {
    part.parse::<usize>().map_or_else(|_| part.to_owned(), |number| number.to_string())
}
