//! The one writer of an engine that takes one at a time: a thread that puts whatever waits into one transaction, so
//! that many callers share the wait for the disk.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant as TokioInstant, timeout, timeout_at},
};

use super::{
    Result, TURN_TIMEOUT, Tx, Unavailable, WAITING_MAX, WORK_TIMEOUT,
    engine::{Job, OneWriter},
    progress::Progress,
    tx,
};

/// How many use cases are put into one transaction at most: enough to hide the wait for the disk, and few enough that the
/// first of them does not wait long for the last.
const GROUP_MAX: usize = 256;

/// How long use cases are added to a transaction: with large values it is full sooner.
const GROUP_TIME: Duration = Duration::from_millis(20);

/// Something for the thread to do.
enum Work {
    /// A use case that may share a transaction with others.
    Shared(Box<dyn Job>),
    /// What takes longer, and has the database for itself.
    Alone(Box<dyn FnOnce() + Send>),
}

/// The thread, as its callers see it. It ends with its owner, after everything that waits is done.
pub struct Writer {
    /// Absent when the end has come.
    queue: Option<mpsc::Sender<Work>>,
    writing: Arc<AtomicUsize>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(engine: Arc<dyn OneWriter>) -> std::io::Result<Self> {
        let (queue, inbox) = mpsc::channel(WAITING_MAX);
        let writing = Arc::new(AtomicUsize::new(0));
        let desk = Desk { engine, waiting: inbox, next: None, writing: Arc::clone(&writing) };
        let thread = thread::Builder::new().name("writer".to_owned()).spawn(move || desk.run())?;
        Ok(Self { queue: Some(queue), writing, thread: Some(thread) })
    }

    /// Runs a use case in a savepoint of its own, and returns when the transaction that it shares is on disk.
    ///
    /// # Errors
    /// Whatever the use case answers; [`Unavailable`] when it has no turn in time or the database does not answer.
    pub async fn write<T, E, F>(&self, use_case: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let progress = Arc::new(Progress::default());
        let (done, mut answer) = oneshot::channel();
        let job = AskedWrite { use_case, progress: Arc::clone(&progress), outcome: None, done };
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.try_send(Work::Shared(Box::new(job))).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => {
                Unavailable::new("too many requests wait for the database")
            }
            mpsc::error::TrySendError::Closed(_) => gone(),
        })?;
        if let Ok(answer) = timeout(TURN_TIMEOUT, &mut answer).await {
            return answer.unwrap_or_else(|_| Err(gone().into()));
        }
        if progress.give_up_waiting() {
            return Err(Unavailable::new("no turn at the database in time").into());
        }
        let deadline = TokioInstant::from_std(progress.begun() + WORK_TIMEOUT);
        if let Ok(answer) = timeout_at(deadline, answer).await {
            return answer.unwrap_or_else(|_| Err(gone().into()));
        }
        let known = progress.give_up();
        Err(Unavailable::new(format!("no answer from the database in time{known}")).into())
    }

    /// Runs something that needs the database for itself, however long it takes.
    ///
    /// # Errors
    /// What it answers; [`Unavailable`].
    pub async fn alone<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Unavailable> + Send + 'static,
        F: FnOnce() -> Result<T, E> + Send + 'static,
    {
        let (done, answer) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        // Whoever asked may have gone away since.
        let work = Work::Alone(Box::new(move || drop(done.send(work()))));
        queue.send(work).await.map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone().into()))
    }

    /// How many use cases are in the transaction that is under way.
    pub fn writing(&self) -> usize {
        self.writing.load(Ordering::Relaxed)
    }

    /// How many wait for the next one.
    pub fn waiting(&self) -> usize {
        self.queue.as_ref().map_or(0, |queue| queue.max_capacity().saturating_sub(queue.capacity()))
    }
}

fn gone() -> Unavailable {
    Unavailable::new("the thread that writes to the database is gone")
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            log::error!("the thread that writes to the database ended in a panic");
        }
    }
}

/// What the thread works with.
struct Desk {
    engine: Arc<dyn OneWriter>,
    waiting: mpsc::Receiver<Work>,
    /// Taken from those that wait, and not begun.
    next: Option<Work>,
    writing: Arc<AtomicUsize>,
}

impl Desk {
    fn run(mut self) {
        while let Some(work) = self.next.take().or_else(|| self.waiting.blocking_recv()) {
            match work {
                Work::Shared(first) => self.write_group(first),
                Work::Alone(work) => {
                    self.writing.store(1, Ordering::Relaxed);
                    run_safely(work);
                }
            }
            self.writing.store(0, Ordering::Relaxed);
        }
    }

    fn write_group(&mut self, first: Box<dyn Job>) {
        let mut first = Some(first);
        let (mut count, mut begun) = (0, None);
        let engine = Arc::clone(&self.engine);
        engine.write_group(&mut || {
            // Only now: the engine may have waited for a lock.
            let begun = *begun.get_or_insert_with(Instant::now);
            let job = match first.take() {
                Some(first) => first,
                None if count >= GROUP_MAX || begun.elapsed() > GROUP_TIME => return None,
                None => self.next_to_share()?,
            };
            count += 1;
            self.writing.store(count, Ordering::Relaxed);
            Some(job)
        });
    }

    fn next_to_share(&mut self) -> Option<Box<dyn Job>> {
        match self.waiting.try_recv().ok()? {
            Work::Shared(job) => Some(job),
            alone @ Work::Alone(_) => {
                self.next = Some(alone);
                None
            }
        }
    }
}

/// A panic is its caller's alone, who is told because nobody answers him.
fn run_safely(work: Box<dyn FnOnce() + Send>) {
    drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)));
}

/// A use case with the caller who waits for it.
struct AskedWrite<T, E, F> {
    use_case: F,
    progress: Arc<Progress>,
    outcome: Option<Result<T, E>>,
    done: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for AskedWrite<T, E, F>
where
    T: Send,
    E: From<Unavailable> + Send,
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
{
    fn begin(&mut self) -> bool {
        self.outcome = None;
        let is_in_time = self.progress.begin();
        if !is_in_time {
            log::warn!("a write came too late to be done");
        }
        // Whoever went away of himself is nothing to complain of.
        is_in_time && !self.done.is_closed()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        self.outcome.insert(tx::run(&self.use_case, tx)).is_ok()
    }

    fn commits(&mut self) -> bool {
        let did_nothing = self.outcome.as_ref().is_none_or(Result::is_err);
        did_nothing || self.progress.commit()
    }

    fn finish(self: Box<Self>, transaction: Result<()>) {
        let Self { outcome, done, .. } = *self;
        let nothing = || Err(Unavailable::new("the use case was not run").into());
        let answer = transaction.map_err(E::from).and_then(|()| outcome.unwrap_or_else(nothing));
        // Whoever asked may have gone away since.
        drop(done.send(answer));
    }
}
