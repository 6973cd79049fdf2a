//! Makes the keys of a database ready before it is served.

use std::sync::Arc;

use super::{Holder, KeyService, Sealing, listed};
use crate::{
    clock::Timestamp,
    crypto::{DatabaseKey, UnwrapError},
    store::{Tx, Unavailable},
};

/// The keys of a database are not ready.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// Keys do not open.
    #[error("{}", listed(.0))]
    Closed(Vec<UnwrapError>),
    /// Values are sealed, and there is no key for them.
    #[error("it has sealed secrets and no keys: they are lost, unless a backup has the keys")]
    KeysLost,
    /// The store does not answer.
    #[error("the store is unavailable: {0}")]
    Store(#[from] Unavailable),
}

impl KeyService {
    /// Opens the database's keys, and makes the first one where there is none.
    pub async fn prepare(&self, now: Timestamp) -> Result<(), PrepareError> {
        let (sealing, holders) = (Arc::clone(&self.sealing), Arc::clone(&self.holders));
        self.store.write_for_upkeep(move |tx| prepare(tx, &sealing, &holders, now)).await
    }
}

fn prepare(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    holders: &[Box<dyn Holder>],
    now: Timestamp,
) -> Result<(), PrepareError> {
    // Of processes that start at the same moment only one makes the first key.
    tx.lock_keys()?;
    if tx.keys()?.is_empty() {
        for holder in holders {
            if holder.has_rows(tx)? {
                return Err(PrepareError::KeysLost);
            }
        }
        let key = DatabaseKey::generate().map_err(Unavailable::new)?;
        let wrapped = key.wrap(&sealing.masters(), now).map_err(Unavailable::new)?;
        tx.insert_current_key(&wrapped)?;
    }
    let (_, closed) = sealing.refresh(tx)?;
    if !closed.is_empty() {
        return Err(PrepareError::Closed(closed));
    }
    Ok(sealing.check(tx)?)
}
