//! From an experiment to what its page shows of it.

use cupola_domain::{
    access::{Principal, Role},
    experiment::Experiment,
    progress::Progress as Said,
    run::{Run, RunState},
    time::Timestamp,
};
use cupola_hub::experiments::{ExperimentDetail, RunRow};
use serde_json::{Map, Value};

use super::{Header, RunLine, Runs, SetupCard};
use crate::ui::{
    components::{
        Badge, CodeBlock, ConfigTable, EmptyState, Id, Link, Pager, Progress, StackedBar,
    },
    families::parts::device_class,
    format,
    listing::{ROWS, Slice},
    paths,
    present::{better, lasting, may, needs, running_for, spending, task_link},
    reports::ReportOffer,
};

/// Values of a configuration that the page lists; its JSON has all.
const VALUES_MAX: usize = 300;

fn key(experiment: &Experiment) -> String {
    format!("experiment:{}", experiment.id)
}

fn id(experiment: &Experiment) -> Id {
    Id {
        href: paths::experiment(experiment.id, ""),
        ..experiment.id.into()
    }
}

pub(super) fn header(detail: &ExperimentDetail, who: &Principal) -> Header {
    let experiment = &detail.experiment;
    let counts = &experiment.counts;
    let is_logged = experiment.is_logged();
    let may_change = may(who, Role::Researcher);
    let is_over = counts.finished() == counts.total();
    let cancellation = || {
        let href = paths::experiment(experiment.id, "/cancellation");
        Link::new("Cancel what is left", href)
    };
    let objective = experiment.objective.as_ref();
    let code_now = detail.template.as_ref().map(|template| &template.code_hash);
    let code_now = code_now.filter(|hash| **hash != experiment.code_hash);
    let hindrance = match detail.template {
        Some(_) => String::new(),
        None if is_logged => "Clients log its runs; it cannot be started from here.".to_owned(),
        None => format!(
            "There is no template `{}` any more: choose another to start this again.",
            experiment.template
        ),
    };
    Header {
        key: key(experiment),
        src: paths::experiment(experiment.id, "/header"),
        id: id(experiment),
        href: paths::experiment(experiment.id, ""),
        name: experiment.name.clone(),
        badge: Badge::state(experiment.state(), ""),
        description: experiment.description.clone(),
        template: experiment.template.clone(),
        hindrance,
        code_hash: experiment.code_hash.clone(),
        code_hash_now: code_now.cloned().unwrap_or_default(),
        device_class: device_class(experiment),
        origin: experiment.origin.as_str(),
        objective: objective
            .map(|o| format!("{}, {}", o.metric, better(objective)))
            .unwrap_or_default(),
        author: experiment.author.clone(),
        created: experiment.created_at.into(),
        updated: experiment.updated_at.into(),
        tags: experiment
            .setup
            .tags
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect(),
        bar: StackedBar::new(counts).with_legend(),
        obstacle: detail.obstacle.clone(),
        cost: spending(&detail.spending),
        may_change,
        report: ReportOffer::on(&[experiment.id], who),
        may_edit: may_change && !is_logged,
        cancellation: (may_change && !is_over).then(cancellation),
    }
}

pub(super) fn setup(detail: &ExperimentDetail) -> SetupCard {
    let experiment = &detail.experiment;
    let setup = &experiment.setup;
    let environment: Map<String, Value> = setup
        .environment
        .iter()
        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
        .collect();
    SetupCard {
        key: key(experiment),
        src: paths::experiment(experiment.id, "/setup"),
        config: ConfigTable::new("Configuration", &flat(&setup.config)),
        json: CodeBlock::json("config.json", &Value::Object(setup.config.clone())),
        time_budget: format::duration(setup.time_budget),
        seed: setup
            .seed
            .map_or_else(|| "each run its own".to_owned(), |seed| seed.to_string()),
        priority: setup.priority,
        working_folder: setup.working_folder.clone().unwrap_or_default(),
        needs: needs(&experiment.needs),
        environment: ConfigTable::new("Environment", &environment),
    }
}

/// Each value by its path: `layers.0.width`.
pub(super) fn flat(config: &Map<String, Value>) -> Map<String, Value> {
    fn add(path: &str, value: &Value, flat: &mut Map<String, Value>) {
        let below: Vec<(String, &Value)> = match value {
            Value::Object(object) if !object.is_empty() => {
                let pairs = object.iter();
                pairs
                    .map(|(name, value)| (format!("{path}.{name}"), value))
                    .collect()
            }
            Value::Array(items) if !items.is_empty() => {
                let numbered = items.iter().enumerate();
                numbered
                    .map(|(at, value)| (format!("{path}.{at}"), value))
                    .collect()
            }
            _ => Vec::new(),
        };
        if flat.len() >= VALUES_MAX {
            return;
        }
        if below.is_empty() {
            flat.insert(path.to_owned(), value.clone());
        }
        for (path, value) in below {
            add(&path, value, flat);
        }
    }
    let mut values = Map::new();
    for (name, value) in config {
        add(name, value, &mut values);
    }
    values
}

pub(super) fn runs(
    detail: &ExperimentDetail,
    slice: &Slice<Vec<RunRow>>,
    now: Timestamp,
    who: &Principal,
) -> Runs {
    let experiment = &detail.experiment;
    let rows = &slice.found;
    let going_on = rows
        .iter()
        .filter(|row| !row.run.state.word().is_terminal());
    let keys = going_on.map(|row| format!("run:{}", row.run.id));
    let keys: Vec<_> = std::iter::once(key(experiment)).chain(keys).collect();
    let part = paths::experiment(experiment.id, "/runs");
    let page = paths::experiment(experiment.id, "");
    let empty = || {
        let hint = if may(who, Role::Researcher) {
            "Start makes one with the configuration as it is."
        } else {
            "Nobody has started it."
        };
        EmptyState::new("No runs yet", hint)
    };
    Runs {
        key: keys.join(","),
        src: format!("{part}?page={}", slice.page),
        count: format::counted(slice.total, "run", "runs"),
        metric: experiment.metric().to_owned(),
        rows: rows.iter().map(|row| line(row, now)).collect(),
        pager: Pager::new(slice.page, ROWS.into(), slice.total, |number| {
            format!("{page}?page={number}#runs")
        }),
        empty: rows.is_empty().then(empty),
    }
}

fn line(row: &RunRow, now: Timestamp) -> RunLine {
    let RunRow { run, task, .. } = row;
    RunLine {
        id: run.id.into(),
        task: task_link(task),
        attempt: run.attempt,
        badge: Badge::state(run.state.word(), task.reason_of(run)),
        started: run.started_at.into(),
        finished: run.finished_at.into(),
        duration: lasting(run, now),
        cost: format::amount(row.cost),
        progress: progress(run, now),
        value: task.value.filter(|_| task.run == run.id).into(),
    }
}

fn progress(run: &Run, now: Timestamp) -> Option<Progress> {
    running_for(run, now)?;
    let fraction = run.progress.as_ref().and_then(Said::fraction);
    let is_going_on = matches!(run.state, RunState::Running { .. });
    let label = format!("Progress of the run {}", run.id.short());
    is_going_on.then(|| Progress::new(fraction, label))
}
