//! What can be done: one folder an aggregate, one file an operation. A use case checks its command, then runs one
//! plain synchronous function inside one transaction of the store.

mod holder;
mod namespaces;
mod secrets;
mod seed;

use std::sync::Arc;

use crate::{
    sae::model::{Cloud, Error, Namespace, NamespaceId, Result},
    sealing::Sealing,
    store::Store,
};

pub use holder::Secrets;

/// Everything that can be done. Cloning is cheap.
#[derive(Clone)]
pub struct Service {
    store: Store,
    sealing: Arc<Sealing>,
    pub(crate) cloud: Arc<Cloud>,
}

impl Service {
    /// A service over a store whose values these keys seal, for one emulated cloud.
    #[must_use]
    pub fn new(store: Store, sealing: Arc<Sealing>, cloud: Cloud) -> Self {
        Self { store, sealing, cloud: Arc::new(cloud) }
    }

    /// Refuses a namespace of a region that is not served, also when the database still has it.
    fn require_served(&self, namespace: &NamespaceId) -> Result<()> {
        let is_served = self.cloud.regions.contains(namespace.region());
        if is_served { Ok(()) } else { Err(Error::NamespaceNotFound) }
    }

    /// All namespaces that the database has, those of regions that are not served among them.
    pub async fn all_namespaces(&self) -> Result<Vec<Namespace>> {
        self.store.read(|tx| Ok(tx.namespaces()?)).await
    }
}
