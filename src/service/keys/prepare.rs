//! Makes the keys of a database ready before it is served.

use std::sync::Arc;

use crate::{
    crypto::{DatabaseKey, UnwrapError},
    domain::{Error, Timestamp},
    service::{
        Service,
        sealing::{Sealing, listed},
    },
    store::Tx,
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
    #[error(transparent)]
    Store(#[from] Error),
}

impl Service {
    /// Opens the database's keys, and makes the first one where there is none.
    ///
    /// # Errors
    /// [`PrepareError`].
    pub async fn prepare_keys(&self, now: Timestamp) -> Result<(), PrepareError> {
        let sealing = Arc::clone(&self.sealing);
        let prepared = self.store.write_for_upkeep(move |tx| {
            match prepare(tx, &sealing, now) {
                // Nothing was done yet when it is found out that nothing can be.
                Err(PrepareError::Store(error)) => Err(error),
                prepared => Ok(prepared),
            }
        });
        prepared.await?
    }
}

fn prepare(tx: &mut Tx<'_>, sealing: &Sealing, now: Timestamp) -> Result<(), PrepareError> {
    // Of processes that start at the same moment only one makes the first key.
    tx.lock_keys()?;
    let is_new = tx.keys()?.is_empty();
    if is_new && tx.highest_secret_id()? > 0 {
        return Err(PrepareError::KeysLost);
    }
    if is_new {
        let key = DatabaseKey::generate().map_err(Error::unavailable)?;
        let wrapped = key.wrap(&sealing.masters(), now).map_err(Error::unavailable)?;
        tx.insert_current_key(&wrapped)?;
    }
    let (_, closed) = sealing.refresh(tx)?;
    if !closed.is_empty() {
        return Err(PrepareError::Closed(closed));
    }
    Ok(sealing.check(tx)?)
}
