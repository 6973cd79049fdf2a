//! The embedded SQLite engine: one writer, several readers, write-ahead log, every commit synced to disk.

use std::{
    collections::HashSet,
    fs, io,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use diesel::{
    Connection, QueryableByName, RunQueryDsl, SqliteConnection,
    connection::{AnsiTransactionManager, SimpleConnection, TransactionManager},
    migration::{Migration, MigrationSource, MigrationVersion},
    sql_types::Text,
    sqlite::Sqlite as SqliteBackend,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{AnyConnection, DatabaseUrl, OpenError, Tx};
use crate::domain::{Error, Result};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// How many reads run at once. SQLite's readers are bound by the processor, not by waiting.
const READERS: u32 = 4;

/// How long one statement waits for another process that holds the database locked.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a use case waits for a working connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The embedded engine.
pub struct Sqlite {
    /// Absent for a database in memory.
    path: Option<PathBuf>,
    writer: r2d2::Pool<Connections>,
    /// Absent for a database in memory: there the writer's connection is the only one.
    readers: Option<r2d2::Pool<Connections>>,
}

impl Sqlite {
    /// Opens the file, making it when it is missing, and brings its tables up to date.
    pub fn open(url: &DatabaseUrl) -> std::result::Result<Self, OpenError> {
        Self::build(url)
            .map_err(|error| OpenError { location: url.to_string(), reason: error.to_string() })
    }

    fn build(url: &DatabaseUrl) -> std::result::Result<Self, BoxError> {
        let path = match url {
            DatabaseUrl::SqliteFile(path) => Some(path.clone()),
            DatabaseUrl::SqliteMemory => None,
        };
        if let Some(path) = &path {
            make_missing(path)?;
        }
        let connections = Connections { path: path.clone(), spare: Arc::default() };
        let mut first = connections.open()?;
        migrate(&mut first.connection)?;
        let readers = match &connections.path {
            Some(_) => Some(pool(READERS, connections.clone())?),
            None => None,
        };
        // Only now: the readers' pool is full, so it is the writer that takes it.
        connections.keep(first);
        Ok(Self { path, writer: pool(1, connections)?, readers })
    }

    /// Runs a use case that changes something; what it did is synced to disk before this returns.
    pub fn write<T>(&self, use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        // The lock is taken at once: a reader that turns into a writer halfway would be refused as busy.
        self.transact(&self.writer, "BEGIN IMMEDIATE", use_case)
    }

    /// Runs a use case that only looks.
    pub fn read<T>(&self, use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.transact(self.readers.as_ref().unwrap_or(&self.writer), "BEGIN DEFERRED", use_case)
    }

    fn transact<T>(
        &self,
        pool: &r2d2::Pool<Connections>,
        begin: &str,
        use_case: &dyn Fn(&mut Tx<'_>) -> Result<T>,
    ) -> Result<T> {
        // Asked here too: the pool would go on trying for its whole time before it tells that the file is gone.
        if let Some(path) = &self.path {
            identity(path).map_err(Error::unavailable)?;
        }
        let mut open = pool.get().map_err(Error::unavailable)?;
        let AnyConnection::Sqlite(sqlite) = &mut open.connection;
        AnsiTransactionManager::begin_transaction_sql(sqlite, begin).map_err(Error::unavailable)?;
        let mut transaction = Begun { connection: &mut open.connection, ended: false };
        let answer = use_case(&mut Tx::new(transaction.connection))?;
        transaction.commit()?;
        Ok(answer)
    }

    pub fn reader_count(&self) -> usize {
        self.readers.as_ref().map_or(1, |pool| pool.max_size() as usize)
    }

    pub fn is_in_memory(&self) -> bool {
        self.readers.is_none()
    }

    pub fn connections(&self) -> (usize, usize) {
        let pools = [Some(&self.writer), self.readers.as_ref()];
        pools.into_iter().flatten().fold((0, 0), |(open, max), pool| {
            (open + pool.state().connections as usize, max + pool.max_size() as usize)
        })
    }
}

/// One open connection and the file it was opened on.
struct Open {
    connection: AnyConnection,
    file: Option<FileIdentity>,
}

/// Device and inode: what a path must still mean for a connection to be worth writing to.
type FileIdentity = (u64, u64);

/// Opens connections for the pools.
#[derive(Clone)]
struct Connections {
    path: Option<PathBuf>,
    /// A connection that is open already and is handed out first.
    spare: Arc<Mutex<Option<Open>>>,
}

impl Connections {
    fn keep(&self, open: Open) {
        *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(open);
    }

    fn open(&self) -> std::result::Result<Open, BoxError> {
        // Looked at before it is opened: if another file comes in between, the connection is refused at its first use.
        let file = self.path.as_deref().map(identity).transpose()?;
        let address = match &self.path {
            Some(path) => address(path)?,
            None => ":memory:".to_owned(),
        };
        let mut connection = SqliteConnection::establish(&address)?;
        connection.batch_execute(&format!(
            "PRAGMA busy_timeout = {}; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
            BUSY_TIMEOUT.as_millis()
        ))?;
        if self.path.is_some() {
            demand_write_ahead_log(&mut connection)?;
        }
        Ok(Open { connection: AnyConnection::Sqlite(connection), file })
    }
}

/// SQLite answers with the mode that it could set, which is another one where files cannot be shared in memory.
fn demand_write_ahead_log(connection: &mut SqliteConnection) -> std::result::Result<(), BoxError> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = Text)]
        journal_mode: String,
    }
    let answer: Answer = diesel::sql_query("PRAGMA journal_mode = WAL").get_result(connection)?;
    if answer.journal_mode.eq_ignore_ascii_case("wal") {
        Ok(())
    } else {
        Err("a write-ahead log is not possible there".into())
    }
}

impl r2d2::ManageConnection for Connections {
    type Connection = Open;
    type Error = BoxedError;

    fn connect(&self) -> std::result::Result<Open, BoxedError> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (spare, &self.path) {
            (Some(open), _) => Ok(open),
            (None, Some(_)) => self.open().map_err(BoxedError),
            (None, None) => Err(BoxedError("the database in memory is lost".into())),
        }
    }

    fn is_valid(&self, open: &mut Open) -> std::result::Result<(), BoxedError> {
        // A file that was moved or replaced takes writes without an error and loses them.
        match &self.path {
            Some(path)
                if Some(identity(path).map_err(|error| BoxedError(error.into()))?) != open.file =>
            {
                Err(BoxedError("the database file was replaced".into()))
            }
            _ => Ok(()),
        }
    }

    fn has_broken(&self, open: &mut Open) -> bool {
        let AnyConnection::Sqlite(connection) = &mut open.connection;
        AnsiTransactionManager::is_broken_transaction_manager(connection)
    }
}

/// An error that a pool can carry.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct BoxedError(BoxError);

fn pool(
    size: u32,
    connections: Connections,
) -> std::result::Result<r2d2::Pool<Connections>, r2d2::Error> {
    r2d2::Pool::builder()
        .max_size(size)
        .connection_timeout(CONNECT_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_on_check_out(true)
        // Each failed attempt is told to the use case that waits for it; a second report would only repeat it.
        .error_handler(Box::new(r2d2::NopErrorHandler))
        .build(connections)
}

/// A transaction under way: rolled back when it is dropped before its commit, by an error or by a panic.
struct Begun<'a> {
    connection: &'a mut AnyConnection,
    ended: bool,
}

impl Begun<'_> {
    fn commit(&mut self) -> Result<()> {
        self.ended = true;
        let AnyConnection::Sqlite(sqlite) = &mut *self.connection;
        AnsiTransactionManager::commit_transaction(sqlite).map_err(|error| {
            // A commit that failed for lack of a lock or of space leaves the transaction open.
            roll_back(sqlite);
            Error::unavailable(error)
        })
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        if !self.ended {
            let AnyConnection::Sqlite(sqlite) = &mut *self.connection;
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

fn migrate(connection: &mut AnyConnection) -> std::result::Result<(), BoxError> {
    let AnyConnection::Sqlite(sqlite) = connection;
    // One transaction around all: two processes that start at once take turns.
    AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE")?;
    let migrated = refuse_newer(sqlite)
        .and_then(|()| sqlite.run_pending_migrations(MIGRATIONS).map(drop))
        // A file that can only be read is opened without a word; a write tells.
        .and_then(|()| Ok(sqlite.batch_execute("UPDATE counters SET value = value")?));
    match migrated {
        Ok(()) => Ok(AnsiTransactionManager::commit_transaction(sqlite)?),
        Err(error) => {
            roll_back(sqlite);
            Err(error)
        }
    }
}

fn refuse_newer(sqlite: &mut SqliteConnection) -> std::result::Result<(), BoxError> {
    let known: Vec<Box<dyn Migration<SqliteBackend>>> = MIGRATIONS.migrations()?;
    let known: HashSet<MigrationVersion<'_>> = known.iter().map(|it| it.name().version()).collect();
    let unknown = sqlite.applied_migrations()?.into_iter().find(|applied| !known.contains(applied));
    match unknown {
        Some(version) => {
            Err(format!("it was made by a newer version (migration {version})").into())
        }
        None => Ok(()),
    }
}

fn make_missing(path: &Path) -> io::Result<()> {
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

fn identity(path: &Path) -> io::Result<FileIdentity> {
    fs::metadata(path).map(|file| (file.dev(), file.ino()))
}

/// What may stand in an SQLite `file:` address as it is.
const ADDRESS: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn address(path: &Path) -> std::result::Result<String, BoxError> {
    let path = path.to_str().ok_or("the path is not valid UTF-8")?;
    // mode=rw: a file that is gone must not come back empty.
    Ok(format!("file:{}?mode=rw", utf8_percent_encode(path, ADDRESS)))
}
