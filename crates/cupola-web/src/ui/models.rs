//! The registry: models, their versions, and what became of them.

mod forms;
mod index;
mod present;
mod routes;
mod show;

pub use self::{
    forms::ModelForm,
    index::{Index, List, ModelRow},
    show::{
        DataRow, DeploymentRow, EvaluationRow, FileRow, Header, History, Show, VersionRow, Versions,
    },
};
pub(crate) use present::{header, history, list, versions};
pub(crate) use routes::routes;
