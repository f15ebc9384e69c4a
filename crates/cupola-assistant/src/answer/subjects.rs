//! What things are and how they stand.

use cupola_domain::{
    counts::{Counts, State},
    ids::{ExperimentId, RunId, WorkerId},
    text::excerpt,
    worker::Presence,
};
use cupola_hub::HubError;

use super::{Answer, Desk, quoted, times::NO_PRICE};
use crate::{
    facts,
    index::HubNames,
    links,
    names::{Key, Kind, Names as _, Thing},
    numbers::{amount, plural},
};

/// Fields of a template that are named.
const FIELDS_MAX: usize = 40;

impl Desk<'_> {
    pub(super) fn overview(&self) -> Result<Answer, HubError> {
        let overview = self.hub.overview()?;
        let tasks = &overview.tasks;
        let online = overview.workers_online as u64;
        let text = format!(
            "{} of {} online; {}.",
            online,
            plural(overview.workers_total as u64, "worker"),
            in_states(tasks, "task")
        );
        let answer = Answer::saying(text)
            .count("workers online", online, links::WORKERS)
            .count("workers", overview.workers_total as u64, links::WORKERS);
        let alerts = self.hub.count_open_alerts()?;
        let mut answer =
            counted(answer, tasks, links::OVERVIEW).count("open alerts", alerts, "/alerts");
        if alerts > 0 {
            answer = answer
                .more(format!("{} open.", plural(alerts, "alert")))
                .link("alerts", "/alerts");
        }
        Ok(answer.link("overview", links::OVERVIEW))
    }

    pub(super) fn workers(&self) -> Result<Answer, HubError> {
        let rows = self.hub.list_workers()?;
        let online = rows
            .iter()
            .filter(|row| row.presence == Presence::Online)
            .count() as u64;
        let running: u64 = rows.iter().map(|row| row.running as u64).sum();
        let total = rows.len() as u64;
        let text = match total {
            0 => "There are no workers.".to_owned(),
            _ => format!(
                "{online} of {} online, with {} now.",
                plural(total, "worker"),
                plural(running, "run")
            ),
        };
        let mut answer = Answer::saying(text)
            .count("workers", total, links::WORKERS)
            .count("workers online", online, links::WORKERS)
            .count("runs on workers", running, links::WORKERS);
        for row in rows.iter().take(10) {
            let presence = crate::tools::presence(row.presence);
            let paused = if row.paused.is_some() {
                ", paused by its owner"
            } else {
                ""
            };
            let line = format!(
                "{}: {presence}{paused}, {} of {} slots in use",
                quoted(&row.worker.name),
                row.running,
                row.worker.slots
            );
            answer = answer
                .more(line)
                .link(row.worker.name.clone(), links::worker(row.worker.id))
                .listing(Thing::new(
                    Key::Worker(row.worker.id),
                    row.worker.name.clone(),
                ));
        }
        Ok(answer.link("workers", links::WORKERS))
    }

    pub(super) fn list(&self, kind: Kind) -> Result<Answer, HubError> {
        if kind == Kind::Worker {
            return self.workers();
        }
        let names: HubNames<'_> = self.index.names_anew(self.hub)?;
        let newest = names.recent(kind);
        let total = names.count(kind);
        let source = match kind {
            Kind::Experiment => links::EXPERIMENTS,
            Kind::Template => "/templates",
            Kind::Model => "/models",
            Kind::Person => links::CREDITS,
            Kind::Run | Kind::Worker | Kind::Parameter | Kind::Metric => links::RUNS,
        };
        let text = match total {
            0 => format!("There is no {kind} yet."),
            1 => format!("There is 1 {kind}: {}.", quoted(&newest[0].name)),
            total => {
                let newest: Vec<_> = newest.iter().map(|thing| quoted(&thing.name)).collect();
                let first = if total > newest.len() as u64 {
                    "; the newest: "
                } else {
                    ": "
                };
                format!(
                    "There are {}{first}{}.",
                    plural(total, kind.as_str()),
                    newest.join(", ")
                )
            }
        };
        let answer = newest
            .into_iter()
            .fold(Answer::saying(text), Answer::listing);
        Ok(answer
            .count(format!("{kind}s"), total, source)
            .link(format!("{kind}s"), source))
    }

    pub(super) fn described(&self, what: &Thing) -> Result<Answer, HubError> {
        match &what.key {
            Key::Experiment(id) => self.experiment(*id),
            Key::Picked(..) => {
                // Which of them was meant may not be what was thought.
                let mut answer = self.run(self.run_of(what)?)?;
                answer
                    .detail
                    .insert(0, format!("It is {}.", excerpt(&what.name)));
                Ok(answer)
            }
            Key::Run(_) | Key::Numbered(..) => self.run(self.run_of(what)?),
            Key::Worker(id) => self.worker(*id),
            Key::Template(name) => self.template(name),
            Key::Model(name) => {
                let versions = self.hub.model_detail(name)?.versions.len() as u64;
                let text = format!(
                    "{} is a model of the registry with {}.",
                    quoted(name),
                    plural(versions, "version")
                );
                Ok(Answer::saying(text)
                    .count("versions", versions, "/models")
                    .link("models", "/models"))
            }
            Key::Person(name) => {
                let bans = self.bans(Some(what))?;
                let source = format!("{}?by=person", links::COSTS);
                let text = format!("{} is a person here. {}", quoted(name), bans.text);
                Ok(Answer { text, ..bans }.link("costs by person", source))
            }
            Key::Parameter(name) => Ok(Answer::saying(format!(
                "{} is a parameter of runs; ask whether it matters in an experiment.",
                quoted(name)
            ))
            .link("runs", links::RUNS)),
            Key::Metric(name) => Ok(Answer::saying(format!(
                "{} is a metric of runs; ask for its lowest or highest, or for its curve in a run.",
                quoted(name)
            ))
            .link("runs", links::RUNS)),
        }
    }

    fn experiment(&self, id: ExperimentId) -> Result<Answer, HubError> {
        let standing = facts::standing(self.hub, id)?;
        let detail = self.hub.experiment_detail(id)?;
        let experiment = &standing.experiment;
        let source = links::experiment(experiment);
        let name = self.label(&standing);
        let text = format!(
            "{name} is {}: {}.",
            experiment.state(),
            in_states(&experiment.counts, "task")
        );
        let mut answer = counted(Answer::saying(text), &experiment.counts, &source);
        if let (Some(best), Some(objective)) = (standing.ranked.first(), &standing.objective) {
            let run = facts::run_of(self.hub, best)?;
            let metric = excerpt(&objective.metric);
            answer = answer
                .more(format!(
                    "Its best {metric} is {} (task {}).",
                    amount(best.value),
                    best.number
                ))
                .number(
                    format!("best {metric}"),
                    best.value,
                    &objective.unit,
                    &links::run(run),
                )
                .link(format!("task {}", best.number), links::run(run));
        }
        if let Some(objective) = &standing.objective {
            answer = answer.more(format!(
                "It is judged by {} ({}).",
                quoted(&objective.metric),
                objective.direction.as_str()
            ));
        }
        let total = &detail.spending.total;
        let (money, currency) = (total.money.units(), &detail.spending.currency);
        let template = quoted(&experiment.template);
        answer = if total.priced.is_zero() && !total.time.is_zero() {
            answer.more(format!(
                "It runs the template {template}; what it cost is not known: {NO_PRICE}."
            ))
        } else {
            let cost = amount(money);
            answer
                .more(format!(
                    "It runs the template {template} and cost {cost} {currency}."
                ))
                .number("cost", money, currency, &source)
        };
        if !detail.obstacle.is_empty() {
            answer = answer.more(format!(
                "What waits is not taken: {}.",
                excerpt(&detail.obstacle)
            ));
        }
        if let Some((_, goal)) = &standing.brief {
            answer = answer.more(format!("Its goal: {}", excerpt(goal)));
        }
        Ok(answer.link(name, source))
    }

    fn run(&self, id: RunId) -> Result<Answer, HubError> {
        let detail = self.hub.run_detail(id)?;
        let source = links::run(id);
        let state = detail.run.state.word();
        let reason = excerpt(&detail.task.reason_of(&detail.run));
        let reason = if reason.is_empty() {
            String::new()
        } else {
            format!(": {reason}")
        };
        let task = format!(
            "Task {} of {}",
            detail.task.number,
            self.called(detail.experiment.id, &detail.experiment.name)
        );
        let mut answer = Answer::saying(format!(
            "{task}, attempt {}, is {state}{reason}.",
            detail.run.attempt
        ));
        answer = answer.count("attempt", u64::from(detail.run.attempt), &source);
        if let (Some(value), Some(objective)) = (
            detail.task.value.filter(|_| detail.task.run == id),
            &detail.experiment.objective,
        ) {
            let metric = excerpt(&objective.metric);
            answer = answer
                .more(format!("Its {metric} is {}.", amount(value)))
                .number(metric, value, &objective.unit, &source);
        }
        if let Some(time) = detail.run.wall_time {
            answer = answer
                .more(format!(
                    "Its program ran for {}.",
                    crate::numbers::duration(time)
                ))
                .number("duration", time.as_secs_f64(), "s", &source);
        }
        if let Some(cost) = detail.cost.and_then(|cost| cost.cost.money) {
            answer = answer
                .more(format!(
                    "It cost {} {}.",
                    amount(cost.units()),
                    detail.currency
                ))
                .number("cost", cost.units(), &detail.currency, &source);
        }
        if let Some(worker) = detail.run.worker
            && let Some(name) = detail.workers.get(&worker)
        {
            answer = answer
                .more(format!("Its worker is {}.", quoted(name)))
                .link(name.clone(), links::worker(worker));
        }
        Ok(answer.link("the run", source).showing(id))
    }

    fn worker(&self, id: WorkerId) -> Result<Answer, HubError> {
        let row = self.hub.worker_detail(id)?.row;
        let worker = &row.worker;
        let source = links::worker(id);
        let presence = crate::tools::presence(row.presence);
        let paused = if row.paused.is_some() {
            ", paused by its owner,"
        } else {
            ""
        };
        let text = format!(
            "The worker {} is {presence}{paused} and has {} in {} slots.",
            quoted(&worker.name),
            plural(row.running as u64, "run"),
            worker.slots
        );
        let cores = u64::from(worker.capabilities.cpu_cores);
        let gpus = worker.capabilities.gpus.len() as u64;
        Ok(Answer::saying(text)
            .more(format!(
                "It has {} and {}.",
                plural(cores, "core"),
                plural(gpus, "GPU")
            ))
            .count("runs now", row.running as u64, &source)
            .count("slots", u64::from(worker.slots), &source)
            .count("cores", cores, &source)
            .count("GPUs", gpus, &source)
            .link(worker.name.clone(), source))
    }

    fn template(&self, name: &str) -> Result<Answer, HubError> {
        let row = self.hub.template_row(name)?;
        let source = links::template(name);
        let objective = row
            .template
            .objective
            .as_ref()
            .map_or("no objective".to_owned(), |objective| {
                format!("the objective {}", quoted(&objective.metric))
            });
        let fields = row.template.schema.fields.len() as u64;
        let text = format!(
            "{} is a template with {} and {objective}; {} of it.",
            quoted(name),
            plural(fields, "field"),
            plural(row.experiments, "experiment")
        );
        let names = row
            .template
            .schema
            .fields
            .iter()
            .map(|field| excerpt(&field.name));
        let names: Vec<_> = names.take(FIELDS_MAX).collect();
        Ok(Answer::saying(text)
            .more(excerpt(&row.template.description))
            .more(format!("Its fields: {}.", names.join(", ")))
            .count("fields", fields, &source)
            .count("experiments", row.experiments, &source)
            .link(name, source))
    }
}

/// `5 tasks: 3 completed, 2 running`.
fn in_states(counts: &Counts, noun: &str) -> String {
    let parts: Vec<String> = State::ALL
        .iter()
        .filter(|state| counts.of(**state) > 0)
        .map(|state| format!("{} {state}", counts.of(*state)))
        .collect();
    if parts.is_empty() {
        return format!("no {noun}s");
    }
    format!("{} ({})", plural(counts.total(), noun), parts.join(", "))
}

fn counted(answer: Answer, counts: &Counts, source: &str) -> Answer {
    let answer = answer.count("tasks", counts.total(), source);
    State::ALL.iter().fold(answer, |answer, state| {
        answer.count(format!("tasks {state}"), counts.of(*state), source)
    })
}
