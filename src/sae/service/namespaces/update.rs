//! Changes a namespace.

use crate::{
    clock::Timestamp,
    sae::{
        model::{Namespace, NamespaceId, NamespaceName, Result},
        service::Service,
    },
};

impl Service {
    /// Changes a namespace and returns it as it is then; a `None` leaves what it is.
    /// Errors, in this order: `Upgrading`; `NamespaceNotFound`, also for a default namespace.
    pub async fn update_namespace(
        &self,
        now: Timestamp,
        id: NamespaceId,
        name: NamespaceName,
        description: Option<String>,
        micro_registration: Option<bool>,
    ) -> Result<Namespace> {
        self.require_no_upgrade()?;
        self.require_custom(&id)?;
        self.store
            .write(move |tx| {
                tx.lock_namespace(&id)?;
                let mut namespace = tx.namespace(&id)?;
                name.as_str().clone_into(&mut namespace.name);
                if let Some(description) = &description {
                    namespace.description.clone_from(description);
                }
                if let Some(micro_registration) = micro_registration {
                    namespace.micro_registration = micro_registration;
                }
                tx.update_namespace(&namespace, now)?;
                Ok(namespace)
            })
            .await
    }
}
