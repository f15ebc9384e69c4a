//! The shape of a file: which keys there are and what stands under them.

use std::collections::{BTreeMap, HashMap, HashSet};

use cupola_domain::{
    brief::TASKS_MAX,
    objective::{Direction, Objective},
    resources::Needs,
    scheduling::Placement,
};

use super::{
    ExperimentFile, Program, Step, order,
    place::Place,
    program, service, setup,
    values::{self, Values, too_many},
};
use crate::plan::FIRST_SEED;

/// The keys of a file.
pub const FILE_KEYS: &[&str] = &[
    "name",
    "description",
    "template",
    "command",
    "files",
    "objective",
    "config",
    "grid",
    "search",
    "sampler",
    "num_tasks",
    "study_seed",
    "seeds",
    "repeats",
    "tags",
    "environment",
    "working_folder",
    "time_budget",
    "priority",
    "needs",
    "device_class",
    "max_parallel",
    "services",
    "tasks",
];

/// The keys of a task in `tasks`.
pub const TASK_KEYS: &[&str] = &[
    "template",
    "command",
    "files",
    "objective",
    "config",
    "grid",
    "search",
    "sampler",
    "num_tasks",
    "study_seed",
    "seeds",
    "repeats",
    "tags",
    "environment",
    "working_folder",
    "time_budget",
    "priority",
    "needs",
    "depends_on",
];

/// The keys of `objective`.
pub const OBJECTIVE_KEYS: &[&str] = &["metric", "direction", "unit"];

/// The keys of `needs`.
pub const NEEDS_KEYS: &[&str] = &[
    "cpu_cores",
    "memory_gb",
    "disk_gb",
    "gpus",
    "gpu_memory_gb",
    "python",
    "torch",
    "cuda",
    "network",
];

/// Keys that say which tasks there are: beside `tasks` nobody would know whose they are.
const OF_ONE_STEP: [&str; 8] = [
    "objective",
    "grid",
    "search",
    "sampler",
    "num_tasks",
    "study_seed",
    "seeds",
    "repeats",
];

const NAME_CHARS_MAX: usize = 200;
const DESCRIPTION_CHARS_MAX: usize = 20_000;
const STEPS_MAX: usize = 10_000;
const SLOTS_MAX: i64 = 1_024;
const REPEATS_MAX: i64 = 1_000_000;

/// Everything that steps repeat of the file, in all of them.
const STEPS_BYTES_MAX: usize = 256 << 20;

/// Below longer paths no line is remembered: the nearest key above stands for what is there.
const PATH_BYTES_MAX: usize = 512;

/// So many pairs of tasks may wait for each other.
const DEPENDENCIES_MAX: u64 = 1_000_000;

/// Reads the whole file.
pub(super) fn file(root: &Place<'_>) -> Option<ExperimentFile> {
    if !root.is_map() {
        root.refuse("is not an experiment; give keys such as `name` and `command`");
        return None;
    }
    root.only(FILE_KEYS);
    if root.find("name").is_none() {
        root.refuse("has no `name`; give the experiment one");
    }
    let name = root
        .find("name")
        .and_then(|place| limited(&place, "give the experiment a name", NAME_CHARS_MAX));
    let description = root
        .find("description")
        .map_or(Some(String::new()), |place| {
            limited(&place, "give a text", DESCRIPTION_CHARS_MAX)
        });
    let tags = root
        .find("tags")
        .map_or_else(|| Some(BTreeMap::new()), |place| setup::tags(&place));
    let max_parallel = match root.find("max_parallel") {
        None => Some(None),
        Some(place) => place.whole(1, SLOTS_MAX).map(|n| u32::try_from(n).ok()),
    };
    let placement = root
        .find("device_class")
        .map_or(Some(Placement::Anywhere), |place| placement(&place));
    let services = service::read(root);
    let steps = match root.find("tasks") {
        None => step("", root, root).map(|step| vec![step]),
        Some(tasks) => steps(&tasks, root),
    };
    let mut file = ExperimentFile {
        name: name?,
        description: description?,
        tags: tags?,
        max_parallel: max_parallel?,
        placement: placement?,
        steps: steps?,
        services: services?,
        lines: lines(root),
    };
    check_sizes(&file, root);
    let mut first: u32 = 0;
    for step in &mut file.steps {
        step.first = first;
        first = first.saturating_add(u32::try_from(step.count()).unwrap_or(u32::MAX));
    }
    Some(file)
}

fn steps(tasks: &Place<'_>, file: &Place<'_>) -> Option<Vec<Step>> {
    for key in OF_ONE_STEP {
        if let Some(place) = file.find(key) {
            place.refuse("stands beside `tasks`; give it to the task that is meant");
        }
    }
    let entries = tasks.entries("give a mapping of names to tasks")?;
    if entries.is_empty() || entries.len() > STEPS_MAX {
        tasks.refuse(format!(
            "has {} tasks; give 1 to {STEPS_MAX}, and let a `grid` make more",
            entries.len()
        ));
        return None;
    }
    let steps = read_steps(&entries, tasks, file)?;
    let needed = order::read(&entries);
    let mut steps: Vec<Step> = steps.into_iter().collect::<Option<_>>()?;
    for (step, needed) in steps.iter_mut().zip(needed) {
        step.depends_on = needed;
    }
    check_objectives(&steps, &entries);
    Some(steps)
}

/// Each step, unless something is wrong with it; nothing when there is too much of them.
fn read_steps(
    entries: &[(&str, Place<'_>)],
    tasks: &Place<'_>,
    file: &Place<'_>,
) -> Option<Vec<Option<Step>>> {
    let read = |name: &str, place: &Place<'_>| {
        if place.is_map() {
            place.only(TASK_KEYS);
        } else if !place.is_null() {
            place.refuse(format!("is {}; give a mapping of keys", place.shown()));
            return None;
        }
        if !is_step_name(name) {
            place.refuse("is not a task's name; use up to 64 letters, digits, `-` and `_`");
        }
        step(name, place, file)
    };
    let mut steps = Vec::with_capacity(entries.len());
    let mut bytes = 0;
    for (name, place) in entries {
        if place.has_enough_faults() {
            return None;
        }
        let step = read(name, place);
        bytes += step.as_ref().map_or(0, Step::bytes);
        if bytes > STEPS_BYTES_MAX {
            tasks.refuse(format!(
                "repeats more than {} MiB of what the file says for all; give it to those tasks \
                 alone that need it",
                STEPS_BYTES_MAX >> 20
            ));
            return None;
        }
        steps.push(step);
    }
    Some(steps)
}

/// It is part of paths, tables and tags.
pub(super) fn is_step_name(name: &str) -> bool {
    let fits = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    (1..=64).contains(&name.chars().count()) && name.chars().all(fits)
}

fn step(name: &str, place: &Place<'_>, file: &Place<'_>) -> Option<Step> {
    let program = program::read(place, file);
    let setup = setup::read(place, file);
    let values = values::read(place);
    let objective = match (place.find("objective"), &program) {
        (None, _) => Some(None),
        (Some(place), Some(Program::Template(_))) => {
            place.refuse("belongs to a `command`; a template has its own");
            None
        }
        (Some(place), _) => objective(&place).map(Some),
    };
    let seeds = place
        .find("seeds")
        .map_or(Some(Vec::new()), |place| seeds(&place));
    let repeats = place
        .find("repeats")
        .map_or(Some(1), |place| place.whole(1, REPEATS_MAX));
    let needs = place.find("needs").or_else(|| file.find("needs"));
    let needs = needs.map_or_else(
        || Some((Needs::default(), None)),
        |place| setup::needs(&place),
    );
    let (needs, hardware) = needs?;
    let step = Step {
        name: name.to_owned(),
        program: program?,
        objective: objective?,
        setup: setup?,
        values: values?,
        seeds: seeds?,
        repeats: u32::try_from(repeats?).ok()?,
        needs,
        hardware,
        depends_on: Vec::new(),
        first: 0,
        line: place.line,
    };
    setup::check_holes(place, file, &step.parameters());
    Some(step)
}

impl Step {
    /// About how much it takes of what it may have from the file, or counts out.
    fn bytes(&self) -> usize {
        let setup = &self.setup;
        self.program.bytes()
            + setup::setup_bytes(&setup.config, &setup.environment, &setup.tags)
            + size_of_val(self.seeds.as_slice())
    }

    /// The parameters that its tasks may have.
    fn parameters(&self) -> Vec<&str> {
        let own: Vec<&str> = match &self.values {
            Values::One => Vec::new(),
            Values::Grid(grid) => grid.iter().map(|(name, _)| name.as_str()).collect(),
            Values::Search { space, .. } => {
                space.parameters().iter().map(|p| p.name.as_str()).collect()
            }
        };
        self.setup
            .config
            .keys()
            .map(String::as_str)
            .chain(own)
            .collect()
    }
}

fn placement(place: &Place<'_>) -> Option<Placement> {
    let word = place.text("say `any` or `same`")?;
    word.parse()
        .map_err(|message: String| place.refuse(message))
        .ok()
}

pub(super) fn limited(place: &Place<'_>, remedy: &str, chars_max: usize) -> Option<String> {
    let text = place.text(remedy)?;
    let chars = text.chars().count();
    if chars > chars_max {
        place.refuse(format!("has {chars} characters; at most {chars_max} fit"));
        return None;
    }
    Some(text.trim().to_owned())
}

fn objective(place: &Place<'_>) -> Option<Objective> {
    place.entries("give `metric` and `direction`")?;
    place.only(OBJECTIVE_KEYS);
    let Some(metric) = place.find("metric") else {
        place.refuse("has no `metric`; name the result that counts");
        return None;
    };
    let metric = metric.text("name the result that counts")?;
    let direction = match place.find("direction") {
        None => {
            place.refuse("has no `direction`; say `minimize` or `maximize`");
            return None;
        }
        Some(place) => {
            let word = place.text("say `minimize` or `maximize`")?;
            word.parse::<Direction>()
                .map_err(|message| place.refuse(message))
                .ok()?
        }
    };
    let unit = place
        .find("unit")
        .map_or(Some(String::new()), |place| place.word("give a text"));
    Some(Objective {
        metric,
        direction,
        unit: unit?,
    })
}

/// A list of seeds, or how many.
fn seeds(place: &Place<'_>) -> Option<Vec<i64>> {
    if !place.is_list() {
        let count = place.whole(1, i64::from(TASKS_MAX))?;
        return Some((0..count).map(|n| FIRST_SEED + n).collect());
    }
    let items = place.items("")?;
    let seeds: Option<Vec<i64>> = items
        .iter()
        .map(|item| item.whole(-(1 << 53), 1 << 53))
        .collect();
    let seeds = seeds?;
    if seeds.is_empty() {
        place.refuse("is empty; give at least one seed, or how many");
        return None;
    }
    let mut seen = HashSet::new();
    for (item, seed) in items.iter().zip(&seeds) {
        if !seen.insert(seed) {
            item.refuse(format!(
                "is {seed} again; `repeats` runs a seed several times"
            ));
        }
    }
    Some(seeds)
}

/// An experiment is judged by one metric.
fn check_objectives(steps: &[Step], places: &[(&str, Place<'_>)]) {
    let mut first: Option<&Objective> = None;
    for (step, (_, place)) in steps.iter().zip(places) {
        let Some(objective) = &step.objective else {
            continue;
        };
        if *first.get_or_insert(objective) != objective {
            place
                .find("objective")
                .as_ref()
                .unwrap_or(place)
                .refuse("is not that of the tasks before; an experiment is judged by one metric");
        }
    }
}

fn check_sizes(file: &ExperimentFile, root: &Place<'_>) {
    let counts: Vec<u64> = file.steps.iter().map(Step::count).collect();
    let total = counts
        .iter()
        .fold(0, |sum: u64, count| sum.saturating_add(*count));
    if total > u64::from(TASKS_MAX) {
        let largest = ["tasks", "grid", "search"]
            .into_iter()
            .find_map(|name| root.find(name));
        largest.as_ref().unwrap_or(root).refuse(too_many(total));
        return;
    }
    let pairs = file.steps.iter().zip(&counts).map(|(step, count)| {
        let needed = step.depends_on.iter().map(|at| counts[*at]);
        count.saturating_mul(needed.sum())
    });
    let pairs = pairs.fold(0, |sum: u64, pairs| sum.saturating_add(pairs));
    if pairs > DEPENDENCIES_MAX {
        root.find("tasks").as_ref().unwrap_or(root).refuse(format!(
            "makes {pairs} pairs of tasks that wait for each other; at most {DEPENDENCIES_MAX} fit, \
             so put a single task between the large ones"
        ));
    }
}

/// Where each key stands.
fn lines(root: &Place<'_>) -> HashMap<String, usize> {
    let mut lines = HashMap::new();
    let mut left = vec![root.clone()];
    while let Some(place) = left.pop() {
        if !place.path.is_empty() {
            lines.insert(place.path.clone(), place.line);
        }
        if place.is_map() && place.path.len() <= PATH_BYTES_MAX {
            let entries = place.entries("").unwrap_or_default();
            left.extend(entries.into_iter().map(|(_, place)| place));
        }
    }
    lines
}
