//! By what push services know the server: a key, and what is signed with it.
//!
//! Spec: RFC 8292; RFC 7515 for the token.

use std::sync::Arc;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// For how long a token is good, in seconds; 24 hours are the most.
const TOKEN_SECONDS: u64 = 12 * 60 * 60;

/// A key of P-256 by which push services know the server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Vapid {
    pair: Arc<EcdsaKeyPair>,
}

impl Vapid {
    /// Makes a key: what is to be kept of it, as PKCS #8 has it. It is secret.
    ///
    /// # Errors
    /// Where the system gives no random numbers.
    pub fn generate() -> Result<Vec<u8>, Unspecified> {
        let kept =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())?;
        Ok(kept.as_ref().to_vec())
    }

    /// Reads what was kept of a key; `None` where it is none.
    #[must_use]
    pub fn read(kept: &[u8]) -> Option<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, kept).ok()?;
        Some(Self { pair: Arc::new(pair) })
    }

    /// The public key, a point of P-256, uncompressed, in the base64 of URLs.
    #[must_use]
    pub fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key())
    }

    /// What a request to a push service is signed with: the value of `Authorization`.
    pub(crate) fn authorization(
        &self,
        origin: &str,
        contact: &str,
        now_seconds: u64,
    ) -> Result<String, Unspecified> {
        let contact = contact.replace('\\', "\\\\").replace('"', "\\\"");
        let until = now_seconds + TOKEN_SECONDS;
        let claims = format!(r#"{{"aud":"{origin}","exp":{until},"sub":"{contact}"}}"#);
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#),
            URL_SAFE_NO_PAD.encode(claims)
        );
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes())?;
        let signature = URL_SAFE_NO_PAD.encode(signature);
        Ok(format!("vapid t={signed}.{signature}, k={}", self.public()))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_token_says_for_whom_and_until_when_and_is_signed() {
        let vapid = Vapid::read(&Vapid::generate().unwrap()).unwrap();
        let value = vapid.authorization("https://push.example", "mailto:\"a\"@b", 100).unwrap();
        let (token, key) = value.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        assert_eq!(key, vapid.public());
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let public = URL_SAFE_NO_PAD.decode(key).unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public)
            .verify(signed.as_bytes(), &signature)
            .unwrap();
        let (_, claims) = signed.split_once('.').unwrap();
        assert_eq!(
            String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap(),
            r#"{"aud":"https://push.example","exp":43300,"sub":"mailto:\"a\"@b"}"#
        );
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert!(Vapid::read(b"no key").is_none());
    }
}
