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
        let sealed = self.store.read(move |tx| {
            tx.namespace(&namespace)?;
            tx.sealed_secret(&namespace, id)
        });
        let sealed = sealed.await?;
        let listed = ListedSecret::new(&self.cloud, sealed.summary);
        Ok(DescribedSecret { listed, data: payload::decode(sealed.payload)? })
    }
}
