//! The certificate that the listener shows, which can be replaced while it runs.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    Error, InconsistentKeys,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::{
    pem::{self, unusable},
    provider,
};

/// The chain and the key from two PEM files, shown to every client whatever host it asks for.
///
/// The chain begins with the server's own certificate; neither its dates nor its names are checked
/// here, that is the client's part. Both may stand in one file, named twice.
pub struct Certificates {
    chain: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl Certificates {
    /// Reads the two files: PEM, the key as PKCS#8, PKCS#1 or SEC1 and not encrypted.
    ///
    /// Keys are RSA with 2,048 to 4,096 bits, ECDSA on P-256 or P-384, or Ed25519.
    ///
    /// # Errors
    /// What is wrong, with the file at fault. It holds no byte of a key.
    pub fn load(chain: &Path, key: &Path) -> Result<Self, String> {
        let current = RwLock::new(Arc::new(read(chain, key)?));
        Ok(Self { chain: chain.to_owned(), key: key.to_owned(), current })
    }

    /// Reads the two files again. New connections see what they hold now; open ones go on as they
    /// are. A client that resumes a session is shown no certificate at all (RFC 8446, section 2.2).
    /// After an error the certificate stays the one that it was.
    pub fn reload(&self) -> Result<(), String> {
        let new = Arc::new(read(&self.chain, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// The file that holds the chain.
    #[must_use]
    pub fn chain_file(&self) -> &Path {
        &self.chain
    }

    fn current(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("chain", &self.chain).finish_non_exhaustive()
    }
}

fn read(chain_file: &Path, key_file: &Path) -> Result<CertifiedKey, String> {
    let chain = pem::certificates(chain_file)?;
    let key = pem::key(key_file)?;
    let key = provider().key_provider.load_private_key(key).map_err(|_unusable| {
        let reason = "the private key cannot be used: it must be RSA with 2,048 to 4,096 bits, ECDSA on P-256 or \
                      P-384, or Ed25519, and an ECDSA key must hold its public key";
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
