//! What the products write their queries with; among it statements that are prepared once on each connection.

use std::marker::PhantomData;

use diesel::{
    QueryResult, RunQueryDsl, SqliteConnection,
    backend::Backend,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    query_dsl::LoadQuery,
    serialize::ToSql,
    sql_types::{BigInt, Binary, HasSqlType, Nullable, Text},
};

use super::{engine::postgres::connection::PostgresConnection, tx::Tx};

pub(crate) use super::{
    engine::{connection::AnyConnection, is_of_primary_key},
    keys::key_id,
    tx::corrupt,
};

/// A value that is bound.
pub enum Value<'a> {
    Text(&'a str),
    Number(i64),
    Bytes(&'a [u8]),
    MaybeText(Option<&'a str>),
    MaybeNumber(Option<i64>),
}

impl Tx<'_> {
    /// Runs a statement that each engine knows, with a `?` for each value, and returns how many rows it found or changed.
    /// Its text is the same each time. Diesel cannot know that of an update that it builds, whose text may depend on what
    /// is changed, and prepares it anew each time; and it builds the text of an insert each time, which takes longer than
    /// to insert.
    pub(crate) fn execute(
        &mut self,
        sql: &'static str,
        values: &[Value<'_>],
    ) -> QueryResult<usize> {
        prepared::<()>(sql, values).execute(self.connection)
    }
}

/// A query with a `?` for each value whose text is the same each time, as [`Tx::execute`] has it; `Columns` are the types of
/// its columns in their order. For what most requests read: to build the text of a query with many columns takes longer than
/// to find a row.
pub(crate) fn prepared<'a, Columns>(
    sql: &'static str,
    values: &'a [Value<'a>],
) -> Prepared<'a, Columns> {
    debug_assert_eq!(sql.matches('?').count(), values.len(), "{sql}");
    Prepared { sql, values, columns: PhantomData }
}

pub(crate) struct Prepared<'a, Columns> {
    sql: &'static str,
    values: &'a [Value<'a>],
    columns: PhantomData<Columns>,
}

// Handed to the engine's own connection: Diesel's connection to any of them would build the text three times on its way.
impl<'a, Columns> Prepared<'a, Columns> {
    pub(crate) fn load<Row>(self, connection: &mut AnyConnection) -> QueryResult<Vec<Row>>
    where
        Self: LoadQuery<'a, SqliteConnection, Row> + LoadQuery<'a, PostgresConnection, Row>,
    {
        match connection {
            AnyConnection::Sqlite(sqlite) => RunQueryDsl::load(self, sqlite),
            AnyConnection::Postgres(postgres) => RunQueryDsl::load(self, postgres),
        }
    }

    /// The only row.
    pub(crate) fn get_result<Row>(self, connection: &mut AnyConnection) -> QueryResult<Row>
    where
        Self: LoadQuery<'a, SqliteConnection, Row> + LoadQuery<'a, PostgresConnection, Row>,
    {
        match connection {
            AnyConnection::Sqlite(sqlite) => RunQueryDsl::get_result(self, sqlite),
            AnyConnection::Postgres(postgres) => RunQueryDsl::get_result(self, postgres),
        }
    }

    fn execute(self, connection: &mut AnyConnection) -> QueryResult<usize> {
        match connection {
            AnyConnection::Sqlite(sqlite) => RunQueryDsl::execute(self, sqlite),
            AnyConnection::Postgres(postgres) => RunQueryDsl::execute(self, postgres),
        }
    }
}

impl<Columns, DB> QueryFragment<DB> for Prepared<'_, Columns>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Binary> + HasSqlType<Text>,
    i64: ToSql<BigInt, DB>,
    [u8]: ToSql<Binary, DB>,
    str: ToSql<Text, DB>,
    Option<i64>: ToSql<Nullable<BigInt>, DB>,
    for<'v> Option<&'v str>: ToSql<Nullable<Text>, DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let mut values = self.values.iter();
        for sql in self.sql.split('?') {
            pass.push_sql(sql);
            match values.next() {
                Some(Value::Text(text)) => pass.push_bind_param::<Text, str>(text)?,
                Some(Value::Number(number)) => pass.push_bind_param::<BigInt, i64>(number)?,
                Some(Value::Bytes(bytes)) => pass.push_bind_param::<Binary, [u8]>(bytes)?,
                Some(Value::MaybeText(text)) => {
                    pass.push_bind_param::<Nullable<Text>, Option<&str>>(text)?;
                }
                Some(Value::MaybeNumber(number)) => {
                    pass.push_bind_param::<Nullable<BigInt>, Option<i64>>(number)?;
                }
                None => {}
            }
        }
        Ok(())
    }
}

impl<Columns> QueryId for Prepared<'_, Columns> {
    type QueryId = ();

    // Its text identifies it.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Columns> Query for Prepared<'_, Columns> {
    type SqlType = Columns;
}

impl<Columns> RunQueryDsl<SqliteConnection> for Prepared<'_, Columns> {}

impl<Columns> RunQueryDsl<PostgresConnection> for Prepared<'_, Columns> {}
