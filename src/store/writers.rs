//! How what changes something gets its turn: by the one writer of an engine, or by one of its many connections.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use super::{
    Result, Tx, Unavailable,
    engine::{Engine, Pace},
    lane::{self, Lane},
    progress::Progress,
    writer::Writer,
};

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
        /// Those that writers may have: who waits for somebody's row must not keep all readers out.
        gate: Lane,
        /// How many of those who have a turn or wait for one are writers.
        counts: Arc<Counts>,
    },
}

/// How many use cases wait for their turn, and how many have begun.
#[derive(Default)]
pub struct Counts {
    waiting: Arc<AtomicUsize>,
    running: Arc<AtomicUsize>,
}

/// One of those that are counted, as long as it lasts.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn among(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Writers {
    /// As many as the engine takes; the lane is that of its reads.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn of(engine: &Arc<Engine>, lane: &Lane) -> std::io::Result<Self> {
        match engine.one_writer() {
            Some(one) => Ok(Self::One(Arc::new(Writer::start(one)?))),
            None => Ok(Self::Many {
                engine: Arc::clone(engine),
                lane: lane.clone(),
                gate: Lane::new(gate_width(lane.width())),
                counts: Arc::default(),
            }),
        }
    }

    /// Runs a use case that changes something, for some seconds.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Unavailable`] when the database does not.
    pub async fn write<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let (engine, lane, gate, counts) = match self {
            Self::One(writer) => return writer.write(use_case).await,
            Self::Many { engine, lane, gate, counts } => (Arc::clone(engine), lane, gate, counts),
        };
        let until = lane::turn_deadline();
        let waiting = Counted::among(&counts.waiting);
        let place = gate.turn(1, until).await?;
        let progress = Arc::new(Progress::default());
        let (steps, running) = (Arc::clone(&progress), Arc::clone(&counts.running));
        let work = move || {
            let (_place, _running) = (place, Counted::among(&running));
            drop(waiting);
            // Its caller was told that it failed, so it has to.
            let too_late = || {
                log::warn!("a write came too late to be done and is rolled back");
                Err(Unavailable::new("nobody waits for the write any more").into())
            };
            engine.write(Pace::Request, &|tx| {
                if !steps.begin() {
                    return too_late();
                }
                let answer = use_case(tx)?;
                if steps.commit() { Ok(answer) } else { too_late() }
            })
        };
        lane.run_in_time(until, work, || progress.give_up()).await
    }

    /// Runs something that changes the database in its own way, however long it takes.
    ///
    /// # Errors
    /// What it answers; [`Unavailable`].
    pub async fn alone<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: FnOnce() -> Result<T, E> + Send + 'static,
    {
        match self {
            Self::One(writer) => writer.alone(work).await,
            Self::Many { lane, counts, .. } => {
                let running = Arc::clone(&counts.running);
                let work = move || {
                    let _running = Counted::among(&running);
                    work()
                };
                lane.run(work).await
            }
        }
    }

    /// How many of those that have turns in the lane of reads too are writers: under way, and waiting.
    pub fn in_lane(&self) -> (usize, usize) {
        match self {
            Self::One(_) => (0, 0),
            Self::Many { gate, .. } => {
                (self.running(), self.waiting().saturating_sub(gate.waiting()))
            }
        }
    }

    /// How many use cases are under way.
    pub fn running(&self) -> usize {
        match self {
            Self::One(writer) => writer.writing(),
            Self::Many { counts, .. } => counts.running.load(Ordering::Relaxed),
        }
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        match self {
            Self::One(writer) => writer.waiting(),
            Self::Many { counts, .. } => counts.waiting.load(Ordering::Relaxed),
        }
    }
}

/// How many of so many connections writers may have: all but a quarter, and all of a single one.
fn gate_width(width: usize) -> usize {
    width.saturating_sub(width.div_ceil(4)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_is_left_to_reads() {
        let widths = [1, 2, 3, 4, 8, 16].map(gate_width);
        assert_eq!(widths, [1, 1, 2, 3, 6, 12]);
    }
}
