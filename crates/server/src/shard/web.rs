//! What is asked by HTTP: a WebSocket, or how the server is.

use std::net::IpAddr;

use chinwag_wire::websocket::upgrade::{NoUpgrade, PLAIN, Request, Status};

use super::Shard;
use super::speech::{Socket, Speech};
use crate::metrics::{Counts, MEDIA_TYPE};

/// The subprotocols of IRC in a WebSocket (<https://ircv3.net/specs/extensions/websocket>).
const TEXT: &str = "text.ircv3.net";
const BINARY: &str = "binary.ircv3.net";

/// Headers of which a proxy writes at least one.
const PROXY_HEADERS: [&str; 4] = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"];

/// An answer to a request that is no WebSocket's.
type Page = (Status, &'static str, String);

impl Shard {
    /// Reads a request: it becomes a WebSocket, or is answered and closed.
    pub(super) fn read_request(&mut self, key: usize) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        let Speech::Web(head) = &mut connection.speech else { return };
        let head = std::mem::take(head);
        let request = match Request::parse(&head) {
            Ok(Some(request)) => request,
            Ok(None) => {
                connection.speech = Speech::Web(head);
                return;
            }
            Err(bad) => return self.answer(key, &plain(bad.status(), &format!("{bad}\n"))),
        };
        let upgrade = match request.upgrade() {
            Ok(upgrade) => upgrade,
            Err(NoUpgrade::NotAsked) => {
                let peer = connection.peer;
                let page = self.page(&request, peer);
                return self.answer(key, &page);
            }
            Err(bad) => return self.answer(key, &plain(bad.status(), &format!("{bad}\n"))),
        };
        if !self.may_connect(&request) {
            let text = "A page of another site may not connect here; the server's setting \
                        web_origins names those that may.\n";
            return self.answer(key, &plain(Status::Forbidden, text));
        }
        if let Some(why) = self.metrics.trouble().filter(|_| self.metrics.closed().is_some()) {
            return self.answer(key, &plain(Status::Unavailable, &format!("{why}\n")));
        }
        // The client's order decides.
        let protocol = upgrade.protocols.iter().copied().find(|p| [TEXT, BINARY].contains(p));
        let mut accepted = Vec::new();
        upgrade.accept(protocol, &mut accepted);
        let Some(face) = self.irc_face(key) else { return };
        let mut socket = Socket::new(face, protocol == Some(BINARY));
        let rest = head.get(request.bytes()..).unwrap_or_default();
        let (answer, ended) = socket.receive(rest);
        accepted.extend(answer);
        if let Some(connection) = self.connections.get_mut(key) {
            connection.speech = Speech::Socket(Box::new(socket));
            connection.counted = Some(self.metrics.count(Counts::Websocket));
        }
        self.a_stranger(key);
        self.answer_frames(key, &accepted, ended);
    }

    fn page(&self, request: &Request<'_>, peer: Option<IpAddr>) -> Page {
        if request.method() != "GET" {
            return plain(Status::MethodNotAllowed, "Only GET is answered here.\n");
        }
        match request.path() {
            "/healthz" => plain(Status::Ok, "The server runs.\n"),
            "/readyz" if self.hushed => plain(Status::Unavailable, "The server is ending.\n"),
            "/readyz" => match self.metrics.trouble() {
                Some(why) => plain(Status::Unavailable, &format!("{why}\n")),
                None => plain(Status::Ok, "What is sent is stored.\n"),
            },
            "/metrics" if self.may_read_metrics(request, peer) => {
                (Status::Ok, MEDIA_TYPE, self.metrics.text())
            }
            "/metrics" => {
                let text = "Not for this address; the server's setting metrics_from names those \
                            who may read it.\n";
                plain(Status::Forbidden, text)
            }
            _ => {
                let text = "This is a chat server. Its web page is not here yet; connect an IRC \
                            client, a WebSocket for IRC, or nc.\n";
                plain(Status::NotFound, text)
            }
        }
    }

    /// Who is behind a proxy of the web is not known for sure.
    fn may_read_metrics(&self, request: &Request<'_>, peer: Option<IpAddr>) -> bool {
        let is_passed_on = PROXY_HEADERS.iter().any(|name| request.header(name).is_some());
        !is_passed_on && self.policy.metrics_from.have(peer)
    }

    /// Whether a request comes from no page, from one of the server's own, or from a site that is
    /// allowed.
    fn may_connect(&self, request: &Request<'_>) -> bool {
        let Some(origin) = request.origin() else { return true };
        let host = origin.split_once("://").map(|(_, host)| host);
        let is_own =
            host.zip(request.host()).is_some_and(|(host, own)| own.eq_ignore_ascii_case(host));
        let allowed = &self.policy.web_origins;
        is_own || allowed.iter().any(|known| known == "*" || known.eq_ignore_ascii_case(origin))
    }

    fn answer(&mut self, key: usize, (status, media_type, text): &Page) {
        let mut words = Vec::new();
        status.answer(media_type, text, &mut words);
        if let Some(connection) = self.connections.get_mut(key) {
            connection.part(&words);
        }
        self.finish(key);
    }
}

fn plain(status: Status, text: &str) -> Page {
    (status, PLAIN, text.to_owned())
}
