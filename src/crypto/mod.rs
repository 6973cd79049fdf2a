//! Seals values and wraps keys. Pure functions over bytes and ids: nothing here reads a file or knows the store.
//!
//! A value is sealed by a data key of its own; the data key is wrapped by a key of the database; that one is wrapped by a
//! master key, which never touches the database. `docs/encryption.md` has the byte formats and what they protect.

mod frame;
mod keyring;
mod keys;
mod master;
mod material;

use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::sealed::KeyId;

pub use keyring::Keyring;
pub use keys::{Binding, DataEncryptionKey, DatabaseKey, UnwrapError};
pub use master::MasterKeys;
pub use material::{Cipher, Material};

/// How long every key is, in bytes: that of AES-256.
const KEY_LENGTH: usize = 32;

/// A key's bytes; zeroed when they go.
type KeyBytes = Zeroizing<[u8; KEY_LENGTH]>;

/// What can go wrong with sealed bytes. Texts name ids, never keys or values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CryptoError {
    /// The machine gives no random numbers.
    #[error("this machine has no source of random numbers")]
    NoRandomness,
    /// The bytes are of a format that this version does not know, too short, changed, or sealed by another key or for
    /// another place. Sealed bytes do not show which.
    #[error("the sealed bytes do not open: they were changed, or belong to another place or key")]
    CannotOpen,
    /// The key that wraps a data key is not in the keyring.
    #[error("the database has no key {0}")]
    UnknownKey(KeyId),
    /// No master key was given.
    #[error("no master key was given")]
    NoMasterKey,
    /// There is more data than one sealing can take.
    #[error("the data is too long to be sealed")]
    TooLong,
}

/// Fills an array with random bytes.
fn random<const LENGTH: usize>() -> Result<Zeroizing<[u8; LENGTH]>, CryptoError> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    SystemRandom::new().fill(bytes.as_mut()).map_err(|_| CryptoError::NoRandomness)?;
    Ok(bytes)
}

/// As many random bytes; zeroed when they go.
pub fn random_bytes(length: usize) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let mut bytes = Zeroizing::new(vec![0; length]);
    SystemRandom::new().fill(&mut bytes).map_err(|_| CryptoError::NoRandomness)?;
    Ok(bytes)
}

/// Bytes as a key, if they are as many as a key has.
fn key_of(bytes: &[u8]) -> Option<KeyBytes> {
    let mut key = Zeroizing::new([0; KEY_LENGTH]);
    if bytes.len() != KEY_LENGTH {
        return None;
    }
    key.copy_from_slice(bytes);
    Some(key)
}

/// Sixteen random bytes, for an identity that nothing else has.
pub fn random_id() -> Result<[u8; 16], CryptoError> {
    Ok(*random()?)
}
