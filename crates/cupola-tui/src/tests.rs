//! The interface over a place that stands still: what keys do, and what every view looks like.

mod bounds;
mod charts;
mod experiments;
mod jobs;
mod logs;
mod mouse;
mod others;
pub(crate) mod place;
mod stage;
mod views;
