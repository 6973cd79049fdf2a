//! What must hold in a sound database.

use std::collections::HashMap;

use diesel::prelude::*;

use super::schema::{namespaces, secrets};
use crate::store::{Result, Tx};

impl Tx<'_> {
    /// The namespaces whose count of secrets is wrong: what is counted, and how many there are.
    pub fn miscounts(&mut self) -> Result<Vec<(String, i64, i64)>> {
        let rows: Vec<(String, i64)> = secrets::table
            .group_by(secrets::namespace_id)
            .select((secrets::namespace_id, diesel::dsl::count_star()))
            .load(self.connection())?;
        let rows: HashMap<String, i64> = rows.into_iter().collect();
        let counted: Vec<(String, i64)> = namespaces::table
            .order(namespaces::id)
            .select((namespaces::id, namespaces::secret_count))
            .load(self.connection())?;
        let compared = counted.into_iter().map(|(namespace, counted)| {
            let rows = rows.get(&namespace).copied().unwrap_or_default();
            (namespace, counted, rows)
        });
        Ok(compared.filter(|(_, counted, rows)| counted != rows).collect())
    }

    /// The highest number of a secret; zero where there is none.
    pub fn highest_secret_id(&mut self) -> Result<i64> {
        let highest: Option<i64> =
            secrets::table.select(diesel::dsl::max(secrets::id)).first(self.connection())?;
        Ok(highest.unwrap_or_default())
    }

    /// How many namespaces there are, and how many of them are custom: those whose id is more than a region's.
    pub fn namespace_counts(&mut self) -> Result<(u64, i64)> {
        let all: i64 = namespaces::table.count().get_result(self.connection())?;
        let custom = namespaces::table.filter(namespaces::id.like("%:%")).count();
        let custom: i64 = custom.get_result(self.connection())?;
        Ok((all.unsigned_abs(), custom))
    }
}
