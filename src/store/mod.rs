//! The database. [`Store::read`] and [`Store::write`] run use cases in transactions, each with a form for upkeep, and
//! [`Store::read_briefly`]. Only this folder and the products' stores name tables, and only `engine` depends on which
//! database answers.

mod counters;
mod engine;
mod error;
mod executor;
mod job;
mod keys;
mod pace;
mod prepared;
mod schema;
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
    folder_of, with_suffix, write_new_file,
};
pub use error::{Result, Unavailable};
pub use executor::Load;
pub use tx::{Failure, Progress, RowPlace, Tx, UseCase};

/// The database, shared by everything that serves. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn engine::Engine>,
    executor: Arc<Executor>,
}

impl Store {
    /// Opens the database, creating it where it is missing, and brings its tables up to date. Blocks; to be called before
    /// serving.
    pub fn open(url: &DatabaseUrl) -> std::result::Result<Self, OpenError> {
        Self::over(engine::open(url)?, url)
    }

    /// Opens a database that exists and is up to date, for upkeep: a server may be using it. Blocks.
    pub fn open_existing(
        url: &DatabaseUrl,
        access: Access,
    ) -> std::result::Result<Self, OpenError> {
        Self::over(engine::open_existing(url, access)?, url)
    }

    /// The wrapped keys of a database; none where there is no database, or one without keys yet. Changes nothing. Blocks.
    pub fn peek_keys(url: &DatabaseUrl) -> std::result::Result<Vec<WrappedKey>, OpenError> {
        engine::peek_keys(url)
    }

    fn over(
        engine: Arc<dyn engine::Engine>,
        url: &DatabaseUrl,
    ) -> std::result::Result<Self, OpenError> {
        let executor = Executor::start(Arc::clone(&engine));
        let executor = Arc::new(executor.map_err(|error| OpenError::new(url, error))?);
        Ok(Self { engine, executor })
    }

    /// Runs a use case that only reads, in a read transaction of its own.
    pub async fn read<T: Send + 'static, E: Failure>(
        &self,
        use_case: impl UseCase<T, E>,
    ) -> Result<T, E> {
        self.executor.run(Reading, Pace::Request, false, use_case).await
    }

    /// As [`Store::read`], for a use case that finds a few rows by their keys: it may share a read transaction, which it
    /// waits for. The snapshot is not older than the call.
    pub async fn read_briefly<T: Send + 'static, E: Failure>(
        &self,
        use_case: impl UseCase<T, E>,
    ) -> Result<T, E> {
        self.executor.run(Reading, Pace::Request, true, use_case).await
    }

    /// Runs a use case that changes something: wholly or, when it answers an error, not at all. It may be run again, alone
    /// or after a conflict with another transaction. What it did is on disk before this returns. An error means that
    /// nothing was done, unless the commit itself took so long that its outcome is not known.
    pub async fn write<T: Send + 'static, E: Failure>(
        &self,
        use_case: impl UseCase<T, E>,
    ) -> Result<T, E> {
        self.executor.run(Writing, Pace::Request, true, use_case).await
    }

    /// As [`Store::read`], without a timeout: no request waits for upkeep.
    pub async fn read_for_upkeep<T: Send + 'static, E: Failure>(
        &self,
        use_case: impl UseCase<T, E>,
    ) -> Result<T, E> {
        self.executor.run(Reading, Pace::Upkeep, false, use_case).await
    }

    /// As [`Store::write`], without a timeout.
    pub async fn write_for_upkeep<T: Send + 'static, E: Failure>(
        &self,
        use_case: impl UseCase<T, E>,
    ) -> Result<T, E> {
        self.executor.run(Writing, Pace::Upkeep, false, use_case).await
    }

    /// Writes a snapshot of the database to a new file, while others go on reading and writing.
    pub async fn backup(&self, file: &Path) -> std::result::Result<(), BackupError> {
        let (engine, file) = (Arc::clone(&self.engine), file.to_owned());
        let backup = tokio::task::spawn_blocking(move || engine.backup(&file));
        backup.await.unwrap_or_else(|failed| Err(BackupError(failed.to_string())))
    }

    /// How busy the store is at this moment.
    #[must_use]
    pub fn load(&self) -> Load {
        self.executor.load()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
