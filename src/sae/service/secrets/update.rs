//! Replaces a secret's data.

use std::sync::Arc;

use super::{create::check_keys, payload};
use crate::{
    clock::Timestamp,
    sae::{
        model::{NamespaceId, Result, SecretData, SecretId, SecretSummary},
        service::Service,
    },
};

impl Service {
    /// Replaces the whole data of a secret, and returns what the secret was before. Name, type and time of creation stay. For
    /// data it may get what is wrong with it, which is said only once the namespace is known to exist.
    /// Errors, in this order: `NamespaceNotFound`; what is wrong with the data in itself; `SecretNotFound`; what the secret's type
    /// finds wrong with the data; `TooManyKeys`.
    pub async fn update_secret(
        &self,
        now: Timestamp,
        request_id: &str,
        namespace: NamespaceId,
        id: SecretId,
        data: Result<SecretData>,
    ) -> Result<SecretSummary> {
        self.require_served(&namespace)?;
        let data = match data {
            Ok(data) => data,
            Err(error) => return Err(self.unless_namespace_missing(namespace, error).await),
        };
        let keys_quota = self.cloud.quotas.keys_in(&namespace);
        // The type never changes, so the data is checked against its rule before the write transaction.
        let place = namespace.clone();
        let known = self.store.read_briefly(move |tx| tx.secret_summary(&place, id)).await?;
        self.check_type(request_id, known.secret_type, &data, &known.name)?;
        check_keys(data.key_count(), keys_quota)?;
        let sealed = payload::seal(data).await?;
        let sealing = Arc::clone(&self.sealing);
        self.store
            .write(move |tx| {
                // Before the current key is read: a rotation that waits for the lock reads the secret again behind it.
                tx.lock_secret(&namespace, id)?;
                let known = tx.secret_summary(&namespace, id)?;
                // Neither a clock that was set back nor an update that waited longer makes a secret older than it was.
                let updated = now.max(known.updated);
                let replaced = SecretSummary { version: known.version.next(), updated, ..known };
                let (current, place) = (tx.current_key()?, payload::binding(&replaced));
                let data_key = sealing.wrap(tx, &current, &sealed.data_key, &place)?;
                tx.replace_payload(&replaced, &data_key, &sealed.payload)
            })
            .await?;
        Ok(known)
    }
}
