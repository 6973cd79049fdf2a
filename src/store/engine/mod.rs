//! Which database answers: connections, pragmas, transactions. Another database is another file here.

mod location;
mod sqlite;

use std::path::Path;

use diesel::MultiConnection;

use super::Tx;
use crate::domain::{Result, WrappedKey};

pub use location::{DatabaseUrl, DatabaseUrlError};
pub use sqlite::{Access, Staged, files_of, has_table};

/// A connection to any of the supported databases; queries are written against it once.
#[derive(MultiConnection)]
pub enum AnyConnection {
    /// An embedded SQLite database.
    Sqlite(diesel::SqliteConnection),
}

/// The database could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the database {location}: {reason}")]
pub struct OpenError {
    location: String,
    reason: String,
}

impl OpenError {
    fn new(url: &DatabaseUrl, reason: &(dyn std::error::Error + Send + Sync)) -> Self {
        Self { location: url.to_string(), reason: reason.to_string() }
    }
}

/// The engine behind a store.
pub enum Engine {
    /// An embedded SQLite database.
    Sqlite(sqlite::Sqlite),
}

impl Engine {
    /// Opens the database that the address names and brings its tables up to date.
    pub fn open(url: &DatabaseUrl) -> std::result::Result<Self, OpenError> {
        sqlite::Sqlite::open(url).map(Self::Sqlite)
    }

    /// Opens a database that is there and up to date.
    pub fn open_existing(
        url: &DatabaseUrl,
        access: Access,
    ) -> std::result::Result<Self, OpenError> {
        sqlite::Sqlite::open_existing(url, access).map(Self::Sqlite)
    }

    /// The wrapped keys of a database, without changing anything.
    pub fn peek_keys(url: &DatabaseUrl) -> std::result::Result<Vec<WrappedKey>, OpenError> {
        sqlite::Sqlite::peek_keys(url)
    }

    /// Writes the database anew, so that nothing is left of what was deleted.
    pub fn scrub(&self) -> Result<()> {
        match self {
            Self::Sqlite(sqlite) => sqlite.scrub(),
        }
    }

    /// Writes a copy of one moment of the database to a file that is not there yet.
    pub fn backup(&self, file: &Path) -> Result<()> {
        match self {
            Self::Sqlite(sqlite) => sqlite.backup(file),
        }
    }

    /// Runs a use case in a transaction that is rolled back unless it answers `Ok`.
    pub fn write<T>(&self, use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        match self {
            Self::Sqlite(sqlite) => sqlite.write(use_case),
        }
    }

    /// Runs a use case over one moment of the database.
    pub fn read<T>(&self, use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        match self {
            Self::Sqlite(sqlite) => sqlite.read(use_case),
        }
    }

    /// How many reads may run at once.
    pub fn reader_count(&self) -> usize {
        match self {
            Self::Sqlite(sqlite) => sqlite.reader_count(),
        }
    }

    /// Whether writes take turns with reads on the same connections.
    pub fn writes_share_the_reader(&self) -> bool {
        match self {
            Self::Sqlite(sqlite) => sqlite.is_in_memory(),
        }
    }

    /// How many connections are open, and how many may be.
    pub fn connections(&self) -> (usize, usize) {
        match self {
            Self::Sqlite(sqlite) => sqlite.connections(),
        }
    }
}
