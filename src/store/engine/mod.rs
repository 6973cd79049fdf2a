//! Which database answers: connections, pragmas, transactions. Another database is another file here.

mod location;
mod sqlite;

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

use diesel::{MultiConnection, QueryResult};

use super::Tx;
use crate::domain::{Error, Result, WrappedKey};

pub use location::{DatabaseUrl, DatabaseUrlError};
pub use sqlite::{Access, Staged, files_of, write_new_file};

/// A connection to any of the supported databases; queries are written against it once.
#[derive(MultiConnection)]
pub enum AnyConnection {
    /// An embedded SQLite database.
    Sqlite(diesel::SqliteConnection),
}

/// Whether there is a table of that name.
pub fn has_table(connection: &mut AnyConnection, name: &str) -> QueryResult<bool> {
    match connection {
        AnyConnection::Sqlite(sqlite) => sqlite::has_table(sqlite, name),
    }
}

/// What the engine finds wrong with its file and with references between rows.
pub fn defects(connection: &mut AnyConnection) -> QueryResult<Vec<String>> {
    match connection {
        AnyConnection::Sqlite(sqlite) => sqlite::defects(sqlite),
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

/// A backup could not be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackupError {
    /// The database has no file.
    #[error("a database in memory cannot be backed up")]
    InMemory,
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
    pub fn backup(&self, file: &Path) -> std::result::Result<(), BackupError> {
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

    /// Whether one look for many short reads takes less time than one for each.
    pub fn shares_looks(&self) -> bool {
        match self {
            Self::Sqlite(_) => true,
        }
    }

    /// Runs short reads over one moment of the database.
    pub fn glance(&self, glances: Vec<Box<dyn Glance>>) {
        let glances = RefCell::new(glances);
        let looked = self.read(&|tx| {
            glances.borrow_mut().iter_mut().for_each(|glance| glance.run(tx));
            Ok(())
        });
        for glance in glances.into_inner() {
            glance.finish(looked.clone());
        }
    }

    /// Runs use cases in one transaction, each of which is undone by itself when it fails, until there is none left.
    pub fn write_group(&self, next: &mut dyn FnMut() -> Option<Box<dyn Job>>) {
        match self {
            Self::Sqlite(sqlite) => sqlite.write_group(next),
        }
    }

    /// How many reads may run at once.
    pub fn reader_count(&self) -> usize {
        match self {
            Self::Sqlite(sqlite) => sqlite.reader_count(),
        }
    }

    /// How many connections are open, and how many may be.
    pub fn connections(&self) -> (usize, usize) {
        match self {
            Self::Sqlite(sqlite) => sqlite.connections(),
        }
    }
}
