//! Runs: one attempt at a task each.

mod curves;
mod found;
mod hardware;
mod log;
mod parts;
mod present;
mod results;
mod routes;
mod show;

pub(crate) use self::{
    curves::{Asked as AskedCurves, Shown as ShownCurves},
    log::{log as log_of, span},
};
pub use self::{
    curves::{CurveCard, CurvePages, Curves},
    found::{FoundCell, FoundColumn, FoundList, FoundPage, FoundRow},
    hardware::Hardware,
    log::{LevelChoice, Line, Lines, Log, LogField, Span},
    parts::{ArtifactRow, Artifacts, Environment, LevelBar, Stopping},
    results::{Level, Node, Place, ResultPage, Results, Row, SortLink},
    show::{CostFigure, Header, Show},
};
pub(crate) use routes::routes;
