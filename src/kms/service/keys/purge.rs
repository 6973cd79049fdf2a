//! Deletes keys whose time has come.

use crate::{clock::Timestamp, kms::model::Result, store::Tx};

/// Deletes up to `limit` keys whose time has come, with their versions, aliases and tags, and returns how many. What they
/// sealed is lost.
pub fn purge_keys(tx: &mut Tx<'_>, now: Timestamp, limit: i64) -> Result<u64> {
    Ok(tx.purge_kms_keys(now, limit)?)
}
