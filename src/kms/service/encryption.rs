//! Secrets that are encrypted by a key that their creator named: the key's material wraps the data keys of their versions.

use super::{Context, keys::material};
use crate::{
    clock::Timestamp,
    kms::{
        model::{
            Cloud, Error, Field, InstanceId, Key, KeyId, KeyRef, KeyVersionId, Result, Scope,
            Secret,
        },
        store::DataKey,
    },
    sealing::{Binding, DataEncryptionKey, Sealing},
    store::Tx,
};

/// What sealing a secret needs on its key (documented).
const SEALS: &str = "kms:GenerateDataKey";

/// What reading a secret needs on its key (documented).
const OPENS: &str = "kms:Decrypt";

/// The key that is to encrypt a new secret.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::EncryptionKeyNotFound`]; [`Error::Unsupported`], [`Error::KeyState`]; [`Error::Invalid`]
/// for a key of another instance than the secret's.
pub fn usable_key(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    context: &Context,
    named: &KeyRef,
    instance: Option<&InstanceId>,
) -> Result<KeyId> {
    let Some(key) = context.find_key(tx, named)? else {
        return Err(match context.authorize_missing_key(SEALS, named) {
            Ok(()) => Error::EncryptionKeyNotFound,
            Err(Error::Concealed(_)) => Error::Concealed(Box::new(Error::EncryptionKeyNotFound)),
            Err(error) => error,
        });
    };
    context.authorize_key(tx, SEALS, &key)?;
    material::check_usable(&key, cloud)?;
    if key.instance.as_ref() != instance {
        return Err(Error::invalid(Field::EncryptionKey, "is not in the instance of the secret"));
    }
    Ok(key.id)
}

/// Whether the key of a secret can seal a new version of it.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::KeyNotFound`], [`Error::KeyState`].
pub fn check_usable(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    context: &Context,
    scope: &Scope,
    id: &KeyId,
) -> Result<()> {
    check(tx, cloud, context, SEALS, scope, id)
}

/// Whether a key is there and can be used, whoever asks.
///
/// # Errors
/// [`Error::KeyNotFound`], [`Error::KeyState`].
pub fn check_enabled(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    scope: &Scope,
    id: &KeyId,
    now: Timestamp,
) -> Result<()> {
    material::check_usable(&existing_key(tx, scope, id, now)?, cloud)
}

/// The key of a secret, in whatever state; [`Error::KeyNotFound`].
pub fn existing_key(tx: &mut Tx<'_>, scope: &Scope, id: &KeyId, now: Timestamp) -> Result<Key> {
    tx.kms_key(scope, id)?.filter(|key| !key.is_gone(now)).ok_or(Error::KeyNotFound)
}

/// Whether the key of a secret, if it has one, opens its versions.
///
/// # Errors
/// [`Error::Forbidden`], [`Error::KeyNotFound`], [`Error::KeyState`].
pub fn check_readable(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    context: &Context,
    secret: &Secret,
) -> Result<()> {
    match &secret.encryption_key {
        Some(id) => check(tx, cloud, context, OPENS, &secret.scope, id),
        None => Ok(()),
    }
}

fn check(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    context: &Context,
    action: &str,
    scope: &Scope,
    id: &KeyId,
) -> Result<()> {
    let key = existing_key(tx, scope, id, context.now)?;
    context.authorize_key(tx, action, &key)?;
    material::check_usable(&key, cloud)
}

/// Wraps the data key of a version by the primary version of the secret's key, for its place.
pub fn wrap(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    scope: &Scope,
    id: &KeyId,
    place: &Binding,
    data_key: &DataEncryptionKey,
) -> Result<DataKey> {
    let key = tx.kms_key(scope, id)?.ok_or(Error::KeyNotFound)?;
    let (version, material) = material::primary(tx, sealing, &key)?;
    let wrapped = material.wrap_data_key(material::cipher(key.spec)?, data_key, place);
    let bytes = wrapped.map_err(Error::unavailable)?;
    Ok(DataKey::OfKms { key_version: version.id.to_string(), bytes })
}

/// The data key of a version.
///
/// # Errors
/// [`Error::KeyNotFound`]; [`Error::Damaged`] for what does not open at its place.
pub fn unwrap(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    secret: &Secret,
    key_version: &str,
    place: &Binding,
    bytes: &[u8],
) -> Result<DataEncryptionKey> {
    let damaged = |cause: &str| Error::Damaged(secret.arn(), cause.to_owned());
    let id = secret.encryption_key.as_ref();
    let id = id.ok_or_else(|| damaged("a key wraps it, and the secret names none"))?;
    let key: Key = tx.kms_key(&secret.scope, id)?.ok_or(Error::KeyNotFound)?;
    let version = KeyVersionId::parse(key_version);
    let version = version.ok_or_else(|| damaged("what wraps it is no version of a key"))?;
    let stored = tx.kms_key_version(&key, &version)?;
    let stored = stored.ok_or_else(|| damaged("the key has no such version"))?;
    let material = material::open(tx, sealing, &key, &stored)?;
    let opened = material.unwrap_data_key(material::cipher(key.spec)?, bytes, place);
    opened.map_err(|error| damaged(&error.to_string()))
}
