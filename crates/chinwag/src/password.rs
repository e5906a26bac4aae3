//! `chinwag hash-password`: asks twice, and gives the argon2id hash in PHC form.

use std::io::{BufRead, IsTerminal, Read};

use anyhow::{Context, Result, ensure};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use zeroize::Zeroizing;

/// The cost that the configuration has by default, as OWASP advises.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// The longest line that is read, in bytes; far above the longest password that anyone can use.
const LINE_BYTES_MAX: u64 = 4096;

/// Asks for a password twice and hashes it.
///
/// # Errors
/// Where nothing was given, or the two differ.
pub(crate) fn hash() -> Result<String> {
    let (one, other) = if std::io::stdin().is_terminal() {
        let ask = |prompt| rpassword::prompt_password(prompt).context("cannot read the password");
        (Zeroizing::new(ask("Password: ")?), Zeroizing::new(ask("Again: ")?))
    } else {
        let mut input = std::io::stdin().lock();
        (read_line(&mut input)?, read_line(&mut input)?)
    };
    ensure!(!one.is_empty(), "no password was given, so nothing was hashed");
    ensure!(one == other, "the two passwords differ, so nothing was hashed; type the same twice");
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).context("cannot hash")?;
    let hasher = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = hasher.hash_password(one.as_bytes()).context("cannot hash")?;
    Ok(hash.to_string())
}

fn read_line(input: &mut impl BufRead) -> Result<Zeroizing<String>> {
    // A buffer that grew would leave parts of the password behind in memory.
    let mut line = Zeroizing::new(String::with_capacity(LINE_BYTES_MAX as usize));
    input.take(LINE_BYTES_MAX).read_line(&mut line).context("cannot read the password")?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}
