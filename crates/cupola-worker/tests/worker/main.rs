//! A whole worker with real programs against a scripted hub.

mod crashes;
mod endings;
mod event_files;
mod floods;
mod hub_trouble;
mod measured;
mod programs;
mod support;
mod throughput;
