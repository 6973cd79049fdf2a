//! Lets go of a key that nothing needs any more.

use std::{fmt, sync::Arc};

use super::{KeyService, list::states};
use crate::{
    sealed::{KeyId, MasterKeyId},
    store::Unavailable,
};

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retired {
    /// The key of the database is gone.
    Deleted(KeyId),
    /// The master key is needed by nothing in the database; it is its keeper's to destroy.
    Unneeded(MasterKeyId),
}

impl fmt::Display for Retired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deleted(id) => write!(f, "the key {id} is deleted"),
            Self::Unneeded(id) => write!(
                f,
                "nothing in the database needs the master key {id}: it can go, unless backups need it"
            ),
        }
    }
}

/// A key that stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RetireError {
    /// There is no such key.
    #[error("there is no key {0:?}: `keys list` shows all of them")]
    Unknown(String),
    /// It wraps the data keys of what is written now.
    #[error(
        "the key {id} is the current one and needed by {secrets} secrets: `keys rotate` makes another one"
    )]
    Current {
        /// The key.
        id: KeyId,
        /// How many secrets' data keys it wraps.
        secrets: u64,
    },
    /// Secrets need it.
    #[error(
        "the key {id} is needed by {secrets} secrets: `keys rotate` wraps their data keys anew"
    )]
    NeededBySecrets {
        /// The key.
        id: KeyId,
        /// How many secrets' data keys it wraps.
        secrets: u64,
    },
    /// Keys of the database need it.
    #[error(
        "the master key {id} is needed by {keys} keys of the database: `keys rotate` wraps them by the first of the master keys"
    )]
    NeededByKeys {
        /// The master key.
        id: MasterKeyId,
        /// How many keys of the database it wraps.
        keys: u64,
    },
    /// It is the master key that seals.
    #[error(
        "the master key {0} is the first of those that were given, which seals: put another one first"
    )]
    Seals(MasterKeyId),
    /// The store does not answer.
    #[error("the store is unavailable: {0}")]
    Store(#[from] Unavailable),
}

impl KeyService {
    /// Deletes a key of the database that no secret needs, or says whether a master key is needed by anything. Backups are
    /// not asked: they have keys of their own, wrapped by the master keys of their day.
    pub async fn retire(&self, id: &str) -> Result<Retired, RetireError> {
        match KeyId::parse(id) {
            Some(id) => self.delete_key(id).await,
            None => self.retire_master(id).await,
        }
    }

    async fn delete_key(&self, id: KeyId) -> Result<Retired, RetireError> {
        let holders = Arc::clone(&self.holders);
        let deletion = self.store.write_for_upkeep(move |tx| {
            tx.lock_keys()?;
            let Some(state) = states(tx, &holders)?.into_iter().find(|key| key.id == id) else {
                return Err(RetireError::Unknown(id.to_string()));
            };
            let secrets = state.secrets;
            if state.is_current {
                return Err(RetireError::Current { id: id.clone(), secrets });
            }
            if secrets > 0 {
                return Err(RetireError::NeededBySecrets { id: id.clone(), secrets });
            }
            tx.delete_key(&id)?;
            Ok(Retired::Deleted(id.clone()))
        });
        deletion.await
    }

    async fn retire_master(&self, id: &str) -> Result<Retired, RetireError> {
        let keys = self.list().await?;
        let state = keys.masters.into_iter().find(|master| master.id.as_str() == id);
        match state {
            None => Err(RetireError::Unknown(id.to_owned())),
            Some(state) if state.keys > 0 => {
                Err(RetireError::NeededByKeys { id: state.id, keys: state.keys })
            }
            Some(state) if state.seals => Err(RetireError::Seals(state.id)),
            Some(state) => Ok(Retired::Unneeded(state.id)),
        }
    }
}
