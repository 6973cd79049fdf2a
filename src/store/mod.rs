//! Where secrets are kept. [`Store::read`] and [`Store::write`] are the two ways in, each with a form for upkeep, and
//! [`Store::read_briefly`]; nothing outside this folder names a table, and nothing outside [`engine`] knows which database
//! answers.

mod engine;
mod glances;
mod keys;
mod lane;
mod namespaces;
mod prepared;
mod progress;
mod schema;
mod secrets;
mod soundness;
mod tx;
mod unsealed;
mod writer;
mod writers;

use std::{path::Path, sync::Arc, time::Duration};

use self::{engine::Pace, glances::Glances, lane::Lane, writers::Writers};
use crate::domain::{Result, WrappedKey};

pub use engine::{
    Access, BackupError, DatabaseUrl, DatabaseUrlError, OpenError, RestoreError, Staged, files_of,
    write_new_file,
};
pub use keys::StoredDataKey;
pub use secrets::StoredSecret;
pub use soundness::Miscount;
pub use tx::Tx;
pub use unsealed::UnsealedSecret;

/// How long a use case waits for its turn at the database before it is refused as unavailable: time for many synced
/// commits on a slow disk, and less than a health check or a stopping server waits.
const TURN_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a use case that has its turn may take before its caller is told that the database is unavailable: more than
/// the engine waits for a lock and a connection. Some waits are no engine's to end, as for a disk that hangs.
const WORK_TIMEOUT: Duration = Duration::from_secs(5);

/// How many use cases may wait for their turn, in each direction, before further ones are refused at once.
const WAITING_MAX: usize = 4096;

/// The database, shared by everything that serves. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    engine: Arc<engine::Engine>,
    readers: Lane,
    glances: Glances,
    writers: Writers,
}

/// How busy the store is, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Connections that the engine may open.
    pub connections_max: usize,
    /// Connections that are open.
    pub connections_open: usize,
    /// Reads under way.
    pub reading: usize,
    /// Reads that wait for a connection.
    pub reads_waiting: usize,
    /// Writes under way.
    pub writing: usize,
    /// Writes that wait for their turn.
    pub writes_waiting: usize,
    /// How often a use case was tried once more, since another one was in its way or its connection was lost.
    pub retries: u64,
}

impl Store {
    /// Opens the database and brings its tables up to date. Blocks; to be called before serving.
    ///
    /// # Errors
    /// [`OpenError`] when the database cannot be opened, is no database, or was made by a newer version.
    pub fn open(url: &DatabaseUrl) -> std::result::Result<Self, OpenError> {
        engine::Engine::open(url, WORK_TIMEOUT).and_then(|engine| Self::over(engine, url))
    }

    /// Opens a database that is there and up to date, for upkeep: a server may be at work on it. Blocks.
    ///
    /// # Errors
    /// [`OpenError`], also when there is no such file or `serve` has to bring its tables up to date first.
    pub fn open_existing(
        url: &DatabaseUrl,
        access: Access,
    ) -> std::result::Result<Self, OpenError> {
        engine::Engine::open_existing(url, access, WORK_TIMEOUT)
            .and_then(|engine| Self::over(engine, url))
    }

    /// The wrapped keys of a database; none where there is no database, or one without keys yet. Changes nothing. Blocks.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn peek_keys(url: &DatabaseUrl) -> std::result::Result<Vec<WrappedKey>, OpenError> {
        engine::Engine::peek_keys(url, WORK_TIMEOUT)
    }

    fn over(engine: engine::Engine, url: &DatabaseUrl) -> std::result::Result<Self, OpenError> {
        let engine = Arc::new(engine);
        let readers = Lane::new(engine.reader_count());
        let glances = Glances::new(Arc::clone(&engine), readers.clone());
        let writers = Writers::of(&engine, &readers).map_err(|e| OpenError::new(url, &e))?;
        Ok(Self { engine, readers, glances, writers })
    }

    /// Runs a use case that only looks. It sees one moment of the database.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Error::Unavailable`](crate::domain::Error::Unavailable) when the database does not.
    pub async fn read<T, F>(&self, use_case: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let engine = Arc::clone(&self.engine);
        self.readers
            .run_in_time(
                lane::turn_deadline(),
                move || engine.read(Pace::Request, &use_case),
                || "",
            )
            .await
    }

    /// As [`Store::read`], for a use case that finds a few rows by their keys: it may share a look at the database with
    /// others, which it waits for. It sees a moment that is not before the call.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_briefly<T, F>(&self, use_case: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        if self.engine.shares_looks() {
            self.glances.read(use_case).await
        } else {
            self.read(use_case).await
        }
    }

    /// Runs a use case that changes something: wholly or, when it answers an error, not at all. It may be run again
    /// when the engine has to give way to another writer. What it did is on disk before this returns. An error means that
    /// nothing was done, unless the disk itself hung so long in the commit that nobody could wait for the outcome.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Error::Unavailable`](crate::domain::Error::Unavailable) when the database does not.
    pub async fn write<T, F>(&self, use_case: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.writers.write(use_case).await
    }

    /// As [`Store::read`], for as long as it takes: nobody's request waits for upkeep.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_for_upkeep<T, F>(&self, use_case: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let engine = Arc::clone(&self.engine);
        self.readers.run(move || engine.read(Pace::Upkeep, &use_case)).await
    }

    /// As [`Store::write`], for as long as it takes.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_for_upkeep<T, F>(&self, use_case: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let engine = Arc::clone(&self.engine);
        self.writers.alone(move || engine.write(Pace::Upkeep, &use_case)).await
    }

    /// Writes the database anew, so that nothing is left of what was deleted from it.
    ///
    /// # Errors
    /// [`Error::Unavailable`](crate::domain::Error::Unavailable).
    pub async fn scrub(&self) -> Result<()> {
        let engine = Arc::clone(&self.engine);
        self.writers.alone(move || engine.scrub()).await
    }

    /// Writes a copy of one moment of the database to a file that is not there yet, while others go on.
    ///
    /// # Errors
    /// [`BackupError`].
    pub async fn backup(&self, file: &Path) -> std::result::Result<(), BackupError> {
        let (engine, file) = (Arc::clone(&self.engine), file.to_owned());
        self.readers.run(move || Ok(engine.backup(&file))).await?
    }

    /// How busy the store is at this moment.
    #[must_use]
    pub fn load(&self) -> Load {
        let (connections_open, connections_max) = self.engine.connections();
        let (writers, queued_writers) = self.writers.in_lane();
        Load {
            connections_max,
            connections_open,
            reading: self.readers.running().saturating_sub(writers),
            reads_waiting: self.readers.waiting().saturating_sub(queued_writers),
            writing: self.writers.running(),
            writes_waiting: self.writers.waiting(),
            retries: self.engine.retries(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
