//! TLS on the server's own listener: the certificate that it shows, and what it speaks.
//!
//! The provider is named wherever one is needed, so that no process-wide default counts.

mod certificates;
mod pem;

use std::{io, path::PathBuf, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    version::{TLS12, TLS13},
};

pub use self::certificates::Certificates;

/// The listener cannot speak TLS with what it was given. No text holds a byte of a key.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate without a key, or a key without a certificate.
    #[error("--tls-cert and --tls-key belong together: {missing} is missing")]
    Half {
        /// The flag that is missing.
        missing: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file holds something else than what is looked for.
    #[error("{}: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// The library does not take the certificate.
    #[error("{}: the first certificate cannot be used: {source}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: rustls::Error,
    },
    /// The two do not belong together.
    #[error(
        "the key in {} does not belong to the first certificate in {}",
        key.display(),
        certificate.display()
    )]
    Mismatch {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The library does not take our choice of protocols.
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

/// How the listener speaks TLS: 1.3 and 1.2, without client certificates. The HTTP library adds what it speaks itself to
/// the protocols that are offered (RFC 7301): `http/1.1`.
///
/// No early data is taken (RFC 8446, section 8): it could be sent again by somebody else.
///
/// # Errors
/// [`TlsError::Setup`].
pub fn server_config(certificates: Arc<Certificates>) -> Result<ServerConfig, TlsError> {
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(TlsError::Setup)?
        .with_no_client_auth()
        .with_cert_resolver(certificates);
    Ok(config)
}

/// The cryptography of every TLS connection, on either side.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[cfg(test)]
mod tests;
