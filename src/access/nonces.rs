//! Which signature nonces were used already.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, RandomState},
};

/// How far a request's date may be from the server's clock, in milliseconds: 15 minutes either way (the platform's
/// table of common errors, `InvalidTimeStamp.Expired`).
pub const WINDOW_MS: i64 = 15 * 60 * 1000;

/// How many nonces are remembered, of all keys together: about 50 MiB when they are one key's, 150 MiB when they are a
/// thousand keys' (measured). That is 1,165 requests a second for all of the window.
const CAPACITY: usize = 1 << 20;

/// How much longer than [`WINDOW_MS`] a nonce is remembered, in milliseconds: two requests may look at the clock in one
/// order and come to the ledger in the other.
const GRACE_MS: i64 = 60 * 1000;

/// How often what is out of date is looked for among all keys, in milliseconds.
const SWEEP_MS: i64 = 60 * 1000;

/// The nonces of all access keys whose requests may still be accepted by their date.
///
/// Memory is bounded by [`CAPACITY`], and no replay is let through for it: when there is no room, the oldest nonces of the
/// key with the most of them are forgotten, and from then on that key's requests of their date or before are refused as
/// expired. A key that makes a flood of requests so narrows its own window and no other's.
#[derive(Debug)]
pub struct Nonces {
    keys: HashMap<String, Used>,
    /// Nonces are kept as 64-bit keyed hashes: nobody outside can look for two that collide.
    hasher: RandomState,
    count: usize,
    capacity: usize,
    swept_at: i64,
}

/// What is known of one access key.
#[derive(Debug, Default)]
struct Used {
    /// The date of each nonce's request, in seconds.
    seconds: HashMap<u64, i64>,
    /// The same the other way round, to find the oldest.
    by_second: BTreeMap<i64, Vec<u64>>,
    /// Requests of this second or before are refused.
    floor: Option<i64>,
}

/// Why a nonce was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NonceRefusal {
    /// It was used before.
    Used,
    /// The request is so old that it can no longer be told whether it was.
    TooOld,
}

impl Default for Nonces {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl Nonces {
    fn with_capacity(capacity: usize) -> Self {
        Self {
            keys: HashMap::new(),
            hasher: RandomState::new(),
            count: 0,
            capacity,
            swept_at: i64::MIN,
        }
    }

    /// Takes a nonce that an access key used in a request of that date; both times in epoch milliseconds.
    ///
    /// # Errors
    /// [`NonceRefusal`].
    pub fn take(
        &mut self,
        key: &str,
        nonce: &[u8],
        date: i64,
        now: i64,
    ) -> Result<(), NonceRefusal> {
        self.sweep(now);
        let second = date.div_euclid(1000);
        let fingerprint = self.hasher.hash_one(nonce);
        let used = self.keys.entry(key.to_owned()).or_default();
        if used.seconds.contains_key(&fingerprint) {
            return Err(NonceRefusal::Used);
        }
        if used.floor.is_some_and(|floor| second <= floor) {
            return Err(NonceRefusal::TooOld);
        }
        used.seconds.insert(fingerprint, second);
        used.by_second.entry(second).or_default().push(fingerprint);
        self.count += 1;
        if self.count > self.capacity {
            self.make_room();
        }
        Ok(())
    }

    /// Forgets what can be refused by its date.
    fn sweep(&mut self, now: i64) {
        // A clock that was set back must not stop the sweeping.
        if now.saturating_sub(self.swept_at) < SWEEP_MS && now >= self.swept_at {
            return;
        }
        self.swept_at = now;
        let oldest = (now - WINDOW_MS - GRACE_MS).div_euclid(1000);
        for used in self.keys.values_mut() {
            while let Some((second, nonces)) = used.by_second.first_key_value() {
                if *second >= oldest {
                    break;
                }
                self.count -= nonces.len();
                used.forget_oldest();
            }
        }
        self.keys.retain(|_, used| !used.seconds.is_empty() || used.floor >= Some(oldest));
    }

    fn make_room(&mut self) {
        let largest = self.keys.values_mut().max_by_key(|used| used.seconds.len());
        if let Some(used) = largest
            && let Some((second, nonces)) = used.by_second.first_key_value()
        {
            used.floor = used.floor.max(Some(*second));
            self.count -= nonces.len();
            used.forget_oldest();
        }
    }
}

impl Used {
    fn forget_oldest(&mut self) {
        for nonce in self.by_second.pop_first().map(|(_, nonces)| nonces).unwrap_or_default() {
            self.seconds.remove(&nonce);
        }
        // A flood must not keep its room for ever.
        if self.seconds.capacity() > 1024 && self.seconds.len() < self.seconds.capacity() / 4 {
            self.seconds.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    #[test]
    fn a_nonce_is_taken_once_a_key() {
        let mut nonces = Nonces::default();
        assert_eq!(nonces.take("a", b"n", NOW, NOW), Ok(()));
        assert_eq!(nonces.take("a", b"n", NOW, NOW), Err(NonceRefusal::Used));
        assert_eq!(nonces.take("a", b"n", NOW + 1000, NOW), Err(NonceRefusal::Used));
        assert_eq!(nonces.take("b", b"n", NOW, NOW), Ok(()));
        assert_eq!(nonces.take("a", b"m", NOW, NOW), Ok(()));
    }

    #[test]
    fn a_nonce_is_remembered_as_long_as_its_request_is_acceptable() {
        for ahead in [-WINDOW_MS, 0, WINDOW_MS] {
            let mut nonces = Nonces::default();
            let date = NOW + ahead;
            assert_eq!(nonces.take("a", b"n", date, NOW), Ok(()));
            let last = date + WINDOW_MS;
            for now in [NOW.max(last - 1000), last] {
                // The other key's request is what makes the ledger look for old ones.
                nonces.take("b", &now.to_be_bytes(), now, now).ok();
                assert_eq!(
                    nonces.take("a", b"n", date, now),
                    Err(NonceRefusal::Used),
                    "{ahead} {now}"
                );
            }
        }
    }

    /// Another thread may have looked at the clock later and come first.
    #[test]
    fn a_request_that_is_overtaken_finds_its_nonce() {
        let mut nonces = Nonces::default();
        assert_eq!(nonces.take("a", b"n", NOW, NOW), Ok(()));
        let last = NOW + WINDOW_MS;
        assert_eq!(nonces.take("b", b"m", last, last + GRACE_MS), Ok(()));
        assert_eq!(nonces.take("a", b"n", NOW, last), Err(NonceRefusal::Used));
    }

    #[test]
    fn what_is_out_of_date_is_forgotten() {
        let mut nonces = Nonces::default();
        for number in 0..5000_u32 {
            nonces.take("a", &number.to_be_bytes(), NOW, NOW).unwrap();
        }
        let later = NOW + WINDOW_MS + GRACE_MS + SWEEP_MS;
        assert_eq!(nonces.take("b", b"n", later, later), Ok(()));
        assert_eq!(nonces.count, 1);
        assert_eq!(nonces.keys.len(), 1, "a key without nonces is forgotten too");
    }

    #[test]
    fn a_clock_set_back_does_not_stop_the_sweeping() {
        let mut nonces = Nonces::default();
        let far = NOW + 1000 * WINDOW_MS;
        nonces.take("a", b"n", far, far).unwrap();
        nonces.take("a", b"m", NOW, NOW).unwrap();
        let later = NOW + WINDOW_MS + GRACE_MS + 2 * SWEEP_MS;
        nonces.take("b", b"x", later, later).unwrap();
        assert_eq!(nonces.take("a", b"m", later, later), Ok(()), "the old one is gone");
    }

    #[test]
    fn a_flood_narrows_only_its_own_window_and_memory_stays_bounded() {
        let mut nonces = Nonces::with_capacity(1000);
        for number in 0..100_u32 {
            nonces.take("good", &number.to_be_bytes(), NOW, NOW).unwrap();
        }
        for number in 0..100_000_u32 {
            let date = NOW + i64::from(number) * 10;
            nonces.take("flood", &number.to_be_bytes(), date, NOW).unwrap();
            assert!(nonces.count <= 1001, "{}", nonces.count);
        }
        assert_eq!(
            nonces.keys.values().map(|used| used.seconds.len()).sum::<usize>(),
            nonces.count
        );
        assert!(nonces.keys["flood"].seconds.capacity() < 10_000);
        assert_eq!(nonces.take("flood", &1_u32.to_be_bytes(), NOW, NOW), Err(NonceRefusal::TooOld));
        let late = NOW + 999_990;
        let last = 99_999_u32.to_be_bytes();
        assert_eq!(nonces.take("flood", &last, late, NOW), Err(NonceRefusal::Used));
        assert_eq!(nonces.take("flood", b"new", late + 1000, NOW), Ok(()));
        for number in 0..100_u32 {
            let again = nonces.take("good", &number.to_be_bytes(), NOW, NOW);
            assert_eq!(again, Err(NonceRefusal::Used), "{number}");
        }
        assert_eq!(nonces.take("good", b"new", NOW, NOW), Ok(()));
    }
}
