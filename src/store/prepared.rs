//! Changes that are prepared once on each connection.

use diesel::{
    Connection, QueryResult, RunQueryDsl,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{BigInt, Binary, Text},
};

use super::engine::connection::AnyConnection;

/// A value that is bound.
pub enum Value<'a> {
    /// A text.
    Text(&'a str),
    /// A number.
    Number(i64),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// A statement that each engine knows, with a `?` for each value. Its text is the same each time. Diesel cannot know that of
/// an update that it puts together, whose text may depend on what is to be changed, and has it prepared anew each time; and
/// for an insert it puts the text together each time, which takes longer than to insert.
pub struct Prepared<'a>(pub &'static str, pub &'a [Value<'a>]);

impl QueryFragment<<AnyConnection as Connection>::Backend> for Prepared<'_> {
    fn walk_ast<'b>(
        &'b self,
        mut pass: AstPass<'_, 'b, <AnyConnection as Connection>::Backend>,
    ) -> QueryResult<()> {
        let mut values = self.1.iter();
        for sql in self.0.split('?') {
            pass.push_sql(sql);
            match values.next() {
                Some(Value::Text(text)) => pass.push_bind_param::<Text, str>(text)?,
                Some(Value::Number(number)) => pass.push_bind_param::<BigInt, i64>(number)?,
                Some(Value::Bytes(bytes)) => pass.push_bind_param::<Binary, [u8]>(bytes)?,
                None => {}
            }
        }
        Ok(())
    }
}

impl QueryId for Prepared<'_> {
    type QueryId = ();

    // It is known by its text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl RunQueryDsl<AnyConnection> for Prepared<'_> {}
