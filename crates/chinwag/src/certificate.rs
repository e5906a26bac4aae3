//! `chinwag make-certificate`: a certificate that nobody but its owner vouches for.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};

use crate::config::host_name;
use crate::fingerprint::Fingerprint;

const CERTIFICATE: &str = "fullchain.pem";
const KEY: &str = "privkey.pem";

/// How long it holds: as Apple's systems want it of any certificate, the strictest there are
/// (support.apple.com/103769).
const DAYS: u64 = 825;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest name, in bytes (RFC 1035, section 2.3.4).
const NAME_BYTES_MAX: usize = 253;

/// A name or address that a certificate can be for.
pub(crate) fn host(text: &str) -> Result<String, String> {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte);
    let is_name = (1..=NAME_BYTES_MAX).contains(&text.len()) && text.bytes().all(is_letter);
    if is_name || text.parse::<IpAddr>().is_ok() {
        return Ok(text.to_owned());
    }
    Err("give an address, or a name of letters, digits, dots and hyphens; other letters as their \
         xn-- form"
        .to_owned())
}

/// Makes a certificate for these names, writes it and its key to a folder, and gives what to say.
///
/// # Errors
/// Where one of the two files is there already and `force` is not given, or cannot be written.
pub(crate) fn make(names: Vec<String>, folder: &Path, force: bool) -> Result<String> {
    let names = if names.is_empty() { own_names() } else { names };
    let (certificate_path, key_path) = (folder.join(CERTIFICATE), folder.join(KEY));
    for path in [&certificate_path, &key_path] {
        if !force && path.symlink_metadata().is_ok() {
            bail!(
                "{} is there already; choose another folder with --out, or overwrite it with --force",
                path.display()
            );
        }
    }
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("cannot make a key")?;
    let certificate =
        params(&names)?.self_signed(&key).context("cannot make such a certificate")?;
    write(&key_path, &key.serialize_pem(), 0o600)?;
    write(&certificate_path, &certificate.pem(), 0o644)?;
    let certificate_path = std::path::absolute(&certificate_path).unwrap_or(certificate_path);
    let key_path = std::path::absolute(&key_path).unwrap_or(key_path);
    Ok(format!(
        "A certificate for {}, which holds for {DAYS} days.\n\
         Its SHA-256 fingerprint: {}\n\n\
         Put this into chinwag.toml:\n\n\
         [tls]\ncertificate = {:?}\nkey = {:?}\n",
        names.join(", "),
        Fingerprint::of(certificate.der()),
        certificate_path,
        key_path,
    ))
}

fn params(names: &[String]) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(names).context("cannot use these names")?;
    // A clock that is a little slow takes it too.
    let from = SystemTime::now() - DAY;
    params.not_before = from.into();
    params.not_after = (from + DAY * u32::try_from(DAYS).unwrap_or(u32::MAX)).into();
    if let Some(name) = names.first() {
        params.distinguished_name.push(DnType::CommonName, name.as_str());
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// The names that this machine has for itself.
fn own_names() -> Vec<String> {
    let mut names: Vec<_> = host(&host_name()).into_iter().collect();
    for name in ["localhost", "127.0.0.1", "::1"] {
        if !names.iter().any(|own| own == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// Writes a file beside its place first, so that whoever reads it reads all of it.
fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    let new = path.with_extension("pem.new");
    let written = create(&new, mode).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, path)
    });
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    // One that was left behind may be readable by others.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}
