//! Each parameter's levels, and how much of the variance they explain.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    distributions::f_tail,
    factors::bins::{Bins, Scale},
    numbers::count,
    space::{Domain, Space},
    stats::{Moments, sorted, spread},
    summary::Observation,
};

/// The ranges that a continuous parameter is cut into, if there are values enough.
pub const BINS: usize = 4;

/// Numbers with more different values than this are cut into ranges.
const LEVELS_MAX: usize = 8;

/// One parameter and what varying it went along with.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// The parameter.
    pub parameter: String,
    /// Its values or ranges, ascending.
    pub levels: Vec<Level>,
    /// The greatest mean of a level less the least.
    pub spread: f64,
    /// How many observations have the parameter.
    pub count: usize,
    /// How far the spread can be told from noise; `None` with one level, with one observation
    /// for each, or when all values are equal.
    pub effect: Option<Effect>,
}

/// One value or range of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Level {
    /// The value, or the range as `0.0001 – 0.00032`; its upper bound belongs to the next.
    pub label: String,
    /// The mean objective.
    pub mean: f64,
    /// Its standard deviation, dividing by the count.
    pub std_population: f64,
    /// How many observations.
    pub count: usize,
}

/// How much of the variance the levels of one parameter explain.
///
/// This looks at one parameter at a time: in a small or lopsided study, a parameter may borrow
/// the effect of another that happened to vary with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The explained share of the variance, from 0 to 1 (eta squared).
    pub share: f64,
    /// The share that levels without any effect would explain on average.
    pub share_by_chance: f64,
    /// The chance of a share at least as large without any effect (analysis of variance).
    pub p_value: f64,
}

/// The parameters of counted observations, by falling spread; ties by name.
///
/// The space, if given, says which parameters are continuous, and on what scale.
pub fn factors(observations: &[Observation], space: Option<&Space>) -> Vec<Factor> {
    let counted: Vec<(&Observation, f64)> = observations
        .iter()
        .filter_map(|o| Some((o, o.counted()?)))
        .collect();
    let names: BTreeSet<&String> = counted.iter().flat_map(|(o, _)| o.config.keys()).collect();
    let mut factors: Vec<Factor> = names
        .into_iter()
        .map(|name| factor(name, &Levels::of(name, &counted, space)))
        .collect();
    factors.sort_by(|a, b| b.spread.total_cmp(&a.spread));
    factors
}

fn factor(name: &str, grouped: &Levels) -> Factor {
    let levels: Vec<Level> = grouped.0.iter().filter_map(Group::level).collect();
    let means = sorted(levels.iter().map(|level| level.mean));
    Factor {
        parameter: name.to_owned(),
        spread: spread(&means).unwrap_or(0.0),
        count: grouped.0.iter().map(|group| group.members.len()).sum(),
        effect: grouped.effect(),
        levels,
    }
}

/// One setting of a parameter with the objective that it led to, and whose it is.
#[derive(Clone, Copy)]
struct Setting<'a> {
    observation: usize,
    value: &'a Value,
    objective: f64,
}

/// The values or ranges of one parameter, ascending, each with the observations that have it.
pub(super) struct Levels(pub(super) Vec<Group>);

/// The observations that belong to one level: which they are, and their objectives.
pub(super) struct Group {
    label: String,
    pub(super) members: Vec<(usize, f64)>,
}

impl Levels {
    /// Of the counted observations that have the parameter.
    pub(super) fn of(name: &str, counted: &[(&Observation, f64)], space: Option<&Space>) -> Self {
        let domain = space.and_then(|space| space.find(name)).map(|p| &p.domain);
        let present = counted.iter().enumerate();
        let settings: Vec<Setting<'_>> = present
            .filter_map(|(observation, (o, objective))| {
                Some(Setting {
                    observation,
                    value: o.config.get(name)?,
                    objective: *objective,
                })
            })
            .collect();
        Self(ranges(&settings, domain).unwrap_or_else(|| values(&settings)))
    }
}

impl Group {
    fn moments(&self) -> Moments {
        sorted(self.members.iter().map(|(_, objective)| *objective))
            .into_iter()
            .collect()
    }

    fn level(&self) -> Option<Level> {
        let moments = self.moments();
        Some(Level {
            label: self.label.clone(),
            mean: moments.mean()?,
            std_population: moments.deviation_population()?,
            count: moments.count(),
        })
    }
}

/// Groups by range; `None` when the values are to stand for themselves.
fn ranges(settings: &[Setting<'_>], domain: Option<&Domain>) -> Option<Vec<Group>> {
    let numbers: Vec<f64> = settings
        .iter()
        .map(|setting| setting.value.as_f64())
        .collect::<Option<_>>()?;
    let mut distinct = sorted(numbers.iter().copied());
    distinct.dedup();
    let is_range = match domain {
        Some(Domain::Choice(_) | Domain::Fixed(_)) => false,
        Some(domain) if domain.is_continuous() => true,
        _ => distinct.len() > LEVELS_MAX,
    };
    if !is_range || distinct.len() < 2 {
        return None;
    }
    // Two observations for each range, or the ranges explain everything.
    let bins = (numbers.len() / 2).clamp(1, BINS);
    let bins = Bins::of(&numbers, bins, Scale::of(domain, &numbers))?;
    let mut groups: Vec<Group> = Vec::new();
    for (number, setting) in numbers.iter().zip(settings) {
        let place = bins.place(*number);
        while groups.len() <= place {
            groups.push(Group {
                label: bins.label(groups.len()),
                members: Vec::new(),
            });
        }
        groups[place]
            .members
            .push((setting.observation, setting.objective));
    }
    Some(groups)
}

/// Groups by value: numbers ascending, then everything else by its text.
fn values(settings: &[Setting<'_>]) -> Vec<Group> {
    let mut settings: Vec<(Option<f64>, String, (usize, f64))> = settings
        .iter()
        .map(|s| {
            (
                s.value.as_f64(),
                label(s.value),
                (s.observation, s.objective),
            )
        })
        .collect();
    settings.sort_by(|(a, a_label, _), (b, b_label, _)| {
        let by_kind = b.is_some().cmp(&a.is_some());
        let by_number = a.zip(*b).map(|(a, b)| a.total_cmp(&b));
        by_kind
            .then(by_number.unwrap_or(std::cmp::Ordering::Equal))
            .then_with(|| a_label.cmp(b_label))
    });
    let mut groups: Vec<Group> = Vec::new();
    for (_, label, member) in settings {
        match groups.last_mut().filter(|group| group.label == label) {
            Some(group) => group.members.push(member),
            None => groups.push(Group {
                label,
                members: vec![member],
            }),
        }
    }
    groups
}

fn label(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

impl Levels {
    /// One-way analysis of variance.
    pub(super) fn effect(&self) -> Option<Effect> {
        let groups = &self.0;
        let filled = groups.iter().filter(|group| !group.members.is_empty());
        let objectives = groups.iter().flat_map(|group| &group.members);
        let all: Moments = sorted(objectives.map(|(_, objective)| *objective))
            .into_iter()
            .collect();
        let levels = filled.count();
        if levels < 2 || all.count() <= levels || all.sum_of_squares() <= 0.0 {
            return None;
        }
        let within: f64 = groups.iter().map(|g| g.moments().sum_of_squares()).sum();
        let share = (1.0 - within / all.sum_of_squares()).clamp(0.0, 1.0);
        let (df_between, df_within) = (count(levels - 1), count(all.count() - levels));
        Some(Effect {
            share,
            share_by_chance: df_between / count(all.count() - 1),
            p_value: f_tail(
                (share / df_between) / ((1.0 - share) / df_within),
                df_between,
                df_within,
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use cupola_domain::provenance::Provenance;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        char_lm::char_lm_space,
        numbers::float,
        rng::Rng,
        sampler::{Sampler, sample},
        summary::sample_data::{observed, with},
    };

    fn observations(name: &str, rows: &[(Value, f64)]) -> Vec<Observation> {
        let rows = (0..).zip(rows);
        rows.map(|(i, (setting, value))| with(observed(i, *value), name, setting.clone()))
            .collect()
    }

    fn labels(name: &str, rows: &[(Value, f64)], space: Option<&Space>) -> Vec<String> {
        let factors = factors(&observations(name, rows), space);
        factors[0].levels.iter().map(|l| l.label.clone()).collect()
    }

    #[test]
    fn levels_of_a_known_study() {
        let rows = [
            (json!(4), 1.0),
            (json!(2), 4.0),
            (json!(4), 3.0),
            (json!(2), 6.0),
        ];
        let factor = &factors(&observations("n_layers", &rows), None)[0];
        assert_eq!((factor.spread, factor.count), (3.0, 4));
        let level = |label: &str, mean| Level {
            label: label.to_owned(),
            mean,
            std_population: 1.0,
            count: 2,
        };
        assert_eq!(factor.levels, [level("2", 5.0), level("4", 2.0)]);
        let effect = factor.effect.unwrap();
        assert!((effect.share - 9.0 / 13.0).abs() < 1e-12, "{effect:?}");
        assert!((effect.share_by_chance - 1.0 / 3.0).abs() < 1e-12);
        // With two levels the F is the square of Student's t: t = 3 / sqrt(2), df = 2.
        let expected = crate::distributions::student_t_two_sided(3.0 / 2f64.sqrt(), 2.0);
        assert!((effect.p_value - expected).abs() < 1e-12, "{effect:?}");
    }

    #[test]
    fn numbers_sort_as_numbers_and_words_as_words() {
        let rows = [
            (json!("b"), 1.0),
            (json!(128), 1.0),
            (json!(64), 1.0),
            (json!("a"), 1.0),
            (json!(null), 1.0),
        ];
        assert_eq!(labels("x", &rows, None), ["64", "128", "a", "b", "null"]);
    }

    #[test]
    fn a_learning_rate_is_cut_into_ranges_of_ratios() {
        let rows: Vec<(Value, f64)> = [1e-4, 2e-4, 4e-4, 8e-4, 1.6e-3, 3.2e-3, 6.4e-3, 1e-2]
            .map(|lr| (json!(lr), lr))
            .to_vec();
        let expected = [
            "1e-4 – 2.83e-4",
            "2.83e-4 – 0.00113",
            "0.00113 – 0.00453",
            "0.00453 – 0.01",
        ];
        assert_eq!(labels("lr", &rows, Some(&char_lm_space())), expected);
    }

    #[test]
    fn many_numbers_are_cut_even_without_a_space_and_few_are_not() {
        let many: Vec<(Value, f64)> = (0..12).map(|i| (json!(i), f64::from(i))).collect();
        assert_eq!(labels("x", &many, None).len(), 4);
        assert_eq!(labels("x", &many[..8], None).len(), 8);
    }

    #[test]
    fn an_effect_needs_two_levels_and_more_runs_than_levels() {
        let effect_of = |rows: &[(Value, f64)]| factors(&observations("x", rows), None)[0].effect;
        assert_eq!(effect_of(&[(json!(1), 1.0), (json!(1), 2.0)]), None);
        assert_eq!(effect_of(&[(json!(1), 1.0), (json!(2), 2.0)]), None);
        assert_eq!(
            effect_of(&[(json!(1), 1.0), (json!(2), 1.0), (json!(2), 1.0)]),
            None
        );
    }

    #[test]
    fn only_what_counts_and_has_the_parameter_enters() {
        let mut runs = observations(
            "x",
            &[(json!("a"), 1.0), (json!("b"), 5.0), (json!("b"), 9.0)],
        );
        runs[2].provenance = Provenance::Simulated;
        runs.push(observed(3, 7.0));
        runs.push(with(observed(4, f64::NAN), "x", json!("a")));
        let factor = &factors(&runs, None)[0];
        assert_eq!((factor.count, factor.spread), (2, 4.0));
    }

    /// A study in which only the schedule matters, and noise is a third of its effect.
    fn study() -> Vec<Observation> {
        let space = char_lm_space();
        let run = |number: u32| {
            let config = sample(&space, Sampler::Random, 11, u64::from(number));
            let shift = if config["lr_schedule"] == "cosine" {
                0.0
            } else {
                1.0
            };
            let noise = Rng::at(99, u64::from(number)).unit();
            Observation {
                config: config.into(),
                ..observed(number, shift + noise)
            }
        };
        (0..60).map(run).collect()
    }

    #[test]
    fn the_parameter_that_matters_is_told_from_noise() {
        let factors = factors(&study(), Some(&char_lm_space()));
        assert_eq!(factors[0].parameter, "lr_schedule");
        let effect = factors[0].effect.unwrap();
        assert!(effect.share > 0.6 && effect.p_value < 1e-9, "{effect:?}");
        for factor in &factors[1..] {
            let effect = factor.effect.unwrap();
            assert!(effect.share < 0.25 && effect.p_value > 1e-4, "{factor:?}");
        }
    }

    #[test]
    fn without_an_effect_the_share_is_that_of_chance() {
        let shares: Vec<Effect> = (0..2_000u64)
            .filter_map(|study| {
                let rows: Vec<(Value, f64)> = (0..20u64)
                    .map(|i| (json!(i % 4), Rng::at(study, i).unit()))
                    .collect();
                factors(&observations("x", &rows), None)[0].effect
            })
            .collect();
        let mean = shares.iter().map(|e| e.share).sum::<f64>() / float(2_000);
        assert!((mean - 3.0 / 19.0).abs() < 0.01, "{mean}");
        let significant = shares.iter().filter(|e| e.p_value < 0.05).count();
        assert!((70..=130).contains(&significant), "{significant} of 2000");
    }

    proptest! {
        #[test]
        fn the_order_of_observations_does_not_matter(
            shuffled in Just(study()).prop_shuffle(),
        ) {
            let space = char_lm_space();
            prop_assert_eq!(factors(&shuffled, Some(&space)), factors(&study(), Some(&space)));
        }
    }
}
