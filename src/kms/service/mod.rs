//! What can be done: one folder an aggregate, one file an operation. A use case checks its command, then runs one plain
//! synchronous function inside one transaction of the store.

mod encryption;
mod holder;
mod keys;
mod password;
mod random;
mod rights;
mod secrets;
mod seed;
mod shares;
mod tags;
mod worker;

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::{
    clock::Timestamp,
    kms::model::{Cloud, Result, Scope},
    sealing::Sealing,
    store::Store,
};

pub use holder::{KeyVersions, SecretVersions};
pub(crate) use keys::{CreateAlias, CreateKey, DescribedKey, ListedAliases};
pub(crate) use rights::Rights;
pub(crate) use secrets::{
    CreateSecret, DeleteSecret, GetSecretValue, ListSecrets, Managed, PutSecretValue, RotateSecret,
    SecretValue, UpdateSecret, UpdateSecretRotationPolicy, UpdateSecretVersionStage,
};
pub(crate) use tags::{ListTags, Resources, Tagged, TaggedRow, Untagging};

/// How many pairs of SSH keys are made at the same time: each takes a processor for a second or so.
const MADE_AT_ONCE: usize = 2;

/// Everything that can be done. Cloning is cheap.
#[derive(Clone)]
pub struct Service {
    store: Store,
    sealing: Arc<Sealing>,
    pub(crate) cloud: Arc<Cloud>,
    /// Permits to make what takes long.
    making: Arc<Semaphore>,
}

/// Of one request: who asks, when, and where.
#[derive(Clone)]
pub struct Context {
    /// The account of the caller, in the region of the request.
    pub scope: Scope,
    /// What the caller may.
    pub rights: Rights,
    /// When it arrived.
    pub now: Timestamp,
}

/// How many there are, those that are to be deleted included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub secrets: u64,
    pub keys: u64,
}

impl Service {
    /// A service over a store whose values these keys seal, for one emulated cloud.
    #[must_use]
    pub fn new(store: Store, sealing: Arc<Sealing>, cloud: Cloud) -> Self {
        let making = Arc::new(Semaphore::new(MADE_AT_ONCE));
        Self { store, sealing, cloud: Arc::new(cloud), making }
    }

    /// How much there is, in all accounts and regions.
    pub(crate) async fn counts(&self) -> Result<Counts> {
        self.store
            .read(|tx| {
                let (secrets, keys) = tx.all_kms_counts()?;
                Ok(Counts { secrets, keys })
            })
            .await
    }
}
