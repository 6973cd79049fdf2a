//! Which database answers: connections, pragmas, transactions. Another database is another folder here.

pub(in crate::store) mod connection;
mod location;
pub(in crate::store) mod postgres;
mod sqlite;

use std::{path::Path, sync::Arc};

use anyhow::{Result, bail};
use diesel::result::DatabaseErrorInformation;

use self::connection::AnyConnection;
use super::{
    Pace,
    job::{Job, Purpose},
    tx::Tx,
};
use crate::sealed::WrappedKey;

pub use location::DatabaseUrl;
pub use sqlite::{Access, Staged, files_of, folder_of, with_suffix, write_new_file};

/// Where diesel records which migrations were applied.
const MIGRATIONS_TABLE: &str = "__diesel_schema_migrations";

/// The engine behind a store.
pub trait Engine: Send + Sync {
    /// Runs what `next` hands out until it hands out nothing more, and sends what came of each.
    fn run(&self, purpose: Purpose, pace: Pace, next: &mut dyn FnMut() -> Option<Box<dyn Job>>);

    /// Writes a snapshot of the database to a new file.
    fn backup(&self, file: &Path) -> Result<()>;

    /// How many use cases may run at once.
    fn permits(&self) -> Permits;

    /// How many connections are open, and how many may be.
    fn connections(&self) -> (usize, usize);

    /// How often use cases were retried.
    fn retries(&self) -> u64;
}

/// Opens a database and brings its tables up to date.
pub fn open(url: &DatabaseUrl) -> Result<Arc<dyn Engine>> {
    Ok(match url {
        DatabaseUrl::SqliteFile(path) => Arc::new(sqlite::Sqlite::open(path)?),
        DatabaseUrl::SqliteMemory => Arc::new(sqlite::Sqlite::open_in_memory()?),
        DatabaseUrl::Postgres(address) => Arc::new(postgres::Postgres::open(address)?),
    })
}

/// Opens a database that exists and is up to date.
pub fn open_existing(url: &DatabaseUrl, access: Access) -> Result<Arc<dyn Engine>> {
    Ok(match url {
        DatabaseUrl::SqliteFile(path) => Arc::new(sqlite::Sqlite::open_existing(path, access)?),
        DatabaseUrl::SqliteMemory => {
            bail!("a database in memory ends with its server; this command cannot reach it")
        }
        DatabaseUrl::Postgres(address) => Arc::new(postgres::Postgres::open_existing(address)?),
    })
}

/// The wrapped keys of a database, without changing anything.
pub fn peek_keys(url: &DatabaseUrl) -> Result<Vec<WrappedKey>> {
    match url {
        DatabaseUrl::SqliteFile(path) => sqlite::peek_keys(path),
        DatabaseUrl::SqliteMemory => Ok(vec![]),
        DatabaseUrl::Postgres(address) => postgres::peek_keys(address),
    }
}

/// Whether the primary key, which is that column, was not unique: a number was given twice.
pub fn is_of_primary_key(said: &dyn DatabaseErrorInformation, column: &str) -> bool {
    let said = said.message();
    // SQLite names columns, PostgreSQL and CockroachDB constraints.
    said.ends_with(&format!(": {column}")) || said.contains("_pkey") || said.contains("\"primary\"")
}

/// How many use cases may run at once: each has a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permits {
    pub all: usize,
    pub read: usize,
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

    pub fn of(self, purpose: Purpose) -> usize {
        match purpose {
            Purpose::Reading => self.read,
            Purpose::Writing => self.write,
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
