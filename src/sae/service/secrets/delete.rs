//! Deletes a secret.

use crate::sae::{
    model::{NamespaceId, Result, SecretId, SecretSummary},
    service::Service,
};

impl Service {
    /// Deletes a secret and returns what it was. One that applications use goes too: the service documents a warning and no
    /// error for that.
    pub async fn delete_secret(
        &self,
        namespace: NamespaceId,
        id: SecretId,
    ) -> Result<SecretSummary> {
        self.require_served(&namespace)?;
        let deletion = self.store.write(move |tx| {
            // In the order in which a namespace and its secrets are deleted, so that neither waits for the other.
            tx.lock_namespace(&namespace)?;
            let deleted = tx.secret_summary(&namespace, id)?;
            tx.delete_secret(&namespace, id)?;
            tx.free_secret_place(&namespace)?;
            Ok(deleted)
        });
        deletion.await
    }
}
