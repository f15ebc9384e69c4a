//! Experiments: what people configure by hand, its runs, and those side by side.

mod comparison;
mod draft;
mod editing;
mod editor;
mod index;
mod listed;
mod pairs;
mod present;
mod routes;
mod show;

pub use self::{
    comparison::{Cell, Column, Compared, Comparison, Line, Section},
    draft::Draft,
    editor::{EditPage, Editor, Mistake, TemplateChoice},
    index::{ExperimentRow, Index, LastRun, List},
    show::{Header, RunLine, Runs, SetupCard, Show},
};
pub(crate) use routes::routes;
