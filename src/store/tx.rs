//! The transaction that a use case works in.

use super::engine::AnyConnection;
use crate::domain::Error;

/// One transaction. Its methods are the queries; they stand beside the rows they read.
pub struct Tx<'a> {
    pub(super) connection: &'a mut AnyConnection,
}

impl<'a> Tx<'a> {
    pub(super) fn new(connection: &'a mut AnyConnection) -> Self {
        Self { connection }
    }
}

/// The one place where a failing query becomes a domain error: an outage, never "not found". Queries that may find
/// nothing say so with `optional()`, and the one insert that may meet a twin looks at that itself.
pub(super) fn unavailable(error: diesel::result::Error) -> Error {
    Error::unavailable(error)
}

/// A row that this version cannot have written.
pub(super) fn corrupt(what: &str) -> Error {
    Error::unavailable(format!("the database holds a {what} that cannot be read"))
}
