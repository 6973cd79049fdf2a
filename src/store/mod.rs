//! Where secrets are kept. [`Store::read`] and [`Store::write`] are the two ways in, each with a form for upkeep, and
//! [`Store::read_briefly`]; nothing outside this folder names a table, and nothing outside [`engine`] knows which database
//! answers.

mod counters;
mod engine;
mod error;
mod executor;
mod job;
mod keys;
mod pace;
mod prepared;
mod row;
mod schema;
mod soundness;
pub(crate) mod sql;
mod tx;

use std::{path::Path, sync::Arc};

use self::{
    executor::Executor,
    job::Purpose::{Reading, Writing},
    pace::Pace,
};
use crate::sealed::WrappedKey;

pub use engine::{
    Access, BackupError, DatabaseUrl, DatabaseUrlError, OpenError, RestoreError, Staged, files_of,
    write_new_file,
};
pub use error::{Result, Unavailable};
pub use row::RowPlace;
pub use tx::Tx;

/// The database, shared by everything that serves. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    engine: Arc<engine::Engine>,
    executor: Arc<Executor>,
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
        engine::Engine::open(url).and_then(|engine| Self::over(engine, url))
    }

    /// Opens a database that is there and up to date, for upkeep: a server may be at work on it. Blocks.
    ///
    /// # Errors
    /// [`OpenError`], also when there is no such file or `serve` has to bring its tables up to date first.
    pub fn open_existing(
        url: &DatabaseUrl,
        access: Access,
    ) -> std::result::Result<Self, OpenError> {
        engine::Engine::open_existing(url, access).and_then(|engine| Self::over(engine, url))
    }

    /// The wrapped keys of a database; none where there is no database, or one without keys yet. Changes nothing. Blocks.
    pub fn peek_keys(url: &DatabaseUrl) -> std::result::Result<Vec<WrappedKey>, OpenError> {
        engine::Engine::peek_keys(url)
    }

    fn over(engine: engine::Engine, url: &DatabaseUrl) -> std::result::Result<Self, OpenError> {
        let engine = Arc::new(engine);
        let executor = Executor::start(Arc::clone(&engine));
        let executor = Arc::new(executor.map_err(|error| OpenError::new(url, &error))?);
        Ok(Self { engine, executor })
    }

    /// Runs a use case that only looks. It sees one moment of the database.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Unavailable`] when the database does not.
    pub async fn read<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.executor.run(Reading, Pace::Request, false, use_case).await
    }

    /// As [`Store::read`], for a use case that finds a few rows by their keys: it may share a transaction with
    /// others, which it waits for. It sees a moment that is not before the call.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_briefly<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.executor.run(Reading, Pace::Request, true, use_case).await
    }

    /// Runs a use case that changes something: wholly or, when it answers an error, not at all. It may be run again
    /// when the engine has to give way to another writer. What it did is on disk before this returns. An error means that
    /// nothing was done, unless the disk itself hung so long in the commit that nobody could wait for the outcome.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Unavailable`] when the database does not.
    pub async fn write<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.executor.run(Writing, Pace::Request, true, use_case).await
    }

    /// As [`Store::read`], for as long as it takes: nobody's request waits for upkeep.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_for_upkeep<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.executor.run(Reading, Pace::Upkeep, false, use_case).await
    }

    /// As [`Store::write`], for as long as it takes.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write_for_upkeep<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.executor.run(Writing, Pace::Upkeep, false, use_case).await
    }

    /// Writes a copy of one moment of the database to a file that is not there yet, while others go on.
    pub async fn backup(&self, file: &Path) -> std::result::Result<(), BackupError> {
        let (engine, file) = (Arc::clone(&self.engine), file.to_owned());
        let backup = tokio::task::spawn_blocking(move || engine.backup(&file));
        backup.await.unwrap_or_else(|failed| Err(BackupError(failed.to_string())))
    }

    /// How busy the store is at this moment.
    #[must_use]
    pub fn load(&self) -> Load {
        let (connections_open, connections_max) = self.engine.connections();
        let (reads, writes) = self.executor.busy();
        Load {
            connections_max,
            connections_open,
            reading: reads.running,
            reads_waiting: reads.waiting,
            writing: writes.running,
            writes_waiting: writes.waiting,
            retries: self.engine.retries(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
