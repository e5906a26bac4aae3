//! The mechanism SCRAM-SHA-256, the server's side: a client shows that it has the password without
//! sending it, and the server that it has the credential.
//!
//! Spec: RFC 5802, RFC 7677. Without channel binding. Randomness comes in as an argument.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::credential::ScramCredential;
use super::hmac::{Hash, Hmac, are_equal, hash, xor};

/// Bytes of the longest nonce that is read.
pub const NONCE_BYTES_MAX: usize = 256;

/// A client's first message: who it says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFirst {
    name: String,
    authzid: String,
    /// What stands before the bare message, and comes again in the last one, in base64.
    header: String,
    bare: String,
    nonce: String,
}

/// An exchange that waits for the client's final message.
#[derive(Clone, Debug)]
pub struct Exchange {
    credential: ScramCredential,
    header: String,
    client_bare: String,
    /// The client's nonce and the server's, one after the other.
    nonce: String,
    server_first: String,
}

/// Why an exchange fails. All of it is numeric 904 in IRC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScramError {
    /// A message has not the form that RFC 5802 section 7 gives it.
    #[error("a message of another form")]
    Encoding,
    /// The name holds a `=` that is neither `=2C` nor `=3D`.
    #[error("a name that is not escaped as it must be")]
    NameEncoding,
    /// The client demands an extension.
    #[error("an extension that the client demands")]
    Extension,
    /// The client demands channel binding.
    #[error("channel binding, which there is not")]
    ChannelBinding,
    /// The last message is about another channel binding or nonce than the first.
    #[error("a final message that does not belong to the first")]
    Mismatch,
    /// The password is wrong, or nobody bears the name.
    #[error("a proof of another password")]
    Proof,
}

impl ScramError {
    /// The message that tells the client of the failure: `e=` and a word of RFC 5802 section 7.
    #[must_use]
    pub fn server_final(self) -> &'static str {
        match self {
            Self::Encoding => "e=invalid-encoding",
            Self::NameEncoding => "e=invalid-username-encoding",
            Self::Extension => "e=extensions-not-supported",
            Self::ChannelBinding => "e=channel-binding-not-supported",
            Self::Mismatch => "e=channel-bindings-dont-match",
            Self::Proof => "e=invalid-proof",
        }
    }
}

impl ClientFirst {
    /// Reads a client's first message. Its length is bounded by what put it together.
    ///
    /// # Errors
    /// All of [`ScramError`] but [`Mismatch`](ScramError::Mismatch) and
    /// [`Proof`](ScramError::Proof).
    pub fn parse(message: &[u8]) -> Result<Self, ScramError> {
        let message = text(message)?;
        let (binding, rest) = message.split_once(',').ok_or(ScramError::Encoding)?;
        match binding {
            // `y` says: I could, but I believe that you can not; and that is so.
            "n" | "y" => {}
            _ if binding.starts_with("p=") => return Err(ScramError::ChannelBinding),
            _ => return Err(ScramError::Encoding),
        }
        let (authzid, bare) = rest.split_once(',').ok_or(ScramError::Encoding)?;
        let header = message.strip_suffix(bare).unwrap_or_default();
        let authzid = match authzid {
            "" => String::new(),
            authzid => parse_name(attribute(Some(authzid), "a=")?)?,
        };
        let mut attributes = bare.split(',');
        let first = attributes.next();
        if first.is_some_and(|first| first.starts_with("m=")) {
            return Err(ScramError::Extension);
        }
        let name = parse_name(attribute(first, "n=")?)?;
        let nonce = attribute(attributes.next(), "r=")?;
        // What follows are extensions that may be passed over.
        if !is_nonce(nonce) {
            return Err(ScramError::Encoding);
        }
        Ok(Self {
            name,
            authzid,
            header: STANDARD.encode(header),
            bare: bare.to_owned(),
            nonce: nonce.to_owned(),
        })
    }

    /// Who the client says it is; not empty.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whom the client wants to act as; empty for whom it proves to be.
    #[must_use]
    pub fn authzid(&self) -> &str {
        &self.authzid
    }

    /// Answers with the name's credential: for a name that nobody bears, a
    /// [fake](ScramCredential::fake).
    ///
    /// The nonce is new for each exchange, cannot be guessed (16 random bytes or more), and stands
    /// in printable ASCII without comma: base64 or hexadecimal digits.
    #[must_use]
    pub fn answer(self, credential: ScramCredential, server_nonce: &str) -> Exchange {
        debug_assert!(is_nonce(server_nonce), "a server's nonce is printable: {server_nonce:?}");
        let nonce = self.nonce + server_nonce;
        let salt = STANDARD.encode(&credential.salt);
        let server_first = format!("r={nonce},s={salt},i={}", credential.iterations);
        Exchange { credential, header: self.header, client_bare: self.bare, nonce, server_first }
    }
}

impl Exchange {
    /// The server's first message: nonce, salt, iterations.
    #[must_use]
    pub fn server_first(&self) -> &str {
        &self.server_first
    }

    /// Reads the client's final message, and gives the server's, which proves the server to the
    /// client: the client has the password.
    ///
    /// # Errors
    /// [`ScramError::Encoding`], [`ScramError::Mismatch`] or [`ScramError::Proof`].
    pub fn finish(self, client_final: &[u8]) -> Result<String, ScramError> {
        let message = text(client_final)?;
        let (unproved, proof) = message.rsplit_once(",p=").ok_or(ScramError::Encoding)?;
        let mut attributes = unproved.split(',');
        let header = attribute(attributes.next(), "c=")?;
        let nonce = attribute(attributes.next(), "r=")?;
        if header != self.header || nonce != self.nonce {
            return Err(ScramError::Mismatch);
        }
        let proof = STANDARD.decode(proof).map_err(|_| ScramError::Encoding)?;
        let proof: Hash = proof.try_into().map_err(|_| ScramError::Encoding)?;

        let said = format!("{},{},{unproved}", self.client_bare, self.server_first);
        let sign = |key: &Hash| Hmac::new(key).code(&[said.as_bytes()]);
        let client_key = xor(proof, sign(&self.credential.stored_key));
        if !are_equal(hash(&client_key), self.credential.stored_key) {
            return Err(ScramError::Proof);
        }
        Ok(format!("v={}", STANDARD.encode(sign(&self.credential.server_key))))
    }
}

fn text(message: &[u8]) -> Result<&str, ScramError> {
    std::str::from_utf8(message)
        .ok()
        .filter(|text| !text.contains('\0'))
        .ok_or(ScramError::Encoding)
}

fn attribute<'a>(attribute: Option<&'a str>, key: &str) -> Result<&'a str, ScramError> {
    attribute.and_then(|attribute| attribute.strip_prefix(key)).ok_or(ScramError::Encoding)
}

/// Reads a name in which `=2C` stands for a comma and `=3D` for `=`.
fn parse_name(text: &str) -> Result<String, ScramError> {
    let mut parts = text.split('=');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (char, rest) = match part.split_at_checked(2) {
            Some(("2C" | "2c", rest)) => (',', rest),
            Some(("3D" | "3d", rest)) => ('=', rest),
            _ => return Err(ScramError::NameEncoding),
        };
        name.push(char);
        name.push_str(rest);
    }
    if name.is_empty() { Err(ScramError::NameEncoding) } else { Ok(name) }
}

fn is_nonce(text: &str) -> bool {
    (1..=NONCE_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sasl::hmac::stretch;

    const CLIENT_NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
    const SERVER_NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

    fn pencil() -> ScramCredential {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").expect("base64");
        ScramCredential::derive("pencil", &salt, 4096)
    }

    fn exchange(credential: ScramCredential) -> Exchange {
        let first = format!("n,,n=user,r={CLIENT_NONCE}");
        let first = ClientFirst::parse(first.as_bytes()).expect("a first message");
        first.answer(credential, SERVER_NONCE)
    }

    /// A client's final message, as a client works it out.
    fn client_final(password: &str, exchange: &Exchange, unproved: &str) -> String {
        let ScramCredential { salt, iterations, .. } = &exchange.credential;
        let salted = Hmac::new(&stretch(password.as_bytes(), salt, *iterations));
        let client_key = salted.code(&[b"Client Key"]);
        let said = format!("{},{},{unproved}", exchange.client_bare, exchange.server_first());
        let proof = xor(client_key, Hmac::new(&hash(&client_key)).code(&[said.as_bytes()]));
        format!("{unproved},p={}", STANDARD.encode(proof))
    }

    #[test]
    fn the_exchange_is_that_of_the_standard() {
        let exchange = exchange(pencil());
        assert_eq!(
            exchange.server_first(),
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        );
        let client_final = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(
            exchange.finish(client_final.as_bytes()).as_deref(),
            Ok("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
        );
    }

    #[test]
    fn a_first_message_says_who_comes() {
        for (message, read) in [
            ("n,,n=user,r=abc", Ok(("user", ""))),
            ("y,,n=user,r=abc", Ok(("user", ""))),
            ("n,a=bo,n=ana,r=abc,x=more", Ok(("ana", "bo"))),
            ("n,a=b=2Co,n=a=3Dn=2ca,r=!~", Ok(("a=n,a", "b,o"))),
            ("n,,n=éa,r=abc", Ok(("éa", ""))),
            ("p=tls-unique,,n=user,r=abc", Err(ScramError::ChannelBinding)),
            ("n,,m=x,n=user,r=abc", Err(ScramError::Extension)),
            ("n,,n=a=b,r=abc", Err(ScramError::NameEncoding)),
            ("n,,n=a=2,r=abc", Err(ScramError::NameEncoding)),
            ("n,,n==é2C,r=abc", Err(ScramError::NameEncoding)),
            ("n,,n=,r=abc", Err(ScramError::NameEncoding)),
            ("n,a=,n=a,r=abc", Err(ScramError::NameEncoding)),
            ("x,,n=user,r=abc", Err(ScramError::Encoding)),
            ("n,b,n=user,r=abc", Err(ScramError::Encoding)),
            ("n,,n=user", Err(ScramError::Encoding)),
            ("n,,n=user,r=", Err(ScramError::Encoding)),
            ("n,,n=user,r=a b", Err(ScramError::Encoding)),
            ("n,,n=us\0er,r=abc", Err(ScramError::Encoding)),
            ("n,,r=abc,n=user", Err(ScramError::Encoding)),
            ("n", Err(ScramError::Encoding)),
            ("", Err(ScramError::Encoding)),
        ] {
            let first = ClientFirst::parse(message.as_bytes());
            let first = first.as_ref().map(|first| (first.name(), first.authzid()));
            assert_eq!(first, read.as_ref().map(|read| *read), "{message}");
        }
        let long = format!("n,,n=user,r={}", "x".repeat(NONCE_BYTES_MAX + 1));
        assert_eq!(ClientFirst::parse(long.as_bytes()), Err(ScramError::Encoding));
        assert_eq!(ClientFirst::parse(b"n,,n=\xff,r=a"), Err(ScramError::Encoding));
    }

    #[test]
    fn a_final_message_proves_the_password_of_this_exchange() {
        let nonce = format!("{CLIENT_NONCE}{SERVER_NONCE}");
        let right = format!("c=biws,r={nonce}");
        for (password, unproved, failure) in [
            ("pencil", &*right, None),
            ("pencil", &format!("{right},x=more"), None),
            ("pencil ", &right, Some(ScramError::Proof)),
            ("", &right, Some(ScramError::Proof)),
            ("pencil", &format!("c=eSws,r={nonce}"), Some(ScramError::Mismatch)),
            ("pencil", &format!("c=biws,r={CLIENT_NONCE}"), Some(ScramError::Mismatch)),
            ("pencil", &format!("c=biws,r={nonce}x"), Some(ScramError::Mismatch)),
            ("pencil", &format!("r={nonce},c=biws"), Some(ScramError::Encoding)),
            ("pencil", "c=biws", Some(ScramError::Encoding)),
        ] {
            let exchange = exchange(pencil());
            let message = client_final(password, &exchange, unproved);
            assert_eq!(exchange.finish(message.as_bytes()).err(), failure, "{message}");
        }
    }

    #[test]
    fn a_proof_has_the_length_of_a_hash() {
        let right = format!("c=biws,r={CLIENT_NONCE}{SERVER_NONCE}");
        for message in ["", ",p=", ",p=AAAA", ",p=!", &format!(",p={}", "A".repeat(44))] {
            let message = format!("{right}{message}");
            assert_eq!(exchange(pencil()).finish(message.as_bytes()), Err(ScramError::Encoding));
        }
    }

    #[test]
    fn nobody_has_the_password_of_a_fake() {
        let exchange = exchange(ScramCredential::fake(b"secret", "user"));
        let unproved = format!("c=biws,r={CLIENT_NONCE}{SERVER_NONCE}");
        let message = client_final("pencil", &exchange, &unproved);
        assert_eq!(exchange.finish(message.as_bytes()), Err(ScramError::Proof));
    }

    proptest! {
        #[test]
        fn any_first_message_is_read_or_refused(
            message in "([npy](=a)?,)?(a=.{0,3})?(,[nrm]=[a=23CD,é\0]{0,9}){0,4}|\\PC*",
        ) {
            if let Ok(first) = ClientFirst::parse(message.as_bytes()) {
                prop_assert!(!first.name().is_empty());
            }
        }

        #[test]
        fn any_final_message_is_refused(message in "c=(biws)?[,crp=A+/é\0]{0,99}|\\PC*") {
            let exchange = exchange(ScramCredential::fake(b"secret", "user"));
            prop_assert!(exchange.finish(message.as_bytes()).is_err());
        }
    }
}
