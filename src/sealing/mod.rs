//! The keys of a database: which of them wrap and unwrap the data keys of what the products keep, and what can be done with
//! them. `docs/encryption.md` has the hierarchy.

mod error;
mod holder;
mod keys;
mod list;
mod prepare;
mod retire;
mod rotate;
mod verify;

use std::sync::Arc;

use crate::store::{Result, Store};

pub use crate::crypto::{Binding, DataEncryptionKey, random_id};
pub use error::Error;
pub use holder::Holder;
pub use keys::{Reread, Sealing, listed};
pub use list::{KeyState, Keys, MasterState};
pub use prepare::PrepareError;
pub use retire::{RetireError, Retired};
pub use rotate::Rotated;
pub use verify::Verification;

/// What can be done with the keys of one database. Cloning is cheap.
#[derive(Clone)]
pub struct KeyService {
    store: Store,
    sealing: Arc<Sealing>,
    holders: Arc<[Box<dyn Holder>]>,
}

impl KeyService {
    /// For the keys of this database and everything that they seal.
    #[must_use]
    pub fn new(store: Store, sealing: Arc<Sealing>, holders: Vec<Box<dyn Holder>>) -> Self {
        Self { store, sealing, holders: holders.into() }
    }

    /// Answers when the database answers and what it would be given could be sealed.
    pub async fn check(&self) -> Result<()> {
        let sealing = Arc::clone(&self.sealing);
        self.store.read(move |tx| sealing.check(tx)).await
    }
}
