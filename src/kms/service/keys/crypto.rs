//! Encrypts and decrypts with keys.

use std::{rc::Rc, sync::Arc};

use super::material;
use crate::{
    kms::{
        model::{
            CiphertextBlob, Cloud, DataKeyLength, EncryptionContext, Error, KeyId, KeyName, KeyRef,
            KeyVersionId, Plaintext, Result,
        },
        service::{Context, Service},
    },
    sealing::{Sealing, random_bytes},
    store::Tx,
};

/// A data key that was made.
pub struct Generated {
    /// Sealed by the key.
    pub blob: CiphertextBlob,
    /// Unsealed.
    pub plain: Plaintext,
}

/// What was decrypted.
pub struct Opened {
    pub plain: Plaintext,
    /// The key that had sealed it.
    pub key: KeyId,
    /// The version of the key that had sealed it.
    pub version: KeyVersionId,
}

impl Service {
    /// Encrypts by the primary version of a key.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::KeyNotFound`], [`Error::AliasNotFound`], [`Error::Unsupported`] for a key that is not
    /// for that, [`Error::KeyState`].
    pub async fn encrypt(
        &self,
        context: Context,
        named: KeyRef,
        plain: Plaintext,
        bound: EncryptionContext,
    ) -> Result<CiphertextBlob> {
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        self.store
            .read_briefly(move |tx| {
                seal(tx, &cloud, &sealing, &context, "kms:Encrypt", &named, &plain, &bound)
            })
            .await
    }

    /// Makes a data key and encrypts it; the action is that of GenerateDataKey or GenerateDataKeyWithoutPlaintext.
    ///
    /// # Errors
    /// As [`Service::encrypt`].
    pub async fn generate_data_key(
        &self,
        context: Context,
        action: &'static str,
        named: KeyRef,
        length: DataKeyLength,
        bound: EncryptionContext,
    ) -> Result<Generated> {
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        self.store
            .read_briefly(move |tx| {
                let plain = random_bytes(length.get()).map_err(Error::unavailable)?;
                let plain = Plaintext::new(plain);
                let blob = seal(tx, &cloud, &sealing, &context, action, &named, &plain, &bound)?;
                Ok(Generated { blob, plain })
            })
            .await
    }

    /// Decrypts what a key encrypted here.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::KeyNotFound`], [`Error::Unsupported`], [`Error::KeyState`];
    /// [`CiphertextBlob::refused`] for what does not open.
    pub async fn decrypt(
        &self,
        context: Context,
        blob: CiphertextBlob,
        bound: EncryptionContext,
    ) -> Result<Opened> {
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        self.store
            .read_briefly(move |tx| {
                let named = KeyRef { scope: None, name: KeyName::Id(blob.key.clone()) };
                let key = context.shared_key(tx, "kms:Decrypt", &named)?;
                material::check_usable(&key, &cloud)?;
                let material = tx.memoized(format!("{} {}", key.arn(), blob.version), |tx| {
                    let stored = tx.kms_key_version(&key, &blob.version)?;
                    let stored = stored.ok_or_else(CiphertextBlob::refused)?;
                    material::open(tx, &sealing, &key, &stored).map(Rc::new)
                })?;
                let bound = CiphertextBlob::associated(&key.scope, &key.id, &blob.version, &bound);
                let opened = material.open(material::cipher(key.spec)?, &bound, &blob.sealed);
                let plain = opened.map_err(|_| CiphertextBlob::refused())?;
                let (key, version) = (key.id.clone(), blob.version);
                Ok(Opened { plain: Plaintext::new(plain), key, version })
            })
            .await
    }
}

#[expect(clippy::too_many_arguments, reason = "what a request says, and what it is done with")]
fn seal(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    sealing: &Sealing,
    context: &Context,
    action: &str,
    named: &KeyRef,
    plain: &Plaintext,
    bound: &EncryptionContext,
) -> Result<CiphertextBlob> {
    let key = context.shared_key(tx, action, named)?;
    material::check_usable(&key, cloud)?;
    let primary = tx.memoized(key.arn(), |tx| material::primary(tx, sealing, &key).map(Rc::new))?;
    let (version, material) = &*primary;
    let bound = CiphertextBlob::associated(&key.scope, &key.id, &version.id, bound);
    let sealed = material.seal(material::cipher(key.spec)?, &bound, plain.expose());
    let sealed = sealed.map_err(Error::unavailable)?;
    Ok(CiphertextBlob { key: key.id.clone(), version: version.id, sealed })
}
