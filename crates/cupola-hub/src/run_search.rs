//! Runs by what they were told and what they measured.

use cupola_domain::{
    cost::Money,
    ids::{ExperimentId, RunId},
    run::Run,
};
use cupola_search::filter::{Field, Filter, Order, Statistic};
use cupola_store::{
    Tx, params,
    run_search::{self, Effort, Query},
    series::{self, Series},
    tags,
};

use crate::{Hub, HubError};

pub use cupola_search::filter;
pub use cupola_store::run_search::NameKind;

/// So many runs are on one page at most.
pub const RUNS_MAX: u32 = 1_000;

/// No hub has so many.
const ALL_RUNS: i64 = 1 << 40;

/// So many metrics of a run are given where all are asked for; the first by name.
pub const METRICS_MAX: i64 = 1_000;

/// So many names are suggested at most.
pub const NAMES_MAX: usize = 100;

/// Which runs are wanted, in which order, and what of them.
#[derive(Debug, Clone, Default)]
pub struct RunSearch {
    /// Only those of one of these; none for all.
    pub experiments: Vec<ExperimentId>,
    /// What they must satisfy.
    pub filter: Option<Filter>,
    /// By what they are sorted, then by the time of their making; the latest first where nothing is said.
    pub order: Vec<Order>,
    /// What is given of each.
    pub columns: Columns,
    /// How many at most; never more than [`RUNS_MAX`].
    pub limit: u32,
    /// How many to pass over first.
    pub offset: u64,
}

/// What is given of each run beside itself.
#[derive(Debug, Clone, Default)]
pub enum Columns {
    /// All parameters and tags, and up to [`METRICS_MAX`] metrics.
    #[default]
    All,
    /// These alone.
    These(Vec<Field>),
    /// So many parameters and so many metrics, those that the page's first run has.
    OfFirst(usize, usize),
}

/// One page of runs.
#[derive(Debug, Clone)]
pub struct RunsFound {
    /// In order.
    pub runs: Vec<RunFound>,
    /// Whether more follow.
    pub has_more: bool,
    /// How many there are, where counting them is cheap.
    pub total: Option<u64>,
    /// What is given of each, unless all is.
    pub columns: Vec<Field>,
}

/// A run with what was asked for.
#[derive(Debug, Clone)]
pub struct RunFound {
    /// The run.
    pub run: Run,
    /// The number of its task.
    pub task_number: u32,
    /// What its experiment is called.
    pub experiment_name: String,
    /// What it cost, or costs so far: what it is found and sorted by.
    pub cost: Option<Money>,
    /// Parameters, by key.
    pub params: Vec<(String, String)>,
    /// Tags, by key.
    pub tags: Vec<(String, String)>,
    /// Metrics without their points, by name.
    pub metrics: Vec<Series>,
}

impl Hub {
    /// The runs that are wanted.
    pub fn search_runs(&self, search: RunSearch) -> Result<RunsFound, HubError> {
        self.read(move |tx| {
            let query = Query {
                experiments: search.experiments,
                with_deleted: false,
                filter: search.filter,
                order: search.order,
                limit: i64::from(search.limit.min(RUNS_MAX)),
                offset: i64::try_from(search.offset).unwrap_or(i64::MAX),
            };
            let page = run_search::list(tx, &query, Effort::default())?;
            let columns = of_first(tx, page.ids.first(), search.columns)?;
            let found = page.ids.iter().map(|id| found(tx, *id, &columns));
            Ok(RunsFound {
                runs: found.collect::<Result<_, _>>()?,
                has_more: page.has_more,
                total: page.total,
                columns: match columns {
                    Columns::These(fields) => fields,
                    _ => Vec::new(),
                },
            })
        })
    }

    /// All runs that satisfy a filter, the latest first, as one snapshot has them.
    pub(crate) fn find_runs(
        &self,
        experiments: Vec<ExperimentId>,
        filter: Filter,
    ) -> Result<Vec<RunId>, HubError> {
        self.read(move |tx| {
            let query = Query {
                experiments,
                filter: Some(filter),
                limit: ALL_RUNS,
                ..Query::default()
            };
            Ok(run_search::list(tx, &query, Effort::default())?.ids)
        })
    }

    /// The first names, in order, that begin with `prefix` and that some run has a value under.
    pub fn run_names(
        &self,
        kind: NameKind,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<String>, HubError> {
        let prefix = prefix.to_owned();
        let limit = limit.min(NAMES_MAX);
        self.read(move |tx| Ok(run_search::list_names(tx, kind, &prefix, limit)?))
    }
}

/// Says which columns those of the first run are.
fn of_first(tx: &mut Tx, first: Option<&RunId>, columns: Columns) -> Result<Columns, HubError> {
    let Columns::OfFirst(params_max, metrics_max) = columns else {
        return Ok(columns);
    };
    let Some(id) = first.copied() else {
        return Ok(Columns::These(Vec::new()));
    };
    let params = params::list(tx, id)?.into_iter().take(params_max);
    let params = params.map(|(key, _)| Field::Param(key));
    let metrics_max = i64::try_from(metrics_max).unwrap_or(METRICS_MAX);
    let metrics = series::list(tx, id, "", metrics_max)?.into_iter();
    let metrics = metrics.map(|series| Field::Metric(series.name, Statistic::Last));
    Ok(Columns::These(params.chain(metrics).collect()))
}

fn found(tx: &mut Tx, id: RunId, columns: &Columns) -> Result<RunFound, HubError> {
    let listed = run_search::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
    let mut found = RunFound {
        run: listed.run,
        task_number: listed.task_number,
        experiment_name: listed.experiment_name,
        cost: listed.cost,
        params: Vec::new(),
        tags: Vec::new(),
        metrics: Vec::new(),
    };
    match columns {
        Columns::All => {
            found.params = params::list(tx, id)?;
            found.tags = tags::list(tx, id)?;
            found.metrics = series::list(tx, id, "", METRICS_MAX)?;
        }
        Columns::These(fields) => {
            for field in fields {
                add(tx, &mut found, field)?;
            }
        }
        Columns::OfFirst(..) => {}
    }
    Ok(found)
}

/// Adds one column, once.
fn add(tx: &mut Tx, found: &mut RunFound, field: &Field) -> Result<(), HubError> {
    let id = found.run.id;
    match field {
        Field::Param(key) if !has(&found.params, key) => {
            let value = params::find(tx, id, key)?;
            found.params.extend(value.map(|value| (key.clone(), value)));
        }
        Field::Tag(key) if !has(&found.tags, key) => {
            let value = tags::find(tx, id, key)?;
            found.tags.extend(value.map(|value| (key.clone(), value)));
        }
        Field::Metric(name, _) if !found.metrics.iter().any(|each| each.name == *name) => {
            found.metrics.extend(series::find(tx, id, name)?);
        }
        _ => {}
    }
    Ok(())
}

fn has(pairs: &[(String, String)], key: &str) -> bool {
    pairs.iter().any(|(known, _)| known == key)
}
