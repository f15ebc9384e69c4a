//! A hub as a place that is watched: its experiments, runs and logs as a workspace has them, and
//! tables of its workers and briefs.

mod changes;
mod kept_log;
mod rows;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, channel},
    },
    time::Duration,
};

use cupola_client::{
    Client, Error as ClientError,
    query::{CostFilter, ExperimentFilter, PageFilter, RunFilter, SeriesFilter},
};
use cupola_domain::time::Timestamp;
use cupola_protocol::{experiments::ExperimentBody, page::PER_PAGE_MAX};
use cupola_workspace::{
    model::{Experiment, Job, JobDetails, JobKey, RunKey, Series, Sheet},
    source::{Action, Change, LogAsked, LogOf, LogPart, Place, Source, SourceError},
};
use tokio::runtime::Handle;

use crate::world::wall_clock;
use kept_log::KeptLog;

/// So many runs of an experiment are shown.
const RUNS_MAX: usize = 100_000;

/// So many curves of a run are drawn.
const SERIES_MAX: usize = 24;

/// Costs are read at most so often.
const COSTS_FOR: Duration = Duration::from_secs(5);

/// So many logs are kept for whoever looks again.
const LOGS_MAX: usize = 4;

/// A hub as a place that is watched.
pub(crate) struct HubSource {
    client: Client,
    runtime: Handle,
    /// What experiments are called here, which is their name where no other has it.
    names: Mutex<HashMap<String, Named>>,
    /// What runs cost, and when that was read: it is added up by the hub each time.
    costs: Mutex<Option<(Timestamp, Sheet)>>,
    /// Logs that were read, the last of them at the end.
    logs: Mutex<Vec<(String, Arc<Mutex<KeptLog>>)>>,
}

/// What is known of an experiment by its name.
#[derive(Clone)]
struct Named {
    id: String,
    template: String,
    /// What its one run is called: an experiment made anew by the same name is another one.
    run: String,
}

impl HubSource {
    /// Calls are made on `runtime` from threads that are not its own.
    pub(crate) fn new(client: Client, runtime: Handle) -> Self {
        Self {
            client,
            runtime,
            names: Mutex::default(),
            costs: Mutex::default(),
            logs: Mutex::default(),
        }
    }

    fn wait<T>(
        &self,
        call: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, SourceError> {
        self.runtime.block_on(call).map_err(|error| refused(&error))
    }

    fn names(&self) -> MutexGuard<'_, HashMap<String, Named>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn named(&self, run: &RunKey) -> Result<Named, SourceError> {
        if self.names().is_empty() {
            self.experiments()?;
        }
        let name = &run.experiment;
        let found = self.names().get(name).cloned();
        found
            .filter(|found| found.run == run.run)
            .ok_or_else(|| SourceError::Unknown(format!("there is no such experiment `{name}`")))
    }

    /// The log of a run; while it is read, others can be.
    fn kept_log(&self, run: &str) -> Arc<Mutex<KeptLog>> {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let known = logs.iter().position(|(id, _)| id == run);
        let (id, log) = match known {
            Some(at) => logs.remove(at),
            None => (run.to_owned(), Arc::new(Mutex::new(KeptLog::new(run)))),
        };
        if logs.len() >= LOGS_MAX {
            logs.remove(0);
        }
        logs.push((id, Arc::clone(&log)));
        log
    }

    /// What runs cost, as it was a moment ago.
    fn costs(&self) -> Result<Sheet, SourceError> {
        let mut kept = self.costs.lock().unwrap_or_else(PoisonError::into_inner);
        let now = wall_clock();
        if let Some((at, sheet)) = &*kept
            && now.since(*at) < COSTS_FOR
        {
            return Ok(sheet.clone());
        }
        let filter = CostFilter {
            by: Some("experiment".to_owned()),
            days: None,
        };
        let sheet = rows::costs(&self.wait(self.client.costs(&filter))?);
        *kept = Some((now, sheet.clone()));
        Ok(sheet)
    }

    async fn all_experiments(&self) -> Result<Vec<ExperimentBody>, ClientError> {
        let mut all = Vec::new();
        for page in 1.. {
            let filter = ExperimentFilter {
                families: Some(true),
                page: Some(page),
                per_page: Some(PER_PAGE_MAX),
                ..ExperimentFilter::default()
            };
            let found = self.client.experiments(&filter).await?;
            let is_last = found.items.len() < PER_PAGE_MAX as usize;
            all.extend(found.items);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    async fn runs(
        &self,
        run: &RunKey,
        id: &str,
        template: &str,
    ) -> Result<Vec<Arc<Job>>, ClientError> {
        let mut jobs = Vec::new();
        for page in 1.. {
            let filter = RunFilter {
                experiments: Some(id.to_owned()),
                page: Some(page),
                per_page: Some(PER_PAGE_MAX),
                ..RunFilter::default()
            };
            let found = self.client.runs(&filter).await?;
            let has_more = found.has_more;
            jobs.extend(
                found
                    .items
                    .iter()
                    .map(|body| Arc::new(rows::job(body, run, template))),
            );
            if !has_more || jobs.len() >= RUNS_MAX {
                break;
            }
        }
        Ok(jobs)
    }
}

impl Source for HubSource {
    fn place(&self) -> Place {
        Place {
            title: self.client.base_url().to_owned(),
            is_remote: false,
            is_hub: true,
            can_act: true,
        }
    }

    fn changes(&self) -> Receiver<Change> {
        let (sender, receiver) = channel();
        changes::watch(self.client.clone(), &self.runtime, sender);
        receiver
    }

    fn now(&self) -> Timestamp {
        wall_clock()
    }

    fn experiments(&self) -> Result<Vec<Experiment>, SourceError> {
        let bodies = self.wait(self.all_experiments())?;
        let names = rows::names(&bodies);
        let known = bodies.iter().zip(&names).map(|(body, name)| {
            let meant = Named {
                id: body.experiment_id.clone(),
                template: body.template.clone(),
                run: rows::run_of(body),
            };
            (name.clone(), meant)
        });
        *self.names() = known.collect();
        let rows = bodies.iter().zip(&names);
        let url = self.client.base_url();
        Ok(rows
            .map(|(body, name)| rows::experiment(body, name, url))
            .collect())
    }

    fn jobs(&self, of: Option<&RunKey>) -> Result<Vec<Arc<Job>>, SourceError> {
        let Some(run) = of else {
            return Err(SourceError::Unsupported(
                "a hub's runs are shown by experiment".to_owned(),
            ));
        };
        let Named { id, template, .. } = self.named(run)?;
        self.wait(self.runs(run, &id, &template))
    }

    fn job(&self, key: &JobKey) -> Result<JobDetails, SourceError> {
        let detail = self.wait(self.client.run(&key.id))?;
        Ok(rows::details(&detail, key, self.client.base_url()))
    }

    fn log(&self, asked: &LogAsked) -> Result<LogPart, SourceError> {
        let LogOf::Job(key) = &asked.of else {
            return Err(SourceError::Unsupported(
                "a hub's own log is on its stderr".to_owned(),
            ));
        };
        let log = self.kept_log(&key.id);
        let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
        self.wait(log.read_on(&self.client))?;
        Ok(log.part(asked))
    }

    fn series(&self, of: &JobKey, width: usize) -> Result<Vec<Series>, SourceError> {
        let names = self.wait(self.client.run(&of.id))?.series;
        let width = u32::try_from(width).ok();
        let mut series = Vec::new();
        for name in names.into_iter().take(SERIES_MAX) {
            let filter = SeriesFilter {
                name,
                after: None,
                width,
            };
            series.push(rows::series(
                self.wait(self.client.run_series(&of.id, &filter))?,
            ));
        }
        Ok(series)
    }

    fn sheets(&self) -> Result<Vec<Sheet>, SourceError> {
        let filter = PageFilter {
            per_page: Some(PER_PAGE_MAX),
            ..PageFilter::default()
        };
        let workers = self.wait(self.client.workers(&filter))?;
        let briefs = self.wait(self.client.briefs(&filter))?;
        Ok(vec![
            rows::workers(&workers.items),
            rows::briefs(&briefs.items),
            self.costs()?,
        ])
    }

    fn act(&self, action: &Action) -> Result<String, SourceError> {
        match action {
            Action::Kill(key) => {
                self.wait(self.client.cancel_run(&key.id))?;
                Ok("the run is asked to end".to_owned())
            }
            Action::Start(key) => {
                self.wait(self.client.retry_run(&key.id))?;
                Ok("it is tried again".to_owned())
            }
            Action::DeleteExperiment {
                experiment,
                run: Some(run),
                with_jobs: true,
            } => {
                let run = RunKey {
                    experiment: experiment.clone(),
                    run: run.clone(),
                };
                let Named { id, .. } = self.named(&run)?;
                self.wait(self.client.delete_experiment(&id))?;
                Ok(format!("deleted {experiment} with its runs"))
            }
            Action::DeleteExperiment { .. } => Err(SourceError::Unsupported(
                "a hub deletes an experiment with all its runs, and none by its name alone"
                    .to_owned(),
            )),
            Action::Delete(_)
            | Action::StartService(..)
            | Action::StopService(..)
            | Action::Warning { .. }
            | Action::KillStray(_)
            | Action::DeleteOrphans(_)
            | Action::Execute(..) => Err(SourceError::Unsupported(
                "a hub has no such thing; it deletes experiments as a whole".to_owned(),
            )),
        }
    }

    fn fetched(&self, path: &Path) -> Result<PathBuf, SourceError> {
        Err(SourceError::Unsupported(format!(
            "{} is on the hub: `cupola run download` fetches files",
            path.display()
        )))
    }

    fn refresh(&self) {}
}

fn refused(error: &ClientError) -> SourceError {
    let words = error.to_string();
    match error.status() {
        Some(404) => SourceError::Unknown(words),
        Some(_) => SourceError::Refused(words),
        None => SourceError::Away(words),
    }
}
