//! Moves a stage from one version to another.

use super::put::{relabel, require_generic};
use crate::kms::{
    model::{Result, Secret, SecretRef, Stage, VersionId},
    service::{Context, Service},
};

/// Which stage to move where.
#[derive(Debug, Clone)]
pub struct UpdateSecretVersionStage {
    pub secret: SecretRef,
    pub stage: Stage,
    pub move_to: Option<VersionId>,
    pub remove_from: Option<VersionId>,
}

impl Service {
    /// Moves a stage, or takes it away.
    ///
    /// # Errors
    /// As [`Versions::move_stage`](crate::kms::model::Versions::move_stage); [`Error`](crate::kms::model::Error)s of every
    /// change of a secret that is not managed.
    pub async fn update_secret_version_stage(
        &self,
        context: Context,
        wanted: UpdateSecretVersionStage,
    ) -> Result<Secret> {
        self.store
            .write(move |tx| {
                let action = "kms:UpdateSecretVersionStage";
                let mut secret = context.secret_to_change(tx, action, &wanted.secret)?;
                require_generic(&secret)?;
                let (to, from) = (wanted.move_to.as_ref(), wanted.remove_from.as_ref());
                let change = tx.kms_versions(&secret)?.move_stage(&wanted.stage, to, from)?;
                if !change.is_empty() {
                    relabel(tx, &secret, &change)?;
                    secret.updated = context.now;
                    tx.touch_kms_secret(&secret)?;
                }
                Ok(secret)
            })
            .await
    }
}
