//! Gives keys new versions when they are due.

use std::time::Instant;

use super::material;
use crate::{
    clock::Timestamp,
    kms::{
        model::{Cloud, Error, KeyVersion, KeyVersionId, Result},
        store::{DueKey, HELD_MAX},
    },
    sealing::{Sealing, random_id},
    store::Tx,
};

/// Gives up to `limit` keys whose rotation is due a new version, which seals from then on, as long as the transaction has
/// not taken too long, and returns how many dates were moved. Each key is rotated once, whoever else does this at the same
/// time. Older versions stay and open what they sealed.
pub fn rotate_due_keys(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    sealing: &Sealing,
    now: Timestamp,
    limit: i64,
) -> Result<u64> {
    let (begun, connected) = (Instant::now(), cloud.connected());
    let mut moved = 0;
    for due in tx.kms_keys_to_rotate(connected.as_deref(), now, limit)? {
        if begun.elapsed() > HELD_MAX {
            break;
        }
        moved += u64::from(match rotate(tx, sealing, &due, now) {
            Err(error @ Error::Damaged(..)) => {
                log::error!("the {} is not rotated until it is due next: {error}", due.what());
                tx.put_off_kms_key_rotation(&due, now)?
            }
            rotated => rotated?,
        });
    }
    Ok(moved)
}

/// Whether the key got its version here: it does not where another server was faster.
fn rotate(tx: &mut Tx<'_>, sealing: &Sealing, due: &DueKey, now: Timestamp) -> Result<bool> {
    let Some(key) = tx.due_kms_key(due)? else { return Ok(false) };
    let without = || Error::Damaged(key.arn(), "it is due and is never to be rotated".to_owned());
    let rotation = key.rotation.ok_or_else(without)?;
    // Before anything is written: where it is damaged, the rotation is put off and the transaction goes on.
    let last = tx.primary_kms_key_version(&key)?.map_or(0, |stored| stored.version.number);
    tx.announce_kms_key_version()?;
    if !tx.take_kms_key_rotation(due, now, rotation.next(now))? {
        return Ok(false);
    }
    let id = KeyVersionId::from_random(random_id().map_err(Error::unavailable)?);
    let version = KeyVersion { number: last + 1, id, created: now };
    let current = tx.current_key()?;
    let material = material::generate(key.spec)?;
    let stored = material::wrap(tx, sealing, &current, &key, version, &material)?;
    tx.insert_kms_key_version(&key, &stored)?;
    Ok(true)
}
