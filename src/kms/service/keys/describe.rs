//! What a key is.

use std::sync::Arc;

use crate::kms::{
    model::{Key, KeyRef, KeyState, KeyVersion, Result},
    service::{Context, Service},
};

/// A key as it is now.
pub struct DescribedKey {
    pub key: Key,
    /// Its state, which its instance has a say in.
    pub state: KeyState,
    /// The version that seals; `None` where there is no material.
    pub primary: Option<KeyVersion>,
}

impl Service {
    /// A key, in whatever state.
    pub async fn describe_key(&self, context: Context, named: KeyRef) -> Result<DescribedKey> {
        let cloud = Arc::clone(&self.cloud);
        self.store
            .read_briefly(move |tx| {
                let key = context.key(tx, "kms:DescribeKey", &named)?;
                let primary = tx.primary_kms_key_version(&key)?.map(|stored| stored.version);
                let state = key.state(&cloud);
                Ok(DescribedKey { key, state, primary })
            })
            .await
    }
}
