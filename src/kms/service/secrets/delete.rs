//! Deletes a secret, at once or after a window in which it can be restored.

use crate::{
    clock::Timestamp,
    kms::{
        model::{Error, RecoveryWindow, Result, Secret, SecretRef},
        service::{Context, Service},
    },
};

/// What to delete, and when.
#[derive(Debug, Clone)]
pub struct DeleteSecret {
    pub secret: SecretRef,
    /// `None` for at once.
    pub window: Option<RecoveryWindow>,
}

/// What is deleted, and when.
pub struct Deleted {
    pub secret: Secret,
    pub at: Timestamp,
}

impl Service {
    /// Deletes a secret. At once also one whose window is open (inferred).
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::SecretNotFound`], [`Error::SecretPlannedToBeDeleted`].
    pub async fn delete_secret(&self, context: Context, wanted: DeleteSecret) -> Result<Deleted> {
        self.store
            .write(move |tx| {
                let mut secret =
                    context.secret_to_change(tx, "kms:DeleteSecret", &wanted.secret)?;
                let Some(window) = wanted.window else {
                    tx.delete_kms_secret(&secret)?;
                    return Ok(Deleted { secret, at: context.now });
                };
                if secret.delete_at.is_some() {
                    return Err(Error::SecretPlannedToBeDeleted);
                }
                let at = window.planned(context.now);
                secret.delete_at = Some(at);
                secret.updated = context.now;
                tx.update_kms_secret(&secret)?;
                Ok(Deleted { secret, at })
            })
            .await
    }
}
