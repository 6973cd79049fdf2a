//! What has to be so in a sound database, asked of the database.

use diesel::{
    QueryableByName,
    prelude::*,
    sql_types::{Nullable, Text},
};

use super::{
    engine::AnyConnection,
    schema::{counters, namespaces, secrets},
    tx::{Tx, unavailable},
};
use crate::domain::Result;

/// How many defects of the file itself are told.
const DEFECTS_MAX: u32 = 100;

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
        #[derive(QueryableByName)]
        struct Integrity {
            #[diesel(sql_type = Text)]
            integrity_check: String,
        }
        #[derive(QueryableByName)]
        struct Reference {
            #[diesel(sql_type = Text)]
            table: String,
            #[diesel(sql_type = Nullable<diesel::sql_types::BigInt>)]
            rowid: Option<i64>,
            #[diesel(sql_type = Text)]
            parent: String,
        }
        let AnyConnection::Sqlite(sqlite) = &mut *self.connection;
        let found: Vec<Integrity> =
            diesel::sql_query(format!("PRAGMA integrity_check({DEFECTS_MAX})"))
                .load(sqlite)
                .map_err(unavailable)?;
        let found = found.into_iter().map(|it| it.integrity_check).filter(|text| text != "ok");
        let broken: Vec<Reference> =
            diesel::sql_query("PRAGMA foreign_key_check").load(sqlite).map_err(unavailable)?;
        let broken = broken.into_iter().map(|it| {
            let row = it.rowid.unwrap_or_default();
            format!("row {row} of {} refers to nothing in {}", it.table, it.parent)
        });
        Ok(found.chain(broken).collect())
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

    /// The value of a counter; zero for one that does not exist.
    ///
    /// # Errors
    /// [`crate::domain::Error::Unavailable`].
    pub fn counter(&mut self, name: &str) -> Result<i64> {
        let value = counters::table.find(name).select(counters::value).first(self.connection);
        Ok(value.optional().map_err(unavailable)?.unwrap_or_default())
    }
}
