//! Which keys wrap the data keys of secrets.

use diesel::prelude::*;

use super::{
    schema::secrets,
    secrets::{SummaryRow, damaged, found, key_id, place_columns, row_at, rows_behind, unreadable},
};
use crate::{
    sae::model::{Error, Result, SecretSummary},
    sealed::{KeyId, WrappedDataKey},
    store::{
        self, RowPlace, Tx,
        sql::Value::{Bytes, Number, Text},
    },
};

/// How many bytes of payload are rewritten in one transaction: SQLite rewrites a row as a whole, and others wait.
const REWRITTEN_MAX: i64 = 4 * 1024 * 1024;

impl Tx<'_> {
    /// How many secrets' data keys each key wraps; keys that wrap none are left out.
    pub fn data_key_counts(&mut self) -> store::Result<Vec<(KeyId, u64)>> {
        let rows: Vec<(String, i64)> = secrets::table
            .group_by(secrets::key_id)
            .select((secrets::key_id, diesel::dsl::count_star()))
            .order(secrets::key_id)
            .load(self.connection())?;
        let parse = |(id, count): (String, i64)| Ok((key_id(&id)?, count.unsigned_abs()));
        rows.into_iter().map(parse).collect()
    }

    /// The places of the secrets behind `after` whose data keys another key than `current` wraps, in the order of the
    /// table's key: as many as may be rewritten in one transaction, `limit` at most and at least one if there is any.
    pub fn secrets_not_under(
        &mut self,
        current: &KeyId,
        after: Option<&RowPlace>,
        limit: i64,
    ) -> store::Result<Vec<RowPlace>> {
        // PostgreSQL's length is a shorter integer.
        let size = "CAST(length(payload) AS BIGINT)";
        let size = diesel::dsl::sql::<diesel::sql_types::BigInt>(size);
        let rows: Vec<((i64, Option<String>), i64)> = rows_behind(after, self)
            .filter(secrets::key_id.ne(current.as_str()))
            .limit(limit)
            .select((place_columns(self), size))
            .load(self.connection())?;
        let mut rewritten = 0;
        let fits = |(_, size): &((i64, Option<String>), i64)| {
            let is_first = rewritten == 0;
            rewritten += size.max(&1);
            is_first || rewritten <= REWRITTEN_MAX
        };
        let rows = rows.into_iter().take_while(fits);
        Ok(rows.map(|((id, partition), _)| RowPlace { id, partition }).collect())
    }

    /// The data key of the secret at a place; [`Error::SecretNotFound`] and [`Error::Damaged`].
    pub fn data_key_of(&mut self, place: &RowPlace) -> Result<(SecretSummary, WrappedDataKey)> {
        let id = place.id;
        let row = row_at(place)
            .select((SummaryRow::as_select(), secrets::key_id, secrets::data_key))
            .first::<(SummaryRow, String, Vec<u8>)>(self.connection())
            .optional();
        let (row, key, bytes) =
            row.map_err(|error| unreadable(id, error))?.ok_or(Error::SecretNotFound(id))?;
        let parse = || Ok((row.parse()?, WrappedDataKey { key: key_id(&key)?, bytes }));
        parse().map_err(|error: store::Unavailable| damaged(id, &error))
    }

    /// Replaces how a secret's data key is wrapped; [`Error::SecretNotFound`]. Nothing else of the secret changes.
    pub fn replace_data_key(&mut self, place: &RowPlace, data_key: &WrappedDataKey) -> Result<()> {
        let (key, bytes) = (Text(data_key.key.as_str()), Bytes(&data_key.bytes));
        let changed = match &place.partition {
            Some(namespace) => self.execute(
                "UPDATE secrets SET key_id = ?, data_key = ? WHERE namespace_id = ? AND id = ?",
                &[key, bytes, Text(namespace), Number(place.id)],
            ),
            None => self.execute(
                "UPDATE secrets SET key_id = ?, data_key = ? WHERE id = ?",
                &[key, bytes, Number(place.id)],
            ),
        };
        found(changed?, place.id)
    }
}
