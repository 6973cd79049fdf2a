//! Makes the keys of a database ready before it is served, and seals what older versions left in clear.

use std::sync::Arc;

use crate::{
    crypto::{self, DatabaseKey},
    domain::{Error, Result, SecretSummary, Timestamp, Version},
    service::{Service, sealing::Sealing, secrets::payload},
    store::{Tx, UnsealedSecret},
};

/// How many unsealed secrets are held in memory at once.
const BATCH: i64 = 100;

impl Service {
    /// Opens the database's keys, and makes the first one where there is none. What an older version kept in clear is sealed
    /// in the same transaction, and then removed from the file; whenever this is interrupted, the next start goes on.
    /// Returns how many secrets were sealed.
    ///
    /// # Errors
    /// [`Error::Unavailable`], also when a key cannot be opened.
    pub async fn prepare_keys(&self, now: Timestamp) -> Result<u64> {
        let sealing = Arc::clone(&self.sealing);
        let prepared = self.store.write_for_upkeep(move |tx| {
            let is_new = tx.keys()?.is_empty();
            if is_new {
                let key = DatabaseKey::generate().map_err(Error::unavailable)?;
                let wrapped = key.wrap(&sealing.masters(), now).map_err(Error::unavailable)?;
                tx.insert_current_key(&wrapped)?;
            }
            sealing.open_all(tx)?;
            // Rows in clear in a database that has keys are none of ours: sealed, they would look as if they were.
            let sealed = match tx.has_unsealed_table()? {
                true if is_new => seal_all(tx, &sealing)?,
                true => {
                    return Err(Error::unavailable("it has keys, and unsealed secrets as well"));
                }
                false => 0,
            };
            Ok((sealed, tx.has_unsealed_remains()?))
        });
        let (sealed, has_remains) = prepared.await?;
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
        Ok(sealed)
    }
}

fn seal_all(tx: &mut Tx<'_>, sealing: &Sealing) -> Result<u64> {
    let (mut after, mut sealed) = (None, 0);
    loop {
        let batch = tx.unsealed_secrets(after, BATCH)?;
        let Some(last) = batch.last() else { break };
        after = Some(last.id);
        for secret in batch {
            seal_one(tx, sealing, secret)?;
            sealed += 1;
        }
    }
    tx.drop_unsealed_table()?;
    Ok(sealed)
}

fn seal_one(tx: &mut Tx<'_>, sealing: &Sealing, unsealed: UnsealedSecret) -> Result<()> {
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
