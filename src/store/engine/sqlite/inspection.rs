//! Queries of SQLite's own tables.

use diesel::{
    QueryResult, RunQueryDsl, SqliteConnection,
    dsl::sql,
    sql_types::{BigInt, Text},
};

use crate::store::{self, engine::connection::AnyConnection, tx::Tx};

/// Whether there is a table of that name.
pub fn has_table(sqlite: &mut SqliteConnection, name: &str) -> QueryResult<bool> {
    let tables = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ";
    let found: i64 = sql::<BigInt>(tables).bind::<Text, _>(name).get_result(sqlite)?;
    Ok(found > 0)
}

/// Whether there are no tables at all.
pub fn is_empty(sqlite: &mut SqliteConnection) -> QueryResult<bool> {
    Ok(sql::<BigInt>("SELECT count(*) FROM sqlite_master").get_result::<i64>(sqlite)? == 0)
}

impl Tx<'_> {
    /// What the engine finds wrong with its file and with references between rows; names tables, indexes and row numbers.
    /// A PostgreSQL server keeps its references right, and its files are out of reach.
    pub fn defects(&mut self) -> store::Result<Vec<String>> {
        match self.connection() {
            AnyConnection::Sqlite(sqlite) => Ok(defects(sqlite)?),
            AnyConnection::Postgres(_) => Ok(vec![]),
        }
    }
}

fn defects(sqlite: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    let mut defects: Vec<String> = sql::<Text>("PRAGMA integrity_check(100)").load(sqlite)?;
    defects.retain(|text| text != "ok");
    let orphans = "SELECT printf('row %d of %s refers to nothing in %s', rowid, \"table\", parent) \
                   FROM pragma_foreign_key_check";
    defects.extend(sql::<Text>(orphans).load::<String>(sqlite)?);
    let planted = "SELECT name || ' is a trigger or a view of another program' FROM sqlite_master \
                   WHERE type IN ('trigger', 'view')";
    defects.extend(sql::<Text>(planted).load::<String>(sqlite)?);
    Ok(defects)
}
