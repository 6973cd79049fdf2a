//! What only this engine can be asked, and how.

use diesel::{
    QueryResult, QueryableByName, RunQueryDsl,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Text},
};

use super::PostgresConnection;
use crate::store::schema::{keys, namespaces, secrets};

diesel::define_sql_function! {
    /// The next number of a sequence.
    fn nextval(sequence: Text) -> BigInt;
}

/// The sequence of the secrets' numbers.
const SECRET_IDS: &str = "secret_ids";

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

/// The next number of a secret, which is never given again, also when the transaction is rolled back; and the current key.
pub fn next_secret(postgres: &mut PostgresConnection) -> QueryResult<(i64, String)> {
    let current = keys::table.filter(keys::is_current.eq(true));
    current.select((nextval(SECRET_IDS), keys::id)).get_result(postgres)
}

/// The last number that was given to a secret; zero where there was none.
pub fn last_secret_id(postgres: &mut PostgresConnection) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Given {
        #[diesel(sql_type = BigInt)]
        last_value: i64,
        #[diesel(sql_type = diesel::sql_types::Bool)]
        is_called: bool,
    }
    let given: Given =
        sql_query("SELECT last_value, is_called FROM secret_ids").get_result(postgres)?;
    Ok(if given.is_called { given.last_value } else { 0 })
}

/// Keeps others from changing a namespace, and what is counted in it, until the end of the transaction.
pub fn lock_namespace(postgres: &mut PostgresConnection, id: &str) -> QueryResult<()> {
    let row = namespaces::table.find(id).select(namespaces::secret_count).for_update();
    row.load::<i64>(postgres).map(drop)
}

/// Keeps others from changing secrets until the end of the transaction. In the order of their numbers, so that
/// transactions that lock some of the same do not wait for each other.
pub fn lock_secrets(postgres: &mut PostgresConnection, ids: &[i64]) -> QueryResult<()> {
    let rows = secrets::table.filter(secrets::id.eq_any(ids)).order(secrets::id);
    rows.select(secrets::id).for_no_key_update().load::<i64>(postgres).map(drop)
}

/// Waits for all transactions under way that make a secret. Each changes the row of its namespace before it asks for the
/// current key, so a change of all those rows comes after all of them.
pub fn wait_for_new_secrets(postgres: &mut PostgresConnection) -> QueryResult<()> {
    let all = diesel::update(namespaces::table);
    all.set(namespaces::secret_count.eq(namespaces::secret_count)).execute(postgres).map(drop)
}
