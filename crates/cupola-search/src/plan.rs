//! A study's tasks: which configuration, which seed, in which order.

use std::ops::Range;

use crate::{
    Config,
    sampler::{Sampler, sample},
    space::Space,
};

/// The seed of a family's first task, unless its brief says otherwise.
pub const FIRST_SEED: i64 = 42;

/// One task to be.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedTask {
    /// Its place in the study, from zero. Continuing a study goes on counting.
    pub number: u32,
    /// The values of its parameters.
    pub config: Config,
    /// The seed of the training itself; no two tasks of a study share it.
    pub seed: i64,
    /// The task with the highest goes first.
    pub priority: i64,
}

/// The first `num_tasks` tasks of a study. The same arguments give the same plan.
pub fn plan(
    space: &Space,
    sampler: Sampler,
    num_tasks: u32,
    study_seed: u64,
    first_seed: i64,
) -> Vec<PlannedTask> {
    plan_range(space, sampler, 0..num_tasks, study_seed, first_seed)
}

/// The tasks with these numbers, for a study that goes on where it stopped.
///
/// Configurations and seeds are those that a longer plan would have given; priorities count
/// down to one within the range.
pub fn plan_range(
    space: &Space,
    sampler: Sampler,
    numbers: Range<u32>,
    study_seed: u64,
    first_seed: i64,
) -> Vec<PlannedTask> {
    let end = i64::from(numbers.end);
    numbers
        .map(|number| PlannedTask {
            number,
            config: sample(space, sampler, study_seed, u64::from(number)),
            seed: first_seed.wrapping_add(i64::from(number)),
            priority: end - i64::from(number),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::char_lm::char_lm_space;

    #[test]
    fn seeds_count_up_and_priorities_down() {
        let tasks = plan(&char_lm_space(), Sampler::Random, 10, 1, FIRST_SEED);
        let seeds: Vec<i64> = tasks.iter().map(|t| t.seed).collect();
        let priorities: Vec<i64> = tasks.iter().map(|t| t.priority).collect();
        assert_eq!(seeds, (42..52).collect::<Vec<_>>());
        assert_eq!(priorities, (1..=10).rev().collect::<Vec<_>>());
    }

    #[test]
    fn the_same_brief_gives_the_same_plan_and_another_seed_another() {
        for sampler in [Sampler::Random, Sampler::QuasiRandom] {
            let of_seed = |seed| plan(&char_lm_space(), sampler, 20, seed, FIRST_SEED);
            assert_eq!(of_seed(5), of_seed(5));
            assert_ne!(of_seed(5), of_seed(6));
        }
    }

    #[test]
    fn a_continued_study_has_the_tasks_of_a_longer_one() {
        for sampler in Sampler::ALL {
            let whole = plan(&char_lm_space(), sampler, 30, 9, FIRST_SEED);
            let more = plan_range(&char_lm_space(), sampler, 20..30, 9, FIRST_SEED);
            assert_eq!(&whole[20..], &more[..]);
        }
    }

    #[test]
    fn no_tasks_make_an_empty_plan() {
        assert_eq!(plan(&char_lm_space(), Sampler::Grid, 0, 9, FIRST_SEED), []);
    }

    fn check(sampler: Sampler, expected: &str) {
        let tasks = plan(&char_lm_space(), sampler, 3, 2026, FIRST_SEED);
        let values: Vec<String> = tasks[2].config.values().map(ToString::to_string).collect();
        assert_eq!(values.join(" "), expected);
    }

    #[test]
    fn a_plan_made_today_is_the_plan_of_every_machine() {
        check(Sampler::Random, r#"0.007129 "linear" 6 4 256 256 64 256"#);
        check(Sampler::Grid, r#"0.01 "cosine" 4 4 128 256 128 128"#);
        check(
            Sampler::QuasiRandom,
            r#"0.003639 "cosine" 4 4 128 512 128 256"#,
        );
    }
}
