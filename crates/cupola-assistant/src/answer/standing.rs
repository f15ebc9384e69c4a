//! Which is best, and which is better.

use cupola_domain::{
    ids::{ExperimentId, RunId},
    objective::Objective,
    text::excerpt,
};
use cupola_hub::{
    HubError,
    comparison::ComparedRow,
    run_search::{
        Columns, RunFound, RunSearch,
        filter::{self, Order},
    },
};
use cupola_search::stats::Moments;
use serde_json::Value;

use super::{Answer, Desk, quoted};
use crate::{
    facts::{self, Placed, Standing},
    intent::By,
    links,
    names::{Key, Thing},
    numbers::{self, amount, plural},
};

/// Parameters of a configuration that are told.
const CONFIG_MAX: usize = 8;

impl Desk<'_> {
    pub(super) fn best(
        &self,
        of: Option<&Thing>,
        by: &By,
        rank: u32,
        count: u32,
    ) -> Result<Answer, HubError> {
        let id = of.map(experiment_of).transpose()?;
        let order = match by {
            By::Objective { is_worst } => {
                let Some(id) = id else {
                    return Ok(Answer::saying(
                        "Runs of different experiments have no objective in common; name an experiment.",
                    ));
                };
                return self.best_by_objective(id, *is_worst, rank, count);
            }
            By::Metric { name, is_highest } => (
                format!("metrics.{}", filter::quoted(name)),
                name.as_str(),
                *is_highest,
            ),
            By::Cost { is_highest } => ("cost".to_owned(), "cost", *is_highest),
            By::Duration { is_highest } => ("duration".to_owned(), "duration", *is_highest),
        };
        self.best_by_order(id, order, rank, count)
    }

    fn best_by_objective(
        &self,
        id: ExperimentId,
        is_worst: bool,
        rank: u32,
        count: u32,
    ) -> Result<Answer, HubError> {
        let standing = facts::standing(self.hub, id)?;
        let source = links::experiment(&standing.experiment);
        let name = self.label(&standing);
        let Some(objective) = standing.objective.as_ref() else {
            let text = format!(
                "{name} has no objective, so none of its runs is called best; ask for the lowest or highest of a metric."
            );
            return Ok(Answer::saying(text).link(name, source));
        };
        let total = standing.ranked.len();
        let ranked = if is_worst {
            standing.from_worst()
        } else {
            standing.ranked.iter().collect()
        };
        let from = rank as usize - 1;
        let wanted: Vec<&Placed> = ranked.into_iter().skip(from).take(count as usize).collect();
        if wanted.is_empty() {
            let text = match total {
                0 => format!(
                    "No run of {name} has a value of {} yet.",
                    quoted(&objective.metric)
                ),
                _ => format!(
                    "{name} has only {} with a value of {}.",
                    plural(total as u64, "run"),
                    quoted(&objective.metric)
                ),
            };
            return Ok(Answer::saying(text)
                .count("runs with a value", total as u64, &source)
                .link(name, source));
        }
        let answer = self.placed(&standing, objective, &wanted, (rank, is_worst))?;
        Ok(spread(answer, &standing, &objective.unit, &source)
            .count("runs with a value", total as u64, &source)
            .link(name, source))
    }

    /// The runs that were asked for, the first of them in a sentence.
    fn placed(
        &self,
        standing: &Standing,
        objective: &Objective,
        wanted: &[&Placed],
        (rank, is_worst): (u32, bool),
    ) -> Result<Answer, HubError> {
        let (metric, unit) = (excerpt(&objective.metric), objective.unit.as_str());
        let mut answer = Answer::default();
        for (at, placed) in wanted.iter().enumerate() {
            let run = facts::run_of(self.hub, placed)?;
            let (task, value) = (placed.number, amount(placed.value));
            answer = answer
                .number(
                    format!("{metric} of task {task}"),
                    placed.value,
                    unit,
                    &links::run(run),
                )
                .link(format!("task {task}"), links::run(run));
            if at > 0 {
                answer = answer.more(format!("{}. task {task} with {value}", rank as usize + at));
                continue;
            }
            let place = place(rank, is_worst);
            answer.text = format!(
                "The {place} of {} is task {task} with {metric} {value}.",
                self.label(standing)
            );
            answer = answer.showing(run);
            if let Some(config) = config(placed) {
                answer = answer.more(format!("It ran with {config}."));
            }
        }
        Ok(answer)
    }

    fn best_by_order(
        &self,
        id: Option<ExperimentId>,
        (field, name, is_highest): (String, &str, bool),
        rank: u32,
        count: u32,
    ) -> Result<Answer, HubError> {
        let direction = if is_highest { "desc" } else { "asc" };
        let order = Order::parse(&format!("{field} {direction}"));
        let order = order.map_err(|error| HubError::Conflict(error.to_string()))?;
        let found = self.hub.search_runs(RunSearch {
            experiments: id.into_iter().collect(),
            columns: Columns::These(order.iter().map(|order| order.field.clone()).collect()),
            order,
            limit: count,
            offset: u64::from(rank - 1),
            ..RunSearch::default()
        })?;
        let end = if is_highest { "highest" } else { "lowest" };
        let known: Vec<(&RunFound, f64)> = found
            .runs
            .iter()
            .filter_map(|run| Some((run, value_of(run, name)?)))
            .collect();
        let Some((first, value)) = known.first() else {
            return Ok(
                Answer::saying(format!("No run has a {} yet.", quoted(name)))
                    .link("runs", links::RUNS),
            );
        };
        let currency = self.hub.prices().currency.clone();
        let unit = match name {
            "cost" => currency.as_str(),
            "duration" => "s",
            _ => "",
        };
        let text = format!(
            "The {end} {} is {} {unit}, of task {} of {}.",
            quoted(name),
            amount(*value),
            first.task_number,
            self.called(first.run.experiment, &first.experiment_name)
        );
        let mut answer =
            Answer::saying(text.replace("  ", " ").replace(" ,", ",")).showing(first.run.id);
        for (at, (run, value)) in known.iter().enumerate() {
            let link = links::run(run.run.id);
            let label = format!(
                "task {} of {}",
                run.task_number,
                self.called(run.run.experiment, &run.experiment_name)
            );
            if at > 0 {
                let placed = format!(
                    "{}. {label} with {} {unit}",
                    rank as usize + at,
                    amount(*value)
                );
                answer = answer.more(placed.trim_end());
            }
            answer = answer
                .number(format!("{name} of {label}"), *value, unit, &link)
                .link(label, link);
        }
        Ok(answer)
    }

    /// An experiment in a sentence: as its brief is called, or by its name.
    pub(super) fn label(&self, standing: &Standing) -> String {
        self.called(standing.experiment.id, &standing.experiment.name)
    }

    /// `is_asked` says whether somebody asks if the first is better than the second.
    pub(super) fn compared(&self, these: &[Thing], is_asked: bool) -> Result<Answer, HubError> {
        let experiments: Vec<ExperimentId> = these
            .iter()
            .filter_map(|thing| experiment_of(thing).ok())
            .collect();
        if experiments.len() == these.len() {
            let compared = facts::compared(self.hub, &experiments)?;
            let answer = self.of_groups(&compared, &experiments, is_asked);
            return Ok(these.iter().cloned().fold(answer, Answer::listing));
        }
        if !experiments.is_empty() {
            return Ok(Answer::saying(
                "I compare experiments with experiments and runs with runs; name things of one kind.",
            ));
        }
        let runs: Vec<RunId> = these
            .iter()
            .map(|thing| self.run_of(thing))
            .collect::<Result<_, _>>()?;
        self.runs_compared(&runs)
    }

    pub(super) fn best_compared(&self, of: &Thing, count: u32) -> Result<Answer, HubError> {
        let standing = facts::standing(self.hub, experiment_of(of)?)?;
        let wanted = standing.ranked.iter().take(count.min(16) as usize);
        let runs: Vec<RunId> = wanted
            .map(|placed| facts::run_of(self.hub, placed))
            .collect::<Result<_, _>>()?;
        if runs.len() < 2 {
            let text = format!(
                "{} has {} with a value; two are needed.",
                self.label(&standing),
                plural(runs.len() as u64, "run")
            );
            let source = links::experiment(&standing.experiment);
            return Ok(Answer::saying(text)
                .count("runs with a value", runs.len() as u64, &source)
                .link(self.label(&standing), source));
        }
        self.runs_compared(&runs)
    }

    fn runs_compared(&self, runs: &[RunId]) -> Result<Answer, HubError> {
        let beside = self.hub.compare_runs(runs)?;
        let source = links::comparison_of_runs(runs);
        let differing: Vec<_> = beside.config.iter().filter(|row| row.differs).collect();
        let value = |at: usize| {
            let one = &beside.runs[at];
            one.row
                .task
                .value
                .filter(|_| one.row.task.run == one.row.run.id)
        };
        let label = |at: usize| {
            format!(
                "task {} of {}",
                beside.runs[at].row.task.number,
                self.called(
                    beside.runs[at].experiment.id,
                    &beside.runs[at].experiment.name
                )
            )
        };
        let objective = beside.runs[0].experiment.objective.clone();
        let same_objective = beside
            .runs
            .iter()
            .all(|one| one.experiment.objective == objective);
        let text = match (objective.filter(|_| same_objective), value(0), value(1)) {
            (Some(objective), Some(a), Some(b)) if a.is_finite() && b.is_finite() => {
                let word = relation(&objective, a, b);
                let (told_a, told_b) = numbers::told_apart(a, b);
                let metric = excerpt(&objective.metric);
                format!(
                    "By {metric}, {} ({}) is {word} {} ({}); one run each says nothing of noise.",
                    label(0),
                    told_a,
                    label(1),
                    told_b
                )
            }
            _ => format!(
                "{} and {} cannot be judged by one objective; they differ in {}.",
                label(0),
                label(1),
                plural(differing.len() as u64, "field")
            ),
        };
        let mut answer = Answer::saying(text).count(
            "fields of the configuration that differ",
            differing.len() as u64,
            &source,
        );
        for at in 0..beside.runs.len() {
            let link = links::run(beside.runs[at].row.run.id);
            if let Some(value) = value(at) {
                answer = answer.number(label(at), value, "", &link);
            }
            answer = answer.link(label(at), link);
        }
        answer.detail = differing
            .iter()
            .take(CONFIG_MAX)
            .map(|row| difference(row))
            .collect();
        Ok(answer.link("side by side", source))
    }
}

pub(super) fn experiment_of(thing: &Thing) -> Result<ExperimentId, HubError> {
    match &thing.key {
        Key::Experiment(id) => Ok(*id),
        _ => Err(HubError::Conflict(format!(
            "{} is a {}, no experiment",
            quoted(&thing.name),
            thing.kind()
        ))),
    }
}

fn value_of(run: &RunFound, name: &str) -> Option<f64> {
    match name {
        "cost" => Some(run.cost?.units()),
        "duration" => {
            let between = run
                .run
                .started_at
                .zip(run.run.finished_at)
                .map(|(from, to)| to.since(from));
            Some(run.run.wall_time.or(between)?.as_secs_f64())
        }
        _ => Some(
            run.metrics
                .iter()
                .find(|series| series.name == name)?
                .last?
                .value,
        ),
    }
}

fn place(rank: u32, is_worst: bool) -> String {
    let word = if is_worst { "worst" } else { "best" };
    match rank {
        1 => word.to_owned(),
        2 => format!("second {word}"),
        3 => format!("third {word}"),
        rank => format!("{word} in place {rank}"),
    }
}

fn config(placed: &Placed) -> Option<String> {
    let fields: Vec<String> = placed
        .config
        .iter()
        .take(CONFIG_MAX)
        .map(|(key, value)| format!("{} {}", excerpt(key), excerpt(value)))
        .collect();
    (!fields.is_empty()).then(|| fields.join(", "))
}

/// What can be said of all values.
fn spread(mut answer: Answer, standing: &Standing, unit: &str, source: &str) -> Answer {
    let moments: Moments = standing.ranked.iter().map(|placed| placed.value).collect();
    // Of the sample, as intervals and averages have it.
    if let (Some(mean), Some(deviation)) = (standing.mean, moments.deviation_sample()) {
        let values = plural(standing.ranked.len() as u64, "value");
        let (said, off) = (amount(mean), amount(deviation));
        answer = answer
            .more(format!(
                "The {values} have a mean of {said} with a standard deviation of {off}."
            ))
            .number("mean", mean, unit, source)
            .number("standard deviation", deviation, unit, source);
    }
    if standing.not_read > 0 {
        answer = answer.more(facts::not_read(standing.not_read)).count(
            "runs not looked at",
            standing.not_read,
            source,
        );
    }
    let (not_finite, not_measured) = (standing.not_finite as u64, standing.not_measured as u64);
    if not_finite + not_measured > 0 {
        answer = answer
            .more(format!(
                "Left out: {not_finite} not finite, {not_measured} not measured."
            ))
            .count("not finite", not_finite, source)
            .count("not measured", not_measured, source);
    }
    answer
}

fn relation(objective: &Objective, a: f64, b: f64) -> &'static str {
    if objective.direction.is_better(a, b) {
        "better than"
    } else if objective.direction.is_better(b, a) {
        "worse than"
    } else {
        "equal to"
    }
}

fn difference(row: &ComparedRow) -> String {
    let value = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), excerpt);
    let values: Vec<String> = row.values.iter().map(value).collect();
    format!("{}: {}", excerpt(&row.path), values.join(" against "))
}
