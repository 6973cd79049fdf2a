//! What has to be so in a sound database.

use diesel::prelude::*;

use super::schema::{namespaces, secrets};
use crate::{sae::model::Result, store::Tx};

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
    /// The namespaces whose count of secrets is wrong.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn miscounts(&mut self) -> Result<Vec<Miscount>> {
        let rows: Vec<(String, i64)> = secrets::table
            .group_by(secrets::namespace_id)
            .select((secrets::namespace_id, diesel::dsl::count_star()))
            .load(self.connection())?;
        let rows: std::collections::HashMap<String, i64> = rows.into_iter().collect();
        let counted: Vec<(String, i64)> = namespaces::table
            .order(namespaces::id)
            .select((namespaces::id, namespaces::secret_count))
            .load(self.connection())?;
        let compared = counted.into_iter().map(|(namespace, counted)| {
            let rows = rows.get(&namespace).copied().unwrap_or_default();
            Miscount { namespace, counted, rows }
        });
        Ok(compared.filter(|it| it.counted != it.rows).collect())
    }

    /// The highest number of a secret that is there; zero where there is none.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn highest_secret_id(&mut self) -> Result<i64> {
        let highest: Option<i64> =
            secrets::table.select(diesel::dsl::max(secrets::id)).first(self.connection())?;
        Ok(highest.unwrap_or_default())
    }

    /// How many namespaces there are, and how many of them users made: those whose id is more than a region's.
    ///
    /// # Errors
    /// [`Unavailable`].
    pub fn namespace_counts(&mut self) -> Result<(u64, i64)> {
        let all: i64 = namespaces::table.count().get_result(self.connection())?;
        let custom = namespaces::table.filter(namespaces::id.like("%:%")).count();
        let custom: i64 = custom.get_result(self.connection())?;
        Ok((all.unsigned_abs(), custom))
    }
}
