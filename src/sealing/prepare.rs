//! Makes the keys of a database ready before it is served.

use std::sync::Arc;

use super::{Holder, KeyService, KeysError, Sealing, listed};
use crate::{clock::Timestamp, store::Tx};

impl KeyService {
    /// Opens the database's keys, and creates the first one where there is none.
    pub async fn prepare(&self, now: Timestamp) -> Result<(), KeysError> {
        let (sealing, holders) = (Arc::clone(&self.sealing), Arc::clone(&self.holders));
        self.store.write_for_upkeep(move |tx| prepare(tx, &sealing, &holders, now)).await
    }
}

fn prepare(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    holders: &[Arc<dyn Holder>],
    now: Timestamp,
) -> Result<(), KeysError> {
    // Of processes that start at the same moment only one creates the first key.
    tx.lock_keys()?;
    if tx.keys()?.is_empty() {
        for holder in holders {
            if !holder.counts(tx)?.is_empty() {
                let lost = "it has sealed secrets and no keys: they are lost, unless a backup has the keys";
                return Err(KeysError(lost.to_owned()));
            }
        }
        tx.insert_current_key(&sealing.new_key(now)?)?;
    }
    let (_, closed) = sealing.refresh(tx)?;
    if !closed.is_empty() {
        return Err(KeysError(listed(&closed)));
    }
    Ok(sealing.check(tx)?)
}
