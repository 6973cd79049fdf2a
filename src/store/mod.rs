//! Where secrets are kept. [`Store::read`] and [`Store::write`] are the only two ways in; nothing outside this
//! folder names a table, and nothing outside [`engine`] knows which database answers.

mod engine;
mod keys;
mod namespaces;
mod schema;
mod secrets;
mod soundness;
mod tx;
mod unsealed;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
    time::timeout,
};

use crate::domain::{Error, Result, WrappedKey};

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
        engine::Engine::open(url).map(Self::over)
    }

    /// Opens a database that is there and up to date, for upkeep: a server may be at work on it. Blocks.
    ///
    /// # Errors
    /// [`OpenError`], also when there is no such file or `serve` has to bring its tables up to date first.
    pub fn open_existing(
        url: &DatabaseUrl,
        access: Access,
    ) -> std::result::Result<Self, OpenError> {
        engine::Engine::open_existing(url, access).map(Self::over)
    }

    /// The wrapped keys of a database; none where there is no database, or one without keys yet. Changes nothing. Blocks.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn peek_keys(url: &DatabaseUrl) -> std::result::Result<Vec<WrappedKey>, OpenError> {
        engine::Engine::peek_keys(url)
    }

    fn over(engine: engine::Engine) -> Self {
        let readers = Lane::new(engine.reader_count());
        let writers = if engine.writes_share_the_reader() { readers.clone() } else { Lane::new(1) };
        Self { engine: Arc::new(engine), readers, writers }
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
        self.readers.run_in_time(move |_| engine.read(&use_case)).await
    }

    /// Runs a use case that changes something: wholly or, when it answers an error, not at all. It may be run again
    /// when the engine has to give way to another writer. What it did is on disk before this returns. An error means that
    /// nothing was done, unless the disk itself hung so long in the commit that nobody could wait for the outcome.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Error::Unavailable`] when the database does not.
    pub async fn write<T, F>(&self, use_case: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let engine = Arc::clone(&self.engine);
        let work = move |given_up: &AtomicBool| {
            engine.write(&|tx| {
                let answer = use_case(tx)?;
                // Its caller was told that it failed, so it has to.
                if given_up.load(Ordering::SeqCst) {
                    log::warn!("a write came too late to be done and is rolled back");
                    return Err(Error::unavailable("nobody waits for the write any more"));
                }
                Ok(answer)
            })
        };
        self.writers.run_in_time(work).await
    }

    /// As [`Store::read`], for as long as it takes: nobody's request waits for upkeep.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Error::Unavailable`] when the database does not.
    pub async fn read_for_upkeep<T, F>(&self, use_case: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let engine = Arc::clone(&self.engine);
        self.readers.run(move || engine.read(&use_case)).await
    }

    /// As [`Store::write`], for as long as it takes.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Error::Unavailable`] when the database does not.
    pub async fn write_for_upkeep<T, F>(&self, use_case: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let engine = Arc::clone(&self.engine);
        self.writers.run(move || engine.write(&use_case)).await
    }

    /// Writes the database anew, so that nothing is left of what was deleted from it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn scrub(&self) -> Result<()> {
        let engine = Arc::clone(&self.engine);
        self.writers.run(move || engine.scrub()).await
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

    async fn start<T, F>(&self, work: F) -> Result<JoinHandle<Result<T>>>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let turn = self.turn().await?;
        // The turn moves into the blocking task: when the caller goes away, the work still has the connection.
        Ok(tokio::task::spawn_blocking(move || {
            let answer = work();
            drop(turn);
            answer
        }))
    }

    async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        let task = self.start(work).await?;
        task.await.unwrap_or_else(|failed| Err(Error::unavailable(failed)))
    }

    async fn run_in_time<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&AtomicBool) -> Result<T> + Send + 'static,
    {
        let given_up = Arc::new(AtomicBool::new(false));
        let is_given_up = Arc::clone(&given_up);
        let task = self.start(move || work(&is_given_up)).await?;
        match timeout(WORK_TIMEOUT, task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(failed)) => Err(Error::unavailable(failed)),
            Err(_elapsed) => {
                given_up.store(true, Ordering::SeqCst);
                Err(Error::unavailable("no answer from the database in time"))
            }
        }
    }
}
