//! A connection to the server, plain or over TLS, that one thread reads and another writes.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

/// How long the server may be silent within a handshake.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Bytes that are read from the socket, or encrypted, at once.
const PIECE_BYTES: usize = 16 * 1024;

/// A connection.
#[derive(Debug)]
pub(super) struct Stream {
    socket: TcpStream,
    tls: Option<Tls>,
}

/// TLS over the socket. `session` is never locked while the socket is waited for, so that the reader goes
/// on while the server takes nothing from the writer.
#[derive(Debug)]
struct Tls {
    session: Mutex<Session>,
    /// Held by the writer until its records are in the socket, in order.
    writing: Mutex<()>,
}

#[derive(Debug)]
struct Session {
    connection: ClientConnection,
    /// What was decrypted and not read yet.
    plain: Vec<u8>,
}

impl Stream {
    /// A plain connection.
    pub(super) fn plain(socket: TcpStream) -> Self {
        Self { socket, tls: None }
    }

    /// Does a TLS handshake over the socket.
    ///
    /// # Errors
    /// The socket's, and any breach of TLS.
    pub(super) fn encrypted(
        mut socket: TcpStream,
        config: Arc<ClientConfig>,
        server: ServerName<'static>,
    ) -> io::Result<Self> {
        let mut connection = ClientConnection::new(config, server).map_err(io::Error::other)?;
        socket.set_read_timeout(Some(HANDSHAKE_MAX))?;
        socket.set_write_timeout(Some(HANDSHAKE_MAX))?;
        while connection.is_handshaking() {
            connection.complete_io(&mut socket)?;
        }
        socket.set_write_timeout(None)?;
        let session = Mutex::new(Session { connection, plain: Vec::new() });
        Ok(Self { socket, tls: Some(Tls { session, writing: Mutex::default() }) })
    }

    /// Reads text, and waits for it at most so long; 0 bytes are the end.
    ///
    /// # Errors
    /// The socket's, a timeout among them, and any breach of TLS: an end that TLS does not confirm is
    /// [`io::ErrorKind::UnexpectedEof`].
    pub(super) fn read(&self, buffer: &mut [u8], wait: Option<Duration>) -> io::Result<usize> {
        let Some(tls) = &self.tls else {
            self.socket.set_read_timeout(wait)?;
            return (&self.socket).read(buffer);
        };
        loop {
            if let Some(count) = lock(&tls.session).read(buffer)? {
                return Ok(count);
            }
            self.socket.set_read_timeout(wait)?;
            let mut records = [0; PIECE_BYTES];
            let count = (&self.socket).read(&mut records)?;
            lock(&tls.session).decrypt(records.get(..count).unwrap_or_default())?;
        }
    }

    /// Writes text.
    ///
    /// # Errors
    /// The socket's.
    pub(super) fn write_all(&self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = &self.tls else { return (&self.socket).write_all(bytes) };
        let writing = lock(&tls.writing);
        for piece in bytes.chunks(PIECE_BYTES) {
            let mut records = Vec::new();
            let mut session = lock(&tls.session);
            session.connection.writer().write_all(piece)?;
            session.encrypt(&mut records)?;
            drop(session);
            (&self.socket).write_all(&records)?;
        }
        drop(writing);
        Ok(())
    }

    /// Says that nothing more will be written; what the server sends can still be read.
    ///
    /// # Errors
    /// The socket's.
    pub(super) fn end_of_input(&self) -> io::Result<()> {
        let Some(tls) = &self.tls else { return self.socket.shutdown(Shutdown::Write) };
        let writing = lock(&tls.writing);
        let mut records = Vec::new();
        let mut session = lock(&tls.session);
        session.connection.send_close_notify();
        session.encrypt(&mut records)?;
        drop(session);
        let written = (&self.socket).write_all(&records);
        drop(writing);
        written
    }
}

impl Session {
    /// Text that is there already; `None` if records have to be read first.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        if self.plain.is_empty() {
            return match self.connection.reader().read(buffer) {
                Ok(count) => Ok(Some(count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(error),
            };
        }
        let count = self.plain.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(self.plain.drain(..count)) {
            *to = from;
        }
        Ok(Some(count))
    }

    /// Takes bytes of the socket; none are its end.
    fn decrypt(&mut self, mut records: &[u8]) -> io::Result<()> {
        loop {
            self.connection.read_tls(&mut records)?;
            let state = self.connection.process_new_packets().map_err(io::Error::other)?;
            // The connection holds little text: it is taken from it after each read.
            let from = self.plain.len();
            self.plain.resize(from + state.plaintext_bytes_to_read(), 0);
            if let Some(text) = self.plain.get_mut(from..) {
                self.connection.reader().read_exact(text)?;
            }
            if records.is_empty() {
                return Ok(());
            }
        }
    }

    fn encrypt(&mut self, records: &mut Vec<u8>) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(records)?;
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
