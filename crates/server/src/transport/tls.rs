//! One TLS session over one socket (RFC 8446, RFC 5246).
//!
//! A silent session holds its keys and no buffer: what came lies in the shard's own buffer, and here
//! only what of a record is still incomplete, or what the socket did not take yet.

use std::io::{self, IoSlice, Read as _, Write as _};
use std::sync::Arc;

use rustls::server::{ServerConfig, ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError,
    UnbufferedStatus, WriteTraffic,
};
use sha2::{Digest as _, Sha256};

use super::{Got, Wrote};
use crate::listener::Stream;

/// Bytes of text that go into one record (RFC 8446, section 5.1).
const RECORD_BYTES: usize = 16 * 1024;

/// Bytes of records still incomplete. A record has 5 + 16,384 + 256 at most; what a client says in a
/// handshake is far shorter.
const INCOMPLETE_BYTES_MAX: usize = 20 * 1024;

/// A TLS session, from the client's first byte.
pub(super) struct Tls {
    session: UnbufferedServerConnection,
    /// Records that came and are not complete.
    records: Vec<u8>,
    /// Whether these were not looked at yet.
    is_unread: bool,
    /// Text that came and was not taken yet.
    text: Vec<u8>,
    /// Records that the socket is still to take.
    owed: Vec<u8>,
    is_open: bool,
    has_ended: bool,
    has_said_end: bool,
    is_broken: bool,
}

impl std::fmt::Debug for Tls {
    /// Without what is secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("is_open", &self.is_open).finish_non_exhaustive()
    }
}

/// What is wanted of a session once it can carry text.
#[derive(Clone, Copy)]
enum Wish<'a> {
    Nothing,
    Say(&'a [u8]),
    SayEnd,
}

impl Tls {
    /// A session that begins with these bytes.
    pub(super) fn begin(config: Arc<ServerConfig>, records: Vec<u8>) -> io::Result<Self> {
        let session = UnbufferedServerConnection::new(config).map_err(io::Error::other)?;
        Ok(Self {
            session,
            records,
            is_unread: true,
            text: Vec::new(),
            owed: Vec::new(),
            is_open: false,
            has_ended: false,
            has_said_end: false,
            is_broken: false,
        })
    }

    /// Whether the handshake is over.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether the socket is still to take something.
    pub(super) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    /// The SHA-256 of the certificate that the client showed and proved to hold the key of.
    pub(super) fn peer_certificate_sha256(&self) -> Option<[u8; 32]> {
        let shown = self.session.peer_certificates().filter(|_| self.is_open)?;
        Some(Sha256::digest(shown.first()?).into())
    }

    /// Reads once, and answers what the protocol itself wants answered.
    pub(super) fn read(&mut self, stream: &mut Stream, buffer: &mut [u8]) -> io::Result<Got> {
        if self.text.is_empty() && !self.has_ended {
            if !std::mem::take(&mut self.is_unread) {
                let count = stream.read(buffer)?;
                if count == 0 {
                    self.has_ended = true;
                }
                self.records.extend_from_slice(buffer.get(..count).unwrap_or_default());
            }
            let was_open = self.is_open;
            let driven = self.drive(Wish::Nothing);
            // Also what tells the client of its mistake.
            let flushed = self.flush(stream);
            driven?;
            flushed?;
            if self.is_open && !was_open {
                return Ok(Got::Begun);
            }
        }
        if !self.text.is_empty() {
            return Ok(Got::Bytes(self.take_text(buffer)));
        }
        if self.has_ended {
            return if self.is_open {
                Ok(Got::End)
            } else {
                Err(io::Error::other("it left before the handshake was over"))
            };
        }
        Ok(Got::Bytes(0))
    }

    /// Writes what fits into one record. Before the handshake is over there is nobody to be told
    /// anything: what is said then is dropped.
    pub(super) fn write(
        &mut self,
        stream: &mut Stream,
        slices: &[IoSlice<'_>],
    ) -> io::Result<Wrote> {
        let owed = self.owed.len();
        let flushed = self.flush(stream)?;
        let has_moved = self.owed.len() < owed;
        if !flushed {
            return Ok(Wrote { bytes: 0, is_full: true, has_moved });
        }
        if !self.is_open {
            let bytes = slices.iter().map(|slice| slice.len()).sum();
            return Ok(Wrote { bytes, is_full: false, has_moved: true });
        }
        let text = first_bytes(slices, RECORD_BYTES);
        if !text.is_empty() {
            self.drive(Wish::Say(&text))?;
        }
        let owed = self.owed.len();
        let is_full = !self.flush(stream)?;
        let has_moved = has_moved || self.owed.len() < owed;
        Ok(Wrote { bytes: text.len(), is_full, has_moved })
    }

    /// Says that no more will be said (close_notify), if that can still be said and was not yet.
    pub(super) fn say_end(&mut self) {
        if self.is_open && !self.has_said_end {
            self.has_said_end = true;
            // A session that is broken has told why already.
            let _ = self.drive(Wish::SayEnd);
        }
    }

    /// Writes what the socket is still to take; whether that is all.
    fn flush(&mut self, stream: &mut Stream) -> io::Result<bool> {
        let mut written = 0;
        let flushed = loop {
            let rest = self.owed.get(written..).unwrap_or_default();
            if rest.is_empty() {
                break Ok(true);
            }
            match stream.write(rest) {
                Ok(count) => written += count,
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => break Ok(false),
                    io::ErrorKind::Interrupted => {}
                    _ => break Err(error),
                },
            }
        };
        drop_first(&mut self.owed, written);
        flushed
    }

    fn take_text(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.text.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(&self.text) {
            *to = *from;
        }
        drop_first(&mut self.text, count);
        count
    }

    /// Goes through what came, until the session wants more or can carry text.
    fn drive(&mut self, wish: Wish<'_>) -> io::Result<()> {
        if self.is_broken {
            return Err(io::Error::other("its TLS session has failed"));
        }
        let mut wish = Some(wish);
        let mut done = 0;
        let driven = loop {
            let came = self.records.get_mut(done..).unwrap_or_default();
            let UnbufferedStatus { mut discard, state } = self.session.process_tls_records(came);
            let mut outcome = None;
            match state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while let Some(Ok(record)) = traffic.next_record() {
                        discard += record.discard;
                        self.text.extend_from_slice(record.payload);
                    }
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => encode(&mut self.owed, &mut data)?,
                // It goes out before anything else does.
                Ok(ConnectionState::TransmitTlsData(data)) => data.done(),
                Ok(ConnectionState::PeerClosed) => self.has_ended = true,
                Ok(ConnectionState::WriteTraffic(traffic)) => match wish.take() {
                    Some(wish) => grant(wish, traffic, &mut self.owed)?,
                    None => outcome = Some(Ok(())),
                },
                Ok(_) => outcome = Some(Ok(())),
                Err(error) => outcome = Some(Err(io::Error::other(error))),
            }
            done += discard;
            if let Some(outcome) = outcome {
                break outcome;
            }
        };
        drop_first(&mut self.records, done);
        // Once it has said its end, a session counts as one that cannot carry text, as at first.
        self.is_open |= !self.session.is_handshaking();
        if driven.is_err() {
            self.is_broken = true;
            self.fetch_alert()?;
        } else if self.records.len() > INCOMPLETE_BYTES_MAX {
            return Err(io::Error::other("its handshake is too long"));
        }
        driven
    }

    /// Takes from a session that has failed what tells the client why. It is given nothing more to
    /// look at: it would fail again.
    fn fetch_alert(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            match self.session.process_tls_records(&mut []).state {
                Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                    while traffic.next_record().is_some() {}
                }
                Ok(ConnectionState::EncodeTlsData(mut data)) => encode(&mut self.owed, &mut data)?,
                _ => break,
            }
        }
        Ok(())
    }
}

/// Why nothing was encoded.
enum Failed {
    /// There must be more room.
    Short(InsufficientSizeError),
    /// The keys have served as long as they may, or it was encoded already.
    Spent,
}

fn encode(
    owed: &mut Vec<u8>,
    data: &mut EncodeTlsData<'_, ServerConnectionData>,
) -> io::Result<()> {
    append(owed, 0, |room| {
        data.encode(room).map_err(|error| match error {
            EncodeError::InsufficientSize(size) => Failed::Short(size),
            EncodeError::AlreadyEncoded => Failed::Spent,
        })
    })
}

fn grant(
    wish: Wish<'_>,
    mut traffic: WriteTraffic<'_, ServerConnectionData>,
    owed: &mut Vec<u8>,
) -> io::Result<()> {
    let failed = |error| match error {
        EncryptError::InsufficientSize(size) => Failed::Short(size),
        EncryptError::EncryptExhausted => Failed::Spent,
    };
    match wish {
        Wish::Nothing => Ok(()),
        Wish::Say(text) => {
            append(owed, text.len(), |room| traffic.encrypt(text, room).map_err(failed))
        }
        Wish::SayEnd => append(owed, 0, |room| traffic.queue_close_notify(room).map_err(failed)),
    }
}

/// Bytes that a record has besides its text: head, tag, nonce, and a message that goes before it.
const RECORD_BESIDES: usize = 64;

/// Appends what `encode` writes into the room that it is given; if it wants more, it gets that.
fn append(
    to: &mut Vec<u8>,
    text_bytes: usize,
    mut encode: impl FnMut(&mut [u8]) -> Result<usize, Failed>,
) -> io::Result<()> {
    let from = to.len();
    let mut room = text_bytes + RECORD_BESIDES;
    for _ in 0..2 {
        to.resize(from + room, 0);
        match encode(to.get_mut(from..).unwrap_or_default()) {
            Ok(count) => {
                to.truncate(from + count);
                return Ok(());
            }
            Err(Failed::Short(InsufficientSizeError { required_size })) => room = required_size,
            Err(Failed::Spent) => break,
        }
    }
    to.truncate(from);
    Err(io::Error::other("its TLS session can say no more"))
}

/// The first bytes of the slices, `max` at most, in one piece.
fn first_bytes(slices: &[IoSlice<'_>], max: usize) -> Vec<u8> {
    let all: usize = slices.iter().map(|slice| slice.len()).sum();
    let mut bytes = Vec::with_capacity(all.min(max));
    for slice in slices {
        let fits = slice.len().min(max - bytes.len());
        bytes.extend_from_slice(slice.get(..fits).unwrap_or_default());
    }
    bytes
}

/// Takes away what is done with; where nothing is left, no memory is held for it.
fn drop_first(bytes: &mut Vec<u8>, count: usize) {
    if count >= bytes.len() {
        *bytes = Vec::new();
    } else {
        bytes.drain(..count);
    }
}

#[cfg(test)]
mod tests;
