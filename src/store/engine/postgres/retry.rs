//! When a use case is retried.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use ring::rand::{SecureRandom, SystemRandom};

use super::failure::Consequence;

/// How often a use case is run in all.
const TRIES: u32 = 12;

/// How long after its beginning a use case is retried for the last time: it needs time before its request times out.
const TRIED_FOR: Duration = Duration::from_secs(3);

/// The bounds of the exponential backoff.
const FIRST_PAUSE: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Counts retries.
#[derive(Default)]
pub struct Retries(AtomicU64);

impl Retries {
    /// Whether a use case is to be retried after so many tries in so long a time; waits until then.
    pub fn wait_for_next(&self, tries: u32, elapsed: Duration, consequence: Consequence) -> bool {
        let helps = matches!(consequence, Consequence::GaveWay | Consequence::Disconnected);
        if !helps || tries >= TRIES || elapsed > TRIED_FOR {
            return false;
        }
        let pause = match consequence {
            // There is another connection or none: a pause does not change that.
            Consequence::Disconnected if tries == 1 => Duration::ZERO,
            _ => jittered(longest_pause(tries)),
        };
        log::debug!("{consequence:?}: retrying in {} ms", pause.as_millis());
        thread::sleep(pause);
        self.0.fetch_add(1, Ordering::Relaxed);
        true
    }

    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

fn longest_pause(tries: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << tries.saturating_sub(1).min(16));
    doubled.min(LONGEST_PAUSE)
}

/// Full jitter: use cases that were in conflict once should not retry at the same moment.
fn jittered(longest: Duration) -> Duration {
    let mut bytes = [0; 2];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => longest.mul_f64(f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX)),
        Err(_unspecified) => longest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_help_is_not_tried_again() {
        let retries = Retries::default();
        let next = |tries, consequence| retries.wait_for_next(tries, TRIED_FOR, consequence);
        assert!(!next(1, Consequence::Final) && !next(1, Consequence::TimedOut));
        assert!(!next(TRIES, Consequence::GaveWay));
        assert!(next(1, Consequence::GaveWay) && next(1, Consequence::Disconnected));
        assert_eq!(retries.count(), 2);
        let too_long = TRIED_FOR + Duration::from_millis(1);
        assert!(!retries.wait_for_next(1, too_long, Consequence::GaveWay));
    }

    #[test]
    fn pauses_grow_up_to_the_longest() {
        assert_eq!(longest_pause(1), FIRST_PAUSE);
        assert_eq!(longest_pause(3), FIRST_PAUSE * 4);
        assert_eq!(longest_pause(40), LONGEST_PAUSE);
        assert!(jittered(LONGEST_PAUSE) <= LONGEST_PAUSE);
    }
}
