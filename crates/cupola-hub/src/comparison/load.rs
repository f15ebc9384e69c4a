//! The runs that are meant, with what they have.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, hash_map::Entry};

use cupola_domain::{
    cost::Money,
    experiment::Experiment,
    ids::{ExperimentId, RunId},
    objective::{Direction, Objective},
    run::Run,
};
use cupola_search::filter::Filter;
use cupola_store::{
    Tx, experiments, results,
    run_search::{self, Effort, Query},
    selected, series,
};
use serde_json::Value;

use super::{Column, Compared, DirectionFrom, Finding, Grouping, Of, Question, Selection};
use crate::HubError;

/// Names of one kind; what has more is cut.
const NAMES_MAX: usize = 300;

/// So many runs, evenly chosen, are asked which series and results they have.
const ASKED_FOR_NAMES: usize = 32;

/// So many series and results are read for all runs; the others can be asked for.
const READ_MAX: usize = 24;

/// The parameter by which a program says its seed itself.
pub(super) const SEED: &str = "seed";

/// One of the compared runs.
#[derive(Debug, Clone)]
pub struct ComparedRun {
    /// The run.
    pub run: Run,
    /// The number of its task.
    pub number: u32,
    /// Its seed: what it says itself, or that of its task; none where nobody said one.
    pub seed: Option<String>,
    /// The objective, if this is the run that completed its task.
    pub value: Option<f64>,
    /// The name of what it belongs to.
    pub experiment: String,
    /// What it cost, or as far as it was counted.
    pub cost: Option<Money>,
    /// What it was told to do.
    pub params: selected::Labels,
    /// What is said about it.
    pub tags: selected::Labels,
    /// Of its series, those that were read: last, least and largest value.
    pub metrics: BTreeMap<String, [Option<f64>; 3]>,
    /// Of its results, those that were read.
    pub results: BTreeMap<String, Value>,
}

/// What runs have, by kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Parameters.
    pub params: Vec<String>,
    /// Series: those that most runs have first.
    pub metrics: Vec<String>,
    /// Results that fit into a cell: those that most runs have first.
    pub results: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
}

impl ComparedRun {
    /// A value of one of its series.
    pub(super) fn metric(&self, name: &str, of: Of) -> Option<f64> {
        let place = match of {
            Of::Last => 0,
            Of::Min => 1,
            Of::Max => 2,
        };
        self.metrics.get(name)?[place]
    }

    /// `task 7`, or what its client calls it.
    pub fn label(&self) -> String {
        if self.run.name.is_empty() {
            format!("task {}", self.number)
        } else {
            self.run.name.clone()
        }
    }

    /// How long its program ran.
    pub(super) fn duration_secs(&self) -> Option<f64> {
        let ends = self.run.started_at.zip(self.run.finished_at);
        let between = ends.map(|(from, to)| to.since(from));
        let taken = self.run.wall_time.or(between)?;
        Some(taken.as_secs_f64())
    }

    /// A number that may enter a mean: measured or imported, and finite.
    pub fn counted(&self, column: &Column) -> Option<f64> {
        let number = column.cell(self).finite()?;
        self.run.provenance.counts().then_some(number)
    }
}

/// Which runs there are.
pub(super) struct Found {
    pub(super) runs: Vec<ComparedRun>,
    pub(super) total: u64,
    pub(super) missing: Vec<RunId>,
    pub(super) experiments: Vec<Experiment>,
}

/// The runs themselves, the first `limit` of them, without anything that they have.
pub(super) fn found(tx: &mut Tx, selection: &Selection, limit: usize) -> Result<Found, HubError> {
    let mut ids: Vec<RunId> = Vec::new();
    let mut seen: HashSet<RunId> = HashSet::new();
    ids.extend(selection.runs.iter().filter(|id| seen.insert(**id)));
    let mut total = ids.len() as u64;
    for experiment in &selection.experiments {
        experiments::find(tx, *experiment)?
            .ok_or_else(|| HubError::not_found("experiment", *experiment))?;
        if selection.filter.is_some() {
            continue;
        }
        let rest = i64::try_from(limit).unwrap_or(i64::MAX);
        let (current, tasks) = selected::list_current(tx, *experiment, rest)?;
        let named = current.iter().filter(|id| seen.contains(id)).count();
        total += tasks - named as u64;
        ids.extend(current.into_iter().filter(|id| seen.insert(*id)));
    }
    if let Some(filter) = &selection.filter {
        let (more, several) = filtered(tx, selection, filter, limit)?;
        let named = more.iter().filter(|id| seen.contains(id)).count();
        total += several - named as u64;
        ids.extend(more.into_iter().filter(|id| seen.insert(*id)));
    }
    ids.truncate(limit);
    let mut by_id: HashMap<RunId, selected::Selected> = selected::list(tx, &ids)?
        .into_iter()
        .map(|one| (one.run.id, one))
        .collect();
    let mut found = Found {
        runs: Vec::new(),
        total,
        missing: Vec::new(),
        experiments: Vec::new(),
    };
    let mut places: HashMap<ExperimentId, usize> = HashMap::new();
    for id in ids {
        match by_id.remove(&id) {
            Some(one) => found.add(tx, &mut places, one)?,
            None => found.missing.push(id),
        }
    }
    found.total -= found.missing.len() as u64;
    let mut costs = selected::costs(tx, &found.ids())?;
    for one in &mut found.runs {
        one.cost = costs.remove(&one.run.id);
    }
    Ok(found)
}

/// The runs that a filter lets through, and how many there are; where that is not known, one more.
fn filtered(
    tx: &mut Tx,
    selection: &Selection,
    filter: &Filter,
    limit: usize,
) -> Result<(Vec<RunId>, u64), HubError> {
    let query = Query {
        experiments: selection.experiments.clone(),
        filter: Some(filter.clone()),
        limit: i64::try_from(limit).unwrap_or(i64::MAX),
        ..Query::default()
    };
    let page = run_search::list(tx, &query, Effort::default())?;
    let at_least = page.ids.len() as u64 + u64::from(page.has_more);
    let total = page.total.unwrap_or(at_least).max(at_least);
    Ok((page.ids, total))
}

impl Found {
    fn add(
        &mut self,
        tx: &mut Tx,
        places: &mut HashMap<ExperimentId, usize>,
        one: selected::Selected,
    ) -> Result<(), HubError> {
        let id = one.run.experiment;
        let place = match places.entry(id) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(unknown) => {
                let experiment = experiments::find(tx, id)?;
                let experiment = experiment.ok_or_else(|| HubError::not_found("experiment", id))?;
                self.experiments.push(experiment);
                *unknown.insert(self.experiments.len() - 1)
            }
        };
        self.runs.push(ComparedRun {
            experiment: self.experiments[place].name.clone(),
            run: one.run,
            number: one.number,
            seed: one.seed.map(|seed| seed.to_string()),
            value: one.value,
            cost: None,
            params: selected::Labels::new(),
            tags: selected::Labels::new(),
            metrics: BTreeMap::new(),
            results: BTreeMap::new(),
        });
        Ok(())
    }

    fn ids(&self) -> Vec<RunId> {
        self.runs.iter().map(|one| one.run.id).collect()
    }

    /// Reads parameters and tags, if one of `columns` is one.
    pub(super) fn label(&mut self, tx: &mut Tx, columns: &[Column]) -> Result<(), HubError> {
        let is_param = |column: &Column| matches!(column, Column::Param(_));
        let is_tag = |column: &Column| matches!(column, Column::Tag(_));
        if columns.iter().any(is_param) {
            let mut params = selected::params(tx, &self.ids())?;
            for one in &mut self.runs {
                one.params = params.remove(&one.run.id).unwrap_or_default();
                if let Some(seed) = one.params.get(SEED) {
                    one.seed = Some(seed.clone());
                }
            }
        }
        if columns.iter().any(is_tag) {
            let mut tags = selected::tags(tx, &self.ids())?;
            for one in &mut self.runs {
                one.tags = tags.remove(&one.run.id).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// The names of the series that the runs have; those that most have first.
    pub(super) fn series_names(&self, tx: &mut Tx) -> Result<Vec<String>, HubError> {
        let limit = i64::try_from(NAMES_MAX).unwrap_or(i64::MAX);
        let mut names = Vec::new();
        for id in self.asked_for_names() {
            let found = series::list(tx, id, "", limit)?;
            names.extend(found.into_iter().map(|one| one.name));
        }
        Ok(most_common(names))
    }

    fn result_names(&self, tx: &mut Tx) -> Result<Vec<String>, HubError> {
        let limit = i64::try_from(NAMES_MAX).unwrap_or(i64::MAX);
        let mut names = Vec::new();
        for id in self.asked_for_names() {
            let sort = (results::Sort::Key, false);
            let (heads, _) = results::list_heads(tx, id, sort, limit, 0)?;
            let is_cell = |head: &results::Head| head.glance.kind.size().is_none();
            names.extend(heads.into_iter().filter(is_cell).map(|head| head.key));
        }
        Ok(most_common(names))
    }

    fn asked_for_names(&self) -> Vec<RunId> {
        let stride = self.runs.len().div_ceil(ASKED_FOR_NAMES).max(1);
        let chosen = self.runs.iter().step_by(stride);
        chosen.map(|one| one.run.id).collect()
    }
}

fn most_common(names: Vec<String>) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|(_, a), (_, b)| b.cmp(a));
    counts.truncate(NAMES_MAX);
    counts.into_iter().map(|(name, _)| name).collect()
}

/// The runs with all that a comparison shows.
pub(super) struct Loaded {
    found: Found,
    names: Names,
}

pub(super) fn all(tx: &mut Tx, mut found: Found, question: &Question) -> Result<Loaded, HubError> {
    let ids = found.ids();
    let both = [Column::Param(String::new()), Column::Tag(String::new())];
    found.label(tx, &both)?;
    let (metrics, results) = (found.series_names(tx)?, found.result_names(tx)?);
    let asked = || question.metric.iter().chain(&question.by);
    let asked_metrics = asked().filter_map(|column| match column {
        Column::Metric(name, _) => Some(name),
        _ => None,
    });
    let mut places: HashMap<RunId, usize> = HashMap::new();
    places.extend(ids.iter().enumerate().map(|(at, id)| (*id, at)));
    for one in selected::series(tx, &ids, &wanted(asked_metrics, &metrics))? {
        let Some(at) = one.owner.run().and_then(|run| places.get(&run)) else {
            continue;
        };
        let last = one.last.map(|point| point.value);
        let run = &mut found.runs[*at];
        run.metrics.insert(one.name, [last, one.min, one.max]);
    }
    let asked_results = asked().filter_map(|column| match column {
        Column::Result(name) => Some(name),
        _ => None,
    });
    for (run, name, value) in selected::results(tx, &ids, &wanted(asked_results, &results))? {
        found.runs[places[&run]].results.insert(name, value);
    }
    let keys = |labels: fn(&ComparedRun) -> &selected::Labels| {
        let all: BTreeSet<&String> = found.runs.iter().flat_map(|r| labels(r).keys()).collect();
        all.into_iter().take(NAMES_MAX).cloned().collect()
    };
    let names = Names {
        params: keys(|run| &run.params),
        tags: keys(|run| &run.tags),
        metrics,
        results,
    };
    Ok(Loaded { found, names })
}

/// What is asked for, and the first of what there is.
fn wanted<'a>(asked: impl Iterator<Item = &'a String>, known: &[String]) -> Vec<String> {
    let mut wanted: Vec<String> = asked.cloned().collect();
    for name in known.iter().take(READ_MAX) {
        if !wanted.contains(name) {
            wanted.push(name.clone());
        }
    }
    wanted
}

impl Loaded {
    pub(super) fn answer(self, question: &Question) -> Compared {
        let Loaded { found, names } = self;
        let objective = objective(&found.experiments);
        let metric = question.metric.clone();
        let metric = metric.or_else(|| default_metric(objective, &names));
        let known = objective.filter(|objective| match &metric {
            Some(Column::Objective) => true,
            Some(Column::Metric(name, _) | Column::Result(name)) => *name == objective.metric,
            _ => false,
        });
        let said = question
            .direction
            .or(known.map(|objective| objective.direction));
        let named = metric.as_ref().and_then(|metric| match metric {
            Column::Metric(name, _) | Column::Result(name) => Direction::of_name(name),
            _ => None,
        });
        let (direction, direction_from) = match (said, named) {
            (Some(said), _) => (said, DirectionFrom::Said),
            (None, Some(named)) => (named, DirectionFrom::Name),
            (None, None) => (Direction::Minimize, DirectionFrom::Nobody),
        };
        let grouping = Grouping::of(&found.runs, &question.by);
        let mut finding = Finding::of(&found.runs, &grouping, metric.as_ref(), direction, question);
        if direction_from == DirectionFrom::Nobody {
            finding.best = None;
        }
        Compared {
            runs: found.runs,
            total: found.total,
            missing: found.missing,
            experiments: found.experiments,
            names,
            metric,
            direction,
            direction_from,
            grouping,
            finding,
        }
    }
}

/// What the first experiment that has one is judged by.
fn objective(experiments: &[Experiment]) -> Option<&Objective> {
    experiments.iter().find_map(|one| one.objective.as_ref())
}

fn default_metric(objective: Option<&Objective>, names: &Names) -> Option<Column> {
    let metric = || {
        names
            .metrics
            .first()
            .map(|n| Column::Metric(n.clone(), Of::Last))
    };
    let result = || names.results.first().map(|n| Column::Result(n.clone()));
    let objective = objective.map(|_| Column::Objective);
    objective.or_else(metric).or_else(result)
}
