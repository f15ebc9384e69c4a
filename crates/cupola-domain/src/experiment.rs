//! An experiment: a named, configured thing that has tasks and runs.

use crate::{
    counts::{Counts, State},
    ids::{BriefId, ExperimentId},
    objective::Objective,
    resources::Needs,
    run::LOGGED_CODE,
    scheduling::{Class, Placement},
    setup::Setup,
    time::Timestamp,
};

/// Where an experiment came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A person configured it by hand.
    Manual,
    /// A brief made it: pages call it a family.
    Brief(BriefId),
    /// An experiment file was run.
    File,
    /// Imported from a workspace.
    Workspace,
    /// Logged by an `MLflow` client.
    Mlflow,
}

impl Origin {
    /// The word in the database and in bodies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Origin::Manual => "manual",
            Origin::Brief(_) => "brief",
            Origin::File => "file",
            Origin::Workspace => "workspace",
            Origin::Mlflow => "mlflow",
        }
    }

    /// Reads the word back; `brief` stands beside it where there is one.
    pub fn from_parts(word: &str, brief: Option<BriefId>) -> Option<Self> {
        match (word, brief) {
            ("manual", None) => Some(Origin::Manual),
            ("brief", Some(brief)) => Some(Origin::Brief(brief)),
            ("file", None) => Some(Origin::File),
            ("workspace", None) => Some(Origin::Workspace),
            ("mlflow", None) => Some(Origin::Mlflow),
            _ => None,
        }
    }

    /// The brief, when there is one.
    pub const fn brief(self) -> Option<BriefId> {
        match self {
            Origin::Brief(brief) => Some(brief),
            _ => None,
        }
    }
}

/// An experiment as the hub keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    /// Its name for programs.
    pub id: ExperimentId,
    /// Its name for people; `campaign-…` for a family.
    pub name: String,
    /// In its author's words.
    pub description: String,
    /// Where it came from.
    pub origin: Origin,
    /// What its tasks run.
    pub template: String,
    /// The hash of that template's code when the experiment was made or last edited.
    pub code_hash: String,
    /// What its runs are judged by. A family always has one.
    pub objective: Option<Objective>,
    /// The value to beat, when somebody named one.
    pub baseline: Option<f64>,
    /// What its tasks need of a worker.
    pub needs: Needs,
    /// How its next task is to be run.
    pub setup: Setup,
    /// Whether its tasks keep to one device class.
    pub placement: Placement,
    /// The class of the machine that took its first task; see [`Experiment::kept_class`].
    pub device_class: Option<String>,
    /// How many tasks are in which state.
    pub counts: Counts,
    /// Who made it.
    pub author: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When somebody last edited it.
    pub updated_at: Timestamp,
}

impl Experiment {
    /// Whether clients or an import write its runs, and no worker.
    pub fn is_logged(&self) -> bool {
        self.code_hash == LOGGED_CODE
    }

    /// The device class that its tasks keep to. Until one of them is at work or has completed, none is kept:
    /// what nobody computed compares with everything.
    pub fn kept_class(&self) -> Option<&str> {
        let is_begun = self.counts.running + self.counts.completed > 0;
        let is_kept = self.placement == Placement::OneClass && is_begun;
        self.device_class.as_deref().filter(|_| is_kept)
    }

    /// Which machines may run its tasks.
    pub fn class(&self) -> Class {
        match self.placement {
            Placement::Anywhere => Class::Any,
            Placement::OneClass => Class::One(self.kept_class().map(str::to_owned)),
        }
    }

    /// One of the five words, from its tasks.
    pub const fn state(&self) -> State {
        self.counts.overall()
    }

    /// The result that its runs are judged by; empty when there is none.
    pub fn metric(&self) -> &str {
        self.objective.as_ref().map_or("", |o| o.metric.as_str())
    }
}
