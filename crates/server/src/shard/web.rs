//! What is asked by HTTP: a WebSocket, or how the server is.

use chinwag_wire::websocket::upgrade::{NoUpgrade, PLAIN, Request, Status};

use super::Shard;
use super::speech::{Socket, Speech};
use crate::metrics::{Counts, MEDIA_TYPE};
use crate::options::Faces;
use crate::site;

/// The subprotocols of IRC in a WebSocket (<https://ircv3.net/specs/extensions/websocket>).
const TEXT: &str = "text.ircv3.net";
const BINARY: &str = "binary.ircv3.net";

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
                let page = self.page(&request, key);
                return self.answer(key, &page);
            }
            Err(bad) => return self.answer(key, &plain(bad.status(), &format!("{bad}\n"))),
        };
        let (is_tls, faces) = (connection.is_tls(), connection.listener.faces);
        if let Some(page) = self.refusal(&request, is_tls, faces) {
            return self.answer(key, &page);
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

    /// What a request for a WebSocket is told where it gets none.
    fn refusal(&self, request: &Request<'_>, is_tls: bool, faces: Faces) -> Option<Page> {
        if !faces.web {
            return Some(plain(Status::NotFound, &format!("This port has only {faces}.\n")));
        }
        if !site::is_known(request.host(), &self.policy) {
            let text = "This server is not known by the name that you have come by; its settings \
                        server.url and server.name say which it has.\n";
            return Some(plain(Status::Misdirected, text));
        }
        if !site::may_connect(request.origin(), request.host(), is_tls, &self.policy) {
            let text = "A page of another site may not connect here; the server's setting \
                        web_origins names those that may, and server.url the address of its own.\n";
            return Some(plain(Status::Forbidden, text));
        }
        None
    }

    fn page(&self, request: &Request<'_>, key: usize) -> Page {
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
            "/metrics" if self.may_read_metrics(request, key) => {
                (Status::Ok, MEDIA_TYPE, self.metrics.text())
            }
            "/metrics" if self.policy.metrics_token.is_some() => {
                let text = "This wants the token that the server's setting metrics.token holds: \
                            Authorization: Bearer TOKEN\n";
                plain(Status::Unauthorized, text)
            }
            "/metrics" => {
                let text = "Not for you here. The server's setting metrics_from names addresses that \
                            may read it; metrics.token gives the right from anywhere, and a listener \
                            with the face \"metrics\" to whoever reaches it.\n";
                plain(Status::Forbidden, text)
            }
            _ => {
                let text = "This is a chat server. Its web page is not here yet; connect an IRC \
                            client, a WebSocket for IRC, or nc.\n";
                plain(Status::NotFound, text)
            }
        }
    }

    fn may_read_metrics(&self, request: &Request<'_>, key: usize) -> bool {
        let Some(connection) = self.connections.get(key) else { return false };
        let reader = site::Reader {
            peer: connection.peer,
            at_own_listener: connection.listener.faces.metrics,
            host: request.host(),
            authorization: request.header("Authorization"),
            is_passed_on: site::is_passed_on(|name| request.header(name).is_some()),
            is_http_1_1: request.is_http_1_1(),
        };
        reader.may_read(&self.policy)
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
