//! The rows of the keys, and which data keys they wrap.

use diesel::{dsl::insert_into, prelude::*};

use super::{
    engine,
    prepared::{
        Prepared,
        Value::{Bytes, Number, Text},
    },
    schema::{counters, keys, secrets},
    secrets::{RowPlace, SummaryRow, damaged, key_id, unreadable},
    tx::{Tx, corrupt},
};
use crate::domain::{Error, KeyId, Result, SecretSummary, Timestamp, WrappedDataKey, WrappedKey};

/// How many bytes of payload are rewritten in one transaction: SQLite writes a row anew as a whole, and others wait.
const REWRITTEN_MAX: i64 = 4 * 1024 * 1024;

/// The counter that is not zero while a rotation goes on.
const ROTATING: &str = "rotating";

/// A secret's data key, without the data.
#[derive(Debug, Clone)]
pub struct StoredDataKey {
    /// The secret.
    pub summary: SecretSummary,
    /// Its data key.
    pub data_key: WrappedDataKey,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = keys)]
struct Row {
    id: String,
    master_key: String,
    wrapped: Vec<u8>,
    created_at: i64,
}

impl Row {
    fn parse(self) -> Result<WrappedKey> {
        Ok(WrappedKey {
            id: key_id(&self.id)?,
            master: self.master_key.parse().map_err(|_| corrupt("master key id"))?,
            bytes: self.wrapped,
            created: Timestamp(self.created_at),
        })
    }
}

impl Tx<'_> {
    /// All keys, oldest first.
    pub fn keys(&mut self) -> Result<Vec<WrappedKey>> {
        let rows: Vec<Row> = keys::table
            .order((keys::created_at, keys::id))
            .select(Row::as_select())
            .load(self.connection)?;
        rows.into_iter().map(Row::parse).collect()
    }

    /// The key that wraps the data keys of what is written now.
    ///
    /// # Errors
    /// [`Error::Unavailable`], also when there is none.
    pub fn current_key(&mut self) -> Result<KeyId> {
        if let Some(known) = &self.known.current_key {
            return Ok(known.clone());
        }
        let none = || Error::unavailable("no key of the database is the current one");
        let current = self.find_current_key()?.ok_or_else(none)?;
        Ok(self.known.current_key.insert(current).clone())
    }

    /// The same, if there is one.
    pub fn find_current_key(&mut self) -> Result<Option<KeyId>> {
        let id: Option<String> = keys::table
            .filter(keys::is_current.eq(true))
            .select(keys::id)
            .first(self.connection)
            .optional()?;
        id.as_deref().map(key_id).transpose()
    }

    /// Keeps a new key and makes it the current one.
    pub fn insert_current_key(&mut self, key: &WrappedKey) -> Result<()> {
        self.known.current_key = None;
        diesel::update(keys::table.filter(keys::is_current.eq(true)))
            .set(keys::is_current.eq(false))
            .execute(self.connection)?;
        let row = Row {
            id: key.id.to_string(),
            master_key: key.master.to_string(),
            wrapped: key.bytes.clone(),
            created_at: key.created.0,
        };
        insert_into(keys::table)
            .values((row, keys::is_current.eq(true)))
            .execute(self.connection)?;
        Ok(())
    }

    /// Replaces how a key is wrapped.
    ///
    /// # Errors
    /// [`Error::Unavailable`], also when it is not there.
    pub fn replace_key(&mut self, key: &WrappedKey) -> Result<()> {
        let changed = diesel::update(keys::table.find(key.id.as_str()))
            .set((keys::master_key.eq(key.master.as_str()), keys::wrapped.eq(&key.bytes)))
            .execute(self.connection)?;
        if changed == 1 { Ok(()) } else { Err(Error::unavailable("the key is gone")) }
    }

    /// Forgets a key, which nothing must need any more.
    pub fn delete_key(&mut self, id: &KeyId) -> Result<()> {
        diesel::delete(keys::table.find(id.as_str())).execute(self.connection)?;
        Ok(())
    }

    /// Lets no other transaction change which keys there are, or make what has to be there once, until the end of this one.
    /// To be done before anything is read that depends on it.
    pub fn lock_keys(&mut self) -> Result<()> {
        // A change, not only a lock: a transaction that waits for it has to learn that its snapshot is an old one.
        let row = diesel::update(counters::table.find(ROTATING));
        let locked = row.set(counters::value.eq(counters::value)).execute(self.connection);
        if locked? == 1 { Ok(()) } else { Err(corrupt("set of counters")) }
    }

    /// Waits for all transactions under way that make a secret: from its end on, each uses the key that is the current one.
    pub fn wait_for_new_secrets(&mut self) -> Result<()> {
        Ok(engine::wait_for_new_secrets(self.connection)?)
    }

    /// Whether a rotation was begun and has not come to its end.
    pub fn is_rotating(&mut self) -> Result<bool> {
        Ok(self.counter(ROTATING)? > 0)
    }

    /// Notes that a rotation begins or has come to its end.
    pub fn set_rotating(&mut self, is_rotating: bool) -> Result<()> {
        self.set_counter(ROTATING, i64::from(is_rotating))
    }

    /// How many secrets' data keys each key wraps; keys that wrap none are left out.
    pub fn data_key_counts(&mut self) -> Result<Vec<(KeyId, u64)>> {
        let rows: Vec<(String, i64)> = secrets::table
            .group_by(secrets::key_id)
            .select((secrets::key_id, diesel::dsl::count_star()))
            .order(secrets::key_id)
            .load(self.connection)?;
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
    ) -> Result<Vec<RowPlace>> {
        // Some engines count shorter.
        let size = "CAST(length(payload) AS BIGINT)";
        let size = diesel::dsl::sql::<diesel::sql_types::BigInt>(size);
        let rows: Vec<(RowPlace, i64)> = RowPlace::rows_behind(after, self.connection)
            .filter(secrets::key_id.ne(current.as_str()))
            .limit(limit)
            .select((RowPlace::columns(self.connection), size))
            .load(self.connection)?;
        let mut rewritten = 0;
        let fits = |(_, size): &(RowPlace, i64)| {
            let is_first = rewritten == 0;
            rewritten += size.max(&1);
            is_first || rewritten <= REWRITTEN_MAX
        };
        Ok(rows.into_iter().take_while(fits).map(|(place, _)| place).collect())
    }

    /// The data key of the secret of that place.
    ///
    /// # Errors
    /// [`Error::SecretNotFound`]; [`Error::Damaged`]; [`Error::Unavailable`].
    pub fn stored_data_key(&mut self, place: &RowPlace) -> Result<StoredDataKey> {
        let id = place.id;
        let row = place
            .row()
            .select((SummaryRow::as_select(), secrets::key_id, secrets::data_key))
            .first::<(SummaryRow, String, Vec<u8>)>(self.connection)
            .optional();
        let (row, key, bytes) =
            row.map_err(|error| unreadable(id, error))?.ok_or(Error::SecretNotFound { id })?;
        let parse = || {
            let data_key = WrappedDataKey { key: key_id(&key)?, bytes };
            Ok(StoredDataKey { summary: row.parse()?, data_key })
        };
        parse().map_err(|error| damaged(id, error))
    }

    /// Replaces how a secret's data key is wrapped; nothing else of the secret changes.
    ///
    /// # Errors
    /// [`Error::SecretNotFound`]; [`Error::Unavailable`].
    pub fn replace_data_key(
        &mut self,
        place: &SecretSummary,
        data_key: &WrappedDataKey,
    ) -> Result<()> {
        let replacing = Prepared(
            "UPDATE secrets SET key_id = ?, data_key = ? WHERE namespace_id = ? AND id = ?",
            &[
                Text(data_key.key.as_str()),
                Bytes(&data_key.bytes),
                Text(&place.namespace.to_string()),
                Number(place.id.get()),
            ],
        );
        let changed = replacing.execute(self.connection)?;
        if changed == 0 { Err(Error::SecretNotFound { id: place.id.get() }) } else { Ok(()) }
    }
}
