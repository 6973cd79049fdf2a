//! A use case and the caller that waits for it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    time::Instant,
};

use tokio::sync::oneshot;

use super::{
    Result, Unavailable,
    tx::{Failure, Tx, UseCase},
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

    /// To be called before the commit; `false` when something was done that must not be kept: the caller was told that it
    /// was not, or is gone.
    fn commit(&mut self) -> bool;

    /// Sends the outcome, or the error of the transaction.
    fn finish(self: Box<Self>, transaction: Result<()>);
}

/// Runs a job as the only one of its transaction: `true` when that is to be committed. Otherwise it is to be rolled back, as
/// after an error, which says that the caller does not wait any longer.
pub fn run_alone(job: &mut dyn Job, tx: &mut Tx<'_>) -> Result<bool> {
    let given_up = || Err(Unavailable::new("the caller does not wait any longer"));
    if !job.begin() {
        return given_up();
    }
    if !job.run(tx) {
        return Ok(false);
    }
    if job.commit() { Ok(true) } else { given_up() }
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
        // Its panic is its own error, not that of others in the same transaction.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.use_case)(tx)));
        let panicked = |_| Err(Unavailable::new("the use case ended in a panic").into());
        self.outcome.insert(outcome.unwrap_or_else(panicked)).is_ok()
    }

    fn commit(&mut self) -> bool {
        let did_nothing = self.outcome.as_ref().is_none_or(Result::is_err);
        if did_nothing || self.purpose == Purpose::Reading {
            return true;
        }
        let is_in_time = self.progress.commit();
        if !is_in_time {
            self.tell_given_up();
        }
        // Whoever is gone writes no audit line: a server that stops drops what it still waits for.
        is_in_time && !self.done.is_closed()
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
        let (mut connection, use_case) = (AnyConnection::Sqlite(memory), |_: &mut Tx<'_>| Ok(7));
        let tx = &mut Tx::new(&mut connection);
        let (mut job, progress, mut answer) =
            Asked::<_, Unavailable, _>::new(use_case, Purpose::Writing);
        assert_eq!(run_alone(&mut job, tx), Ok(true));
        assert_eq!(run_alone(&mut job, tx), Ok(true), "the commit failed");
        Box::new(job).finish(Ok(()));
        assert_eq!(answer.try_recv().unwrap(), Ok(7));
        assert!(!progress.give_up_running(), "it was committed");

        let (mut job, progress, answer) =
            Asked::<_, Unavailable, _>::new(use_case, Purpose::Writing);
        assert!(job.begin() && progress.give_up_running());
        assert!(run_alone(&mut job, tx).is_err(), "the transaction must not be committed");
        drop(answer);
    }
}
