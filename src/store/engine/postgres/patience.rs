//! How long is waited for a server.

use std::time::{Duration, Instant};

use crate::store::pace::{Pace, WORK_TIMEOUT};

/// How long one answer is waited for while callers wait.
const ANSWER: Duration = Duration::from_secs(3);

/// The same, where nobody's request waits: counting all rows of a large database takes that long.
const ANSWER_FOR_UPKEEP: Duration = Duration::from_mins(10);

/// How long making a connection may take in all, whatever number of hosts is tried.
const CONNECTION: Duration = Duration::from_secs(4);

/// How long is waited for what one use case asks of a server.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    answer: Duration,
    /// When its caller goes.
    until: Option<Instant>,
}

impl Patience {
    /// For a use case that begins now.
    pub fn of(pace: Pace) -> Self {
        match pace {
            Pace::Request => {
                Self { answer: ANSWER, until: Instant::now().checked_add(WORK_TIMEOUT) }
            }
            Pace::Upkeep => Self { answer: ANSWER_FOR_UPKEEP, until: None },
        }
    }

    /// How long the next answer may take.
    pub fn for_answer(self) -> Duration {
        self.within(self.answer)
    }

    /// How long the next connection may take.
    pub fn for_connection(self) -> Duration {
        self.within(CONNECTION)
    }

    /// How long the end of a transaction may take. It is not cut short: what is not known of a commit cannot be found out later.
    pub fn for_end(self) -> Duration {
        self.answer
    }

    /// Whether its caller has gone: then the server is not to blame for what it did not answer.
    pub fn is_over(self) -> bool {
        self.until.is_some_and(|until| until <= Instant::now())
    }

    fn within(self, limit: Duration) -> Duration {
        let left = |until: Instant| until.saturating_duration_since(Instant::now());
        self.until.map_or(limit, |until| limit.min(left(until)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_longer_than_his_caller() {
        let patience = Patience::of(Pace::Request);
        assert!(patience.for_answer() <= ANSWER && patience.for_connection() <= CONNECTION);
        let late = Patience { until: Some(Instant::now()), ..patience };
        assert_eq!((late.for_answer(), late.for_connection()), (Duration::ZERO, Duration::ZERO));
        assert!(late.is_over() && !patience.is_over() && late.for_end() == ANSWER);
        assert_eq!(Patience::of(Pace::Upkeep).for_answer(), ANSWER_FOR_UPKEEP);
    }
}
