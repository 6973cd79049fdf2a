//! Changes that are prepared once on each connection.

use diesel::{
    Connection, QueryResult, RunQueryDsl,
    query_builder::{AstPass, QueryFragment, QueryId},
    sql_types::{BigInt, Binary, Text},
};

use super::connection::AnyConnection;

/// A piece of a statement.
pub enum Piece<'a> {
    /// SQL as every engine knows it.
    Sql(&'static str),
    /// A text.
    Text(&'a str),
    /// A number.
    Number(i64),
    /// Bytes.
    Bytes(&'a [u8]),
}

/// A statement whose text is the same each time, whatever its values are. Diesel cannot know that of an update that it puts
/// together, whose text may depend on what is to be changed, and has it prepared anew each time; and for an insert it puts
/// the text together each time, which takes longer than to insert.
pub struct Prepared<'a>(pub &'a [Piece<'a>]);

impl QueryFragment<<AnyConnection as Connection>::Backend> for Prepared<'_> {
    fn walk_ast<'b>(
        &'b self,
        mut pass: AstPass<'_, 'b, <AnyConnection as Connection>::Backend>,
    ) -> QueryResult<()> {
        for piece in self.0 {
            match piece {
                Piece::Sql(sql) => pass.push_sql(sql),
                Piece::Text(text) => pass.push_bind_param::<Text, str>(text)?,
                Piece::Number(number) => pass.push_bind_param::<BigInt, i64>(number)?,
                Piece::Bytes(bytes) => pass.push_bind_param::<Binary, [u8]>(bytes)?,
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
