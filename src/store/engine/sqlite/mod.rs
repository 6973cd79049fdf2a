//! The embedded SQLite engine: one writer, several readers, write-ahead log, every commit synced to disk.

mod backup;
mod batch;
mod connections;
mod files;
mod inspection;
mod migrations;
mod restore;
mod transaction;

use std::{
    path::Path,
    sync::{Arc, Mutex},
};

use self::{
    connections::{Connections, establish_to_read, pool},
    files::{Files, Partial},
    inspection::has_table,
};
use super::{AnyConnection, DatabaseUrl, OpenError, Permits, Tx};
use crate::sealed::WrappedKey;

pub use files::{Access, files_of, write_new_file};
pub use inspection::defects;
pub use restore::Staged;

/// How many reads run at once. SQLite's readers are bound by the processor, not by waiting.
const READERS: u32 = 4;

/// How much of the file a reading connection remembers, in KiB: what is above the leaves of a large database.
const READER_CACHE: u32 = 2 * 1024;

/// How much the writing one remembers, in KiB. Secrets of many namespaces go to as many places of the indexes, and what is not
/// remembered is read for each.
const WRITER_CACHE: u32 = 16 * 1024;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The embedded engine.
pub struct Sqlite {
    /// Absent for a database in memory.
    files: Option<Arc<Files>>,
    /// Used for nothing. The connection that closes a database last removes its log: while this one is open, that is never one of
    /// the pools' connections, and the log stays the file that it was at the start. Absent for a database in memory.
    _keeper: Option<Mutex<AnyConnection>>,
    writer: r2d2::Pool<Connections>,
    /// Absent for a database in memory: there the writer's connection is the only one.
    readers: Option<r2d2::Pool<Connections>>,
}

impl Sqlite {
    /// Opens the file, making it when it is missing, and brings its tables up to date.
    pub fn open(url: &DatabaseUrl) -> Result<Self, OpenError> {
        let build = || {
            let Some(path) = url.file() else { return Self::open_in_memory() };
            files::refuse_log_alone(path)?;
            files::make_missing(path)?;
            Partial::remove_left(path);
            migrations::refuse_foreign(&mut establish_to_read(path)?)?;
            files::keep_from_others(path);
            let mut first = connections::open(path, Access::Write)?;
            migrations::migrate(&mut first)?;
            Self::over(first, path, Access::Write)
        };
        build().map_err(|error: BoxError| OpenError::new(url, &*error))
    }

    /// Opens a file that is there and up to date, for upkeep beside a server that may be at work on it.
    pub fn open_existing(url: &DatabaseUrl, access: Access) -> Result<Self, OpenError> {
        let build = || {
            let path = existing(url)?;
            // By a connection that can change nothing: another one would begin with the way of logging.
            migrations::require_current(&mut establish_to_read(path)?)?;
            if access == Access::Write {
                files::keep_from_others(path);
            }
            Self::over(connections::open(path, access)?, path, access)
        };
        build().map_err(|error: BoxError| OpenError::new(url, &*error))
    }

    fn open_in_memory() -> Result<Self, BoxError> {
        let mut only = connections::open_in_memory()?;
        migrations::migrate(&mut only)?;
        let connections = Connections::InMemory { only: Arc::new(Mutex::new(Some(only))) };
        Ok(Self { files: None, _keeper: None, readers: None, writer: pool(1, connections)? })
    }

    fn over(first: AnyConnection, path: &Path, access: Access) -> Result<Self, BoxError> {
        let files = Arc::new(Files::open_now(path, access)?);
        let connections = |cache| Connections::ToFile { files: Arc::clone(&files), access, cache };
        Ok(Self {
            _keeper: Some(Mutex::new(first)),
            readers: Some(pool(READERS, connections(READER_CACHE))?),
            writer: pool(1, connections(WRITER_CACHE))?,
            files: Some(files),
        })
    }

    /// The wrapped keys of a database; none where there is no database, or one without keys yet. Changes nothing.
    pub fn peek_keys(url: &DatabaseUrl) -> Result<Vec<WrappedKey>, OpenError> {
        let peek = || {
            let Some(path) = url.file() else { return Ok(vec![]) };
            files::refuse_log_alone(path)?;
            if !path.exists() {
                return Ok(vec![]);
            }
            let mut connection = establish_to_read(path)?;
            if !has_table(&mut connection, "keys")? {
                return Ok(vec![]);
            }
            let mut connection = AnyConnection::Sqlite(connection);
            Ok(Tx::new(&mut connection).keys()?)
        };
        peek().map_err(|error: BoxError| OpenError::new(url, &*error))
    }

    /// One for each connection. A database in memory has a single one.
    pub fn permits(&self) -> Permits {
        let read = self.readers.as_ref().map_or(1, |readers| readers.max_size() as usize);
        let all = if self.readers.is_some() { read + 1 } else { 1 };
        Permits { all, read, write: 1, share: true }
    }

    /// How many connections are open, and how many may be.
    pub fn connections(&self) -> (usize, usize) {
        std::iter::once(&self.writer).chain(&self.readers).fold((0, 0), |(open, max), pool| {
            (open + pool.state().connections as usize, max + pool.max_size() as usize)
        })
    }
}

/// The file of a database that has to be there.
fn existing(url: &DatabaseUrl) -> Result<&Path, BoxError> {
    let path = url.file().ok_or("a database in memory needs no upkeep")?;
    files::refuse_log_alone(path)?;
    if path.exists() { Ok(path) } else { Err("there is no such file".into()) }
}
