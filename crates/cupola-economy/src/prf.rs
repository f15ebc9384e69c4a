//! Choices that nobody can foretell who does not have the key, and that anybody who has it can repeat.
//!
//! The function is `SipHash-2-4` (Aumasson and Bernstein, 2012), a keyed function made for exactly this:
//! 64 bits out, 128 bits of key.

/// The secret, and the choices that follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    first: u64,
    second: u64,
}

impl Key {
    /// From sixteen bytes that stay with the hub.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the halves of the sixteen bytes"
    )]
    pub fn new(bytes: [u8; 16]) -> Self {
        let whole = u128::from_le_bytes(bytes);
        Self {
            first: whole as u64,
            second: (whole >> 64) as u64,
        }
    }

    /// A key for simulations and tests: it is as secret as the seed.
    pub const fn from_seed(seed: u64) -> Self {
        Self {
            first: seed,
            second: !seed,
        }
    }

    /// 64 bits that belong to these words.
    pub fn bits(&self, words: &[u64]) -> u64 {
        let mut state = State::new(self);
        for word in words {
            state.absorb(*word);
        }
        let length = (words.len() as u64).wrapping_mul(8);
        state.absorb(length << 56);
        state.finish()
    }

    /// A number from 0, included, to 1, excluded: a multiple of 2^-53.
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits are what a float holds exactly"
    )]
    pub fn unit(&self, words: &[u64]) -> f64 {
        (self.bits(words) >> 11) as f64 * (f64::EPSILON / 2.0)
    }

    /// One of `count` places, each as likely; `None` of none.
    pub fn place(&self, words: &[u64], count: usize) -> Option<usize> {
        if count == 0 {
            return None;
        }
        let scaled = (u128::from(self.bits(words)) * count as u128) >> 64;
        usize::try_from(scaled).ok()
    }
}

struct State {
    v0: u64,
    v1: u64,
    v2: u64,
    v3: u64,
}

impl State {
    fn new(key: &Key) -> Self {
        Self {
            v0: key.first ^ 0x736f_6d65_7073_6575,
            v1: key.second ^ 0x646f_7261_6e64_6f6d,
            v2: key.first ^ 0x6c79_6765_6e65_7261,
            v3: key.second ^ 0x7465_6462_7974_6573,
        }
    }

    fn absorb(&mut self, word: u64) {
        self.v3 ^= word;
        self.round();
        self.round();
        self.v0 ^= word;
    }

    fn finish(mut self) -> u64 {
        self.v2 ^= 0xff;
        for _ in 0..4 {
            self.round();
        }
        self.v0 ^ self.v1 ^ self.v2 ^ self.v3
    }

    fn round(&mut self) {
        self.v0 = self.v0.wrapping_add(self.v1);
        self.v2 = self.v2.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(13) ^ self.v0;
        self.v3 = self.v3.rotate_left(16) ^ self.v2;
        self.v0 = self.v0.rotate_left(32);
        self.v2 = self.v2.wrapping_add(self.v1);
        self.v0 = self.v0.wrapping_add(self.v3);
        self.v1 = self.v1.rotate_left(17) ^ self.v2;
        self.v3 = self.v3.rotate_left(21) ^ self.v0;
        self.v2 = self.v2.rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher as _;

    use super::*;

    const BYTES: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    #[test]
    fn it_gives_the_published_numbers() {
        let key = Key::new(BYTES);
        assert_eq!(key.bits(&[]), 0x726f_db47_dd0e_0e31);
        assert_eq!(
            key.bits(&[u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7])]),
            0x93f5_f579_9a93_2462
        );
    }

    #[test]
    #[expect(
        deprecated,
        reason = "the same function, as the standard library has it"
    )]
    fn it_agrees_with_another_hand_at_any_length() {
        let key = Key::new(BYTES);
        for length in 0..40u64 {
            let words: Vec<u64> = (0..length).map(|word| word * 0x0123_4567_89ab).collect();
            let mut other = std::hash::SipHasher::new_with_keys(key.first, key.second);
            for word in &words {
                other.write(&word.to_le_bytes());
            }
            assert_eq!(key.bits(&words), other.finish(), "{length} words");
        }
    }

    #[test]
    fn places_are_as_likely_as_each_other() {
        let key = Key::from_seed(7);
        let mut counts = [0u32; 7];
        for word in 0..70_000 {
            counts[key.place(&[word], 7).unwrap()] += 1;
        }
        // Five deviations of a binomial with n = 70 000 and p = 1/7.
        assert!(
            counts.iter().all(|n| n.abs_diff(10_000) < 470),
            "{counts:?}"
        );
        assert_eq!(key.place(&[1], 0), None);
    }

    #[test]
    fn units_fill_the_interval() {
        let key = Key::from_seed(3);
        let units: Vec<f64> = (0..10_000).map(|word| key.unit(&[word])).collect();
        assert!(units.iter().all(|unit| (0.0..1.0).contains(unit)));
        let mean = units.iter().sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.015, "{mean}");
    }
}
