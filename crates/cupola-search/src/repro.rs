//! Whether equal seeds and configurations gave equal values.

use std::sync::Arc;

use std::collections::BTreeMap;

use cupola_domain::ids::TaskId;
use serde_json::Value;

use crate::{
    Config,
    stats::{sorted, spread},
    summary::Observation,
};

/// The spread below which repeated values pass as equal.
pub const TOLERANCE: f64 = 0.01;

/// Runs of one configuration with one seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Repeats {
    /// The seed that they share.
    pub seed: i64,
    /// The configuration that they share.
    pub config: Arc<Config>,
    /// Their tasks, in the order of the study.
    pub tasks: Vec<TaskId>,
    /// How many there are, diverged ones included; two or more.
    pub count: usize,
    /// How many of them diverged: NaN or infinite.
    pub not_finite: usize,
    /// The finite values, in the order of the study.
    pub values: Vec<f64>,
    /// The distance from the least to the greatest.
    pub spread: Option<f64>,
    /// Whether all are finite and their spread is below the tolerance.
    pub reproducible: bool,
}

/// The groups of two or more measured runs that share seed and configuration, by seed.
pub fn repeats(observations: &[Observation], tolerance: f64) -> Vec<Repeats> {
    let mut groups: BTreeMap<(i64, String), Vec<&Observation>> = BTreeMap::new();
    for observation in observations {
        if observation.provenance.counts() && observation.value.is_some() {
            let key = (observation.seed, canonical(&observation.config));
            groups.entry(key).or_default().push(observation);
        }
    }
    let repeated = groups.into_values().filter(|group| group.len() > 1);
    repeated.map(|group| compared(group, tolerance)).collect()
}

fn compared(mut group: Vec<&Observation>, tolerance: f64) -> Repeats {
    group.sort_by_key(|o| (o.number, o.task));
    let values: Vec<f64> = group.iter().filter_map(|o| o.counted()).collect();
    let not_finite = group.len() - values.len();
    let spread = spread(&sorted(values.iter().copied()));
    Repeats {
        seed: group[0].seed,
        config: Arc::clone(&group[0].config),
        tasks: group.iter().map(|o| o.task).collect(),
        count: group.len(),
        not_finite,
        values,
        spread,
        reproducible: not_finite == 0 && spread.is_some_and(|spread| spread < tolerance),
    }
}

/// The configuration as text that does not depend on the order of its keys.
fn canonical(config: &Config) -> String {
    let mut keys: Vec<&String> = config.keys().collect();
    keys.sort_unstable();
    let fields: Vec<String> = keys
        .into_iter()
        .map(|key| {
            format!(
                "{}:{}",
                Value::from(key.as_str()),
                canonical_value(&config[key])
            )
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn canonical_value(value: &Value) -> String {
    match value {
        Value::Object(object) => canonical(object),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(canonical_value).collect();
            format!("[{}]", values.join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use cupola_domain::provenance::Provenance;
    use serde_json::json;

    use super::*;
    use crate::summary::sample_data::{observed, with};

    fn run(number: u32, seed: i64, lr: f64, value: f64) -> Observation {
        let mut run = with(observed(number, value), "lr", json!(lr));
        run.seed = seed;
        run
    }

    fn check(observations: &[Observation], expected: &[(i64, usize, bool)]) {
        let found: Vec<(i64, usize, bool)> = repeats(observations, TOLERANCE)
            .iter()
            .map(|r| (r.seed, r.count, r.reproducible))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn equal_values_within_the_tolerance_are_reproducible() {
        check(
            &[run(0, 42, 0.1, 3.5), run(1, 42, 0.1, 3.509)],
            &[(42, 2, true)],
        );
        check(
            &[run(0, 42, 0.1, 3.5), run(1, 42, 0.1, 3.52)],
            &[(42, 2, false)],
        );
    }

    #[test]
    fn another_seed_or_configuration_is_no_repeat() {
        check(&[run(0, 42, 0.1, 3.5), run(1, 43, 0.1, 3.5)], &[]);
        check(&[run(0, 42, 0.1, 3.5), run(1, 42, 0.2, 3.5)], &[]);
    }

    #[test]
    fn a_repeat_that_diverged_is_not_reproducible() {
        check(
            &[run(0, 42, 0.1, 3.5), run(1, 42, 0.1, f64::NAN)],
            &[(42, 2, false)],
        );
    }

    #[test]
    fn a_made_up_repeat_proves_nothing() {
        let mut made_up = run(1, 42, 0.1, 3.5);
        made_up.provenance = Provenance::Simulated;
        check(&[run(0, 42, 0.1, 3.5), made_up], &[]);
    }

    #[test]
    fn the_order_of_keys_does_not_matter() {
        let ab = with(
            with(observed(0, 1.0), "a", json!(1)),
            "b",
            json!({"x": 1, "y": 2}),
        );
        let mut ba = with(
            with(observed(1, 1.0), "b", json!({"y": 2, "x": 1})),
            "a",
            json!(1),
        );
        ba.seed = ab.seed;
        check(&[ab, ba], &[(42, 2, true)]);
    }

    #[test]
    fn groups_come_by_seed_with_values_in_study_order() {
        let runs = [
            run(3, 43, 0.1, 2.0),
            run(2, 42, 0.1, 3.5),
            run(1, 43, 0.1, 1.0),
            run(0, 42, 0.1, 3.6),
        ];
        let found = repeats(&runs, TOLERANCE);
        assert_eq!(found[0].values, [3.6, 3.5]);
        assert_eq!(found[1].values, [1.0, 2.0]);
        assert_eq!(found[1].spread, Some(1.0));
    }
}
