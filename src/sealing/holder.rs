//! The products' sealed rows.

use super::{Error, Sealing, Verification};
use crate::{
    crypto::Binding,
    sealed::{KeyId, WrappedDataKey},
    store::{Result, RowPlace, Tx},
};

/// The rows of a product that have data keys. Each has a number of its own among them.
pub trait Holder: Send + Sync {
    /// What one row is, such as `secret`. It differs from that of other holders, and its plural ends in `s`.
    fn noun(&self) -> &'static str;

    /// How many rows' data keys each key wraps; keys that wrap none are left out.
    fn counts(&self, tx: &mut Tx<'_>) -> Result<Vec<(KeyId, u64)>>;

    /// Waits for all transactions under way that create a row: from its end on, each uses the current key.
    fn wait_for_new_rows(&self, tx: &mut Tx<'_>) -> Result<()>;

    /// The places of the rows behind `after` whose data keys another key than `current` wraps, in their order: as many as
    /// may be rewritten in one transaction, `limit` at most and at least one if there is any.
    fn not_under(
        &self,
        tx: &mut Tx<'_>,
        current: &KeyId,
        after: Option<&RowPlace>,
        limit: i64,
    ) -> Result<Vec<RowPlace>>;

    /// Keeps other writers from these rows until the end of the transaction.
    fn lock(&self, tx: &mut Tx<'_>, rows: &[RowPlace]) -> Result<()>;

    /// The data key of a row and the place that it is bound to; `None` when the row is gone. [`Error::Damaged`] when it cannot
    /// be read.
    fn data_key(
        &self,
        tx: &mut Tx<'_>,
        row: &RowPlace,
    ) -> Result<Option<(WrappedDataKey, Binding)>, Error>;

    /// Replaces how the data key of a row is wrapped; nothing else of it changes.
    fn replace_data_key(
        &self,
        tx: &mut Tx<'_>,
        row: &RowPlace,
        data_key: &WrappedDataKey,
    ) -> Result<()>;

    /// Opens every row, counts what is counted and follows every reference; adds what was found.
    fn verify(&self, tx: &mut Tx<'_>, sealing: &Sealing, found: &mut Verification);
}
