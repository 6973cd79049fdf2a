//! Creates a namespace.

use crate::{
    clock::Timestamp,
    sae::{
        model::{Error, Namespace, NamespaceId, NamespaceName, Result},
        service::Service,
    },
};

impl Service {
    /// Creates a namespace.
    /// Errors, in this order: [`Error::Upgrading`]; [`Error::NamespaceIdFormat`] for a default namespace;
    /// [`Error::NamespaceExists`]; [`Error::TooManyNamespaces`].
    pub async fn create_namespace(
        &self,
        now: Timestamp,
        id: NamespaceId,
        name: NamespaceName,
        description: String,
        micro_registration: bool,
    ) -> Result<Namespace> {
        self.require_no_upgrade()?;
        self.require_served(&id)?;
        if id.is_default() {
            return Err(Error::NamespaceIdFormat);
        }
        let quota = self.cloud.quotas.namespaces;
        let name = name.as_str().to_owned();
        let namespace =
            Namespace { id, name, description, micro_registration, secret_count: 0, created: now };
        self.store
            .write(move |tx| {
                if tx.find_namespace(&namespace.id)?.is_some() {
                    return Err(Error::NamespaceExists);
                }
                if !tx.take_namespace_place(quota)? {
                    // Another request may have created the same namespace meanwhile, in the last place.
                    let exists = tx.find_namespace(&namespace.id)?.is_some();
                    let full = Error::TooManyNamespaces(quota);
                    return Err(if exists { Error::NamespaceExists } else { full });
                }
                tx.insert_namespace(&namespace)?;
                Ok(namespace.clone())
            })
            .await
    }
}
