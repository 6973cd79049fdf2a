//! The policies of secrets.

use std::sync::Arc;

use super::get::check_instance;
use crate::{
    clock::Timestamp,
    kms::{
        model::{Cloud, Error, Result, Secret, SecretPolicy, SecretRef, default_policy},
        service::{Context, Service, encryption, shares::check_shares},
    },
    store::Tx,
};

impl Service {
    /// Replaces the policy of a secret.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::SecretNotFound`], [`Error::SecretPlannedToBeDeleted`],
    /// [`Error::InstanceNotConnected`], [`Error::KeyNotFound`], [`Error::TooManyShares`]; [`Error::PolicyUnsupported`] in
    /// strict mode for a secret in no instance.
    pub async fn set_secret_policy(
        &self,
        context: Context,
        named: SecretRef,
        policy: SecretPolicy,
    ) -> Result<()> {
        let cloud = Arc::clone(&self.cloud);
        self.store
            .write(move |tx| {
                let mut secret = context.secret_to_change(tx, "kms:SetSecretPolicy", &named)?;
                if secret.delete_at.is_some() {
                    return Err(Error::SecretPlannedToBeDeleted);
                }
                check_policies(tx, &cloud, &secret, context.now)?;
                secret.policy = Some(policy.text().to_owned());
                secret.updated = context.now;
                tx.update_kms_secret(&secret)?;
                check_shares(tx, &cloud, &secret.scope, secret.instance.as_ref())
            })
            .await
    }

    /// The policy of a secret: the text that was set, or the default one.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::SecretNotFound`], [`Error::InstanceNotConnected`], [`Error::KeyNotFound`];
    /// [`Error::PolicyUnsupported`] in strict mode for a secret in no instance.
    pub async fn get_secret_policy(&self, context: Context, named: SecretRef) -> Result<String> {
        let cloud = Arc::clone(&self.cloud);
        self.store
            .read_briefly(move |tx| {
                let secret = context.secret(tx, "kms:GetSecretPolicy", &named)?;
                check_policies(tx, &cloud, &secret, context.now)?;
                Ok(secret.policy.unwrap_or_else(|| default_policy(&secret.scope.account)))
            })
            .await
    }
}

/// Whether a secret can have a policy of its own now. Its key has to be there, in whatever state (documented).
fn check_policies(tx: &mut Tx<'_>, cloud: &Cloud, secret: &Secret, now: Timestamp) -> Result<()> {
    check_instance(cloud, secret)?;
    if secret.instance.is_none() && cloud.is_strict {
        return Err(Error::PolicyUnsupported);
    }
    match &secret.encryption_key {
        Some(id) => encryption::existing_key(tx, &secret.scope, id, now).map(drop),
        None => Ok(()),
    }
}
