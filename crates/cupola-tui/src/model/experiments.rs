//! The experiments of a place, sorted.

use std::cmp::Reverse;

use cupola_workspace::model::{Experiment, ExperimentRun, RunStatus};

use super::Listing;
use crate::keys::Sort;

/// The experiments of a place, sorted.
#[derive(Debug, Default)]
pub(crate) struct Experiments {
    pub(crate) list: Listing<Experiment>,
    /// By what, and whether the other way round.
    pub(crate) sort: Option<(Sort, bool)>,
}

impl Experiments {
    /// Takes what was answered; the chosen one stays chosen. Says whether anything is otherwise now.
    pub(crate) fn take(&mut self, answer: Result<Vec<Experiment>, String>) -> bool {
        let chosen = self.list.selected().map(|experiment| experiment.id.clone());
        let known = (self.list.is_known, self.list.problem.clone());
        let before = answer.is_ok().then(|| std::mem::take(&mut self.list.rows));
        self.list.take(answer);
        self.arrange(chosen);
        let is_same = before.is_none_or(|before| before == self.list.rows);
        !is_same || (self.list.is_known, self.list.problem.clone()) != known
    }

    /// Sorts by something else; the same again turns it round.
    pub(crate) fn sort_by(&mut self, sort: Sort) {
        let is_turned = self.sort.unwrap_or((Sort::Status, false)) == (sort, false);
        self.sort = Some((sort, is_turned));
        let chosen = self.list.selected().map(|experiment| experiment.id.clone());
        self.arrange(chosen);
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Experiment> {
        self.list.rows.iter().find(|experiment| experiment.id == id)
    }

    pub(crate) fn is_moving(&self) -> bool {
        let mut runs = self.list.rows.iter().filter_map(|e| e.runs.first());
        runs.any(|run| run.status == RunStatus::Running)
    }

    fn arrange(&mut self, chosen: Option<String>) {
        let (sort, is_turned) = self.sort.unwrap_or((Sort::Status, false));
        let rows = &mut self.list.rows;
        match sort {
            Sort::Name => rows.sort_by(|a, b| a.id.cmp(&b.id)),
            Sort::Date => rows.sort_by_key(|e| Reverse(latest(e).and_then(|run| run.started_at))),
            Sort::Duration => rows.sort_by_key(|e| {
                Reverse(latest(e).map(|run| {
                    (
                        run.ended_at.is_none(),
                        run.ended_at
                            .zip(run.started_at)
                            .map(|(ended, started)| ended.since(started)),
                    )
                }))
            }),
            Sort::Carbon => rows.sort_by(|a, b| grams(b).total_cmp(&grams(a))),
            _ => rows.sort_by_key(|e| {
                let run = latest(e);
                (
                    run.map_or(9, |run| rank(run.status)),
                    Reverse(run.and_then(|run| run.started_at)),
                )
            }),
        }
        if is_turned {
            rows.reverse();
        }
        if let Some(place) = chosen.and_then(|id| rows.iter().position(|e| e.id == id)) {
            self.list.cursor.jump(place);
        }
    }
}

fn latest(experiment: &Experiment) -> Option<&ExperimentRun> {
    experiment.runs.first()
}

fn grams(experiment: &Experiment) -> f64 {
    let run = latest(experiment).and_then(|run| run.carbon);
    run.map_or(0.0, |carbon| carbon.co2_kg)
}

const fn rank(status: RunStatus) -> u8 {
    match status {
        RunStatus::Running => 0,
        RunStatus::Failed => 1,
        RunStatus::Stopped => 2,
        RunStatus::Done => 3,
        RunStatus::Empty => 4,
    }
}
