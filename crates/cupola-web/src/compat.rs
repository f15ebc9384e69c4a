//! Doors for code that was written for something else.

pub mod afs;
pub mod mlflow;
