//! Reads the value of a secret.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::payload;
use crate::{
    kms::{
        model::{
            Cloud, Error, Field, InstanceState, ManagedType, Result, Secret, SecretRef, Stage,
            Version, VersionId,
        },
        service::{Context, Service, encryption},
        store::StoredVersion,
    },
    sealing::Sealing,
    store::Tx,
};

/// Which value to read.
#[derive(Debug, Clone)]
pub struct GetSecretValue {
    pub secret: SecretRef,
    /// Alone it finds a version without a stage as well; for managed secrets it is ignored (documented).
    pub version: Option<VersionId>,
    /// Where neither is given, the current version's.
    pub stage: Option<Stage>,
    /// Only tell whether it could be read, by an error in any case (documented).
    pub is_dry_run: bool,
}

/// A value with what is told of it.
pub struct SecretValue {
    pub secret: Secret,
    pub version: Version,
    pub data: Zeroizing<String>,
}

impl Service {
    /// Reads a value.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::SecretNotFound`] also for the version, [`Error::SecretPlannedToBeDeleted`],
    /// [`Error::InstanceNotConnected`]; those of the key that encrypts it; [`Error::DryRun`].
    pub async fn get_secret_value(
        &self,
        context: Context,
        wanted: GetSecretValue,
    ) -> Result<SecretValue> {
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        self.store.read_briefly(move |tx| get(tx, &cloud, &sealing, &context, &wanted)).await
    }
}

/// The same within a transaction.
pub(in crate::kms::service) fn get(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    sealing: &Sealing,
    context: &Context,
    wanted: &GetSecretValue,
) -> Result<SecretValue> {
    let default = Stage::CURRENT;
    let stage = wanted.stage.as_ref().or(wanted.version.is_none().then_some(&default));
    // Most requests are for a stage: both rows are found by one query.
    let found = match (context.locate(&wanted.secret), stage) {
        (Some((scope, name)), Some(stage)) => tx.kms_secret_at_stage(scope, name, stage)?,
        (Some((scope, name)), None) => tx.kms_secret(scope, name)?.map(|secret| (secret, None)),
        (None, _) => None,
    };
    let found = found.filter(|(secret, _)| !secret.is_gone(context.now));
    let secret = found.as_ref().map(|(secret, _)| secret);
    context.authorize(tx, "kms:GetSecretValue", &wanted.secret, secret)?;
    let (secret, at_stage) = found.ok_or(Error::SecretNotFound)?;
    if secret.delete_at.is_some() {
        return Err(Error::SecretPlannedToBeDeleted);
    }
    check_instance(cloud, &secret)?;
    let stored = choose(tx, &secret, at_stage, wanted)?;
    encryption::check_readable(tx, cloud, context, &secret)?;
    let kept = payload::open(tx, sealing, &secret, &stored)?;
    let data = match ManagedType::of(secret.secret_type) {
        Some(managed) => {
            let shown = secret.config(managed)?.shown_value(&kept);
            shown.ok_or_else(|| secret.misshapen())?
        }
        None => kept,
    };
    if wanted.is_dry_run {
        return Err(Error::DryRun);
    }
    Ok(SecretValue { secret, version: stored.version, data })
}

fn choose(
    tx: &mut Tx<'_>,
    secret: &Secret,
    at_stage: Option<StoredVersion>,
    wanted: &GetSecretValue,
) -> Result<StoredVersion> {
    let id = wanted.version.as_ref().filter(|_| !secret.secret_type.is_managed());
    match (id, &wanted.stage) {
        (Some(id), stage) => {
            let stored = tx.kms_version(secret, id)?.ok_or(Error::SecretNotFound)?;
            match stage {
                Some(stage) if !stored.version.has(stage) => {
                    Err(Error::invalid(Field::VersionStage, "does not stand on that version"))
                }
                _ => Ok(stored),
            }
        }
        (None, None) if wanted.version.is_some() => {
            // The version is ignored for a managed secret.
            let scope = &secret.scope;
            let current = tx.kms_secret_at_stage(scope, &secret.name, &Stage::CURRENT)?;
            current.and_then(|(_, stored)| stored).ok_or_else(|| without_current(secret))
        }
        (None, Some(stage)) if *stage != Stage::CURRENT => at_stage.ok_or(Error::SecretNotFound),
        (None, _) => at_stage.ok_or_else(|| without_current(secret)),
    }
}

/// The error for a secret of which no version is the current one, as always one is.
pub(super) fn without_current(secret: &Secret) -> Error {
    Error::Damaged(secret.arn(), "it has no current version".to_owned())
}

/// Whether the instance of a secret, if it is in one, can be used.
pub(in crate::kms::service) fn check_instance(cloud: &Cloud, secret: &Secret) -> Result<()> {
    let Some(id) = &secret.instance else { return Ok(()) };
    match cloud.instance(id) {
        None => Err(Error::InstanceNotFound),
        Some(instance) if instance.state != InstanceState::Connected => {
            Err(Error::InstanceNotConnected)
        }
        Some(_) => Ok(()),
    }
}
