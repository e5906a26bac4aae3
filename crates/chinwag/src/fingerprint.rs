//! Fingerprints of certificates.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a certificate in DER. Read and shown as 64 hexadecimal digits, with or without
/// colons between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// A certificate's.
    pub(crate) fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| *c != ':')
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or("give hexadecimal digits, with or without colons")?;
        let bytes: Vec<u8> =
            digits.chunks(2).map(|two| two.iter().fold(0, |n, d| n << 4 | d)).collect();
        let count = digits.len();
        match bytes.try_into() {
            Ok(bytes) if count == 64 => Ok(Self(bytes)),
            _ => Err(format!("a SHA-256 fingerprint has 64 digits; here are {count}")),
        }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let colon = if at > 0 { ":" } else { "" };
            write!(f, "{colon}{byte:02X}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_it_is_shown_and_without_colons() {
        let shown: Vec<_> = (0..32u8).map(|n| format!("{:02X}", n * 7)).collect();
        let shown = shown.join(":");
        for text in [shown.clone(), shown.replace(':', ""), shown.to_lowercase()] {
            assert_eq!(text.parse::<Fingerprint>().unwrap().to_string(), shown);
        }
        for text in ["", "12", "xy", &shown[..shown.len() - 1], &format!("{shown}:00")] {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
    }
}
