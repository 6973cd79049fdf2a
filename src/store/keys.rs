//! The rows of the keys, and which data keys they wrap.

use diesel::{
    dsl::insert_into,
    prelude::*,
    result::{DatabaseErrorKind, Error as DieselError},
};

use super::{
    Result, Unavailable,
    schema::{counters, keys},
    tx::{Tx, corrupt},
};
use crate::{
    clock::Timestamp,
    sealed::{KeyId, WrappedKey},
};

/// The counter that is not zero while a rotation goes on.
const ROTATING: &str = "rotating";

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

pub(crate) fn key_id(text: &str) -> Result<KeyId> {
    KeyId::parse(text).ok_or_else(|| corrupt("key id"))
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

    /// The key that wraps the data keys of what is written now; there has to be one.
    pub fn current_key(&mut self) -> Result<KeyId> {
        if let Some(known) = &self.known.current_key {
            return Ok(known.clone());
        }
        let none = || Unavailable::new("no key of the database is the current one");
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

    /// Inserts a new key and makes it the current one.
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
    pub fn replace_key(&mut self, key: &WrappedKey) -> Result<()> {
        let changed = diesel::update(keys::table.find(key.id.as_str()))
            .set((keys::master_key.eq(key.master.as_str()), keys::wrapped.eq(&key.bytes)))
            .execute(self.connection)?;
        if changed == 1 { Ok(()) } else { Err(Unavailable::new("the key is gone")) }
    }

    /// Deletes a key; `false` when a row needs it, which another transaction may have written just now.
    pub fn delete_key(&mut self, id: &KeyId) -> Result<bool> {
        // SQLite reads the rows for that, since no index is kept of their keys; but nothing is made of them.
        match diesel::delete(keys::table.find(id.as_str())).execute(self.connection) {
            Err(DieselError::DatabaseError(DatabaseErrorKind::ForeignKeyViolation, _)) => Ok(false),
            deleted => Ok(deleted.map(|_| true)?),
        }
    }

    /// Keeps other transactions from changing which keys there are, or creating what must exist once, until the end of this
    /// one. To be done before anything is read that depends on it.
    pub fn lock_keys(&mut self) -> Result<()> {
        // A change, not only a lock: a transaction that waits for it with an older snapshot has to fail.
        let row = diesel::update(counters::table.find(ROTATING));
        let locked = row.set(counters::value.eq(counters::value)).execute(self.connection);
        if locked? == 1 { Ok(()) } else { Err(corrupt("set of counters")) }
    }

    /// Whether a rotation was begun and has not ended.
    pub fn is_rotating(&mut self) -> Result<bool> {
        Ok(self.counter(ROTATING)? > 0)
    }

    /// Notes that a rotation begins or has ended.
    pub fn set_rotating(&mut self, is_rotating: bool) -> Result<()> {
        self.set_counter(ROTATING, i64::from(is_rotating))
    }
}
