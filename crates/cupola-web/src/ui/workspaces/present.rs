//! How jobs and experiments are said on pages.

use cupola_domain::time::Timestamp;
use cupola_protocol::events;
use cupola_workspace::model::{
    Carbon, Counts, Experiment, ExperimentRun, Job, JobKey, JobState, Reason, RunKey, RunStatus,
};
use serde_json::Value;

use crate::{
    ui::{
        components::{Badge, Lasting, Progress, Tone},
        format,
        listing::query,
        plain::plain,
    },
    workspaces::hash_of,
};

/// Longer values of tags are cut.
const TAG_CHARS: usize = 40;

/// Its state with the reason, and what its scheduler says where that differs.
pub(super) fn job_badge(job: &Job) -> Badge {
    let scheduler = job
        .scheduler
        .map(|state| format!("its scheduler says {}", state.as_str()));
    let reason = job.reason.map(|reason| reason.as_str().to_owned());
    let said: Vec<_> = [reason, scheduler].into_iter().flatten().collect();
    Badge {
        label: job.state.as_str().to_owned(),
        tone: tone(job.state, job.reason),
        reason: said.join("; "),
    }
}

pub(super) const fn tone(state: JobState, reason: Option<Reason>) -> Tone {
    match (state, reason) {
        (JobState::Done, _) => Tone::Good,
        (JobState::Running, _) => Tone::Glowing,
        (JobState::Error, Some(Reason::Cancelled | Reason::Deleted)) => Tone::Quiet,
        (JobState::Error, Some(Reason::Dependency)) => Tone::Warning,
        (JobState::Error, _) => Tone::Bad,
        (JobState::Waiting | JobState::Ready | JobState::Scheduled, _) => Tone::Waiting,
        (JobState::Unscheduled | JobState::Transient | JobState::Phantom, _) => Tone::Quiet,
    }
}

pub(super) fn run_badge(status: RunStatus) -> Badge {
    let (word, tone) = match status {
        RunStatus::Running => ("running", Tone::Glowing),
        RunStatus::Failed => ("failed", Tone::Bad),
        RunStatus::Done => ("done", Tone::Good),
        RunStatus::Empty => ("empty", Tone::Quiet),
        RunStatus::Stopped => ("stopped", Tone::Warning),
    };
    Badge::word(word, tone)
}

/// `7 of 9 done, 1 failed, 1 running`.
pub(super) fn counts(counts: &Counts) -> String {
    let mut words = format!(
        "{} of {} done",
        format::count(counts.done),
        format::count(counts.total)
    );
    for (number, word) in [
        (counts.failed, "failed"),
        (counts.running, "running"),
        (counts.gone, "gone"),
    ] {
        if number > 0 {
            words = format!("{words}, {} {word}", format::count(number));
        }
    }
    words
}

/// From its beginning to its end, or to now.
pub(super) fn lasting(
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    is_going_on: bool,
    now: Timestamp,
) -> Lasting {
    match (began, ended) {
        (Some(began), Some(ended)) => Lasting::ended(ended.since(began)),
        (Some(began), None) if is_going_on => Lasting::ticking(now.since(began)),
        _ => Lasting::none(),
    }
}

pub(super) fn job_lasting(job: &Job, now: Timestamp) -> Lasting {
    let is_running = job.state == JobState::Running;
    lasting(job.started_at, job.ended_at, is_running, now)
}

pub(super) fn run_lasting(run: &ExperimentRun, now: Timestamp) -> Lasting {
    let is_running = run.status == RunStatus::Running;
    lasting(run.started_at, run.ended_at, is_running, now)
}

/// `12.3 g`; a dash where nothing was measured.
pub(super) fn co2(carbon: Option<Carbon>) -> String {
    let Some(carbon) = carbon else {
        return format::NOTHING.to_owned();
    };
    match carbon.co2_kg {
        kg if kg < 1.0 => format!("{:.1} g", kg * 1e3),
        kg if kg < 1e3 => format!("{kg:.1} kg"),
        kg => format!("{:.1} t", kg / 1e3),
    }
}

/// The last part of a dotted name.
pub(super) fn short_task(task: &str) -> String {
    plain(task.rsplit('.').next().unwrap_or(task))
}

/// What people see of a hash.
pub(super) fn short_id(id: &str) -> String {
    const SHOWN: usize = 8;
    plain(&id.chars().take(SHOWN).collect::<String>())
}

/// Name and value of each tag, short.
pub(super) fn tags(job: &Job) -> Vec<(String, String)> {
    let tags = job.tags.iter();
    tags.map(|(name, value)| (plain(name), cut(&text(value), TAG_CHARS)))
        .collect()
}

/// A text without its quotation marks, anything else as JSON.
pub(super) fn text(value: &Value) -> String {
    let shown = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    plain(&shown)
}

pub(super) fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The level that moves the most seldom, as its bar; none while a job does not run or say.
pub(super) fn progress(job: &Job) -> Option<Progress> {
    let first = job.progress.first()?;
    let is_shown = job.state == JobState::Running;
    is_shown.then(|| Progress::new(Some(first.progress), "Progress of the job"))
}

/// The key of a job's parts.
pub(super) fn job_key(workspace: &str, key: &JobKey) -> String {
    events::workspace_job(workspace, &hash_of(key))
}

/// The run that was chosen; the newest of a chosen experiment, which a run of another one is not.
pub(super) fn chosen<'a>(
    all: &'a [Experiment],
    experiment: &str,
    run: &str,
) -> Option<&'a ExperimentRun> {
    let known = all.iter().find(|known| known.id == experiment)?;
    let chosen = known.runs.iter().find(|known| known.key.run == run);
    chosen.or(known.runs.first())
}

/// `experiment=…&run=…`.
pub(super) fn run_query(run: &RunKey) -> String {
    query(&[("experiment", &run.experiment), ("run", &run.run)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn co2_is_said_in_a_unit_that_suits() {
        let check = |co2_kg: f64, expected: &str| {
            let carbon = Carbon {
                co2_kg,
                ..Carbon::default()
            };
            assert_eq!(co2(Some(carbon)), expected);
        };
        check(0.0, "0.0 g");
        check(0.0123, "12.3 g");
        check(12.5, "12.5 kg");
        check(12_500.0, "12.5 t");
        assert_eq!(co2(None), "–");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("äöü", 2), "äö…");
        assert_eq!(cut("äöü", 3), "äöü");
    }
}
