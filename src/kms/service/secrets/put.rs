//! Puts a new version of a secret.

use std::sync::Arc;

use subtle::ConstantTimeEq;

use super::{get::check_instance, payload};
use crate::{
    kms::{
        model::{
            Change, DataType, Error, Result, Secret, SecretData, SecretRef, Stage, Version,
            VersionId,
        },
        service::{Context, Service, encryption},
        store::StoredVersion,
    },
    sealing::Sealing,
    store::Tx,
};

/// What to put.
pub struct PutSecretValue {
    pub secret: SecretRef,
    pub version: VersionId,
    pub data: SecretData,
    pub data_type: DataType,
    /// Where none are given, the version becomes the current one (documented).
    pub stages: Option<Vec<Stage>>,
}

/// The version that was put, or that had been put before with the same data.
pub struct Put {
    pub secret: Secret,
    pub version: Version,
}

impl Service {
    /// Puts a version. The same one with the same data is left as it is (documented).
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::SecretNotFound`], [`Error::SecretPlannedToBeDeleted`], [`Error::Unsupported`] for a
    /// managed secret, [`Error::VersionExists`] with other data, [`Error::TooManyStages`]; those of the key that encrypts it.
    pub async fn put_secret_value(&self, context: Context, wanted: PutSecretValue) -> Result<Put> {
        let sealed = payload::seal(wanted.data.expose())?;
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        self.store
            .write(move |tx| {
                let mut secret =
                    context.secret_to_change(tx, "kms:PutSecretValue", &wanted.secret)?;
                require_generic(&secret)?;
                check_instance(&cloud, &secret)?;
                if let Some(key) = &secret.encryption_key {
                    encryption::check_usable(tx, &cloud, &context, &secret.scope, key)?;
                }
                if let Some(stored) = tx.kms_version(&secret, &wanted.version)? {
                    let known = payload::open(tx, &sealing, &secret, &stored)?;
                    let is_same = known.as_bytes().ct_eq(wanted.data.expose().as_bytes());
                    if !bool::from(is_same) {
                        return Err(Error::VersionExists);
                    }
                    return Ok(Put { secret, version: stored.version });
                }
                let versions = tx.kms_versions(&secret)?;
                let (id, stages) = (wanted.version.clone(), wanted.stages.clone());
                let change = versions.put(id, wanted.data_type, stages, context.now)?;
                let version = write(tx, &sealing, &secret, &change, &sealed)?;
                secret.updated = context.now;
                tx.touch_kms_secret(&secret)?;
                Ok(Put { secret, version })
            })
            .await
    }
}

/// Refuses what is only for secrets that are not managed, and what is to be deleted.
pub(super) fn require_generic(secret: &Secret) -> Result<()> {
    if secret.delete_at.is_some() {
        return Err(Error::SecretPlannedToBeDeleted);
    }
    if secret.secret_type.is_managed() { Err(Error::Unsupported) } else { Ok(()) }
}

/// Writes down a change of versions, with the value of the one that is new, which it returns.
pub(in crate::kms::service) fn write(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    secret: &Secret,
    change: &Change,
    sealed: &payload::Sealed,
) -> Result<Version> {
    relabel(tx, secret, change)?;
    let Some(version) = change.made.clone() else {
        return Err(Error::unavailable("a change of versions makes none"));
    };
    tx.announce_kms_version()?;
    let current = tx.current_key()?;
    let data_key = payload::wrap(tx, sealing, &current, secret, &version, &sealed.data_key)?;
    let payload = sealed.payload.clone();
    let stored = StoredVersion { version: version.clone(), data_key, payload };
    tx.insert_kms_version(secret, &stored)?;
    Ok(version)
}

/// Writes down what a change does to the versions that are there.
pub(super) fn relabel(tx: &mut Tx<'_>, secret: &Secret, change: &Change) -> Result<()> {
    for number in &change.deleted {
        tx.delete_kms_version(secret, *number)?;
    }
    for version in &change.relabelled {
        tx.update_kms_stages(secret, version.number, &version.stages)?;
    }
    Ok(())
}
