//! Data keys: one for each value, used once.

use std::fmt;

use super::{CryptoError, KeyBytes, frame, random};
use crate::domain::{NamespaceId, SealedData, SecretId, SecretType, SecretUid, Version};

/// What a value's frame is bound to, beside its key: what it is and in which version.
const VALUE: &[u8] = b"sae-secret value 1";

/// What the frame of a wrapped data key is bound to, before its place.
const PLACE: &[u8] = b"sae-secret data key 1";

/// The key that seals one version of one secret's data.
pub struct DataEncryptionKey(pub(super) KeyBytes);

impl DataEncryptionKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`].
    pub fn generate() -> Result<Self, CryptoError> {
        random().map(Self)
    }

    /// Seals data. The place is not bound here but where the data key is wrapped, so that data can be sealed before its
    /// place is known; no other place has this key.
    ///
    /// # Errors
    /// [`CryptoError::NoRandomness`] and [`CryptoError::TooLong`].
    pub fn seal(&self, plain: &[u8]) -> Result<SealedData, CryptoError> {
        frame::seal(&self.0, VALUE, plain).map(SealedData)
    }

    /// Opens what [`DataEncryptionKey::seal`] made.
    ///
    /// # Errors
    /// [`CryptoError::CannotOpen`].
    pub fn open(&self, sealed: &SealedData) -> Result<zeroize::Zeroizing<Vec<u8>>, CryptoError> {
        frame::open(&self.0, VALUE, &sealed.0)
    }
}

impl fmt::Debug for DataEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataEncryptionKey(hidden)")
    }
}

/// The place that a wrapped data key opens at: one version of one secret. Whatever never changes of a secret belongs to it,
/// so that nothing of one row can be exchanged for that of another without being noticed.
#[derive(Debug, Clone)]
pub struct Binding<'a> {
    /// The secret's identity.
    pub uid: SecretUid,
    /// Its number.
    pub id: SecretId,
    /// The namespace it lives in.
    pub namespace: &'a NamespaceId,
    /// Its name there.
    pub name: &'a str,
    /// Its type.
    pub secret_type: SecretType,
    /// Which of its data.
    pub version: Version,
}

impl Binding<'_> {
    /// The place as associated data.
    pub(super) fn associated(&self) -> Vec<u8> {
        let namespace = self.namespace.to_string();
        let texts = [namespace.as_str(), self.name, self.secret_type.as_str()];
        let length = texts.iter().map(|text| text.len() + 8).sum::<usize>();
        let mut bytes = Vec::with_capacity(PLACE.len() + 32 + length);
        bytes.extend_from_slice(PLACE);
        bytes.extend_from_slice(self.uid.as_bytes());
        bytes.extend_from_slice(&self.id.get().to_be_bytes());
        bytes.extend_from_slice(&self.version.get().to_be_bytes());
        for text in texts {
            frame::extend_with_text(&mut bytes, text);
        }
        bytes
    }
}
