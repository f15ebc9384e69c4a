//! What every sampler promises.

use std::collections::HashSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    Config,
    space::{Parameter, Space, arbitrary::spaces},
};

fn space(lines: &[(&str, &str)]) -> Space {
    let parse = |(name, text): &(&str, &str)| Parameter::parse(name, text).unwrap();
    Space::new(lines.iter().map(parse).collect()).unwrap()
}

fn draw(space: &Space, sampler: Sampler, n: u64) -> Vec<Config> {
    (0..n).map(|i| sample(space, sampler, 1, i)).collect()
}

#[test]
fn samplers_read_back_and_others_are_named() {
    for sampler in Sampler::ALL {
        assert_eq!(sampler.to_string().parse(), Ok(sampler));
    }
    let refused = "sobol".parse::<Sampler>().unwrap_err();
    assert_eq!(
        refused,
        "`sobol` is not a sampler; say `random`, `grid` or `quasi_random`"
    );
}

#[test]
fn a_grid_reaches_both_ends_of_a_range_in_equal_steps() {
    let mut values: Vec<f64> = draw(&space(&[("x", "uniform(0, 2)")]), Sampler::Grid, 5)
        .iter()
        .map(|config| config["x"].as_f64().unwrap())
        .collect();
    values.sort_by(f64::total_cmp);
    assert_eq!(values, [0.0, 0.5, 1.0, 1.5, 2.0]);
}

#[test]
fn a_grid_starts_again_after_its_last_configuration() {
    let space = space(&[("a", "choice(1, 2, 3)"), ("b", "choice(x, y)")]);
    let configs = draw(&space, Sampler::Grid, 14);
    assert_eq!(configs[..6], configs[6..12]);
    assert_eq!(grid_size(&space), Some(6));
}

#[test]
fn a_grid_lists_only_parameters_that_exist() {
    let space = space(&[
        ("schedule", "choice(constant, step)"),
        ("drop", "integer(1, 3) if schedule in (step)"),
    ]);
    let mut texts: Vec<String> = draw(&space, Sampler::Grid, 4)
        .into_iter()
        .map(|config| Value::Object(config).to_string())
        .collect();
    texts.sort_unstable();
    assert_eq!(
        texts,
        [
            r#"{"schedule":"constant"}"#,
            r#"{"schedule":"step","drop":1}"#,
            r#"{"schedule":"step","drop":2}"#,
            r#"{"schedule":"step","drop":3}"#,
        ]
    );
}

/// How unevenly the values of each parameter appear in the first `n` of a grid: the worst
/// difference between a value's count and its fair share.
fn imbalance(space: &Space, n: u64) -> f64 {
    let configs = draw(space, Sampler::Grid, n);
    let worst = |parameter: &Parameter| {
        let levels = parameter.grid_levels(&Config::new(), GRID_POINTS);
        let fair = crate::numbers::float(n) / crate::numbers::float(levels.count());
        (0..levels.count())
            .map(|rank| {
                let value = levels.value(rank);
                let having = configs.iter().filter(|c| c[&parameter.name] == value);
                (crate::numbers::count(having.count()) - fair).abs()
            })
            .fold(0.0, f64::max)
    };
    space.parameters().iter().map(worst).fold(0.0, f64::max)
}

#[test]
fn the_beginning_of_a_grid_is_balanced_in_every_parameter() {
    let space = space(&[
        ("a", "integer(1, 7)"),
        ("b", "choice(x, y, z)"),
        ("c", "uniform(0, 1)"),
        ("d", "choice(1, 2)"),
        ("e", "choice(1, 2, 3, 4)"),
    ]);
    for n in [8, 16, 40, 100, 300] {
        let imbalance = imbalance(&space, n);
        assert!(imbalance <= 4.0, "{n}: {imbalance}");
    }
}

#[test]
fn a_long_grid_of_integers_is_not_walked_from_one_end() {
    let space = space(&[("n", "integer(1, 1000)")]);
    let mut values: Vec<i64> = draw(&space, Sampler::Grid, 10)
        .iter()
        .map(|config| config["n"].as_i64().unwrap())
        .collect();
    values.sort_unstable();
    let gaps = values.windows(2).map(|pair| pair[1] - pair[0]);
    assert!(gaps.clone().min() >= Some(30), "{values:?}");
    assert!(gaps.max() <= Some(250), "{values:?}");
}

#[test]
fn a_condition_does_not_shift_the_draws_of_others() {
    let with = space(&[
        ("s", "choice(a, b)"),
        ("d", "uniform(0, 1) if s in (a)"),
        ("x", "uniform(0, 1)"),
    ]);
    let without = space(&[("s", "choice(a, b)"), ("d", "1"), ("x", "uniform(0, 1)")]);
    for sampler in [Sampler::Random, Sampler::QuasiRandom] {
        for index in 0..20 {
            let x = |space| sample(space, sampler, 3, index)["x"].clone();
            assert_eq!(x(&with), x(&without));
        }
    }
}

#[test]
fn draws_are_fixed_for_ever() {
    let space = space(&[
        ("lr", "log_uniform(1e-5, 1)"),
        ("x", "uniform(-1, 1)"),
        ("n", "integer(1, 100)"),
        ("c", "choice(a, b, c)"),
    ]);
    for (sampler, expected) in [
        (
            Sampler::Random,
            json!({"lr": 0.003_939_9, "x": 0.361_766, "n": 40, "c": "c"}),
        ),
        (
            Sampler::Grid,
            json!({"lr": 0.056_234_1, "x": -0.5, "n": 70, "c": "c"}),
        ),
        (
            Sampler::QuasiRandom,
            json!({"lr": 0.000_594_6, "x": 0.566_414, "n": 50, "c": "c"}),
        ),
    ] {
        assert_eq!(Value::Object(sample(&space, sampler, 42, 5)), expected);
    }
}

proptest! {
    #[test]
    fn whatever_is_drawn_lies_in_the_space(
        space in spaces(), seed in any::<u64>(), index in any::<u64>(),
    ) {
        for sampler in Sampler::ALL {
            for index in [index, index % 100] {
                let config = sample(&space, sampler, seed, index);
                prop_assert_eq!(space.contains(&config), Ok(()), "{} {:?}", sampler, config);
                let names: Vec<&String> = space.parameters().iter().map(|p| &p.name)
                    .filter(|name| config.contains_key(*name)).collect();
                prop_assert_eq!(config.keys().collect::<Vec<_>>(), names);
            }
        }
    }

    #[test]
    fn a_grid_has_no_configuration_twice(space in spaces()) {
        let size = grid_size(&space).unwrap().min(300);
        let distinct: HashSet<String> = draw(&space, Sampler::Grid, size)
            .into_iter().map(|config| Value::Object(config).to_string()).collect();
        prop_assert_eq!(distinct.len() as u64, size);
    }
}
