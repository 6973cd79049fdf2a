//! Gives keys new versions when they are due.

use super::material;
use crate::{
    clock::Timestamp,
    kms::model::{Cloud, Error, Key, KeyVersion, KeyVersionId, Result},
    sealing::{Sealing, random_id},
    store::Tx,
};

/// Gives up to `limit` keys whose rotation is due a new version, which seals from then on, and returns how many. Each is
/// rotated once, whoever else does this at the same time. Older versions stay and open what they sealed.
pub fn rotate_due_keys(
    tx: &mut Tx<'_>,
    cloud: &Cloud,
    sealing: &Sealing,
    now: Timestamp,
    limit: i64,
) -> Result<u64> {
    let connected = cloud.connected();
    let mut rotated = 0;
    for key in tx.kms_keys_to_rotate(connected.as_deref(), now, limit)? {
        rotated += u64::from(rotate(tx, sealing, &key, now)?);
    }
    Ok(rotated)
}

/// Whether the key got its version here: it does not where another server was faster.
fn rotate(tx: &mut Tx<'_>, sealing: &Sealing, key: &Key, now: Timestamp) -> Result<bool> {
    let Some(rotation) = key.rotation else { return Ok(false) };
    tx.announce_kms_key_version()?;
    if !tx.rotate_kms_key(key, now, rotation.next(now))? {
        return Ok(false);
    }
    let last = tx.primary_kms_key_version(key)?.map_or(0, |stored| stored.version.number);
    let id = KeyVersionId::from_random(random_id().map_err(Error::unavailable)?);
    let version = KeyVersion { number: last + 1, id, created: now };
    let current = tx.current_key()?;
    let material = material::generate(key.spec)?;
    let stored = material::wrap(tx, sealing, &current, key, version, &material)?;
    tx.insert_kms_key_version(key, &stored)?;
    Ok(true)
}
