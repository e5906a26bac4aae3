//! Mail addresses, and what comes of mailing a code to one.

use minicbor::decode::Decoder;
use minicbor::encode::{Encoder, Write};
use minicbor::{Decode, Encode};

/// The longest address, in bytes (RFC 5321, 4.5.3.1.3, without the angle brackets).
pub const ADDRESS_BYTES_MAX: usize = 254;

/// The longest part before the sign, in bytes (RFC 5321, 4.5.3.1.1).
const LOCAL_BYTES_MAX: usize = 64;

/// The longest part of a domain between dots, in bytes (RFC 1035, 2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// A mail address, `local@domain`, in ASCII and at most [`ADDRESS_BYTES_MAX`] bytes.
///
/// Of what RFC 5321 allows, it takes dot-atoms before the sign and names of two parts or more
/// behind it: no quotes, comments, blanks, control characters or address literals, so that none of
/// it can mean anything but itself in a header or a command. A domain in other letters is given in
/// its ASCII form; its letters are small ones here.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailAddress(Box<str>);

/// Why a text is no mail address that can be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// More than [`ADDRESS_BYTES_MAX`] bytes.
    #[error("the address is longer than {ADDRESS_BYTES_MAX} bytes")]
    Long,
    /// There is no `@` in it.
    #[error("the address has no @")]
    NoSign,
    /// What stands before the last `@` is no dot-atom of 1 to 64 bytes.
    #[error("what stands before the @ cannot be written to")]
    Local,
    /// What stands behind it is no name of two parts or more.
    #[error("what stands behind the @ is no domain")]
    Domain,
}

impl MailAddress {
    /// Reads an address that a stranger typed. The domain is put in small letters.
    ///
    /// # Errors
    /// [`BadAddress`], by the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, BadAddress> {
        if text.len() > ADDRESS_BYTES_MAX {
            return Err(BadAddress::Long);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(BadAddress::NoSign)?;
        if local.len() > LOCAL_BYTES_MAX || !local.split('.').all(is_atom) {
            return Err(BadAddress::Local);
        }
        let top = domain.rsplit_once('.').map(|(_, top)| top).ok_or(BadAddress::Domain)?;
        // A last part of digits alone would be an IP address.
        if !domain.split('.').all(is_label) || top.bytes().all(|b| b.is_ascii_digit()) {
            return Err(BadAddress::Domain);
        }
        Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase()).into()))
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is counted by, where bounds are kept for each mailbox: most hosts ignore the case of
    /// letters, and pass over what stands behind a `+`.
    #[must_use]
    pub fn mailbox(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or((&self.0, ""));
        let local = local.split_once('+').map_or(local, |(local, _)| local);
        format!("{}@{domain}", local.to_ascii_lowercase())
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

fn is_atom(part: &str) -> bool {
    let special = |b| b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || special(b))
}

fn is_label(part: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&part.len())
        && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !part.starts_with('-')
        && !part.ends_with('-')
}

impl std::fmt::Display for MailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<C> Encode<C> for MailAddress {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?;
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for MailAddress {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        Ok(Self(d.str()?.into()))
    }
}

/// Why a code could not be mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum NotMailed {
    /// This server sends no mail.
    #[n(0)]
    Off,
    /// So many were mailed to this address, or for this stranger, that the next one has to wait.
    #[n(1)]
    Limited {
        /// How long, in seconds.
        #[n(0)]
        seconds: u32,
    },
    /// The mail server takes no mail for this address.
    #[n(2)]
    Refused,
    /// The mail server did not answer, or takes no mail now.
    #[n(3)]
    Unreachable,
    /// A code was given, and not looked at: too many wrong ones came from this network.
    #[n(4)]
    Guesses {
        /// How long that lasts, in seconds.
        #[n(0)]
        seconds: u32,
    },
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_read_or_refused() {
        let long_local = format!("{}@example.org", "a".repeat(65));
        let long_label = format!("a@{}.org", "b".repeat(64));
        let long = format!("a@{}org", "b.".repeat(126));
        for (text, read) in [
            ("ana@example.org", Ok("ana@example.org")),
            ("Ana.B+tag@Mail.Example.ORG", Ok("Ana.B+tag@mail.example.org")),
            ("o'neil@xn--bcher-kva.example", Ok("o'neil@xn--bcher-kva.example")),
            ("a@1.2.example3", Ok("a@1.2.example3")),
            ("", Err(BadAddress::NoSign)),
            ("ana", Err(BadAddress::NoSign)),
            ("@example.org", Err(BadAddress::Local)),
            (".ana@example.org", Err(BadAddress::Local)),
            ("ana.@example.org", Err(BadAddress::Local)),
            ("a..b@example.org", Err(BadAddress::Local)),
            ("a@b@example.org", Err(BadAddress::Local)),
            ("\"a b\"@example.org", Err(BadAddress::Local)),
            ("ana <a@example.org", Err(BadAddress::Local)),
            ("ana\r\nBcc: x@example.org", Err(BadAddress::Local)),
            ("ana\0@example.org", Err(BadAddress::Local)),
            ("ána@example.org", Err(BadAddress::Local)),
            (long_local.as_str(), Err(BadAddress::Local)),
            ("ana@localhost", Err(BadAddress::Domain)),
            ("ana@example.", Err(BadAddress::Domain)),
            ("ana@.org", Err(BadAddress::Domain)),
            ("ana@-a.org", Err(BadAddress::Domain)),
            ("ana@a-.org", Err(BadAddress::Domain)),
            ("ana@a_b.org", Err(BadAddress::Domain)),
            ("ana@127.0.0.1", Err(BadAddress::Domain)),
            ("ana@[127.0.0.1]", Err(BadAddress::Domain)),
            ("ana@example.org>", Err(BadAddress::Domain)),
            ("ana@example.org\r\nBcc: x", Err(BadAddress::Domain)),
            (long_label.as_str(), Err(BadAddress::Domain)),
            (long.as_str(), Err(BadAddress::Long)),
        ] {
            let found = MailAddress::parse(text);
            assert_eq!(found.as_ref().map(MailAddress::as_str), read.as_ref().copied(), "{text:?}");
        }
    }

    #[test]
    fn a_mailbox_is_the_same_in_all_its_forms() {
        for text in ["Ana@Example.org", "ana@example.org", "ANA+x+y@example.ORG"] {
            assert_eq!(MailAddress::parse(text).unwrap().mailbox(), "ana@example.org");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_has_nothing_that_a_header_would_obey(text in "\\PC{0,20}@?[\\x00-\\x7f]{0,20}") {
            if let Ok(address) = MailAddress::parse(&text) {
                let plain = |b: u8| b.is_ascii_graphic() && !b"\"(),:;<>[\\]".contains(&b);
                prop_assert!(address.as_str().bytes().all(plain));
                prop_assert_eq!(MailAddress::parse(address.as_str()), Ok(address));
            }
        }
    }
}
