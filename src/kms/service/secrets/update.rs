//! Changes what somebody says of a secret.

use crate::kms::{
    model::{CustomData, Error, Field, ManagedType, Result, Secret, SecretDescription, SecretRef},
    service::{Context, Service},
};

/// What to change; what is `None` stays.
pub struct UpdateSecret {
    pub secret: SecretRef,
    pub description: Option<SecretDescription>,
    pub custom_data: Option<CustomData>,
}

impl Service {
    /// Changes the description, and the custom data of a managed secret. Without either nothing changes: a client leaves
    /// out what is empty.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::SecretNotFound`], [`Error::SecretPlannedToBeDeleted`]; [`Error::Invalid`] for custom
    /// data of a secret that has none.
    pub async fn update_secret(&self, context: Context, wanted: UpdateSecret) -> Result<Secret> {
        self.store
            .write(move |tx| {
                let mut secret =
                    context.secret_to_change(tx, "kms:UpdateSecret", &wanted.secret)?;
                if secret.delete_at.is_some() {
                    return Err(Error::SecretPlannedToBeDeleted);
                }
                if let Some(custom_data) = &wanted.custom_data {
                    let none = || Error::invalid(Field::CustomData, "is for managed secrets only");
                    let managed = ManagedType::of(secret.secret_type).ok_or_else(none)?;
                    let config = secret.config(managed)?.with_custom_data(custom_data.clone());
                    secret.extended_config = Some(config.to_json());
                }
                if let Some(description) = &wanted.description {
                    secret.description = Some(description.clone());
                }
                if wanted.description.is_some() || wanted.custom_data.is_some() {
                    secret.updated = context.now;
                    tx.update_kms_secret(&secret)?;
                }
                Ok(secret)
            })
            .await
    }
}
