//! The ways to walk through a space.

use std::{fmt, str::FromStr};

use crate::{
    Config,
    rng::Rng,
    sampler::{grid, sobol},
    space::{Space, tree},
};

/// How many values of a continuous range a grid takes, both ends included.
pub const GRID_POINTS: u64 = 5;

/// How the configurations of a study are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sampler {
    /// Independent draws.
    Random,
    /// Every combination once, spread out from the first on, then again from the start.
    /// Continuous ranges give [`GRID_POINTS`] values. The seed does not matter.
    Grid,
    /// Draws that keep away from each other: a Sobol sequence with seeded scrambling.
    QuasiRandom,
}

impl Sampler {
    /// Every sampler, in the order of menus.
    pub const ALL: [Sampler; 3] = [Sampler::Random, Sampler::Grid, Sampler::QuasiRandom];

    /// The name in briefs, forms and flags.
    pub const fn as_str(self) -> &'static str {
        match self {
            Sampler::Random => "random",
            Sampler::Grid => "grid",
            Sampler::QuasiRandom => "quasi_random",
        }
    }
}

impl fmt::Display for Sampler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Sampler {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|s| s.as_str() == text);
        found.ok_or_else(|| {
            format!("`{text}` is not a sampler; say `random`, `grid` or `quasi_random`")
        })
    }
}

/// Configuration number `index`, counted from zero, of the study with this seed.
///
/// Every parameter has its own stream of draws, so that its values do not depend on whether
/// another one exists.
pub fn sample(space: &Space, sampler: Sampler, seed: u64, index: u64) -> Config {
    match sampler {
        Sampler::Grid => grid::config(space, index),
        Sampler::Random => {
            let mut rng = Rng::at(seed, index);
            drawn(space, |_| rng.unit())
        }
        Sampler::QuasiRandom => drawn(space, |dimension| sobol::unit(seed, dimension, index)),
    }
}

/// How many configurations a grid has before it starts again; `None` above 64 bits.
pub fn grid_size(space: &Space) -> Option<u64> {
    u64::try_from(tree::count(space, GRID_POINTS)).ok()
}

/// A configuration from one number in [0, 1) for each parameter, drawn even where it is unused.
fn drawn(space: &Space, mut unit: impl FnMut(usize) -> f64) -> Config {
    let mut config = Config::new();
    for (dimension, parameter) in space.parameters().iter().enumerate() {
        let unit = unit(dimension);
        if parameter.exists_in(&config) {
            let divisor = parameter.divisor_in(&config);
            let value = parameter.domain.value_at(unit, divisor);
            config.insert(parameter.name.clone(), value);
        }
    }
    config
}
