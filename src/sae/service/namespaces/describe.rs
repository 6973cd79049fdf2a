//! Shows a namespace.

use crate::sae::{
    model::{Namespace, NamespaceId, Result},
    service::Service,
};

impl Service {
    /// A custom namespace; `NamespaceNotFound` also for a default one.
    pub async fn describe_namespace(&self, id: NamespaceId) -> Result<Namespace> {
        self.require_custom(&id)?;
        self.find_namespace(id).await
    }

    /// A namespace, also a default one.
    pub async fn find_namespace(&self, id: NamespaceId) -> Result<Namespace> {
        self.require_served(&id)?;
        self.store.read_briefly(move |tx| tx.namespace(&id)).await
    }
}
