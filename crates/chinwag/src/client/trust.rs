//! Which certificates the client believes: the system's authorities and `--tls-ca`, or one by its
//! fingerprint.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::fingerprint::Fingerprint;

/// What a server's certificate is checked by, and the last one that was met.
#[derive(Debug)]
pub(super) struct Trust {
    provider: Arc<CryptoProvider>,
    /// `None` if there is no authority at all, or a fingerprint is given instead.
    authorities: Option<Arc<WebPkiServerVerifier>>,
    pinned: Option<Fingerprint>,
    met: Mutex<Option<Fingerprint>>,
}

impl Trust {
    /// Trusts this fingerprint alone; without one, the system's authorities and those in the file.
    ///
    /// # Errors
    /// Where the file holds no certificates.
    pub(super) fn new(pinned: Option<Fingerprint>, file: Option<&Path>) -> Result<Arc<Self>> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut roots = RootCertStore::empty();
        if let Some(path) = file {
            let cannot = || format!("--tls-ca {}", path.display());
            let certificates = CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .with_context(cannot)?;
            let (taken, _) = roots.add_parsable_certificates(certificates);
            ensure!(taken > 0, "{}: it holds no certificate in PEM", cannot());
        }
        if pinned.is_none() {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        let authorities = match roots.is_empty() {
            true => None,
            false => Some(
                WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                    .build()
                    .context("cannot check certificates")?,
            ),
        };
        Ok(Arc::new(Self { provider, authorities, pinned, met: Mutex::default() }))
    }

    /// How TLS is spoken with this trust.
    ///
    /// # Errors
    /// Where the library cannot do it.
    pub(super) fn config(self: &Arc<Self>) -> Result<Arc<ClientConfig>, Error> {
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Self>::clone(self))
            .with_no_client_auth();
        Ok(Arc::new(config))
    }

    /// The certificate that the server showed last.
    pub(super) fn met(&self) -> Option<Fingerprint> {
        *self.met.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let met = Fingerprint::of(end_entity);
        *self.met.lock().unwrap_or_else(PoisonError::into_inner) = Some(met);
        match (self.pinned, &self.authorities) {
            (Some(pinned), _) if pinned == met => Ok(ServerCertVerified::assertion()),
            (None, Some(authorities)) => authorities.verify_server_cert(
                end_entity,
                intermediates,
                server_name,
                ocsp_response,
                now,
            ),
            (Some(_), _) => Err(CertificateError::ApplicationVerificationFailure.into()),
            (None, None) => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
