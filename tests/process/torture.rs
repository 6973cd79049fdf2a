//! How long the tests go on that wear the server down, and the dice that they throw.

use std::{
    collections::hash_map::RandomState,
    env,
    hash::{BuildHasher, Hasher},
    ops::Range,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
};

/// So many rounds, times the environment's `TORTURE`, an integer: 1 where it is not set.
pub fn rounds(usual: u32) -> u32 {
    let factor: u32 = setting("TORTURE").unwrap_or(1);
    assert!(factor > 0, "TORTURE=0 would test nothing");
    usual * factor
}

/// What the dice of a run begin with: the environment's `TORTURE_SEED`, so that a failed run can be repeated, or
/// something new. It is printed.
pub fn seed() -> u64 {
    let seed =
        setting("TORTURE_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    println!("TORTURE_SEED={seed}");
    seed
}

fn setting<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text:?} is no number")))
}

/// Sets a flag when it goes, also when a test fails: threads that wait for it would be waited for for ever.
pub fn ends(flag: &AtomicBool) -> impl Drop {
    struct Ends<'a>(&'a AtomicBool);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    Ends(flag)
}

/// Numbers that look random and are the same for the same seed (SplitMix64).
#[derive(Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.number() % (range.end - range.start)
    }

    /// One of them, where there are any.
    pub fn pick<T: Clone>(&mut self, from: impl Iterator<Item = T> + Clone) -> Option<T> {
        match from.clone().count() as u64 {
            0 => None,
            count => from.clone().nth(self.within(0..count) as usize),
        }
    }
}
