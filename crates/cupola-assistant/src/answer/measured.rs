//! What runs come to, what one measured, and what they were told.

use std::collections::BTreeSet;

use cupola_domain::{ids::ExperimentId, text::excerpt};
use cupola_hub::{
    HubError,
    comparison::{Column, Of, Question, Selection},
    tasks::Filter,
};
use cupola_search::stats::{Moments, median, sorted};
use serde_json::{Map, Value};

use super::{Answer, Desk, quoted, standing::experiment_of};
use crate::{
    facts, links,
    names::{Key, Thing},
    numbers::{amount, duration, plural},
};

/// Fields of a configuration that are told.
const FIELDS_MAX: usize = 40;

/// Tasks whose seeds are read, and seeds that are told.
const SEEDED_MAX: i64 = 1_000;
const SEEDS_TOLD_MAX: usize = 20;

impl Desk<'_> {
    /// Mean, median and interval of what the runs of an experiment came to.
    pub(super) fn mean(&self, of: &Thing, metric: Option<&Thing>) -> Result<Answer, HubError> {
        let id = experiment_of(of)?;
        let standing = facts::standing(self.hub, id)?;
        let objective = standing.objective.as_ref();
        let judged_by = objective.map(|objective| objective.metric.as_str());
        let experiment = links::experiment(&standing.experiment);
        let name = quoted(&of.name);
        let (metric, unit, values, source) = match metric.map(|thing| thing.name.as_str()) {
            Some(metric) if judged_by != Some(metric) => {
                let values = self.last_values(id, metric)?;
                (metric.to_owned(), "", values, links::comparison(&[id]))
            }
            _ => {
                let Some(objective) = objective else {
                    let text =
                        format!("{name} has no objective; name the metric whose mean you want.");
                    return Ok(Answer::refused(text).link(name, experiment));
                };
                let values = standing.ranked.iter().map(|placed| placed.value).collect();
                (
                    objective.metric.clone(),
                    objective.unit.as_str(),
                    values,
                    experiment.clone(),
                )
            }
        };
        let label = quoted(&metric);
        let moments: Moments = values.iter().copied().collect();
        let count = values.len() as u64;
        let values = sorted(values);
        let (Some(mean), Some(median)) = (moments.mean(), median(&values)) else {
            let text = format!("No run of {name} has a value of {label} yet.");
            return Ok(Answer::saying(text)
                .count("runs with a value", 0, &source)
                .link(name, experiment));
        };
        let (mut answer, mut within) = (Answer::default(), String::new());
        if let Some((low, high)) = moments.mean_95() {
            within = format!(" (95 %: {} to {})", amount(low), amount(high));
            answer = answer.number("mean, low", low, unit, &source).number(
                "mean, high",
                high,
                unit,
                &source,
            );
        }
        answer.text = format!(
            "The mean {label} of {name} is {}{within} over {}; the median is {}.",
            amount(mean),
            plural(count, "run"),
            amount(median)
        );
        if let (Some(least), Some(largest)) = (values.first(), values.last()) {
            answer = answer
                .more(format!(
                    "They lie between {} and {}.",
                    amount(*least),
                    amount(*largest)
                ))
                .number("least", *least, unit, &source)
                .number("largest", *largest, unit, &source);
        }
        Ok(answer
            .number("mean", mean, unit, &source)
            .number("median", median, unit, &source)
            .count("runs with a value", count, &source)
            .link(name, source))
    }

    /// The last value of a series in each run that has one which counts.
    fn last_values(&self, id: ExperimentId, metric: &str) -> Result<Vec<f64>, HubError> {
        let column = Column::Metric(metric.to_owned(), Of::Last);
        let selection = Selection {
            experiments: vec![id],
            ..Selection::default()
        };
        let question = Question {
            metric: Some(column.clone()),
            ..Question::default()
        };
        let compared = self.hub.comparison(&selection, &question)?;
        Ok(compared
            .runs
            .iter()
            .filter_map(|run| run.counted(&column))
            .collect())
    }

    /// What a run gave or measured last.
    pub(super) fn value(&self, of: &Thing, metric: &Thing) -> Result<Answer, HubError> {
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
        let page = self.hub.list_tasks(Filter {
            experiment: Some(id),
            limit: SEEDED_MAX,
            ..Filter::default()
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
        let (text, told, time) = if let Some(brief) = experiment.origin.brief() {
            let wanted = self.hub.brief_detail(brief)?.brief.wanted;
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

/// Fields with their values, a line each.
fn fields(mut answer: Answer, fields: &Map<String, Value>) -> Answer {
    for (name, value) in fields.iter().take(FIELDS_MAX) {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        answer = answer.more(format!("{} = {}", excerpt(name), excerpt(&value)));
    }
    match fields.len().saturating_sub(FIELDS_MAX) {
        0 => answer,
        others => answer.more(format!("and {others} more on its page")),
    }
}
