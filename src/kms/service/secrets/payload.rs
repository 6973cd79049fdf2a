//! How the value of a version is sealed, and which place it is bound to.

use zeroize::Zeroizing;

use crate::{
    kms::{
        model::{Error, Result, Secret, Version},
        service::encryption,
        store::{DataKey, StoredVersion},
    },
    sealed::{KeyId, SealedData},
    sealing::{self, Binding, DataEncryptionKey, Sealing},
    store::Tx,
};

/// The kind of place that the data key of a version is bound to.
const KIND: &str = "kms version 1";

/// A value that is sealed, and what it was sealed by.
pub struct Sealed {
    pub data_key: DataEncryptionKey,
    pub payload: SealedData,
}

/// Seals a value by a new data key.
pub fn seal(value: &str) -> Result<Sealed> {
    let data_key = DataEncryptionKey::generate().map_err(Error::unavailable)?;
    let payload = data_key.seal(value.as_bytes()).map_err(Error::unavailable)?;
    Ok(Sealed { data_key, payload })
}

/// The place of a version: whatever never changes of it and of its secret.
pub fn binding(secret: &Secret, version: &Version) -> Binding {
    Binding::new(KIND, &secret.uid)
        .text(&secret.scope.to_string())
        .text(secret.name.as_str())
        .number(version.number)
        .text(version.id.as_str())
        .text(version.data_type.as_str())
}

/// Wraps the data key of a version: by the key that its secret names, or else by the current one of the database.
pub fn wrap(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    current: &KeyId,
    secret: &Secret,
    version: &Version,
    data_key: &DataEncryptionKey,
) -> Result<DataKey> {
    let place = binding(secret, version);
    match &secret.encryption_key {
        Some(key) => encryption::wrap(tx, sealing, &secret.scope, key, &place, data_key),
        None => Ok(DataKey::OfDatabase(sealing.wrap(tx, current, data_key, &place)?)),
    }
}

/// The value of a version, as it is kept.
pub fn open(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    secret: &Secret,
    stored: &StoredVersion,
) -> Result<Zeroizing<String>> {
    let place = binding(secret, &stored.version);
    let damaged = |cause: String| Error::Damaged(secret.arn(), cause);
    let data_key = match &stored.data_key {
        DataKey::OfDatabase(wrapped) => {
            sealing.unwrap(tx, wrapped, &place).map_err(|error| match error {
                sealing::Error::Damaged(cause) => damaged(cause),
                sealing::Error::Unavailable(error) => error.into(),
            })?
        }
        DataKey::OfKms { key_version, bytes } => {
            encryption::unwrap(tx, sealing, secret, key_version, &place, bytes)?
        }
    };
    let opened = data_key.open(&stored.payload).map_err(|error| damaged(error.to_string()))?;
    let text = std::str::from_utf8(&opened).map_err(|error| damaged(error.to_string()))?;
    Ok(Zeroizing::new(text.to_owned()))
}
