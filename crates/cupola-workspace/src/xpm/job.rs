//! One job, by its own files: what it wrote of itself, its events, the marks of its end, and the
//! process that is noted there.

use std::{fs, path::Path, time::SystemTime};

use cupola_domain::time::Timestamp;
use serde_json::Value;

use super::{
    events::{self, Events},
    file::{self, Unread},
    value,
};
use crate::{
    here::{self, Here},
    model::{Carbon, JobState, Process, Progress, Reason},
};

/// What a job's program says of itself, below its folder.
pub(crate) const STATUS: &str = ".experimaestro/status.json";

/// What a job's files say.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct JobFiles {
    /// Its folder is there.
    pub(crate) is_there: bool,
    /// None when no file says.
    pub(crate) state: Option<JobState>,
    pub(crate) reason: Option<Reason>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) exit_code: Option<i32>,
    pub(crate) retries: u32,
    pub(crate) progress: Vec<Progress>,
    pub(crate) process: Option<Process>,
    pub(crate) carbon: Option<Carbon>,
    pub(crate) problem: Option<String>,
    /// Of attempts before this one.
    pub(crate) earlier_carbon: Option<Carbon>,
}

/// How far the events of a job under way were read: the next look goes on from there, since a long job
/// writes many.
#[derive(Debug)]
pub(crate) struct Followed {
    /// What its status said, and from which file of events on it had nothing.
    status: (JobFiles, u64),
    events: Events,
    /// With the events.
    files: JobFiles,
}

/// Reads a job. `live(n)` is its file of events while it is under way; `followed` is what the last look
/// left for this one.
pub(crate) fn read(
    folder: &Path,
    script: &str,
    here: &Here,
    live: impl Fn(u64) -> Option<std::path::PathBuf>,
    followed: &mut Option<Followed>,
) -> JobFiles {
    let mut mark = Mark::find(folder, script);
    let mut files = JobFiles::default();
    let first_event = files.read_status(folder, here);
    files.is_there |= mark.is_some() || folder.is_dir();
    let before = followed.take();
    if !files.is_there {
        return files;
    }
    if !files.is_settled(mark.as_ref())
        && let Some(first) = first_event
    {
        *followed = files.read_events((folder, first), here, live, before);
    }
    if mark.is_none() {
        let is_gone = files.follow_process(folder, script, here);
        // It may have ended between the two looks.
        if is_gone {
            mark = Mark::find(folder, script);
        }
    }
    match mark {
        Some(mark) => files.mark(mark),
        None => files.doubt_end(),
    }
    files.carbon = value::carbon_sum(files.earlier_carbon.take(), files.carbon);
    // A scheduler notes when it looked at a job as the time of its start.
    files.started_at = files.started_at.filter(|_| files.has_begun());
    files
}

/// When the number of its process was noted, and which process.
pub(crate) fn noted_process(folder: &Path, script: &str) -> Option<(Process, Option<SystemTime>)> {
    let path = folder.join(format!("{script}.pid"));
    let noted = file::json(&path, file::MOST_OF_JOB).ok()?;
    let when = fs::metadata(&path).and_then(|metadata| metadata.modified());
    Some((value::process(&noted)?, when.ok()))
}

impl JobFiles {
    /// The number of the first file of events that the status has not taken in, if any.
    fn read_status(&mut self, folder: &Path, here: &Here) -> Option<u64> {
        let status = match file::json(&folder.join(STATUS), file::MOST_OF_JOB) {
            Ok(status) => status,
            Err(Unread::Missing) => return Some(0),
            Err(Unread::Problem(problem)) => {
                self.is_there = true;
                self.problem = Some(problem);
                return Some(0);
            }
        };
        self.is_there = true;
        if let Some((state, reason)) = value::text(&status, "state").and_then(value::state) {
            self.state = Some(state);
            self.reason = reason;
        }
        for name in ["failure_reason", "scheduler_failure_reason"] {
            let read = value::text(&status, name).and_then(value::reason);
            self.reason = self.reason.or(read);
        }
        // What never ran says of itself that nobody asked for it; its scheduler knows why.
        let scheduler = value::text(&status, "scheduler_state").and_then(value::state);
        if let Some((JobState::Error, reason)) = scheduler
            && !self.has_begun()
        {
            self.state = Some(JobState::Error);
            self.reason = self.reason.or(reason);
        }
        self.started_at = value::time(&status, "started_time", &here.zone);
        self.ended_at = value::time(&status, "ended_time", &here.zone);
        self.exit_code = value::whole(&status, "exit_code");
        self.retries = value::whole(&status, "retry_count").unwrap_or(0);
        self.progress = value::progress(status.get("progress"));
        self.process = status.get("process").and_then(value::process);
        self.carbon = status.get("carbon_metrics").and_then(value::carbon);
        self.earlier_carbon = status
            .get("previous_carbon_metrics")
            .and_then(value::carbon);
        value::whole(&status, "events_count")
    }

    /// Whether its program was ever started, as far as is known.
    pub(crate) fn has_begun(&self) -> bool {
        match self.state {
            Some(JobState::Running | JobState::Done) => true,
            Some(JobState::Error) => !self.reason.is_some_and(Reason::is_before_begin),
            _ => false,
        }
    }

    /// Its status already says what its mark does: events have nothing to add.
    fn is_settled(&self, mark: Option<&Mark>) -> bool {
        let state = mark.map(|mark| mark.state);
        state.is_some() && self.state == state && self.ended_at.is_some()
    }

    /// Takes in the events from file `first` on; those that were taken in before are not read again while
    /// the status stays what it was.
    fn read_events(
        &mut self,
        (folder, first): (&Path, u64),
        here: &Here,
        live: impl Fn(u64) -> Option<std::path::PathBuf>,
        before: Option<Followed>,
    ) -> Option<Followed> {
        let status = (std::mem::take(self), first);
        let before = before.filter(|before| before.status == status);
        let mut followed = before.unwrap_or_else(|| Followed {
            files: status.0.clone(),
            status,
            events: Events::from(first),
        });
        let kept = folder.join(".experimaestro/events");
        let files = &mut followed.files;
        let read = followed
            .events
            .read(&kept, live, |event| files.fold(&event, here));
        self.clone_from(files);
        match read {
            Ok(()) | Err(Unread::Missing) => Some(followed),
            Err(Unread::Problem(problem)) => {
                self.problem = Some(problem);
                None
            }
        }
    }

    fn fold(&mut self, event: &Value, here: &Here) {
        match events::kind(event) {
            "JobStateChangedEvent" => self.fold_state(event, here),
            "JobProgressEvent" => {
                let mut level = value::level(event);
                let before = self
                    .progress
                    .iter()
                    .find(|known| known.level == level.level);
                if level.desc.is_empty()
                    && let Some(before) = before
                {
                    level.desc.clone_from(&before.desc);
                }
                self.progress.retain(|known| known.level < level.level);
                self.progress.push(level);
            }
            "CarbonMetricsEvent" => self.carbon = value::carbon(event).or(self.carbon),
            _ => {}
        }
    }

    fn fold_state(&mut self, event: &Value, here: &Here) {
        let Some((state, reason)) = value::text(event, "state").and_then(value::state) else {
            return;
        };
        let started_at = value::time(event, "started_time", &here.zone);
        if state == JobState::Running {
            self.progress.clear();
            self.ended_at = None;
            self.exit_code = None;
        }
        self.state = Some(state);
        let said = value::text(event, "failure_reason").and_then(value::reason);
        let known = self.reason.filter(|_| state == JobState::Error);
        self.reason = said.or(reason).or(known);
        self.started_at = started_at.or(self.started_at);
        self.ended_at = value::time(event, "ended_time", &here.zone).or(self.ended_at);
        self.exit_code = value::whole(event, "exit_code").or(self.exit_code);
        self.retries = value::whole(event, "retry_count").unwrap_or(self.retries);
        let progress = value::progress(event.get("progress"));
        if !progress.is_empty() {
            self.progress = progress;
        }
    }

    /// What its process says, when no mark says that it ended; whether that is gone.
    fn follow_process(&mut self, folder: &Path, script: &str, here: &Here) -> bool {
        let noted = noted_process(folder, script);
        let is_noted = noted.is_some();
        let when = noted.as_ref().and_then(|(_, when)| *when);
        self.process = noted.map(|(process, _)| process).or(self.process.take());
        let is_under_way = is_noted || self.state == Some(JobState::Running);
        let Some(process) = self.process.as_ref().filter(|_| is_under_way) else {
            return false;
        };
        let is_running = here.is_running(process, when);
        match is_running {
            Some(true) => {
                self.state = Some(JobState::Running);
                self.reason = None;
            }
            Some(false) => {
                self.state = Some(JobState::Error);
                self.reason = Some(here.ended_as(process));
            }
            None => self.state = self.state.or(Some(JobState::Running)),
        }
        is_running == Some(false)
    }

    fn mark(&mut self, mark: Mark) {
        self.process = None;
        self.state = Some(mark.state);
        self.reason = mark
            .reason
            .or(self.reason.filter(|_| mark.state == JobState::Error));
        if mark.state == JobState::Error && matches!(self.reason, None | Some(Reason::Lost)) {
            self.reason = Some(Reason::Failed);
        }
        self.exit_code = mark.code.or(self.exit_code);
        self.ended_at = self.ended_at.or(mark.written_at);
    }

    /// An end without its mark: what should have been written is not there.
    fn doubt_end(&mut self) {
        match self.state {
            Some(JobState::Done) => {
                self.state = Some(JobState::Error);
                self.reason = Some(Reason::MissingOutputs);
            }
            Some(JobState::Error) => self.reason = self.reason.or(Some(Reason::Failed)),
            _ => {}
        }
    }
}

/// `learn.done` or `learn.failed`, by the name of its script.
struct Mark {
    state: JobState,
    reason: Option<Reason>,
    code: Option<i32>,
    written_at: Option<Timestamp>,
}

impl Mark {
    fn find(folder: &Path, script: &str) -> Option<Self> {
        if let Ok(metadata) = fs::metadata(folder.join(format!("{script}.done"))) {
            return Some(Self {
                state: JobState::Done,
                reason: None,
                code: None,
                written_at: written_at(&metadata),
            });
        }
        let path = folder.join(format!("{script}.failed"));
        let metadata = fs::metadata(&path).ok()?;
        let said = file::json(&path, file::MOST_OF_JOB).unwrap_or(Value::Null);
        let reason = ["reason", "failure_status"]
            .iter()
            .find_map(|name| value::text(&said, name));
        let code = said.as_i64().and_then(|code| code.try_into().ok());
        Some(Self {
            state: JobState::Error,
            reason: reason.and_then(value::reason),
            code: value::whole(&said, "code").or(code),
            written_at: written_at(&metadata),
        })
    }
}

fn written_at(metadata: &fs::Metadata) -> Option<Timestamp> {
    here::dated(metadata.modified().ok()?)
}

#[cfg(test)]
mod tests;
