//! What runs, what waits, and what failed.

use std::collections::BTreeMap;

use cupola_domain::{
    counts::State,
    ids::{ExperimentId, RunId},
    run::{Outcome, RunState},
    text::excerpt,
};
use cupola_hub::{HubError, run_search::RunFound};

use super::{Answer, Desk, quoted};
use crate::{
    facts,
    intent::RunsWanted,
    links,
    names::{Key, Thing},
    numbers::plural,
};

/// Runs that are told one by one.
const LISTED_MAX: usize = 8;

/// Runs that are counted where there is no count already.
pub(super) const COUNTED_MAX: u32 = 1_000;

/// Failures whose reasons are told apart.
const FAILURES_MAX: u32 = 200;

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

    /// Why the first of them wait.
    pub(super) fn obstacles(
        &self,
        mut answer: Answer,
        runs: &[RunFound],
    ) -> Result<Answer, HubError> {
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
pub(super) fn tried_again(lost: u64) -> String {
    let verb = if lost == 1 { "was" } else { "were" };
    let attempts = plural(lost, "attempt");
    format!("{attempts} {verb} lost with a machine and tried again, which is no failure.")
}
