//! What only this engine can be asked, and how.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};

use super::PostgresConnection;
use crate::store::schema::keys;

diesel::define_sql_function! {
    /// The next number of a sequence.
    fn nextval(sequence: Text) -> BigInt;
}

/// Whether there is a table of that name where tables are made.
pub fn has_table(postgres: &mut PostgresConnection, name: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        found: i64,
    }
    let tables = "SELECT count(*) AS found FROM information_schema.tables \
                  WHERE table_schema = current_schema() AND table_name = $1";
    let found: Found = sql_query(tables).bind::<Text, _>(name).get_result(postgres)?;
    Ok(found.found > 0)
}

/// The next number of a sequence, which is never given again, also when the transaction is rolled back; and the current key.
pub fn next_of_sequence(
    postgres: &mut PostgresConnection,
    sequence: &str,
) -> QueryResult<(i64, String)> {
    let current = keys::table.filter(keys::is_current.eq(true));
    current.select((nextval(sequence), keys::id)).get_result(postgres)
}

/// The last number that a sequence gave; zero where it gave none.
pub fn last_of_sequence(postgres: &mut PostgresConnection, sequence: &str) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Given {
        #[diesel(sql_type = BigInt)]
        last_value: i64,
        #[diesel(sql_type = diesel::sql_types::Bool)]
        is_called: bool,
    }
    let given = format!("SELECT last_value, is_called FROM {sequence}");
    let given: Given = sql_query(given).get_result(postgres)?;
    Ok(if given.is_called { given.last_value } else { 0 })
}
