//! The pages as a browser gets them, from a hub with a task in each state.

mod alerts;
mod assistant;
mod commands;
mod compare;
mod experiments;
mod forms;
mod found;
mod live;
mod logs;
mod looks;
mod results;
mod scene;
mod served;
mod shared;
mod toasts;
mod training;
