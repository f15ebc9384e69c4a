//! How much of a metric's variance each parameter explains, alone and beside all others.

use std::collections::BTreeSet;

use crate::{
    factors::effect::{Effect, Levels},
    numbers::count,
    space::Space,
    stats::Moments,
    summary::Observation,
};

/// More levels than this, of all parameters together, are not told apart.
const COLUMNS_MAX: usize = 64;

/// So many observations are needed for each level that is estimated beside the others.
const PER_COLUMN: usize = 2;

/// What is left of a column counts as nothing below this share: it follows from the ones before.
const NOTHING: f64 = 1e-9;

/// What parameters explain of the variance of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Importances {
    /// Each parameter with at least two levels: the largest share above chance first.
    pub parameters: Vec<Importance>,
    /// How many observations have a value that counts.
    pub count: usize,
    /// What all of them explain together, without interactions; `None` when that cannot be told.
    pub together: Option<Together>,
}

/// What all parameters explain together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Together {
    /// The share of the variance, from 0 to 1.
    pub share: f64,
    /// The share that so many levels without any effect would explain on average.
    pub share_by_chance: f64,
    /// How many observations have all the parameters.
    pub count: usize,
}

/// What one parameter explains.
#[derive(Debug, Clone, PartialEq)]
pub struct Importance {
    /// The parameter.
    pub parameter: String,
    /// Its values or ranges.
    pub levels: usize,
    /// How many observations have it.
    pub count: usize,
    /// What it explains by itself, as if nothing else had varied; `None` where each value occurs once.
    pub alone: Option<Effect>,
    /// The share that would be lost without it, all others known: what no other parameter that
    /// happened to vary with it can explain instead. `None` where there are too few observations.
    pub beside_others: Option<f64>,
}

/// How much of the variance of the observed values each parameter explains.
pub fn importance(observations: &[Observation], space: Option<&Space>) -> Importances {
    let counted: Vec<(&Observation, f64)> = observations
        .iter()
        .filter_map(|o| Some((o, o.counted()?)))
        .collect();
    let names: BTreeSet<&String> = counted.iter().flat_map(|(o, _)| o.config.keys()).collect();
    let levels = names.into_iter().map(|name| {
        let mut levels = Levels::of(name, &counted, space);
        levels.0.retain(|group| !group.members.is_empty());
        (name, levels)
    });
    let varying: Vec<(&String, Levels)> = levels.filter(|(_, l)| l.0.len() > 1).collect();
    let told = varying
        .iter()
        .filter(|(_, levels)| levels.effect().is_some());
    let (names, told): (Vec<&String>, Vec<&Levels>) = told.map(|(n, l)| (*n, l)).unzip();
    let joint = Joint::of(&told, &counted);
    let beside = |name: &String| {
        let place = names.iter().position(|known| *known == name)?;
        Some(joint.as_ref()?.lost_without(place))
    };
    let mut parameters: Vec<Importance> = varying
        .iter()
        .map(|(name, levels)| Importance {
            parameter: (*name).clone(),
            levels: levels.0.len(),
            count: levels.0.iter().map(|group| group.members.len()).sum(),
            alone: levels.effect(),
            beside_others: beside(name),
        })
        .collect();
    let above_chance = |one: &Importance| one.alone.map_or(-1.0, |e| e.share - e.share_by_chance);
    parameters.sort_by(|a, b| above_chance(b).total_cmp(&above_chance(a)));
    Importances {
        parameters,
        count: counted.len(),
        together: joint.map(|joint| joint.together()),
    }
}

/// A linear model with one column for each level of each parameter but its first.
struct Joint {
    /// The columns of each parameter: from, and behind the last.
    places: Vec<(usize, usize)>,
    /// The products of all columns, centred, with one another.
    products: Vec<Vec<f64>>,
    /// Their products with the values.
    with_values: Vec<f64>,
    /// The values' sum of squares.
    total: f64,
    rows: usize,
}

impl Joint {
    /// Of the observations that have every parameter; `None` when they are too few.
    fn of(parameters: &[&Levels], counted: &[(&Observation, f64)]) -> Option<Self> {
        let mut places = Vec::new();
        let mut width = 0;
        for levels in parameters {
            places.push((width, width + levels.0.len() - 1));
            width += levels.0.len() - 1;
        }
        if width == 0 || width > COLUMNS_MAX {
            return None;
        }
        let known = parameters
            .iter()
            .map(|levels| levels.of_each(counted.len()));
        let known: Vec<Vec<Option<usize>>> = known.collect();
        let has_all = |row: &usize| known.iter().all(|levels| levels[*row].is_some());
        let rows: Vec<usize> = (0..counted.len()).filter(has_all).collect();
        if rows.len() < PER_COLUMN * (width + 1) {
            return None;
        }
        let column = |row: usize| {
            let mut cells = vec![0.0; width];
            for (levels, (from, _)) in known.iter().zip(&places) {
                if let Some(level) = levels[row].and_then(|level| level.checked_sub(1)) {
                    cells[from + level] = 1.0;
                }
            }
            cells
        };
        let cells: Vec<Vec<f64>> = rows.iter().map(|row| column(*row)).collect();
        let values: Vec<f64> = rows.iter().map(|row| counted[*row].1).collect();
        Self::centred(places, cells, &values)
    }

    fn centred(
        places: Vec<(usize, usize)>,
        mut cells: Vec<Vec<f64>>,
        values: &[f64],
    ) -> Option<Self> {
        let (rows, width) = (cells.len(), cells.first()?.len());
        for column in 0..width {
            let mean = cells.iter().map(|row| row[column]).sum::<f64>() / count(rows);
            for row in &mut cells {
                row[column] -= mean;
            }
        }
        let moments: Moments = values.iter().copied().collect();
        let mean = moments.mean()?;
        let mut products = vec![vec![0.0; width]; width];
        let mut with_values = vec![0.0; width];
        for (row, value) in cells.iter().zip(values) {
            for (i, x) in row.iter().enumerate() {
                with_values[i] += x * (value - mean);
                for (product, y) in products[i].iter_mut().zip(row) {
                    *product += x * y;
                }
            }
        }
        let total = moments.sum_of_squares();
        (total > 0.0).then_some(Self {
            places,
            products,
            with_values,
            total,
            rows,
        })
    }

    fn together(&self) -> Together {
        let all: Vec<usize> = (0..self.with_values.len()).collect();
        Together {
            share: self.share(&all),
            share_by_chance: count(all.len()) / count(self.rows - 1),
            count: self.rows,
        }
    }

    fn lost_without(&self, parameter: usize) -> f64 {
        let (from, to) = self.places[parameter];
        let all: Vec<usize> = (0..self.with_values.len()).collect();
        let others: Vec<usize> = all
            .iter()
            .copied()
            .filter(|i| *i < from || *i >= to)
            .collect();
        (self.share(&all) - self.share(&others)).clamp(0.0, 1.0)
    }

    /// The share of the variance that these columns explain, one column after the other; each takes
    /// its part out of those behind it.
    fn share(&self, chosen: &[usize]) -> f64 {
        let row = |i: &usize| chosen.iter().map(|j| self.products[*i][*j]).collect();
        let mut left: Vec<Vec<f64>> = chosen.iter().map(row).collect();
        let mut with_values: Vec<f64> = chosen.iter().map(|i| self.with_values[*i]).collect();
        let mut explained = 0.0;
        for at in 0..chosen.len() {
            let pivot = left[at][at];
            if pivot <= NOTHING * self.products[chosen[at]][chosen[at]] {
                continue;
            }
            explained += with_values[at] * with_values[at] / pivot;
            let taken = left[at].clone();
            for behind in at + 1..chosen.len() {
                let part = left[behind][at] / pivot;
                with_values[behind] -= part * with_values[at];
                for (cell, taken) in left[behind].iter_mut().zip(&taken) {
                    *cell -= part * taken;
                }
            }
        }
        (explained / self.total).clamp(0.0, 1.0)
    }
}

impl Levels {
    /// The place of each observation's level; `None` for those without the parameter.
    fn of_each(&self, observations: usize) -> Vec<Option<usize>> {
        let mut places = vec![None; observations];
        for (place, group) in self.0.iter().enumerate() {
            for (observation, _) in &group.members {
                places[*observation] = Some(place);
            }
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{
        rng::Rng,
        summary::sample_data::{observed, with},
    };

    /// Runs with parameters `a` and `b`, and a value for each.
    fn runs(rows: &[(u32, u32, f64)]) -> Vec<Observation> {
        let one = |(i, (a, b, value)): (u32, &(u32, u32, f64))| {
            with(with(observed(i, *value), "a", json!(a)), "b", json!(b))
        };
        (0..).zip(rows).map(one).collect()
    }

    fn find<'i>(found: &'i Importances, name: &str) -> &'i Importance {
        found
            .parameters
            .iter()
            .find(|p| p.parameter == name)
            .unwrap()
    }

    fn close(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }

    #[test]
    fn in_a_full_grid_the_shares_add_up() {
        let rows: Vec<(u32, u32, f64)> = (0..4)
            .flat_map(|_| [(0, 0, 0.0), (0, 1, 1.0), (1, 0, 3.0), (1, 1, 4.0)])
            .collect();
        let found = importance(&runs(&rows), None);
        assert_eq!(found.parameters[0].parameter, "a");
        for (name, share) in [("a", 0.9), ("b", 0.1)] {
            let one = find(&found, name);
            close(one.alone.map(|effect| effect.share), share);
            close(one.beside_others, share);
        }
        close(found.together.map(|t| t.share), 1.0);
        assert_eq!((found.count, find(&found, "a").levels), (16, 2));
    }

    #[test]
    fn a_parameter_that_varies_with_another_borrows_nothing_beside_it() {
        // Only `a` matters; `b` equals it in nine of ten runs.
        let row = |i: u32| {
            (
                i % 2,
                if i.is_multiple_of(10) {
                    1 - i % 2
                } else {
                    i % 2
                },
                f64::from(i % 2),
            )
        };
        let rows: Vec<(u32, u32, f64)> = (0..40).map(row).collect();
        let found = importance(&runs(&rows), None);
        let b = find(&found, "b");
        assert!(b.alone.unwrap().share > 0.5, "{b:?}");
        close(b.beside_others, 0.0);
        assert!(find(&found, "a").beside_others.unwrap() > 0.2);
    }

    #[test]
    fn two_names_of_one_thing_cannot_be_told_apart() {
        let rows: Vec<(u32, u32, f64)> =
            (0..20).map(|i| (i % 2, i % 2, f64::from(i % 2))).collect();
        let found = importance(&runs(&rows), None);
        for name in ["a", "b"] {
            close(find(&found, name).alone.map(|effect| effect.share), 1.0);
            close(find(&found, name).beside_others, 0.0);
        }
    }

    #[test]
    fn too_few_runs_say_nothing_of_parameters_beside_others() {
        let found = importance(
            &runs(&[(0, 0, 1.0), (0, 1, 2.0), (1, 0, 5.0), (1, 1, 6.5)]),
            None,
        );
        assert_eq!((found.together, found.parameters.len()), (None, 2));
        assert!(found.parameters.iter().all(|p| p.beside_others.is_none()));
        let none = importance(&[], None);
        assert_eq!((none.count, none.parameters.len()), (0, 0));
    }

    #[test]
    fn what_never_varies_is_left_out_and_what_always_does_is_not_judged() {
        let rows: Vec<(u32, u32, f64)> = (0..6).map(|i| (7, i, f64::from(i))).collect();
        let found = importance(&runs(&rows), None);
        assert_eq!(found.parameters.len(), 1);
        assert_eq!((find(&found, "b").alone, found.together), (None, None));
    }

    proptest! {
        #[test]
        fn shares_are_shares_whatever_the_order(seed in 0u64..1_000, n in 3u32..60) {
            let row = |i: u32| {
                let mut rng = Rng::at(seed, u64::from(i));
                let level = |x: f64| u32::from(x > 0.3) + u32::from(x > 0.6);
                (level(rng.unit()), level(rng.unit()), rng.unit())
            };
            let rows: Vec<(u32, u32, f64)> = (0..n).map(row).collect();
            let mut observations = runs(&rows);
            let found = importance(&observations, None);
            observations.reverse();
            let backwards = importance(&observations, None);
            for one in &found.parameters {
                let other = find(&backwards, &one.parameter);
                if let (Some(a), Some(b)) = (one.beside_others, other.beside_others) {
                    prop_assert!((0.0..=1.0).contains(&a) && (a - b).abs() < 1e-9);
                    prop_assert!(a <= found.together.unwrap().share + 1e-9);
                }
            }
        }
    }
}
