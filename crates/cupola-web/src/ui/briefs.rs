//! Briefs: what is wanted.

mod index;
mod new;
mod show;

pub use self::{
    index::{BriefRow, Index, List},
    new::{Estimate, Form, SpaceRow, TemplateChoice},
    show::{Details, Show},
};
