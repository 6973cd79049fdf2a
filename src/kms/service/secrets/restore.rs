//! Restores a secret in its window.

use crate::kms::{
    model::{Error, Result, Secret, SecretRef},
    service::{Context, Service},
};

impl Service {
    /// Takes back that a secret is to be deleted.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::SecretNotFound`], [`Error::SecretNotDeleted`].
    pub async fn restore_secret(&self, context: Context, named: SecretRef) -> Result<Secret> {
        self.store
            .write(move |tx| {
                let mut secret = context.secret_to_change(tx, "kms:RestoreSecret", &named)?;
                if secret.delete_at.take().is_none() {
                    return Err(Error::SecretNotDeleted);
                }
                secret.updated = context.now;
                tx.update_kms_secret(&secret)?;
                Ok(secret)
            })
            .await
    }
}
