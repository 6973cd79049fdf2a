//! Creates a secret.

use std::sync::Arc;

use super::payload::{self, Sealed};
use crate::{
    clock::Timestamp,
    kms::{
        model::{
            Cloud, DataType, Error, ExtendedConfig, Field, Interval, KeyRef, Kind, RequestedName,
            Result, Rotation, Secret, SecretData, SecretName, SecretPolicy, SecretType, Stage,
            Tags, Version, VersionId,
        },
        service::{Context, Service, encryption, shares::check_shares},
        store::StoredVersion,
    },
    sealed::KeyId,
    sealing::{Sealing, random_bytes, random_id},
    store::Tx,
};

/// What to create.
pub struct CreateSecret {
    pub name: RequestedName,
    pub version: VersionId,
    /// As the caller sends it.
    pub data: SecretData,
    pub data_type: DataType,
    pub secret_type: SecretType,
    pub encryption_key: Option<KeyRef>,
    pub instance: Option<String>,
    pub description: Option<String>,
    pub tags: Tags,
    pub policy: Option<SecretPolicy>,
    /// Of a managed secret.
    pub managed: Option<Managed>,
}

/// How a managed secret is made and rotated.
pub struct Managed {
    pub config: ExtendedConfig,
    /// How often it is rotated by itself; `None` for never.
    pub interval: Option<Interval>,
}

/// What was created.
pub struct Created {
    pub secret: Secret,
    pub version: VersionId,
}

impl Service {
    /// Creates a secret with its first version, which is the current one.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::UserNotFound`]; what is wrong with the instance or the key; [`Error::SecretPlannedToBeDeleted`],
    /// [`Error::SecretExists`], [`Error::TooManySecrets`], [`Error::TooManyShares`].
    pub async fn create_secret(&self, context: Context, wanted: CreateSecret) -> Result<Created> {
        let name = name_of(&wanted)?;
        context.check_creation("kms:CreateSecret", Kind::Secret, name.as_str())?;
        let user = wanted.managed.as_ref().and_then(|managed| managed.config.user_name());
        if user.is_some_and(|user| !self.cloud.has_user(user)) {
            return Err(Error::UserNotFound);
        }
        let instance = wanted.instance.as_deref();
        if instance.is_some_and(|id| self.cloud.instance(id).is_none()) {
            return Err(Error::InstanceNotFound);
        }
        if self.cloud.is_strict && wanted.policy.is_some() && instance.is_none() {
            return Err(Error::Unsupported);
        }
        let sealed = match &wanted.managed {
            None => payload::seal(wanted.data.expose())?,
            Some(Managed { config, .. }) => {
                let data = wanted.data.expose();
                payload::seal(&config.initial_value(data, &mut random, context.now)?)?
            }
        };
        let uid = random_id().map_err(Error::unavailable)?;
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        self.store
            .write(move |tx| {
                let scope = &context.scope;
                make_room(tx, &context, &name)?;
                check_quotas(tx, &cloud, &context, wanted.instance.as_deref())?;
                let encryption_key = match &wanted.encryption_key {
                    Some(key) => Some(encryption::usable_key(
                        tx,
                        &cloud,
                        &context,
                        key,
                        wanted.instance.as_deref(),
                    )?),
                    None => None,
                };
                let (id, current) = tx.next_kms_secret()?;
                let secret = Secret {
                    scope: scope.clone(),
                    id,
                    uid,
                    name: name.clone(),
                    secret_type: wanted.secret_type,
                    description: wanted.description.clone(),
                    encryption_key,
                    instance: wanted.instance.clone(),
                    extended_config: wanted.managed.as_ref().map(|it| it.config.to_json()),
                    policy: wanted.policy.as_ref().map(|policy| policy.text().to_owned()),
                    rotation: rotation(&wanted, context.now),
                    created: context.now,
                    updated: context.now,
                    delete_at: None,
                };
                let version = Version {
                    number: 1,
                    id: wanted.version.clone(),
                    data_type: wanted.data_type,
                    stages: vec![Stage::CURRENT],
                    created: context.now,
                };
                insert(tx, &sealing, &current, &secret, version, &sealed)?;
                tx.put_kms_tags(scope, Kind::Secret, id, &wanted.tags)?;
                if secret.policy.is_some() {
                    check_shares(tx, &cloud, scope, secret.instance.as_deref())?;
                }
                Ok(Created { secret, version: wanted.version.clone() })
            })
            .await
    }
}

/// What the secret is called: one of a RAM user's access keys is called after the user.
fn name_of(wanted: &CreateSecret) -> Result<SecretName> {
    let user = wanted.managed.as_ref().and_then(|managed| managed.config.user_name());
    match (&wanted.name, user) {
        (RequestedName::Given(name), _) => Ok(name.clone()),
        (RequestedName::OfUser, Some(user)) => SecretName::of_ram_user(user),
        (RequestedName::OfUser, None) => Err(Error::Missing(Field::ExtendedConfig)),
    }
}

/// The machine's random bytes.
pub(in crate::kms::service) fn random(bytes: &mut [u8]) -> Result<()> {
    let made = random_bytes(bytes.len()).map_err(Error::unavailable)?;
    bytes.copy_from_slice(&made);
    Ok(())
}

/// A name is free again when the time to delete its secret has come, although the worker may not have been there.
fn make_room(tx: &mut Tx<'_>, context: &Context, name: &SecretName) -> Result<()> {
    match tx.kms_secret(&context.scope, name)? {
        None => Ok(()),
        Some(secret) if secret.is_gone(context.now) => Ok(tx.delete_kms_secret(&secret)?),
        Some(secret) if secret.delete_at.is_some() => Err(Error::SecretPlannedToBeDeleted),
        Some(_) => Err(Error::SecretExists),
    }
}

/// Whether there may be one more secret; it is not counted yet.
fn check_quotas(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    context: &Context,
    instance: Option<&str>,
) -> Result<()> {
    let Context { scope, now, .. } = context;
    let of_instance = instance.and_then(|id| Some((id, cloud.instance(id)?.secret_quota?)));
    if cloud.secret_quota.is_none() && of_instance.is_none() {
        return Ok(());
    }
    tx.lock_kms_counts(scope)?;
    let is_full = |count: u64, quota: Option<u32>| quota.is_some_and(|quota| count >= quota.into());
    if is_full(tx.kms_secret_count(scope, *now)?, cloud.secret_quota) {
        return Err(Error::TooManySecrets);
    }
    match of_instance {
        Some((id, quota)) if is_full(tx.kms_secrets_of(scope, id, *now)?, Some(quota)) => {
            Err(Error::TooManySecrets)
        }
        _ => Ok(()),
    }
}

fn rotation(wanted: &CreateSecret, now: Timestamp) -> Rotation {
    let interval = wanted.managed.as_ref().and_then(|managed| managed.interval);
    interval.map_or(Rotation::NONE, |interval| Rotation::every(interval, None, now))
}

/// Inserts a secret with its first version.
pub(in crate::kms::service) fn insert(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    current: &KeyId,
    secret: &Secret,
    version: Version,
    sealed: &Sealed,
) -> Result<()> {
    let data_key = payload::wrap(tx, sealing, current, secret, &version, &sealed.data_key)?;
    tx.insert_kms_secret(secret)?;
    let payload = sealed.payload.clone();
    Ok(tx.insert_kms_version(secret, &StoredVersion { version, data_key, payload })?)
}
