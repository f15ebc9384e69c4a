//! Workers: machines' agents.

mod index;
mod show;

pub use self::{
    index::{Index, List, WorkerRow},
    show::{Header, RunRow, Runs, Show},
};
