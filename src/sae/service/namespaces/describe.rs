//! Shows a namespace.

use crate::sae::{
    model::{Namespace, NamespaceId, Result},
    service::{Context, Service},
};

impl Service {
    /// A namespace; the default ones too.
    ///
    /// # Errors
    /// [`crate::sae::model::Error::NamespaceNotFound`]; [`crate::sae::model::Error::Unavailable`].
    pub async fn describe_namespace(
        &self,
        _context: &Context,
        id: NamespaceId,
    ) -> Result<Namespace> {
        self.require_served(&id)?;
        self.store.read_briefly(move |tx| tx.namespace(&id)).await
    }
}
