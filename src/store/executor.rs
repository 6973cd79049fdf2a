//! Runs use cases on threads of its own, each with a permit for a connection, and puts those into batches that may share a
//! transaction.

use std::{
    collections::{HashMap, VecDeque},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle, ThreadId},
    time::{Duration, Instant},
};

use tokio::{
    task::yield_now,
    time::{Instant as TokioInstant, timeout, timeout_at},
};

use super::{
    PERMIT_TIMEOUT, Pace, Result, Unavailable, WORK_TIMEOUT,
    engine::{Engine, Permits},
    job::{Asked, Job, Purpose},
    tx::{Failure, UseCase},
};

/// How many requests may wait for a permit, to read and to write, before further ones are refused at once.
pub const WAITING_MAX: usize = 4096;

/// How many reads share a transaction at most: the first waits for the last.
pub const READS_MAX: usize = 64;

/// How many writes share a transaction at most: enough to hide the wait for the disk, and few enough that the first of them
/// does not wait long for the last.
const WRITES_MAX: usize = 256;

/// How long use cases are added to a transaction: with large values it is full sooner.
const BATCH_TIME: Duration = Duration::from_millis(20);

/// How busy the store is, for the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Connections that the engine may open.
    pub connections_max: usize,
    pub connections_open: usize,
    /// Reads under way.
    pub reading: usize,
    pub reads_waiting: usize,
    pub writing: usize,
    pub writes_waiting: usize,
    /// How often a use case was retried after a conflict or a lost connection.
    pub retries: u64,
}

/// The threads and what waits for them. Dropping it runs all that waits first.
pub struct Executor {
    shared: Arc<Shared>,
}

impl Executor {
    /// Starts a thread. More are started when they are needed, one for each permit at most.
    pub fn start(engine: Arc<dyn Engine>) -> std::io::Result<Self> {
        let permits = engine.permits();
        let shared = Shared { engine, permits, queues: Mutex::default(), ready: Condvar::new() };
        let shared = Arc::new(shared);
        let first = shared.start_thread()?;
        shared.locked().threads.push(first);
        Ok(Self { shared })
    }

    /// Runs a use case. One that may share a transaction does so where the engine gains by it. [`Unavailable`] also when
    /// there is no permit in time.
    pub async fn run<T: Send + 'static, E: Failure>(
        &self,
        purpose: Purpose,
        pace: Pace,
        may_share: bool,
        use_case: impl UseCase<T, E>,
    ) -> Result<T, E> {
        let (job, progress, mut answer) = Asked::new(use_case, purpose);
        let shares = may_share && self.shared.permits.share;
        self.shared.add(purpose, Work { job: Box::new(job), pace, shares })?;
        let lost = |_| Err(Unavailable::new("the use case was given up by the executor").into());
        if pace == Pace::Upkeep {
            return answer.await.unwrap_or_else(lost);
        }
        if let Ok(answer) = timeout(PERMIT_TIMEOUT, &mut answer).await {
            return answer.unwrap_or_else(lost);
        }
        if progress.give_up_waiting() {
            return Err(Unavailable::new("no permit for the database in time").into());
        }
        let deadline = TokioInstant::from_std(progress.begun() + WORK_TIMEOUT);
        // Not dropped by the timeout: a caller that is still here has to be told apart from one that is gone.
        if let Ok(answer) = timeout_at(deadline, &mut answer).await {
            return answer.unwrap_or_else(lost);
        }
        let known = if progress.give_up_running() || purpose == Purpose::Reading {
            ""
        } else {
            ": it may still be done"
        };
        Err(Unavailable::new(format!("no answer from the database in time{known}")).into())
    }

    /// How busy the executor and its engine are at this moment.
    pub fn load(&self) -> Load {
        let (connections_open, connections_max) = self.shared.engine.connections();
        let retries = self.shared.engine.retries();
        let queues = self.shared.locked();
        let Queues { reads, writes, .. } = &*queues;
        Load {
            connections_max,
            connections_open,
            reading: reads.running,
            reads_waiting: reads.waiting.len() + queues.count_gathered(),
            writing: writes.running,
            writes_waiting: writes.waiting.len(),
            retries,
        }
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        let mut queues = self.shared.locked();
        queues.is_closed = true;
        let threads = std::mem::take(&mut queues.threads);
        drop(queues);
        self.shared.ready.notify_all();
        for thread in threads {
            if thread.join().is_err() {
                log::error!("a thread of the store ended in a panic");
            }
        }
    }
}

struct Shared {
    engine: Arc<dyn Engine>,
    permits: Permits,
    queues: Mutex<Queues>,
    /// Notified when there is work for an idle thread.
    ready: Condvar,
}

#[derive(Default)]
struct Queues {
    reads: Queue,
    writes: Queue,
    /// Reads that may share a transaction, until the event loop of this thread has run all that is ready. None waits for an
    /// event loop of other requests.
    gathered: HashMap<ThreadId, Vec<Work>>,
    /// How many use cases were ever queued.
    count: u64,
    threads: Vec<JoinHandle<()>>,
    /// Threads that wait for work, without those that were woken.
    idle: usize,
    /// Threads that were woken and do not run yet.
    woken: usize,
    is_closed: bool,
}

#[derive(Default)]
struct Queue {
    /// In the order of their numbers.
    waiting: VecDeque<(u64, Work)>,
    /// Permits that are held.
    permits: usize,
    /// Use cases under way by them.
    running: usize,
}

struct Work {
    job: Box<dyn Job>,
    pace: Pace,
    shares: bool,
}

impl Queues {
    fn of(&mut self, purpose: Purpose) -> &mut Queue {
        match purpose {
            Purpose::Reading => &mut self.reads,
            Purpose::Writing => &mut self.writes,
        }
    }

    fn count_gathered(&self) -> usize {
        self.gathered.values().map(Vec::len).sum()
    }

    fn add(&mut self, purpose: Purpose, work: Work) {
        self.count += 1;
        let number = self.count;
        self.of(purpose).waiting.push_back((number, work));
    }

    /// The oldest use case for which there is a permit, with the permit.
    fn take(&mut self, permits: Permits) -> Option<(Purpose, Work)> {
        let oldest = |purpose| {
            let queue = self.of(purpose);
            let (number, _) = queue.waiting.front()?;
            (queue.permits < permits.of(purpose)).then_some((*number, purpose))
        };
        let purposes = [Purpose::Reading, Purpose::Writing];
        let (_, purpose) = purposes.into_iter().filter_map(oldest).min_by_key(|(it, _)| *it)?;
        let queue = self.of(purpose);
        let (_, work) = queue.waiting.pop_front()?;
        queue.permits += 1;
        queue.running += 1;
        Some((purpose, work))
    }
}

impl Shared {
    fn locked(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(self: &Arc<Self>, purpose: Purpose, work: Work) -> Result<()> {
        let mut queues = self.locked();
        let gathered = if purpose == Purpose::Reading { queues.count_gathered() } else { 0 };
        let waiting = queues.of(purpose).waiting.len() + gathered;
        if work.pace == Pace::Request && waiting >= WAITING_MAX {
            return Err(Unavailable::new("too many requests wait for the database"));
        }
        if purpose == Purpose::Reading && work.shares {
            let thread = thread::current().id();
            let gathered = queues.gathered.entry(thread).or_default();
            gathered.push(work);
            let is_first = gathered.len() == 1;
            drop(queues);
            if is_first {
                let handing_over = HandingOver(Arc::clone(self), thread);
                tokio::spawn(async move {
                    yield_now().await;
                    drop(handing_over);
                });
            }
            return Ok(());
        }
        queues.add(purpose, work);
        self.wake(queues, purpose, 1);
        Ok(())
    }

    /// Wakes a thread for the use cases that were added, or starts one, if there is a permit for it.
    fn wake(self: &Arc<Self>, mut queues: MutexGuard<'_, Queues>, purpose: Purpose, added: usize) {
        let max = self.permits.of(purpose);
        let queue = queues.of(purpose);
        // The thread that was woken for the only permit takes what waits behind the first by itself.
        if queue.permits >= max || (max == 1 && queue.waiting.len() > added) {
            return;
        }
        if queues.idle > 0 {
            queues.idle -= 1;
            queues.woken += 1;
            drop(queues);
            self.ready.notify_one();
        } else if queues.threads.len() < self.permits.all && !queues.is_closed {
            match self.start_thread() {
                Ok(thread) => queues.threads.push(thread),
                Err(error) => log::warn!("the store has fewer threads than connections: {error}"),
            }
        }
    }

    fn start_thread(self: &Arc<Self>) -> std::io::Result<JoinHandle<()>> {
        let shared = Arc::clone(self);
        thread::Builder::new().name("store".to_owned()).spawn(move || shared.work())
    }

    fn work(self: &Arc<Self>) {
        let mut done = None;
        while let Some((purpose, first)) = self.take(done) {
            let mut count = 1;
            let batch = || self.run_batch(purpose, first, &mut count);
            if catch_unwind(AssertUnwindSafe(batch)).is_err() {
                log::error!("a batch of the store ended in a panic");
            }
            done = Some((purpose, count));
        }
    }

    /// Gives back the permit of a batch of so many use cases and waits for the next one; nothing when the executor is closed.
    fn take(self: &Arc<Self>, done: Option<(Purpose, usize)>) -> Option<(Purpose, Work)> {
        let mut queues = self.locked();
        if let Some((purpose, count)) = done {
            let queue = queues.of(purpose);
            queue.permits -= 1;
            queue.running -= count;
        }
        loop {
            if let Some(next) = queues.take(self.permits) {
                // Only where more are left than fit into a batch: waking a thread for fewer costs more than it gains.
                if next.0 == Purpose::Reading && queues.reads.waiting.len() >= READS_MAX {
                    self.wake(queues, Purpose::Reading, 0);
                }
                return Some(next);
            }
            if queues.is_closed {
                return None;
            }
            queues.idle += 1;
            let asleep = |queues: &mut Queues| queues.woken == 0 && !queues.is_closed;
            let woken = self.ready.wait_while(queues, asleep);
            queues = woken.unwrap_or_else(PoisonError::into_inner);
            queues.woken = queues.woken.saturating_sub(1);
        }
    }

    fn run_batch(&self, purpose: Purpose, first: Work, count: &mut usize) {
        let Work { job, pace, shares } = first;
        let (mut first, mut begun, mut newest) = (Some(job), None, u64::MAX);
        let max = match purpose {
            Purpose::Reading => READS_MAX,
            Purpose::Writing => WRITES_MAX,
        };
        self.engine.run(purpose, pace, &mut || {
            // Only now: the engine may have waited for a lock.
            let begun = *begun.get_or_insert_with(|| {
                if purpose == Purpose::Reading {
                    newest = self.locked().count;
                }
                Instant::now()
            });
            first.take().or_else(|| {
                let is_full = !shares || *count >= max || begun.elapsed() > BATCH_TIME;
                if is_full { None } else { self.next_to_share(purpose, newest, count) }
            })
        });
    }

    /// The next use case for a batch. Those with numbers above `newest` were queued after its transaction began: what a read
    /// of them has to see may have been committed since.
    fn next_to_share(
        &self,
        purpose: Purpose,
        newest: u64,
        count: &mut usize,
    ) -> Option<Box<dyn Job>> {
        let mut queues = self.locked();
        let queue = queues.of(purpose);
        let may_join = |(number, work): &mut (u64, Work)| work.shares && *number <= newest;
        let (_, work) = queue.waiting.pop_front_if(may_join)?;
        queue.running += 1;
        *count += 1;
        Some(work.job)
    }
}

/// Queues the reads that this thread gathered when it is dropped, also by an event loop that ends. Waking a thread for each of
/// them would cost more than finding a row.
struct HandingOver(Arc<Shared>, ThreadId);

impl Drop for HandingOver {
    fn drop(&mut self) {
        let mut queues = self.0.locked();
        let gathered = queues.gathered.remove(&self.1).unwrap_or_default();
        let added = gathered.len();
        for work in gathered {
            queues.add(Purpose::Reading, work);
        }
        self.0.wake(queues, Purpose::Reading, added);
    }
}
