//! Lists a namespace's secrets.

use crate::sae::{
    model::{NamespaceId, Result, SecretSummary},
    service::Service,
};

impl Service {
    /// The secrets of a namespace without their values, oldest first.
    pub async fn list_secrets(&self, namespace: NamespaceId) -> Result<Vec<SecretSummary>> {
        self.require_served(&namespace)?;
        let summaries = self.store.read(move |tx| {
            tx.namespace(&namespace)?;
            Ok(tx.secret_summaries(&namespace)?)
        });
        summaries.await
    }
}
