//! What has to be so in a sound database, asked of the database.

use diesel::prelude::*;

use super::{
    engine,
    namespaces::CUSTOM_NAMESPACES,
    prepared::{
        Piece::{Number, Sql, Text},
        Prepared,
    },
    schema::{counters, namespaces, secrets},
    secrets::SECRET_ID,
    tx::{Tx, corrupt, unavailable},
};
use crate::domain::Result;

/// Where a namespace's count and its rows disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miscount {
    /// The namespace, as it stands in the database.
    pub namespace: String,
    /// How many secrets are counted.
    pub counted: i64,
    /// How many there are.
    pub rows: i64,
}

impl Tx<'_> {
    /// What the engine itself finds wrong with its file and with references between rows. Names tables, indexes and row
    /// numbers.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn defects(&mut self) -> Result<Vec<String>> {
        engine::defects(self.connection).map_err(unavailable)
    }

    /// The namespaces whose count of secrets is wrong.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn miscounts(&mut self) -> Result<Vec<Miscount>> {
        let rows: Vec<(String, i64)> = secrets::table
            .group_by(secrets::namespace_id)
            .select((secrets::namespace_id, diesel::dsl::count_star()))
            .load(self.connection)
            .map_err(unavailable)?;
        let rows: std::collections::HashMap<String, i64> = rows.into_iter().collect();
        let counted: Vec<(String, i64)> = namespaces::table
            .order(namespaces::id)
            .select((namespaces::id, namespaces::secret_count))
            .load(self.connection)
            .map_err(unavailable)?;
        let compared = counted.into_iter().map(|(namespace, counted)| {
            let rows = rows.get(&namespace).copied().unwrap_or_default();
            Miscount { namespace, counted, rows }
        });
        Ok(compared.filter(|it| it.counted != it.rows).collect())
    }

    /// The highest number of a secret that is there; zero where there is none.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn highest_secret_id(&mut self) -> Result<i64> {
        let highest: Option<i64> = secrets::table
            .select(diesel::dsl::max(secrets::id))
            .first(self.connection)
            .map_err(unavailable)?;
        Ok(highest.unwrap_or_default())
    }

    /// How many namespaces there are, and how many of them users made: those whose id is more than a region's.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn namespace_counts(&mut self) -> Result<(u64, i64)> {
        let all: i64 =
            namespaces::table.count().get_result(self.connection).map_err(unavailable)?;
        let custom = namespaces::table.filter(namespaces::id.like("%:%")).count();
        let custom: i64 = custom.get_result(self.connection).map_err(unavailable)?;
        Ok((all.unsigned_abs(), custom))
    }

    /// The last number that a secret was given.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn last_secret_id(&mut self) -> Result<i64> {
        match engine::last_secret_id(self.connection).map_err(unavailable)? {
            Some(last) => Ok(last),
            None => self.counter(SECRET_ID),
        }
    }

    /// How many namespaces of users are counted.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn counted_namespaces(&mut self) -> Result<i64> {
        self.counter(CUSTOM_NAMESPACES)
    }

    /// The value of a counter, each of which the migrations make.
    pub(super) fn counter(&mut self, name: &str) -> Result<i64> {
        let value = counters::table.find(name).select(counters::value).first(self.connection);
        value.map_err(unavailable)
    }

    pub(super) fn set_counter(&mut self, name: &str, value: i64) -> Result<()> {
        let setting = Prepared(&[
            Sql("UPDATE counters SET value = "),
            Number(value),
            Sql(" WHERE name = "),
            Text(name),
        ]);
        let changed = setting.execute(self.connection);
        if changed.map_err(unavailable)? == 1 { Ok(()) } else { Err(corrupt("set of counters")) }
    }
}
