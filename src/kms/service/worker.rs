//! What comes by itself: secrets and keys whose window is over are deleted for good, and managed secrets and keys are
//! rotated.
//!
//! Every server does this for the whole database. What is due is taken by whoever comes first: a rotation moves its date in
//! the transaction that makes the new version, so that each is done once, and none is lost with a server that is killed.
//! Nobody has to wait for it either: a secret whose time to be deleted has come is gone for every operation already.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;

use super::{
    Service,
    keys::{purge_keys, rotate_due_keys},
    random::random,
    secrets::rotate,
};
use crate::{
    clock::{Clock, Timestamp},
    kms::{
        model::{Error, ManagedType, Random, Result, VersionId},
        store::Due,
    },
    sealing::random_id,
    store::Tx,
};

/// The pause between two passes.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest pause, after many passes that failed.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// How many secrets are deleted in one transaction at most, and how many due ones are read at once.
const BATCH: usize = 100;

/// The same of keys.
const KEYS_BATCH: i64 = 100;

/// The pause between two batches, in which others get to write.
const PAUSE_FOR_OTHERS: Duration = Duration::from_millis(50);

impl Service {
    /// Does what is due about once a second, by that clock, for ever. Where it is dropped, what it is about is done wholly or
    /// not at all.
    pub async fn work(self, clock: Arc<dyn Clock>) {
        let mut pause = PAUSE;
        loop {
            match self.do_what_is_due(&*clock).await {
                Ok(()) if pause > PAUSE => {
                    log::info!("what is due in KMS is done again");
                    pause = PAUSE;
                }
                Ok(()) => {}
                Err(error) => {
                    if pause == PAUSE {
                        log::error!("what is due in KMS is not done now: {error}");
                    }
                    pause = PAUSE_MAX.min(pause * 2);
                }
            }
            sleep(pause).await;
        }
    }

    /// Does all that is due: one pass. What fails stops nothing else.
    ///
    /// # Errors
    /// The first [`Error::Unavailable`]. What that is about stays due.
    pub(super) async fn do_what_is_due(&self, clock: &dyn Clock) -> Result<()> {
        let now = clock.now();
        let (mut after, mut done) = (None::<Due>, Ok(()));
        loop {
            let behind = after.take();
            let (to_delete, to_rotate) = self
                .store
                .read_for_upkeep(move |tx| {
                    let to_delete = tx.kms_secrets_to_delete(now, BATCH)?;
                    let to_rotate = tx.kms_secrets_to_rotate(now, behind.as_ref(), BATCH)?;
                    Ok::<_, Error>((to_delete, to_rotate))
                })
                .await?;
            let (deletes_more, rotates_more) = (to_delete.len() == BATCH, to_rotate.len() == BATCH);
            let last = to_rotate.last().cloned();
            let purged =
                if to_delete.is_empty() { Ok(0) } else { self.purge(to_delete, now).await };
            let deletes_more = deletes_more && purged.as_ref().is_ok_and(|count| *count > 0);
            done = done.and(purged.map(drop));
            done = done.and(self.rotate_all(to_rotate, clock).await);
            if !deletes_more && !rotates_more {
                return done.and(self.keep_keys(clock).await);
            }
            after = last;
            sleep(PAUSE_FOR_OTHERS).await;
        }
    }

    /// Deletes the keys whose time has come, and rotates those that are due.
    async fn keep_keys(&self, clock: &dyn Clock) -> Result<()> {
        loop {
            let (now, cloud) = (clock.now(), Arc::clone(&self.cloud));
            let ask = move |tx: &mut Tx<'_>| {
                let to_rotate = tx.kms_keys_to_rotate(cloud.connected().as_deref(), now, 1)?;
                Ok::<_, Error>((tx.is_kms_key_to_delete(now)?, !to_rotate.is_empty()))
            };
            let (has_deletions, has_rotations) = self.store.read_for_upkeep(ask).await?;
            // A transaction each: one that deletes ends with locks of the counts, for which others wait that have locked a
            // key.
            let (mut purged, mut rotated) = (Ok(0), Ok(0));
            if has_deletions {
                let purge = move |tx: &mut Tx<'_>| purge_keys(tx, now, KEYS_BATCH);
                purged = self.store.write_for_upkeep(purge).await;
            }
            if has_rotations {
                let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
                let rotate =
                    move |tx: &mut Tx<'_>| rotate_due_keys(tx, &cloud, &sealing, now, KEYS_BATCH);
                rotated = self.store.write_for_upkeep(rotate).await;
            }
            if purged? + rotated? == 0 {
                return Ok(());
            }
            sleep(PAUSE_FOR_OTHERS).await;
        }
    }

    async fn purge(&self, due: Vec<Due>, now: Timestamp) -> Result<usize> {
        let purge = move |tx: &mut Tx<'_>| Ok(tx.purge_kms_secrets(due.clone(), now)?);
        self.store.write_for_upkeep(purge).await
    }

    /// Rotates secrets that are due, from any of them on: several servers that have the same ones before them should not all
    /// make the same value.
    async fn rotate_all(&self, mut due: Vec<Due>, clock: &dyn Clock) -> Result<()> {
        let mut random = random;
        let first = random.below(due.len())?;
        due.rotate_left(first);
        let mut done = Ok(());
        for due in due {
            done = done.and(self.rotate_due(due, clock).await);
        }
        done
    }

    /// Rotates a secret unless somebody else has, or puts its rotation off where it cannot be.
    async fn rotate_due(&self, due: Due, clock: &dyn Clock) -> Result<()> {
        let rotated = self.rotate_if_due(due.clone(), clock).await;
        let error = match rotated {
            Ok(()) => return Ok(()),
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => error,
        };
        let (now, what) = (clock.now(), due.what());
        let put_off = move |tx: &mut Tx<'_>| Ok::<_, Error>(tx.put_off_kms_rotation(&due, now)?);
        if self.store.write_for_upkeep(put_off).await? {
            log::error!(
                "the {what} cannot be rotated, and is tried again when it is due next: {error}"
            );
        }
        Ok(())
    }

    async fn rotate_if_due(&self, due: Due, clock: &dyn Clock) -> Result<()> {
        let of_read = due.clone();
        let find = move |tx: &mut Tx<'_>| {
            let Some(secret) = tx.due_kms_secret(&of_read)? else { return Ok(None) };
            let managed = ManagedType::of(secret.secret_type).ok_or(Error::Unsupported)?;
            secret.config(managed).map(Some)
        };
        let Some(config) = self.store.read_for_upkeep(find).await? else { return Ok(()) };
        let fresh = self.fresh(config).await?;
        let version = VersionId::from_random(random_id().map_err(Error::unavailable)?);
        let (cloud, sealing) = (Arc::clone(&self.cloud), Arc::clone(&self.sealing));
        let now = clock.now();
        self.store
            .write_for_upkeep(move |tx| {
                let Some(mut secret) = tx.lock_due_kms_secret(&due)? else { return Ok(()) };
                let version = version.clone();
                rotate::rotate(tx, &cloud, &sealing, &mut secret, version, &fresh, now)
            })
            .await
    }
}
