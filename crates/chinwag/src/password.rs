//! `chinwag hash-password`: asks twice, and gives the argon2id hash in PHC form.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, Result, ensure};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use zeroize::Zeroizing;

/// The cost that the configuration has by default, as OWASP advises.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// Asks for a password twice and hashes it.
///
/// # Errors
/// Where nothing was given, or the two differ.
pub(crate) fn hash() -> Result<String> {
    let (one, other) = if std::io::stdin().is_terminal() {
        let ask = |prompt| rpassword::prompt_password(prompt).context("cannot read the password");
        (Zeroizing::new(ask("Password: ")?), Zeroizing::new(ask("Again: ")?))
    } else {
        (read_line()?, read_line()?)
    };
    ensure!(!one.is_empty(), "no password was given");
    ensure!(one == other, "the two differ; nothing was hashed");
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).context("cannot hash")?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = hasher.hash_password(one.as_bytes()).context("cannot hash")?;
    Ok(hash.to_string())
}

fn read_line() -> Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().lock().read_line(&mut line).context("cannot read the password")?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}
