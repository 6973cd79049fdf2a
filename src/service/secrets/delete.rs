//! Deletes a secret.

use crate::{
    domain::{NamespaceId, Result, SecretId},
    service::{Context, Service},
};

impl Service {
    /// Deletes a secret, also one that applications use: the service documents a warning and no error for that.
    ///
    /// # Errors
    /// [`crate::domain::Error::NamespaceNotFound`]; [`crate::domain::Error::SecretNotFound`];
    /// [`crate::domain::Error::Unavailable`].
    pub async fn delete_secret(
        &self,
        _context: &Context,
        namespace: NamespaceId,
        id: SecretId,
    ) -> Result<SecretId> {
        self.require_served(&namespace)?;
        let deletion = self.store.write(move |tx| {
            tx.namespace(&namespace)?;
            tx.delete_secret(&namespace, id)?;
            tx.free_secret_place(&namespace)
        });
        deletion.await?;
        Ok(id)
    }
}
