//! Logs of Experimaestro's jobs: their files are fetched, for its server has no method for them.

use std::path::{Path, PathBuf};

use cupola_workspace::{
    copied,
    model::{Job, JobKey, LogFile},
    source::{LogAsked, LogOf, LogPart, SourceError},
};

use super::{super::far::Far, script_of, unsupported};

/// The streams of a job, whose sizes nobody tells before they were fetched.
pub(super) fn files_of(job: &Job) -> Vec<LogFile> {
    let Some(script) = script_of(&job.path) else {
        return Vec::new();
    };
    let file = |(name, ending): (&str, &str)| LogFile {
        name: name.to_owned(),
        path: job.path.join(format!("{script}.{ending}")),
        bytes: 0,
    };
    STREAMS.into_iter().map(file).collect()
}

const STREAMS: [(&str, &str); 2] = [("stdout", "out"), ("stderr", "err")];

pub(crate) fn log(
    far: &Far,
    asked: &LogAsked,
    fetch: impl FnOnce(&Path) -> Result<PathBuf, SourceError>,
) -> Result<LogPart, SourceError> {
    let LogOf::Job(key) = &asked.of else {
        return Err(unsupported("logs but those of jobs"));
    };
    let path = log_path(&far.workspace, key, &asked.stream)?;
    copied::log_part(&fetch(&path)?, asked.offset, asked.bytes)
}

fn log_path(workspace: &Path, key: &JobKey, stream: &str) -> Result<PathBuf, SourceError> {
    let folder = workspace.join("jobs").join(&key.task).join(&key.id);
    let ending = STREAMS.iter().find(|(name, _)| *name == stream);
    let (Some(script), Some((_, ending))) = (script_of(&folder), ending) else {
        return Err(SourceError::Unknown(format!(
            "job `{key}` has no stream `{stream}`"
        )));
    };
    Ok(folder.join(format!("{script}.{ending}")))
}
