//! What has to be so in a sound database, asked of the database.

use diesel::prelude::*;

use super::{
    engine,
    namespaces::CUSTOM_NAMESPACES,
    prepared::{
        Prepared,
        Value::{Number, Text},
    },
    schema::{counters, namespaces, secrets},
    secrets::SECRET_ID,
    tx::{Tx, corrupt},
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
    pub fn defects(&mut self) -> Result<Vec<String>> {
        Ok(engine::defects(self.connection)?)
    }

    /// The namespaces whose count of secrets is wrong.
    pub fn miscounts(&mut self) -> Result<Vec<Miscount>> {
        let rows: Vec<(String, i64)> = secrets::table
            .group_by(secrets::namespace_id)
            .select((secrets::namespace_id, diesel::dsl::count_star()))
            .load(self.connection)?;
        let rows: std::collections::HashMap<String, i64> = rows.into_iter().collect();
        let counted: Vec<(String, i64)> = namespaces::table
            .order(namespaces::id)
            .select((namespaces::id, namespaces::secret_count))
            .load(self.connection)?;
        let compared = counted.into_iter().map(|(namespace, counted)| {
            let rows = rows.get(&namespace).copied().unwrap_or_default();
            Miscount { namespace, counted, rows }
        });
        Ok(compared.filter(|it| it.counted != it.rows).collect())
    }

    /// The highest number of a secret that is there; zero where there is none.
    pub fn highest_secret_id(&mut self) -> Result<i64> {
        let highest: Option<i64> =
            secrets::table.select(diesel::dsl::max(secrets::id)).first(self.connection)?;
        Ok(highest.unwrap_or_default())
    }

    /// How many namespaces there are, and how many of them users made: those whose id is more than a region's.
    pub fn namespace_counts(&mut self) -> Result<(u64, i64)> {
        let all: i64 = namespaces::table.count().get_result(self.connection)?;
        let custom = namespaces::table.filter(namespaces::id.like("%:%")).count();
        let custom: i64 = custom.get_result(self.connection)?;
        Ok((all.unsigned_abs(), custom))
    }

    /// The last number that a secret was given.
    pub fn last_secret_id(&mut self) -> Result<i64> {
        match engine::last_secret_id(self.connection)? {
            Some(last) => Ok(last),
            None => self.counter(SECRET_ID),
        }
    }

    /// How many namespaces of users are counted.
    pub fn counted_namespaces(&mut self) -> Result<i64> {
        self.counter(CUSTOM_NAMESPACES)
    }

    /// The value of a counter, each of which the migrations make.
    pub(super) fn counter(&mut self, name: &str) -> Result<i64> {
        let value = counters::table.find(name).select(counters::value).first(self.connection);
        Ok(value?)
    }

    pub(super) fn set_counter(&mut self, name: &str, value: i64) -> Result<()> {
        let setting =
            Prepared("UPDATE counters SET value = ? WHERE name = ?", &[Number(value), Text(name)]);
        if setting.execute(self.connection)? == 1 {
            Ok(())
        } else {
            Err(corrupt("set of counters"))
        }
    }
}
