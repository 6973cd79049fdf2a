//! Says how often a managed secret is rotated.

use super::rotate::require_managed;
use crate::kms::{
    model::{Interval, Result, Rotation, Secret, SecretRef},
    service::{Context, Service},
};

/// How often to rotate which secret.
#[derive(Debug, Clone)]
pub struct UpdateSecretRotationPolicy {
    pub secret: SecretRef,
    /// `None` for not by itself.
    pub interval: Option<Interval>,
}

impl Service {
    /// Has a secret rotated by itself from now on, or not any more. The next rotation is one interval after the last one, or
    /// after the secret was made; where that is past it comes at once (documented).
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::SecretNotFound`], [`Error::SecretPlannedToBeDeleted`], [`Error::Unsupported`] for a
    /// secret that is not managed.
    ///
    /// [`Error::Forbidden`]: crate::kms::model::Error::Forbidden
    /// [`Error::SecretNotFound`]: crate::kms::model::Error::SecretNotFound
    /// [`Error::SecretPlannedToBeDeleted`]: crate::kms::model::Error::SecretPlannedToBeDeleted
    /// [`Error::Unsupported`]: crate::kms::model::Error::Unsupported
    pub async fn update_secret_rotation_policy(
        &self,
        context: Context,
        wanted: UpdateSecretRotationPolicy,
    ) -> Result<Secret> {
        self.store
            .write(move |tx| {
                let action = "kms:UpdateSecretRotationPolicy";
                let mut secret = context.secret_to_change(tx, action, &wanted.secret)?;
                require_managed(&secret)?;
                secret.rotation = match wanted.interval {
                    Some(interval) => {
                        Rotation::every(interval, secret.rotation.last, secret.created)
                    }
                    None => secret.rotation.disabled(),
                };
                secret.updated = context.now;
                tx.update_kms_secret(&secret)?;
                Ok(secret)
            })
            .await
    }
}
