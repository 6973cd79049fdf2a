//! Choices that an input makes without having bytes for them.

/// Numbers that follow from an input, so that a finding can be replayed and a seed stays readable.
#[derive(Debug)]
pub struct Choices(u64);

impl Choices {
    /// The choices of that input.
    #[must_use]
    pub fn of(input: &[u8]) -> Self {
        // FNV-1a; a state of zero would stay zero.
        let hash = input.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(hash | 1)
    }

    /// A number below `end`; 0 where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap_or_default().checked_rem(end).unwrap_or_default()
    }

    /// One time in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }
}
