//! Where a person's devices are told of what is said while they sleep: Web Push.
//!
//! Spec: RFC 8030, RFC 8291.

use std::sync::Arc;

use minicbor::encode::Write;
use minicbor::{Decode, Decoder, Encode, Encoder};

/// The longest endpoint, in bytes: with its keys it fits on a line of IRC.
pub const ENDPOINT_BYTES_MAX: usize = 372;

/// Bytes of a device's public key: a point of P-256, uncompressed.
pub const PUBLIC_KEY_BYTES: usize = 65;

/// Bytes of the secret that a device shares.
pub const SECRET_BYTES: usize = 16;

/// What the first byte of an uncompressed point is (SEC 1, 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// The address of a push service for one device: `https`, a host, perhaps a port, and a path; 1 to
/// [`ENDPOINT_BYTES_MAX`] bytes of visible ASCII, without a user and a fragment.
///
/// Nothing is said of where it leads: that is looked at when it is connected to. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint(Arc<str>);

/// Why a text is no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    /// More than [`ENDPOINT_BYTES_MAX`] bytes.
    #[error("it is too long")]
    Long,
    /// It holds a character that no URL holds (RFC 3986): a blank, a quote, what is not ASCII.
    #[error("it holds a character that no URL holds")]
    Char,
    /// Not `https`.
    #[error("it does not begin with https://")]
    Scheme,
    /// No host, or one that is none; a user, or a fragment.
    #[error("it names no host as a push service does")]
    Host,
    /// A port that is none.
    #[error("its port is none")]
    Port,
}

/// What a device's pushes are encrypted with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Keys {
    /// The device's public key, a point of P-256 as X9.62 has it, uncompressed.
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    public: [u8; PUBLIC_KEY_BYTES],
    /// What the device and the server know, and the push service does not.
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    secret: [u8; SECRET_BYTES],
}

/// A device that is to be told of what is said to its owner.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Device {
    /// Where.
    #[n(0)]
    pub endpoint: Endpoint,
    /// What it is encrypted with.
    #[n(1)]
    pub keys: Keys,
    /// How it is to look there: the face's own affair.
    #[n(2)]
    pub look: u8,
    /// Whether it is told, too, of what was read on another device.
    #[n(3)]
    pub reads: bool,
}

impl Endpoint {
    /// Reads an endpoint that a stranger gave.
    ///
    /// # Errors
    /// [`BadEndpoint`], by the first thing that is wrong.
    pub fn parse(text: &str) -> Result<Self, BadEndpoint> {
        if text.len() > ENDPOINT_BYTES_MAX {
            return Err(BadEndpoint::Long);
        }
        let stands =
            |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'<' | b'>');
        if !text.bytes().all(stands) {
            return Err(BadEndpoint::Char);
        }
        let authority = authority(behind_scheme(text).ok_or(BadEndpoint::Scheme)?);
        let (host, port) = host_and_port(authority).ok_or(BadEndpoint::Host)?;
        let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let good = match literal {
            Some(address) => address.parse::<core::net::Ipv6Addr>().is_ok(),
            None => is_name(host),
        };
        if !good || text.contains('#') {
            return Err(BadEndpoint::Host);
        }
        match port {
            None => {}
            Some(port) if is_port(port) => {}
            Some(_) => return Err(BadEndpoint::Port),
        }
        Ok(Self(text.into()))
    }

    /// The whole of it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host: a name, an IPv4 address, or an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        let host = self.parts().map_or("", |(host, _)| host);
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The port, 443 where none is given.
    #[must_use]
    pub fn port(&self) -> u16 {
        let given = self.parts().and_then(|(_, port)| port?.parse().ok());
        given.unwrap_or(443)
    }

    /// The host with its port where one is given: what `Host` says in HTTP.
    #[must_use]
    pub fn authority(&self) -> &str {
        behind_scheme(&self.0).map_or("", authority)
    }

    /// Scheme and authority: what a push service is known by (RFC 6454, "ASCII Serialization of an
    /// Origin").
    #[must_use]
    pub fn origin(&self) -> String {
        format!("https://{}", self.authority().to_ascii_lowercase())
    }

    /// Path and query, `/` at least.
    #[must_use]
    pub fn path(&self) -> String {
        let Some(rest) = behind_scheme(&self.0) else { return "/".to_owned() };
        let path = rest.get(authority(rest).len()..).unwrap_or_default();
        if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
    }

    fn parts(&self) -> Option<(&str, Option<&str>)> {
        host_and_port(self.authority())
    }
}

impl<C> Encode<C> for Endpoint {
    fn encode<W: Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.str(&self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Endpoint {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let at = d.position();
        Self::parse(d.str()?)
            .map_err(|bad| minicbor::decode::Error::message(bad.to_string()).at(at))
    }
}

impl Keys {
    /// Takes a device's keys; `None` where the public one is no uncompressed point, or one of them
    /// has another length. Whether the point is on the curve is known only to who computes with it.
    #[must_use]
    pub fn new(public: &[u8], secret: &[u8]) -> Option<Self> {
        let public: [u8; PUBLIC_KEY_BYTES] = public.try_into().ok()?;
        let secret = secret.try_into().ok()?;
        (public.first() == Some(&UNCOMPRESSED)).then_some(Self { public, secret })
    }

    /// The device's public key, a point of P-256, uncompressed.
    #[must_use]
    pub fn public(&self) -> &[u8; PUBLIC_KEY_BYTES] {
        &self.public
    }

    /// The secret that it shares.
    #[must_use]
    pub fn secret(&self) -> &[u8; SECRET_BYTES] {
        &self.secret
    }
}

/// What stands behind `https://`.
fn behind_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    scheme.eq_ignore_ascii_case("https").then_some(rest)
}

fn authority(rest: &str) -> &str {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

fn host_and_port(authority: &str) -> Option<(&str, Option<&str>)> {
    let (host, rest) = match authority.find(']') {
        Some(end) => authority.split_at_checked(end + 1)?,
        None => authority.split_at_checked(authority.find(':').unwrap_or(authority.len()))?,
    };
    match rest.strip_prefix(':') {
        _ if host.is_empty() => None,
        Some(port) => Some((host, Some(port))),
        None if rest.is_empty() => Some((host, None)),
        None => None,
    }
}

/// A port from 1, in digits alone.
fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}

/// A name of labels (RFC 1123), or an IPv4 address in its usual form.
fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            && !label.starts_with('-')
    };
    host.len() <= 253 && host.strip_suffix('.').unwrap_or(host).split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_url_of_a_host_and_a_path() {
        for (text, host, port, origin, path) in [
            ("https://push.example/a?b", "push.example", 443, "https://push.example", "/a?b"),
            ("HTTPS://Push.Example", "Push.Example", 443, "https://push.example", "/"),
            ("https://h:8080/", "h", 8080, "https://h:8080", "/"),
            ("https://h?x=1", "h", 443, "https://h", "/?x=1"),
            ("https://127.0.0.1:1/a", "127.0.0.1", 1, "https://127.0.0.1:1", "/a"),
            ("https://[::1]:8443/a", "::1", 8443, "https://[::1]:8443", "/a"),
            ("https://[2001:db8::1]", "2001:db8::1", 443, "https://[2001:db8::1]", "/"),
        ] {
            let endpoint = Endpoint::parse(text).unwrap_or_else(|bad| panic!("{text}: {bad}"));
            let read = (endpoint.host(), endpoint.port(), endpoint.origin(), endpoint.path());
            assert_eq!(read, (host, port, origin.to_owned(), path.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        let long = format!("https://h/{}", "x".repeat(ENDPOINT_BYTES_MAX));
        for (text, bad) in [
            ("", BadEndpoint::Scheme),
            ("push.example/a", BadEndpoint::Scheme),
            ("http://h/a", BadEndpoint::Scheme),
            ("ftp://h/a", BadEndpoint::Scheme),
            ("file:///etc/passwd", BadEndpoint::Scheme),
            ("https://", BadEndpoint::Host),
            ("https:///a", BadEndpoint::Host),
            ("https://:443/a", BadEndpoint::Host),
            ("https://user@h/a", BadEndpoint::Host),
            ("https://user:word@h/a", BadEndpoint::Port),
            ("https://h\\@other/a", BadEndpoint::Char),
            ("https://h/a#b", BadEndpoint::Host),
            ("https://a..b/", BadEndpoint::Host),
            ("https://[::1/a", BadEndpoint::Host),
            ("https://[::g]/a", BadEndpoint::Host),
            ("https://[::1]x/a", BadEndpoint::Host),
            ("https://h%00/a", BadEndpoint::Host),
            ("https://h:0/", BadEndpoint::Port),
            ("https://h:/", BadEndpoint::Port),
            ("https://h:+1/", BadEndpoint::Port),
            ("https://h:65536/", BadEndpoint::Port),
            ("https://h/a b", BadEndpoint::Char),
            ("https://h/a\r\nX: y", BadEndpoint::Char),
            ("https://hé/", BadEndpoint::Char),
            (&long, BadEndpoint::Long),
        ] {
            assert_eq!(Endpoint::parse(text), Err(bad), "{text:?}");
        }
    }

    #[test]
    fn keys_have_the_lengths_of_their_curve() {
        let mut public = [7; PUBLIC_KEY_BYTES];
        assert_eq!(Keys::new(&public, &[1; SECRET_BYTES]), None);
        public[0] = UNCOMPRESSED;
        assert!(Keys::new(&public, &[1; SECRET_BYTES]).is_some());
        assert_eq!(Keys::new(&public, &[1; SECRET_BYTES + 1]), None);
        assert_eq!(Keys::new(&public[1..], &[1; SECRET_BYTES]), None);
    }

    #[test]
    fn a_device_is_stored_and_read_again() {
        let mut public = [7; PUBLIC_KEY_BYTES];
        public[0] = UNCOMPRESSED;
        let device = Device {
            endpoint: Endpoint::parse("https://push.example/a").unwrap(),
            keys: Keys::new(&public, &[1; SECRET_BYTES]).unwrap(),
            look: 7,
            reads: true,
        };
        let bytes = minicbor::to_vec(&device).unwrap();
        assert_eq!(minicbor::decode::<Device>(&bytes).unwrap(), device);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String) {
            if let Ok(endpoint) = Endpoint::parse(&format!("https://{text}")) {
                proptest::prop_assert!(!endpoint.host().is_empty());
                proptest::prop_assert!(endpoint.path().starts_with('/'));
            }
        }
    }
}
