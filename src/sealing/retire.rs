//! Deletes a key that nothing needs any more.

use std::{fmt, sync::Arc};

use super::{KeyService, KeyState, MasterState, list::states};
use crate::{
    sealed::{KeyId, MasterKeyId},
    store::Unavailable,
};

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Retired {
    /// The key of the database is gone.
    Deleted(KeyId),
    /// Nothing in the database needs the master key; its owner can destroy it.
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

/// Why a key stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RetireError(String);

impl RetireError {
    fn unknown(id: &str) -> Self {
        Self(format!("there is no key {id:?}: `keys list` shows all of them"))
    }
}

impl From<Unavailable> for RetireError {
    fn from(error: Unavailable) -> Self {
        Self(format!("the store is unavailable: {error}"))
    }
}

impl KeyService {
    /// Deletes a key of the database that no secret needs, or says whether anything needs a master key. Backups do not count:
    /// they have keys of their own, wrapped by the master keys of their time.
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
            let states = states(tx, &holders)?;
            let state = states.iter().find(|key| key.id == id);
            let KeyState { is_current, secrets, .. } =
                state.ok_or_else(|| RetireError::unknown(id.as_str()))?;
            if *is_current {
                return Err(RetireError(format!(
                    "the key {id} is the current one and needed by {secrets} secrets: `keys rotate` makes another one"
                )));
            }
            if *secrets > 0 {
                return Err(RetireError(format!(
                    "the key {id} is needed by {secrets} secrets: `keys rotate` wraps their data keys anew"
                )));
            }
            tx.delete_key(&id)?;
            Ok(Retired::Deleted(id.clone()))
        });
        deletion.await
    }

    async fn retire_master(&self, id: &str) -> Result<Retired, RetireError> {
        let masters = self.list().await?.masters;
        let master = masters.into_iter().find(|master| master.id.as_str() == id);
        let MasterState { id, seals, keys, .. } = master.ok_or_else(|| RetireError::unknown(id))?;
        if keys > 0 {
            return Err(RetireError(format!(
                "the master key {id} is needed by {keys} keys of the database: `keys rotate` wraps them by the first of the \
                 master keys"
            )));
        }
        if seals {
            return Err(RetireError(format!(
                "the master key {id} is the first of those that were given, which seals: put another one first"
            )));
        }
        Ok(Retired::Unneeded(id))
    }
}
