//! Where a listener is, and where others are.

use std::net::IpAddr;

use chinwag_server::options::{Address, Network};

/// The longest path of a socket on Linux, in bytes: `sun_path` of unix(7), less its final NUL.
const UNIX_PATH_BYTES_MAX: usize = 107;

/// Reads `IP:PORT`, `localhost:PORT` or `unix:PATH`.
pub(super) fn parse_address(text: &str) -> Option<Address> {
    if let Some(path) = text.strip_prefix("unix:") {
        let fits = (1..=UNIX_PATH_BYTES_MAX).contains(&path.len());
        return (fits && !path.contains('\0')).then(|| Address::Unix(path.into()));
    }
    if let Some(port) = text.strip_prefix("localhost:") {
        return parse_address(&format!("127.0.0.1:{port}"));
    }
    text.parse().ok().map(Address::Tcp)
}

/// Reads an address, or one with the bits that count: `10.0.0.0/8`.
pub(super) fn parse_network(text: &str) -> Option<Network> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits.parse().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    // Peers are told by their IPv4 address where they have one.
    if address.to_canonical() != address {
        return None;
    }
    Network::new(address, bits.unwrap_or(if address.is_ipv4() { 32 } else { 128 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_and_how_many_of_its_bits_count() {
        for (text, read) in [
            ("127.0.0.1", Some("127.0.0.1")),
            ("127.0.0.1/32", Some("127.0.0.1")),
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("::1", Some("::1")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("10.0.0.0/33", None),
            ("10.0.0.0/", None),
            ("10.0.0/8", None),
            ("::ffff:127.0.0.1", None),
            ("example.org", None),
            ("", None),
        ] {
            let network = parse_network(text).map(|network| network.to_string());
            assert_eq!(network.as_deref(), read, "{text:?}");
        }
    }

    #[test]
    fn an_address_is_an_ip_with_a_port_or_the_path_of_a_socket() {
        let long = format!("unix:/{}", "x".repeat(UNIX_PATH_BYTES_MAX));
        for (text, read) in [
            ("127.0.0.1:8080", Some("127.0.0.1:8080")),
            ("0.0.0.0:0", Some("0.0.0.0:0")),
            ("[::1]:8080", Some("[::1]:8080")),
            ("localhost:80", Some("127.0.0.1:80")),
            ("unix:/run/chinwag.sock", Some("unix:/run/chinwag.sock")),
            ("unix:chinwag.sock", Some("unix:chinwag.sock")),
            ("unix:", None),
            ("unix:/a\0b", None),
            (long.as_str(), None),
            ("8080", None),
            (":8080", None),
            ("127.0.0.1", None),
            ("127.0.0.1:65536", None),
            ("localhost:localhost:1", None),
            ("example.org:80", None),
        ] {
            let address = parse_address(text).map(|address| address.to_string());
            assert_eq!(address.as_deref(), read, "{text:?}");
        }
    }
}
