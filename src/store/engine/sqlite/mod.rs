//! The embedded SQLite engine: one writer, several readers, write-ahead log, every commit synced to disk.

mod backup;
mod connections;
mod files;
mod group;
mod inspection;
mod migrations;
mod restore;

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use diesel::{
    SqliteConnection,
    connection::{AnsiTransactionManager, TransactionManager},
};

use self::{
    connections::{Connections, establish_to_look, pool},
    files::{Files, Partial},
    inspection::has_table,
};
use super::{AnyConnection, DatabaseUrl, OpenError, Tx};
use crate::domain::{Error, Result, WrappedKey};

pub use connections::Access;
pub use files::{files_of, write_new_file};
pub use inspection::defects;
pub use restore::Staged;

/// How many reads run at once. SQLite's readers are bound by the processor, not by waiting.
const READERS: u32 = 4;

/// How much of the file a reading connection remembers, in KiB: what is above the leaves of a large database.
const READER_CACHE: u32 = 2 * 1024;

/// How much the writing one remembers, in KiB. Secrets of many namespaces go to as many places of the indexes, and what is not
/// remembered is read for each.
const WRITER_CACHE: u32 = 16 * 1024;

/// The lock is taken at once: a reader that turns into a writer halfway would be refused as busy.
const WRITE: &str = "BEGIN IMMEDIATE";

/// How a look begins.
const READ: &str = "BEGIN DEFERRED";

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The embedded engine.
pub struct Sqlite {
    /// Absent for a database in memory.
    files: Option<Arc<Files>>,
    /// Used for nothing. Whoever closes a database last removes its log: while this one is open, that is never one of
    /// the pools' connections, and the log stays the file that it was at the start. Absent for a database in memory.
    _keeper: Option<Mutex<AnyConnection>>,
    writer: r2d2::Pool<Connections>,
    /// Absent for a database in memory: there the writer's connection is the only one.
    readers: Option<r2d2::Pool<Connections>>,
}

impl Sqlite {
    /// Opens the file, making it when it is missing, and brings its tables up to date.
    pub fn open(url: &DatabaseUrl) -> std::result::Result<Self, OpenError> {
        let build = || {
            let Some(path) = url.file() else { return Self::open_in_memory() };
            files::refuse_log_alone(path)?;
            files::make_missing(path)?;
            Partial::remove_left(path);
            migrations::refuse_foreign(&mut establish_to_look(path)?)?;
            files::keep_from_others(path);
            let mut first = connections::open(path, Access::Write)?;
            migrations::migrate(&mut first)?;
            Self::over(first, path, Access::Write)
        };
        build().map_err(|error: BoxError| OpenError::new(url, &*error))
    }

    /// Opens a file that is there and up to date, for upkeep beside a server that may be at work on it.
    pub fn open_existing(
        url: &DatabaseUrl,
        access: Access,
    ) -> std::result::Result<Self, OpenError> {
        let build = || {
            let path = existing(url)?;
            // Looked at by a connection that can change nothing: another one would begin with the way of logging.
            migrations::require_current(&mut establish_to_look(path)?)?;
            if access == Access::Write {
                files::keep_from_others(path);
            }
            Self::over(connections::open(path, access)?, path, access)
        };
        build().map_err(|error: BoxError| OpenError::new(url, &*error))
    }

    fn open_in_memory() -> std::result::Result<Self, BoxError> {
        let mut only = connections::open_in_memory()?;
        migrations::migrate(&mut only)?;
        let connections = Connections::InMemory { only: Arc::new(Mutex::new(Some(only))) };
        Ok(Self { files: None, _keeper: None, readers: None, writer: pool(1, connections)? })
    }

    fn over(
        first: AnyConnection,
        path: &Path,
        access: Access,
    ) -> std::result::Result<Self, BoxError> {
        let files = Arc::new(Files::look(path, access)?);
        let connections = |cache| Connections::ToFile { files: Arc::clone(&files), access, cache };
        Ok(Self {
            _keeper: Some(Mutex::new(first)),
            readers: Some(pool(READERS, connections(READER_CACHE))?),
            writer: pool(1, connections(WRITER_CACHE))?,
            files: Some(files),
        })
    }

    /// The wrapped keys of a database; none where there is no database, or one without keys yet. Changes nothing.
    pub fn peek_keys(url: &DatabaseUrl) -> std::result::Result<Vec<WrappedKey>, OpenError> {
        let peek = || {
            let Some(path) = url.file() else { return Ok(vec![]) };
            files::refuse_log_alone(path)?;
            if !path.exists() {
                return Ok(vec![]);
            }
            let mut connection = establish_to_look(path)?;
            if !has_table(&mut connection, "keys")? {
                return Ok(vec![]);
            }
            let mut connection = AnyConnection::Sqlite(connection);
            Ok(Tx::new(&mut connection).keys()?)
        };
        peek().map_err(|error: BoxError| OpenError::new(url, &*error))
    }

    /// Runs a use case that changes something; what it did is synced to disk before this returns.
    pub fn write<T>(&self, use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.writer.get().map_err(Error::unavailable)?;
        self.transact(&mut connection, WRITE, use_case)
    }

    /// Runs a use case that only looks.
    pub fn read<T>(&self, use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let pool = self.readers.as_ref().unwrap_or(&self.writer);
        let mut connection = pool.get().map_err(Error::unavailable)?;
        self.transact(&mut connection, READ, use_case)
    }

    fn transact<T>(
        &self,
        connection: &mut AnyConnection,
        begin: &str,
        use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        let mut transaction = Begun::new(connection, begin)?;
        let mut tx = Tx::new(transaction.connection);
        let answer = use_case(&mut tx);
        let completed = if answer.is_ok() { tx.complete() } else { Ok(()) };
        // As late as can be, and before anything is believed that was read: also that something is not there.
        self.check_files()?;
        let answer = answer?;
        completed?;
        transaction.commit()?;
        Ok(answer)
    }

    fn check_files(&self) -> Result<()> {
        self.files.as_ref().map_or(Ok(()), |files| files.check().map_err(Error::unavailable))
    }

    /// How many reads may run at once.
    pub fn reader_count(&self) -> usize {
        self.readers.as_ref().map_or(1, |readers| readers.max_size() as usize)
    }

    /// Whether it goes with the process, and has a single connection.
    pub fn is_in_memory(&self) -> bool {
        self.readers.is_none()
    }

    /// How many connections are open, and how many may be.
    pub fn connections(&self) -> (usize, usize) {
        std::iter::once(&self.writer).chain(&self.readers).fold((0, 0), |(open, max), pool| {
            (open + pool.state().connections as usize, max + pool.max_size() as usize)
        })
    }
}

/// The file of a database that has to be there.
fn existing(url: &DatabaseUrl) -> std::result::Result<&Path, BoxError> {
    let path = url.file().ok_or("a database in memory has nothing to be looked after")?;
    files::refuse_log_alone(path)?;
    if path.exists() { Ok(path) } else { Err("there is no such file".into()) }
}

/// A transaction under way: rolled back when it is dropped before its commit, by an error or by a panic.
struct Begun<'a> {
    connection: &'a mut AnyConnection,
    ended: bool,
}

impl<'a> Begun<'a> {
    fn new(connection: &'a mut AnyConnection, begin: &str) -> Result<Self> {
        let sqlite = connection.sqlite().map_err(Error::unavailable)?;
        AnsiTransactionManager::begin_transaction_sql(sqlite, begin).map_err(Error::unavailable)?;
        Ok(Self { connection, ended: false })
    }

    fn commit(&mut self) -> Result<()> {
        self.ended = true;
        let sqlite = self.connection.sqlite().map_err(Error::unavailable)?;
        AnsiTransactionManager::commit_transaction(sqlite).map_err(|error| {
            // A commit that failed for lack of a lock or of space leaves the transaction open.
            roll_back(sqlite);
            Error::unavailable(error)
        })
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if !self.ended
            && let Ok(sqlite) = self.connection.sqlite()
        {
            roll_back(sqlite);
        }
    }
}

fn roll_back(sqlite: &mut SqliteConnection) {
    let depth =
        match AnsiTransactionManager::transaction_manager_status_mut(sqlite).transaction_depth() {
            Ok(depth) => depth,
            Err(_broken) => return,
        };
    if depth.is_some()
        && let Err(error) = AnsiTransactionManager::rollback_transaction(sqlite)
    {
        // The pool sees the broken transaction and opens another connection; a database in memory is lost with it.
        log::error!("cannot roll a transaction back: {error}");
    }
}
