//! TLS from the client's side.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use super::PATIENCE;
use super::server::Settings;

/// A certificate that `chinwag make-certificate` made, and how a client meets it.
#[derive(Debug)]
pub(crate) struct Identity {
    folder: TempDir,
    is_tls12: bool,
    is_browser: bool,
    own: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
}

impl Identity {
    /// A new one.
    pub(crate) fn new() -> Self {
        let folder = TempDir::with_prefix("chinwag-test-").expect("a folder for the test");
        let identity = Self { folder, is_tls12: false, is_browser: false, own: None };
        identity.renew();
        identity
    }

    /// Makes another in its place.
    pub(crate) fn renew(&self) {
        let made = Command::new(env!("CARGO_BIN_EXE_chinwag"))
            .args(["make-certificate", "--force", "--out"])
            .arg(self.folder.path())
            .output()
            .expect("the command can be run");
        assert!(made.status.success(), "{made:?}");
    }

    /// Speaks TLS 1.2 only.
    pub(crate) fn tls12(mut self) -> Self {
        self.is_tls12 = true;
        self
    }

    /// Says that it is to be HTTP, as browsers do.
    pub(crate) fn browser(mut self) -> Self {
        self.is_browser = true;
        self
    }

    /// Shows a certificate of its own, the one of `other`.
    pub(crate) fn showing(mut self, other: &Self) -> Self {
        let key = PrivateKeyDer::from_pem_file(other.key()).expect("a key in PEM");
        self.own = Some((other.der(), key));
        self
    }

    /// A server with it.
    pub(crate) fn settings(&self) -> Settings {
        Settings::new()
            .set("tls.certificate", format!("{:?}", self.certificate()))
            .set("tls.key", format!("{:?}", self.key()))
    }

    /// The file with the certificate.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("fullchain.pem")
    }

    /// The file with its key.
    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("privkey.pem")
    }

    /// Where both are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The certificate as it is now.
    pub(crate) fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.certificate()).expect("a certificate in PEM")
    }

    fn config(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.der()).expect("it can be trusted");
        let version = if self.is_tls12 { &TLS12 } else { &TLS13 };
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[version])
            .expect("a version that there is")
            .with_root_certificates(roots);
        let mut config = match &self.own {
            Some((certificate, key)) => builder
                .with_client_auth_cert(vec![certificate.clone()], key.clone_key())
                .expect("a certificate and its key"),
            None => builder.with_no_client_auth(),
        };
        if self.is_browser {
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        }
        config
    }
}

/// A connection over TLS.
#[derive(Debug)]
pub(crate) struct TlsStream(StreamOwned<ClientConnection, TcpStream>);

impl TlsStream {
    /// Does the handshake, with a server that is trusted only with this certificate.
    pub(crate) fn begin(mut stream: TcpStream, identity: &Identity) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from("localhost").expect("a name");
        let mut session = ClientConnection::new(Arc::new(identity.config()), name)
            .expect("a configuration that can be used");
        while session.is_handshaking() {
            session.complete_io(&mut stream)?;
        }
        Ok(Self(StreamOwned::new(session, stream)))
    }

    pub(crate) fn set_patience(&self, patience: Duration) -> io::Result<()> {
        self.0.sock.set_read_timeout(Some(patience))
    }

    /// Says that nothing more is sent (close_notify); the socket stays as it is.
    pub(crate) fn end_of_input(&mut self) -> io::Result<()> {
        self.0.conn.send_close_notify();
        self.0.flush()
    }
}

impl Read for TlsStream {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for TlsStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
