//! Which database answers: connections, pragmas, transactions. Another database is another file here.

mod location;
mod postgres;
mod sqlite;

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use diesel::{MultiConnection, QueryResult, result::DatabaseErrorInformation};

use super::Tx;
use crate::domain::{Error, Result, WrappedKey};

pub use location::{DatabaseUrl, DatabaseUrlError};
pub use sqlite::{Access, Staged, files_of, write_new_file};

/// A connection to any of the supported databases; queries are written against it once.
#[derive(MultiConnection)]
pub enum AnyConnection {
    /// An embedded SQLite database.
    Sqlite(diesel::SqliteConnection),
    /// A PostgreSQL server.
    Postgres(postgres::PostgresConnection),
}

impl AnyConnection {
    /// The connection as SQLite's own.
    ///
    /// # Errors
    /// It is another engine's.
    fn sqlite(&mut self) -> QueryResult<&mut diesel::SqliteConnection> {
        match self {
            Self::Sqlite(sqlite) => Ok(sqlite),
            Self::Postgres(_) => Err(diesel::result::Error::QueryBuilderError(
                "it is no connection to an SQLite file".into(),
            )),
        }
    }
}

/// Whether there is a table of that name.
pub fn has_table(connection: &mut AnyConnection, name: &str) -> QueryResult<bool> {
    match connection {
        AnyConnection::Sqlite(sqlite) => sqlite::has_table(sqlite, name),
        AnyConnection::Postgres(postgres) => postgres::has_table(postgres, name),
    }
}

/// What the engine finds wrong with its file and with references between rows. A server keeps its references right, and
/// its files are not ours to look at.
pub fn defects(connection: &mut AnyConnection) -> QueryResult<Vec<String>> {
    match connection {
        AnyConnection::Sqlite(sqlite) => sqlite::defects(sqlite),
        AnyConnection::Postgres(_) => Ok(vec![]),
    }
}

/// The next number of a secret and the current key, where the engine itself gives numbers that nobody waits for; else
/// nothing.
pub fn next_secret(connection: &mut AnyConnection) -> QueryResult<Option<(i64, String)>> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(None),
        AnyConnection::Postgres(postgres) => postgres::next_secret(postgres).map(Some),
    }
}

/// The last number of a secret that the engine itself gave, zero for none at all; nothing where it gives none.
pub fn last_secret_id(connection: &mut AnyConnection) -> QueryResult<Option<i64>> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(None),
        AnyConnection::Postgres(postgres) => postgres::last_secret_id(postgres).map(Some),
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

/// Keeps other writers from a namespace until the end of the transaction, where there can be others.
pub fn lock_namespace(connection: &mut AnyConnection, id: &str) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(postgres) => postgres::lock_namespace(postgres, id),
    }
}

/// Keeps other writers from secrets until the end of the transaction, where there can be others.
pub fn lock_secrets(connection: &mut AnyConnection, ids: &[i64]) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(postgres) => postgres::lock_secrets(postgres, ids),
    }
}

/// Waits for all transactions under way that make a secret, where there can be any beside this one.
pub fn wait_for_new_secrets(connection: &mut AnyConnection) -> QueryResult<()> {
    match connection {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(postgres) => postgres::wait_for_new_secrets(postgres),
    }
}

/// For whom a use case runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// For a request that waits some seconds.
    Request,
    /// For upkeep, however long it takes.
    Upkeep,
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

/// A backup could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The database has no file.
    #[error("a database in memory cannot be backed up")]
    InMemory,
    /// The database is a server's.
    #[error("a PostgreSQL database is backed up by pg_dump: README.md says how")]
    OfServer,
    /// There is something of that name.
    #[error("{} is there already", file.display())]
    Exists {
        /// What was to be written.
        file: PathBuf,
    },
    /// It could not be written; nothing is left of it.
    #[error("cannot write the backup {}: {reason}", file.display())]
    Failed {
        /// What was to be written.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The store could not begin.
    #[error(transparent)]
    Store(#[from] Error),
}

/// A backup could not be put into a database's place, which is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The database has no file.
    #[error("a database in memory cannot be restored")]
    InMemory,
    /// The database is a server's.
    #[error("a PostgreSQL database is restored by pg_restore: README.md says how")]
    OfServer,
    /// There is a database, and it was not said that it may go.
    #[error("the database {} is there already, and --force was not given", file.display())]
    Exists {
        /// The database.
        file: PathBuf,
    },
    /// Another process has the database open.
    #[error("another process has the database {} open: stop the server first", file.display())]
    InUse {
        /// The database.
        file: PathBuf,
    },
    /// The backup is none.
    #[error("{} is no backup: {reason}", file.display())]
    NoBackup {
        /// The file that was given.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file could not be read, written or renamed.
    #[error("cannot restore {}: {reason}", file.display())]
    Failed {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
}

/// A use case that shares a transaction with others.
pub trait Job: Send {
    /// It is about to be run, perhaps once more; `false` when nobody waits for it.
    fn begin(&mut self) -> bool;

    /// Runs it. Whether what it did is to stay.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;

    /// Asked of all before the transaction is committed; `false` when somebody was told that nothing was done, although
    /// something was.
    fn commits(&mut self) -> bool;

    /// Tells its outcome, or why there is none.
    fn finish(self: Box<Self>, transaction: Result<()>);
}

/// An engine that takes one writer at a time.
pub trait OneWriter: Send + Sync {
    /// Runs use cases in one transaction, each of which is undone by itself when it fails, until `next` hands out none.
    fn write_group(&self, next: &mut dyn FnMut() -> Option<Box<dyn Job>>);
}

/// A short read that shares a look at the database with others.
pub trait Glance: Send {
    /// Runs it.
    fn run(&mut self, tx: &mut Tx<'_>);

    /// Tells what came of it, or why nothing that was seen is to be believed.
    fn finish(self: Box<Self>, look: Result<()>);
}

/// The engine behind a store.
pub enum Engine {
    /// An embedded SQLite database.
    Sqlite(Arc<sqlite::Sqlite>),
    /// A PostgreSQL server.
    Postgres(postgres::Postgres),
}

impl Engine {
    /// Opens the database that the address names and brings its tables up to date. Each request waits so long for a use case.
    pub fn open(
        url: &DatabaseUrl,
        request_timeout: Duration,
    ) -> std::result::Result<Self, OpenError> {
        match url {
            DatabaseUrl::Postgres(address) => {
                postgres::Postgres::open(url, address, request_timeout).map(Self::Postgres)
            }
            _ => sqlite::Sqlite::open(url).map(|it| Self::Sqlite(Arc::new(it))),
        }
    }

    /// Opens a database that is there and up to date.
    pub fn open_existing(
        url: &DatabaseUrl,
        access: Access,
        request_timeout: Duration,
    ) -> std::result::Result<Self, OpenError> {
        match url {
            DatabaseUrl::Postgres(address) => {
                postgres::Postgres::open_existing(url, address, request_timeout).map(Self::Postgres)
            }
            _ => sqlite::Sqlite::open_existing(url, access).map(|it| Self::Sqlite(Arc::new(it))),
        }
    }

    /// The wrapped keys of a database, without changing anything.
    pub fn peek_keys(
        url: &DatabaseUrl,
        request_timeout: Duration,
    ) -> std::result::Result<Vec<WrappedKey>, OpenError> {
        match url {
            DatabaseUrl::Postgres(address) => {
                postgres::Postgres::peek_keys(url, address, request_timeout)
            }
            _ => sqlite::Sqlite::peek_keys(url),
        }
    }

    /// Writes the database anew, so that nothing is left of what was deleted. Nothing was ever in clear on a server.
    pub fn scrub(&self) -> Result<()> {
        match self {
            Self::Sqlite(sqlite) => sqlite.scrub(),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Writes a copy of one moment of the database to a file that is not there yet.
    pub fn backup(&self, file: &Path) -> std::result::Result<(), BackupError> {
        match self {
            Self::Sqlite(sqlite) => sqlite.backup(file),
            Self::Postgres(_) => Err(BackupError::OfServer),
        }
    }

    /// Runs a use case in a transaction that is rolled back unless it answers `Ok`.
    pub fn write<T>(&self, pace: Pace, use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        match self {
            Self::Sqlite(sqlite) => sqlite.write(use_case),
            Self::Postgres(postgres) => postgres.write(pace, use_case),
        }
    }

    /// Runs a use case over one moment of the database.
    pub fn read<T>(&self, pace: Pace, use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        match self {
            Self::Sqlite(sqlite) => sqlite.read(use_case),
            Self::Postgres(postgres) => postgres.read(pace, use_case),
        }
    }

    /// Whether one look for many short reads takes less time than one for each.
    pub fn shares_looks(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
            // A question and its answer cross the network, and others can do so at the same time.
            Self::Postgres(_) => false,
        }
    }

    /// Runs short reads over one moment of the database.
    pub fn glance(&self, glances: Vec<Box<dyn Glance>>) {
        let glances = RefCell::new(glances);
        let looked = self.read(Pace::Request, &|tx| {
            glances.borrow_mut().iter_mut().for_each(|glance| glance.run(tx));
            Ok(())
        });
        for glance in glances.into_inner() {
            glance.finish(looked.clone());
        }
    }

    /// The engine as one that takes only one writer at a time, if it is such. A database in memory is none: reads and writes
    /// have its one connection in turn, and a writer that took no turns would wait for it behind all of them.
    pub fn one_writer(&self) -> Option<Arc<dyn OneWriter>> {
        match self {
            Self::Sqlite(sqlite) if sqlite.is_in_memory() => None,
            Self::Sqlite(sqlite) => Some(Arc::clone(sqlite) as Arc<dyn OneWriter>),
            Self::Postgres(_) => None,
        }
    }

    /// How many reads may run at once.
    pub fn reader_count(&self) -> usize {
        match self {
            Self::Sqlite(sqlite) => sqlite.reader_count(),
            Self::Postgres(postgres) => postgres.width(),
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
