//! Wraps every data key anew by a new key, while the server goes on.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{Counts, Error, Holder, KeyService, Sealing, listed};
use crate::{
    clock::Timestamp,
    crypto::DatabaseKey,
    sealed::{KeyId, WrappedKey},
    store::{Progress, Result, RowPlace, Tx, Unavailable},
};

/// How many data keys are wrapped anew in one transaction at most, and how long it may take.
const BATCH: i64 = 500;
const HELD_MAX: Duration = Duration::from_millis(150);

/// The pause between two transactions where only one can write, in which others get the lock. SQLite has no queue: a writer
/// that waits for the lock tries it every 100 ms.
const PAUSE_FOR_OTHERS: Duration = Duration::from_millis(120);

/// How often a step is retried that finds the database busy, and the pause in between. The store itself waits for some
/// seconds each time.
const ATTEMPTS: u32 = 10;
const PAUSE: Duration = Duration::from_millis(250);

/// What a rotation did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The key that wraps all data keys now.
    pub key: KeyId,
    /// Whether an earlier rotation had made it and was interrupted.
    pub was_resumed: bool,
    /// How many rows' data keys were wrapped anew.
    pub rewrapped: Counts,
    /// Rows that could not be opened and keep the key that they had, with what they are.
    pub damaged: Vec<(&'static str, RowPlace)>,
}

impl KeyService {
    /// Creates a new current key, or finds the one that an interrupted rotation created; wraps each data key by it; and wraps
    /// every key of the database by the first of the master keys. Values are not changed. Others may read and write
    /// meanwhile, and it may be interrupted at any point: each value can be opened at every moment.
    pub async fn rotate(&self, now: Timestamp) -> Result<Rotated> {
        let sealing = Arc::clone(&self.sealing);
        let begin = move |tx: &mut Tx<'_>| begin(tx, &sealing, now);
        let (key, was_resumed) =
            with_retries(|| self.store.write_for_upkeep(begin.clone())).await?;
        let mut rotated =
            Rotated { key, was_resumed, rewrapped: Counts::default(), damaged: vec![] };
        for holder in self.holders.iter() {
            self.rewrap_all(holder, &mut rotated).await?;
        }
        let end = |tx: &mut Tx<'_>| tx.set_rotating(false);
        with_retries(|| self.store.write_for_upkeep(end)).await?;
        Ok(rotated)
    }

    /// Wraps the data key of every row of one holder anew.
    async fn rewrap_all(&self, holder: &Arc<dyn Holder>, rotated: &mut Rotated) -> Result<()> {
        // Rows that are created from here on have the new key; those that were being created are found.
        let of_step = Arc::clone(holder);
        let wait = move |tx: &mut Tx<'_>| {
            tx.lock_keys()?;
            of_step.wait_for_new_rows(tx)?;
            Ok(tx.has_other_writers())
        };
        let has_other_writers = with_retries(|| self.store.write_for_upkeep(wait.clone())).await?;
        let (noun, mut progress) = (holder.noun(), Progress::default());
        rotated.rewrapped.add(noun, 0);
        loop {
            // In a transaction that only reads: a rotation that is resumed may read most of the table to find a row, and
            // SQLite would let nobody else write meanwhile.
            let behind = progress.after().cloned();
            let is_first = behind.is_none();
            let (of_step, key) = (Arc::clone(holder), rotated.key.clone());
            let find = move |tx: &mut Tx<'_>| of_step.not_under(tx, &key, behind.as_ref(), BATCH);
            let rows = with_retries(|| self.store.read_for_upkeep(find.clone())).await?;
            if rows.is_empty() {
                return Ok(());
            }
            if !is_first && !has_other_writers {
                tokio::time::sleep(PAUSE_FOR_OTHERS).await;
            }
            let (of_step, sealing) = (Arc::clone(holder), Arc::clone(&self.sealing));
            let step = move |tx: &mut Tx<'_>| rewrap(tx, &*of_step, &sealing, &rows);
            let step = with_retries(|| self.store.write_for_upkeep(step.clone())).await?;
            rotated.rewrapped.add(noun, step.rewrapped);
            rotated.damaged.extend(step.damaged.into_iter().map(|row| (noun, row)));
            if let Some(last) = step.last {
                progress.advance(last)?;
            }
        }
    }
}

/// Retries a transaction for some time when the database does not answer.
async fn with_retries<T, F: Future<Output = Result<T>>>(transact: impl Fn() -> F) -> Result<T> {
    for _ in 1..ATTEMPTS {
        match transact().await {
            Err(error) => log::warn!("{error}; retrying"),
            done => return done,
        }
        tokio::time::sleep(PAUSE).await;
    }
    transact().await
}

fn begin(tx: &mut Tx<'_>, sealing: &Sealing, now: Timestamp) -> Result<(KeyId, bool)> {
    tx.lock_keys()?;
    let (_, closed) = sealing.refresh(tx)?;
    if !closed.is_empty() {
        return Err(Unavailable::new(listed(&closed)));
    }
    let masters = sealing.masters();
    let (current, keys) = (tx.find_current_key()?, tx.keys()?);
    let is_as_wanted = |key: &&WrappedKey| Some(&key.master) == masters.sealing_id();
    let resumed = keys.iter().find(|key| Some(&key.id) == current.as_ref() && is_as_wanted(key));
    for key in keys.iter().filter(|key| !is_as_wanted(key)) {
        let opened = DatabaseKey::unwrap(key, &masters).map_err(Unavailable::new)?;
        tx.replace_key(&opened.wrap(&masters, key.created)?)?;
    }
    if let Some(resumed) = resumed
        && tx.is_rotating()?
    {
        return Ok((resumed.id.clone(), true));
    }
    tx.set_rotating(true)?;
    let key = sealing.new_key(now)?;
    tx.insert_current_key(&key)?;
    Ok((key.id, false))
}

/// What one transaction of a rotation did.
struct Step {
    /// The last row that was tried.
    last: Option<RowPlace>,
    rewrapped: u64,
    damaged: Vec<RowPlace>,
}

fn rewrap(
    tx: &mut Tx<'_>,
    holder: &dyn Holder,
    sealing: &Sealing,
    rows: &[RowPlace],
) -> Result<Step> {
    let begun = Instant::now();
    let mut step = Step { last: None, rewrapped: 0, damaged: vec![] };
    // What is read has to be what is replaced; and the current key is read after locking, as by every update of a row.
    holder.lock(tx, rows)?;
    let current = tx.current_key()?;
    for row in rows {
        step.last = Some(row.clone());
        let opened = holder.data_key(tx, row).and_then(|found| {
            let open = |(wrapped, place)| Ok((sealing.unwrap(tx, &wrapped, &place)?, place));
            found.filter(|(wrapped, _)| wrapped.key != current).map(open).transpose()
        });
        match opened {
            Ok(Some((data_key, place))) => {
                let wrapped = sealing.wrap(tx, &current, &data_key, &place)?;
                holder.replace_data_key(tx, row, &wrapped)?;
                step.rewrapped += 1;
            }
            // Since it was found it was deleted, or written anew.
            Ok(None) => {}
            // It keeps the key that it has, and stops no other.
            Err(Error::Damaged(cause)) => {
                log::error!("{} {} keeps the key that it has: {cause}", holder.noun(), row);
                step.damaged.push(row.clone());
            }
            Err(Error::Unavailable(error)) => return Err(error),
        }
        if begun.elapsed() > HELD_MAX {
            break;
        }
    }
    Ok(step)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::{
        crypto::{Binding, MasterKeys},
        sealed::WrappedDataKey,
        sealing::Verification,
        store::{DatabaseUrl, Store},
    };

    /// One row that another transaction puts under the current key as soon as it is found; and how many writes were under way
    /// each time that all rows were looked at.
    struct Row {
        store: Store,
        writing: Mutex<Vec<usize>>,
    }

    impl Row {
        fn record(&self) {
            self.writing.lock().unwrap().push(self.store.load().writing);
        }
    }

    impl Holder for Row {
        fn noun(&self) -> &'static str {
            "row"
        }

        fn counts(&self, _: &mut Tx<'_>) -> Result<Vec<(KeyId, u64)>> {
            self.record();
            Ok(vec![])
        }

        fn wait_for_new_rows(&self, _: &mut Tx<'_>) -> Result<()> {
            Ok(())
        }

        fn not_under(
            &self,
            _: &mut Tx<'_>,
            _: &KeyId,
            after: Option<&RowPlace>,
            _: i64,
        ) -> Result<Vec<RowPlace>> {
            self.record();
            let row = RowPlace { id: 1, partition: None, part: 0 };
            Ok(if after.is_none() { vec![row] } else { vec![] })
        }

        fn lock(&self, _: &mut Tx<'_>, _: &[RowPlace]) -> Result<()> {
            Ok(())
        }

        fn data_key(
            &self,
            tx: &mut Tx<'_>,
            _: &RowPlace,
        ) -> Result<Option<(WrappedDataKey, Binding)>, Error> {
            // It would not open.
            let data_key = WrappedDataKey { key: tx.current_key()?, bytes: vec![] };
            Ok(Some((data_key, Binding::new("row", &[0; 16]))))
        }

        fn replace_data_key(&self, _: &mut Tx<'_>, _: &RowPlace, _: &WrappedDataKey) -> Result<()> {
            Err(Unavailable::new("nothing is to be replaced"))
        }

        fn verify(&self, _: &mut Tx<'_>, _: &Sealing, _: &mut Verification) {}
    }

    #[tokio::test]
    async fn others_write_while_all_rows_are_looked_at() {
        let store = Store::open(&DatabaseUrl::SqliteMemory).unwrap();
        let text = "test:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        let sealing = Arc::new(Sealing::new(MasterKeys::parse(text).unwrap(), None));
        let row = Arc::new(Row { store: store.clone(), writing: Mutex::default() });
        let keys = KeyService::new(store, sealing, vec![Arc::<Row>::clone(&row)]);
        keys.prepare(Timestamp(0)).await.unwrap();
        row.writing.lock().unwrap().clear();
        let rotated = keys.rotate(Timestamp(1)).await.unwrap();
        let done = (rotated.rewrapped.total(), rotated.damaged);
        assert_eq!(done, (0, vec![]), "it is under the key already");
        let old = keys.list().await.unwrap().keys.remove(0);
        keys.retire(old.id.as_str()).await.unwrap();
        assert_eq!(*row.writing.lock().unwrap(), [0; 4]);
    }
}
