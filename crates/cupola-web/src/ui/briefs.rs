//! Briefs: what is wanted.

mod filled;
mod index;
mod new;
mod present;
mod routes;
mod show;

pub use self::{
    index::{BriefRow, Index, List},
    new::{Estimate, Form, SpaceRow, TemplateChoice},
    show::{Details, Show},
};
pub(crate) use routes::routes;
