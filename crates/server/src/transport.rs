//! What lies between a socket and a conversation: a proxy's header, and TLS.
//!
//! Both are told by the first bytes, so that one port serves plain and TLS, direct or through a
//! proxy. Who reads gets text, whichever it is; who writes gives text.

mod tls;

use std::io::{self, IoSlice, Read as _, Write as _};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use chinwag_wire::proxy::{self, BadHeader, Beginning};
use mio::{Registry, Token};

use self::tls::Tls;
use crate::certificate::Certificate;
use crate::listener::Stream;
use crate::options::{ListenOptions, TlsUse};

/// How long a client may take to come to the point: a proxy's header and a handshake together.
pub(crate) const BEGINNING_TIME: Duration = Duration::from_secs(10);

/// The first byte of TLS: a record of the handshake (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// A socket, with what it takes to read and write text through it.
#[derive(Debug)]
pub(crate) struct Transport {
    stream: Stream,
    layer: Layer,
    /// What was read to find out about the layer, and belongs to what is spoken in it.
    head: Vec<u8>,
    /// When a beginning that is not over is given up.
    beginning_due: Instant,
}

#[derive(Debug)]
enum Layer {
    /// A proxy's header may come first; then the other.
    Proxied(Box<Layer>),
    /// TLS or not: the first byte will tell.
    Undecided {
        certificate: Certificate,
        is_required: bool,
    },
    Plain,
    /// Plain, where TLS is required: all it gets is told so.
    Refused,
    Tls(Box<Tls>),
}

/// What came of a read.
#[derive(Debug)]
pub(crate) enum Got {
    /// So many bytes of text, perhaps none yet, and perhaps more at once.
    Bytes(usize),
    /// Another part of the beginning is over; what follows it counts as the first that is said.
    Begun,
    /// The same, and it is another's than the socket tells; or its own still.
    Proxied(Option<IpAddr>),
    /// What a proxy put before it cannot be read.
    BadHeader(BadHeader),
    /// There will be no more.
    End,
}

/// What came of a write.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrote {
    /// Bytes of text that need no more care.
    pub(crate) bytes: usize,
    /// The socket takes no more for now.
    pub(crate) is_full: bool,
    /// The socket took something, be it of what was given before.
    pub(crate) has_moved: bool,
}

impl Transport {
    /// Over a socket that was accepted there, from this address.
    pub(crate) fn new(
        stream: Stream,
        listener: &ListenOptions,
        certificate: Option<&Certificate>,
        peer: Option<IpAddr>,
    ) -> Self {
        let mut layer = match (listener.tls, certificate) {
            (TlsUse::Off, _) | (_, None) => Layer::Plain,
            (TlsUse::Detect, Some(certificate)) => {
                Layer::Undecided { certificate: certificate.clone(), is_required: false }
            }
            (TlsUse::Required, Some(certificate)) => {
                Layer::Undecided { certificate: certificate.clone(), is_required: true }
            }
        };
        if listener.proxies.have(peer) {
            layer = Layer::Proxied(Box::new(layer));
        }
        let beginning_due = Instant::now() + BEGINNING_TIME;
        Self { stream, layer, head: Vec::new(), beginning_due }
    }

    /// Has the system tell of what can be read and written.
    pub(crate) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        self.stream.register(registry, token)
    }

    /// Whether what is spoken is encrypted.
    pub(crate) fn is_tls(&self) -> bool {
        matches!(&self.layer, Layer::Tls(tls) if tls.is_open())
    }

    /// Whether it is plain, and TLS is required.
    pub(crate) fn wants_tls(&self) -> bool {
        matches!(self.layer, Layer::Refused)
    }

    /// The SHA-256 of the certificate, in DER, that the client showed over TLS, if it showed one. It
    /// holds the key; nobody says more of it.
    pub(crate) fn peer_certificate_sha256(&self) -> Option<[u8; 32]> {
        match &self.layer {
            Layer::Tls(tls) => tls.peer_certificate_sha256(),
            _ => None,
        }
    }

    /// Whether a conversation can be begun, be it that the client said nothing yet.
    pub(crate) fn may_begin(&self) -> bool {
        match &self.layer {
            Layer::Plain | Layer::Refused => true,
            Layer::Tls(tls) => tls.is_open(),
            Layer::Undecided { is_required, .. } => self.head.is_empty() && !is_required,
            Layer::Proxied(within) => {
                self.head.is_empty()
                    && !matches!(**within, Layer::Undecided { is_required: true, .. })
            }
        }
    }

    /// Whether there is more between the socket and what is spoken, or may be.
    pub(crate) fn is_beginning(&self) -> bool {
        !matches!(self.layer, Layer::Plain)
    }

    /// Whether its beginning takes too long.
    pub(crate) fn is_late(&self, now: Instant) -> bool {
        !self.may_begin() && self.beginning_due <= now
    }

    /// Whether a handshake goes on, which is dear.
    pub(crate) fn is_in_handshake(&self) -> bool {
        matches!(&self.layer, Layer::Tls(tls) if !tls.is_open())
    }

    /// Whether it has to write what nobody gave it.
    pub(crate) fn owes(&self) -> bool {
        matches!(&self.layer, Layer::Tls(tls) if tls.owes())
    }

    /// Reads at most once from the socket.
    ///
    /// # Errors
    /// The socket's, [`io::ErrorKind::WouldBlock`] among them, and any breach of TLS.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Got> {
        match &mut self.layer {
            Layer::Plain | Layer::Refused if self.head.is_empty() => {
                let count = self.stream.read(buffer)?;
                Ok(if count == 0 { Got::End } else { Got::Bytes(count) })
            }
            Layer::Plain | Layer::Refused => {
                let count = self.head.len().min(buffer.len());
                for (to, from) in buffer.iter_mut().zip(self.head.drain(..count)) {
                    *to = from;
                }
                self.head.shrink_to_fit();
                Ok(Got::Bytes(count))
            }
            Layer::Tls(tls) => tls.read(&mut self.stream, buffer),
            Layer::Undecided { .. } | Layer::Proxied(_) => self.read_beginning(buffer),
        }
    }

    /// Whether the next read is one of the socket itself, of which a short one empties it.
    pub(crate) fn reads_socket(&self) -> bool {
        matches!(self.layer, Layer::Plain | Layer::Refused) && self.head.is_empty()
    }

    /// Writes, by one call, what the socket takes of the slices.
    ///
    /// # Errors
    /// The socket's, and [`io::ErrorKind::WouldBlock`] where it takes nothing.
    pub(crate) fn write(&mut self, slices: &[IoSlice<'_>]) -> io::Result<Wrote> {
        match &mut self.layer {
            Layer::Tls(tls) => return tls.write(&mut self.stream, slices),
            layer if layer.may_only_be_tls() => {
                // What is said before it is encrypted is for nobody.
                let bytes = slices.iter().map(|slice| slice.len()).sum();
                return Ok(Wrote { bytes, is_full: false, has_moved: true });
            }
            // Who was silent so long, and is now spoken to in clear, can begin no handshake.
            Layer::Undecided { .. } | Layer::Proxied(_) => self.layer = Layer::Plain,
            Layer::Plain | Layer::Refused => {}
        }
        let offered: usize = slices.iter().map(|slice| slice.len()).sum();
        // The system takes one piece faster than a list of one.
        let bytes = match slices {
            [piece] => self.stream.write(piece)?,
            pieces => self.stream.write_vectored(pieces)?,
        };
        Ok(Wrote { bytes, is_full: bytes < offered, has_moved: bytes > 0 })
    }

    /// Says, where there is a way of saying so, that no more will be said; it is then owed.
    pub(crate) fn say_end(&mut self) {
        if let Layer::Tls(tls) = &mut self.layer {
            tls.say_end();
        }
    }

    /// Closes the socket's side for writing.
    pub(crate) fn shutdown_write(&self) {
        self.stream.shutdown_write();
    }

    /// Reads what tells of the layers. What is kept of it has a bound: a header's, or one read.
    fn read_beginning(&mut self, buffer: &mut [u8]) -> io::Result<Got> {
        let count = self.stream.read(buffer)?;
        if count == 0 {
            return match self.may_begin() {
                true => Ok(Got::End),
                false => Err(io::Error::other("it left before it had begun")),
            };
        }
        let came = buffer.get(..count).unwrap_or_default();
        if let Layer::Undecided { is_required: false, .. } = self.layer
            && self.head.is_empty()
            && came.first() != Some(&TLS_HANDSHAKE)
        {
            self.layer = Layer::Plain;
            return Ok(Got::Bytes(count));
        }
        self.head.extend_from_slice(came);
        if let Layer::Proxied(within) = &mut self.layer {
            let (bytes, got) = match proxy::read(&self.head) {
                Err(bad) => return Ok(Got::BadHeader(bad)),
                Ok(Beginning::Unsure) => return Ok(Got::Bytes(0)),
                Ok(Beginning::Other) => (0, Got::Begun),
                Ok(Beginning::Header { bytes, source }) => (bytes, Got::Proxied(source)),
            };
            self.layer = std::mem::replace(&mut **within, Layer::Plain);
            self.head.drain(..bytes);
            self.decide()?;
            return Ok(got);
        }
        self.decide()?;
        Ok(if self.may_begin() || self.is_in_handshake() { Got::Begun } else { Got::Bytes(0) })
    }

    /// Chooses between TLS and none by the first byte, where there is one. What TLS begins with is
    /// waited for whole, as it tells who is there.
    fn decide(&mut self) -> io::Result<()> {
        let Some(first) = self.head.first() else { return Ok(()) };
        if let Layer::Undecided { certificate, is_required } = &self.layer {
            self.layer = if *first == TLS_HANDSHAKE {
                let Some(config) = certificate.config_for(&self.head) else { return Ok(()) };
                let head = std::mem::take(&mut self.head);
                Layer::Tls(Box::new(Tls::begin(config, head)?))
            } else if *is_required {
                Layer::Refused
            } else {
                Layer::Plain
            };
        }
        Ok(())
    }
}

impl Layer {
    /// Whether nothing can be said in clear: TLS is required, and not refused yet.
    fn may_only_be_tls(&self) -> bool {
        match self {
            Self::Proxied(within) => within.may_only_be_tls(),
            Self::Undecided { is_required, .. } => *is_required,
            Self::Plain | Self::Refused | Self::Tls(_) => false,
        }
    }
}
