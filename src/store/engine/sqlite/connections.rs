//! Connections to an SQLite file, and what a pool has to know about them.

use std::{
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use diesel::{
    Connection, RunQueryDsl, SqliteConnection,
    connection::{SimpleConnection, TransactionManager},
    dsl::sql,
    sql_types::Text,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    AnyConnection,
    files::{Access, Files, with_suffix},
    transaction::Manager,
};
use crate::store::PERMIT_TIMEOUT;

/// How long one statement waits for another process that holds the database locked. A rotation does so again and again, and
/// SQLite has no queue, so on a busy machine it takes a while to get in between. Less than [`PERMIT_TIMEOUT`], which goes on
/// meanwhile: then the log names the lock.
const BUSY_TIMEOUT: Duration = Duration::from_millis(3500);

const _: () = assert!(BUSY_TIMEOUT.as_millis() < PERMIT_TIMEOUT.as_millis());

/// How long a use case waits for a working connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Reads from the file: how many tables, indexes and the like it has.
pub const READ: &str = "SELECT count(*) FROM sqlite_master";

/// Opens connections for the pools.
#[derive(Clone)]
pub enum Connections {
    /// To a file, of which each caches so many KiB.
    ToFile { files: Arc<Files>, access: Access, cache: u32 },
    /// To a database in memory: the only connection, until the pool takes it.
    InMemory(Arc<Mutex<Option<AnyConnection>>>),
}

/// Opens a connection to a file that exists, with a write-ahead log if it is to be written.
pub fn open(path: &Path, access: Access) -> Result<AnyConnection> {
    let mut connection = establish(path, access)?;
    if access == Access::Write {
        // SQLite answers with the mode that it could set: another one where files cannot be shared in memory.
        let mode: String = sql::<Text>("PRAGMA journal_mode = WAL").get_result(&mut connection)?;
        ensure!(mode.eq_ignore_ascii_case("wal"), "a write-ahead log is not possible there");
        // From the first read on the log exists.
        connection.batch_execute(READ)?;
    }
    Ok(connection)
}

/// One connection to a file that exists.
pub fn establish(path: &Path, access: Access) -> Result<AnyConnection> {
    let path = path.to_str().context("the path is not valid UTF-8")?;
    // Neither mode makes a file: one that is gone must not come back empty.
    let mode = match access {
        Access::Write => "rw",
        Access::Read => "ro",
    };
    establish_at(&format!("file:{}?mode={mode}", utf8_percent_encode(path, ADDRESS)))
}

/// One connection that does not change a file, unless a process was killed in a transaction with a rollback journal: then
/// that transaction is rolled back, since the file cannot be read before.
pub fn establish_to_read(path: &Path) -> Result<AnyConnection> {
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

/// One connection to an address of SQLite's; `:memory:` creates a database there.
pub fn establish_at(address: &str) -> Result<AnyConnection> {
    let mut connection = AnyConnection::Sqlite(SqliteConnection::establish(address)?);
    // The timeout first: what follows may meet a lock. Temporary tables in memory: there may be no folder for them.
    connection.batch_execute(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA temp_store = MEMORY;",
        BUSY_TIMEOUT.as_millis()
    ))?;
    Ok(connection)
}

impl r2d2::ManageConnection for Connections {
    type Connection = AnyConnection;
    type Error = io::Error;

    fn connect(&self) -> io::Result<AnyConnection> {
        match self {
            Self::ToFile { files, access, cache } => {
                let open = || {
                    files.check()?;
                    let mut connection = open(&files.path, *access)?;
                    connection.batch_execute(&format!("PRAGMA cache_size = -{cache}"))?;
                    Ok(connection)
                };
                open().map_err(|error: anyhow::Error| io::Error::other(error))
            }
            Self::InMemory(only) => {
                let only = only.lock().unwrap_or_else(PoisonError::into_inner).take();
                only.ok_or_else(|| io::Error::other("the database in memory is lost"))
            }
        }
    }

    // A connection whose files are gone is kept: it works again as soon as they are back.
    fn is_valid(&self, _connection: &mut AnyConnection) -> io::Result<()> {
        Ok(())
    }

    fn has_broken(&self, connection: &mut AnyConnection) -> bool {
        Manager::is_broken_transaction_manager(connection)
    }
}

/// A pool of so many connections.
pub fn pool(size: u32, connections: Connections) -> Result<r2d2::Pool<Connections>> {
    let pool = r2d2::Pool::builder()
        .max_size(size)
        .connection_timeout(CONNECT_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_on_check_out(false)
        // The use case that waits for the connection gets the error; the log would only repeat it.
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .build(connections)?;
    Ok(pool)
}

/// What is not encoded in an SQLite `file:` address.
const ADDRESS: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');
