//! Templates: programs that can be run, and their code as runs used it.

mod code;
mod index;
mod present;
mod routes;
mod show;

pub use self::{
    code::{Code, FileView},
    index::{BrokenRow, Index, List, TemplateRow},
    show::{Details, FieldRow, Show},
};
pub(crate) use routes::routes;
