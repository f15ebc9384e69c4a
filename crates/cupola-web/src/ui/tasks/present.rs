//! From tasks to what pages show of them.

use std::collections::HashMap;

use cupola_domain::{
    access::{Principal, Role},
    counts::State,
    ids::WorkerId,
    run::Run,
    time::Timestamp,
};
use cupola_hub::tasks::TaskDetail;

use super::{Attempt, Attempts, Header, Outcome, Show};
use crate::ui::{
    components::{Badge, ConfigTable, Lasting, Link},
    format,
    frame::{Frame, Section},
    paths,
    present::{
        KIND, family_link, keys, lasting, may, needs, run_badge, seeds, task_badge, worker_link,
    },
};

/// A task as it is read for its page, with the time of reading.
pub(super) struct Seen {
    pub(super) detail: TaskDetail,
    pub(super) now: Timestamp,
}

impl Seen {
    fn key(&self) -> String {
        let TaskDetail {
            task, experiment, ..
        } = &self.detail;
        keys(format!("task:{}", task.id), task.state.word(), experiment)
    }

    /// The run that counts.
    fn run(&self) -> Option<&Run> {
        let runs = &self.detail.runs;
        runs.iter().find(|run| run.id == self.detail.task.run)
    }

    pub(super) fn show(&self, who: &Principal, seq: i64) -> Show {
        let TaskDetail {
            task, experiment, ..
        } = &self.detail;
        let family = family_link(experiment);
        let title = format!("Task {}", task.number);
        Show {
            frame: Frame::new(title, Section::Tasks, Some(who.into()))
                .under("Tasks", paths::TASKS)
                .under(family.text, family.href)
                .at(seq),
            header: self.header(who),
            outcome: self.outcome(),
            attempts: self.attempts(),
            config: ConfigTable::new("Configuration", &task.config),
        }
    }

    pub(super) fn header(&self, who: &Principal) -> Header {
        let TaskDetail {
            task,
            experiment,
            workers,
            obstacle,
            ..
        } = &self.detail;
        let word = task.state.word();
        let is_allowed = may(who, Role::Researcher);
        let is_logged = self.run().is_some_and(Run::is_logged);
        let is_retried = matches!(word, State::Failed | State::Cancelled) && !is_logged;
        Header {
            key: self.key(),
            src: paths::task(task.id, "/header"),
            id: task.id.into(),
            number: task.number,
            badge: task_badge(task),
            obstacle: obstacle.clone(),
            kind: KIND,
            family: family_link(experiment),
            template: experiment.template.clone(),
            priority: task.priority,
            time_budget: format::duration(task.time_budget),
            seeds: seeds(task.seed),
            worker: worker_link(workers, task.shown_worker()),
            code_hash: self
                .run()
                .filter(|run| run.leased_at.is_some())
                .map(|run| run.code_hash.clone())
                .unwrap_or_default(),
            needs: needs(&experiment.needs),
            created: task.created_at.into(),
            run: task.run.into(),
            cancellation: (is_allowed && !word.is_terminal())
                .then(|| Link::new("Cancel", paths::task(task.id, "/cancellation"))),
            retry: (is_allowed && is_retried).then(|| paths::task(task.id, "/retry")),
        }
    }

    pub(super) fn outcome(&self) -> Outcome {
        let TaskDetail {
            task,
            experiment,
            results,
            workers,
            ..
        } = &self.detail;
        let word = task.state.word();
        let run = self.run();
        Outcome {
            key: self.key(),
            src: paths::task(task.id, "/result"),
            has_ended: word.is_terminal(),
            is_success: word == State::Completed,
            reason: match word {
                State::Cancelled => "cancelled".to_owned(),
                _ => task.state.reason(),
            },
            metric: experiment.metric().to_owned(),
            value: task.value.into(),
            worker: worker_link(workers, run.and_then(|run| run.worker)),
            duration: run.map_or_else(Lasting::none, |run| lasting(run, self.now)),
            provenance: run
                .filter(|_| !results.is_empty())
                .map(|run| Badge::provenance(run.provenance)),
            completed: task.finished_at.into(),
            metrics: ConfigTable::new("Metrics", results),
        }
    }

    pub(super) fn attempts(&self) -> Attempts {
        let TaskDetail {
            task,
            runs,
            workers,
            ..
        } = &self.detail;
        Attempts {
            key: self.key(),
            src: paths::task(task.id, "/attempts"),
            rows: runs
                .iter()
                .map(|run| attempt(run, workers, run.id == task.run, self.now))
                .collect(),
        }
    }
}

/// An attempt as it stands on the page of its task and of each of its runs.
pub(crate) fn attempt(
    run: &Run,
    workers: &HashMap<WorkerId, String>,
    is_current: bool,
    now: Timestamp,
) -> Attempt {
    Attempt {
        number: run.attempt,
        run: run.id.into(),
        badge: run_badge(run),
        worker: worker_link(workers, run.worker),
        started: run.started_at.into(),
        duration: lasting(run, now),
        is_current,
    }
}
