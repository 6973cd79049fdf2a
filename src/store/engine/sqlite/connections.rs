//! Connections to an SQLite file, and what a pool has to know about them.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use diesel::{
    Connection, RunQueryDsl, SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    dsl::sql,
    sql_types::Text,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    AnyConnection, BoxError,
    files::{Access, Files, with_suffix},
};

/// How long one statement waits for another process that holds the database locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a use case waits for a working connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Reads from the file.
const READ: &str = "SELECT count(*) FROM sqlite_master";

/// Opens connections for the pools.
#[derive(Clone)]
pub enum Connections {
    /// To a file.
    ToFile {
        /// The files that the database had at the start.
        files: Arc<Files>,
        /// What the connections may do.
        access: Access,
        /// How many KiB of the file each remembers.
        cache: u32,
    },
    /// To a database in memory.
    InMemory {
        /// The only connection that there can be, until the pool takes it.
        only: Arc<Mutex<Option<AnyConnection>>>,
    },
}

/// Opens a connection to a file that exists, and sees to it that it has a write-ahead log if it is to be written.
pub fn open(path: &Path, access: Access) -> Result<AnyConnection, BoxError> {
    let mut connection = establish(path, access)?;
    if access == Access::Write {
        demand_write_ahead_log(&mut connection)?;
        // From the first read on the log is there, which is to be known by then.
        connection.batch_execute(READ)?;
    }
    Ok(AnyConnection::Sqlite(connection))
}

/// Makes a database in memory.
pub fn open_in_memory() -> Result<AnyConnection, BoxError> {
    prepare(SqliteConnection::establish(":memory:")?).map(AnyConnection::Sqlite)
}

/// One connection to a file that exists.
pub fn establish(path: &Path, access: Access) -> Result<SqliteConnection, BoxError> {
    prepare(SqliteConnection::establish(&address(path, access)?)?)
}

/// One connection that changes nothing of a file, unless a process was killed while it changed the file by way of a journal:
/// what was half done is undone then, since the file cannot be read before.
pub fn establish_to_read(path: &Path) -> Result<SqliteConnection, BoxError> {
    let open = |access| {
        let mut connection = establish(path, access)?;
        connection.batch_execute(READ)?;
        Ok(connection)
    };
    match open(Access::Read) {
        Err(_) if with_suffix(path, "-journal").exists() => open(Access::Write),
        opened => opened,
    }
}

fn prepare(mut connection: SqliteConnection) -> Result<SqliteConnection, BoxError> {
    // The first thing: what follows may meet a lock. In memory what SQLite needs for itself: there may be no folder for its
    // files.
    connection.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;",
        BUSY_TIMEOUT.as_millis()
    ))?;
    Ok(connection)
}

/// SQLite answers with the mode that it could set, which is another one where files cannot be shared in memory.
fn demand_write_ahead_log(connection: &mut SqliteConnection) -> Result<(), BoxError> {
    let mode: String = sql::<Text>("PRAGMA journal_mode = WAL").get_result(connection)?;
    if mode.eq_ignore_ascii_case("wal") {
        Ok(())
    } else {
        Err("a write-ahead log is not possible there".into())
    }
}

impl r2d2::ManageConnection for Connections {
    type Connection = AnyConnection;
    type Error = BoxedError;

    fn connect(&self) -> Result<AnyConnection, BoxedError> {
        match self {
            Self::ToFile { files, access, cache } => {
                let open = || {
                    files.check()?;
                    let mut connection = open(files.path(), *access)?;
                    connection.batch_execute(&format!("PRAGMA cache_size = -{cache}"))?;
                    Ok(connection)
                };
                open().map_err(BoxedError)
            }
            Self::InMemory { only } => {
                let only = only.lock().unwrap_or_else(PoisonError::into_inner).take();
                only.ok_or_else(|| BoxedError("the database in memory is lost".into()))
            }
        }
    }

    // A connection whose files are gone is kept: it is right again as soon as they are back.
    fn is_valid(&self, _connection: &mut AnyConnection) -> Result<(), BoxedError> {
        Ok(())
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        connection.sqlite().map_or(true, AnsiTransactionManager::is_broken_transaction_manager)
    }
}

/// An error that a pool can carry.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BoxedError(BoxError);

/// A pool of so many connections.
pub fn pool(size: u32, connections: Connections) -> Result<r2d2::Pool<Connections>, r2d2::Error> {
    r2d2::Pool::builder()
        .max_size(size)
        .connection_timeout(CONNECT_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_on_check_out(false)
        // Each failed attempt is told to the use case that waits for it; a second report would only repeat it.
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .build(connections)
}

/// What may stand in an SQLite `file:` address as it is.
const ADDRESS: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn address(path: &Path, access: Access) -> Result<String, BoxError> {
    let path = path.to_str().ok_or("the path is not valid UTF-8")?;
    // Neither mode makes a file: one that is gone must not come back empty.
    let mode = match access {
        Access::Write => "rw",
        Access::Read => "ro",
    };
    Ok(format!("file:{}?mode={mode}", utf8_percent_encode(path, ADDRESS)))
}
