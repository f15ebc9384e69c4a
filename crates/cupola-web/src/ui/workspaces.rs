//! `/workspaces`: folders of experiments and their jobs, watched wherever they are. Nothing of them
//! is the hub's: pages read, and change something only when a form asks for it.

mod action;
mod experiments;
mod graph;
mod head;
mod index;
mod job;
mod jobs;
mod log;
mod looked;
mod orphans;
mod present;
mod routes;
mod services;

pub use self::{
    experiments::{ExperimentRow, Experiments, ExperimentsPage, PastRun},
    graph::{Graph, GraphNode, GraphPage},
    head::{Head, Notice, Tab, Waiting, WaitingPage},
    index::{Index, List, Row},
    job::{Details, Fact, FactValue, JobPage, Needed, Other, Parameter, Parameters, parameters},
    jobs::{JobRow, Jobs, JobsPage, OfRun},
    log::{Lines, Log, LogPage, Stream},
    orphans::{OrphanRow, Orphans, OrphansPage},
    services::{ServiceRow, Services, ServicesPage},
};
pub(in crate::ui) use jobs::columns;
pub(crate) use routes::routes;
