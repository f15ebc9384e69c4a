//! When something was, how long it took, and how long it will go on.

use std::time::Duration;

use cupola_domain::{
    counts::State,
    date,
    experiment::Experiment,
    ids::{ExperimentId, RunId},
    run::{Outcome, Run, RunState},
    text::excerpt,
    time::Timestamp,
};
use cupola_hub::{
    HubError,
    run_search::{Columns, RunSearch, filter::Order},
};

use super::{Answer, Desk, quoted};
use crate::{
    fact::Timing,
    links,
    names::{Key, Pick, Thing},
    numbers::{amount, duration, plural},
};

/// Runs whose times an estimate rests on.
const MEASURED_MAX: u32 = 50;

/// A time with a mean of runs in it.
struct Mean {
    secs: f64,
    runs: u64,
}

impl Desk<'_> {
    pub(super) fn timing(&self, of: &Thing, what: Timing) -> Result<Answer, HubError> {
        match &of.key {
            Key::Experiment(id) => self.timing_of_experiment(*id, of, what),
            Key::Picked(within, Pick::Newest) if what == Timing::Ended => {
                // The newest run may go on still: asked for is the end that was last.
                let page = self.latest_tasks(*within, None, 1)?;
                match page.tasks.first() {
                    Some(task) => {
                        let of = if within.is_some() { " there" } else { "" };
                        let name = format!("The run that ended last{of}");
                        self.timing_of_run(task.run, &name, what)
                    }
                    None => Ok(Answer::saying("No run has ended yet.").link("runs", links::RUNS)),
                }
            }
            _ => self.timing_of_run(self.run_of(of)?, &quoted(&of.name), what),
        }
    }

    fn timing_of_run(&self, id: RunId, name: &str, what: Timing) -> Result<Answer, HubError> {
        let detail = self.hub.run_detail(id)?;
        let run = &detail.run;
        let source = links::run(id);
        let experiment = self.called(detail.experiment.id, &detail.experiment.name);
        let name = format!("{name} (task {} of {experiment})", detail.task.number);
        let state = run.state.word();
        let at = |verb: &str, at: Option<Timestamp>, not: &str| match at {
            Some(at) => format!("{name} {verb} {} ({}).", date_of(at), ago(at, self.now)),
            None => format!("{name} {not}; it is {state}."),
        };
        let mut answer = Answer::default();
        answer.text = match what {
            Timing::Made => at("was made", Some(run.created_at), ""),
            Timing::Started => at("was started", run.started_at, "was not started yet"),
            Timing::Ended => at(ended(run), run.finished_at, "has not ended"),
            Timing::Took => match took(run, self.now) {
                Some((span, true)) => {
                    answer = answer.number("duration so far", span.as_secs_f64(), "s", &source);
                    format!("{name} has been running for {} so far.", duration(span))
                }
                Some((span, false)) => {
                    answer = answer.number("duration", span.as_secs_f64(), "s", &source);
                    format!("{name} took {}; it is {state}.", duration(span))
                }
                None => format!("{name} was not started yet; it is {state}."),
            },
            Timing::Left => {
                let estimate = run
                    .progress
                    .as_ref()
                    .and_then(cupola_domain::progress::Progress::estimate);
                match (state, estimate) {
                    (State::Running, Some(estimate)) => {
                        let left = estimate.at.since(self.now);
                        answer = answer.number(
                            "seconds left, by its progress",
                            left.as_secs_f64(),
                            "s",
                            &source,
                        );
                        format!(
                            "{name} should end in about {}, going by the progress that it tells.",
                            duration(left)
                        )
                    }
                    (State::Running, None) => {
                        let budget = detail.task.time_budget;
                        answer = answer.number("time budget", budget.as_secs_f64(), "s", &source);
                        format!(
                            "It cannot be told when {name} ends: its program tells no progress. Its time budget is {}.",
                            duration(budget)
                        )
                    }
                    (State::Pending, _) => {
                        format!("It cannot be told when {name} ends: it waits still.")
                    }
                    _ => at(ended(run), run.finished_at, "has ended"),
                }
            }
        };
        Ok(answer.link("the run", source).showing(id))
    }

    fn timing_of_experiment(
        &self,
        id: ExperimentId,
        of: &Thing,
        what: Timing,
    ) -> Result<Answer, HubError> {
        let experiment = self.hub.experiment_detail(id)?.experiment;
        let source = links::experiment(&experiment);
        let name = quoted(&of.name);
        let at = |verb: &str, at: Timestamp| {
            format!("{name} {verb} {} ({}).", date_of(at), ago(at, self.now))
        };
        let goes_on = in_progress(&experiment);
        let mut answer = Answer::default();
        answer.text = match what {
            Timing::Made => at("was made", experiment.created_at),
            Timing::Started => match self.first_start(id)? {
                Some(first) => at("had its first run started", first),
                None => format!(
                    "No run of {name} was started yet; it was made {} ({}).",
                    date_of(experiment.created_at),
                    ago(experiment.created_at, self.now)
                ),
            },
            Timing::Ended => match (goes_on.as_str(), self.last_end(id)?) {
                ("", Some(last)) => at("had its last run end", last),
                ("", None) => format!("No run of {name} has ended yet."),
                (goes_on, _) => format!("{name} has not ended: {goes_on}."),
            },
            Timing::Took => match (self.first_start(id)?, self.last_end(id)?, goes_on.as_str()) {
                (None, ..) => format!("No run of {name} was started yet."),
                (Some(first), Some(last), "") => {
                    let span = last.since(first);
                    answer = answer.number(
                        "time from the first start to the last end",
                        span.as_secs_f64(),
                        "s",
                        &source,
                    );
                    format!(
                        "{name} took {} from the start of its first run to the end of its last.",
                        duration(span)
                    )
                }
                (Some(first), _, goes_on) => {
                    let span = self.now.since(first);
                    answer = answer.number(
                        "time since the first start",
                        span.as_secs_f64(),
                        "s",
                        &source,
                    );
                    format!(
                        "{name} has been running for {} so far: {goes_on}.",
                        duration(span)
                    )
                }
            },
            Timing::Left => return self.time_left(&experiment, &name),
        };
        let counts = experiment.counts;
        Ok(answer
            .count("tasks that wait", counts.pending, &source)
            .count("tasks that run", counts.running, &source)
            .link(name, source))
    }

    /// About how long an experiment goes on, if its tasks take as long as the latest of them did.
    fn time_left(&self, experiment: &Experiment, name: &str) -> Result<Answer, HubError> {
        let source = links::experiment(experiment);
        let (pending, running) = (experiment.counts.pending, experiment.counts.running);
        let mean = self.mean_duration(experiment.id)?;
        let mut answer = Answer::default();
        answer.text = match (pending + running, running, mean) {
            (0, ..) => match self.last_end(experiment.id)? {
                Some(last) => format!(
                    "{name} is done: its last run ended {} ({}).",
                    date_of(last),
                    ago(last, self.now)
                ),
                None => format!("{name} has no tasks that are left; start it."),
            },
            (left, 0, _) => format!(
                "It cannot be told when {name} is done: {} left, and none runs now.",
                are(left, "task")
            ),
            (_, _, None) => format!(
                "It cannot be told when {name} is done: none of its runs has completed yet. {}.",
                capital(&in_progress(experiment))
            ),
            (left, at_once, Some(mean)) => {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "no experiment has so many tasks"
                )]
                let rounds = pending as f64 / at_once as f64 + 0.5;
                let span = Duration::try_from_secs_f64(mean.secs * rounds).unwrap_or_default();
                answer = answer
                    .number("estimated time left", span.as_secs_f64(), "s", &source)
                    .number("mean duration of its latest runs", mean.secs, "s", &source)
                    .more(format!(
                        "That is if {at_once} go on at once and each takes {} s, as its latest {} did on average.",
                        amount(mean.secs),
                        plural(mean.runs, "completed run")
                    ));
                format!(
                    "About {} more: {} left of {name}.",
                    duration(span),
                    are(left, "task")
                )
            }
        };
        Ok(answer
            .count("tasks that wait", pending, &source)
            .count("tasks that run", running, &source)
            .link(name, source))
    }

    fn mean_duration(&self, id: ExperimentId) -> Result<Option<Mean>, HubError> {
        let found = self.search("state = completed", vec![id], MEASURED_MAX)?;
        let taken = found
            .runs
            .iter()
            .filter_map(|found| took(&found.run, self.now));
        let secs: Vec<f64> = taken.map(|(span, _)| span.as_secs_f64()).collect();
        let runs = secs.len() as u64;
        #[expect(clippy::cast_precision_loss, reason = "no more than were read")]
        let mean = secs.iter().sum::<f64>() / secs.len() as f64;
        Ok((runs > 0).then_some(Mean { secs: mean, runs }))
    }

    pub(super) fn first_start(&self, id: ExperimentId) -> Result<Option<Timestamp>, HubError> {
        let order =
            Order::parse("started asc").map_err(|error| HubError::Internal(error.into()))?;
        let found = self.hub.search_runs(RunSearch {
            experiments: vec![id],
            columns: Columns::These(Vec::new()),
            order,
            limit: 1,
            ..RunSearch::default()
        })?;
        Ok(found.runs.first().and_then(|found| found.run.started_at))
    }

    fn last_end(&self, id: ExperimentId) -> Result<Option<Timestamp>, HubError> {
        let page = self.latest_tasks(Some(id), None, 1)?;
        Ok(page.tasks.first().and_then(|task| task.finished_at))
    }

    /// Why something was stopped, as far as that is known.
    pub(super) fn why_cancelled(&self, of: &Thing) -> Result<Answer, HubError> {
        let Key::Experiment(id) = of.key else {
            return self.why_run_cancelled(self.run_of(of)?, of);
        };
        let experiment = self.hub.experiment_detail(id)?.experiment;
        let source = links::experiment(&experiment);
        let name = quoted(&of.name);
        let cancelled = experiment.counts.cancelled;
        if cancelled == 0 {
            if experiment.counts.failed > 0 {
                let failed = self.why_failed(of)?;
                let text = format!("No run of {name} was cancelled. {}", failed.text);
                return Ok(Answer { text, ..failed });
            }
            let text = format!(
                "No run of {name} was cancelled; it is {}.",
                experiment.state()
            );
            return Ok(Answer::saying(text)
                .count("tasks cancelled", 0, &source)
                .link(name, source));
        }
        let found = self.search("state = cancelled", vec![id], 3)?;
        let whole = if self.hub.is_stopped(id)? {
            " It was stopped as a whole."
        } else {
            ""
        };
        let verb = if cancelled == 1 { "was" } else { "were" };
        let text = format!(
            "{} of {name} {verb} cancelled: somebody asked for it, and who or why is not recorded.{whole}",
            plural(cancelled, "task")
        );
        let answer = Answer::saying(text).count("tasks cancelled", cancelled, &source);
        let mut answer = self.listed(answer, &found.runs);
        if let Some(at) = found
            .runs
            .iter()
            .filter_map(|found| found.run.finished_at)
            .max()
        {
            answer = answer.more(format!(
                "The latest of them ended {} ({}).",
                date_of(at),
                ago(at, self.now)
            ));
        }
        Ok(answer.link(name, source))
    }

    fn why_run_cancelled(&self, id: RunId, of: &Thing) -> Result<Answer, HubError> {
        let detail = self.hub.run_detail(id)?;
        let is_cancelled = matches!(
            detail.run.state,
            RunState::Finished {
                outcome: Outcome::Cancelled,
                ..
            } | RunState::Cancelling { .. }
        );
        if !is_cancelled {
            let told = self.why_failed(of)?;
            let text = format!("It was not cancelled. {}", told.text);
            return Ok(Answer { text, ..told });
        }
        let reason = excerpt(&detail.run.reason());
        let reason = if reason.is_empty() {
            String::new()
        } else {
            format!(" ({reason})")
        };
        let when = detail.run.finished_at.map_or(String::new(), |at| {
            format!(" {} ({})", date_of(at), ago(at, self.now))
        });
        let text = format!(
            "{} was cancelled{when}{reason}: somebody asked for it, and who or why is not recorded.",
            quoted(&of.name)
        );
        Ok(Answer::saying(text)
            .link("the run", links::run(id))
            .showing(id))
    }
}

fn ended(run: &Run) -> &'static str {
    match run.state.word() {
        State::Completed => "completed",
        State::Failed => "failed",
        State::Cancelled => "was cancelled",
        State::Pending | State::Running => "ended",
    }
}

/// How long a run took, and whether it goes on.
pub(super) fn took(run: &Run, now: Timestamp) -> Option<(Duration, bool)> {
    let started = run.started_at;
    match (run.wall_time, started, run.finished_at) {
        (Some(span), ..) => Some((span, false)),
        (None, Some(from), Some(until)) => Some((until.since(from), false)),
        (None, Some(from), None) if run.state.word() == State::Running => {
            Some((now.since(from), true))
        }
        _ => None,
    }
}

/// What is left of an experiment, in words; empty where nothing is.
fn in_progress(experiment: &Experiment) -> String {
    let counts = &experiment.counts;
    let parts = [
        (counts.pending, "wait", "waits"),
        (counts.running, "run", "runs"),
    ];
    let parts = parts
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, many, one)| {
            let verb = if count == 1 { one } else { many };
            format!("{} {verb}", plural(count, "task"))
        });
    parts.collect::<Vec<_>>().join(", ")
}

fn are(count: u64, noun: &str) -> String {
    let verb = if count == 1 { "is" } else { "are" };
    format!("{} {verb}", plural(count, noun))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map_or(String::new(), |first| first.to_uppercase().collect());
    first + chars.as_str()
}

/// A moment as people read it.
pub(super) fn date_of(at: Timestamp) -> String {
    let text = date::text(at.millis()).unwrap_or_default();
    let (day, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("on {day} at {} UTC", time.get(..8).unwrap_or(time))
}

/// How long ago a moment was.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    let span = now.since(at);
    if span < Duration::from_secs(1) {
        return "just now".to_owned();
    }
    format!("{} ago", duration(Duration::from_secs(span.as_secs())))
}
