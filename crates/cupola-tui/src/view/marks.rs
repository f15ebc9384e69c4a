//! How states are said, in one sign and few words.

use std::fmt::Write as _;

use cupola_workspace::model::{Counts, ExperimentRun, Job, JobState, RunStatus, ServiceState};

use crate::theme::Tone;

/// The sign of a state and what it means.
pub(super) const fn job_sign(state: JobState) -> (&'static str, Tone) {
    match state {
        JobState::Unscheduled => ("·", Tone::Dim),
        JobState::Waiting => ("○", Tone::Dim),
        JobState::Ready => ("◇", Tone::Plain),
        JobState::Scheduled => ("◆", Tone::Warn),
        JobState::Running => ("▶", Tone::Busy),
        JobState::Done => ("✓", Tone::Good),
        JobState::Error => ("✗", Tone::Bad),
        JobState::Transient => ("~", Tone::Dim),
        JobState::Phantom => ("?", Tone::Warn),
    }
}

/// `▶ 42%`, `✗ timeout`, `✓/▶ done`: both where a scheduler says otherwise.
pub(super) fn job_state(job: &Job) -> (String, Tone) {
    let (sign, tone) = job_sign(job.state);
    let word = match (job.state, job.reason) {
        (JobState::Running, _) => match job.progress.first() {
            Some(progress) => percent(progress.progress),
            None => "running".to_owned(),
        },
        (JobState::Error, Some(reason)) => reason.as_str().to_owned(),
        (state, _) => state.as_str().to_owned(),
    };
    match scheduler(job) {
        Some(other) => (format!("{sign}/{} {word}", job_sign(other).0), Tone::Warn),
        None => (format!("{sign} {word}"), tone),
    }
}

/// What its scheduler says, where that is news: whatever runs was handed to it before.
pub(super) fn scheduler(job: &Job) -> Option<JobState> {
    let is_before_running = |state| {
        matches!(
            state,
            JobState::Waiting | JobState::Ready | JobState::Scheduled
        )
    };
    let is_old = |other| job.state == JobState::Running && is_before_running(other);
    job.scheduler
        .filter(|other| *other != job.state && !is_old(*other))
}

/// `✗ 2 failed`, `▶ 7/37`, `✓ done`, `✓ done, 1 gone`, `■ 5/37 2✗ 1▶`, `empty`.
pub(super) fn run_status(run: &ExperimentRun) -> (String, Tone) {
    let counts = &run.counts;
    let ended = counts.ended();
    match run.status {
        RunStatus::Running if counts.failed > 0 => (
            format!("▶ {ended}/{} {}✗", counts.total, counts.failed),
            Tone::Bad,
        ),
        RunStatus::Running => (format!("▶ {ended}/{}", counts.total), Tone::Busy),
        RunStatus::Failed if counts.failed == 0 => ("✗ failed".to_owned(), Tone::Bad),
        RunStatus::Failed => (format!("✗ {} failed", counts.failed), Tone::Bad),
        RunStatus::Done if counts.gone > 0 => (format!("✓ done, {} gone", counts.gone), Tone::Good),
        RunStatus::Done => ("✓ done".to_owned(), Tone::Good),
        RunStatus::Stopped => (stopped(counts), Tone::Warn),
        RunStatus::Empty => ("empty".to_owned(), Tone::Dim),
    }
}

/// What came of it: nobody goes on with the rest.
fn stopped(counts: &Counts) -> String {
    let mut text = format!("■ {}/{}", counts.done, counts.total);
    for (count, sign) in [(counts.failed, '✗'), (counts.running, '▶')] {
        if count > 0 {
            // A text can always be written to.
            let _ = write!(text, " {count}{sign}");
        }
    }
    text
}

pub(super) const fn service_state(state: ServiceState) -> (&'static str, Tone) {
    match state {
        ServiceState::Unknown => ("? unknown", Tone::Dim),
        ServiceState::Stopped => ("■ stopped", Tone::Dim),
        ServiceState::Starting => ("◌ starting", Tone::Warn),
        ServiceState::Running => ("▶ running", Tone::Busy),
        ServiceState::Stopping => ("◌ stopping", Tone::Warn),
        ServiceState::Error => ("✗ error", Tone::Bad),
    }
}

/// A share of one, as far as it is one.
pub(super) fn percent(share: f64) -> String {
    if share.is_finite() {
        format!("{:.0}%", (share * 100.0).clamp(0.0, 100.0))
    } else {
        "?".to_owned()
    }
}

/// `████▌     ` of so many columns.
pub(super) fn progress(share: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let share = if share.is_finite() {
        share.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let eighths = eighths(share, width);
    let mut bar = "█".repeat(eighths / 8);
    bar.push_str(EIGHTHS[eighths % 8]);
    let used = eighths.div_ceil(8);
    bar.extend(std::iter::repeat_n('░', width.saturating_sub(used)));
    bar
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "the share is between 0 and 1, and bars are as wide as a screen at most"
)]
fn eighths(share: f64, width: usize) -> usize {
    (share * width as f64 * 8.0).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_was_stopped_each_end_is_told() {
        let check = |done, failed, running, expected: &str| {
            let counts = Counts {
                total: 7,
                done,
                failed,
                running,
                gone: 0,
            };
            assert_eq!(stopped(&counts), expected);
        };
        check(1, 2, 3, "■ 1/7 2✗ 3▶");
        check(1, 5, 0, "■ 1/7 5✗");
        check(7, 0, 0, "■ 7/7");
    }

    #[test]
    fn only_a_scheduler_that_knows_better_is_told() {
        let check = |state, scheduler, expected: &str| {
            let job = Job {
                scheduler,
                reason: None,
                progress: Vec::new(),
                ..crate::tests::place::job(1, state, None)
            };
            assert_eq!(job_state(&job).0, expected);
        };
        check(JobState::Running, Some(JobState::Scheduled), "▶ running");
        check(JobState::Running, Some(JobState::Done), "▶/✓ running");
        check(JobState::Done, Some(JobState::Running), "✓/▶ done");
        check(JobState::Done, None, "✓ done");
    }
}
