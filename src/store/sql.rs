//! What the products write their queries with; among it statements that are prepared once on each connection.

use std::marker::PhantomData;

use diesel::{
    Connection, QueryResult, RunQueryDsl,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    sql_types::{BigInt, Binary, Nullable, Text},
};

use super::tx::Tx;

pub(crate) use super::{
    engine::{connection::AnyConnection, is_of_primary_key},
    keys::key_id,
    tx::corrupt,
};

/// What queries are written for.
pub type Backend = <AnyConnection as Connection>::Backend;

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

/// A query with a `?` for each value whose text is the same each time, as [`Tx::execute`] has it; `Columns` are its columns
/// in their order, as a type of Diesel has them. For what most requests read: to build the text of a query with many columns
/// takes longer than to find a row.
pub(crate) fn prepared<'a, Columns>(
    sql: &'static str,
    values: &'a [Value<'a>],
) -> Prepared<'a, Columns> {
    Prepared { sql, values, columns: PhantomData }
}

pub(crate) struct Prepared<'a, Columns> {
    sql: &'static str,
    values: &'a [Value<'a>],
    columns: PhantomData<Columns>,
}

impl<Columns> QueryFragment<Backend> for Prepared<'_, Columns> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Backend>) -> QueryResult<()> {
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

impl<Columns> RunQueryDsl<AnyConnection> for Prepared<'_, Columns> {}
