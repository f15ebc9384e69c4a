//! A row of a job, from what its own files say and what runs say of it.

use std::{
    collections::HashMap,
    sync::{Arc, MutexGuard, PoisonError},
};

use cupola_domain::time::Timestamp;

use super::Index;
use crate::{
    model::{Job, JobState, Reason},
    xpm::{
        self,
        job::{self, Followed, JobFiles},
        run::Named,
    },
};

impl Index {
    /// Reads a job and makes its row; whether its folder is there beside it.
    pub(super) fn compose(&self, slot: u32) -> (Arc<Job>, bool) {
        let key = self.keys.key(slot);
        let path = self.layout.job(&key).unwrap_or_else(|| self.layout.jobs());
        let live = self.layout.live_job(&key);
        let mut followed = self.followed().remove(&slot);
        let files = job::read(
            &path,
            xpm::script(&key.task),
            &self.here,
            live,
            &mut followed,
        );
        if let Some(followed) = followed {
            self.followed().insert(slot, followed);
        }
        let is_there = files.is_there;
        let runs = &self.slots[slot as usize].runs;
        let newest = runs.iter().rev().find_map(|key| self.run(key));
        let named = newest.and_then(|run| run.files.named.get(&slot));
        let is_active = newest.is_some_and(|run| run.is_active);
        let (state, reason) = resolve(&files, named, is_active);
        let scheduler = named.and_then(|named| named.state);
        let job = Job {
            key,
            path,
            state,
            reason,
            scheduler: scheduler.filter(|said| is_active && *said != state),
            submitted_at: self.submitted_at(slot, files.started_at),
            started_at: files.started_at,
            ended_at: files.ended_at.filter(|_| state != JobState::Running),
            exit_code: files.exit_code,
            retries: files.retries,
            progress: files.progress,
            tags: named.map(|named| named.tags.clone()).unwrap_or_default(),
            process: files.process,
            carbon: files.carbon,
            runs: runs.iter().map(|key| (**key).clone()).collect(),
            problem: files.problem,
        };
        (Arc::new(job), is_there)
    }

    /// Held for a moment: jobs are read by many at once.
    fn followed(&self) -> MutexGuard<'_, HashMap<u32, Followed>> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Each run that names it has given it to its experiment: the last time before it started counts.
    fn submitted_at(&self, slot: u32, started_at: Option<Timestamp>) -> Option<Timestamp> {
        let runs = self.slots[slot as usize].runs.iter();
        let times = runs.filter_map(|key| self.run(key)?.files.named.get(&slot)?.submitted_at);
        let before = |at: &Timestamp| started_at.is_none_or(|started| *at <= started);
        times.clone().filter(before).max().or_else(|| times.min())
    }
}

/// The row that a run shows: it has given the job at its own time, with its own tags.
pub(super) fn as_named(job: &Arc<Job>, named: &Named) -> Arc<Job> {
    let submitted_at = named.submitted_at.or(job.submitted_at);
    if job.submitted_at == submitted_at && job.tags == named.tags {
        return Arc::clone(job);
    }
    Arc::new(Job {
        submitted_at,
        tags: named.tags.clone(),
        ..(**job).clone()
    })
}

/// A job's own files count; a scheduler is believed of what has not begun, while it is at work.
fn resolve(files: &JobFiles, named: Option<&Named>, is_active: bool) -> (JobState, Option<Reason>) {
    let said = named.and_then(|named| named.state);
    let why = named.and_then(|named| named.reason);
    let is_asked = |state: &JobState| {
        matches!(
            state,
            JobState::Waiting | JobState::Ready | JobState::Scheduled
        )
    };
    // What failed before it began may be asked for again.
    let is_asked_again = is_active && said.is_some_and(|state| is_asked(&state));
    let is_told =
        |state: &JobState| files.has_begun() || (*state == JobState::Error && !is_asked_again);
    if let Some(state) = files.state.filter(is_told) {
        return (state, files.reason);
    }
    match said {
        // It never began: its dependencies failed, or no scheduler took it.
        Some(JobState::Error) if why.is_some_and(Reason::is_before_begin) => (JobState::Error, why),
        Some(JobState::Done | JobState::Error | JobState::Running) if !files.is_there => {
            (JobState::Phantom, None)
        }
        Some(state) if is_active && is_asked(&state) => (state, None),
        _ if is_outside_queue(files) => (JobState::Scheduled, None),
        _ if named.is_some_and(|named| named.is_transient) => (JobState::Transient, None),
        _ if is_active => (files.state.unwrap_or(JobState::Unscheduled), None),
        _ => (JobState::Unscheduled, None),
    }
}

/// A scheduler of a cluster has it, whether or not the experiment's program still runs.
fn is_outside_queue(files: &JobFiles) -> bool {
    let process = files.process.as_ref();
    files.state == Some(JobState::Scheduled)
        && process.is_some_and(|process| process.kind != "local")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xpm::value;

    /// `own` and `said` are words of states; a `-` is a missing folder, or no word.
    fn check(own: &str, said: &str, is_active: bool, expected: &str) {
        let files = JobFiles {
            is_there: own != "-",
            state: value::state(own).map(|(state, _)| state),
            reason: value::state(own).and_then(|(_, reason)| reason),
            ..JobFiles::default()
        };
        let said = value::state(said);
        let named = Named {
            state: said.map(|(state, _)| state),
            reason: said.and_then(|(_, reason)| reason),
            ..Named::default()
        };
        let (state, reason) = resolve(&files, Some(&named), is_active);
        let reason = reason.map_or(String::new(), |reason| format!(":{reason:?}"));
        assert_eq!(
            format!("{state:?}{reason}"),
            expected,
            "{own} {said:?} {is_active}"
        );
    }

    #[test]
    fn what_has_begun_is_told_by_its_own_files() {
        check("done", "running", true, "Done");
        check("error:FAILED", "done", true, "Error:Failed");
        check("running", "scheduled", false, "Running");
    }

    #[test]
    fn what_waits_is_told_by_a_scheduler_at_work() {
        check("-", "waiting", true, "Waiting");
        check("scheduled", "ready", true, "Ready");
        check("-", "waiting", false, "Unscheduled");
        check("scheduled", "scheduled", false, "Unscheduled");
        check("-", "submitted", true, "Unscheduled");
        check("waiting", "-", true, "Waiting");
    }

    #[test]
    fn what_never_began_says_why() {
        check("-", "error:DEPENDENCY", false, "Error:Dependency");
        check("there", "error:REJECTED_OTHER", true, "Error:RejectedOther");
        check("error:DEPENDENCY", "unscheduled", false, "Error:Dependency");
        check("error:DEPENDENCY", "waiting", false, "Error:Dependency");
        check("error:DEPENDENCY", "waiting", true, "Waiting");
    }

    #[test]
    fn what_is_gone_is_a_phantom() {
        check("-", "done", false, "Phantom");
        check("-", "error:FAILED", false, "Phantom");
        check("-", "running", true, "Phantom");
    }
}
