//! Deletes a namespace.

use crate::sae::{
    model::{Error, NamespaceId, Result},
    service::Service,
};

impl Service {
    /// Deletes a namespace and all its secrets. That the secrets go too is inferred: no error is documented for a
    /// namespace that still has some.
    /// Errors, in this order: [`Error::Upgrading`]; [`Error::NamespaceNotFound`], also for a default namespace;
    /// [`Error::NamespaceHasApplications`]; [`Error::NamespaceHasClusters`].
    pub async fn delete_namespace(&self, id: NamespaceId) -> Result<()> {
        self.require_no_upgrade()?;
        self.require_custom(&id)?;
        let has_applications = !self.cloud.applications_in(&id).is_empty();
        let has_clusters = self.cloud.has_clusters(&id);
        self.store
            .write(move |tx| {
                // A request that creates a secret in it comes before, and its secret is deleted too, or after, and finds no
                // namespace.
                tx.lock_namespace(&id)?;
                tx.namespace(&id)?;
                if has_applications {
                    return Err(Error::NamespaceHasApplications);
                }
                if has_clusters {
                    return Err(Error::NamespaceHasClusters);
                }
                tx.delete_secrets_in(&id)?;
                tx.delete_namespace(&id)?;
                Ok(tx.free_namespace_place()?)
            })
            .await
    }
}
