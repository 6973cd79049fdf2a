//! Changes a namespace.

use crate::{
    clock::Timestamp,
    sae::{
        model::{Namespace, NamespaceId, NamespaceName, Result},
        service::Service,
    },
};

/// What is to be changed.
#[derive(Debug)]
pub struct UpdateNamespace {
    /// The namespace.
    pub id: NamespaceId,
    /// Its new display name.
    pub name: NamespaceName,
    /// Its new description; `None` leaves it.
    pub description: Option<String>,
    /// Whether SAE's built-in registry serves it; `None` leaves it.
    pub micro_registration: Option<bool>,
}

impl Service {
    /// Changes a namespace and returns it as it is then.
    /// Errors, in this order: `Upgrading`; `NamespaceNotFound`, also for a default namespace.
    pub async fn update_namespace(
        &self,
        now: Timestamp,
        command: UpdateNamespace,
    ) -> Result<Namespace> {
        self.require_no_upgrade()?;
        self.require_custom(&command.id)?;
        self.store
            .write(move |tx| {
                tx.lock_namespace(&command.id)?;
                let mut namespace = tx.namespace(&command.id)?;
                command.name.as_str().clone_into(&mut namespace.name);
                if let Some(description) = &command.description {
                    namespace.description.clone_from(description);
                }
                if let Some(micro_registration) = command.micro_registration {
                    namespace.micro_registration = micro_registration;
                }
                tx.update_namespace(&namespace, now)?;
                Ok(namespace)
            })
            .await
    }
}
