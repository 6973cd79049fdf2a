//! How what changes something gets its turn: by the one writer of an engine, or by one of its many connections.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use super::{Tx, engine::Engine, lane::Lane, writer::Writer};
use crate::domain::{Error, Result};

/// What writes.
#[derive(Clone)]
pub enum Writers {
    /// One at a time, for many callers at once.
    One(Arc<Writer>),
    /// As many as there are connections, which reads take too.
    Many {
        /// What they write to.
        engine: Arc<Engine>,
        /// The turns.
        lane: Lane,
    },
}

impl Writers {
    /// As many as the engine takes; the lane is that of its reads.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn of(engine: &Arc<Engine>, lane: &Lane) -> std::io::Result<Self> {
        match engine.one_writer() {
            Some(one) => Ok(Self::One(Arc::new(Writer::start(one)?))),
            None => Ok(Self::Many { engine: Arc::clone(engine), lane: lane.clone() }),
        }
    }

    /// Runs a use case that changes something, for some seconds.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Error::Unavailable`] when the database does not.
    pub async fn write<T, F>(&self, use_case: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let (engine, lane) = match self {
            Self::One(writer) => return writer.write(use_case).await,
            Self::Many { engine, lane } => (Arc::clone(engine), lane),
        };
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
        lane.run_in_time(work).await
    }

    /// Runs something that changes the database in its own way, however long it takes.
    ///
    /// # Errors
    /// What it answers; [`Error::Unavailable`].
    pub async fn alone<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        match self {
            Self::One(writer) => writer.alone(work).await,
            Self::Many { lane, .. } => lane.run(work).await,
        }
    }

    /// How many use cases are under way.
    pub fn running(&self) -> usize {
        match self {
            Self::One(writer) => writer.writing(),
            Self::Many { lane, .. } => lane.running(),
        }
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        match self {
            Self::One(writer) => writer.waiting(),
            Self::Many { lane, .. } => lane.waiting(),
        }
    }
}
