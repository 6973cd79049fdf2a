//! Counters: quotas, and the numbers of new rows.

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{BigInt, Bool},
};

use super::{
    Result,
    engine::connection::AnyConnection,
    keys::key_id,
    schema::{counters, keys},
    sql::Value::{Number, Text},
    tx::{Tx, corrupt},
};
use crate::sealed::KeyId;

diesel::define_sql_function! {
    /// The next number of a sequence.
    fn nextval(sequence: diesel::sql_types::Text) -> BigInt;
}

impl Tx<'_> {
    /// Writes down the last numbers that were given. To be done before a commit.
    pub(super) fn complete(&mut self) -> Result<()> {
        for (counter, last) in std::mem::take(&mut self.known.numbers) {
            self.set_counter(counter, last)?;
        }
        Ok(())
    }

    /// The value of a counter, each of which the migrations make.
    pub(crate) fn counter(&mut self, name: &str) -> Result<i64> {
        let value = counters::table.find(name).select(counters::value).first(self.connection);
        Ok(value?)
    }

    pub(crate) fn set_counter(&mut self, name: &str, value: i64) -> Result<()> {
        let sql = "UPDATE counters SET value = ? WHERE name = ?";
        let changed = self.execute(sql, &[Number(value), Text(name)])?;
        if changed == 1 { Ok(()) } else { Err(corrupt("set of counters")) }
    }

    /// Adds one to a counter unless it has reached `limit`; `false` when it has.
    pub(crate) fn count_up(&mut self, name: &str, limit: i64) -> Result<bool> {
        let sql = "UPDATE counters SET value = value + 1 WHERE name = ? AND value < ?";
        Ok(self.execute(sql, &[Text(name), Number(limit)])? == 1)
    }

    /// Takes one from a counter.
    pub(crate) fn count_down(&mut self, name: &str) -> Result<()> {
        self.execute("UPDATE counters SET value = value - 1 WHERE name = ?", &[Text(name)])?;
        Ok(())
    }

    /// The next of the numbers that a counter gives, or the sequence that PostgreSQL has in its place; and the current key. A
    /// number is never given again, unless the transaction is rolled back on an engine that has one writer.
    pub(crate) fn next_number(
        &mut self,
        counter: &'static str,
        sequence: &str,
    ) -> Result<(i64, KeyId)> {
        if let AnyConnection::Postgres(postgres) = self.connection {
            let current = keys::table.filter(keys::is_current.eq(true));
            let (next, key): (i64, String) =
                current.select((nextval(sequence), keys::id)).get_result(postgres)?;
            return Ok((next, key_id(&key)?));
        }
        let last = match self.known.numbers.get(counter) {
            Some(last) => *last,
            None => self.counter(counter)?,
        };
        let next = last.checked_add(1).ok_or_else(|| corrupt("counter"))?;
        self.known.numbers.insert(counter, next);
        Ok((next, self.current_key()?))
    }

    /// The last number that was given; zero for none at all.
    pub(crate) fn last_number(&mut self, counter: &str, sequence: &str) -> Result<i64> {
        match self.connection {
            AnyConnection::Postgres(postgres) => {
                let given = format!("SELECT last_value, is_called FROM {sequence}");
                let (last, is_called) = sql::<(BigInt, Bool)>(&given).get_result(postgres)?;
                Ok(if is_called { last } else { 0 })
            }
            AnyConnection::Sqlite(_) => self.counter(counter),
        }
    }
}
