//! The machine's random bytes, of which everything is made that nobody may foresee.

use crate::{
    kms::model::{Error, Result},
    sealing::random_bytes,
};

/// Fills all of the bytes with random ones.
pub fn random(bytes: &mut [u8]) -> Result<()> {
    let made = random_bytes(bytes.len()).map_err(Error::unavailable)?;
    bytes.copy_from_slice(&made);
    Ok(())
}
