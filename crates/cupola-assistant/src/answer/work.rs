//! What runs, what waits, and what failed.

use std::collections::BTreeMap;

use cupola_domain::{
    counts::State,
    ids::{ExperimentId, RunId},
    run::{Outcome, RunState},
    text::excerpt,
};
use cupola_hub::{HubError, run_search::RunFound};

use super::{Answer, Desk, quoted, times::moment};
use crate::{
    facts::{self, Failures},
    intent::{Dated, RunsWanted},
    links,
    names::{Key, Thing},
    numbers::plural,
    period::Period,
};

/// Runs that are told one by one.
const LISTED_MAX: usize = 8;

/// Runs that are counted where there is no count already.
pub(super) const COUNTED_MAX: u32 = 1_000;

/// Failures whose reasons are told apart.
const FAILURES_MAX: u32 = 200;

/// Experiments of one person whose runs are looked for: the newest.
const OWN_MAX: usize = 200;

/// Experiments of which is told why they wait.
const OBSTACLES_MAX: usize = 3;

impl Desk<'_> {
    pub(super) fn why_failed(&self, of: &Thing) -> Result<Answer, HubError> {
        match &of.key {
            Key::Experiment(id) => self.why_experiment_failed(*id, of),
            Key::Worker(_) => self.runs(&RunsWanted {
                of: vec![of.clone()],
                state: Some(State::Failed),
                ..RunsWanted::default()
            }),
            _ => self.why_run_failed(self.run_of(of)?, &quoted(&of.name)),
        }
    }

    fn why_run_failed(&self, id: RunId, name: &str) -> Result<Answer, HubError> {
        let facts = facts::failure(self.hub, id)?;
        let source = links::run(id);
        let state = facts.detail.run.state.word();
        let reason = excerpt(&facts.reason);
        let task = format!(
            "task {} of {}",
            facts.detail.task.number,
            self.called(facts.detail.experiment.id, &facts.detail.experiment.name)
        );
        let text = match (facts.kind, reason.is_empty()) {
            (Some(_), false) => format!("{name} ({task}) failed: {reason}."),
            (Some(_), true) => format!("{name} ({task}) failed, and said no reason."),
            (None, false) => format!("{name} ({task}) did not fail, it is {state}: {reason}."),
            (None, true) => format!("{name} ({task}) did not fail, it is {state}."),
        };
        let attempts = facts.detail.attempts.len() as u64;
        let mut answer = Answer::saying(text).count("attempts at the task", attempts, &source);
        if facts.alike > 1 {
            answer = answer.more(format!(
                "{} of the experiment failed for the same reason.",
                plural(facts.alike as u64, "run")
            ));
        }
        if facts.alike > 0 {
            let experiment = links::experiment(&facts.detail.experiment);
            answer = answer.count("runs that failed alike", facts.alike as u64, &experiment);
        }
        if let Some(worker) = facts.detail.run.worker
            && let Some(name) = facts.detail.workers.get(&worker)
        {
            answer = answer
                .more(format!("It was on the worker {}.", quoted(name)))
                .link(name.clone(), links::worker(worker));
        }
        if !facts.tail.is_empty() {
            answer = answer.more("The end of its log is quoted.");
        }
        answer.quoted = facts.tail.iter().map(|line| excerpt(&line.text)).collect();
        Ok(answer.link("the run", source).showing(id))
    }

    fn why_experiment_failed(&self, id: ExperimentId, of: &Thing) -> Result<Answer, HubError> {
        let experiment = self.hub.experiment_detail(id)?.experiment;
        let source = links::experiment(&experiment);
        let name = quoted(&of.name);
        let failures = facts::failures(self.hub, &[id], "", FAILURES_MAX)?;
        let failed = failures.runs;
        let Some(latest) = failed.first() else {
            let text = format!("No run of {name} failed; it is {}.", experiment.state());
            let answer = Answer::saying(text);
            let answer = match failures.lost {
                0 => answer,
                lost => answer.more(tried_again(lost)),
            };
            return Ok(answer
                .count("runs that failed", 0, &source)
                .link(name, source));
        };
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for found in &failed {
            *reasons.entry(kind_of(found)).or_default() += 1;
        }
        let mut reasons: Vec<_> = reasons.into_iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let explained = self.why_run_failed(latest.run.id, "the latest")?;
        let count = failed.len() as u64;
        let counted: Vec<_> = reasons
            .iter()
            .map(|(kind, count)| format!("{count} by {}", kind.replace('_', " ")))
            .collect();
        let text = format!(
            "{} of {name} failed ({}); {}",
            plural(count, "run"),
            counted.join(", "),
            explained.text
        );
        let mut answer = Answer {
            detail: explained.detail,
            quoted: explained.quoted,
            numbers: explained.numbers,
            links: explained.links,
            ..Answer::saying(text)
        };
        answer = answer.count("runs that failed", count, &source);
        for (kind, count) in reasons {
            answer = answer.count(
                format!("failed by {}", kind.replace('_', " ")),
                count,
                &source,
            );
        }
        Ok(answer.link(name, source).showing(latest.run.id))
    }

    pub(super) fn why_waiting(&self, of: &Thing) -> Result<Answer, HubError> {
        let id = match &of.key {
            Key::Experiment(id) | Key::Numbered(id, _) => *id,
            Key::Run(_) | Key::Picked(..) => {
                let run = self.run_of(of)?;
                self.hub.run_detail(run)?.experiment.id
            }
            _ => {
                return Ok(Answer::saying(format!(
                    "A {} does not wait; ask for an experiment or a run.",
                    of.kind()
                )));
            }
        };
        let detail = self.hub.experiment_detail(id)?;
        let counts = detail.experiment.counts;
        let source = links::experiment(&detail.experiment);
        let name = self.called(detail.experiment.id, &detail.experiment.name);
        let text = match (counts.pending, detail.obstacle.is_empty()) {
            (0, _) if counts.total() == 0 => format!("{name} has no tasks; start it."),
            (0, _) => format!(
                "Nothing of {name} waits: it is {}.",
                detail.experiment.state()
            ),
            (pending, true) => format!(
                "{} of {name} wait for a free slot; some worker could take them.",
                plural(pending, "task")
            ),
            (pending, false) => format!(
                "{} of {name} wait, because {}.",
                plural(pending, "task"),
                excerpt(&detail.obstacle)
            ),
        };
        Ok(Answer::saying(text)
            .count("tasks that wait", counts.pending, &source)
            .count("tasks that run", counts.running, &source)
            .link(name, source))
    }

    pub(super) fn running(&self, of: Option<&Thing>) -> Result<Answer, HubError> {
        let (experiments, also, source) = self.scope(of)?;
        let found = self.search(&format!("state = running{also}"), experiments, COUNTED_MAX)?;
        let count = found.total.unwrap_or(found.runs.len() as u64);
        let name = of.map_or(String::new(), |thing| match thing.key {
            Key::Worker(_) => format!(" on {}", quoted(&thing.name)),
            _ => format!(" in {}", quoted(&thing.name)),
        });
        let text = match count {
            0 => format!("Nothing is running{name}."),
            1 => format!("1 run is running{name}."),
            count => format!("{count} runs are running{name}."),
        };
        let answer = Answer::saying(text).count("runs that are running", count, &source);
        let answer = self.listed(answer, &found.runs);
        Ok(answer.link("runs", source))
    }

    pub(super) fn runs(&self, wanted: &RunsWanted) -> Result<Answer, HubError> {
        let mut experiments = Vec::new();
        let mut conditions = Vec::new();
        let mut source = links::RUNS.to_owned();
        for thing in &wanted.of {
            let (ids, also, page) = self.scope(Some(thing))?;
            experiments.extend(ids);
            conditions.extend(also.strip_prefix(" and ").map(str::to_owned));
            source = page;
        }
        if wanted.is_own {
            let own = self.own_experiments()?;
            experiments = own
                .iter()
                .map(|one| one.id)
                .filter(|id| experiments.is_empty() || experiments.contains(id))
                .take(OWN_MAX)
                .collect();
            if experiments.is_empty() {
                let text = "No experiment of yours is meant, and so no run of yours.";
                return Ok(Answer::saying(text)
                    .count("runs", 0, &source)
                    .link("runs", source));
            }
        }
        conditions.extend(states_of(wanted));
        conditions.extend(
            wanted
                .within
                .iter()
                .flat_map(|period| within(wanted, period)),
        );
        if !wanted.filter.is_empty() {
            conditions.push(format!("({})", wanted.filter));
        }
        let limit = wanted.newest.unwrap_or(COUNTED_MAX).clamp(1, COUNTED_MAX);
        let found = self.found(wanted, &conditions, &experiments, limit)?;
        let count = match wanted.newest {
            Some(_) => found.runs.len() as u64,
            None => found.count,
        };
        let text = counted(wanted, count, wanted.newest.is_some() || found.is_all);
        let mut answer = Answer::saying(text).count("runs", count, &source);
        if found.lost > 0 {
            answer = answer.more(tried_again(found.lost)).count(
                "attempts lost and tried again",
                found.lost,
                &source,
            );
        }
        if wanted.is_not() && wanted.within.is_some() {
            answer = answer.more("Counted are the runs that were made in that time.");
        }
        if wanted.state == Some(State::Pending) && !wanted.is_not() {
            answer = self.obstacles(answer, &found.runs)?;
        }
        Ok(self.listed(answer, &found.runs).link("runs", source))
    }

    fn found(
        &self,
        wanted: &RunsWanted,
        conditions: &[String],
        experiments: &[ExperimentId],
        limit: u32,
    ) -> Result<Failures, HubError> {
        if is_of_failures(wanted) {
            return facts::failures(self.hub, experiments, &conditions.join(" and "), limit);
        }
        let found = self.search(&conditions.join(" and "), experiments.to_vec(), limit)?;
        Ok(Failures {
            count: found.total.unwrap_or(found.runs.len() as u64),
            is_all: found.total.is_some() || !found.has_more,
            runs: found.runs,
            lost: 0,
        })
    }

    /// Why the first of them wait.
    fn obstacles(&self, mut answer: Answer, runs: &[RunFound]) -> Result<Answer, HubError> {
        let mut seen = Vec::new();
        for found in runs {
            let id = found.run.experiment;
            if seen.len() >= OBSTACLES_MAX || seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let obstacle = self.hub.experiment_detail(id)?.obstacle;
            let why = if obstacle.is_empty() {
                "for a free slot; some worker could take it".to_owned()
            } else {
                format!("because {}", excerpt(&obstacle))
            };
            let name = self.called(id, &found.experiment_name);
            answer = answer.more(format!("{name} waits {why}."));
        }
        Ok(answer)
    }

    /// The first runs, a line each.
    pub(super) fn listed(&self, mut answer: Answer, runs: &[RunFound]) -> Answer {
        for found in runs.iter().take(LISTED_MAX) {
            let task = format!(
                "task {} of {}",
                found.task_number,
                self.called(found.run.experiment, &found.experiment_name)
            );
            let reason = excerpt(&found.run.reason());
            let reason = if reason.is_empty() {
                String::new()
            } else {
                format!(": {reason}")
            };
            answer = answer
                .more(format!("{task}, {}{reason}", found.run.state.word()))
                .link(task, links::run(found.run.id))
                .listing(Thing::new(
                    Key::Run(found.run.id),
                    format!(
                        "{} #{}",
                        self.names
                            .called(found.run.experiment, &found.experiment_name),
                        found.task_number
                    ),
                ));
        }
        if let [only] = runs {
            answer = answer.showing(only.run.id);
        }
        answer
    }
}

fn kind_of(found: &RunFound) -> &'static str {
    match &found.run.state {
        RunState::Finished {
            outcome: Outcome::Failed(failure),
            ..
        } => failure.kind(),
        _ => "other",
    }
}

/// What was lost and is no failure.
fn tried_again(lost: u64) -> String {
    let verb = if lost == 1 { "was" } else { "were" };
    let attempts = plural(lost, "attempt");
    format!("{attempts} {verb} lost with a machine and tried again, which is no failure.")
}

/// Whether failures are asked for, of which attempts that were only lost are none.
fn is_of_failures(wanted: &RunsWanted) -> bool {
    wanted.state == Some(State::Failed) && !wanted.is_lost && !wanted.is_not()
}

/// What must hold of the states of runs.
fn states_of(wanted: &RunsWanted) -> Vec<String> {
    let mut conditions = Vec::new();
    if let Some(state) = wanted.state.filter(|_| !is_of_failures(wanted)) {
        let sign = if wanted.is_not() { "!=" } else { "=" };
        conditions.push(format!("state {sign} {state}"));
    }
    let left = "(state = pending or state = running)".to_owned();
    conditions.extend(wanted.is_left.then_some(left));
    conditions.extend(wanted.is_lost.then(|| "failure = lost".to_owned()));
    let unstarted = || "started is missing".to_owned();
    conditions.extend(wanted.is_unstarted().then(unstarted));
    conditions
}

/// "17 runs did not fail": the opposite of a state, or what was never begun.
fn counted_without(wanted: &RunsWanted, count: u64, (of, rest): (&str, &str)) -> Option<String> {
    let is_one = count == 1;
    if wanted.is_unstarted() {
        let verb = if is_one { "was" } else { "were" };
        return Some(match count {
            0 => format!("There is no run{of}{rest} that was never started."),
            count => format!("{}{of} {verb} never started{rest}.", plural(count, "run")),
        });
    }
    let verb = match wanted.state.filter(|_| wanted.is_not())? {
        State::Failed => "did not fail",
        State::Completed => "did not complete",
        State::Cancelled if is_one => "was not cancelled",
        State::Cancelled => "were not cancelled",
        State::Running if is_one => "is not running",
        State::Running => "are not running",
        State::Pending if is_one => "does not wait",
        State::Pending => "do not wait",
    };
    Some(match count {
        0 => format!("There is no run{of}{rest} that {verb}."),
        count => format!("{}{of} {verb}{rest}.", plural(count, "run")),
    })
}

/// How many runs are what was asked for, in a sentence; there may be more where not all were counted.
fn counted(wanted: &RunsWanted, count: u64, is_all: bool) -> String {
    let is_started = wanted.dated == Dated::Started;
    let latest = if wanted.newest.is_some() && count > 0 {
        "The newest "
    } else {
        ""
    };
    let at_least = if is_all { "" } else { "At least " };
    let of: Vec<_> = wanted.of.iter().map(|thing| quoted(&thing.name)).collect();
    let of = match (of.is_empty(), wanted.is_own) {
        (true, false) => String::new(),
        (true, true) => " of yours".to_owned(),
        (false, is_own) => {
            let own = if is_own { " of yours" } else { "" };
            format!("{own} of {}", of.join(" and "))
        }
    };
    let filter = if wanted.filter.is_empty() {
        ""
    } else {
        " with that filter"
    };
    let when = wanted.within.as_ref().map_or(String::new(), |period| {
        format!(" {}", excerpt(&period.words))
    });
    if let Some(text) = counted_without(wanted, count, (&of, &format!("{filter}{when}"))) {
        return if is_all {
            text
        } else {
            format!("At least {text}")
        };
    }
    let state = match (wanted.is_lost, wanted.state) {
        (true, _) => " lost with their worker".to_owned(),
        (false, None) if wanted.is_left => " left".to_owned(),
        (false, None) if is_started => " started".to_owned(),
        (false, state) => state.map_or(String::new(), |state| format!(" {state}")),
    };
    let noun = if count == 1 { "run" } else { "runs" };
    let count_text = if count == 0 {
        "No".to_owned()
    } else {
        format!("{latest}{at_least}{count}")
    };
    let verb = match (wanted.state, count) {
        (Some(State::Failed), _) if !wanted.is_lost => "",
        (Some(State::Completed), _) if wanted.within.is_some() => "",
        (Some(State::Cancelled), 1) if wanted.within.is_some() => " was",
        (Some(State::Cancelled), _) if wanted.within.is_some() => " were",
        (None, 1) if is_started => " was",
        (None, _) if is_started => " were",
        (_, 1) => " is",
        _ => " are",
    };
    if state.is_empty() {
        format!("{count_text} {noun}{of}{filter}{when}.")
    } else {
        format!("{count_text} {noun}{of}{filter}{verb}{state}{when}.")
    }
}

/// By its end for what has ended, else by its making.
fn within(wanted: &RunsWanted, period: &Period) -> Vec<String> {
    let has_ended = wanted.state.is_some_and(State::is_terminal) && !wanted.is_not();
    let field = match (has_ended, wanted.dated) {
        (true, _) => "finished",
        (false, Dated::Started) => "started",
        (false, Dated::ByState) => "created",
    };
    let from = period
        .from
        .map(|from| format!("{field} >= {}", moment(from)));
    let until = period
        .until
        .map(|until| format!("{field} < {}", moment(until)));
    from.into_iter().chain(until).collect()
}
