//! What a server keeps of a password for SCRAM-SHA-256.
//!
//! Spec: RFC 5802 section 3, RFC 7677.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::hmac::{Hmac, hash, stretch};

/// How often a new password is hashed. Clients repeat the work each time they come, telephones
/// too; RFC 7677 asks for 4096 at least.
pub const ITERATIONS: u32 = 10_000;

/// Bytes of the longest salt that is read.
pub const SALT_BYTES_MAX: usize = 64;

/// Bytes of the salt of a [fake](ScramCredential::fake) credential. Real ones show that they are
/// real if theirs are not as long.
pub const SALT_BYTES: usize = 16;

const NAME: &str = "SCRAM-SHA-256";

/// What a server keeps of a password. Whoever steals it cannot log in with it, but can guess
/// passwords and, having watched a login, pass for the client.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramCredential {
    /// Random bytes, 1 to [`SALT_BYTES_MAX`], sent to whoever asks for the name.
    pub salt: Box<[u8]>,
    /// How often the password was hashed, at least once; sent likewise.
    pub iterations: u32,
    /// What shows that a client has the password.
    pub stored_key: [u8; 32],
    /// What shows the client that the server has its credential.
    pub server_key: [u8; 32],
}

/// Why a text is no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a credential that is not SCRAM-SHA-256$ITERATIONS:SALT$STORED_KEY:SERVER_KEY")]
pub struct BadCredential;

impl ScramCredential {
    /// Hashes a password, taken as it is: whoever wants it normalised (RFC 5802 asks for
    /// `SASLprep`, which leaves ASCII alone) does so before.
    ///
    /// It takes milliseconds with [`ITERATIONS`], in proportion to them; zero count as one.
    #[must_use]
    pub fn derive(password: &str, salt: &[u8], iterations: u32) -> Self {
        let salted = Zeroizing::new(stretch(password.as_bytes(), salt, iterations));
        let salted = Hmac::new(&*salted);
        Self {
            salt: salt.into(),
            iterations: iterations.max(1),
            stored_key: hash(&salted.code(&[b"Client Key"])),
            server_key: salted.code(&[b"Server Key"]),
        }
    }

    /// A credential that nobody has the password of, always the same for a name: so an exchange
    /// goes for a name that nobody bears as for others, and fails at its end.
    ///
    /// `secret` is the server's own, random and of 16 bytes or more; the name is best folded, as
    /// names are compared. It has [`ITERATIONS`] and a salt of [`SALT_BYTES`].
    #[must_use]
    pub fn fake(secret: &[u8], name: &str) -> Self {
        let hmac = Hmac::new(secret);
        let part = |label: &str| hmac.code(&[label.as_bytes(), &[0], name.as_bytes()]);
        let salt = part("salt").into_iter().take(SALT_BYTES).collect();
        // Keys are hashes, so no client can know what hashes to this one.
        let (stored_key, server_key) = (part("stored key"), part("server key"));
        Self { salt, iterations: ITERATIONS, stored_key, server_key }
    }

    /// Reads what [`to_text`](Self::to_text) wrote.
    ///
    /// # Errors
    /// [`BadCredential`], for another mechanism's too.
    pub fn parse(text: &str) -> Result<Self, BadCredential> {
        let mut parts = text.splitn(3, '$');
        let mut next = || parts.next().ok_or(BadCredential);
        if next()? != NAME {
            return Err(BadCredential);
        }
        let (iterations, salt) = next()?.split_once(':').ok_or(BadCredential)?;
        let (stored_key, server_key) = next()?.split_once(':').ok_or(BadCredential)?;
        let iterations: u32 = iterations.parse().map_err(|_| BadCredential)?;
        let salt = decode(salt)?;
        if iterations == 0 || !(1..=SALT_BYTES_MAX).contains(&salt.len()) {
            return Err(BadCredential);
        }
        let key = |text| decode(text)?.try_into().map_err(|_| BadCredential);
        let (stored_key, server_key) = (key(stored_key)?, key(server_key)?);
        Ok(Self { salt: salt.into(), iterations, stored_key, server_key })
    }

    /// The credential as a line of ASCII: `SCRAM-SHA-256$ITERATIONS:SALT$STORED_KEY:SERVER_KEY`,
    /// in base64 but for the first two; as `PostgreSQL` has it.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!(
            "{NAME}${}:{}${}:{}",
            self.iterations,
            STANDARD.encode(&self.salt),
            STANDARD.encode(self.stored_key),
            STANDARD.encode(self.server_key)
        )
    }
}

impl std::fmt::Debug for ScramCredential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { salt, iterations, stored_key: _, server_key: _ } = self;
        f.debug_struct("ScramCredential")
            .field("salt", salt)
            .field("iterations", iterations)
            .finish_non_exhaustive()
    }
}

fn decode(text: &str) -> Result<Vec<u8>, BadCredential> {
    STANDARD.decode(text).map_err(|_| BadCredential)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_credential_is_read_as_it_was_written() {
        let credential = ScramCredential::derive("pencil", b"0123456789abcdef", 3);
        assert_eq!(ScramCredential::parse(&credential.to_text()), Ok(credential));
    }

    /// The password `pencil` with the salt of RFC 7677 section 3.
    #[test]
    fn a_credential_is_the_one_that_others_derive() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").expect("base64");
        let text = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==\
            $WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
        assert_eq!(ScramCredential::derive("pencil", &salt, 4096).to_text(), text);
    }

    #[test]
    fn what_is_no_credential_is_refused() {
        let key = STANDARD.encode([7; 32]);
        let good = format!("SCRAM-SHA-256$1:AA==${key}:{key}");
        assert!(ScramCredential::parse(&good).is_ok());
        for (from, to) in [
            ("256", "1"),
            ("$1:", "$0:"),
            ("$1:", "$-1:"),
            ("$1:", "$5000000000:"),
            ("$1:", "$1"),
            ("AA==", ""),
            ("AA==", "A"),
            ("AA==", &"AAAA".repeat(22)),
            (&*key, "AAAA"),
            (":B", "B"),
            ("=", "=:"),
        ] {
            assert!(good.contains(from), "{from:?} stands for what is replaced");
            let bad = good.replace(from, to);
            assert_eq!(ScramCredential::parse(&bad), Err(BadCredential), "{bad}");
        }
    }

    #[test]
    fn a_fake_looks_like_a_real_one_and_is_the_same_each_time() {
        let fake = ScramCredential::fake(b"secret", "ana");
        assert_eq!(fake, ScramCredential::fake(b"secret", "ana"));
        assert_eq!((fake.salt.len(), fake.iterations), (SALT_BYTES, ITERATIONS));
        assert_ne!(fake.salt, ScramCredential::fake(b"secret", "bo").salt);
        assert_ne!(fake.salt, ScramCredential::fake(b"other", "ana").salt);
    }

    #[test]
    fn keys_are_not_printed() {
        let text = format!("{:?}", ScramCredential::fake(b"secret", "ana"));
        assert!(!text.contains("key"), "{text}");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(SCRAM-SHA-256)?[$:0-9A-Z=+/]{0,99}|\\PC*") {
            if let Ok(credential) = ScramCredential::parse(&text) {
                prop_assert_eq!(ScramCredential::parse(&credential.to_text()), Ok(credential));
            }
        }
    }
}
