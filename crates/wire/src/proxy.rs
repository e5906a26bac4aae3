//! The header by which a proxy says whose connection it passes on: the PROXY protocol, versions 1
//! and 2 (haproxy.org/download/3.0/doc/proxy-protocol.txt).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest header of version 1, in bytes, with its CR LF (section 2.1).
pub const V1_BYTES_MAX: usize = 107;

/// The longest header of version 2 that is read, in bytes: addresses, and room for what proxies add
/// behind them. One of this length comes in one packet on any network (section 2).
pub const V2_BYTES_MAX: usize = 536;

const V1: &[u8] = b"PROXY ";
const V2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Bytes of a version 2 header before its addresses.
const V2_FIXED_BYTES: usize = 16;

/// What the first bytes of a connection are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Not enough to tell, or a header that is not complete yet.
    Unsure,
    /// No header.
    Other,
    /// A header.
    Header {
        /// How long it is.
        bytes: usize,
        /// Whose connection it is; the proxy's own, or one without an address, where there is none.
        source: Option<IpAddr>,
    },
}

/// It begins as a header does, and is none that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadHeader {
    /// Longer than [`V1_BYTES_MAX`] or [`V2_BYTES_MAX`].
    Long,
    /// Its addresses or ports are none, or too short, or there is something behind them.
    Addresses,
    /// A version, command, family or protocol that there is not.
    Unknown,
}

impl std::fmt::Display for BadHeader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Long => "it is too long",
            Self::Addresses => "its addresses cannot be read",
            Self::Unknown => "its version, command or family is not known",
        })
    }
}

/// Reads the header with which a connection begins, if it begins with one.
///
/// # Errors
/// [`BadHeader`] where it begins as a header and is none.
pub fn read(bytes: &[u8]) -> Result<Beginning, BadHeader> {
    for (mark, read) in [(V1, read_v1 as fn(&[u8]) -> _), (V2, read_v2)] {
        if let Some(rest) = bytes.strip_prefix(mark) {
            return read(rest);
        }
        if mark.starts_with(bytes) {
            return Ok(Beginning::Unsure);
        }
    }
    Ok(Beginning::Other)
}

/// Reads what follows `PROXY `: as `TCP4 192.0.2.1 198.51.100.1 56324 443`, CR LF.
fn read_v1(rest: &[u8]) -> Result<Beginning, BadHeader> {
    let rest_max = V1_BYTES_MAX - V1.len();
    let Some(end) = memchr::memchr(b'\n', rest.get(..rest_max).unwrap_or(rest)) else {
        return if rest.len() >= rest_max { Err(BadHeader::Long) } else { Ok(Beginning::Unsure) };
    };
    let line = rest.get(..end).and_then(|line| line.strip_suffix(b"\r"));
    let line = line.and_then(|line| str::from_utf8(line).ok()).ok_or(BadHeader::Addresses)?;
    let mut words = line.split(' ');
    let source = match words.next() {
        // What follows is to be passed over.
        Some("UNKNOWN") => None,
        Some(family @ ("TCP4" | "TCP6")) => {
            let mut address = || {
                let address: IpAddr = words.next()?.parse().ok()?;
                (address.is_ipv4() == (family == "TCP4")).then_some(address)
            };
            let (source, destination) = (address(), address());
            let mut port = || words.next().filter(|port| is_port(port));
            let is_whole = destination.is_some()
                && port().is_some()
                && port().is_some()
                && words.next().is_none();
            Some(source.filter(|_| is_whole).ok_or(BadHeader::Addresses)?.to_canonical())
        }
        _ => return Err(BadHeader::Unknown),
    };
    Ok(Beginning::Header { bytes: V1.len() + end + 1, source })
}

fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// Reads what follows the signature: version and command, family and protocol, a length, and what
/// has that length (section 2.2).
fn read_v2(rest: &[u8]) -> Result<Beginning, BadHeader> {
    let [version_command, family_protocol, high, low, rest @ ..] = rest else {
        return Ok(Beginning::Unsure);
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let (is_local, family) = match (version_command, family_protocol >> 4) {
        (0x20, family) => (true, family),
        (0x21, family @ 0..=3) if family_protocol & 0xf <= 2 => (false, family),
        _ => return Err(BadHeader::Unknown),
    };
    if V2_FIXED_BYTES + length > V2_BYTES_MAX {
        return Err(BadHeader::Long);
    }
    let addresses_bytes = match family {
        1 => 12,
        2 => 36,
        3 => 216,
        _ => 0,
    };
    if !is_local && length < addresses_bytes {
        return Err(BadHeader::Addresses);
    }
    let Some(addresses) = rest.get(..length) else { return Ok(Beginning::Unsure) };
    let source = match (is_local, family) {
        (false, 1) => addresses.first_chunk().map(|four: &[u8; 4]| Ipv4Addr::from(*four).into()),
        (false, 2) => {
            let own = addresses.first_chunk().map(|bytes: &[u8; 16]| Ipv6Addr::from(*bytes));
            own.map(|own| own.to_canonical())
        }
        // The proxy's own, as when it looks whether the server is there; or without an address.
        _ => None,
    };
    Ok(Beginning::Header { bytes: V2_FIXED_BYTES + length, source })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn header(bytes: usize, source: Option<&str>) -> Result<Beginning, BadHeader> {
        let source = source.map(|source| source.parse().unwrap());
        Ok(Beginning::Header { bytes, source })
    }

    #[test]
    fn a_header_of_version_1_is_a_line() {
        for (bytes, read_as) in [
            (&b""[..], Ok(Beginning::Unsure)),
            (b"PROX", Ok(Beginning::Unsure)),
            (b"PROXY TCP4 192.0.2.1", Ok(Beginning::Unsure)),
            (b"PROXY TCP4 192.0.2.1 198.51.100.1 1 65535\r\nNICK", header(43, Some("192.0.2.1"))),
            (b"PROXY TCP6 2001:db8::1 ::1 1 2\r\n", header(32, Some("2001:db8::1"))),
            (b"PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", header(37, Some("192.0.2.1"))),
            (b"PROXY UNKNOWN\r\n", header(15, None)),
            (b"PROXY UNKNOWN ffff:: what ever\r\n", header(32, None)),
            (b"PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n", Err(BadHeader::Addresses)),
            (b"PROXY TCP4 192.0.2.1 198.51.100.1 1 +2\r\n", Err(BadHeader::Addresses)),
            (b"PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n", Err(BadHeader::Addresses)),
            (b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n", Err(BadHeader::Addresses)),
            (b"PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n", Err(BadHeader::Addresses)),
            (b"PROXY TCP4 192.0.2.1 ::1 1 2\r\n", Err(BadHeader::Addresses)),
            (b"PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n", Err(BadHeader::Addresses)),
            (b"PROXY UNKNOWN\xff\r\n", Err(BadHeader::Addresses)),
            (b"PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n", Err(BadHeader::Unknown)),
            (b"PROXY \r\n", Err(BadHeader::Unknown)),
            (b"PRIVMSG", Ok(Beginning::Other)),
            (b"\x16\x03\x01", Ok(Beginning::Other)),
            (b"\r\n\r\n\0\r\nQUIT", Ok(Beginning::Unsure)),
            (b"\r\n\r\nhello", Ok(Beginning::Other)),
        ] {
            assert_eq!(read(bytes), read_as, "{}", bytes.escape_ascii());
        }
        let long = [b"PROXY UNKNOWN ".as_slice(), &[b'x'; 91]].concat();
        assert_eq!(read(&long), Ok(Beginning::Unsure));
        let longest = [&long, b"\r\n".as_slice()].concat();
        assert_eq!((longest.len(), read(&longest)), (V1_BYTES_MAX, header(107, None)));
        let too_long = [&long, b"xx\r\n".as_slice()].concat();
        assert_eq!(read(&too_long), Err(BadHeader::Long));
    }

    #[test]
    fn a_header_of_version_2_is_binary() {
        let four = [192, 0, 2, 1, 198, 51, 100, 1, 0, 1, 0, 2];
        let mut six = [0; 36];
        six[..4].copy_from_slice(&[0x20, 1, 0xd, 0xb8]);
        let with_more = [&four[..], &[4, 0, 1, 0]].concat();
        for (fixed, length, rest, read_as) in [
            ([0x21, 0x11], 12, &four[..], header(28, Some("192.0.2.1"))),
            ([0x21, 0x10], 12, &four, header(28, Some("192.0.2.1"))),
            ([0x21, 0x21], 36, &six, header(52, Some("2001:db8::"))),
            ([0x21, 0x11], 16, &with_more, header(32, Some("192.0.2.1"))),
            ([0x21, 0x11], 12, &four[..11], Ok(Beginning::Unsure)),
            ([0x21, 0x00], 0, &[], header(16, None)),
            ([0x21, 0x31], 216, &[0; 216], header(232, None)),
            ([0x20, 0x00], 0, &[], header(16, None)),
            ([0x20, 0x11], 3, &four, header(19, None)),
            ([0x21, 0x11], 11, &four, Err(BadHeader::Addresses)),
            ([0x21, 0x21], 12, &four, Err(BadHeader::Addresses)),
            ([0x22, 0x11], 12, &four, Err(BadHeader::Unknown)),
            ([0x11, 0x11], 12, &four, Err(BadHeader::Unknown)),
            ([0x21, 0x41], 12, &four, Err(BadHeader::Unknown)),
            ([0x21, 0x13], 12, &four, Err(BadHeader::Unknown)),
            ([0x21, 0x11], 521, &four, Err(BadHeader::Long)),
            ([0x20, 0x11], 65_535, &four, Err(BadHeader::Long)),
        ] {
            let length = u16::try_from(length).unwrap().to_be_bytes();
            let bytes = [V2, &fixed, &length, rest].concat();
            assert_eq!(read(&bytes), read_as, "{fixed:x?} {length:x?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(
            mark in prop::sample::select(vec![&b""[..], V1, V2, b"PROXY TCP4 ", b"PROXY TCP6 "]),
            rest in prop::collection::vec(any::<u8>(), 0..700),
        ) {
            let bytes = [mark, &rest].concat();
            match read(&bytes) {
                Ok(Beginning::Header { bytes: length, .. }) => {
                    prop_assert!(length <= bytes.len() && length <= V2_BYTES_MAX);
                }
                Ok(Beginning::Unsure) => prop_assert!(bytes.len() < V2_BYTES_MAX),
                _ => {}
            }
        }

        #[test]
        fn a_header_is_the_same_in_pieces(at in 0usize..60) {
            let whole = b"PROXY TCP4 192.0.2.1 198.51.100.1 1 65535\r\nhello there, everyone";
            let first = read(&whole[..at.min(whole.len())]);
            prop_assert!(first == Ok(Beginning::Unsure) || first == read(whole));
        }
    }
}
