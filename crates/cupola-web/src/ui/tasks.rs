//! Tasks: one configuration, seed and time budget each.

mod index;
mod show;

pub use self::{
    index::{Chip, Index, List, TaskRow},
    show::{Attempt, Attempts, Header, Outcome, Show},
};
