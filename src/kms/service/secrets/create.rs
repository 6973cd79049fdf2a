//! Creates a secret.

use std::sync::Arc;

use super::payload::{self, Sealed};
use crate::{
    clock::Timestamp,
    kms::{
        model::{
            Cloud, DataType, Error, ExtendedConfig, Field, InstanceId, Interval,
            KeyId as EncryptionKeyId, KeyRef, Kind, RequestedName, Result, Rotation, Secret,
            SecretData, SecretDescription, SecretName, SecretPolicy, SecretType, Stage, Tags, Uid,
            Version, VersionId,
        },
        service::{
            Context, Service, encryption,
            random::random,
            shares::{check_shares, lock_shares},
        },
        store::StoredVersion,
    },
    sealed::KeyId,
    sealing::{Sealing, random_id},
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
    pub instance: Option<InstanceId>,
    pub description: Option<SecretDescription>,
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
        check_instance(&self.cloud, &wanted)?;
        let sealed = wanted.seal(context.now)?;
        let uid = random_id().map_err(Error::unavailable)?;
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        self.store
            .write(move |tx| {
                let scope = &context.scope;
                make_room(tx, &context, &name)?;
                let instance = wanted.instance.as_ref();
                check_quotas(tx, &cloud, &context, instance)?;
                if wanted.policy.is_some() {
                    // The new policy is held to a quota when the secret is counted already.
                    lock_shares(tx, &cloud, scope, instance)?;
                }
                let key = wanted.encryption_key.as_ref();
                let key =
                    key.map(|key| encryption::usable_key(tx, &cloud, &context, key, instance));
                let encryption_key = key.transpose()?;
                let (id, current) = tx.next_kms_secret()?;
                let secret = wanted.secret(&context, &name, (id, uid), encryption_key);
                let version = wanted.first_version(context.now);
                insert(tx, &sealing, &current, &secret, version, &sealed)?;
                tx.put_kms_tags(scope, Kind::Secret, id, &wanted.tags)?;
                if secret.policy.is_some() {
                    check_shares(tx, &cloud, scope, secret.instance.as_ref())?;
                }
                Ok(Created { secret, version: wanted.version.clone() })
            })
            .await
    }
}

impl CreateSecret {
    /// Seals the value, in the form that is kept of it.
    fn seal(&self, now: Timestamp) -> Result<Sealed> {
        let data = self.data.expose();
        match &self.managed {
            None => payload::seal(data),
            Some(Managed { config, .. }) => {
                payload::seal(&config.initial_value(data, &mut random, now)?)
            }
        }
    }

    /// The secret that is made of it, with its number and identity.
    fn secret(
        &self,
        context: &Context,
        name: &SecretName,
        (id, uid): (i64, Uid),
        encryption_key: Option<EncryptionKeyId>,
    ) -> Secret {
        let interval = self.managed.as_ref().and_then(|managed| managed.interval);
        let every = |interval| Rotation::every(interval, None, context.now);
        Secret {
            scope: context.scope.clone(),
            id,
            uid,
            name: name.clone(),
            secret_type: self.secret_type,
            description: self.description.clone(),
            encryption_key,
            instance: self.instance.clone(),
            extended_config: self.managed.as_ref().map(|managed| managed.config.to_json()),
            policy: self.policy.as_ref().map(|policy| policy.text().to_owned()),
            rotation: interval.map_or(Rotation::NONE, every),
            created: context.now,
            updated: context.now,
            delete_at: None,
        }
    }

    fn first_version(&self, created: Timestamp) -> Version {
        let (id, data_type) = (self.version.clone(), self.data_type);
        Version { number: 1, id, data_type, stages: vec![Stage::CURRENT], created }
    }
}

/// Whether the instance, if one is named, is there and can have the secret.
fn check_instance(cloud: &Cloud, wanted: &CreateSecret) -> Result<()> {
    match &wanted.instance {
        Some(id) if cloud.instance(id).is_none() => Err(Error::InstanceNotFound),
        None if cloud.is_strict && wanted.policy.is_some() => Err(Error::Unsupported),
        _ => Ok(()),
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

/// A name is free again when the time to delete its secret has come, although the worker may not have been there.
fn make_room(tx: &mut Tx<'_>, context: &Context, name: &SecretName) -> Result<()> {
    let Context { scope, now, .. } = context;
    match tx.kms_secret(scope, name)? {
        None => Ok(()),
        Some(secret) if secret.is_gone(*now) => {
            if let Some(gone) = tx.lock_kms_secret(scope, name)?.filter(|it| it.is_gone(*now)) {
                // It is counted in another slot than the new one.
                tx.lock_kms_counts(scope)?;
                tx.delete_kms_secret(&gone)?;
            }
            Ok(())
        }
        Some(secret) if secret.delete_at.is_some() => Err(Error::SecretPlannedToBeDeleted),
        Some(_) => Err(Error::SecretExists),
    }
}

/// Whether there may be one more secret; it is not counted yet.
fn check_quotas(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    context: &Context,
    instance: Option<&InstanceId>,
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
