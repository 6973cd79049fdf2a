//! The keys of a database: which of them wrap and unwrap the data keys of what the products keep, and what can be done with
//! them. `docs/encryption.md` has the hierarchy.

mod counts;
mod holder;
mod keys;
mod list;
mod retire;
mod rotate;
mod verify;

use std::sync::Arc;

use crate::{
    clock::Timestamp,
    crypto::CryptoError,
    store::{Result, Store, Unavailable},
};

pub use crate::crypto::{Binding, Cipher, DataEncryptionKey, Material, random_bytes, random_id};
pub use counts::Counts;
pub(crate) use counts::counted;
pub use holder::Holder;
pub use keys::Sealing;
pub(crate) use keys::{Reread, listed};
pub(crate) use list::{KeyState, Keys, MasterState};
pub(crate) use rotate::Rotated;
pub(crate) use verify::Verification;

/// Something sealed cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It does not open: it was changed, or belongs to another place. The text shows nothing of the value.
    #[error("{0}")]
    Damaged(String),
    /// The database does not answer, or the key that wraps it cannot be opened now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl From<CryptoError> for Unavailable {
    fn from(error: CryptoError) -> Self {
        Self::new(error)
    }
}

/// Why the keys of a database are not ready, or one of them stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeysError(String);

impl From<Unavailable> for KeysError {
    fn from(error: Unavailable) -> Self {
        Self(format!("the store is unavailable: {error}"))
    }
}

/// What can be done with the keys of one database. Cloning is cheap.
#[derive(Clone)]
pub struct KeyService {
    store: Store,
    sealing: Arc<Sealing>,
    holders: Arc<[Arc<dyn Holder>]>,
}

impl KeyService {
    /// For the keys of this database and everything that they seal.
    #[must_use]
    pub fn new(store: Store, sealing: Arc<Sealing>, holders: Vec<Arc<dyn Holder>>) -> Self {
        Self { store, sealing, holders: holders.into() }
    }

    /// Whether the database answers and a new value could be sealed.
    pub async fn check(&self) -> Result<()> {
        let sealing = Arc::clone(&self.sealing);
        self.store.read(move |tx| sealing.check(tx)).await
    }

    /// Opens the database's keys before it is served, and creates the first one where there is none.
    pub async fn prepare(&self, now: Timestamp) -> Result<(), KeysError> {
        let (sealing, holders) = (Arc::clone(&self.sealing), Arc::clone(&self.holders));
        let preparation = self.store.write_for_upkeep(move |tx| {
            // Of processes that start at the same moment only one creates the first key.
            tx.lock_keys()?;
            if tx.keys()?.is_empty() {
                for holder in holders.iter() {
                    if !holder.counts(tx)?.is_empty() {
                        return Err(KeysError(format!(
                            "it has sealed {}s and no keys: they are lost, unless a backup has the keys",
                            holder.noun()
                        )));
                    }
                }
                tx.insert_current_key(&sealing.new_key(now)?)?;
            }
            let (_, closed) = sealing.refresh(tx)?;
            if !closed.is_empty() {
                return Err(KeysError(listed(&closed)));
            }
            Ok(sealing.check(tx)?)
        });
        preparation.await
    }
}
