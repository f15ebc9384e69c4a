//! What came out of a study so far.

use std::sync::Arc;

use cupola_domain::{ids::TaskId, objective::Direction, provenance::Provenance};

use crate::{
    Config,
    stats::{Moments, median, sorted},
};

/// How many of the best are listed.
const TOP: usize = 5;

/// The objective value of one finished task, with all that is needed to compare it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The task.
    pub task: TaskId,
    /// Its place in the study.
    pub number: u32,
    /// What it was run with; shared, since answers and reports order thousands of them anew.
    pub config: Arc<Config>,
    /// The seed of the training.
    pub seed: i64,
    /// The objective metric; `None` when the run recorded none.
    pub value: Option<f64>,
    /// Where the value came from.
    pub provenance: Provenance,
    /// How long the run took.
    pub wall_time_secs: Option<f64>,
}

impl Observation {
    /// The value, if it may be best or enter a mean: measured or imported, and finite.
    pub fn counted(&self) -> Option<f64> {
        let value = self.value.filter(|value| value.is_finite())?;
        self.provenance.counts().then_some(value)
    }
}

/// The state of a study. The counts add up to the number of observations.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Values that enter everything below.
    pub counted: usize,
    /// Measured, but NaN or infinite: the training diverged.
    pub excluded_not_finite: usize,
    /// Values that nobody measured: simulated, planned or entered by hand.
    pub excluded_not_measured: usize,
    /// Measured runs that recorded no objective.
    pub without_value: usize,
    /// The winner.
    pub best: Option<Best>,
    /// The mean.
    pub mean: Option<f64>,
    /// The standard deviation of these values themselves, dividing by their count.
    pub std_population: Option<f64>,
    /// The least value, whichever direction is better.
    pub min: Option<f64>,
    /// The greatest value.
    pub max: Option<f64>,
    /// The middle value.
    pub median: Option<f64>,
    /// The best five, best first.
    pub top: Vec<Ranked>,
}

/// The best task and its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Best {
    /// The task.
    pub task: TaskId,
    /// Its place in the study.
    pub number: u32,
    /// Its objective value.
    pub value: f64,
}

/// One of the best.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// One for the best.
    pub rank: usize,
    /// The task.
    pub task: TaskId,
    /// Its place in the study.
    pub number: u32,
    /// Its objective value.
    pub value: f64,
    /// What it was run with; shared, since answers and reports order thousands of them anew.
    pub config: Arc<Config>,
    /// The seed of the training.
    pub seed: i64,
}

/// Sums up observations; their order does not matter. Among equals the earlier task wins.
pub fn summary(observations: &[Observation], direction: Direction) -> Summary {
    summary_but(observations, direction, |_| false)
}

/// The same, where some values enter the mean and are not called best: whatever would stand before the first
/// of which that may be said is left out of the best.
pub fn summary_but(
    observations: &[Observation],
    direction: Direction,
    is_unproven: impl Fn(TaskId) -> bool,
) -> Summary {
    let counted = best_first(observations, direction);
    let ascending = sorted(counted.iter().map(|(_, value)| *value));
    let moments: Moments = ascending.iter().copied().collect();
    let unproven = counted.iter().take_while(|(o, _)| is_unproven(o.task));
    let top = ranked(&counted[unproven.count()..]);
    let (measured, not_measured): (Vec<_>, Vec<_>) =
        observations.iter().partition(|o| o.provenance.counts());
    let without_value = measured.iter().filter(|o| o.value.is_none()).count();
    Summary {
        counted: counted.len(),
        excluded_not_finite: measured.len() - without_value - counted.len(),
        excluded_not_measured: not_measured.len(),
        without_value,
        best: top.first().map(|first| Best {
            task: first.task,
            number: first.number,
            value: first.value,
        }),
        mean: moments.mean(),
        std_population: moments.deviation_population(),
        min: ascending.first().copied(),
        max: ascending.last().copied(),
        median: median(&ascending),
        top,
    }
}

fn best_first(observations: &[Observation], direction: Direction) -> Vec<(&Observation, f64)> {
    let mut counted: Vec<(&Observation, f64)> = observations
        .iter()
        .filter_map(|o| Some((o, o.counted()?)))
        .collect();
    counted.sort_by(|(a, x), (b, y)| {
        let by_value = match direction {
            Direction::Minimize => x.partial_cmp(y),
            Direction::Maximize => y.partial_cmp(x),
        };
        let by_task = || (a.number, a.task, a.seed).cmp(&(b.number, b.task, b.seed));
        by_value.map_or_else(by_task, |order| order.then_with(by_task))
    });
    counted
}

fn ranked(best_first: &[(&Observation, f64)]) -> Vec<Ranked> {
    let top = best_first.iter().take(TOP).enumerate();
    top.map(|(i, (observation, value))| Ranked {
        rank: i + 1,
        task: observation.task,
        number: observation.number,
        value: *value,
        config: observation.config.clone(),
        seed: observation.seed,
    })
    .collect()
}

#[cfg(test)]
pub(crate) mod sample_data {
    use std::sync::Arc;

    use cupola_domain::provenance::Provenance;
    use serde_json::Value;
    use uuid::Uuid;

    use super::Observation;

    /// Task `number` with this value, measured, with an empty configuration and its own seed.
    pub(crate) fn observed(number: u32, value: f64) -> Observation {
        Observation {
            task: Uuid::from_u128(u128::from(number) + 1).into(),
            number,
            config: Arc::default(),
            seed: 42 + i64::from(number),
            value: Some(value),
            provenance: Provenance::Measured,
            wall_time_secs: Some(9.0),
        }
    }

    /// The same with one more parameter.
    pub(crate) fn with(mut observation: Observation, name: &str, value: Value) -> Observation {
        Arc::make_mut(&mut observation.config).insert(name.to_owned(), value);
        observation
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{sample_data::observed, *};

    fn observations(values: &[f64]) -> Vec<Observation> {
        (0..).zip(values).map(|(i, v)| observed(i, *v)).collect()
    }

    fn best(values: &[f64], direction: Direction) -> Option<u32> {
        summary(&observations(values), direction)
            .best
            .map(|best| best.number)
    }

    const NAN: f64 = f64::NAN;
    const INF: f64 = f64::INFINITY;

    #[test]
    fn the_best_is_the_least_or_the_greatest_finite_value() {
        assert_eq!(best(&[3.0, 1.0, 2.0], Direction::Minimize), Some(1));
        assert_eq!(best(&[3.0, 1.0, 2.0], Direction::Maximize), Some(0));
        assert_eq!(best(&[NAN, 2.0, -INF], Direction::Minimize), Some(1));
        assert_eq!(best(&[INF, 2.0, NAN], Direction::Maximize), Some(1));
        assert_eq!(best(&[NAN, INF], Direction::Maximize), None);
        assert_eq!(best(&[], Direction::Minimize), None);
    }

    #[test]
    fn the_earlier_task_wins_a_tie() {
        assert_eq!(best(&[2.0, 1.0, 1.0], Direction::Minimize), Some(1));
        assert_eq!(best(&[0.0, -0.0], Direction::Minimize), Some(0));
        assert_eq!(best(&[-0.0, 0.0], Direction::Maximize), Some(0));
    }

    #[test]
    fn numbers_of_a_known_study() {
        let summary = summary(
            &observations(&[4.0, 2.0, NAN, 6.0, 8.0]),
            Direction::Minimize,
        );
        assert_eq!((summary.counted, summary.excluded_not_finite), (4, 1));
        assert_eq!((summary.min, summary.max), (Some(2.0), Some(8.0)));
        assert_eq!((summary.mean, summary.median), (Some(5.0), Some(5.0)));
        assert_eq!(summary.std_population, Some(5f64.sqrt()));
        let top: Vec<(usize, u32)> = summary.top.iter().map(|r| (r.rank, r.number)).collect();
        assert_eq!(top, [(1, 1), (2, 0), (3, 3), (4, 4)]);
    }

    #[test]
    fn what_was_not_measured_never_counts() {
        let mut made_up = observations(&[1.0, 2.0, 3.0]);
        made_up[0].provenance = Provenance::Simulated;
        made_up[1].value = None;
        let summary = summary(&made_up, Direction::Minimize);
        assert_eq!(summary.best.map(|best| best.number), Some(2));
        assert_eq!(summary.mean, Some(3.0));
        assert_eq!((summary.counted, summary.excluded_not_measured), (1, 1));
        assert_eq!(summary.without_value, 1);
    }

    fn arbitrary() -> impl Strategy<Value = Vec<Observation>> {
        let value = prop_oneof![
            8 => (-1e6..1e6f64).prop_map(Some),
            2 => (0..3i32).prop_map(|n| Some(f64::from(n))),
            1 => Just(Some(NAN)),
            1 => Just(Some(-INF)),
            1 => Just(None),
        ];
        prop::collection::vec((value, 0..Provenance::ALL.len()), 0..30).prop_map(|rows| {
            let observe = |(i, (value, p)): (u32, (Option<f64>, usize))| Observation {
                value,
                provenance: Provenance::ALL[p],
                ..observed(i, 0.0)
            };
            (0..).zip(rows).map(observe).collect()
        })
    }

    proptest! {
        #[test]
        fn the_order_of_observations_does_not_matter(
            (before, after) in arbitrary().prop_flat_map(|o| (Just(o.clone()), Just(o).prop_shuffle())),
        ) {
            for direction in [Direction::Minimize, Direction::Maximize] {
                prop_assert_eq!(summary(&before, direction), summary(&after, direction));
            }
        }

        #[test]
        fn counts_add_up_and_nothing_beats_the_best(observations in arbitrary()) {
            let summary = summary(&observations, Direction::Maximize);
            let sum = summary.counted + summary.excluded_not_finite
                + summary.excluded_not_measured + summary.without_value;
            prop_assert_eq!(sum, observations.len());
            prop_assert_eq!(summary.best.map(|best| best.value), summary.max);
            for observation in observations.iter().filter(|o| o.provenance == Provenance::Simulated) {
                prop_assert!(summary.top.iter().all(|ranked| ranked.task != observation.task));
            }
        }
    }
}
