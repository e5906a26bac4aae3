//! Sessions with a client that is well-behaved, and with ones that are not.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::sync::LazyLock;

use proptest::prelude::*;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

use super::*;
use crate::certificate::Certificate;

/// What the server has, and what its clients trust.
static SERVER: LazyLock<(Certificate, RootCertStore)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("certificate"), folder.path().join("key"));
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    (Certificate::read(&certificate, &key).unwrap(), roots)
});

/// A client and a session with it, over a pair of sockets.
struct Pair {
    client: ClientConnection,
    wire: UnixStream,
    stream: Stream,
    tls: Tls,
    /// What the server heard of the client, and the other way round.
    heard: Vec<u8>,
    told: Vec<u8>,
}

/// How the client's bytes reach the server.
struct Road {
    /// In pieces of these lengths, over and over.
    pieces: Vec<usize>,
    /// The byte at so many bytes from the beginning comes as another.
    wrong: Option<(usize, u8)>,
}

impl Pair {
    fn new(is_tls12: bool) -> Self {
        let (certificate, roots) = &*SERVER;
        let (wire, other) = UnixStream::pair().unwrap();
        wire.set_nonblocking(true).unwrap();
        other.set_nonblocking(true).unwrap();
        let stream = Stream::Unix(mio::net::UnixStream::from_std(other));
        let version = if is_tls12 { &TLS12 } else { &TLS13 };
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots.clone())
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(Arc::new(config), name).unwrap();
        // A record of no bytes is nobody's in particular.
        let config = certificate.config_for(&[0x16, 3, 1, 0, 0]).unwrap();
        let tls = Tls::begin(config, Vec::new()).unwrap();
        Self { client, wire, stream, tls, heard: Vec::new(), told: Vec::new() }
    }

    /// Passes bytes on both ways until nothing moves any more.
    fn run(&mut self, road: &Road) -> io::Result<()> {
        let mut pieces = road.pieces.iter().cycle();
        let mut sent = 0;
        let mut buffer = vec![0; RECORD_BYTES];
        loop {
            let mut out = Vec::new();
            while self.client.wants_write() {
                self.client.write_tls(&mut out).unwrap();
            }
            if let Some((at, byte)) = road.wrong
                && let Some(slot) = at.checked_sub(sent).and_then(|at| out.get_mut(at))
            {
                *slot ^= byte;
            }
            sent += out.len();
            let mut moved = !out.is_empty();
            let mut rest = &out[..];
            loop {
                let (piece, after) = rest.split_at(rest.len().min(*pieces.next().unwrap()));
                self.wire.write_all(piece)?;
                rest = after;
                loop {
                    match self.tls.read(&mut self.stream, &mut buffer) {
                        Ok(Got::Bytes(count)) => self.heard.extend_from_slice(&buffer[..count]),
                        Ok(Got::End) => return Ok(()),
                        Ok(_) => {}
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                        Err(error) => return Err(error),
                    }
                }
                if rest.is_empty() {
                    break;
                }
            }
            self.tls.flush(&mut self.stream)?;
            let mut came = vec![0; 1 << 20];
            if let Ok(count) = self.wire.read(&mut came) {
                moved |= count > 0;
                let mut came = &came[..count];
                while !came.is_empty() {
                    self.client.read_tls(&mut came)?;
                    self.client.process_new_packets().map_err(io::Error::other)?;
                    // All that has come can be read; then there is no more yet, which is an error.
                    let _ = self.client.reader().read_to_end(&mut self.told);
                }
            }
            if !moved {
                return Ok(());
            }
        }
    }
}

#[test]
fn a_silent_session_holds_no_buffer() {
    for is_tls12 in [false, true] {
        let mut pair = Pair::new(is_tls12);
        let road = Road { pieces: vec![1000], wrong: None };
        pair.client.writer().write_all(&[b'x'; 50_000]).unwrap();
        pair.run(&road).unwrap();
        let wrote = pair.tls.write(&mut pair.stream, &[IoSlice::new(b"hello")]).unwrap();
        assert_eq!((wrote.bytes, wrote.is_full), (5, false));
        assert!(pair.tls.is_open() && pair.heard.len() == 50_000);
        let Tls { records, text, owed, .. } = &pair.tls;
        assert_eq!((records.capacity(), text.capacity(), owed.capacity()), (0, 0, 0));
    }
}

#[test]
fn what_the_socket_does_not_take_is_owed_and_nothing_is_lost() {
    let mut pair = Pair::new(false);
    let road = Road { pieces: vec![1000], wrong: None };
    pair.run(&road).unwrap();
    let text: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let mut said = 0;
    while pair.told.len() < text.len() {
        let (one, other) = text[said..].split_at((text.len() - said) / 2);
        let slices = [IoSlice::new(one), IoSlice::new(other)];
        let wrote = pair.tls.write(&mut pair.stream, &slices).unwrap();
        said += wrote.bytes;
        if wrote.is_full || said == text.len() {
            pair.run(&road).unwrap();
        }
    }
    assert!(pair.told == text);
    assert!(!pair.tls.owes());
}

proptest! {
    #[test]
    fn what_is_said_is_heard_in_pieces_of_any_size(
        is_tls12: bool,
        pieces in prop::collection::vec(1usize..3000, 1..8),
        lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5000), 0..10),
    ) {
        let mut pair = Pair::new(is_tls12);
        let road = Road { pieces, wrong: None };
        pair.run(&road).unwrap();
        for line in &lines {
            pair.client.writer().write_all(line).unwrap();
            pair.run(&road).unwrap();
        }
        pair.client.send_close_notify();
        pair.run(&road).unwrap();
        prop_assert_eq!(&pair.heard, &lines.concat());
        prop_assert!(pair.tls.has_ended);
    }

    #[test]
    fn a_wrong_byte_anywhere_ends_at_most_the_session(
        is_tls12: bool,
        pieces in prop::collection::vec(1usize..3000, 1..4),
        at in 0usize..3000,
        byte in 1u8..,
    ) {
        let mut pair = Pair::new(is_tls12);
        pair.client.writer().write_all(&[b'x'; 500]).unwrap();
        // What becomes of it is open; that it comes back is what counts.
        let _ = pair.run(&Road { pieces, wrong: Some((at, byte)) });
        pair.tls.say_end();
        let _ = pair.tls.write(&mut pair.stream, &[IoSlice::new(b"hello")]);
        prop_assert!(pair.tls.records.len() <= INCOMPLETE_BYTES_MAX);
    }

    #[test]
    fn any_bytes_are_a_handshake_or_none(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
        records in prop::collection::vec(
            (20u8..24, prop::collection::vec(any::<u8>(), 0..200)),
            0..20,
        ),
    ) {
        let mut pair = Pair::new(false);
        let mut buffer = vec![0; RECORD_BYTES];
        let records = records.into_iter().map(|(kind, body)| {
            let length = u16::try_from(body.len()).unwrap().to_be_bytes();
            [&[kind, 3, 3], &length[..], &body].concat()
        });
        for bytes in records.chain([bytes]) {
            if pair.wire.write_all(&bytes).is_err()
                || pair.tls.read(&mut pair.stream, &mut buffer).is_err_and(|error| {
                    error.kind() != io::ErrorKind::WouldBlock
                })
            {
                break;
            }
        }
        prop_assert!(!pair.tls.is_open());
    }
}
