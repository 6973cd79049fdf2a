//! Wraps every data key anew by a new key, while the server goes on.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    crypto::{DataEncryptionKey, DatabaseKey},
    domain::{Error, KeyId, Result, SecretSummary, Timestamp, WrappedKey},
    service::{Service, sealing::Sealing},
    store::{RowPlace, Tx},
};

/// How many data keys are wrapped anew in one transaction at most, and how long it may take.
const BATCH: i64 = 500;
const HELD_MAX: Duration = Duration::from_millis(150);

/// How long others have their turn between two transactions. SQLite knows no queue: whoever waits looks again every 100 ms.
const TURN_OF_OTHERS: Duration = Duration::from_millis(120);

/// How often a step that finds the database busy is tried again, and how long it waits in between. The store itself waits
/// for some seconds each time.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(250);

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The key that wraps all data keys now.
    pub key: KeyId,
    /// Whether an earlier rotation had made it and was interrupted.
    pub was_resumed: bool,
    /// How many secrets' data keys were wrapped anew.
    pub secrets: u64,
    /// Secrets that could not be opened and still stand under the key that they had.
    pub damaged: Vec<i64>,
}

impl Service {
    /// Makes a new key the current one, or finds the one that an interrupted rotation made; wraps each data key by it; and
    /// has every key of the database wrapped by the first of the master keys. Values are not touched. Others may read and
    /// write meanwhile, and it may be interrupted at any point: each secret can be opened at every moment.
    ///
    /// # Errors
    /// [`Error::Unavailable`], also when a key cannot be opened, or the database stays busy.
    pub async fn rotate_keys(&self, now: Timestamp) -> Result<Rotated> {
        let sealing = Arc::clone(&self.sealing);
        let begin = move |tx: &mut Tx<'_>| begin(tx, &sealing, now);
        let (key, was_resumed) = self.patiently(begin).await?;
        // What is made from here on has the new key; what was being made is there when it is looked for.
        self.patiently(|tx| {
            tx.lock_keys()?;
            tx.wait_for_new_secrets()
        })
        .await?;
        let mut rotated = Rotated { key: key.clone(), was_resumed, secrets: 0, damaged: vec![] };
        let mut after = None;
        loop {
            // Apart from what is done to them: who looks at all rows and changes some would be in everybody's way.
            let key = key.clone();
            let behind = after.clone();
            let look = move |tx: &mut Tx<'_>| tx.secrets_not_under(&key, behind.as_ref(), BATCH);
            let places = self.patiently(look).await?;
            if places.is_empty() {
                self.patiently(|tx| tx.set_rotating(false)).await?;
                return Ok(rotated);
            }
            let sealing = Arc::clone(&self.sealing);
            let step = self.patiently(move |tx| rewrap(tx, &sealing, &places)).await?;
            after = step.last.or(after);
            rotated.secrets += step.rewrapped;
            rotated.damaged.extend(step.damaged);
            tokio::time::sleep(TURN_OF_OTHERS).await;
        }
    }

    /// A write that is tried again for some time when the database does not answer.
    async fn patiently<T, F>(&self, use_case: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + Sync + 'static,
    {
        let use_case = Arc::new(use_case);
        let mut attempt = 1;
        loop {
            let once = Arc::clone(&use_case);
            match self.store.write_for_upkeep(move |tx| once(tx)).await {
                Err(error @ Error::Unavailable { .. }) if attempt < ATTEMPTS => {
                    log::warn!("{error}; trying again");
                    attempt += 1;
                    tokio::time::sleep(PAUSE).await;
                }
                answer => return answer,
            }
        }
    }
}

fn begin(tx: &mut Tx<'_>, sealing: &Sealing, now: Timestamp) -> Result<(KeyId, bool)> {
    tx.lock_keys()?;
    sealing.open_all(tx)?;
    let masters = sealing.masters();
    let (current, keys) = (tx.find_current_key()?, tx.keys()?);
    let is_as_wanted = |key: &&WrappedKey| Some(&key.master) == masters.sealing_id();
    let resumed = keys.iter().find(|key| Some(&key.id) == current.as_ref() && is_as_wanted(key));
    for key in keys.iter().filter(|key| !is_as_wanted(key)) {
        let opened = DatabaseKey::unwrap(key, &masters).map_err(Error::unavailable)?;
        tx.replace_key(&opened.wrap(&masters, key.created).map_err(Error::unavailable)?)?;
    }
    if let Some(resumed) = resumed
        && tx.is_rotating()?
    {
        return Ok((resumed.id.clone(), true));
    }
    tx.set_rotating(true)?;
    let key = DatabaseKey::generate().map_err(Error::unavailable)?;
    tx.insert_current_key(&key.wrap(&masters, now).map_err(Error::unavailable)?)?;
    Ok((key.id().clone(), false))
}

/// What one transaction of a rotation did.
struct Step {
    /// The last secret that was looked at.
    last: Option<RowPlace>,
    rewrapped: u64,
    damaged: Vec<i64>,
}

fn rewrap(tx: &mut Tx<'_>, sealing: &Sealing, places: &[RowPlace]) -> Result<Step> {
    let begun = Instant::now();
    let mut step = Step { last: None, rewrapped: 0, damaged: vec![] };
    // What is read has to be what is replaced; and the key is asked for behind the locks, as by whoever updates a secret.
    tx.lock_secrets(places)?;
    let current = tx.current_key()?;
    for place in places {
        let id = place.id;
        step.last = Some(place.clone());
        match open(tx, sealing, place) {
            Ok((secret, data_key)) => {
                let data_key = sealing.wrap_by(tx, &current, &data_key, &secret)?;
                tx.replace_data_key(&secret, &data_key)?;
                step.rewrapped += 1;
            }
            // It keeps the key that it has, and holds up no other.
            Err(error @ Error::Damaged { .. }) => {
                log::error!("secret {id} keeps the key that it has: {error}");
                step.damaged.push(id);
            }
            // Somebody has deleted it meanwhile.
            Err(Error::SecretNotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        if begun.elapsed() > HELD_MAX {
            break;
        }
    }
    Ok(step)
}

fn open(
    tx: &mut Tx<'_>,
    sealing: &Sealing,
    place: &RowPlace,
) -> Result<(SecretSummary, DataEncryptionKey)> {
    let stored = tx.stored_data_key(place)?;
    let data_key = sealing.unwrap(tx, &stored.data_key, &stored.summary)?;
    Ok((stored.summary, data_key))
}
