//! The address of a site.

use std::net::Ipv6Addr;

/// The scheme, host and port of a site: `https://chat.example.org`, or with a port other than the scheme's.
///
/// Equal are those that a browser takes for one origin (RFC 6454): case is no matter, nor whether the
/// scheme's own port is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteUrl {
    is_https: bool,
    host: String,
    port: u16,
}

impl SiteUrl {
    /// Reads `http://` or `https://`, a host and perhaps a port, with or without a `/` at the end; `None`
    /// for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let (scheme, rest) = text.split_once("://")?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http") {
            return None;
        }
        let (host, port) = split_port(rest)?;
        Some(Self { is_https, host, port: port.unwrap_or(default_port(is_https)) })
    }

    /// The host, in the form of [`split_port`].
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// The site that a request is sent to by this connection, with this `Host`.
    pub(crate) fn of_request(is_tls: bool, host: &str) -> Option<Self> {
        let (host, port) = split_port(host)?;
        Some(Self { is_https: is_tls, host, port: port.unwrap_or(default_port(is_tls)) })
    }
}

impl std::fmt::Display for SiteUrl {
    /// As it is written in a browser, without a `/` at the end.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.is_https { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        if self.port == default_port(self.is_https) { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

fn default_port(is_https: bool) -> u16 {
    if is_https { 443 } else { 80 }
}

/// Parts `host:port`, and brings the host into one form: in small letters, an IPv6 address in brackets.
pub(crate) fn split_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            let address: Ipv6Addr = address.parse().ok()?;
            (format!("[{address}]"), port)
        }
        None => {
            let at = text.find(':').unwrap_or(text.len());
            let (host, port) = text.split_at(at);
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b) || b >= 0x80;
            if host.is_empty() || !host.bytes().all(is_plain) {
                return None;
            }
            (host.to_ascii_lowercase(), port)
        }
    };
    let port = match port {
        "" => None,
        port => {
            let digits = port.strip_prefix(':')?;
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            Some(digits.parse().ok().filter(|_| is_number)?)
        }
    };
    Some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_a_scheme_a_host_and_a_port() {
        let read = |text| SiteUrl::parse(text).map(|site| site.to_string());
        for (text, shown) in [
            ("https://chat.example.org", Some("https://chat.example.org")),
            ("HTTPS://Chat.Example.org:443/", Some("https://chat.example.org")),
            ("https://chat.example.org:8443", Some("https://chat.example.org:8443")),
            ("http://[::1]:80", Some("http://[::1]")),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("null", None),
            ("", None),
            ("ftp://a", None),
            ("https://", None),
            ("https://a/b", None),
            ("https://a@b", None),
            ("https://a:b", None),
            ("https://a:", None),
            ("https://a:99999", None),
            ("https://a:+1", None),
            ("https://[::1", None),
            ("https://a b", None),
        ] {
            assert_eq!(read(text).as_deref(), shown, "{text:?}");
        }
    }
}
