//! TLS on the server's own listener: the certificate that it shows, and what it speaks.
//!
//! The provider is named wherever one is needed, so that no process-wide default counts.

mod certificates;
mod pem;

use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, ring},
    version::{TLS12, TLS13},
};

pub use self::certificates::Certificates;

/// How the listener speaks TLS: 1.3 and 1.2, without client certificates. The HTTP library adds what it speaks itself to
/// the protocols that are offered (RFC 7301): `http/1.1`.
///
/// No early data is taken (RFC 8446, section 8): an attacker could send it again.
pub fn server_config(certificates: Arc<Certificates>) -> Result<ServerConfig, rustls::Error> {
    let config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?
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
