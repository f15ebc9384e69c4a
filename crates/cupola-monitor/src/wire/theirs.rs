//! Bodies as Experimaestro 2.7 has them. Its times have no zone, so whoever reads or writes them says
//! by which wall they are.
//!
//! What its bodies cannot say is left out when writing: a job's runs and tags stand elsewhere, that it
//! is lost is said as failed, that it is gone from the disk as not scheduled.

mod events;
mod experiments;
pub(super) mod jobs;

pub(crate) use self::{
    events::{
        EventBody, Told, events_of_experiment, events_of_job, events_of_service, warning_event,
    },
    experiments::{RunBody, ServiceBody, WarningBody, WarningsBody},
    jobs::{JobBody, ProcessNowBody, state_word},
};
pub(crate) use super::times::read as read_time;
