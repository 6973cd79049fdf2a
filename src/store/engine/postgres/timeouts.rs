//! Timeouts for a server's answers.

use std::time::{Duration, Instant};

use crate::store::{Pace, WORK_TIMEOUT};

/// How long one answer may take for a request.
pub const ANSWER: Duration = Duration::from_secs(3);

/// How long a request's write waits for a lock: less than for an answer, so that the server says what it waited for.
pub const LOCK: Duration = Duration::from_secs(2);

/// The timeout of an answer for upkeep: counting all rows of a large database takes that long.
const ANSWER_FOR_UPKEEP: Duration = Duration::from_mins(10);

/// How long making a connection may take in all, whatever number of hosts is tried.
const CONNECTION: Duration = Duration::from_secs(4);

/// The timeouts of one use case.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    answer: Duration,
    deadline: Option<Instant>,
}

impl Timeouts {
    pub fn of(pace: Pace) -> Self {
        match pace {
            Pace::Request => Self { answer: ANSWER, deadline: Some(Instant::now() + WORK_TIMEOUT) },
            Pace::Upkeep => Self { answer: ANSWER_FOR_UPKEEP, deadline: None },
        }
    }

    pub fn answer(self) -> Duration {
        self.within(self.answer)
    }

    pub fn connection(self) -> Duration {
        self.within(CONNECTION)
    }

    /// How long the end of a transaction may take, also after the deadline: the outcome of a commit cannot be asked for later.
    pub fn end(self) -> Duration {
        self.answer
    }

    /// Whether the deadline has passed: then a timeout does not mean that the server is slow.
    pub fn are_over(self) -> bool {
        self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }

    fn within(self, limit: Duration) -> Duration {
        let left = |deadline: Instant| deadline.saturating_duration_since(Instant::now());
        self.deadline.map_or(limit, |deadline| limit.min(left(deadline)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_wait_but_that_for_the_end_is_longer_than_the_request() {
        let timeouts = Timeouts::of(Pace::Request);
        assert!(timeouts.answer() <= ANSWER && timeouts.connection() <= CONNECTION);
        assert!(!timeouts.are_over());
        let late = Timeouts { deadline: Some(Instant::now()), ..timeouts };
        assert_eq!((late.answer(), late.connection()), (Duration::ZERO, Duration::ZERO));
        assert!(late.are_over() && late.end() == ANSWER);
        assert_eq!(Timeouts::of(Pace::Upkeep).answer(), ANSWER_FOR_UPKEEP);
    }
}
