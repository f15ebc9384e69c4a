//! All configurations of a space, counted and numbered.
//!
//! Parameters that depend on each other form a branch; branches are independent, so that the
//! number of configurations is the product of theirs. Within a branch, numbers run through the
//! last parameter first. Continuous ranges are replaced by a stated number of points.

use crate::{
    Config,
    space::{Parameter, Space},
};

/// Parameters that depend on each other, and on no others.
#[derive(Debug)]
pub(crate) struct Branch<'a> {
    parameters: Vec<&'a Parameter>,
    points: u64,
}

/// The number of configurations, with `points` for each continuous range. Saturates.
pub(crate) fn count(space: &Space, points: u64) -> u128 {
    branches(space, points)
        .iter()
        .fold(1, |count, branch| count.saturating_mul(branch.count()))
}

/// The branches in the order of their first parameters.
pub(crate) fn branches(space: &Space, points: u64) -> Vec<Branch<'_>> {
    let mut branches: Vec<Branch<'_>> = Vec::new();
    for parameter in space.parameters() {
        let mut grown = Branch {
            parameters: Vec::new(),
            points,
        };
        let needed = |branch: &mut Branch<'_>| {
            let names: Vec<&str> = branch.parameters.iter().map(|p| p.name.as_str()).collect();
            parameter.depends_on().any(|name| names.contains(&name))
        };
        let place = branches.iter_mut().position(needed);
        for branch in branches.extract_if(.., needed) {
            grown.parameters.extend(branch.parameters);
        }
        grown.parameters.push(parameter);
        branches.insert(place.unwrap_or(branches.len()), grown);
    }
    branches
}

impl Branch<'_> {
    /// How many configurations the branch has. Saturates.
    pub(crate) fn count(&self) -> u128 {
        self.count_from(0, &mut Config::new())
    }

    /// Writes configuration number `rank`, which is below the count, into `config`.
    pub(crate) fn write(&self, mut rank: u128, config: &mut Config) {
        for (i, parameter) in self.parameters.iter().enumerate() {
            if !parameter.exists_in(config) {
                continue;
            }
            let levels = parameter.grid_levels(config, self.points);
            let mut chosen = 0;
            if self.is_needed_after(i) {
                while chosen + 1 < levels.count() {
                    config.insert(parameter.name.clone(), levels.value(chosen));
                    let below = self.count_from(i + 1, config);
                    if rank < below {
                        break;
                    }
                    rank -= below;
                    chosen += 1;
                }
            } else {
                let below = self.count_from(i + 1, config);
                chosen = u64::try_from(rank / below).unwrap_or(0);
                rank %= below;
            }
            config.insert(parameter.name.clone(), levels.value(chosen));
        }
    }

    /// The number of ways to go on from parameter `i`, given the earlier values in `config`.
    fn count_from(&self, i: usize, config: &mut Config) -> u128 {
        let Some(parameter) = self.parameters.get(i) else {
            return 1;
        };
        if !parameter.exists_in(config) {
            return self.count_from(i + 1, config);
        }
        let levels = parameter.grid_levels(config, self.points);
        let count = levels.count();
        if !self.is_needed_after(i) {
            let rest = self.count_from(i + 1, config);
            return u128::from(count).saturating_mul(rest);
        }
        let mut sum = 0u128;
        for rank in 0..count {
            config.insert(parameter.name.clone(), levels.value(rank));
            sum = sum.saturating_add(self.count_from(i + 1, config));
        }
        config.remove(&parameter.name);
        sum
    }

    fn is_needed_after(&self, i: usize) -> bool {
        let name = &self.parameters[i].name;
        self.parameters[i..]
            .iter()
            .any(|later| later.depends_on().any(|needed| needed == name))
    }
}
