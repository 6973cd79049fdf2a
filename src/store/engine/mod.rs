//! Which database answers: connections, pragmas, transactions. Another database is another file here.

pub(in crate::store) mod connection;
mod location;
mod migrations;
mod postgres;
mod sqlite;

use std::path::Path;

use diesel::{QueryResult, result::DatabaseErrorInformation};

use super::{
    job::{Job, Purpose, run_alone},
    pace::Pace,
    tx::Tx,
};
use crate::sealed::WrappedKey;

use connection::AnyConnection;
pub use location::{DatabaseUrl, DatabaseUrlError};
pub use sqlite::{Access, Staged, files_of, write_new_file};

/// What the engine finds wrong with its file and with references between rows. A server keeps its references right, and
/// its files are out of reach.
pub fn defects(connection: &mut AnyConnection) -> QueryResult<Vec<String>> {
    match connection {
        AnyConnection::Sqlite(sqlite) => sqlite::defects(sqlite),
        AnyConnection::Postgres(_) => Ok(vec![]),
    }
}

/// The next number of a sequence and the current key, where the engine has sequences; else nothing.
pub fn next_of_sequence(
    connection: &mut AnyConnection,
    sequence: &str,
) -> QueryResult<Option<(i64, String)>> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(None),
        AnyConnection::Postgres(postgres) => {
            postgres::next_of_sequence(postgres, sequence).map(Some)
        }
    }
}

/// The last number that a sequence gave, zero for none at all; nothing where the engine has no sequences.
pub fn last_of_sequence(
    connection: &mut AnyConnection,
    sequence: &str,
) -> QueryResult<Option<i64>> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(None),
        AnyConnection::Postgres(postgres) => {
            postgres::last_of_sequence(postgres, sequence).map(Some)
        }
    }
}

/// Whether what is not unique is the primary key, which is that column: a number was given twice.
pub fn is_of_primary_key(said: &dyn DatabaseErrorInformation, column: &str) -> bool {
    match said.constraint_name() {
        // As PostgreSQL names it by itself, and as CockroachDB does.
        Some(name) => name.ends_with("_pkey") || name == "primary",
        // SQLite names columns.
        None => said.message().ends_with(&format!(": {column}")),
    }
}

/// The database could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the database {location}: {reason}")]
pub struct OpenError {
    location: String,
    reason: String,
}

impl OpenError {
    /// For this reason.
    pub(in crate::store) fn new(
        url: &DatabaseUrl,
        reason: &(dyn std::error::Error + Send + Sync),
    ) -> Self {
        Self { location: url.to_string(), reason: reason.to_string() }
    }
}

/// A backup could not be taken, and nothing is left of it: why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BackupError(pub(in crate::store) String);

/// A backup could not be put into a database's place, which is as it was: why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RestoreError(String);

/// How many use cases may run at once: each has a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permits {
    /// In all.
    pub all: usize,
    /// That read.
    pub read: usize,
    /// That write.
    pub write: usize,
    /// Whether many use cases in one transaction take less time than a transaction for each.
    pub share: bool,
}

impl Permits {
    /// For connections that read and write. A quarter is left to reads: writes that wait for a row must not keep all of them
    /// out. Use cases share no transaction, since others can go on while an answer crosses the network.
    fn of_pool(size: usize) -> Self {
        let write = size.saturating_sub(size.div_ceil(4)).max(1);
        Self { all: size, read: size, write, share: false }
    }

    /// Those for a purpose.
    pub fn of(self, purpose: Purpose) -> usize {
        match purpose {
            Purpose::Reading => self.read,
            Purpose::Writing => self.write,
        }
    }
}

/// The engine behind a store.
pub enum Engine {
    /// An embedded SQLite database.
    Sqlite(sqlite::Sqlite),
    /// A PostgreSQL server.
    Postgres(postgres::Postgres),
}

impl Engine {
    /// Opens the database that the address names and brings its tables up to date.
    pub fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        match url {
            DatabaseUrl::Postgres(address) => {
                postgres::Postgres::open(url, address).map(Self::Postgres)
            }
            _ => sqlite::Sqlite::open(url).map(Self::Sqlite),
        }
    }

    /// Opens a database that is there and up to date.
    pub fn open_existing(url: &DatabaseUrl, access: Access) -> Result<Self, OpenError> {
        match url {
            DatabaseUrl::Postgres(address) => {
                postgres::Postgres::open_existing(url, address).map(Self::Postgres)
            }
            _ => sqlite::Sqlite::open_existing(url, access).map(Self::Sqlite),
        }
    }

    /// The wrapped keys of a database, without changing anything.
    pub fn peek_keys(url: &DatabaseUrl) -> Result<Vec<WrappedKey>, OpenError> {
        match url {
            DatabaseUrl::Postgres(address) => postgres::Postgres::peek_keys(url, address),
            _ => sqlite::Sqlite::peek_keys(url),
        }
    }

    /// Writes a copy of one moment of the database to a file that is not there yet.
    pub fn backup(&self, file: &Path) -> Result<(), BackupError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.backup(file),
            Self::Postgres(_) => Err(BackupError(
                "a PostgreSQL database is backed up by pg_dump: README.md says how".to_owned(),
            )),
        }
    }

    /// Runs what `next` hands out until it hands out nothing more, and sends what came of each.
    pub fn run(
        &self,
        purpose: Purpose,
        pace: Pace,
        next: &mut dyn FnMut() -> Option<Box<dyn Job>>,
    ) {
        match self {
            // The error was sent to the callers.
            Self::Sqlite(sqlite) => drop(sqlite.run(purpose, next)),
            Self::Postgres(postgres) => {
                for job in std::iter::from_fn(next) {
                    run_alone(job, |use_case| match purpose {
                        Purpose::Reading => postgres.read(pace, use_case),
                        Purpose::Writing => postgres.write(pace, use_case),
                    });
                }
            }
        }
    }

    /// How many use cases may run at once.
    pub fn permits(&self) -> Permits {
        match self {
            Self::Sqlite(sqlite) => sqlite.permits(),
            Self::Postgres(postgres) => Permits::of_pool(postgres.width()),
        }
    }

    /// How many connections are open, and how many may be.
    pub fn connections(&self) -> (usize, usize) {
        match self {
            Self::Sqlite(sqlite) => sqlite.connections(),
            Self::Postgres(postgres) => postgres.connections(),
        }
    }

    /// How often use cases were tried once more since others were in their way.
    pub fn retries(&self) -> u64 {
        match self {
            Self::Sqlite(_) => 0,
            Self::Postgres(postgres) => postgres.retries(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_left_to_reads() {
        let writes = [1, 2, 3, 4, 8, 16].map(|size| Permits::of_pool(size).write);
        assert_eq!(writes, [1, 1, 2, 3, 6, 12]);
    }
}
