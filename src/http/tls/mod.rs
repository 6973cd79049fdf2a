//! TLS on the server's own listener: the certificate that it shows, the files that it comes from, and what it speaks.
//!
//! The provider is named wherever one is needed, so that no process-wide default counts.

use std::{
    fmt,
    fs::OpenOptions,
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustix::fs::OFlags;
use rustls::{
    Error, InconsistentKeys, ServerConfig,
    crypto::{CryptoProvider, ring},
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{Error as PemError, PemObject},
    },
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
use zeroize::Zeroizing;

/// How large a file may be, in bytes: 1 MiB. A chain of ten certificates has less than 32 KiB.
const FILE_MAX: u64 = 1024 * 1024;

/// How the listener speaks TLS: 1.3 and 1.2, without client certificates. The HTTP library adds what it speaks itself to
/// the protocols that are offered (RFC 7301): `http/1.1`.
///
/// No early data is taken (RFC 8446, section 8): an attacker could send it again.
pub fn server_config(certificates: Arc<Certificates>) -> Result<ServerConfig, Error> {
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

/// The chain and the key from two PEM files, shown to every client whatever host it asks for.
///
/// The chain begins with the server's own certificate; neither its dates nor its names are checked
/// here, that is the client's part. Both may stand in one file, named twice.
pub struct Certificates {
    pub chain: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificates {
    /// Reads the two files: PEM, the key as PKCS#8, PKCS#1 or SEC1 and not encrypted. An error holds no byte of a key.
    pub fn load(chain: &Path, key: &Path) -> Result<Self, String> {
        let current = RwLock::new(Arc::new(read_pair(chain, key)?));
        Ok(Self { chain: chain.to_owned(), key: key.to_owned(), current })
    }

    /// Reads the two files again. New connections see what they hold now; open ones go on as they
    /// are. A client that resumes a session is shown no certificate at all (RFC 8446, section 2.2).
    /// After an error the certificate stays the one that it was.
    pub fn reload(&self) -> Result<(), String> {
        let new = Arc::new(read_pair(&self.chain, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("chain", &self.chain).finish_non_exhaustive()
    }
}

fn read_pair(chain_file: &Path, key_file: &Path) -> Result<CertifiedKey, String> {
    let chain = certificates(chain_file)?;
    let key = provider().key_provider.load_private_key(private_key(key_file)?).map_err(|_unusable| {
        let reason = "the private key cannot be used: it must be RSA with 2,048, 3,072 or 4,096 bits, ECDSA on \
                      P-256 or P-384, or Ed25519, undamaged, and an ECDSA key must hold its public key";
        unusable(key_file, reason)
    })?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) => Ok(certified),
        Err(Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => Err(format!(
            "the key in {} does not belong to the first certificate in {}",
            key_file.display(),
            chain_file.display()
        )),
        Err(error) => {
            Err(unusable(chain_file, &format!("the first certificate cannot be used: {error}")))
        }
    }
}

/// The certificates of a file, in its order; at least one.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(path)?;
    let chain = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| unusable(path, malformed(&error)))?;
    if chain.is_empty() {
        return Err(unusable(path, "there is no CERTIFICATE block in PEM"));
    }
    Ok(chain)
}

/// The first private key of a file: PKCS#8, PKCS#1 or SEC1.
fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let text = read(path)?;
    // Neither text can stand in base64, so neither can occur in a block.
    let encrypted: [&[u8]; 2] =
        [b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED"];
    if encrypted.iter().any(|mark| text.windows(mark.len()).any(|window| window == *mark)) {
        return Err(unusable(path, "the private key is encrypted; only a plain key can be used"));
    }
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        PemError::NoItemsFound => unusable(
            path,
            "there is no PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY block in PEM",
        ),
        other => unusable(path, malformed(&other)),
    })
}

fn unusable(path: &Path, reason: &str) -> String {
    format!("{}: {reason}", path.display())
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let unreadable = |error: io::Error| format!("cannot read {}: {error}", path.display());
    // A pipe without a writer would be waited for.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = file.map_err(unreadable)?;
    let kind = file.metadata().map_err(unreadable)?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(unusable(path, "it is not a regular file"));
    }
    let mut text = Zeroizing::new(Vec::new());
    let length = file.take(FILE_MAX + 1).read_to_end(&mut text).map_err(unreadable)?;
    if length as u64 > FILE_MAX {
        return Err(unusable(path, "it is larger than 1 MiB"));
    }
    Ok(text)
}

/// What is wrong with PEM. The library's own texts quote the line at fault.
fn malformed(error: &PemError) -> &'static str {
    match error {
        PemError::MissingSectionEnd { .. } => "a PEM block has no END line",
        PemError::IllegalSectionStart { .. } => "a BEGIN line of PEM is malformed",
        PemError::Base64Decode(_) => "a PEM block is not base64",
        _ => "the PEM text is malformed",
    }
}

#[cfg(test)]
mod tests;
