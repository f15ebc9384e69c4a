//! Any runs held against each other: which they are, what they have, in what they differ, which
//! group is better and what made the difference.

mod beside;
mod column;
mod finding;
mod groups;
mod load;
mod overlay;

use cupola_domain::{
    experiment::Experiment,
    field::FieldError,
    ids::{ExperimentId, RunId},
    objective::Direction,
};
use cupola_search::filter::Filter;
use cupola_store::Tx;

use crate::{Hub, HubError};

pub use beside::{COMPARED_MAX, ComparedRow, RunBeside, RunsBeside};
pub use column::{Cell, Column, Of};
pub use cupola_search::{
    compare::{Comparison, Test, Verdict},
    factors::{Importance, Importances},
};
pub use finding::{Finding, Pair};
pub use groups::{GROUPS_MAX, Group, Grouping};
pub use load::{ComparedRun, Names};
pub use overlay::{CURVES_MAX, Curve, LINES_MAX, Overlay, OverlayAsked};

/// So many runs may be named one by one.
pub const NAMED_MAX: usize = 1_000;

/// So many runs are compared; of more, the first.
pub const RUNS_MAX: usize = 10_000;

/// So many experiments may be named.
const EXPERIMENTS_MAX: usize = 50;

/// Which runs are compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// These.
    pub runs: Vec<RunId>,
    /// And of each task of these, the run that counts.
    pub experiments: Vec<ExperimentId>,
    /// And those that this lets through, the latest first: all attempts, of these experiments or, when
    /// none is named, of all. The experiments then add nothing of their own.
    pub filter: Option<Filter>,
}

/// What is asked of the runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Question {
    /// What they are judged by; `None` is their objective.
    pub metric: Option<Column>,
    /// Which way is better; `None` is the objective's way.
    pub direction: Option<Direction>,
    /// What puts runs into one group; nothing leaves each by itself.
    pub by: Vec<Column>,
    /// The label of the first group of the verdict; empty for the first.
    pub a: String,
    /// The label of the second; empty for the next.
    pub b: String,
}

/// Runs held against each other.
#[derive(Debug, Clone)]
pub struct Compared {
    /// The runs: those named first, in the order in which they were named, then by experiment and
    /// number.
    pub runs: Vec<ComparedRun>,
    /// How many runs are meant; more than there are here when there are too many.
    pub total: u64,
    /// Runs that were named and are not there, or not any more.
    pub missing: Vec<RunId>,
    /// What the runs belong to, in the order in which they come up.
    pub experiments: Vec<Experiment>,
    /// What they have.
    pub names: Names,
    /// What they are judged by; `None` when there is nothing.
    pub metric: Option<Column>,
    /// Which way is better.
    pub direction: Direction,
    /// How that is known.
    pub direction_from: DirectionFrom,
    /// What puts them into groups.
    pub grouping: Grouping,
    /// What the numbers say.
    pub finding: Finding,
}

/// How it is known which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DirectionFrom {
    /// Whoever asks, or the objective.
    Said,
    /// What the metric is called.
    Name,
    /// Nobody: nothing is called better.
    Nobody,
}

impl Compared {
    /// Whether one may be called better than another.
    pub fn is_direction_known(&self) -> bool {
        self.direction_from != DirectionFrom::Nobody
    }
}

impl Selection {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.experiments.is_empty() && self.filter.is_none()
    }

    /// Refuses what names too much.
    fn check(&self) -> Result<(), HubError> {
        let mut errors = Vec::new();
        if self.runs.len() > NAMED_MAX {
            let message = format!(
                "names {} runs; name at most {NAMED_MAX}, or a whole experiment",
                self.runs.len()
            );
            errors.push(FieldError::new("runs", message));
        }
        if self.experiments.len() > EXPERIMENTS_MAX {
            let message = format!(
                "names {} experiments; name at most {EXPERIMENTS_MAX}",
                self.experiments.len()
            );
            errors.push(FieldError::new("experiment", message));
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(HubError::Invalid(errors))
        }
    }
}

impl Compared {
    /// What the runs are judged by, in a word: the objective by the name of its metric.
    pub fn metric_name(&self) -> String {
        let objective = self
            .experiments
            .iter()
            .find_map(|one| one.objective.as_ref());
        match (&self.metric, objective) {
            (Some(Column::Objective), Some(objective)) => objective.metric.clone(),
            (Some(column), _) => column.name(),
            (None, _) => String::new(),
        }
    }
}

impl Hub {
    /// Runs held against each other. What is asked for and nobody has is no mistake: the answer says
    /// that there is nothing.
    pub fn comparison(
        &self,
        selection: &Selection,
        question: &Question,
    ) -> Result<Compared, HubError> {
        selection.check()?;
        let (selection, question) = (selection.clone(), question.clone());
        let loaded = self.read(move |tx| {
            let found = load::found(tx, &selection, RUNS_MAX)?;
            load::all(tx, found, &question).map(|loaded| (loaded, question))
        });
        let (loaded, question) = loaded?;
        Ok(loaded.answer(&question))
    }

    /// Curves of runs on the same columns, alone and as groups.
    pub fn overlay(
        &self,
        selection: &Selection,
        asked: &OverlayAsked,
    ) -> Result<Overlay, HubError> {
        selection.check()?;
        let (selection, asked) = (selection.clone(), asked.clone());
        self.read(move |tx: &mut Tx| overlay::overlay(tx, &selection, &asked))
    }
}
