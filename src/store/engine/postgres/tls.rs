//! TLS to the server, as far as the address asks for it.

use std::path::Path;

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{
    BoxError,
    address::{Roots, TlsChoice, TlsMode},
};
use crate::tls_client::{self, Verification};

/// Reads the certificates that the address names.
pub fn connector(choice: &TlsChoice) -> Result<MakeRustlsConnect, BoxError> {
    let verification = match (choice.mode, &choice.roots) {
        (TlsMode::VerifyFull, Some(roots)) => Verification::Full(store(roots)?),
        (TlsMode::VerifyCa, Some(roots)) => Verification::Authority(store(roots)?),
        _ => Verification::None,
    };
    let builder = tls_client::builder(verification)?;
    let config = match (&choice.certificate, &choice.key) {
        (Some(certificate), Some(key)) => {
            let pem = std::fs::read(key).map_err(|error| unreadable(key, &error))?;
            let pem = zeroize::Zeroizing::new(pem);
            let private =
                PrivateKeyDer::from_pem_slice(&pem).map_err(|error| unreadable(key, &error))?;
            builder.with_client_auth_cert(certificates(certificate)?, private)?
        }
        _ => builder.with_no_client_auth(),
    };
    Ok(MakeRustlsConnect::new(config))
}

fn store(roots: &Roots) -> Result<RootCertStore, BoxError> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::File(path) => {
            for certificate in certificates(path)? {
                store.add(certificate).map_err(|error| unreadable(path, &error))?;
            }
        }
        Roots::System => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if store.is_empty() {
                return Err("the machine has no trusted certificates".into());
            }
        }
    }
    Ok(store)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, BoxError> {
    let found =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = found.map_err(|error| unreadable(path, &error))?;
    if found.is_empty() {
        Err(format!("{} holds no certificate", path.display()).into())
    } else {
        Ok(found)
    }
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> BoxError {
    format!("{} cannot be read: {error}", path.display()).into()
}
