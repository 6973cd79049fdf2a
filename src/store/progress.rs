//! How far a write has come, as its caller and the writer tell each other.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    time::Instant,
};

const WAITING: u8 = 0;
const RUNNING: u8 = 1;
const COMMITTING: u8 = 2;
const GIVEN_UP: u8 = 3;

/// How far a write has come. Each step is taken by one side only, so that a caller who was told that nothing was done can
/// rely on it.
#[derive(Debug, Default)]
pub struct Progress {
    step: AtomicU8,
    begun: OnceLock<Instant>,
}

impl Progress {
    /// The writer begins, perhaps once more after a commit that failed; `false` when the caller has given up.
    pub fn begin(&self) -> bool {
        self.begun.get_or_init(Instant::now);
        self.step(WAITING, RUNNING) || self.step(COMMITTING, RUNNING) || self.is_at(RUNNING)
    }

    /// The writer commits; `false` when the caller has given up. From now on nobody can.
    pub fn commit(&self) -> bool {
        self.step(RUNNING, COMMITTING)
    }

    /// The caller has waited long enough for the writer to begin; `false` when it has begun.
    pub fn give_up_waiting(&self) -> bool {
        self.step(WAITING, GIVEN_UP)
    }

    /// The caller has waited long enough for the work; `false` when it is being committed.
    pub fn give_up_running(&self) -> bool {
        self.step(RUNNING, GIVEN_UP)
    }

    /// The caller gives up, however far it has come; what is known of the outcome, for the end of a message.
    pub fn give_up(&self) -> &'static str {
        let is_undone = self.give_up_waiting() || self.give_up_running();
        if is_undone { "" } else { ": it may still be done" }
    }

    /// When the writer began; now, if it has not.
    pub fn begun(&self) -> Instant {
        *self.begun.get_or_init(Instant::now)
    }

    fn is_at(&self, step: u8) -> bool {
        self.step.load(Ordering::SeqCst) == step
    }

    fn step(&self, from: u8, to: u8) -> bool {
        self.step.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_told_that_nothing_is_done_can_rely_on_it() {
        let progress = Progress::default();
        assert!(progress.give_up_waiting());
        assert!(!progress.begin() && !progress.commit());

        let progress = Progress::default();
        assert!(progress.begin() && progress.begin(), "it may be run once more");
        assert!(!progress.give_up_waiting() && progress.give_up_running());
        assert!(!progress.commit() && !progress.begin());

        let progress = Progress::default();
        assert!(progress.begin() && progress.commit());
        assert!(!progress.give_up_running(), "nobody knows the outcome");
        assert!(progress.begin(), "the commit failed");
        assert!(progress.give_up_running() && !progress.commit());
    }
}
