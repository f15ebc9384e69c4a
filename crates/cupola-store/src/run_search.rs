//! Runs by what they were told and what they measured.
//!
//! A filter becomes a condition of which every value is a parameter. Three ways lead to the first page of
//! it, and a count that ends early chooses: few candidates are gathered from an index and sorted; where
//! there are many, the index of what is sorted by is walked until the page is full, and in between that
//! walk looks at a list of the candidates.

mod condition;
mod names;
mod order;
mod place;
mod plan;
mod written;

use cupola_domain::{
    cost::Money,
    ids::{ExperimentId, RunId},
    run::Run,
};
use cupola_search::filter::{Filter, Order};

use crate::{StoreError, Tx, codec, runs, statement::statements};

pub use names::{NameKind, list_names};

pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 3] = [
    ("run_search", ALL),
    ("run_search/plan", plan::ALL),
    ("run_search/names", names::ALL),
];

statements! {
    FIND = "SELECT run.*, task.number AS task_number, experiment.name AS experiment_name,
                   run_cost.money_micros
            FROM run JOIN task ON task.id = run.task_id
            JOIN experiment ON experiment.id = run.experiment_id
            LEFT JOIN run_cost ON run_cost.run_id = run.id
            WHERE run.id = $1";
}

/// Which runs are wanted.
#[derive(Debug, Clone, Default)]
pub struct Query {
    /// Only those of one of these; none for all.
    pub experiments: Vec<ExperimentId>,
    /// Those of deleted experiments too, as long as they are there.
    pub with_deleted: bool,
    /// What they must satisfy.
    pub filter: Option<Filter>,
    /// By what they are sorted; after that by the time of their making, in the way of the last order.
    /// Without any, the latest come first.
    pub order: Vec<Order>,
    /// How many at most.
    pub limit: i64,
    /// How many to pass over first.
    pub offset: i64,
}

/// How far each way to a page is gone before another one is tried. It changes no answer.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// So few candidates are gathered and sorted.
    pub gathered_max: i64,
    /// So many candidates are listed, for a walk to look at.
    pub sieved_max: i64,
    /// A walk that looks at each run by itself ends after so many.
    pub walked_max: i64,
}

impl Default for Effort {
    /// What is quick with 100,000 runs.
    fn default() -> Self {
        Self {
            gathered_max: 300,
            sieved_max: 20_000,
            walked_max: 2_000,
        }
    }
}

/// What a query found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The runs of the page, in order.
    pub ids: Vec<RunId>,
    /// Whether more follow.
    pub has_more: bool,
    /// How many runs there are, where counting them is cheap.
    pub total: Option<u64>,
}

/// A run as a list shows it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The run.
    pub run: Run,
    /// The number of its task.
    pub task_number: u32,
    /// What its experiment is called.
    pub experiment_name: String,
    /// What it cost, or as far as it was counted.
    pub cost: Option<Money>,
}

/// One page of the runs that are wanted.
pub fn list(tx: &mut Tx, query: &Query, effort: Effort) -> Result<Page, StoreError> {
    plan::list(tx, query, effort)
}

/// A run as a list shows it.
pub fn find(tx: &mut Tx, id: RunId) -> Result<Option<Listed>, StoreError> {
    tx.query_optional(FIND, &[&id.to_string()], |row| {
        Ok(Listed {
            run: runs::run(row)?,
            task_number: codec::count(row, "task", "task_number")?,
            experiment_name: row.text("experiment_name")?,
            cost: row.optional_i64("money_micros")?.map(Money::from_micros),
        })
    })
}

/// Whether a run satisfies a filter.
pub fn satisfies(tx: &mut Tx, run: RunId, filter: &Filter) -> Result<bool, StoreError> {
    let mut asking = written::Written::default();
    asking.say("SELECT run.id FROM run WHERE run.id = ");
    asking.text(run.to_string()).say(" AND (");
    condition::write(&mut asking, filter, tx.dialect());
    asking.say(")");
    Ok(!asking.query(tx, |row| row.text("id"))?.is_empty())
}
