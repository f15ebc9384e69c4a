//! A whole worker with real programs against a scripted hub.

mod crashes;
mod endings;
mod escapes;
mod event_files;
mod floods;
mod hub_trouble;
mod lures;
mod measured;
mod owner;
mod programs;
mod support;
mod throughput;
