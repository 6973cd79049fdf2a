//! The embedded SQLite engine: one writer, several readers, write-ahead log, every commit synced to disk.

mod backup;
mod batch;
mod connections;
mod files;
mod restore;
mod transaction;

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use anyhow::{Context, Result, ensure};
use diesel::{
    RunQueryDsl,
    connection::SimpleConnection,
    dsl::sql,
    sql_types::{BigInt, Text},
};

use self::{
    connections::{Connections, establish_to_read, pool},
    files::{Files, Partial},
    transaction::Transaction,
};
use super::{AnyConnection, DatabaseUrl, Engine, Job, Pace, Permits, Purpose, Tx};
use crate::{sealed::WrappedKey, store};

pub use files::{Access, files_of, folder_of, with_suffix, write_new_file};
pub use restore::Staged;

/// How many reads run at once. SQLite's readers are bound by the processor, not by waiting.
const READERS: u32 = 4;

/// How much of the file a reading connection caches, in KiB: what is above the leaves of a large database.
const READER_CACHE: u32 = 2 * 1024;

/// How much the writing connection caches, in KiB. Secrets of many namespaces go to as many places of the indexes, and what
/// is not cached is read for each.
const WRITER_CACHE: u32 = 16 * 1024;

/// The embedded engine.
pub struct Sqlite {
    /// `None` for a database in memory.
    files: Option<Arc<Files>>,
    /// Not used. The connection that closes a database last removes its log: while this one is open, that is never one of the
    /// pools' connections, and the log stays the file that it was at the start. `None` for a database in memory.
    _keeper: Option<Mutex<AnyConnection>>,
    writer: r2d2::Pool<Connections>,
    /// `None` for a database in memory: there the writer's connection is the only one.
    readers: Option<r2d2::Pool<Connections>>,
}

impl Sqlite {
    /// Opens the file, creating it when it is missing, and brings its tables up to date.
    pub fn open(path: &Path) -> Result<Self> {
        files::refuse_log_alone(path)?;
        files::make_missing(path)?;
        Partial::remove_left(path);
        files::refuse_second_name(path)?;
        refuse_foreign(&mut establish_to_read(path)?)?;
        files::keep_from_others(path);
        let mut first = connections::open(path, Access::Write)?;
        migrate(&mut first)?;
        Self::over(first, path, Access::Write)
    }

    /// Opens a file that exists and is up to date, for upkeep beside a server that may be using it.
    pub fn open_existing(path: &Path, access: Access) -> Result<Self> {
        files::refuse_log_alone(path)?;
        ensure!(path.exists(), "there is no such file");
        files::refuse_other_users(path)?;
        files::refuse_second_name(path)?;
        // By a connection that can change nothing: another one would begin by changing the journal mode.
        establish_to_read(path)?.require_current()?;
        if access == Access::Write {
            files::keep_from_others(path);
        }
        Self::over(connections::open(path, access)?, path, access)
    }

    /// Creates a database in memory.
    pub fn open_in_memory() -> Result<Self> {
        let mut only = connections::establish_at(":memory:")?;
        migrate(&mut only)?;
        let writer = pool(1, Connections::InMemory(Arc::new(Mutex::new(Some(only)))))?;
        Ok(Self { files: None, _keeper: None, readers: None, writer })
    }

    fn over(first: AnyConnection, path: &Path, access: Access) -> Result<Self> {
        let files = Arc::new(Files::open_now(path, access)?);
        let connections = |cache| Connections::ToFile { files: Arc::clone(&files), access, cache };
        Ok(Self {
            _keeper: Some(Mutex::new(first)),
            readers: Some(pool(READERS, connections(READER_CACHE))?),
            writer: pool(1, connections(WRITER_CACHE))?,
            files: Some(files),
        })
    }
}

impl Engine for Sqlite {
    fn run(&self, purpose: Purpose, _: Pace, next: &mut dyn FnMut() -> Option<Box<dyn Job>>) {
        // The error was sent to the callers.
        drop(self.run_batch(purpose, next));
    }

    fn backup(&self, file: &Path) -> Result<()> {
        backup::copy(self.files.as_ref().context("a database in memory cannot be backed up")?, file)
    }

    fn permits(&self) -> Permits {
        let read = self.readers.as_ref().map_or(1, |readers| readers.max_size() as usize);
        let all = if self.readers.is_some() { read + 1 } else { 1 };
        Permits { all, read, write: 1, share: true }
    }

    fn connections(&self) -> (usize, usize) {
        std::iter::once(&self.writer).chain(&self.readers).fold((0, 0), |(open, max), pool| {
            (open + pool.state().connections as usize, max + pool.max_size() as usize)
        })
    }

    fn retries(&self) -> u64 {
        0
    }
}

/// The wrapped keys of a database; none where there is no database, or one without keys yet. Another program's database is
/// an error. Changes nothing.
pub fn peek_keys(path: &Path) -> Result<Vec<WrappedKey>> {
    files::refuse_log_alone(path)?;
    if !path.exists() {
        return Ok(vec![]);
    }
    let mut connection = establish_to_read(path)?;
    refuse_foreign(&mut connection)?;
    if !connection.has_table("keys")? {
        return Ok(vec![]);
    }
    Ok(Tx::new(&mut connection).keys()?)
}

/// Refuses a database that has tables of another program, and changes nothing.
fn refuse_foreign(connection: &mut AnyConnection) -> Result<()> {
    let tables: i64 = sql::<BigInt>(connections::READ).get_result(connection)?;
    if tables == 0 { Ok(()) } else { connection.refuse_others() }
}

/// Creates or changes the tables where they are not up to date.
fn migrate(connection: &mut AnyConnection) -> Result<()> {
    // One transaction around all: of two processes that start at once one waits.
    let transaction = Transaction::begin(connection, "BEGIN IMMEDIATE")?;
    transaction.connection.refuse_unknown()?;
    transaction.connection.run_migrations()?;
    // A file that can only be read is opened without an error; a write fails.
    transaction.connection.batch_execute("UPDATE counters SET value = value")?;
    Ok(transaction.commit()?)
}

impl Tx<'_> {
    /// What the engine finds wrong with its file and with references between rows; names tables, indexes and row numbers.
    /// A PostgreSQL server keeps its references right, and its files are out of reach.
    pub fn defects(&mut self) -> store::Result<Vec<String>> {
        if self.has_other_writers() {
            return Ok(vec![]);
        }
        let mut defects = vec![];
        for query in [
            "PRAGMA integrity_check(100)",
            "SELECT printf('row %d of %s refers to nothing in %s', rowid, \"table\", parent) \
             FROM pragma_foreign_key_check",
            "SELECT name || ' is a trigger or a view of another program' FROM sqlite_master \
             WHERE type IN ('trigger', 'view')",
        ] {
            defects.extend(sql::<Text>(query).load::<String>(self.connection())?);
        }
        defects.retain(|text| text != "ok");
        Ok(defects)
    }
}
