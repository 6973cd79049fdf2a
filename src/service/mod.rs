//! What can be done: one folder an aggregate, one file an operation. A use case checks its command, then runs one
//! plain synchronous function inside one transaction of the store.

pub mod keys;
pub mod namespaces;
mod sealing;
pub mod secrets;
mod seed;
mod verify;

use std::{path::Path, sync::Arc};

use crate::{
    access::Caller,
    domain::{Cloud, Error, Namespace, NamespaceId, Result, Timestamp},
    store::{BackupError, Load, Store},
};

pub use sealing::{Reread, Sealing, listed};
pub use seed::{SeedNamespace, SeedSecret, Seeds};
pub use verify::Verification;

/// Everything that can be done. Cloning is cheap.
#[derive(Clone)]
pub struct Service {
    store: Store,
    sealing: Arc<Sealing>,
    cloud: Arc<Cloud>,
}

/// Under which id, when and for whom a request is handled.
#[derive(Debug, Clone)]
pub struct Context {
    /// The request's id.
    pub request_id: String,
    /// The moment at which the request is handled.
    pub now: Timestamp,
    /// Who asks, and was found to be allowed to.
    pub caller: Caller,
}

impl Service {
    /// A service over a store whose values these keys seal, for one emulated cloud.
    #[must_use]
    pub fn new(store: Store, sealing: Arc<Sealing>, cloud: Cloud) -> Self {
        Self { store, sealing, cloud: Arc::new(cloud) }
    }

    /// The emulated cloud.
    #[must_use]
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// Refuses a namespace of a region that is not served: whatever is kept of it from other days, it is not there.
    fn require_served(&self, namespace: &NamespaceId) -> Result<()> {
        if self.cloud.serves(namespace.region()) { Ok(()) } else { Err(Error::NamespaceNotFound) }
    }

    /// Answers when the store answers and what it would be given could be sealed.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub async fn check_store(&self) -> Result<()> {
        let sealing = Arc::clone(&self.sealing);
        self.store.read(move |tx| sealing.check(tx)).await
    }

    /// All namespaces of every region, for the metrics.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub async fn all_namespaces(&self) -> Result<Vec<Namespace>> {
        // The method itself is not general enough over the transaction's lifetime.
        #[allow(clippy::redundant_closure_for_method_calls)]
        self.store.read(|tx| tx.namespaces()).await
    }

    /// Writes a sealed copy of one moment of the database to a file that is not there yet. It has the keys of that moment,
    /// wrapped by their master keys, which it does not have.
    ///
    /// # Errors
    /// [`BackupError`].
    pub async fn backup(&self, file: &Path) -> std::result::Result<(), BackupError> {
        self.store.backup(file).await
    }

    /// How busy the store is.
    #[must_use]
    pub fn store_load(&self) -> Load {
        self.store.load()
    }
}
