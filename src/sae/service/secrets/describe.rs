//! Shows a secret with its values.

use std::sync::Arc;

use super::payload;
use crate::sae::{
    model::{NamespaceId, Result, SecretData, SecretId, SecretSummary},
    service::Service,
};

impl Service {
    /// A secret with its keys and values, as they were given.
    pub async fn describe_secret(
        &self,
        namespace: NamespaceId,
        id: SecretId,
    ) -> Result<(SecretSummary, SecretData)> {
        self.require_served(&namespace)?;
        let sealing = Arc::clone(&self.sealing);
        let stored = self.store.read_briefly(move |tx| -> Result<_> {
            let stored = tx.stored_secret(&namespace, id)?;
            let data_key = payload::unwrap(tx, &sealing, &stored)?;
            Ok((stored, data_key))
        });
        let (stored, data_key) = stored.await?;
        let data = payload::open(&data_key, &stored)?;
        Ok((stored.summary, data))
    }
}
