//! Where the client finds a password without asking for it. A command line is no such place: it is
//! readable by everybody on the machine.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use zeroize::Zeroizing;

/// A password, erased from memory when it is dropped.
pub(super) type Password = Zeroizing<String>;

/// The variable that holds it.
const VARIABLE: &str = "CHINWAG_PASSWORD";

/// The longest file that is read, in bytes; far above the longest password that a server takes.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// The password of the file, or of the environment; `None` if neither is there.
///
/// # Errors
/// Where there is one that cannot be used.
pub(super) fn find(file: Option<&Path>) -> Result<Option<Password>> {
    if let Some(path) = file {
        let read = read_file(path);
        return read.with_context(|| format!("--password-file {}", path.display())).map(Some);
    }
    match std::env::var(VARIABLE).map(Zeroizing::new) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => one_line(&text).context(VARIABLE).map(Some),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => bail!("{VARIABLE}: it is not UTF-8"),
    }
}

fn read_file(path: &Path) -> Result<Password> {
    // A buffer that grew would leave parts of the password behind in memory.
    let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX + 1));
    let file = File::open(path).context("it cannot be opened")?;
    let count = file
        .take(FILE_BYTES_MAX as u64 + 1)
        .read_to_string(&mut text)
        .context("it cannot be read")?;
    ensure!(count <= FILE_BYTES_MAX, "it is too large for a password");
    one_line(&text)
}

fn one_line(text: &str) -> Result<Password> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    ensure!(!line.is_empty(), "it holds no password");
    ensure!(!line.contains(['\n', '\r', '\0']), "it holds more than one line; a password is one");
    Ok(Zeroizing::new(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_one_line() {
        for (text, read) in [
            ("sesame", Some("sesame")),
            ("sesame\n", Some("sesame")),
            ("sesame\r\n", Some("sesame")),
            (" two words ", Some(" two words ")),
            ("", None),
            ("\n", None),
            ("one\ntwo\n", None),
            ("one\n\n", None),
        ] {
            let line = one_line(text).ok();
            assert_eq!(line.as_ref().map(|line| line.as_str()), read, "{text:?}");
        }
    }

    #[test]
    fn a_file_is_read_to_a_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for (text, read) in [("sesame\n".to_owned(), true), ("x".repeat(FILE_BYTES_MAX + 1), false)]
        {
            std::fs::write(&path, text).unwrap();
            assert_eq!(find(Some(&path)).is_ok(), read);
        }
        let error = find(Some(Path::new("/dev/null"))).unwrap_err();
        assert_eq!(format!("{error:#}"), "--password-file /dev/null: it holds no password");
    }
}
