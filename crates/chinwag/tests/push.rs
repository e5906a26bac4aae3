//! Web Push: what a push service gets, and what of it the device can read.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says by panicking what is wrong")]

#[path = "support/support.rs"]
mod support;

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::signature::{self, ECDSA_P256_SHA256_FIXED};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use support::PATIENCE;
use support::client::Client;
use support::server::{Server, Settings};
use support::tls::Identity;

/// What came at a push service.
#[derive(Debug)]
struct Request {
    path: String,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

/// A push service on this machine. What is posted to `/STATUS/…` is answered with that status.
struct PushService {
    port: u16,
    requests: Receiver<Request>,
}

impl PushService {
    fn start(identity: &Identity) -> Self {
        Self::start_with(identity, String::new())
    }

    /// One whose answers have further headers.
    fn start_with(identity: &Identity, headers: String) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::from_pem_file(identity.key()).expect("a key in PEM");
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions that there are")
            .with_no_client_auth()
            .with_single_cert(vec![identity.der()], key)
            .expect("a certificate and its key");
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (tell, requests) = channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.expect("a connection");
                let session = ServerConnection::new(Arc::clone(&config)).expect("a session");
                let mut stream = BufReader::new(StreamOwned::new(session, stream));
                let request = read_request(&mut stream);
                let status = request.path.split('/').nth(1).unwrap_or_default().to_owned();
                let stream = stream.get_mut();
                let answer =
                    format!("HTTP/1.1 {status} As asked\r\n{headers}Content-Length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).expect("it can be answered");
                stream.conn.send_close_notify();
                let _ = stream.flush();
                if tell.send(request).is_err() {
                    return;
                }
            }
        });
        Self { port, requests }
    }

    fn endpoint(&self, path: &str) -> String {
        format!("https://localhost:{}/{path}", self.port)
    }

    fn next(&self) -> Request {
        self.requests.recv_timeout(PATIENCE).expect("a push comes")
    }
}

fn read_request(
    stream: &mut BufReader<StreamOwned<ServerConnection, std::net::TcpStream>>,
) -> Request {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).expect("a line of a request");
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let path = lines[0].strip_prefix("POST ").and_then(|line| line.strip_suffix(" HTTP/1.1"));
    let headers: BTreeMap<_, _> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut body = vec![0; headers["content-length"].parse().expect("a length")];
    stream.read_exact(&mut body).expect("the body of a request");
    Request { path: path.expect("a POST").to_owned(), headers, body }
}

/// A device's side of RFC 8291.
struct Device {
    key: PrivateKey,
    secret: [u8; 16],
}

impl Device {
    fn new() -> Self {
        Self { key: PrivateKey::generate(&ECDH_P256).expect("a key"), secret: [7; 16] }
    }

    fn public(&self) -> Vec<u8> {
        self.key.compute_public_key().expect("a public key").as_ref().to_vec()
    }

    fn keys(&self) -> String {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        format!("p256dh={};auth={}", encode(&self.public()), encode(&self.secret))
    }

    fn read(&self, body: &[u8]) -> String {
        let (salt, rest) = body.split_at(16);
        assert_eq!(rest[..5], [0, 0, 16, 0, 65], "the size of a record, and the length of a key");
        let (theirs, sealed) = rest[5..].split_at(65);
        let peer = UnparsedPublicKey::new(&ECDH_P256, theirs);
        let info = [b"WebPush: info\0".as_slice(), &self.public(), theirs].concat();
        let shared =
            agree(&self.key, peer, (), |shared| Ok(hkdf::<32>(&self.secret, shared, &info)));
        let shared = shared.expect("a shared secret");
        let key = hkdf::<16>(salt, &shared, b"Content-Encoding: aes128gcm\0");
        let nonce = hkdf::<12>(salt, &shared, b"Content-Encoding: nonce\0");
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).expect("a key"));
        let nonce = Nonce::assume_unique_for_key(nonce);
        let mut text = sealed.to_vec();
        let text = key.open_in_place(nonce, Aad::empty(), &mut text).expect("it can be read");
        let text = text.strip_suffix(&[2]).expect("the last record");
        String::from_utf8(text.to_vec()).expect("a line of UTF-8")
    }
}

fn hkdf<const N: usize>(salt: &[u8], key: &[u8], info: &[u8]) -> [u8; N] {
    struct Length(usize);
    impl KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    let mut derived = [0; N];
    let prk = Salt::new(HKDF_SHA256, salt).extract(key);
    let info = [info];
    let okm = prk.expand(&info, Length(N)).expect("a length that there is");
    okm.fill(&mut derived).expect("the same length");
    derived
}

/// Comes in with these capabilities.
fn come_in(server: &Server, nick: &str, caps: &str) -> Client {
    let mut client = Client::connect(server).called(nick);
    client.send(&format!("CAP REQ :{caps}\r\nNICK {nick}\r\nUSER {nick} 0 * :{nick}\r\nCAP END\r"));
    client.skip_to(&format!(":chat.test 422 {nick} "));
    client
}

/// The same, with a new account.
fn register(server: &Server, nick: &str, caps: &str) -> Client {
    let mut client = come_in(server, nick, caps);
    client.send("NS REGISTER sesame\r");
    client.skip_to(&format!(":chat.test 900 {nick} "));
    client
}

fn add(client: &mut Client, endpoint: &str, device: &Device) {
    client.send(&format!("WEBPUSH REGISTER {endpoint} {}\r", device.keys()));
    client.skip_to(&format!(":chat.test WEBPUSH REGISTER {endpoint}"));
}

/// Registers another device, again and again until there is room for it.
fn add_once_there_is_room(client: &mut Client, endpoint: &str, device: &Device) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        client.send(&format!("WEBPUSH REGISTER {endpoint} {}\r\nPING end\r", device.keys()));
        let told = client.skip_to(":chat.test ");
        client.skip_to(":chat.test PONG ");
        if told.contains(" WEBPUSH REGISTER ") {
            return;
        }
        assert!(told.contains(" MAX_REGISTRATIONS "), "{told}");
        assert!(Instant::now() < deadline, "the device that is gone is never forgotten");
    }
}

fn settings(identity: &Identity) -> Settings {
    Settings::new()
        .set("push.private_addresses", "true")
        .set("push.contact", "\"mailto:ana@example.org\"")
        .environment("SSL_CERT_FILE", identity.certificate())
}

const CAPS: &str = "draft/webpush message-tags";

#[test]
fn a_device_reads_what_is_said_to_its_owner_and_is_told_by_the_same_server_after_a_restart() {
    let identity = Identity::new();
    let service = PushService::start(&identity);
    let settings = settings(&identity);
    let server = settings.start();
    let device = Device::new();
    let mut bob = register(&server, "bob", CAPS);
    add(&mut bob, &service.endpoint("201/a?b=c"), &device);
    bob.send("WEBPUSH VAPIDPUBKEY\r\nJOIN #tea\r");
    let vapid = bob.skip_to(":chat.test WEBPUSH VAPIDPUBKEY ");
    let vapid = vapid.trim_end().rsplit(' ').next().expect("a key").to_owned();
    bob.skip_to(":chat.test 366 ");

    let mut alice = come_in(&server, "alice", "message-tags");
    alice.send("JOIN #tea\r\nPRIVMSG #tea :robots\r\n@+x=y PRIVMSG bob :hello\r");
    let hello = service.next();
    assert_eq!(hello.path, "/201/a?b=c");
    for (name, value) in [
        ("host", format!("localhost:{}", service.port).as_str()),
        ("content-encoding", "aes128gcm"),
        ("ttl", "604800"),
        ("urgency", "high"),
    ] {
        assert_eq!(hello.headers[name], value, "{name}");
    }
    check_signature(&hello, &vapid, service.port);
    let line = device.read(&hello.body);
    let (tags, line) = line.split_once(' ').expect("tags");
    assert!(tags.starts_with("@msgid=") && tags.ends_with(";+x=y"), "{tags}");
    assert!(line.starts_with(":alice!~alice@") && line.ends_with(" PRIVMSG bob :hello"), "{line}");
    // What does not say the name was not told before; what does is told now.
    alice.send("PRIVMSG #tea :Bob, more tea?\r");
    let line = device.read(&service.next().body);
    assert!(line.ends_with(" PRIVMSG #tea :Bob, more tea?"), "{line}");

    drop((alice, bob, server));
    let server = settings.start();
    let mut alice = come_in(&server, "alice", "message-tags");
    alice.send("PRIVMSG bob :still there?\r");
    let again = service.next();
    check_signature(&again, &vapid, service.port);
    assert!(device.read(&again.body).ends_with(" PRIVMSG bob :still there?"));
}

fn check_signature(request: &Request, vapid: &str, port: u16) {
    let value = request.headers["authorization"].strip_prefix("vapid t=").expect("a token");
    let (token, key) = value.split_once(", k=").expect("a key");
    assert_eq!(key, vapid);
    let decode = |text| URL_SAFE_NO_PAD.decode(text).expect("base64");
    let (signed, signed_with) = token.rsplit_once('.').expect("a signature");
    signature::UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decode(key))
        .verify(signed.as_bytes(), &decode(signed_with))
        .expect("it is signed with the server's key");
    let claims =
        String::from_utf8(decode(signed.split('.').nth(1).expect("claims"))).expect("JSON");
    assert!(claims.contains(&format!("\"aud\":\"https://localhost:{port}\"")), "{claims}");
    assert!(claims.contains("\"sub\":\"mailto:ana@example.org\""), "{claims}");
}

#[test]
fn a_device_that_its_push_service_does_not_know_is_forgotten() {
    for status in ["404", "410"] {
        let identity = Identity::new();
        let service = PushService::start(&identity);
        let server = settings(&identity).set("push.devices_max", "1").start();
        let device = Device::new();
        let mut bob = register(&server, "bob", CAPS);
        add(&mut bob, &service.endpoint(&format!("{status}/gone")), &device);
        let mut alice = come_in(&server, "alice", "message-tags");
        alice.send("PRIVMSG bob :hello\r");
        assert_eq!(service.next().path, format!("/{status}/gone"));
        add_once_there_is_room(&mut bob, &service.endpoint("201/new"), &device);
        alice.send("PRIVMSG bob :again\r");
        let next = service.next();
        assert_eq!(next.path, "/201/new");
        assert!(device.read(&next.body).ends_with(" PRIVMSG bob :again"));
    }
}

#[test]
fn the_server_connects_to_no_private_address_unless_it_may() {
    let identity = Identity::new();
    let service = PushService::start(&identity);
    let settings = settings(&identity).set("push.private_addresses", "false");
    let server = settings.set("push.devices_max", "1").start();
    let device = Device::new();
    let mut bob = register(&server, "bob", CAPS);
    add(&mut bob, &service.endpoint("201/a"), &device);
    let mut alice = come_in(&server, "alice", "message-tags");
    alice.send("PRIVMSG bob :hello\r");
    // That the device is forgotten tells that its turn has come.
    add_once_there_is_room(&mut bob, &service.endpoint("201/b"), &device);
    assert!(service.requests.try_recv().is_err(), "it was connected to");
}

#[test]
fn attack_devices_that_never_answer_hold_up_nobody_elses() {
    let identity = Identity::new();
    let service = PushService::start(&identity);
    let server = settings(&identity).start();
    // Each takes the connection, and never says anything.
    let tarpits: Vec<_> =
        (0..8).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    let device = Device::new();
    let mut mallory = register(&server, "mallory", CAPS);
    for tarpit in &tarpits {
        let port = tarpit.local_addr().expect("an address").port();
        add(&mut mallory, &format!("https://localhost:{port}/tarpit"), &device);
    }
    let mut bob = register(&server, "bob", CAPS);
    add(&mut bob, &service.endpoint("201/b"), &device);
    let mut alice = come_in(&server, "alice", "message-tags");
    for n in 0..16 {
        alice.send(&format!("PRIVMSG mallory :{n}\r"));
    }
    // The server has begun to tell two of them, and no more.
    for tarpit in &tarpits {
        tarpit.set_nonblocking(true).expect("a socket");
    }
    let mut stuck = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    while stuck.len() < 2 {
        stuck.extend(tarpits.iter().filter_map(|tarpit| tarpit.accept().ok()));
        assert!(Instant::now() < deadline, "no device is told");
        std::thread::yield_now();
    }
    let began = Instant::now();
    for n in 0..5 {
        alice.send(&format!("PRIVMSG bob :{n}\r"));
        let line = device.read(&service.next().body);
        assert!(line.ends_with(&format!(" PRIVMSG bob :{n}")), "{line}");
    }
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    stuck.extend(tarpits.iter().filter_map(|tarpit| tarpit.accept().ok()));
    assert_eq!(stuck.len(), 2);
}

#[test]
fn adv_ergo_3_no_endpoint_has_the_server_reach_into_its_own_network() {
    let identity = Identity::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let v6 = TcpListener::bind("[::1]:0").ok();
    let port = listener.local_addr().expect("an address").port();
    let settings = settings(&identity).set("push.private_addresses", "false");
    let server = settings.set("push.devices_max", "1").start();
    let device = Device::new();
    let mut bob = register(&server, "bob", CAPS);
    let mut alice = come_in(&server, "alice", "message-tags");
    let port6 = v6.as_ref().map_or(port, |v6| v6.local_addr().expect("an address").port());
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("LOCALHOST:{port}"),
        format!("localhost.:{port}"),
        format!("127.1:{port}"),
        format!("0:{port}"),
        format!("0.0.0.0:{port}"),
        format!("0x7f.1:{port}"),
        format!("0177.0.0.1:{port}"),
        format!("2130706433:{port}"),
        format!("[::1]:{port6}"),
        format!("[::]:{port6}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("[::ffff:7f00:1]:{port}"),
        format!("[::127.0.0.1]:{port}"),
        format!("[64:ff9b::127.0.0.1]:{port}"),
        format!("[2002:7f00:1::]:{port}"),
        format!("[fe80::1]:{port}"),
        format!("[fd00::1]:{port}"),
        "169.254.169.254".to_owned(),
        "10.0.0.1".to_owned(),
        "192.168.0.1:8080".to_owned(),
        "100.64.0.1".to_owned(),
        format!("user@127.0.0.1:{port}"),
        format!("example.org@127.0.0.1:{port}"),
        format!("127.0.0.1\\@example.org:{port}"),
    ] {
        let endpoint = format!("https://{host}/latest");
        bob.send(&format!("WEBPUSH REGISTER {endpoint} {}\r\nPING end\r", device.keys()));
        let told = bob.skip_to(":chat.test ");
        if !told.contains(" WEBPUSH REGISTER ") {
            // It is none that can be told.
            assert!(told.contains(" FAIL WEBPUSH INVALID_PARAMS "), "{host}: {told}");
            bob.skip_to(":chat.test PONG ");
            continue;
        }
        bob.skip_to(":chat.test PONG ");
        alice.send("PRIVMSG bob :hello\r");
        // A device without a public address is forgotten; one whose name means nothing may stay.
        bob.send(&format!("WEBPUSH UNREGISTER {endpoint}\r\nPING end\r"));
        bob.skip_to(":chat.test PONG ");
    }
    // Where an endpoint's answer leads nobody goes.
    let place = format!("Location: https://127.0.0.1:{port}/\r\n");
    let service = PushService::start_with(&identity, place);
    let server = self::settings(&identity).start();
    let mut bob = register(&server, "cy", CAPS);
    add(&mut bob, &service.endpoint("302/latest"), &device);
    let mut alice = come_in(&server, "alice2", "message-tags");
    alice.send("PRIVMSG cy :hello\r\nPRIVMSG cy :again\r");
    assert_eq!([service.next().path, service.next().path], ["/302/latest", "/302/latest"]);
    for listener in [Some(&listener), v6.as_ref()].into_iter().flatten() {
        listener.set_nonblocking(true).expect("a socket");
        assert!(listener.accept().is_err(), "the server connected");
    }
}

#[test]
fn without_push_there_is_no_capability() {
    let server = Settings::new().set("push.enabled", "false").start();
    let mut alice = Client::connect(&server).called("alice");
    alice.send("CAP REQ draft/webpush\r");
    alice.expect(":chat.test CAP * NAK :draft/webpush\r\n");
    alice.send("CAP END\r\nNICK alice\r\nUSER alice 0 * :alice\r\nWEBPUSH VAPIDPUBKEY\r");
    alice.skip_to(":chat.test FAIL WEBPUSH FORBIDDEN VAPIDPUBKEY :");
    assert!(!server.settings().data().join("push.key").exists());
}
