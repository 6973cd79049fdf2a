//! TLS to the server, as far as the address asks for it.

use std::{fs::File, io::Read, path::Path};

use anyhow::{Error, Result, anyhow, bail, ensure};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;
use zeroize::Zeroizing;

use super::address::{PostgresAddress, Trust};
use crate::tls_client::{self, Verification};

/// How large a file of certificates or of a key may be, in bytes: a machine's trusted certificates have about 200 KiB.
const FILE_MAX: u64 = 1024 * 1024;

/// Reads the certificates that the address names.
pub fn connector(address: &PostgresAddress) -> Result<MakeRustlsConnect> {
    let verification = match &address.trust {
        Trust::Any => Verification::None,
        Trust::SignedBy(file) => Verification::Authority(roots(file)?),
        Trust::NamedBy(file) => Verification::Full(roots(file)?),
        Trust::NamedBySystem => Verification::Full(system_roots()?),
    };
    let builder = tls_client::builder(verification).map_err(Error::from_boxed)?;
    let config = match &address.identity {
        Some((certificate, key)) => {
            let pem = read(key)?;
            let private =
                PrivateKeyDer::from_pem_slice(&pem).map_err(|error| unreadable(key, &error))?;
            builder.with_client_auth_cert(certificates(certificate)?, private)?
        }
        None => builder.with_no_client_auth(),
    };
    Ok(MakeRustlsConnect::new(config))
}

fn roots(path: &Path) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|error| unreadable(path, &error))?;
    }
    Ok(roots)
}

fn system_roots() -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let none = "the machine has no trusted certificates".to_owned();
        bail!(found.errors.iter().fold(none, |text, error| format!("{text}; {error}")));
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let pem = read(path)?;
    let found = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| unreadable(path, &error))?;
    ensure!(!found.is_empty(), "{} holds no certificate", path.display());
    Ok(found)
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let mut pem = Zeroizing::new(vec![]);
    let length = file.take(FILE_MAX + 1).read_to_end(&mut pem);
    let length = length.map_err(|error| unreadable(path, &error))?;
    ensure!(length as u64 <= FILE_MAX, "{} is larger than 1 MiB", path.display());
    Ok(pem)
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Error {
    anyhow!("{} cannot be read: {error}", path.display())
}
