//! Files of a job that were copied here from another machine.

use std::path::Path;

use serde_json::Value;

use crate::{
    log,
    model::JobKey,
    source::{LogPart, SourceError},
    xpm::params,
};

/// At most `bytes` of a stream from `offset`, or, without one, its end, beginning with a line.
pub fn log_part(file: &Path, offset: Option<u64>, bytes: u64) -> Result<LogPart, SourceError> {
    log::part(file, offset, bytes)
}

/// What a job was asked to do, and which jobs it needs, by the file in its folder that says so.
pub fn parameters(folder: &Path) -> (Value, Vec<JobKey>) {
    let read = params::read(folder);
    (read.parameters, read.dependencies)
}
