//! The transaction that a use case works in.

use super::engine::connection::AnyConnection;
use crate::domain::{Error, KeyId, Result};

/// One transaction. Its methods are the queries; they stand beside the rows they read.
pub struct Tx<'a> {
    pub(super) connection: &'a mut AnyConnection,
    pub(super) known: Known,
}

/// What a transaction that several use cases share need not ask twice: no other transaction can change it meanwhile.
#[derive(Default)]
pub(super) struct Known {
    /// The last number that was given; written down before the commit.
    pub last_secret_id: Option<i64>,
    /// The current key.
    pub current_key: Option<KeyId>,
}

impl<'a> Tx<'a> {
    pub(super) fn new(connection: &'a mut AnyConnection) -> Self {
        Self { connection, known: Known::default() }
    }

    /// After a part of it was undone. Numbers that were given are not given again.
    pub(super) fn forget(&mut self) {
        self.known.current_key = None;
    }
}

/// Runs a use case; its panic is an error of its own and of no other.
pub(super) fn run<T>(use_case: impl Fn(&mut Tx<'_>) -> Result<T>, tx: &mut Tx<'_>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| use_case(tx)))
        .unwrap_or_else(|_| Err(Error::unavailable("the use case ended in a panic")))
}

/// The one place where a failing query becomes a domain error: an outage, never "not found". Queries that may find
/// nothing say so with `optional()`, and the one insert that may meet a twin handles that itself.
impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        Self::unavailable(error)
    }
}

/// A row that this version cannot have written.
pub(super) fn corrupt(what: &str) -> Error {
    Error::unavailable(format!("the database holds a {what} that cannot be read"))
}
