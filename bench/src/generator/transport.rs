//! What lies between a client's lines and its socket: nothing, TLS, or a WebSocket's frames.

use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use mio::net::TcpStream;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore};

/// The request that opens a WebSocket (RFC 6455, 4.1), for IRC in text
/// (<https://ircv3.net/specs/extensions/websocket>).
pub(super) const UPGRADE: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: text.ircv3.net\r\n\r\n";

/// Bytes of a line whose length stands in the second byte of its frame (RFC 6455, 5.2).
const SHORT: usize = 125;

/// Who may be trusted: the one certificate of the server under test.
///
/// # Errors
/// If it can't be read.
pub(crate) fn trust(certificate: &Path) -> Result<Arc<ClientConfig>> {
    let certificate = CertificateDer::from_pem_file(certificate).context("read the certificate")?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let mut config = builder
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    // Each handshake is a whole one, as with clients that come for the first time.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config))
}

/// A session of TLS that begins.
///
/// # Errors
/// If it can't begin.
pub(super) fn session(config: &Arc<ClientConfig>) -> Result<Box<ClientConnection>> {
    let name = ServerName::try_from("localhost")?;
    Ok(Box::new(ClientConnection::new(Arc::clone(config), name)?))
}

/// Writes what there is to send, as far as the socket takes it.
///
/// # Errors
/// The socket's, with [`ErrorKind::WouldBlock`] if it takes no more.
pub(super) fn write_tls(session: &mut ClientConnection, socket: &mut TcpStream) -> io::Result<()> {
    while session.wants_write() {
        session.write_tls(socket)?;
    }
    Ok(())
}

/// Reads as [`Read`] does, through TLS.
///
/// # Errors
/// As of a socket that does not block.
pub(super) fn read_tls(
    session: &mut ClientConnection,
    socket: &mut TcpStream,
    space: &mut [u8],
) -> io::Result<usize> {
    loop {
        match session.reader().read(space) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            other => return other,
        }
        if session.read_tls(socket)? == 0 {
            return Ok(0);
        }
        session.process_new_packets().map_err(io::Error::other)?;
        match write_tls(session, socket) {
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            _ => {}
        }
    }
}

/// Puts whole lines into frames, one each, without their ends. The masking key is zero: it hides
/// nothing here, and the server has the same work.
pub(super) fn frames(lines: &[u8], out: &mut Vec<u8>) {
    for line in lines.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        out.push(0x81);
        match (u8::try_from(line.len()), u16::try_from(line.len())) {
            (Ok(len), _) if line.len() <= SHORT => out.push(0x80 | len),
            (_, Ok(len)) => {
                out.push(0x80 | 126);
                out.extend(len.to_be_bytes());
            }
            _ => continue,
        }
        out.extend([0; 4]);
        // Writing to memory can't fail.
        let _ = out.write_all(line);
    }
}

/// The first frame of what came: its payload, and the bytes that it takes; `None` if not all of it
/// is there. What comes is not masked, and is never longer than 16 bits can say.
pub(super) fn frame(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let [_, len, ..] = *bytes else { return None };
    let (start, len) = match len & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        len => (2, usize::from(len)),
    };
    Some((bytes.get(start..start + len)?, start + len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_frames_and_frames_lines() {
        for length in [1, 125, 126, 300] {
            let mut line = vec![b'a'; length];
            line.extend(b"\r\n");
            let mut out = Vec::new();
            frames(&line, &mut out);
            let head = out.len() - length - 4;
            // As the server would send it: without a mask.
            out.drain(head..head + 4);
            out[1] &= 0x7f;
            assert_eq!(frame(&out), Some((&line[..length], out.len())));
            assert_eq!(frame(&out[..out.len() - 1]), None);
        }
    }
}
