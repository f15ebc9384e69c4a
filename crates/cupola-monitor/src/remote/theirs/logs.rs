//! Logs of Experimaestro's jobs: their files are fetched, for its server has no method for them.

use std::{
    fs::File,
    io::{Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
};

use cupola_workspace::{
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
    let file = fetch(&path)?;
    part_of(&file, asked).map_err(|error| {
        SourceError::Unknown(format!("`{}` is not there: {error}", path.display()))
    })
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

/// Bytes from where they are asked for; its end, beginning with a line, where no place is named or
/// the file is shorter than that.
fn part_of(path: &Path, asked: &LogAsked) -> std::io::Result<LogPart> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let begin = asked.offset.filter(|offset| *offset <= size);
    let offset = begin.unwrap_or_else(|| size.saturating_sub(asked.bytes));
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(asked.bytes).read_to_end(&mut bytes)?;
    let skipped = match begin {
        None if offset > 0 => memchr::memchr(b'\n', &bytes).map_or(0, |at| at + 1),
        _ => 0,
    };
    bytes.drain(..skipped);
    Ok(LogPart {
        offset: offset + skipped as u64,
        bytes,
        size,
    })
}
