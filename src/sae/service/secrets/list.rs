//! Lists a namespace's secrets.

use super::ListedSecret;
use crate::sae::{
    model::{NamespaceId, Result},
    service::Service,
};

impl Service {
    /// The secrets of a namespace without their values, oldest first.
    pub async fn list_secrets(&self, namespace: NamespaceId) -> Result<Vec<ListedSecret>> {
        self.require_served(&namespace)?;
        let summaries = self.store.read(move |tx| -> Result<_> {
            tx.namespace(&namespace)?;
            Ok(tx.secret_summaries(&namespace)?)
        });
        let summaries = summaries.await?.into_iter();
        Ok(summaries.map(|summary| ListedSecret::new(&self.cloud, summary)).collect())
    }
}
