//! What SQLite tells about its own file.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl, SqliteConnection, sql_query,
    sql_types::{BigInt, Nullable, Text},
};

/// How many defects are told.
const DEFECTS_MAX: u32 = 100;

/// Whether there is a table of that name.
pub fn has_table(sqlite: &mut SqliteConnection, name: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        found: i64,
    }
    let tables = "SELECT count(*) AS found FROM sqlite_master WHERE type = 'table' AND name = ?";
    let found: Found = sql_query(tables).bind::<Text, _>(name).get_result(sqlite)?;
    Ok(found.found > 0)
}

/// Whether there are no tables at all.
pub fn is_empty(sqlite: &mut SqliteConnection) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        found: i64,
    }
    let found: Found =
        sql_query("SELECT count(*) AS found FROM sqlite_master").get_result(sqlite)?;
    Ok(found.found == 0)
}

/// What is wrong with the file and with references between rows.
pub fn defects(sqlite: &mut SqliteConnection) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Integrity {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    #[derive(QueryableByName)]
    struct Reference {
        #[diesel(sql_type = Text)]
        table: String,
        #[diesel(sql_type = Nullable<BigInt>)]
        rowid: Option<i64>,
        #[diesel(sql_type = Text)]
        parent: String,
    }
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let check = format!("PRAGMA integrity_check({DEFECTS_MAX})");
    let found: Vec<Integrity> = sql_query(check).load(sqlite)?;
    let found = found.into_iter().map(|it| it.integrity_check).filter(|text| text != "ok");
    let broken: Vec<Reference> = sql_query("PRAGMA foreign_key_check").load(sqlite)?;
    let broken = broken.into_iter().map(|it| {
        let row = it.rowid.unwrap_or_default();
        format!("row {row} of {} refers to nothing in {}", it.table, it.parent)
    });
    let planted: Vec<Name> =
        sql_query("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')")
            .load(sqlite)?;
    let planted = planted
        .into_iter()
        .map(|it| format!("{} is a trigger or a view of somebody else", it.name));
    Ok(found.chain(broken).chain(planted).collect())
}
