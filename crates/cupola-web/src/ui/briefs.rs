//! Briefs: what is wanted.

mod estimate;
mod filled;
mod index;
mod new;
mod present;
mod routes;
mod show;

pub use self::{
    estimate::{Estimate, Offer},
    index::{BriefRow, Index, List},
    new::{Form, SpaceRow, TemplateChoice},
    show::{Details, Show},
};
pub(crate) use routes::routes;
