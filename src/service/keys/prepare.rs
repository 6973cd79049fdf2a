//! Makes the keys of a database ready before it is served, and seals what older versions left in clear.

use std::sync::Arc;

use crate::{
    crypto::{self, DatabaseKey, UnwrapError},
    domain::{Error, SecretSummary, Timestamp, Version},
    service::{
        Service,
        sealing::{Sealing, listed},
        secrets::payload,
    },
    store::{Tx, UnsealedSecret},
};

/// How many unsealed secrets are held in memory at once.
const BATCH: i64 = 100;

/// The keys of a database are not ready.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrepareError {
    /// Keys do not open.
    #[error("{}", listed(.0))]
    Closed(Vec<UnwrapError>),
    /// Values are sealed, and there is no key for them.
    #[error("it has sealed secrets and no keys: they are lost, unless a backup has the keys")]
    KeysLost,
    /// There are values in clear beside sealed ones. None that we left there: sealed, they would look like ours.
    #[error("it has keys, and unsealed secrets as well: somebody else wrote them")]
    Planted,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] Error),
}

impl Service {
    /// Opens the database's keys, and makes the first one where there is none. What an older version kept in clear is sealed
    /// in the same transaction, and then removed from the file; whenever this is interrupted, the next start goes on.
    ///
    /// # Errors
    /// [`PrepareError`].
    pub async fn prepare_keys(&self, now: Timestamp) -> Result<(), PrepareError> {
        let sealing = Arc::clone(&self.sealing);
        let prepared = self.store.write_for_upkeep(move |tx| {
            match prepare(tx, &sealing, now) {
                Ok(done) => Ok(Ok(done)),
                // Nothing was done yet when it is found out that nothing can be.
                Err(PrepareError::Store(error)) => Err(error),
                Err(error) => Ok(Err(error)),
            }
        });
        let Prepared { sealed, has_remains } = prepared.await??;
        if sealed > 0 {
            log::info!("{sealed} secrets that an older version kept in clear are sealed now");
        }
        if has_remains {
            self.store.scrub().await?;
            // The method itself is not general enough over the transaction's lifetime.
            #[allow(clippy::redundant_closure_for_method_calls)]
            self.store.write_for_upkeep(|tx| tx.forget_unsealed_remains()).await?;
            log::info!("the database was written anew: nothing in it is in clear any more");
        }
        Ok(())
    }
}

/// What is done, and what is left to do.
struct Prepared {
    sealed: u64,
    has_remains: bool,
}

fn prepare(tx: &mut Tx<'_>, sealing: &Sealing, now: Timestamp) -> Result<Prepared, PrepareError> {
    // Of processes that start at the same moment only one makes the first key.
    tx.lock_keys()?;
    let is_new = tx.keys()?.is_empty();
    let has_unsealed = tx.has_unsealed_table()?;
    if is_new && tx.highest_secret_id()? > 0 {
        return Err(PrepareError::KeysLost);
    }
    if !is_new && has_unsealed {
        return Err(PrepareError::Planted);
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
    sealing.check(tx)?;
    let sealed = if has_unsealed { seal_all(tx, sealing)? } else { 0 };
    Ok(Prepared { sealed, has_remains: tx.has_unsealed_remains()? })
}

fn seal_all(tx: &mut Tx<'_>, sealing: &Sealing) -> Result<u64, Error> {
    let (mut after, mut sealed) = (None, 0);
    loop {
        let batch = tx.unsealed_secrets(after, BATCH)?;
        let Some(last) = batch.last().map(|secret| secret.id) else { break };
        after = Some(last);
        for secret in batch {
            seal_one(tx, sealing, secret)?;
            sealed += 1;
        }
        tx.delete_unsealed(last)?;
    }
    tx.drop_unsealed_table()?;
    Ok(sealed)
}

fn seal_one(tx: &mut Tx<'_>, sealing: &Sealing, unsealed: UnsealedSecret) -> Result<(), Error> {
    let sealed = payload::seal_encoded(&unsealed.encoded.0)?;
    let summary = SecretSummary {
        id: unsealed.id,
        uid: crypto::new_uid().map_err(Error::unavailable)?,
        namespace: unsealed.namespace,
        name: unsealed.name,
        secret_type: unsealed.secret_type,
        version: Version::FIRST,
        created: unsealed.created,
        updated: unsealed.updated,
    };
    let data_key = sealing.wrap(tx, &sealed.data_key, &summary)?;
    tx.insert_secret(&summary, &data_key, &sealed.payload)
}
