//! The material of a key's versions: which place it is bound to, and what it seals by.

use crate::{
    kms::{
        model::{Cloud, Error, Key, KeySpec, KeyState, KeyVersion, Result},
        store::StoredKeyVersion,
    },
    sealed::KeyId,
    sealing::{self, Binding, Cipher, Material, Sealing},
    store::{self, Tx},
};

/// The kind of place that the material of a version is bound to.
const KIND: &str = "kms key version 1";

/// What a key seals by.
///
/// # Errors
/// [`Error::Unsupported`] for an asymmetric one.
pub fn cipher(spec: KeySpec) -> Result<Cipher> {
    match spec {
        KeySpec::Aes256 => Ok(Cipher::Aes256),
        KeySpec::Aes192 => Ok(Cipher::Aes192),
        KeySpec::Aes128 => Ok(Cipher::Aes128),
        KeySpec::Sm4 => Ok(Cipher::Sm4),
        KeySpec::EcP256 => Err(Error::Unsupported),
    }
}

/// Whether a key seals and opens now: its kind is asked first.
///
/// # Errors
/// [`Error::Unsupported`], [`Error::KeyState`].
pub fn check_usable(key: &Key, cloud: &Cloud) -> Result<()> {
    key.spec.check_encrypts()?;
    key.state(cloud).check_usable()
}

/// New material for a key.
pub fn generate(spec: KeySpec) -> Result<Material> {
    let made = if spec.is_symmetric() { Material::generate() } else { Material::generate_p256() };
    made.map_err(Error::unavailable)
}

/// The place of a version: whatever never changes of it and of its key.
pub fn binding(key: &Key, version: &KeyVersion) -> Binding {
    Binding::new(KIND, &key.uid)
        .text(&key.scope.to_string())
        .text(key.id.as_str())
        .text(key.spec.name())
        .number(version.number)
        .text(&version.id.to_string())
}

/// A version with its material, which a key of the database wraps.
pub fn wrap(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    current: &KeyId,
    key: &Key,
    version: KeyVersion,
    material: &Material,
) -> store::Result<StoredKeyVersion> {
    let place = binding(key, &version);
    let material = sealing.wrap(tx, current, material.data_key(), &place)?;
    Ok(StoredKeyVersion { version, material })
}

/// The material of a version.
pub fn open(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    key: &Key,
    stored: &StoredKeyVersion,
) -> Result<Material> {
    let place = binding(key, &stored.version);
    let opened = sealing.unwrap(tx, &stored.material, &place);
    opened.map(Material::from).map_err(|error| match error {
        sealing::Error::Damaged(cause) => Error::Damaged(key.arn(), cause),
        sealing::Error::Unavailable(error) => error.into(),
    })
}

/// What a key seals by now: its primary version and the material of that.
///
/// # Errors
/// [`Error::KeyState`] for a key without any.
pub fn primary(tx: &mut Tx<'_>, sealing: &Sealing, key: &Key) -> Result<(KeyVersion, Material)> {
    let stored = tx.primary_kms_key_version(key)?;
    let stored = stored.ok_or(Error::KeyState(KeyState::PendingImport))?;
    let material = open(tx, sealing, key, &stored)?;
    Ok((stored.version, material))
}
