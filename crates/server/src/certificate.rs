//! The certificate that a server shows, read from files.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::crypto::{verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{Acceptor, NoClientAuth, NoServerSessionStorage, ServerConfig};
use rustls::{
    CertificateError as RefusedCertificate, DigitallySignedStruct, DistinguishedName, Error,
    InconsistentKeys, SignatureScheme,
};

/// The longest file that is read, in bytes; a chain of certificates has some thousands.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Bytes of all certificates that a client may show. They are kept as long as its connection is.
const CLIENT_CERTIFICATES_BYTES_MAX: usize = 8 * 1024;

/// A certificate with its key, and all else that TLS is spoken with.
///
/// Clients are asked for a certificate and need not have one. Any is taken: who shows it has proved
/// to hold its key, and nothing more. Browsers are not asked: theirs would ask people.
#[derive(Clone, Debug)]
pub struct Certificate {
    asking: Arc<ServerConfig>,
    not_asking: Arc<ServerConfig>,
}

/// Why a certificate cannot be used: one line, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file for certificates has none.
    #[error("{path} has no certificate in PEM")]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The file for the key has none.
    #[error("{path} has no key in PEM that needs no passphrase")]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The two do not belong together.
    #[error(
        "{key} is not the key of the certificate in {certificate}; name two files that belong together"
    )]
    Mismatch {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
    },
    /// They are no certificate or no key that can be used.
    #[error("{certificate} and {key} cannot be used for TLS: {why}")]
    Unusable {
        /// The file with the certificate.
        certificate: PathBuf,
        /// The file with the key.
        key: PathBuf,
        /// Why.
        why: Error,
    },
}

impl Certificate {
    /// Reads a certificate, with those that lead to its root, and its key, both in PEM (RFC 7468);
    /// the key as PKCS#8, PKCS#1 or SEC1.
    ///
    /// # Errors
    /// [`CertificateError`], which says what is wrong with which file.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&bytes_of(certificate)?)
            .collect::<Result<_, _>>()
            .ok()
            .filter(|chain: &Vec<_>| !chain.is_empty())
            .ok_or_else(|| CertificateError::NoCertificate { path: certificate.to_owned() })?;
        let key_der = PrivateKeyDer::from_pem_slice(&bytes_of(key)?)
            .map_err(|_| CertificateError::NoKey { path: key.to_owned() })?;
        let unusable = |why| {
            let (certificate, key) = (certificate.to_owned(), key.to_owned());
            match why {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    CertificateError::Mismatch { certificate, key }
                }
                why => CertificateError::Unusable { certificate, key, why },
            }
        };
        let not_asking = config(chain.clone(), key_der.clone_key(), false).map_err(unusable)?;
        let asking = config(chain, key_der, true).map_err(unusable)?;
        Ok(Self { asking: Arc::new(asking), not_asking: Arc::new(not_asking) })
    }

    /// How to speak with a client that begins so; `None` while its first record is not whole.
    pub(crate) fn config_for(&self, beginning: &[u8]) -> Option<Arc<ServerConfig>> {
        let length = match beginning.get(3..RECORD_HEAD_BYTES)? {
            [high, low] => usize::from(u16::from_be_bytes([*high, *low])),
            _ => return None,
        };
        // One that is longer than a record can be is refused in the handshake, as any that is none.
        if length <= RECORD_BYTES_MAX && beginning.len() < RECORD_HEAD_BYTES + length {
            return None;
        }
        let config = if speaks_http(beginning) { &self.not_asking } else { &self.asking };
        Some(Arc::clone(config))
    }
}

/// Bytes before what a record holds, and the most that it holds (RFC 8446, section 5.1).
const RECORD_HEAD_BYTES: usize = 5;
const RECORD_BYTES_MAX: usize = 16 * 1024;

/// Whether the client says that it is to be HTTP, as browsers do (RFC 7301).
fn speaks_http(mut beginning: &[u8]) -> bool {
    let mut acceptor = Acceptor::default();
    while !beginning.is_empty() {
        if acceptor.read_tls(&mut beginning).is_err() {
            return false;
        }
        match acceptor.accept() {
            Ok(None) => {}
            Ok(Some(accepted)) => {
                return accepted.client_hello().alpn().is_some_and(|mut protocols| {
                    protocols.any(|protocol| matches!(protocol, b"h2" | b"http/1.1"))
                });
            }
            Err(_) => return false,
        }
    }
    false
}

fn bytes_of(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut bytes)) {
        Ok(_) => Ok(bytes),
        Err(source) => Err(CertificateError::Unreadable { path: path.to_owned(), source }),
    }
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    is_asking: bool,
) -> Result<ServerConfig, Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier: Arc<dyn ClientCertVerifier> =
        if is_asking { Arc::new(AnyCertificate::new(&provider)) } else { Arc::new(NoClientAuth) };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)?;
    // A connection lives for hours: what would make the next one cheaper is not worth memory here,
    // nor tickets by which an old certificate of a client's outlives a change.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

/// Takes any certificate of a client's, or none; its signature must be right.
#[derive(Debug)]
struct AnyCertificate(WebPkiSupportedAlgorithms);

impl AnyCertificate {
    fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let bytes: usize = intermediates.iter().chain([end_entity]).map(|der| der.len()).sum();
        if bytes > CLIENT_CERTIFICATES_BYTES_MAX {
            return Err(RefusedCertificate::ApplicationVerificationFailure.into());
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
