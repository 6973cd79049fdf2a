//! The connection that queries are written against.

use diesel::{MultiConnection, QueryResult};

use super::postgres::connection::PostgresConnection;

/// A connection to any of the supported databases; queries are written against it once.
#[derive(MultiConnection)]
pub enum AnyConnection {
    Sqlite(diesel::SqliteConnection),
    Postgres(PostgresConnection),
}

impl AnyConnection {
    pub fn sqlite(&mut self) -> QueryResult<&mut diesel::SqliteConnection> {
        match self {
            Self::Sqlite(sqlite) => Ok(sqlite),
            Self::Postgres(_) => Err(diesel::result::Error::QueryBuilderError(
                "it is no connection to an SQLite file".into(),
            )),
        }
    }
}
