//! Choices that nobody can foresee, and that favour nothing.

use super::Result;

/// A source of random bytes: the machine's own, but in tests.
pub trait Random {
    /// Fills all of the bytes.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()>;

    /// A number below the bound, each as likely as any other; 0 for a bound of 0.
    fn below(&mut self, bound: usize) -> Result<usize> {
        let bound = bound.max(1);
        // A multiple of the bound: above it the small remainders would come up more often.
        let fair = usize::MAX - usize::MAX % bound;
        loop {
            let mut bytes = [0; size_of::<usize>()];
            self.fill(&mut bytes)?;
            let drawn = usize::from_le_bytes(bytes);
            if drawn < fair {
                return Ok(drawn % bound);
            }
        }
    }

    /// Puts the bytes into an order, each as likely as any other (Fisher and Yates).
    fn shuffle(&mut self, bytes: &mut [u8]) -> Result<()> {
        for last in (1..bytes.len()).rev() {
            bytes.swap(last, self.below(last + 1)?);
        }
        Ok(())
    }
}

impl<F: FnMut(&mut [u8]) -> Result<()>> Random for F {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self(bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;
    use crate::kms::model::Error;

    /// A source that gives the same bytes for the same seed.
    pub fn seeded(seed: u64) -> impl Random {
        let mut generator = fastrand::Rng::with_seed(seed);
        move |bytes: &mut [u8]| {
            generator.fill(bytes);
            Ok(())
        }
    }

    /// A source that never gives anything.
    pub fn broken() -> impl Random {
        |_: &mut [u8]| Err(Error::unavailable("no random bytes"))
    }

    #[test]
    fn every_number_below_the_bound_is_drawn_as_often() {
        let mut random = seeded(1);
        let mut counts = [0; 10];
        for _ in 0..20_000 {
            *counts.get_mut(random.below(10).unwrap()).unwrap() += 1;
        }
        // Six standard deviations of a fair draw.
        assert!(counts.iter().all(|count| (1745..=2255).contains(count)), "{counts:?}");
        assert_eq!((random.below(1).unwrap(), random.below(0).unwrap()), (0, 0));
    }

    #[test]
    fn what_would_favour_small_numbers_is_drawn_again() {
        // 2^63 and more would leave a second, shorter round of remainders.
        let bound = usize::MAX / 2 + 1;
        let mut draws = [usize::MAX, bound, 5].into_iter();
        let mut random = move |bytes: &mut [u8]| {
            bytes.copy_from_slice(&draws.next().unwrap().to_le_bytes());
            Ok(())
        };
        assert_eq!(random.below(bound).unwrap(), 5);
    }

    #[test]
    fn every_order_comes_up_as_often() {
        let mut random = seeded(2);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..12_000 {
            let mut bytes = *b"abcd";
            random.shuffle(&mut bytes).unwrap();
            *counts.entry(bytes).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 24);
        assert!(counts.values().all(|count| (370..=630).contains(count)), "{counts:?}");
        random.shuffle(&mut []).unwrap();
    }

    #[test]
    fn a_source_that_fails_is_an_error() {
        assert_eq!(broken().below(2), Err(Error::unavailable("no random bytes")));
        assert!(broken().shuffle(&mut [1, 2]).is_err());
    }
}
