//! Experiments: what people configure by hand, and its runs.

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
    draft::Draft,
    editor::{EditPage, Editor, Mistake, TemplateChoice},
    index::{ExperimentRow, Index, LastRun, List},
    show::{Header, RunLine, Runs, SetupCard, Show},
};
pub(crate) use routes::routes;
