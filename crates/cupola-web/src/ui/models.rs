//! The registry: models, their versions, and what became of them.

mod cards;
mod forms;
mod index;
mod present;
mod routes;
mod show;

pub use self::{
    cards::{Registry, RegistryCard, RegistryCards},
    forms::ModelForm,
    index::{Index, List, ModelRow},
    show::{
        DataRow, DeploymentRow, EvaluationRow, FileRow, Header, History, Show, VersionRow, Versions,
    },
};
pub(crate) use present::{header, history, list, versions};
pub(crate) use routes::routes;
