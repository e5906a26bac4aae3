//! What stands behind `chinwag client`: where the server is, and the name to log in with.

use std::net::Ipv6Addr;

/// The port of a server that names none, in URLs too: chinwag's own.
const PORT_DEFAULT: u16 = 8080;

/// A server, and perhaps a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// A host name or an IP address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Whether the address asks for TLS.
    pub(super) is_tls: bool,
    /// The name to log in with.
    pub(super) name: Option<String>,
}

impl Address {
    /// Reads `HOST [PORT [NAME]]`, `HOST:PORT [NAME]`, or `irc://HOST[:PORT] [NAME]`.
    ///
    /// # Errors
    /// What cannot be understood, as a clause for a usage error.
    pub(super) fn read(
        host: &str,
        second: Option<&str>,
        third: Option<&str>,
    ) -> Result<Self, String> {
        let (rest, scheme) = match host.split_once("://") {
            Some((scheme, rest)) => (rest, Some(scheme.to_ascii_lowercase())),
            None => (host, None),
        };
        let is_tls = match scheme.as_deref() {
            Some("ircs") => true,
            Some("irc") | None => false,
            Some(_) => {
                return Err(format!("invalid value '{host}' for '[HOST]': give irc:// or ircs://"));
            }
        };
        let invalid = |why: &str| format!("invalid value '{host}' for '[HOST]': {why}");
        let rest = match scheme {
            Some(_) => rest.strip_suffix('/').unwrap_or(rest),
            None => rest,
        };
        if rest.contains(['/', '@', '?', '#']) {
            return Err(invalid(
                "give a host and perhaps a port, as in irc://chat.example.org:8080",
            ));
        }
        let (host, port) = split_port(rest).ok_or_else(|| {
            invalid("give a name or an address; an IPv6 address with a port as [::1]:8080")
        })?;
        // With the port in the address, the next word is the name.
        let (port, name, surplus) = match (port, scheme) {
            (Some(port), _) => (Some(port), second, third),
            (None, Some(_)) => (None, second, third),
            (None, None) => (second, third, None),
        };
        if let Some(surplus) = surplus {
            return Err(format!("unexpected argument '{surplus}' found"));
        }
        let port = match port {
            Some(text) => match text.parse() {
                Ok(port @ 1..) => port,
                _ => return Err(format!("invalid value '{text}' for '[PORT]': give 1 to 65535")),
            },
            None => PORT_DEFAULT,
        };
        if name.is_some_and(|name| name.contains(char::is_control)) {
            return Err("invalid value for '[NAME]': a name is one line of text".to_owned());
        }
        Ok(Self { host: host.to_owned(), port, is_tls, name: name.map(str::to_owned) })
    }
}

/// Takes the port off `HOST:PORT` and `[HOST]:PORT`, and the brackets off `[HOST]`; `None` if that is
/// neither.
fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, after) = rest.split_once(']')?;
        let port = match after {
            "" => None,
            after => Some(after.strip_prefix(':')?),
        };
        return is_ipv6(host).then_some((host, port));
    }
    match text.split_once(':') {
        _ if is_ipv6(text) => Some((text, None)),
        Some((host, port)) if !host.is_empty() && !port.contains(':') => Some((host, Some(port))),
        None if !text.is_empty() => Some((text, None)),
        _ => None,
    }
}

/// Whether this is an IPv6 address, perhaps with a zone (`fe80::1%eth0`, RFC 4007, section 11).
fn is_ipv6(text: &str) -> bool {
    let address = text.split_once('%').map_or(text, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Host, port, `s` with TLS, and the name of these words.
    fn read(words: &str) -> Result<String, String> {
        let words: Vec<_> = words.split(' ').collect();
        let address = Address::read(words[0], words.get(1).copied(), words.get(2).copied())?;
        let Address { host, port, is_tls, name } = address;
        let tls = if is_tls { " s" } else { "" };
        Ok(format!("{host} {port}{tls}{}", name.map_or(String::new(), |name| format!(" {name}"))))
    }

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (words, read_as) in [
            ("localhost", "localhost 8080"),
            ("localhost 1", "localhost 1"),
            ("localhost 65535 Al", "localhost 65535 Al"),
            ("localhost:1 Al", "localhost 1 Al"),
            ("::1 1 Al", "::1 1 Al"),
            ("[::1] 1", "::1 1"),
            ("[::1]", "::1 8080"),
            ("[::1]:2 Al", "::1 2 Al"),
            ("[fe80::1%eth0]:2", "fe80::1%eth0 2"),
            ("fe80::1%eth0 2", "fe80::1%eth0 2"),
            ("irc://h", "h 8080"),
            ("IRCS://h/", "h 8080 s"),
            ("irc://h:1/ Al", "h 1 Al"),
            ("ircs://[::1]:6697", "::1 6697 s"),
            ("ircs://[::1] Al", "::1 8080 s Al"),
        ] {
            assert_eq!(read(words).as_deref(), Ok(read_as), "{words}");
        }
    }

    #[test]
    fn what_is_no_address_is_said() {
        for (words, said) in [
            ("h 0", "invalid value '0' for '[PORT]'"),
            ("h 65536", "invalid value '65536' for '[PORT]'"),
            ("h:x", "invalid value 'x' for '[PORT]'"),
            ("h: 1", "invalid value '' for '[PORT]'"),
            ("h:1 Al Bo", "unexpected argument 'Bo'"),
            ("irc://h Al Bo", "unexpected argument 'Bo'"),
            ("http://h", "invalid value 'http://h' for '[HOST]'"),
            ("irc://", "invalid value 'irc://' for '[HOST]'"),
            ("irc://h/#tea", "invalid value 'irc://h/#tea' for '[HOST]'"),
            ("[h]", "invalid value '[h]' for '[HOST]'"),
            ("[::1]1", "invalid value '[::1]1' for '[HOST]'"),
            ("[::1", "invalid value '[::1' for '[HOST]'"),
            ("1:2:3", "invalid value '1:2:3' for '[HOST]'"),
            (":1", "invalid value ':1' for '[HOST]'"),
            ("", "invalid value '' for '[HOST]'"),
            ("h 1 A\nB", "invalid value for '[NAME]'"),
        ] {
            let found = read(words).unwrap_err();
            assert!(found.starts_with(said), "{words}: {found}");
        }
    }
}
