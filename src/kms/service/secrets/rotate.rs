//! Gives a managed secret its next version.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;

use super::{
    get::{check_instance, without_current},
    payload,
    put::write,
};
use crate::{
    clock::Timestamp,
    kms::{
        model::{
            Cloud, Error, ExtendedConfig, Fresh, ManagedType, Result, Secret, SecretRef, Stage,
            VersionId,
        },
        service::{Context, Service, encryption, random::random},
    },
    sealing::Sealing,
    store::Tx,
};

/// The action that a policy has to allow.
const ACTION: &str = "kms:RotateSecret";

/// How many rotations an account may ask for within an hour (documented). Those that come by themselves do not count
/// (inferred).
const ROTATIONS_MAX: i64 = 50;

/// How long a request waits for keys of SSH, of which only a few are made at a time.
const FRESH_TIMEOUT: Duration = Duration::from_secs(10);

/// Which secret to rotate, and what its next version is to be called.
#[derive(Debug, Clone)]
pub struct RotateSecret {
    pub secret: SecretRef,
    pub version: VersionId,
}

/// What is rotated, or had been before with that version.
pub struct Rotated {
    pub secret: Secret,
    pub version: VersionId,
}

impl Service {
    /// Rotates a secret. Where the version exists nothing happens (documented).
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::SecretNotFound`], [`Error::SecretPlannedToBeDeleted`], [`Error::Unsupported`] for a
    /// secret that is not managed, [`Error::TooManyRotations`]; those of its instance, its key and its user.
    pub async fn rotate_secret(&self, context: Context, wanted: RotateSecret) -> Result<Rotated> {
        let found = {
            let (context, wanted) = (context.clone(), wanted.clone());
            let cloud = Arc::clone(&self.cloud);
            let find = move |tx: &mut Tx<'_>| {
                let secret = context.secret(tx, ACTION, &wanted.secret)?;
                let config = require_managed(&secret)?;
                if tx.kms_version(&secret, &wanted.version)?.is_some() {
                    return Ok((secret, None));
                }
                // Here as well, since it may take long to make what the version has.
                if !tx.has_kms_rotations_left(&secret.scope.account, context.now, ROTATIONS_MAX)? {
                    return Err(Error::TooManyRotations);
                }
                check_rotatable(&cloud, &secret, &config)?;
                Ok((secret, Some(config)))
            };
            self.store.read_briefly(find).await?
        };
        let (secret, Some(config)) = found else {
            return Ok(Rotated { secret: found.0, version: wanted.version });
        };
        let id = secret.id;
        // Before the transaction, which holds others up.
        let late = |_| Error::unavailable("too many keys of SSH are made at the same time");
        let fresh = timeout(FRESH_TIMEOUT, self.fresh(config)).await.map_err(late)??;
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        self.store
            .write(move |tx| {
                let mut secret = context.secret_to_change(tx, ACTION, &wanted.secret)?;
                // It was deleted meanwhile, and another one has its name.
                if secret.id != id {
                    return Err(Error::SecretNotFound);
                }
                require_managed(&secret)?;
                let version = wanted.version.clone();
                if tx.kms_version(&secret, &version)?.is_some() {
                    return Ok(Rotated { secret, version });
                }
                if !tx.count_kms_rotation(&secret.scope.account, context.now, ROTATIONS_MAX)? {
                    return Err(Error::TooManyRotations);
                }
                rotate(tx, &cloud, &sealing, &mut secret, version.clone(), &fresh, context.now)?;
                Ok(Rotated { secret, version })
            })
            .await
    }

    /// Makes what the next version has. What takes long is made on threads of its own, a few at a time.
    pub(in crate::kms::service) async fn fresh(&self, config: ExtendedConfig) -> Result<Fresh> {
        if !config.is_fresh_slowly() {
            return config.fresh(&mut random);
        }
        let permit = Arc::clone(&self.making).acquire_owned().await.map_err(Error::unavailable)?;
        let making = tokio::task::spawn_blocking(move || {
            let made = config.fresh(&mut random);
            drop(permit);
            made
        });
        making.await.map_err(Error::unavailable)?
    }
}

/// What a secret's next values are made by; refuses a secret that is to be deleted, and one that is not managed.
pub(super) fn require_managed(secret: &Secret) -> Result<ExtendedConfig> {
    if secret.delete_at.is_some() {
        return Err(Error::SecretPlannedToBeDeleted);
    }
    secret.config(ManagedType::of(secret.secret_type).ok_or(Error::Unsupported)?)
}

/// Whether the instance of a secret and the user whose access keys it holds are there.
fn check_rotatable(cloud: &Cloud, secret: &Secret, config: &ExtendedConfig) -> Result<()> {
    check_instance(cloud, secret)?;
    if config.user_name().is_some_and(|user| !cloud.has_user(user)) {
        return Err(Error::UserNotFound);
    }
    Ok(())
}

/// Makes the next version of a secret that other writers are kept from.
pub(in crate::kms::service) fn rotate(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    sealing: &Sealing,
    secret: &mut Secret,
    version: VersionId,
    fresh: &Fresh,
    now: Timestamp,
) -> Result<()> {
    let config = require_managed(secret)?;
    check_rotatable(cloud, secret, &config)?;
    if let Some(key) = &secret.encryption_key {
        encryption::check_enabled(tx, cloud, &secret.scope, key, now)?;
    }
    let versions = tx.kms_versions(secret)?;
    let current = match versions.with_stage(&Stage::CURRENT) {
        Some(current) => tx.kms_version(secret, &current.id)?,
        None => None,
    };
    let current = current.ok_or_else(|| without_current(secret))?;
    let kept = payload::open(tx, sealing, secret, &current)?;
    let next = config.next_value(&kept, fresh, now).ok_or_else(|| secret.misshapen())?;
    let sealed = payload::seal(&next)?;
    let change = versions.rotate(version, now)?;
    write(tx, sealing, secret, &change, &sealed)?;
    secret.rotation = secret.rotation.done(now);
    secret.updated = now;
    Ok(tx.update_kms_secret(secret)?)
}
