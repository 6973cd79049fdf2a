//! Queries that only this engine has.

use diesel::{
    QueryResult,
    dsl::sql,
    prelude::*,
    sql_types::{BigInt, Bool, Text},
};

use super::PostgresConnection;
use crate::store::schema::keys;

diesel::define_sql_function! {
    /// The next number of a sequence.
    fn nextval(sequence: Text) -> BigInt;
}

/// Whether there is a table of that name in the schema where tables are created.
pub fn has_table(postgres: &mut PostgresConnection, name: &str) -> QueryResult<bool> {
    let tables = "SELECT count(*) FROM information_schema.tables \
                  WHERE table_schema = current_schema() AND table_name = ";
    let found: i64 = sql::<BigInt>(tables).bind::<Text, _>(name).get_result(postgres)?;
    Ok(found > 0)
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
    let given = sql::<(BigInt, Bool)>(&format!("SELECT last_value, is_called FROM {sequence}"));
    let (last, is_called): (i64, bool) = given.get_result(postgres)?;
    Ok(if is_called { last } else { 0 })
}
