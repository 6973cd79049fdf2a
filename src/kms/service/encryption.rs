//! Secrets that are encrypted by a key that their creator named.

use super::Context;
use crate::{
    kms::{
        model::{Cloud, Error, KeyId, KeyRef, Result, Scope, Secret},
        store::DataKey,
    },
    sealing::{Binding, DataEncryptionKey, Sealing},
    store::Tx,
};

/// The key that is to encrypt a new secret.
pub fn usable_key(
    _tx: &mut Tx<'_>,
    _cloud: &Cloud,
    _context: &Context,
    _key: &KeyRef,
    _instance: Option<&str>,
) -> Result<KeyId> {
    Err(Error::EncryptionKeyNotFound)
}

pub fn check_usable(
    _tx: &mut Tx<'_>,
    _cloud: &Cloud,
    _context: &Context,
    _scope: &Scope,
    _key: &KeyId,
) -> Result<()> {
    Err(Error::KeyNotFound)
}

/// Whether a key is there and can be used, whoever asks.
pub fn check_enabled(_tx: &mut Tx<'_>, _cloud: &Cloud, _scope: &Scope, _key: &KeyId) -> Result<()> {
    Err(Error::KeyNotFound)
}

pub fn check_readable(
    _tx: &mut Tx<'_>,
    _cloud: &Cloud,
    _context: &Context,
    secret: &Secret,
) -> Result<()> {
    if secret.encryption_key.is_some() { Err(Error::KeyNotFound) } else { Ok(()) }
}

pub fn wrap(
    _tx: &mut Tx<'_>,
    _sealing: &Sealing,
    _scope: &Scope,
    _key: &KeyId,
    _place: &Binding,
    _data_key: &DataEncryptionKey,
) -> Result<DataKey> {
    Err(Error::KeyNotFound)
}

pub fn unwrap(
    _tx: &mut Tx<'_>,
    _sealing: &Sealing,
    _secret: &Secret,
    _key_version: &str,
    _place: &Binding,
    _bytes: &[u8],
) -> Result<DataEncryptionKey> {
    Err(Error::KeyNotFound)
}
