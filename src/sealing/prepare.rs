//! Makes the keys of a database ready before it is served.

use std::sync::Arc;

use super::{Holder, KeyService, Sealing, listed};
use crate::{
    clock::Timestamp,
    store::{Tx, Unavailable},
};

/// Why the keys of a database are not ready.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PrepareError(String);

impl From<Unavailable> for PrepareError {
    fn from(error: Unavailable) -> Self {
        Self(format!("the store is unavailable: {error}"))
    }
}

impl KeyService {
    /// Opens the database's keys, and creates the first one where there is none.
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
    // Of processes that start at the same moment only one creates the first key.
    tx.lock_keys()?;
    if tx.keys()?.is_empty() {
        for holder in holders {
            if holder.has_rows(tx)? {
                let lost = "it has sealed secrets and no keys: they are lost, unless a backup has the keys";
                return Err(PrepareError(lost.to_owned()));
            }
        }
        tx.insert_current_key(&sealing.new_key(now)?)?;
    }
    let (_, closed) = sealing.refresh(tx)?;
    if !closed.is_empty() {
        return Err(PrepareError(listed(&closed)));
    }
    Ok(sealing.check(tx)?)
}
