//! Creates a secret.

use std::sync::Arc;

use super::payload;
use crate::{
    kms::{
        model::{
            AutomaticRotation, Error, ExtendedConfig, Interval, KeyRef, Kind, Result, Rotation,
            Scope, Secret, SecretData, SecretName, SecretPolicy, SecretType, Tags, Version,
            VersionId, Stage, DataType,
        },
        service::{Context, Service, encryption},
        store::StoredVersion,
    },
    sealing::{Sealing, random_id},
    store::Tx,
};

/// What to create.
pub struct CreateSecret {
    pub name: SecretName,
    pub version: VersionId,
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
    pub automatic: AutomaticRotation,
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
    /// [`Error::Forbidden`]; what is wrong with the instance or the key; [`Error::SecretPlannedToBeDeleted`],
    /// [`Error::SecretExists`], [`Error::TooManySecrets`], [`Error::TooManyShares`].
    pub async fn create_secret(&self, context: Context, wanted: CreateSecret) -> Result<Created> {
        context.check_creation("kms:CreateSecret", Kind::Secret, wanted.name.as_str())?;
        let instance = wanted.instance.as_deref();
        if instance.is_some_and(|id| self.cloud.instance(id).is_none()) {
            return Err(Error::InstanceNotFound);
        }
        if self.cloud.is_strict && wanted.policy.is_some() && instance.is_none() {
            return Err(Error::Unsupported);
        }
        let sealed = payload::seal(&wanted.data)?;
        let uid = random_id().map_err(Error::unavailable)?;
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        self.store
            .write(move |tx| {
                let scope = &context.scope;
                make_room(tx, &context, &wanted.name)?;
                check_quotas(tx, &cloud, scope, wanted.instance.as_deref())?;
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
                    name: wanted.name.clone(),
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
                    check_shares(tx, &cloud, &secret)?;
                }
                Ok(Created { secret, version: wanted.version.clone() })
            })
            .await
    }
}
