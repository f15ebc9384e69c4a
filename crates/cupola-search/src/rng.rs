//! Numbers that look random and are a pure function of a seed and an index.
//!
//! The generator is `SplitMix64` (Steele, Lea and Flood, *Fast splittable pseudorandom number
//! generators*, 2014): the state grows by a constant, and each output is a mix of the state.
//!
//! ```text
//! next:   state += 0x9e3779b97f4a7c15 (mod 2^64); output mix(state)
//! mix(z): z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9
//!         z = (z ^ z >> 27) * 0x94d049bb133111eb
//!         z ^ z >> 31
//! at:     state = mix(mix(seed) + (index + 1) * 0x9e3779b97f4a7c15)
//! ```
//!
//! So any index is reached at once, and neighbouring seeds and indices share nothing visible.
//! The numbers are not secrets: whoever knows a few can tell the rest.

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A sequence of numbers, the same for the same start on every machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The plain generator: its first output is that of `SplitMix64` with this seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The sequence that belongs to `index` of a study with this seed.
    pub const fn at(seed: u64, index: u64) -> Self {
        let offset = index.wrapping_add(1).wrapping_mul(STEP);
        Self::new(mix(mix(seed).wrapping_add(offset)))
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// The next number from 0, included, to 1, excluded: a multiple of 2^-53.
    pub const fn unit(&mut self) -> f64 {
        crate::numbers::float(self.bits() >> 11) * (f64::EPSILON / 2.0)
    }
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(mut rng: Rng, expected: &[u64]) {
        let drawn: Vec<u64> = expected.iter().map(|_| rng.bits()).collect();
        assert_eq!(drawn, expected);
    }

    #[test]
    fn the_plain_generator_gives_the_published_numbers() {
        check(
            Rng::new(1_234_567),
            &[
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423,
                4_593_380_528_125_082_431,
                16_408_922_859_458_223_821,
            ],
        );
    }

    #[test]
    fn the_sequence_at_an_index_is_fixed_for_ever() {
        check(
            Rng::at(0, 0),
            &[12_035_550_249_420_947_055, 12_935_080_325_729_570_654],
        );
        check(
            Rng::at(42, 0),
            &[6_168_158_941_143_839_527, 15_426_830_967_218_710_751],
        );
        check(
            Rng::at(42, 1),
            &[7_382_028_192_048_325_405, 16_450_186_550_273_024_929],
        );
        check(
            Rng::at(u64::MAX, u64::MAX),
            &[740_690_186_478_656_347, 7_261_744_569_665_243_740],
        );
    }

    #[test]
    fn units_fill_the_interval_evenly() {
        let mut counts = [0u32; 10];
        for index in 0..10_000 {
            let unit = Rng::at(3, index).unit();
            assert!((0.0..1.0).contains(&unit));
            counts[usize::try_from(crate::numbers::floor(unit * 10.0)).unwrap()] += 1;
        }
        // Four deviations of a binomial with n = 10 000 and p = 1/10.
        assert!(counts.iter().all(|n| n.abs_diff(1_000) < 120), "{counts:?}");
    }
}
