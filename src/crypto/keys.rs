//! Data keys, one for each value and used once; and the keys of a database, which wrap data keys and are kept wrapped by a
//! master key.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{CryptoError, KeyBytes, MasterKeys, frame, random};
use crate::{
    clock::Timestamp,
    sealed::{KeyId, MasterKeyId, SealedData, WrappedDataKey, WrappedKey},
};

/// What a value's frame is bound to, beside its key: what it is and in which version.
const VALUE: &[u8] = b"sae-secret value 1";

/// What the frame of a wrapped database key is bound to, before the ids.
const WRAPPED: &[u8] = b"sae-secret database key 1";

/// What the key of one secret is derived for, before the secret's identity.
const WRAPPING: &[u8] = b"sae-secret wrapping key 1";

/// The key that seals one version of one secret's data.
pub struct DataEncryptionKey(pub(super) KeyBytes);

impl DataEncryptionKey {
    /// A new random key.
    pub fn generate() -> Result<Self, CryptoError> {
        random().map(Self)
    }

    /// Seals data. The place is not bound here but where the data key is wrapped, so that data can be sealed before its
    /// place is known; no other place has this key.
    pub fn seal(&self, plain: &[u8]) -> Result<SealedData, CryptoError> {
        frame::seal(&self.0, VALUE, plain).map(SealedData)
    }

    /// Opens what [`DataEncryptionKey::seal`] made.
    pub fn open(&self, sealed: &SealedData) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        frame::open(&self.0, VALUE, &sealed.0)
    }
}

impl fmt::Debug for DataEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataEncryptionKey(hidden)")
    }
}

/// The place that a wrapped data key opens at, as associated data: a product puts together whatever never changes of the
/// row, so that nothing of one row can be exchanged for that of another without being noticed. Two places have the same bytes
/// only if they are the same: texts come with their length, everything else has a fixed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    id: [u8; 16],
    pub(super) associated: Vec<u8>,
}

impl Binding {
    /// A place of this kind with a random identity that no other place has. The name of a kind belongs to one product and
    /// one order of parts.
    #[must_use]
    pub fn new(kind: &'static str, id: &[u8; 16]) -> Self {
        Self { id: *id, associated: [kind.as_bytes(), id].concat() }
    }

    /// Followed by a number.
    #[must_use]
    pub fn number(mut self, number: i64) -> Self {
        self.associated.extend(number.to_be_bytes());
        self
    }

    /// Followed by a text.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        frame::extend_with_text(&mut self.associated, text);
        self
    }
}

/// A key of the database.
pub struct DatabaseKey {
    pub(super) id: KeyId,
    bytes: KeyBytes,
}

/// A wrapped key does not open.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    /// The master key that wraps it was not given.
    #[error("the master key {0} is missing")]
    Missing(MasterKeyId),
    /// A master key of that id was given and is another one, or the wrapped key was changed.
    #[error("the master key {0} is another one than the one that sealed")]
    Wrong(MasterKeyId),
}

impl DatabaseKey {
    /// A new random key.
    pub fn generate() -> Result<Self, CryptoError> {
        Ok(Self { id: KeyId::from_random(*random()?), bytes: random()? })
    }

    /// The key, wrapped by the master key that seals.
    pub fn wrap(
        &self,
        masters: &MasterKeys,
        created: Timestamp,
    ) -> Result<WrappedKey, CryptoError> {
        let (master, key) = masters.sealing()?;
        let bytes = frame::seal(key, &associated(&self.id, master), self.bytes.as_ref())?;
        Ok(WrappedKey { id: self.id.clone(), master: master.clone(), bytes, created })
    }

    /// The key in what [`DatabaseKey::wrap`] made.
    pub fn unwrap(wrapped: &WrappedKey, masters: &MasterKeys) -> Result<Self, UnwrapError> {
        let master = &wrapped.master;
        let key = masters.get(master).ok_or_else(|| UnwrapError::Missing(master.clone()))?;
        let bytes = frame::open_key(key, &associated(&wrapped.id, master), &wrapped.bytes)
            .map_err(|_| UnwrapError::Wrong(master.clone()))?;
        Ok(Self { id: wrapped.id.clone(), bytes })
    }

    /// Wraps a data key for its place.
    pub fn wrap_data_key(
        &self,
        data_key: &DataEncryptionKey,
        place: &Binding,
    ) -> Result<WrappedDataKey, CryptoError> {
        let key = self.wrapping_key(&place.id)?;
        let bytes = frame::seal(&key, &place.associated, data_key.0.as_ref())?;
        Ok(WrappedDataKey { key: self.id.clone(), bytes })
    }

    /// The data key of a place.
    pub fn unwrap_data_key(
        &self,
        wrapped: &WrappedDataKey,
        place: &Binding,
    ) -> Result<DataEncryptionKey, CryptoError> {
        let key = self.wrapping_key(&place.id)?;
        frame::open_key(&key, &place.associated, &wrapped.bytes).map(DataEncryptionKey)
    }

    /// Each secret's data keys are wrapped by a key of its own. A single key must not be used with more than 2^32 random
    /// nonces (NIST SP 800-38D, 8.3), which a busy database would reach; the versions of one secret do not.
    fn wrapping_key(&self, id: &[u8; 16]) -> Result<KeyBytes, CryptoError> {
        // HKDF-Expand (RFC 5869, 2.3) for as many bytes as one block has, which is one HMAC; the key is random as it is, so
        // HKDF's first step has nothing to add.
        let block = <Hmac<Sha256> as KeyInit>::new_from_slice(self.bytes.as_ref());
        let mut block = block.map_err(|_| CryptoError::CannotOpen)?;
        for part in [WRAPPING, id, &[1]] {
            block.update(part);
        }
        Ok(Zeroizing::new(block.finalize().into_bytes().into()))
    }
}

fn associated(key: &KeyId, master: &MasterKeyId) -> Vec<u8> {
    let mut bytes = WRAPPED.to_vec();
    frame::extend_with_text(&mut bytes, key.as_str());
    frame::extend_with_text(&mut bytes, master.as_str());
    bytes
}
