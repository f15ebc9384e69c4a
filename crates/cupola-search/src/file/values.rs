//! Which configurations a step has: one, those of a grid, or those of a search.

use cupola_domain::brief::TASKS_MAX;
use serde_json::{Map, Value};

use super::place::Place;
use crate::{
    Config,
    sampler::{Sampler, grid_size, sample},
    space::Space,
};

/// Which configurations a step has, beside what all of its tasks have in common.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// One.
    One,
    /// Every combination, the last parameter changing fastest.
    Grid(Vec<(String, Vec<Value>)>),
    /// Samples of a space.
    Search {
        /// What is sampled.
        space: Space,
        /// How.
        sampler: Sampler,
        /// How many.
        num_tasks: u32,
        /// Which of the sampler's sequences.
        study_seed: u64,
    },
}

impl Values {
    /// How many there are; more than 64 bits count as the most.
    pub fn count(&self) -> u64 {
        match self {
            Values::One => 1,
            Values::Grid(parameters) => parameters.iter().fold(1, |count: u64, (_, values)| {
                count.saturating_mul(values.len() as u64)
            }),
            Values::Search { num_tasks, .. } => u64::from(*num_tasks),
        }
    }

    /// The configuration with this number, from 0.
    pub fn config(&self, number: u64) -> Config {
        match self {
            Values::One => Config::new(),
            Values::Grid(parameters) => combination(parameters, number),
            Values::Search {
                space,
                sampler,
                study_seed,
                ..
            } => sample(space, *sampler, *study_seed, number),
        }
    }
}

fn combination(parameters: &[(String, Vec<Value>)], number: u64) -> Config {
    let mut rest = number;
    let mut chosen = Vec::with_capacity(parameters.len());
    for (name, values) in parameters.iter().rev() {
        let count = (values.len() as u64).max(1);
        let value = usize::try_from(rest % count)
            .ok()
            .and_then(|at| values.get(at));
        chosen.push((name.clone(), value.cloned().unwrap_or_default()));
        rest /= count;
    }
    chosen.into_iter().rev().collect()
}

/// Reads `grid`, or `search` with what belongs to it.
pub(super) fn read(place: &Place<'_>) -> Option<Values> {
    let search = place.find("search");
    for name in ["sampler", "num_tasks", "study_seed"] {
        if let Some(stray) = place.find(name).filter(|_| search.is_none()) {
            stray.refuse("belongs to a `search`, and there is none");
        }
    }
    match (place.find("grid"), search) {
        (Some(_), Some(search)) => {
            search.refuse(
                "stands beside `grid`; give one of the two (a search has lists too: `choice(1, 2)`)",
            );
            None
        }
        (Some(grid), None) => grid_of(&grid),
        (None, Some(search)) => search_of(place, &search),
        (None, None) => Some(Values::One),
    }
}

fn grid_of(place: &Place<'_>) -> Option<Values> {
    let mut parameters = Vec::new();
    for (name, values) in place.entries("give a mapping of parameters to lists")? {
        let list = values.items("give a list of the values to try")?;
        if list.is_empty() {
            values.refuse("is empty; give at least one value");
            return None;
        }
        parameters.push((name.to_owned(), list.iter().map(Place::json).collect()));
    }
    let grid = Values::Grid(parameters);
    if grid.count() > u64::from(TASKS_MAX) {
        place.refuse(too_many(grid.count()));
        return None;
    }
    Some(grid)
}

fn search_of(step: &Place<'_>, place: &Place<'_>) -> Option<Values> {
    let space = space_of(place);
    let sampler = match step.find("sampler") {
        None => Some(Sampler::Random),
        Some(place) => {
            let name = place.text("say `random`, `grid` or `quasi_random`")?;
            name.parse()
                .map_err(|message: String| place.refuse(message))
                .ok()
        }
    };
    let study_seed = step.find("study_seed");
    let study_seed = study_seed.map_or(Some(0), |place| place.whole(0, i64::MAX));
    let num_tasks = match (step.find("num_tasks"), &space, sampler) {
        (Some(place), ..) => {
            let number = place.whole(1, i64::from(TASKS_MAX))?;
            u32::try_from(number).ok()
        }
        (None, Some(space), Some(Sampler::Grid)) => match grid_size(space) {
            Some(size) if size <= u64::from(TASKS_MAX) => u32::try_from(size).ok(),
            size => {
                place.refuse(too_many(size.unwrap_or(u64::MAX)));
                None
            }
        },
        (None, Some(_), Some(_)) => {
            place.refuse("does not say how many configurations to try; give `num_tasks`");
            None
        }
        (None, ..) => None,
    };
    Some(Values::Search {
        space: space?,
        sampler: sampler?,
        num_tasks: num_tasks?,
        study_seed: study_seed?.unsigned_abs(),
    })
}

fn space_of(place: &Place<'_>) -> Option<Space> {
    let given: Map<String, Value> = place.config()?;
    let faults = match Space::parse_json(&Value::Object(given)) {
        Ok(space) => return Some(space),
        Err(faults) => faults,
    };
    for fault in faults {
        match place.find(&fault.field) {
            Some(parameter) => parameter.refuse(fault.message),
            None => place.refuse(fault.message),
        }
    }
    None
}

pub(super) fn too_many(count: u64) -> String {
    format!(
        "makes {count} tasks; at most {TASKS_MAX} fit into an experiment, so leave some values out"
    )
}
