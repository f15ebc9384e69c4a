//! The tasks of a file, counted out one by one.

use std::{collections::BTreeMap, ops::Range};

use serde_json::Value;

use super::{ExperimentFile, Step, setup};
use crate::{Config, plan::FIRST_SEED};

/// No variable's value may be longer, whatever its characters are.
const FILLED_BYTES_MAX: usize = 80_000;

/// One task to be. What it shares with the others of its step stands there.
#[derive(Debug, Clone, PartialEq)]
pub struct FileTask {
    /// Its place in the experiment, from 0; what it needs may come later.
    pub number: u32,
    /// Its step.
    pub step: usize,
    /// Its step's name, with its place where the step has several tasks; empty in a file without
    /// `tasks`.
    pub name: String,
    /// Its parameters.
    pub config: Config,
    /// The seed of its program.
    pub seed: i64,
    /// Variables for the program, their parameters filled in.
    pub environment: BTreeMap<String, String>,
}

impl Step {
    /// How many tasks it has; more than 64 bits count as the most.
    pub fn count(&self) -> u64 {
        let seeds = (self.seeds.len() as u64).max(1);
        let repeats = u64::from(self.repeats);
        self.values
            .count()
            .saturating_mul(seeds)
            .saturating_mul(repeats)
    }

    /// The task with this place in the step: repeats change fastest, then seeds.
    fn task(&self, at: u64) -> (Config, i64) {
        let seeds = (self.seeds.len() as u64).max(1);
        let of_seed = at / u64::from(self.repeats);
        let number = of_seed / seeds;
        let seed = usize::try_from(of_seed % seeds)
            .ok()
            .and_then(|at| self.seeds.get(at));
        let own = || FIRST_SEED.wrapping_add(i64::try_from(number).unwrap_or(i64::MAX));
        let mut config = self.setup.config.clone();
        config.extend(self.values.config(number));
        (config, seed.copied().unwrap_or_else(own))
    }

    fn environment(&self, config: &Config, seed: i64) -> BTreeMap<String, String> {
        let filled = |(name, text): (&String, &String)| (name.clone(), filled(text, config, seed));
        self.setup.environment.iter().map(filled).collect()
    }
}

impl ExperimentFile {
    /// How many tasks it has.
    pub fn task_count(&self) -> u32 {
        self.numbers(self.steps.len().saturating_sub(1)).end
    }

    /// The numbers of a step's tasks.
    pub fn numbers(&self, step: usize) -> Range<u32> {
        let Some(step) = self.steps.get(step) else {
            return 0..0;
        };
        let count = u32::try_from(step.count()).unwrap_or(u32::MAX);
        step.first..step.first.saturating_add(count)
    }

    /// The step of the task with this number.
    pub fn step_of(&self, number: u32) -> Option<usize> {
        let after = self.steps.partition_point(|step| step.first <= number);
        let step = after.checked_sub(1)?;
        self.numbers(step).contains(&number).then_some(step)
    }

    /// The tasks that each task of a step waits for.
    pub fn needed_by(&self, step: usize) -> Vec<u32> {
        let needed = self
            .steps
            .get(step)
            .map_or(&[][..], |step| &step.depends_on);
        needed.iter().flat_map(|at| self.numbers(*at)).collect()
    }

    /// What the file calls the task with this number; empty in a file without `tasks`.
    pub fn name_of(&self, number: u32) -> String {
        self.step_of(number).map_or_else(String::new, |step| {
            let step = &self.steps[step];
            name_of(step, u64::from(number - step.first), step.count())
        })
    }

    /// All tasks in the order of their numbers.
    pub fn tasks(&self) -> impl Iterator<Item = FileTask> + '_ {
        self.steps.iter().enumerate().flat_map(|(at, step)| {
            let (first, count) = (step.first, step.count());
            (0..count).map(move |place| {
                let (config, seed) = step.task(place);
                FileTask {
                    number: first + u32::try_from(place).unwrap_or_default(),
                    step: at,
                    name: name_of(step, place, count),
                    environment: step.environment(&config, seed),
                    config,
                    seed,
                }
            })
        })
    }
}

fn name_of(step: &Step, place: u64, count: u64) -> String {
    match (step.name.as_str(), count) {
        (name, 1) => name.to_owned(),
        ("", _) => String::new(),
        (name, _) => format!("{name}.{}", place + 1),
    }
}

/// `text` with the task's parameters in place of their names in braces.
fn filled(text: &str, config: &Config, seed: i64) -> String {
    let mut filled = String::new();
    let mut rest = text;
    // Long texts in many places would fill the memory, only to be refused.
    while filled.len() <= FILLED_BYTES_MAX
        && let Some((before, after)) = rest.split_once('{')
    {
        filled.push_str(before);
        match after.split_once('}') {
            Some((name, tail)) if setup::is_hole(name) => {
                filled.push_str(&value_of(name, config, seed));
                rest = tail;
            }
            _ => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}

fn value_of(name: &str, config: &Config, seed: i64) -> String {
    match (name, config.get(name)) {
        (_, Some(Value::String(value))) => value.clone(),
        (_, Some(Value::Null)) => String::new(),
        (_, Some(value)) => value.to_string(),
        ("seed", None) => seed.to_string(),
        // A parameter that this configuration does not have.
        (_, None) => String::new(),
    }
}
