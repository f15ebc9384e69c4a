//! The same configuration over several seeds: what is known of a value beyond one lucky run.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use cupola_report::{Block, Column, Said, Table};
use cupola_search::{
    compare::{Comparison, Verdict, compare},
    stats::Moments,
};
use serde_json::{Map, Value};

use super::{Subject, configuration, interval, left_out};
use crate::{facts::Placed, links, numbers::amount};

/// Groups that are shown.
const SHOWN: usize = 10;

/// The parameter by which a program says its seed itself: noise, not part of what is compared.
const SEED: &str = "seed";

/// Runs of one configuration.
pub(super) struct Group {
    /// What they were told, without the seed.
    pub config: Map<String, Value>,
    /// Their values.
    pub values: Vec<f64>,
    /// Held against the first; none for the first itself.
    pub against_first: Option<Comparison>,
}

impl Group {
    fn moments(&self) -> Moments {
        self.values.iter().copied().collect()
    }
}

/// Configurations that were run more than once, by their means, the best first.
pub(super) fn groups(one: &Subject<'_>) -> Vec<Group> {
    let Some(objective) = &one.standing.objective else {
        return Vec::new();
    };
    let mut found: Vec<Group> = alike(&one.standing.ranked)
        .into_iter()
        .map(|group| Group {
            config: told(group[0])
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect(),
            values: by_seed(&group),
            against_first: None,
        })
        .filter(|group| group.values.len() > 1)
        .collect();
    let mean = |group: &Group| group.moments().mean().unwrap_or(f64::NAN);
    found.sort_by(|a, b| {
        let (a, b) = (mean(a), mean(b));
        if objective.direction.is_better(a, b) {
            std::cmp::Ordering::Less
        } else if objective.direction.is_better(b, a) {
            std::cmp::Ordering::Greater
        } else {
            std::cmp::Ordering::Equal
        }
    });
    if let Some((first, others)) = found.split_first_mut() {
        for other in others.iter_mut().take(SHOWN) {
            other.against_first = Some(compare(&first.values, &other.values, objective.direction));
        }
    }
    found
}

/// The values of one configuration, one for each seed: the mean where a seed was run again, which says nothing
/// of how values vary over seeds.
fn by_seed(group: &[&Placed]) -> Vec<f64> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut values: Vec<Moments> = Vec::new();
    for placed in group {
        let new = values.len();
        let seed = placed.seed.as_deref();
        let at = seed.map_or(new, |seed| *places.entry(seed).or_insert(new));
        if at == new {
            values.push(Moments::default());
        }
        values[at].push(placed.value);
    }
    values.iter().filter_map(Moments::mean).collect()
}

/// Runs that were told the same, where there are several; in the order of their first. Only those whose parts
/// have the same hash are compared, and nothing is kept of a run that has no other like it: of ten thousand
/// that is nearly all.
fn alike(ranked: &[Placed]) -> Vec<Vec<&Placed>> {
    // Of those that were told nothing nobody knows whether they were told the same.
    let has_any = |placed: &Placed| told(placed).next().is_some();
    let known = ranked.iter().enumerate();
    let known = known.filter(|(_, placed)| has_any(placed));
    let mut hashed: Vec<(u64, usize)> = known.map(|(at, one)| (hash(one), at)).collect();
    hashed.sort_unstable();
    let mut groups: Vec<(usize, Vec<&Placed>)> = Vec::new();
    for same_hash in hashed.chunk_by(|a, b| a.0 == b.0) {
        if same_hash.len() == 1 {
            continue;
        }
        let from = groups.len();
        for (_, at) in same_hash {
            let placed = &ranked[*at];
            let mut before = groups[from..].iter_mut();
            match before.find(|(_, group)| is_same(group[0], placed)) {
                Some((_, group)) => group.push(placed),
                None => groups.push((*at, vec![placed])),
            }
        }
    }
    groups.retain(|(_, group)| group.len() > 1);
    groups.sort_unstable_by_key(|(first, _)| *first);
    groups.into_iter().map(|(_, group)| group).collect()
}

/// Of what a run was told. A sum does not depend on the order of the parameters.
fn hash(placed: &Placed) -> u64 {
    told(placed).fold(0, |sum, part| {
        let mut hasher = DefaultHasher::new();
        part.hash(&mut hasher);
        sum.wrapping_add(hasher.finish())
    })
}

fn told(placed: &Placed) -> impl Iterator<Item = (&String, &Value)> {
    placed.config.iter().filter(|(name, _)| *name != SEED)
}

fn is_same(a: &Placed, b: &Placed) -> bool {
    told(a).count() == told(b).count()
        && told(a).all(|(name, value)| b.config.get(name) == Some(value))
}

/// What is said of them: a table, or that there are none.
pub(super) fn blocks(one: &Subject<'_>, groups: &[Group]) -> Vec<Block> {
    if groups.is_empty() {
        let text = "No configuration has more than one value of different seeds, so nothing is known of how far a value is noise, and no interval of one configuration can be given.";
        return vec![Block::Paragraph(Said::new(text))];
    }
    let rows = groups.iter().take(SHOWN).enumerate().map(|(at, group)| {
        let moments = group.moments();
        vec![
            Said::new((at + 1).to_string()),
            one.here(moments.mean().map(amount).unwrap_or_default()),
            Said::new(moments.mean_95().map_or_else(String::new, interval)),
            Said::new(moments.count().to_string()),
            Said::new(against_first(group)),
            Said::at(
                configuration(&group.config),
                links::comparison(&[one.standing.experiment.id]),
            ),
        ]
    });
    let table = Table {
        caption: "Configurations that were run more than once, by their means".to_owned(),
        columns: vec![
            Column::numbers("Rank"),
            Column::numbers("Mean"),
            Column::words("95 % interval of the mean"),
            Column::numbers("Seeds"),
            Column::words("Against the first"),
            Column::words("Configuration"),
        ],
        rows: rows.collect(),
        note: left_out(groups.len(), SHOWN, "configuration"),
    };
    let how = "Intervals are by Student's t over the seeds of one configuration. Two configurations are called separable where Welch's t, or for values that are clearly not normal the ranks (Mann and Whitney), gives p below 0.05; p is not corrected for how many are held against the first.";
    vec![Block::Table(table), Block::Paragraph(Said::new(how))]
}

fn against_first(group: &Group) -> String {
    let Some(comparison) = &group.against_first else {
        return String::new();
    };
    let p = comparison
        .p_value
        .map_or_else(String::new, |p| format!(", p {}", amount(p)));
    match comparison.verdict {
        Verdict::ABetter => format!("worse{p}"),
        Verdict::BBetter => format!("better{p}"),
        Verdict::Undecided { .. } => format!("not separable{p}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn placed(config: Value, value: f64) -> Placed {
        let nothing = "0192f7a1-0000-7000-8000-000000000000";
        Placed {
            number: 0,
            task: nothing.parse().unwrap(),
            run: None,
            value,
            config: config.as_object().unwrap().clone().into(),
            seed: None,
        }
    }

    fn check(configs: &[Value], expected: &[usize]) {
        let ranked: Vec<Placed> = configs.iter().map(|c| placed(c.clone(), 1.0)).collect();
        let found: Vec<usize> = alike(&ranked).iter().map(Vec::len).collect();
        assert_eq!(found, expected, "{configs:?}");
    }

    #[test]
    fn what_was_told_the_same_is_a_group_whatever_its_seed_and_order() {
        check(
            &[json!({"a": 1, "b": "x"}), json!({"b": "x", "a": 1})],
            &[2],
        );
        check(
            &[
                json!({"a": 1, "seed": 1}),
                json!({"a": 1, "seed": 2}),
                json!({"a": 1}),
            ],
            &[3],
        );
        check(&[json!({"a": 1}), json!({"a": 2})], &[]);
        check(&[json!({"a": 1}), json!({"a": "1"})], &[]);
        check(&[json!({"a": 1, "b": 2}), json!({"a": 2, "b": 1})], &[]);
        check(&[json!({"a": 1}), json!({"a": 1, "b": 2})], &[]);
        check(
            &[json!({}), json!({"a": 1}), json!({}), json!({"a": 1})],
            &[2],
        );
    }

    #[test]
    fn a_seed_that_was_run_again_says_nothing_more() {
        let of = |seed: Option<&str>, value| Placed {
            seed: seed.map(str::to_owned),
            ..placed(json!({"a": 1}), value)
        };
        let check = |group: &[Placed], expected: &[f64]| {
            let group: Vec<&Placed> = group.iter().collect();
            assert_eq!(format!("{:?}", by_seed(&group)), format!("{expected:?}"));
        };
        check(&[of(Some("7"), 1.0), of(Some("7"), 3.0)], &[2.0]);
        check(&[of(Some("7"), 1.0), of(Some("8"), 3.0)], &[1.0, 3.0]);
        check(&[of(None, 1.0), of(None, 3.0)], &[1.0, 3.0]);
    }
}
