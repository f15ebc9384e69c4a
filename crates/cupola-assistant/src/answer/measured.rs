//! What runs come to, what one measured, and what they were told.

use std::collections::BTreeSet;

use cupola_domain::{brief::Brief, ids::ExperimentId, text::excerpt};
use cupola_hub::{
    HubError,
    comparison::{Column, Of, Question, Selection},
    run_search::{
        Columns, RunSearch,
        filter::{self, Field, Filter},
    },
    tasks,
};
use cupola_search::stats::{Moments, median, sorted};
use serde_json::{Map, Value};

use super::{Answer, Desk, quoted, standing::experiment_of, times::NO_PRICE};
use crate::{
    facts, links,
    names::{Key, Kind, Thing},
    numbers::{amount, duration, plural},
};

/// Fields of a configuration that are told.
const FIELDS_MAX: usize = 40;

/// Tasks whose seeds are read, and seeds that are told.
const SEEDED_MAX: i64 = 1_000;
const SEEDS_TOLD_MAX: usize = 20;

/// Values that count, of the runs that were looked at.
struct Sample {
    values: Vec<f64>,
    /// Runs that were not looked at, since there are too many.
    not_read: u64,
}

impl Desk<'_> {
    /// Mean, median and interval of what the runs of an experiment came to.
    pub(super) fn mean(&self, of: &Thing, metric: Option<&Thing>) -> Result<Answer, HubError> {
        let id = experiment_of(of)?;
        let experiment = self.hub.experiment_detail(id)?.experiment;
        let page = links::experiment(&experiment);
        let objective = experiment.objective.as_ref();
        let named = metric.map(|thing| thing.name.as_str());
        let (metric, unit, sample, source) = match (named, objective) {
            (Some(metric), judged) if judged.is_none_or(|judged| judged.metric != metric) => {
                let column = Column::Metric(metric.to_owned(), Of::Last);
                let sample = self.last_values(id, &column)?;
                (metric, "", sample, links::comparison(&[id]))
            }
            (_, Some(objective)) => {
                let standing = facts::standing(self.hub, id)?;
                let sample = Sample {
                    values: standing.ranked.iter().map(|placed| placed.value).collect(),
                    not_read: standing.not_read,
                };
                let unit = objective.unit.as_str();
                (objective.metric.as_str(), unit, sample, page.clone())
            }
            (_, None) => {
                let name = quoted(&of.name);
                let text = format!("{name} has no objective; name the metric whose mean you want.");
                return Ok(Answer::refused(text).link(name, page));
            }
        };
        Ok(averaged(of, (&quoted(metric), unit), sample, &source).link(quoted(&of.name), page))
    }

    /// The same of how long its runs took, or what they cost.
    pub(super) fn mean_of(&self, of: &Thing, column: &Column) -> Result<Answer, HubError> {
        let id = experiment_of(of)?;
        let sample = self.last_values(id, column)?;
        let page = links::experiment(&self.hub.experiment_detail(id)?.experiment);
        if *column == Column::Cost && sample.values.is_empty() {
            let name = quoted(&of.name);
            let text =
                format!("What runs of {name} cost is not known: none has ended, or {NO_PRICE}.");
            return Ok(Answer::saying(text)
                .count("runs with a cost", 0, &page)
                .link(name, page));
        }
        let currency = self.hub.prices().currency.clone();
        let unit = if *column == Column::Cost {
            currency.as_str()
        } else {
            "s"
        };
        let source = links::comparison(&[id]);
        let answer = averaged(of, (&column.name(), unit), sample, &source);
        Ok(answer.link(quoted(&of.name), page))
    }

    /// What each run has in a column, where it has a number that counts.
    fn last_values(&self, id: ExperimentId, column: &Column) -> Result<Sample, HubError> {
        let selection = Selection {
            experiments: vec![id],
            ..Selection::default()
        };
        let question = Question {
            metric: Some(column.clone()),
            ..Question::default()
        };
        let compared = self.hub.comparison(&selection, &question)?;
        let runs = &compared.runs;
        Ok(Sample {
            values: runs.iter().filter_map(|run| run.counted(column)).collect(),
            not_read: compared.total.saturating_sub(runs.len() as u64),
        })
    }

    /// What a run gave or measured last, or was told.
    pub(super) fn value(&self, of: &Thing, metric: &Thing) -> Result<Answer, HubError> {
        if metric.kind() == Kind::Parameter {
            return self.told(of, &metric.name);
        }
        let run = self.run_of(of)?;
        let detail = self.hub.run_detail(run)?;
        let source = links::run(run);
        let objective = detail.experiment.objective.as_ref();
        let objective = objective.filter(|objective| objective.metric == metric.name);
        let counted = detail
            .task
            .value
            .filter(|_| detail.task.run == run && objective.is_some());
        let given = detail.results.get(&metric.name).and_then(Value::as_f64);
        let Some(value) = counted.or(given) else {
            return self.curve(of, std::slice::from_ref(metric));
        };
        let unit = objective.map_or("", |objective| objective.unit.as_str());
        let which = match &of.key {
            Key::Picked(..) => format!(
                "task {} of {}",
                detail.task.number,
                self.called(detail.experiment.id, &detail.experiment.name)
            ),
            _ => quoted(&of.name),
        };
        let text = format!(
            "{} of {which} is {}; it is {}.",
            quoted(&metric.name),
            amount(value),
            detail.run.state.word()
        );
        Ok(Answer::saying(text)
            .number(excerpt(&metric.name), value, unit, &source)
            .link("the run", source)
            .showing(run))
    }

    /// What a run was told of one parameter, or the runs of an experiment are.
    fn told(&self, of: &Thing, name: &str) -> Result<Answer, HubError> {
        let label = quoted(name);
        if let Key::Experiment(id) = of.key {
            let experiment = self.hub.experiment_detail(id)?.experiment;
            let source = links::experiment(&experiment);
            let called = quoted(&of.name);
            let (value, verb) = match experiment.origin.brief() {
                Some(brief) => {
                    let space = self.hub.find_brief(brief)?.map(|brief| brief.wanted.space);
                    let value = space.and_then(|space| space.get(name).cloned());
                    (value, "is searched over")
                }
                None => (experiment.setup.config.get(name).cloned(), "is"),
            };
            let text = match value {
                Some(value) => format!("{label} of {called} {verb} {}.", quoted(&written(&value))),
                None => format!("The configuration of {called} has no {label}."),
            };
            return Ok(Answer::saying(text).link(called, source));
        }
        let run = self.run_of(of)?;
        let source = links::run(run);
        let found = self.hub.search_runs(RunSearch {
            filter: Filter::parse(&format!("id = {}", filter::quoted(&run.to_string())))
                .map_err(|error| HubError::Internal(error.into()))?,
            columns: Columns::These(vec![Field::Param(name.to_owned())]),
            limit: 1,
            ..RunSearch::default()
        })?;
        let found = found.runs.first();
        let task = found.map_or(String::new(), |found| {
            format!(
                "task {} of {}",
                found.task_number,
                self.called(found.run.experiment, &found.experiment_name)
            )
        });
        let value = found.and_then(|found| found.params.first().map(|(_, value)| value.as_str()));
        let Some(value) = value else {
            let text = format!("The configuration of {task} has no {label}.");
            return Ok(Answer::saying(text).link("the run", source).showing(run));
        };
        let which = match &of.key {
            Key::Picked(_, pick) => format!("the {}, {task},", pick.words()),
            _ => task,
        };
        let mut answer = Answer::saying(format!("{label} of {which} is {}.", excerpt(value)));
        if let Ok(number) = value.parse::<f64>() {
            answer = answer.number(excerpt(name), number, "", &source);
        }
        Ok(answer.link("the run", source).showing(run))
    }

    /// Where chance begins in a run, or in each task of an experiment.
    pub(super) fn seeds(&self, of: &Thing) -> Result<Answer, HubError> {
        let Key::Experiment(id) = of.key else {
            let run = self.run_of(of)?;
            let seed = self.hub.run_detail(run)?.task.seed;
            let text = format!("{} has the seed {seed}.", quoted(&of.name));
            #[expect(clippy::cast_precision_loss, reason = "a seed to be shown")]
            let number = seed as f64;
            return Ok(Answer::saying(text)
                .number("seed", number, "", &links::run(run))
                .link("the run", links::run(run))
                .showing(run));
        };
        let page = self.hub.list_tasks(tasks::Filter {
            experiment: Some(id),
            limit: SEEDED_MAX,
            ..tasks::Filter::default()
        })?;
        let experiment = self.hub.experiment_detail(id)?.experiment;
        let source = links::experiment(&experiment);
        let name = quoted(&of.name);
        let seeds: BTreeSet<i64> = page.tasks.iter().map(|task| task.seed).collect();
        let first: Vec<String> = seeds
            .iter()
            .take(SEEDS_TOLD_MAX)
            .map(ToString::to_string)
            .collect();
        let others = match seeds.len() - first.len() {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        let tasks = page.tasks.len() as u64;
        let which = if page.total > tasks {
            format!("The first {} of {name}", plural(tasks, "task"))
        } else {
            format!("The {} of {name}", plural(tasks, "task"))
        };
        let text = match seeds.len() {
            0 => format!("{name} has no tasks yet, and so no seeds."),
            1 => format!("{which} had the seed {}.", first.join(", ")),
            count => format!("{which} had {count} seeds: {}{others}.", first.join(", ")),
        };
        Ok(Answer::saying(text)
            .count("seeds", seeds.len() as u64, &source)
            .count("tasks", page.total, &source)
            .link(name, source))
    }

    /// What a run was told, or the next one of an experiment would be.
    pub(super) fn config(&self, of: &Thing) -> Result<Answer, HubError> {
        let Key::Experiment(id) = of.key else {
            let run = self.run_of(of)?;
            let detail = self.hub.run_detail(run)?;
            let experiment = self.called(detail.experiment.id, &detail.experiment.name);
            let text = format!(
                "Task {} of {experiment} ran {} with:",
                detail.task.number,
                quoted(&detail.template)
            );
            let answer = fields(Answer::saying(text), &detail.task.config);
            let more = format!(
                "seed = {}, time budget {}",
                detail.task.seed,
                duration(detail.task.time_budget)
            );
            return Ok(answer
                .more(more)
                .link("the run", links::run(run))
                .showing(run));
        };
        let experiment = self.hub.experiment_detail(id)?.experiment;
        let source = links::experiment(&experiment);
        let name = quoted(&of.name);
        let template = quoted(&experiment.template);
        let brief = match experiment.origin.brief() {
            Some(brief) => self.hub.find_brief(brief)?,
            None => None,
        };
        let (text, told, time) = if let Some(Brief { wanted, .. }) = brief {
            let text = format!("{name} searches {template} over:");
            (text, wanted.space, wanted.time_budget)
        } else {
            let text = format!("{name} runs {template} with:");
            (text, experiment.setup.config, experiment.setup.time_budget)
        };
        let answer = fields(Answer::saying(text), &told);
        let answer = answer.more(format!("time budget {}", duration(time)));
        Ok(answer.link(name, source))
    }
}

/// Mean, median, interval and ends of values.
fn averaged(of: &Thing, (label, unit): (&str, &str), sample: Sample, source: &str) -> Answer {
    let Sample { values, not_read } = sample;
    let name = quoted(&of.name);
    let moments: Moments = values.iter().copied().collect();
    let count = values.len() as u64;
    let values = sorted(values);
    let (Some(mean), Some(median)) = (moments.mean(), median(&values)) else {
        let text = format!("No run of {name} has a value of {label} yet.");
        return Answer::saying(text).count("runs with a value", 0, source);
    };
    let (mut answer, mut within) = (Answer::default(), String::new());
    if let Some((low, high)) = moments.mean_95() {
        within = format!(" (95 %: {} to {})", amount(low), amount(high));
        answer =
            answer
                .number("mean, low", low, unit, source)
                .number("mean, high", high, unit, source);
    }
    let of_unit = if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    };
    answer.text = format!(
        "The mean {label} of {name} is {}{of_unit}{within} over {}; the median is {}.",
        amount(mean),
        plural(count, "run"),
        amount(median)
    );
    if not_read > 0 {
        answer =
            answer
                .more(facts::not_read(not_read))
                .count("runs not looked at", not_read, source);
    }
    if let Some(deviation) = moments.deviation_sample() {
        answer = answer
            .more(format!(
                "Their standard deviation is {}.",
                amount(deviation)
            ))
            .number("standard deviation", deviation, unit, source);
    }
    if let (Some(least), Some(largest)) = (values.first(), values.last()) {
        let (low, high) = (amount(*least), amount(*largest));
        answer = answer
            .more(format!("They lie between {low} and {high}."))
            .number("least", *least, unit, source)
            .number("largest", *largest, unit, source);
    }
    answer
        .number("mean", mean, unit, source)
        .number("median", median, unit, source)
        .count("runs with a value", count, source)
}

/// A value as people write it.
fn written(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// Fields with their values, a line each.
fn fields(mut answer: Answer, fields: &Map<String, Value>) -> Answer {
    for (name, value) in fields.iter().take(FIELDS_MAX) {
        answer = answer.more(format!("{} = {}", excerpt(name), excerpt(&written(value))));
    }
    match fields.len().saturating_sub(FIELDS_MAX) {
        0 => answer,
        others => answer.more(format!("and {others} more on its page")),
    }
}
