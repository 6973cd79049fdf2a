//! Lists keys.

use std::sync::Arc;

use crate::kms::{
    model::{Filters, KeyFilter, KeyId, Kind, Page, Result},
    service::{Context, Service},
};

/// Some of the keys of a scope, the newest first.
pub struct ListedKeys {
    pub ids: Vec<KeyId>,
    /// How many there are in all.
    pub total: u64,
}

impl Service {
    /// The keys that pass every filter, on one page.
    pub async fn list_keys(
        &self,
        context: Context,
        filters: Filters<KeyFilter>,
        page: Page,
    ) -> Result<ListedKeys> {
        context.rights.check("kms:ListKeys", &context.scope.container(Kind::Key))?;
        let cloud = Arc::clone(&self.cloud);
        self.store
            .read(move |tx| {
                let connected = cloud.connected();
                let (scope, now) = (&context.scope, context.now);
                let page = tx.kms_key_page(scope, &filters, connected.as_deref(), now, page);
                let (ids, total) = page?;
                Ok(ListedKeys { ids, total })
            })
            .await
    }
}
