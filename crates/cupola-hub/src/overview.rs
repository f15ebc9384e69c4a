//! The numbers of the first page.

use std::collections::HashMap;

use cupola_domain::{
    counts::Counts,
    experiment::Experiment,
    ids::{ExperimentId, WorkerId},
    run::Run,
    task::Task,
    time::Timestamp,
    worker::Presence,
};
use cupola_store::{briefs, experiments, runs, tasks};

use crate::{Hub, HubError, families::FamilyRow, tasks::note_worker};

/// How much of each list the first page shows.
const SHOWN: i64 = 8;

/// The counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overview {
    /// Heard of just now.
    pub workers_online: usize,
    /// All.
    pub workers_total: usize,
    /// Over all experiments.
    pub tasks: Counts,
    /// How many families.
    pub families: u64,
    /// How many briefs.
    pub briefs: u64,
    /// When they were read.
    pub generated_at: Timestamp,
}

/// What goes on now, and what came out last.
#[derive(Debug, Clone)]
pub struct Activity {
    /// Over all experiments.
    pub tasks: Counts,
    /// With workers now, each with its current run.
    pub running: Vec<(Task, Run)>,
    /// Completed last.
    pub latest: Vec<Task>,
    /// The latest families.
    pub families: Vec<FamilyRow>,
    /// The experiments that appear.
    pub experiments: HashMap<ExperimentId, Experiment>,
    /// The names of the workers that appear.
    pub workers: HashMap<WorkerId, String>,
}

impl Hub {
    /// The counters of the first page; the states' counts sum to the total.
    pub fn overview(&self) -> Result<Overview, HubError> {
        let (tasks, families, briefs) = self.read(|tx| {
            let (_, tasks) = experiments::sum_counts(tx)?;
            let (_, families) = experiments::list_families(tx, "", 0, 0)?;
            let (_, briefs) = briefs::list(tx, "", 0, 0)?;
            Ok((tasks, families, briefs))
        })?;
        let workers = self.list_workers()?;
        let online = workers
            .iter()
            .filter(|row| row.presence == Presence::Online)
            .count();
        Ok(Overview {
            workers_online: online,
            workers_total: workers.len(),
            tasks,
            families,
            briefs,
            generated_at: self.now(),
        })
    }

    /// What goes on now, and what came out last.
    pub fn activity(&self) -> Result<Activity, HubError> {
        let (families, _) = self.list_families("", u32::try_from(SHOWN).unwrap_or(0), 0)?;
        self.read(move |tx| {
            let mut activity = Activity {
                tasks: experiments::sum_counts(tx)?.1,
                running: Vec::new(),
                latest: tasks::list_latest_finished(tx, SHOWN)?,
                families,
                experiments: HashMap::new(),
                workers: HashMap::new(),
            };
            for task in tasks::list_running(tx, SHOWN)? {
                if let Some(run) = runs::find(tx, task.run)? {
                    activity.running.push((task, run));
                }
            }
            let shown: Vec<_> = activity
                .running
                .iter()
                .map(|(task, _)| task)
                .chain(&activity.latest)
                .map(|task| (task.experiment, task.worker))
                .collect();
            for (experiment, worker) in shown {
                note_worker(tx, &mut activity.workers, worker)?;
                if let Some(found) = experiments::find(tx, experiment)? {
                    activity.experiments.insert(experiment, found);
                }
            }
            // Tasks of deleted families finish unseen.
            activity
                .latest
                .retain(|task| activity.experiments.contains_key(&task.experiment));
            activity
                .running
                .retain(|(task, _)| activity.experiments.contains_key(&task.experiment));
            Ok(activity)
        })
    }
}
