//! Where secrets are kept. [`Store::read`] and [`Store::write`] are the only two ways in; nothing outside this
//! folder names a table, and nothing outside [`engine`] knows which database answers.

mod engine;
mod namespaces;
mod schema;
mod secrets;
mod tx;

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::domain::{Error, Result};

pub use engine::{DatabaseUrl, DatabaseUrlError, OpenError};
pub use secrets::{NewSecret, Payload, StoredSecret};
pub use tx::Tx;

/// How long a use case waits for its turn at the database before it is refused as unavailable: time for many synced
/// commits on a slow disk, and less than a health check or a stopping server waits.
const TURN_TIMEOUT: Duration = Duration::from_secs(4);

/// How many use cases may wait for their turn, in each direction, before further ones are refused at once.
const WAITING_MAX: usize = 4096;

/// The database, shared by everything that serves. Cloning is cheap.
#[derive(Clone)]
pub struct Store {
    engine: Arc<engine::Engine>,
    readers: Lane,
    writers: Lane,
}

/// One direction of traffic: as many at once as there are connections, the others wait without holding a thread.
#[derive(Clone)]
struct Lane {
    turns: Arc<Semaphore>,
    width: usize,
    waiting: Arc<Semaphore>,
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
}

impl Store {
    /// Opens the database and brings its tables up to date. Blocks; to be called before serving.
    ///
    /// # Errors
    /// [`OpenError`] when the database cannot be opened, is no database, or was made by a newer version.
    pub fn open(url: &DatabaseUrl) -> std::result::Result<Self, OpenError> {
        let engine = engine::Engine::open(url)?;
        let readers = Lane::new(engine.reader_count());
        let writers = if engine.writes_share_the_reader() { readers.clone() } else { Lane::new(1) };
        Ok(Self { engine: Arc::new(engine), readers, writers })
    }

    /// Runs a use case that only looks. It sees one moment of the database.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Error::Unavailable`] when the database does not.
    pub async fn read<T, F>(&self, use_case: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let engine = Arc::clone(&self.engine);
        self.readers.run(move || engine.read(&use_case)).await
    }

    /// Runs a use case that changes something: wholly or, when it answers an error, not at all. It may be run again
    /// when the engine has to give way to another writer. What it did is on disk before this returns.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Error::Unavailable`] when the database does not.
    pub async fn write<T, F>(&self, use_case: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let engine = Arc::clone(&self.engine);
        self.writers.run(move || engine.write(&use_case)).await
    }

    /// How busy the store is at this moment.
    #[must_use]
    pub fn load(&self) -> Load {
        let (connections_open, connections_max) = self.engine.connections();
        Load {
            connections_max,
            connections_open,
            reading: self.readers.running(),
            reads_waiting: self.readers.waiting(),
            writing: self.writers.running(),
            writes_waiting: self.writers.waiting(),
        }
    }
}

impl Lane {
    fn new(width: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(width)),
            width,
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
        }
    }

    fn running(&self) -> usize {
        self.width.saturating_sub(self.turns.available_permits())
    }

    fn waiting(&self) -> usize {
        WAITING_MAX.saturating_sub(self.waiting.available_permits())
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        let Ok(_place) = self.waiting.try_acquire() else {
            return Err(Error::unavailable("too many requests wait for the database"));
        };
        match timeout(TURN_TIMEOUT, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(closed)) => Err(Error::unavailable(closed)),
            Err(_elapsed) => Err(Error::unavailable("no turn at the database in time")),
        }
    }

    async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let turn = self.turn().await?;
        // The turn moves into the blocking task: when the caller goes away, the work still has the connection.
        let task = tokio::task::spawn_blocking(move || {
            let answer = work();
            drop(turn);
            answer
        });
        task.await.unwrap_or_else(|failed| Err(Error::unavailable(failed)))
    }
}
