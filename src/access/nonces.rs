//! Which signature nonces were used already.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{BuildHasher, RandomState},
};

use super::Refusal;

/// How far a request's date may be from the server's clock, in milliseconds: 15 minutes either way (the platform's
/// table of common errors, `InvalidTimeStamp.Expired`).
pub const WINDOW_MS: i64 = 15 * 60 * 1000;

/// How many nonces are remembered, of all keys together: about 20 MiB when they are one key's (measured). That is 1,165
/// requests a second for all of the window.
pub const CAPACITY: usize = 1 << 20;

/// How much longer than [`WINDOW_MS`] a nonce is remembered, in milliseconds: two requests may read the clock in one
/// order and come here in the other.
const GRACE_MS: i64 = 60 * 1000;

/// How often what is out of date is looked for among all keys, in milliseconds.
const SWEEP_MS: i64 = 60 * 1000;

/// The nonces of all access keys whose requests may still be accepted by their date.
///
/// Memory is bounded by the capacity, and no replay is let through for it: when there is no room, the oldest nonces of the
/// key with the most of them are forgotten, and from then on that key's requests of their date or before are refused as
/// expired. A key that makes a flood of requests so narrows its own window and no other's.
pub struct Nonces {
    keys: HashMap<String, Used>,
    /// Nonces are kept as 64-bit keyed hashes: no client can search for two that collide.
    hasher: RandomState,
    count: usize,
    capacity: usize,
    swept_at: i64,
}

/// The nonces of one access key.
#[derive(Default)]
struct Used {
    /// By the second from which on they take nonces: one a minute, and more where there are many.
    buckets: BTreeMap<i64, Bucket>,
    /// Requests of this second or before are refused.
    floor: Option<i64>,
}

/// The nonces of requests whose dates are near each other.
struct Bucket {
    nonces: HashSet<u64>,
    /// The latest date among them, in seconds.
    newest: i64,
}

impl Nonces {
    pub fn new(capacity: usize) -> Self {
        Self {
            keys: HashMap::new(),
            hasher: RandomState::new(),
            count: 0,
            capacity,
            swept_at: i64::MIN,
        }
    }

    /// Takes a nonce that an access key used in a request of that date; both times in epoch milliseconds. A request so old
    /// that its nonce may have been forgotten is expired.
    pub fn take(&mut self, key: &str, nonce: &[u8], date: i64, now: i64) -> Result<(), Refusal> {
        self.sweep(now);
        let second = date.div_euclid(1000);
        let fingerprint = self.hasher.hash_one(nonce);
        let used = self.keys.entry(key.to_owned()).or_default();
        if used.buckets.values().any(|bucket| bucket.nonces.contains(&fingerprint)) {
            return Err(Refusal::NonceUsed);
        }
        if used.floor.is_some_and(|floor| second <= floor) {
            return Err(Refusal::DateExpired);
        }
        used.put(second, fingerprint, self.capacity / 8);
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
        self.keys.retain(|_, used| {
            used.buckets.retain(|_, bucket| bucket.newest >= oldest);
            !used.buckets.is_empty() || used.floor >= Some(oldest)
        });
        self.count = self.keys.values().map(Used::count).sum();
    }

    fn make_room(&mut self) {
        let largest = self.keys.values_mut().max_by_key(|used| used.count());
        if let Some(used) = largest
            && let Some((_, bucket)) = used.buckets.pop_first()
        {
            used.floor = used.floor.max(Some(bucket.newest));
            self.count -= bucket.nonces.len();
        }
    }
}

impl Used {
    fn count(&self) -> usize {
        self.buckets.values().map(|bucket| bucket.nonces.len()).sum()
    }

    /// Puts a nonce into the bucket of its minute, or into a new one behind it when that one is `full`.
    fn put(&mut self, second: i64, fingerprint: u64, full: usize) {
        let minute = second - second.rem_euclid(60);
        let found = self.buckets.range(minute..=second).next_back();
        let start = match found {
            Some((_, bucket)) if bucket.nonces.len() >= full && second > bucket.newest => second,
            Some((start, _)) => *start,
            None => minute,
        };
        let new = || Bucket { nonces: HashSet::default(), newest: second };
        let bucket = self.buckets.entry(start).or_insert_with(new);
        bucket.newest = bucket.newest.max(second);
        bucket.nonces.insert(fingerprint);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000_000;

    #[test]
    fn a_nonce_is_taken_once_a_key() {
        let mut nonces = Nonces::new(CAPACITY);
        assert_eq!(nonces.take("a", b"n", NOW, NOW), Ok(()));
        assert_eq!(nonces.take("a", b"n", NOW, NOW), Err(Refusal::NonceUsed));
        assert_eq!(nonces.take("a", b"n", NOW + 1000, NOW), Err(Refusal::NonceUsed));
        assert_eq!(nonces.take("b", b"n", NOW, NOW), Ok(()));
        assert_eq!(nonces.take("a", b"m", NOW, NOW), Ok(()));
    }

    #[test]
    fn a_nonce_is_remembered_as_long_as_its_request_is_acceptable() {
        for ahead in [-WINDOW_MS, 0, WINDOW_MS] {
            let mut nonces = Nonces::new(CAPACITY);
            let date = NOW + ahead;
            assert_eq!(nonces.take("a", b"n", date, NOW), Ok(()));
            let last = date + WINDOW_MS;
            for now in [NOW.max(last - 1000), last] {
                // The other key's request is what makes the sweep run.
                nonces.take("b", &now.to_be_bytes(), now, now).ok();
                assert_eq!(
                    nonces.take("a", b"n", date, now),
                    Err(Refusal::NonceUsed),
                    "{ahead} {now}"
                );
            }
        }
    }

    /// Another thread may have read the clock later and come first.
    #[test]
    fn a_request_that_is_overtaken_finds_its_nonce() {
        let mut nonces = Nonces::new(CAPACITY);
        assert_eq!(nonces.take("a", b"n", NOW, NOW), Ok(()));
        let last = NOW + WINDOW_MS;
        assert_eq!(nonces.take("b", b"m", last, last + GRACE_MS), Ok(()));
        assert_eq!(nonces.take("a", b"n", NOW, last), Err(Refusal::NonceUsed));
    }

    #[test]
    fn what_is_out_of_date_is_forgotten() {
        let mut nonces = Nonces::new(CAPACITY);
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
        let mut nonces = Nonces::new(CAPACITY);
        let far = NOW + 1000 * WINDOW_MS;
        nonces.take("a", b"n", far, far).unwrap();
        nonces.take("a", b"m", NOW, NOW).unwrap();
        let later = NOW + WINDOW_MS + GRACE_MS + 2 * SWEEP_MS;
        nonces.take("b", b"x", later, later).unwrap();
        assert_eq!(nonces.take("a", b"m", later, later), Ok(()), "the old one is gone");
    }

    #[test]
    fn a_flood_narrows_only_its_own_window_and_memory_stays_bounded() {
        let mut nonces = Nonces::new(1000);
        for number in 0..100_u32 {
            nonces.take("good", &number.to_be_bytes(), NOW, NOW).unwrap();
        }
        for number in 0..100_000_u32 {
            let date = NOW + i64::from(number) * 10;
            nonces.take("flood", &number.to_be_bytes(), date, NOW).unwrap();
            assert!(nonces.count <= 1001, "{}", nonces.count);
        }
        assert_eq!(nonces.keys.values().map(Used::count).sum::<usize>(), nonces.count);
        assert!(nonces.keys["flood"].buckets.len() < 100);
        assert!(nonces.keys["flood"].count() > 700, "not much more is forgotten than has to be");
        assert_eq!(nonces.take("flood", &1_u32.to_be_bytes(), NOW, NOW), Err(Refusal::DateExpired));
        let late = NOW + 999_990;
        let last = 99_999_u32.to_be_bytes();
        assert_eq!(nonces.take("flood", &last, late, NOW), Err(Refusal::NonceUsed));
        assert_eq!(nonces.take("flood", b"new", late + 1000, NOW), Ok(()));
        for number in 0..100_u32 {
            let again = nonces.take("good", &number.to_be_bytes(), NOW, NOW);
            assert_eq!(again, Err(Refusal::NonceUsed), "{number}");
        }
        assert_eq!(nonces.take("good", b"new", NOW, NOW), Ok(()));
    }

    /// Requests of three keys in any order of dates, each sent again at random by clocks that differ as far as is
    /// provided for: none is taken twice as long as its date is acceptable, however little room there is.
    #[test]
    fn no_replay_is_let_through_whatever_is_forgotten() {
        for seed in 0..20 {
            let mut dice = fastrand::Rng::with_seed(seed);
            let mut nonces = Nonces::new(dice.usize(1..200));
            let (mut latest, mut sent, mut taken) = (NOW, vec![], HashSet::new());
            for number in 0..4_000_u32 {
                let longest = if dice.u8(..) < 3 { WINDOW_MS } else { 1000 };
                latest += dice.i64(0..longest);
                let now = latest - dice.i64(0..GRACE_MS);
                let (key, nonce, date) = if sent.is_empty() || dice.bool() {
                    let key = ["a", "b", "c"][dice.usize(..3)];
                    (key, number, now + dice.i64(-WINDOW_MS..WINDOW_MS))
                } else {
                    sent[dice.usize(..sent.len())]
                };
                if (now - date).abs() > WINDOW_MS {
                    continue;
                }
                sent.push((key, nonce, date));
                if nonces.take(key, &nonce.to_be_bytes(), date, now).is_ok() {
                    assert!(taken.insert((key, nonce)), "seed {seed}, request {number}");
                }
                assert!(nonces.count <= nonces.capacity);
                let count: usize = nonces.keys.values().map(Used::count).sum();
                assert_eq!(count, nonces.count);
            }
            assert!(taken.len() > 500, "{}", taken.len());
        }
    }
}
