//! Which site a request of HTTP is meant for, and a page of which site sent it.
//!
//! A browser runs pages of anyone, and lets them connect to any address that its user can reach. Two
//! headers tell whose page it is, and neither can be set by it: `Origin`, and `Host`, which holds the name
//! that the page's site has, even where that name leads to this machine for no other reason than that its
//! owner said so (DNS rebinding). So a name in `Host` counts only where the operator has set it.

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use crate::options::{Peers, Policy};
use crate::site_url::{SiteUrl, split_port};

/// Headers of which a proxy of the web writes at least one, if it is told to.
const PROXY_HEADERS: [&str; 10] = [
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Server",
    "X-Real-IP",
    "X-Client-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
];

/// What `Host` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// This machine, by no name that anyone else can give to it.
    Here,
    /// An address, which no site's name can stand for.
    Address,
    Name,
}

fn place(host: &str) -> Place {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    match bare.parse::<IpAddr>() {
        Ok(address) if address.to_canonical().is_loopback() => Place::Here,
        Ok(_) => Place::Address,
        Err(_) if host == "localhost" || host.ends_with(".localhost") => Place::Here,
        Err(_) => Place::Name,
    }
}

/// Whether a request with this `Host` is meant for this server: it names an address, this machine, or a name
/// that the operator has set: `server.url`, `server.name`, or that of a site in `server.web_origins`.
pub(crate) fn is_known(host: Option<&str>, policy: &Policy) -> bool {
    let Some((host, _)) = host.and_then(split_port) else { return false };
    if place(&host) != Place::Name || policy.web_origins.iter().any(|known| known == "*") {
        return true;
    }
    let sites = policy.web_origins.iter().filter_map(|origin| SiteUrl::parse(origin));
    host.eq_ignore_ascii_case(&policy.name)
        || policy.url.iter().cloned().chain(sites).any(|site| site.host() == host)
}

/// Whether a page that says to be of this origin may connect, by a connection that is encrypted or not, with
/// this `Host`: it is one of the server's own, or of a site that is allowed. Scheme, host and port count.
/// Who sends no origin is no browser.
pub(crate) fn may_connect(
    origin: Option<&str>,
    host: Option<&str>,
    is_tls: bool,
    policy: &Policy,
) -> bool {
    let Some(origin) = origin else { return true };
    if policy.web_origins.iter().any(|known| known == "*") {
        return true;
    }
    let Some(origin) = SiteUrl::parse(origin) else { return false };
    let own = host.and_then(|host| SiteUrl::of_request(is_tls, host));
    let allowed = policy.web_origins.iter().filter_map(|known| SiteUrl::parse(known));
    own.iter().chain(&policy.url).any(|own| *own == origin)
        || allowed.into_iter().any(|known| known == origin)
}

/// What counts for whether someone may read what the server counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'r> {
    pub(crate) peer: Option<IpAddr>,
    /// Whether the listener is one for it.
    pub(crate) at_own_listener: bool,
    pub(crate) host: Option<&'r str>,
    /// What stands in `Authorization`.
    pub(crate) authorization: Option<&'r str>,
    /// Whether there is a header that proxies write.
    pub(crate) is_passed_on: bool,
    pub(crate) is_http_1_1: bool,
}

/// Whether one of these headers is there, by which a proxy says whom it speaks for.
pub(crate) fn is_passed_on(has: impl Fn(&str) -> bool) -> bool {
    PROXY_HEADERS.into_iter().any(has)
}

impl Reader<'_> {
    /// Whether they may. With the token they may from anywhere. Without it, at a listener for it, or from an
    /// address that is named; and by this machine only where nothing tells of a proxy: one speaks an
    /// older HTTP, writes a header of its own, or keeps the name that its client asked for.
    pub(crate) fn may_read(&self, policy: &Policy) -> bool {
        if policy.metrics_token.as_ref().is_some_and(|token| self.has(token.expose())) {
            return true;
        }
        if !is_known(self.host, policy) {
            return false;
        }
        self.at_own_listener || self.is_named(&policy.metrics_from)
    }

    fn is_named(&self, peers: &Peers) -> bool {
        if self.is_passed_on || !peers.have(self.peer) {
            return false;
        }
        let is_here = self.peer.is_none_or(|peer| peer.to_canonical().is_loopback());
        let host = self.host.and_then(split_port);
        let names_here = host.is_some_and(|(host, _)| place(&host) == Place::Here);
        !is_here || self.is_http_1_1 && names_here
    }

    /// Whether they gave this token. How long that takes to tell says nothing of it.
    fn has(&self, token: &[u8]) -> bool {
        let given = self.authorization.and_then(|given| given.split_once(' '));
        let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        given.is_some_and(|(_, given)| Sha256::digest(given.trim()) == Sha256::digest(token))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(url: &str, origins: &str, token: &str) -> Policy {
        let irc = chinwag_face::irc::IrcPolicy::new("srv", "net");
        let mut policy = Policy::new("Chat.Example", irc);
        policy.url = SiteUrl::parse(url);
        policy.web_origins = origins.split_whitespace().map(str::to_owned).collect();
        policy.metrics_token =
            (!token.is_empty()).then(|| chinwag_model::secret::Secret::new(token.to_owned()));
        policy.metrics_from.networks = ["127.0.0.0/8", "::1/128", "10.0.0.0/8"]
            .iter()
            .filter_map(|text| {
                let (address, bits) = text.split_once('/')?;
                crate::options::Network::new(address.parse().ok()?, bits.parse().ok()?)
            })
            .collect();
        policy
    }

    #[test]
    fn attack_a_name_that_leads_here_is_none_of_ours() {
        for (host, url, origins, known) in [
            ("chat.example", "", "", true),
            ("CHAT.example:8080", "", "", true),
            ("evil:8080", "", "", false),
            ("evil", "https://talk.example", "", false),
            ("talk.example", "https://talk.example", "", true),
            ("web.example:1", "", "https://web.example", true),
            ("anything", "", "*", true),
            ("localhost:8080", "", "", true),
            ("box.localhost", "", "", true),
            ("127.0.0.1:8080", "", "", true),
            ("192.0.2.7", "", "", true),
            ("[2001:db8::1]:80", "", "", true),
            ("localhost.evil", "", "", false),
            ("127.0.0.1.evil", "", "", false),
            ("chat.example.evil", "", "", false),
            ("a b", "", "", false),
            ("", "", "", false),
        ] {
            assert_eq!(is_known(Some(host), &policy(url, origins, "")), known, "{host} {url}");
        }
        assert!(!is_known(None, &policy("", "", "")));
    }

    #[test]
    fn a_page_may_connect_to_its_own_site_and_where_it_is_allowed() {
        let url = "https://talk.example";
        for (origin, host, is_tls, may) in [
            ("http://chat.example:8080", "chat.example:8080", false, true),
            ("http://chat.example", "chat.example:80", false, true),
            // Another scheme, port or host.
            ("https://chat.example:8080", "chat.example:8080", false, false),
            ("http://chat.example", "chat.example", true, false),
            ("https://chat.example", "chat.example", true, true),
            ("http://chat.example:8081", "chat.example:8080", false, false),
            ("http://evil", "chat.example", false, false),
            ("null", "chat.example", false, false),
            ("file://", "chat.example", false, false),
            // Behind a proxy that encrypts, and keeps the name or not.
            ("https://talk.example", "talk.example", false, true),
            ("https://talk.example", "127.0.0.1:8080", false, true),
            ("http://talk.example", "127.0.0.1:8080", false, false),
            ("https://web.example", "127.0.0.1:8080", false, true),
            ("http://web.example", "127.0.0.1:8080", false, false),
        ] {
            let policy = policy(url, "https://web.example", "");
            let answer = may_connect(Some(origin), Some(host), is_tls, &policy);
            assert_eq!(answer, may, "{origin} {host} {is_tls}");
        }
        assert!(may_connect(None, Some("a"), false, &policy("", "", "")));
        assert!(may_connect(Some("null"), Some("a"), false, &policy("", "*", "")));
    }

    #[test]
    fn attack_what_is_counted_is_not_told_through_a_proxy() {
        let direct = Reader {
            peer: "127.0.0.1".parse().ok(),
            at_own_listener: false,
            host: Some("127.0.0.1:8080"),
            authorization: None,
            is_passed_on: false,
            is_http_1_1: true,
        };
        let (none, token) = (policy("", "", ""), policy("", "", "s3cret"));
        for (reader, may) in [
            (direct, true),
            (Reader { host: Some("localhost"), ..direct }, true),
            (Reader { peer: "::1".parse().ok(), host: Some("[::1]:8080"), ..direct }, true),
            // As a proxy on this machine speaks: in its own words, or in its client's.
            (Reader { is_passed_on: true, ..direct }, false),
            (Reader { is_http_1_1: false, ..direct }, false),
            (Reader { host: Some("chat.example"), ..direct }, false),
            (Reader { host: Some("evil:8080"), ..direct }, false),
            (Reader { host: None, ..direct }, false),
            // From elsewhere.
            (Reader { peer: "192.0.2.1".parse().ok(), ..direct }, false),
            (Reader { peer: "10.0.0.9".parse().ok(), host: Some("10.0.0.1"), ..direct }, true),
            (Reader { peer: "10.0.0.9".parse().ok(), host: Some("evil"), ..direct }, false),
            (Reader { peer: None, ..direct }, false),
            // A listener for it.
            (Reader { at_own_listener: true, peer: "192.0.2.1".parse().ok(), ..direct }, true),
            (Reader { at_own_listener: true, host: Some("evil"), ..direct }, false),
            // A token, where there is none.
            (Reader { is_passed_on: true, authorization: Some("Bearer "), ..direct }, false),
        ] {
            assert_eq!(reader.may_read(&none), may, "{reader:?}");
        }
        let far = Reader { peer: "192.0.2.1".parse().ok(), host: Some("any"), ..direct };
        for (given, may) in [
            (Some("Bearer s3cret"), true),
            (Some("bearer s3cret"), true),
            (Some("Bearer s3cre"), false),
            (Some("Bearer s3crets"), false),
            (Some("Basic s3cret"), false),
            (Some("s3cret"), false),
            (None, false),
        ] {
            let reader = Reader { authorization: given, ..far };
            assert_eq!(reader.may_read(&token), may, "{given:?}");
        }
        assert!(direct.may_read(&token), "this machine needs none");
    }
}
