//! The mechanism PLAIN: a name and a password, as they are.
//!
//! Spec: RFC 4616.

/// What a client says: who it wants to act as, who it is, and its password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Plain<'a> {
    /// Whom the client wants to act as; empty for whom it proves to be.
    pub authzid: &'a str,
    /// Who the client is; not empty.
    pub authcid: &'a str,
    /// Not empty.
    pub password: &'a str,
}

/// Why a message is none of PLAIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPlain {
    /// It is no UTF-8.
    #[error("a message that is not UTF-8")]
    NotUtf8,
    /// It is not three parts with a NUL between them.
    #[error("a message that is not AUTHZID NUL AUTHCID NUL PASSWORD")]
    Shape,
    /// There is no name or no password.
    #[error("a message without a name or a password")]
    Empty,
}

impl<'a> Plain<'a> {
    /// Reads a client's only message. Its length is bounded by what put it together.
    ///
    /// # Errors
    /// See [`BadPlain`].
    pub fn parse(message: &'a [u8]) -> Result<Self, BadPlain> {
        let message = std::str::from_utf8(message).map_err(|_| BadPlain::NotUtf8)?;
        let (authzid, rest) = message.split_once('\0').ok_or(BadPlain::Shape)?;
        let (authcid, password) = rest.split_once('\0').ok_or(BadPlain::Shape)?;
        if password.contains('\0') {
            return Err(BadPlain::Shape);
        }
        if authcid.is_empty() || password.is_empty() {
            return Err(BadPlain::Empty);
        }
        Ok(Self { authzid, authcid, password })
    }
}

impl std::fmt::Debug for Plain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { authzid, authcid, password: _ } = self;
        f.debug_struct("Plain")
            .field("authzid", authzid)
            .field("authcid", authcid)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_three_parts() {
        for (message, parts) in [
            (&b"\0tim\0tanstaaftanstaaf"[..], Ok(["", "tim", "tanstaaftanstaaf"])),
            (b"Ursel\0Kurt\0xipj3plmq", Ok(["Ursel", "Kurt", "xipj3plmq"])),
            (b"\0a\0 \xc3\xa9 ", Ok(["", "a", " é "])),
            (b"", Err(BadPlain::Shape)),
            (b"a\0b", Err(BadPlain::Shape)),
            (b"\0a\0b\0", Err(BadPlain::Shape)),
            (b"a\0\0b", Err(BadPlain::Empty)),
            (b"\0a\0", Err(BadPlain::Empty)),
            (b"\0\xff\0b", Err(BadPlain::NotUtf8)),
        ] {
            let read = Plain::parse(message);
            let read = read.map(|plain| [plain.authzid, plain.authcid, plain.password]);
            assert_eq!(read, parts, "{message:?}");
        }
    }

    #[test]
    fn a_password_is_not_printed() {
        let plain = Plain::parse(b"\0ana\0secret").expect("a message");
        assert_eq!(format!("{plain:?}"), "Plain { authzid: \"\", authcid: \"ana\", .. }");
    }
}
