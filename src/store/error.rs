//! The error of the database.

use std::fmt;

/// The database cannot answer now, or holds what this version cannot have written. It never means that there is no such
/// thing. Each product has it as a variant of its own error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Unavailable {
    cause: String,
}

impl Unavailable {
    /// The cause is for the log only.
    pub fn new(cause: impl fmt::Display) -> Self {
        Self { cause: cause.to_string() }
    }
}

/// A query that fails is an outage, never "not found": queries that may find nothing use `optional()`, and an insert handles
/// unique violations itself.
impl From<diesel::result::Error> for Unavailable {
    fn from(error: diesel::result::Error) -> Self {
        Self::new(error)
    }
}

/// The result of what only the database can refuse; of a use case with an error of its product.
pub type Result<T, E = Unavailable> = std::result::Result<T, E>;
