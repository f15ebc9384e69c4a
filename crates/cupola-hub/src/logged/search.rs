//! Runs that clients look for, deleted ones too.

use std::{collections::BTreeSet, sync::Arc};

use cupola_domain::{
    dataset::Dataset,
    field::FieldError,
    ids::{ExperimentId, RunId},
};
use cupola_search::filter::{Attribute, Comparison, Field, Filter, Literal, Order, Test};
use cupola_store::{
    Tx, datasets, logged,
    run_search::{self, Effort, Query},
    runs,
};

use super::{KnownRun, known::known};
use crate::{Hub, HubError};

/// So many runs are picked by their data at most.
const PICKED_MAX: usize = 10_000;

/// In so many experiments is looked at most, those of deleted runs counted: what a statement takes.
const PLACES_MAX: usize = 15_000;

/// Whether deleted runs are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deleted {
    /// They are not.
    Without,
    /// They alone.
    Only,
    /// They as well.
    With,
}

/// Something that a run must have used.
#[derive(Clone)]
pub struct DatasetTest(pub Arc<dyn Fn(&Dataset) -> bool + Send + Sync>);

/// Which runs a client looks for.
#[derive(Clone)]
pub struct KnownSearch {
    /// Only those of these: without any, none.
    pub experiments: Vec<ExperimentId>,
    /// Whether deleted ones are wanted.
    pub deleted: Deleted,
    /// What they must satisfy.
    pub filter: Vec<Filter>,
    /// What they must have used.
    pub datasets: Vec<DatasetTest>,
    /// By what they are sorted.
    pub order: Vec<Order>,
    /// How many at most.
    pub limit: usize,
    /// How many to pass over first.
    pub offset: usize,
}

/// One page of runs.
#[derive(Debug, Clone)]
pub struct KnownRuns {
    /// In order.
    pub runs: Vec<KnownRun>,
    /// Whether more follow.
    pub has_more: bool,
}

impl Hub {
    /// The runs that a client looks for.
    pub fn search_known_runs(&self, search: KnownSearch) -> Result<KnownRuns, HubError> {
        self.read(move |tx| {
            let places = places(tx, &search)?;
            let mut filter = search.filter;
            filter.extend(used(tx, &places, &search.datasets)?);
            if places.is_empty() {
                return Ok(KnownRuns {
                    runs: Vec::new(),
                    has_more: false,
                });
            }
            let query = Query {
                experiments: places,
                with_deleted: search.deleted != Deleted::Without,
                filter: (!filter.is_empty()).then_some(Filter::And(filter)),
                order: search.order,
                limit: i64::try_from(search.limit).unwrap_or(i64::MAX),
                offset: i64::try_from(search.offset).unwrap_or(i64::MAX),
            };
            let page = run_search::list(tx, &query, Effort::default())?;
            let mut found = Vec::with_capacity(page.ids.len());
            for id in page.ids {
                let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
                found.push(known(tx, run)?);
            }
            Ok(KnownRuns {
                runs: found,
                has_more: page.has_more,
            })
        })
    }
}

/// Where the runs lie: deleted ones in bins and in deleted experiments.
fn places(tx: &mut Tx, search: &KnownSearch) -> Result<Vec<ExperimentId>, HubError> {
    let mut places = BTreeSet::new();
    for id in &search.experiments {
        let Some(known) = logged::find(tx, *id)?.filter(|known| known.bin_of.is_none()) else {
            continue;
        };
        let is_deleted = known.deleted_at.is_some();
        let is_wanted = match search.deleted {
            Deleted::Without => !is_deleted,
            Deleted::Only => is_deleted,
            Deleted::With => true,
        };
        places.extend(is_wanted.then_some(*id));
        if search.deleted != Deleted::Without {
            places.extend(logged::find_bin(tx, *id)?);
        }
    }
    if places.len() > PLACES_MAX {
        let message = format!("are more than {PLACES_MAX}; ask of fewer");
        return Err(HubError::Invalid(vec![FieldError::new(
            "experiment_ids",
            message,
        )]));
    }
    Ok(places.into_iter().collect())
}

/// That a run is one of those which used all such data, if it is asked for any.
fn used(
    tx: &mut Tx,
    places: &[ExperimentId],
    tests: &[DatasetTest],
) -> Result<Option<Filter>, HubError> {
    if tests.is_empty() {
        return Ok(None);
    }
    let mut picked: Vec<RunId> = Vec::new();
    for place in places {
        let used = datasets::list_of_experiment(tx, *place)?;
        for of_run in used.chunk_by(|(a, _), (b, _)| a == b) {
            let is_used = |test: &DatasetTest| of_run.iter().any(|(_, dataset)| (test.0)(dataset));
            picked.extend(tests.iter().all(is_used).then_some(of_run[0].0));
        }
        if picked.len() > PICKED_MAX {
            let message =
                format!("more than {PICKED_MAX} runs used such data; ask of fewer experiments");
            return Err(HubError::Invalid(vec![FieldError::new("filter", message)]));
        }
    }
    let ids = picked.into_iter().map(|run| Literal::Text(run.to_string()));
    Ok(Some(one_of(ids.collect())))
}

/// That the id is one of these; nothing satisfies an empty list.
fn one_of(ids: Vec<Literal>) -> Filter {
    let test = if ids.is_empty() {
        Test::Missing
    } else {
        Test::In(ids)
    };
    Filter::Compare(Comparison {
        field: Field::Attribute(Attribute::Id),
        test,
    })
}
