//! The database. [`Store::read`] and [`Store::write`] run use cases in transactions, each with a form for upkeep, and
//! [`Store::read_briefly`]. Only this folder and the products' stores name tables, and only `engine` and the counters depend
//! on which database answers.

mod counters;
mod engine;
mod executor;
mod job;
mod keys;
mod schema;
pub(crate) mod sql;
mod tx;

use std::{fmt, path::Path, sync::Arc, time::Duration};

use self::{
    engine::Engine,
    executor::{Executor, Load},
    job::Purpose::{Reading, Writing},
};
use crate::sealed::WrappedKey;

pub use engine::{Access, DatabaseUrl, Staged, files_of, folder_of, with_suffix, write_new_file};
pub use tx::{Failure, Progress, RowPlace, Tx, UseCase};

/// The database cannot answer now, or holds what this version cannot have written. It never means that there is no such
/// thing. Each product has it as a variant of its own error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(String);

impl Unavailable {
    /// The cause is for the log only.
    pub fn new(cause: impl fmt::Display) -> Self {
        Self(cause.to_string())
    }
}

/// A query that fails is an outage, never "not found": queries that may find nothing use `optional()`, and an insert handles
/// unique violations itself.
impl From<diesel::result::Error> for Unavailable {
    fn from(error: diesel::result::Error) -> Self {
        Self::new(error)
    }
}

/// The result of what only the database can refuse; of a use case with an error of its product.
pub type Result<T, E = Unavailable> = std::result::Result<T, E>;

/// How long a use case waits for a permit: time for many synced commits on a slow disk, and less than the timeout of a health
/// check. With the work it can take longer than a stopping server waits.
pub(crate) const PERMIT_TIMEOUT: Duration = Duration::from_secs(4);

/// How long a use case that has its permit may take before its caller is told that the database is unavailable: more than an
/// engine waits for a lock. Some waits cannot be cut short, as for a disk that hangs.
pub(crate) const WORK_TIMEOUT: Duration = Duration::from_secs(5);

/// What a use case runs for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A request, which has the timeouts.
    Request,
    /// Upkeep, however long it takes.
    Upkeep,
}

/// The database, shared by everything that serves. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
    executor: Arc<Executor>,
}

impl Store {
    /// Opens the database, creating it where it is missing, and brings its tables up to date. Blocks; to be called before
    /// serving.
    pub fn open(url: &DatabaseUrl) -> anyhow::Result<Self> {
        engine::open(url).and_then(Self::over).map_err(|error| url.cannot_open(error))
    }

    /// Opens a database that exists and is up to date, for upkeep: a server may be using it. Blocks.
    pub fn open_existing(url: &DatabaseUrl, access: Access) -> anyhow::Result<Self> {
        let engine = engine::open_existing(url, access);
        engine.and_then(Self::over).map_err(|error| url.cannot_open(error))
    }

    /// The wrapped keys of a database; none where there is no database, or one without keys yet. Changes nothing. Blocks.
    pub fn peek_keys(url: &DatabaseUrl) -> anyhow::Result<Vec<WrappedKey>> {
        engine::peek_keys(url).map_err(|error| url.cannot_open(error))
    }

    fn over(engine: Arc<dyn Engine>) -> anyhow::Result<Self> {
        let executor = Arc::new(Executor::start(Arc::clone(&engine))?);
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
    /// nothing was done, unless the commit itself took so long that its outcome is not known. Where this is dropped, nothing
    /// is done either, unless it is being committed.
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
    pub async fn backup(&self, file: &Path) -> anyhow::Result<()> {
        let (engine, file) = (Arc::clone(&self.engine), file.to_owned());
        tokio::task::spawn_blocking(move || engine.backup(&file)).await?
    }

    /// How busy the store is at this moment.
    pub(crate) fn load(&self) -> Load {
        self.executor.load()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
