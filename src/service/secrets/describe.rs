//! Shows a secret with its values.

use super::{DescribedSecret, ListedSecret, payload};
use crate::{
    domain::{NamespaceId, Result, SecretId},
    service::{Context, Service},
};

impl Service {
    /// A secret with its keys and values, as they were given.
    ///
    /// # Errors
    /// [`crate::domain::Error::NamespaceNotFound`]; [`crate::domain::Error::SecretNotFound`];
    /// [`crate::domain::Error::Unavailable`].
    pub async fn describe_secret(
        &self,
        _context: &Context,
        namespace: NamespaceId,
        id: SecretId,
    ) -> Result<DescribedSecret> {
        self.require_served(&namespace)?;
        let stored = self.store.read(move |tx| {
            tx.namespace(&namespace)?;
            tx.stored_secret(&namespace, id)
        });
        let stored = stored.await?;
        let listed = ListedSecret::new(&self.cloud, stored.summary);
        Ok(DescribedSecret { listed, data: payload::decode(&stored.payload)? })
    }
}
