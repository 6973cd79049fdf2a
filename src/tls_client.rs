//! TLS as a client: what a server's certificate has to show. rustls has one rule of its own, which is the strictest.

use std::{error::Error, sync::Arc};

use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, Error as TlsError,
    RootCertStore, SignatureScheme,
    client::{
        WantsClientCert, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring},
};

/// What a server's certificate has to show.
#[derive(Debug)]
pub enum Verification {
    /// Nothing: it may be any, even one that the library cannot read.
    None,
    /// That one of these authorities signed it, for any name.
    Authority(RootCertStore),
    /// The same, for the name that was connected to.
    Full(RootCertStore),
}

/// Begins the configuration of a client that verifies servers so. It is an error when there are no authorities.
pub fn builder(
    verification: Verification,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Box<dyn Error + Send + Sync>> {
    let provider = Arc::new(ring::default_provider());
    let signed = |roots| {
        let roots = Arc::new(roots);
        WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider)).build()
    };
    let verifier: Arc<dyn ServerCertVerifier> = match verification {
        Verification::Full(roots) => signed(roots)?,
        Verification::Authority(roots) => {
            let provider = Arc::clone(&provider);
            Arc::new(Lenient { signed: Some(signed(roots)?), provider })
        }
        Verification::None => Arc::new(Lenient { signed: None, provider: Arc::clone(&provider) }),
    };
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier))
}

/// Accepts what the library's own verifier refuses: any name, and without a verifier any certificate.
#[derive(Debug)]
struct Lenient {
    signed: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(signed) = &self.signed else { return Ok(ServerCertVerified::assertion()) };
        match signed.verify_server_cert(end_entity, intermediates, name, ocsp_response, now) {
            // The name is verified last, when everything else was found right.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.signed.as_ref().map_or(Ok(HandshakeSignatureValid::assertion()), |signed| {
            signed.verify_tls12_signature(message, certificate, signature)
        })
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.signed.as_ref().map_or(Ok(HandshakeSignatureValid::assertion()), |signed| {
            signed.verify_tls13_signature(message, certificate, signature)
        })
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
