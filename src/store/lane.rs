//! Work that waits for a connection.

use std::sync::Arc;

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinHandle,
    time::{Instant, timeout, timeout_at},
};

use super::{Result, TURN_TIMEOUT, Unavailable, WAITING_MAX, WORK_TIMEOUT};

/// As many at once as there are connections; the others wait without holding a thread.
#[derive(Clone)]
pub struct Lane {
    turns: Arc<Semaphore>,
    width: usize,
    waiting: Arc<Semaphore>,
}

/// When a caller who asks now goes without a turn.
pub fn turn_deadline() -> Instant {
    Instant::now() + TURN_TIMEOUT
}

impl Lane {
    /// So wide.
    pub fn new(width: usize) -> Self {
        Self {
            turns: Arc::new(Semaphore::new(width)),
            width,
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
        }
    }

    /// How many may be under way.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many are under way.
    pub fn running(&self) -> usize {
        self.width.saturating_sub(self.turns.available_permits())
    }

    /// How many callers wait.
    pub fn waiting(&self) -> usize {
        WAITING_MAX.saturating_sub(self.waiting.available_permits())
    }

    /// A turn, for as long as it is held; so many callers wait for it until then, if it has to be waited for.
    ///
    /// # Errors
    /// [`Unavailable`] when too many wait already, or it does not come in time.
    pub async fn turn(&self, callers: usize, until: Instant) -> Result<OwnedSemaphorePermit> {
        if let Ok(turn) = Arc::clone(&self.turns).try_acquire_owned() {
            return Ok(turn);
        }
        let callers = u32::try_from(callers).unwrap_or(u32::MAX);
        let Ok(_places) = self.waiting.try_acquire_many(callers) else {
            return Err(Unavailable::new("too many requests wait for the database"));
        };
        match timeout_at(until, Arc::clone(&self.turns).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(turn),
            Ok(Err(closed)) => Err(Unavailable::new(closed)),
            Err(_elapsed) => Err(Unavailable::new("no turn at the database in time")),
        }
    }

    async fn start<T, E, F>(
        &self,
        callers: usize,
        until: Instant,
        work: F,
    ) -> Result<JoinHandle<Result<T, E>>>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: FnOnce() -> Result<T, E> + Send + 'static,
    {
        let turn = self.turn(callers, until).await?;
        // The turn moves into the blocking task: when the caller goes away, the work still has the connection.
        Ok(tokio::task::spawn_blocking(move || {
            let answer = work();
            drop(turn);
            answer
        }))
    }

    /// Runs something on a blocking thread, however long it takes.
    ///
    /// # Errors
    /// What it answers; [`Unavailable`] when it has no turn in time.
    pub async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: FnOnce() -> Result<T, E> + Send + 'static,
    {
        self.run_for(1, work).await
    }

    /// The same, when so many callers wait for it.
    ///
    /// # Errors
    /// As [`Lane::run`].
    pub async fn run_for<T, E, F>(&self, callers: usize, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: FnOnce() -> Result<T, E> + Send + 'static,
    {
        let task = self.start(callers, turn_deadline(), work).await?;
        task.await.unwrap_or_else(|failed| Err(Unavailable::new(failed).into()))
    }

    /// The same; its caller waits for a turn until then, and for the work for some seconds only. When they are over `give_up` is told, and tells what is known of
    /// the outcome.
    ///
    /// # Errors
    /// As [`Lane::run`]; [`Unavailable`] also when it takes too long.
    pub async fn run_in_time<T, E, F>(
        &self,
        until: Instant,
        work: F,
        give_up: impl FnOnce() -> &'static str,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: FnOnce() -> Result<T, E> + Send + 'static,
    {
        let task = self.start(1, until, work).await?;
        match timeout(WORK_TIMEOUT, task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(failed)) => Err(Unavailable::new(failed).into()),
            Err(_elapsed) => {
                let known = give_up();
                Err(Unavailable::new(format!("no answer from the database in time{known}")).into())
            }
        }
    }
}
