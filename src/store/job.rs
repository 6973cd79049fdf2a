//! A use case and the caller that waits for it.

use std::{
    cell::RefCell,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    time::Instant,
};

use tokio::sync::oneshot;

use super::{
    error::{Result, Unavailable},
    tx::{self, Failure, Tx, UseCase},
};

/// What a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    Reading,
    Writing,
}

/// A use case that an engine runs in a transaction, perhaps with others, perhaps more than once.
pub trait Job: Send {
    /// To be called before each run; `false` when its caller does not wait any longer.
    fn begin(&mut self) -> bool;

    /// Runs it; `false` when it answered an error, and what it did has to be rolled back.
    fn run(&mut self, tx: &mut Tx<'_>) -> bool;

    /// To be called before the commit; `false` when the caller was told that nothing was done, although something was.
    fn commit(&mut self) -> bool;

    /// Sends the outcome, or the error of the transaction.
    fn finish(self: Box<Self>, transaction: Result<()>);
}

/// Why a transaction of one use case was rolled back.
#[derive(Debug)]
pub enum Undone {
    /// The use case answered an error, which the job has.
    UseCase,
    /// The database failed.
    Outage(Unavailable),
}

impl From<Unavailable> for Undone {
    fn from(error: Unavailable) -> Self {
        Self::Outage(error)
    }
}

/// Runs a job in a transaction of its own, which `transact` begins, perhaps more than once, and ends.
pub fn run_alone(
    mut job: Box<dyn Job>,
    transact: impl FnOnce(&dyn Fn(&mut Tx<'_>) -> Result<(), Undone>) -> Result<(), Undone>,
) {
    if !job.begin() {
        return;
    }
    let job = RefCell::new(job);
    let not_awaited =
        || Err(Undone::Outage(Unavailable::new("the caller does not wait any longer")));
    let outcome = transact(&|tx| {
        let mut job = job.borrow_mut();
        if !job.begin() {
            return not_awaited();
        }
        if !job.run(tx) {
            return Err(Undone::UseCase);
        }
        if job.commit() { Ok(()) } else { not_awaited() }
    });
    job.into_inner().finish(match outcome {
        Ok(()) | Err(Undone::UseCase) => Ok(()),
        Err(Undone::Outage(error)) => Err(error),
    });
}

/// A use case and the channel for its answer.
pub struct Asked<T, E, F> {
    use_case: F,
    purpose: Purpose,
    progress: Arc<Progress>,
    outcome: Option<Result<T, E>>,
    /// That the caller has given up stands in the server's log.
    is_told: bool,
    done: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Asked<T, E, F> {
    /// With the caller's side of it.
    pub fn new(
        use_case: F,
        purpose: Purpose,
    ) -> (Self, Arc<Progress>, oneshot::Receiver<Result<T, E>>) {
        let (done, answer) = oneshot::channel();
        let progress = Arc::new(Progress::default());
        let shared = Arc::clone(&progress);
        let asked =
            Self { use_case, purpose, progress: shared, outcome: None, is_told: false, done };
        (asked, progress, answer)
    }

    /// Logs once that the caller of a write has given up, whenever that is noticed. One that went away by itself is nothing
    /// to warn of.
    fn tell_given_up(&mut self) {
        if self.purpose == Purpose::Writing && !std::mem::replace(&mut self.is_told, true) {
            log::warn!("a write came too late to be done");
        }
    }
}

impl<T: Send, E: Failure, F: UseCase<T, E>> Job for Asked<T, E, F> {
    fn begin(&mut self) -> bool {
        self.outcome = None;
        let is_in_time = self.progress.begin();
        if !is_in_time {
            self.tell_given_up();
        }
        is_in_time && !self.done.is_closed()
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> bool {
        self.outcome.insert(tx::run(&self.use_case, tx)).is_ok()
    }

    fn commit(&mut self) -> bool {
        let did_nothing = self.outcome.as_ref().is_none_or(Result::is_err);
        let commits = did_nothing || self.purpose == Purpose::Reading || self.progress.commit();
        if !commits {
            self.tell_given_up();
        }
        commits
    }

    fn finish(self: Box<Self>, transaction: Result<()>) {
        let Self { outcome, done, .. } = *self;
        let nothing = || Err(Unavailable::new("the use case was not run").into());
        let answer = transaction.map_err(E::from).and_then(|()| outcome.unwrap_or_else(nothing));
        // The caller may have gone away since.
        drop(done.send(answer));
    }
}

const WAITING: u8 = 0;
const RUNNING: u8 = 1;
const COMMITTING: u8 = 2;
const GIVEN_UP: u8 = 3;

/// How far a use case has come. Each step is taken by one side only, so that a caller that was told that nothing was done can
/// rely on it.
#[derive(Debug, Default)]
pub struct Progress {
    step: AtomicU8,
    begun: OnceLock<Instant>,
}

impl Progress {
    /// The executor begins, perhaps once more after a commit that failed; `false` when the caller has given up.
    fn begin(&self) -> bool {
        self.begun.get_or_init(Instant::now);
        self.step(WAITING, RUNNING)
            || self.step(COMMITTING, RUNNING)
            || self.step.load(Ordering::SeqCst) == RUNNING
    }

    /// The executor commits; `false` when the caller has given up, which it cannot do from now on.
    fn commit(&self) -> bool {
        self.step(RUNNING, COMMITTING)
    }

    /// The caller waited too long for a permit; `false` when the use case has begun.
    pub fn give_up_waiting(&self) -> bool {
        self.step(WAITING, GIVEN_UP)
    }

    /// The caller waited too long for the work; `false` when it is being committed: then the outcome is not known.
    pub fn give_up_running(&self) -> bool {
        self.step(RUNNING, GIVEN_UP)
    }

    /// When the use case began; now, if it has not.
    pub fn begun(&self) -> Instant {
        *self.begun.get_or_init(Instant::now)
    }

    fn step(&self, from: u8, to: u8) -> bool {
        self.step.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use diesel::{Connection, SqliteConnection};

    use super::{super::engine::connection::AnyConnection, *};

    #[test]
    fn a_caller_that_was_told_that_nothing_is_done_can_rely_on_it() {
        let progress = Progress::default();
        assert!(progress.give_up_waiting());
        assert!(!progress.begin() && !progress.commit());

        let progress = Progress::default();
        assert!(progress.begin() && progress.begin(), "it may be run once more");
        assert!(!progress.give_up_waiting() && progress.give_up_running());
        assert!(!progress.commit() && !progress.begin());

        let progress = Progress::default();
        assert!(progress.begin() && progress.commit());
        assert!(!progress.give_up_running(), "nothing is known of the outcome");
        assert!(progress.begin(), "the commit failed");
        assert!(progress.give_up_running() && !progress.commit());
    }

    #[test]
    fn a_write_alone_is_tried_again_and_rolled_back_when_its_caller_gives_up() {
        let memory = SqliteConnection::establish(":memory:").unwrap();
        let mut connection = AnyConnection::Sqlite(memory);
        let use_case = |_: &mut Tx<'_>| -> Result<_> { Ok(7) };
        let (job, progress, mut answer) = Asked::new(use_case, Purpose::Writing);
        run_alone(Box::new(job), |use_case| {
            use_case(&mut Tx::new(&mut connection)).unwrap();
            use_case(&mut Tx::new(&mut connection))
        });
        assert_eq!(answer.try_recv().unwrap(), Ok(7));
        assert!(!progress.give_up_running(), "it was committed");

        let (job, progress, answer) = Asked::new(use_case, Purpose::Writing);
        run_alone(Box::new(job), |use_case| {
            assert!(progress.give_up_running());
            let outcome = use_case(&mut Tx::new(&mut connection));
            assert!(outcome.is_err(), "the transaction must not be committed");
            outcome
        });
        drop(answer);
    }
}
