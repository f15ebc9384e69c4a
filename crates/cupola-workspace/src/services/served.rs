//! A place whose services can be started.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak, mpsc::Receiver},
};

use cupola_domain::time::Timestamp;
use serde_json::Value;

use super::{
    Command, Settings,
    life::LOGS,
    recipe::Recipe,
    runner::{Key, Runner},
    words::names_any,
};
use crate::{
    log,
    model::{
        Experiment, ExperimentAction, Job, JobDetails, JobKey, Orphan, RunKey, RunStatus, Series,
        Service, ServiceState, Sheet, Warning,
    },
    source::{Action, Change, LogAsked, LogOf, LogPart, Place, Serving, Source, SourceError},
};

/// A command that names one of these is offered for each experiment.
const OF_A_RUN: [&str; 3] = ["experiment", "run", "run_folder"];

/// A source whose services are started and ended from here, and end with it.
pub struct Served {
    runner: Runner,
    place: Arc<dyn Source>,
    is_followed: Mutex<bool>,
}

impl Served {
    /// `place`, with what can be started beside it.
    pub fn new(place: Arc<dyn Source>, settings: Settings) -> Self {
        Self {
            runner: Runner::new(settings),
            place,
            is_followed: Mutex::new(false),
        }
    }

    /// Ends every service and waits for that; nothing is started any more.
    pub fn end(&self) {
        self.runner.end();
    }

    /// Services of the workspace itself have a run without names.
    fn declared(&self, of: Option<&RunKey>) -> Result<Vec<Service>, SourceError> {
        let (of_runs, of_all): (Vec<_>, Vec<_>) = self
            .runner
            .settings
            .commands
            .iter()
            .partition(|command| names_any(&command.words, &OF_A_RUN));
        let mut found = Vec::new();
        if of.is_none() {
            let nobody = RunKey {
                experiment: String::new(),
                run: String::new(),
            };
            found.extend(of_all.into_iter().map(|command| offered(command, &nobody)));
        }
        if !of_runs.is_empty() {
            let runs = match of {
                Some(run) => vec![run.clone()],
                None => self.newest_runs()?,
            };
            for run in &runs {
                found.extend(of_runs.iter().map(|command| offered(command, run)));
            }
        }
        Ok(found)
    }

    /// What there is to start, and what runs wrote of theirs.
    fn of_place(&self, of: Option<&RunKey>) -> Result<Vec<Service>, SourceError> {
        let mut services = self.place.services(of)?;
        self.believe(&mut services)?;
        let known: BTreeSet<Key> = services.iter().map(|it| key(&it.run, &it.id)).collect();
        let declared = self.declared(of)?.into_iter();
        services.extend(declared.filter(|it| !known.contains(&key(&it.run, &it.id))));
        Ok(services)
    }

    fn newest_runs(&self) -> Result<Vec<RunKey>, SourceError> {
        let experiments = self.place.experiments()?.into_iter();
        let newest = experiments.filter_map(|it| it.runs.into_iter().next());
        Ok(newest.map(|run| run.key).collect())
    }

    /// What files say of a service counts while the program that wrote it is at work.
    fn believe(&self, services: &mut [Service]) -> Result<(), SourceError> {
        let is_told = |service: &Service| {
            let state = service.state;
            !matches!(state, ServiceState::Stopped | ServiceState::Error)
        };
        if !services.iter().any(is_told) {
            return Ok(());
        }
        let experiments = self.place.experiments()?;
        let runs = experiments.iter().flat_map(|it| &it.runs);
        let at_work: BTreeSet<&RunKey> = runs
            .filter(|run| run.status == RunStatus::Running)
            .map(|run| &run.key)
            .collect();
        for service in services.iter_mut().filter(|service| is_told(service)) {
            if !at_work.contains(&service.run) {
                service.state = ServiceState::Stopped;
                service.url = None;
            }
        }
        Ok(())
    }

    fn start(&self, run: &RunKey, id: &str) -> Result<String, SourceError> {
        let service = self.find(run, id)?;
        let refused = |why: String| SourceError::Refused(format!("service `{id}`: {why}"));
        if !self.runner.knows(&key(run, id)) && service.state == ServiceState::Running {
            let url = service.url.unwrap_or_default();
            return Err(refused(format!(
                "the experiment's own program serves it {url}"
            )));
        }
        let recipe = Recipe::of(&service, &self.runner.settings).map_err(refused)?;
        let place = Arc::downgrade(&self.place);
        self.runner.start(&service, recipe, place)?;
        Ok(format!("service `{id}` is being started"))
    }

    fn stop(&self, run: &RunKey, id: &str) -> Result<String, SourceError> {
        if let Some(stopped) = self.runner.stop(&key(run, id)) {
            return stopped.map(|()| format!("service `{id}` is being stopped"));
        }
        let service = self.find(run, id)?;
        let why = match service.state {
            ServiceState::Running | ServiceState::Starting => {
                "is served by the experiment's own program, and ends with that"
            }
            ServiceState::Unknown => "was not started here",
            _ => "does not run",
        };
        Err(SourceError::Refused(format!("service `{id}` {why}")))
    }

    fn find(&self, run: &RunKey, id: &str) -> Result<Service, SourceError> {
        let of = (!run.experiment.is_empty()).then_some(run);
        let services = self.services(of)?.into_iter();
        let mut found = services.filter(|service| service.run == *run && service.id == id);
        let unknown = || SourceError::Unknown(format!("there is no service `{id}`"));
        found.next().ok_or_else(unknown)
    }

    /// What changes in the place is passed on, from when somebody asks.
    fn follow(&self) {
        let mut is_followed = self
            .is_followed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if *is_followed {
            return;
        }
        let changes = self.place.changes();
        let board = Arc::clone(&self.runner.board);
        let pass_on = move || changes.into_iter().for_each(|it| board.relay.tell(it));
        // It ends with the place. Without room for it nothing is noticed until somebody refreshes.
        let started = std::thread::Builder::new()
            .name("workspace-changes".to_owned())
            .spawn(pass_on);
        *is_followed = started.is_ok();
    }
}

fn key(run: &RunKey, id: &str) -> Key {
    (run.clone(), id.to_owned())
}

fn offered(command: &Command, run: &RunKey) -> Service {
    Service {
        run: run.clone(),
        id: command.name.clone(),
        description: command.description.clone(),
        state: ServiceState::Stopped,
        url: None,
        error: None,
        class: String::new(),
        kept: Value::Null,
        synced: None,
    }
}

impl Source for Served {
    fn place(&self) -> Place {
        self.place.place()
    }

    fn changes(&self) -> Receiver<Change> {
        let receiver = self.runner.board.relay.listen();
        self.follow();
        receiver
    }

    fn now(&self) -> Timestamp {
        self.place.now()
    }

    fn experiments(&self) -> Result<Vec<Experiment>, SourceError> {
        self.place.experiments()
    }

    fn jobs(&self, of: Option<&RunKey>) -> Result<Vec<Arc<Job>>, SourceError> {
        self.place.jobs(of)
    }

    fn dependencies(&self, of: &RunKey) -> Result<BTreeMap<JobKey, Vec<JobKey>>, SourceError> {
        self.place.dependencies(of)
    }

    fn job(&self, key: &JobKey) -> Result<JobDetails, SourceError> {
        self.place.job(key)
    }

    fn services(&self, of: Option<&RunKey>) -> Result<Vec<Service>, SourceError> {
        let mut services = match self.of_place(of) {
            // What was started from here runs here, however far its place is.
            Err(SourceError::Away(why)) => {
                let started = self.runner.started(of);
                if started.is_empty() {
                    return Err(SourceError::Away(why));
                }
                started
            }
            services => services?,
        };
        for service in &mut services {
            self.runner.overlay(service);
        }
        Ok(services)
    }

    fn serving(&self, of: &RunKey, id: &str) -> Option<Weak<Serving>> {
        self.runner.serving(&key(of, id))
    }

    fn actions(&self, of: &RunKey) -> Result<Vec<ExperimentAction>, SourceError> {
        self.place.actions(of)
    }

    fn orphans(&self, with_sizes: bool) -> Result<Vec<Orphan>, SourceError> {
        self.place.orphans(with_sizes)
    }

    fn warnings(&self) -> Result<Vec<Warning>, SourceError> {
        self.place.warnings()
    }

    fn log(&self, asked: &LogAsked) -> Result<LogPart, SourceError> {
        if let LogOf::Service(run, id) = &asked.of
            && self.runner.knows(&key(run, id))
        {
            let file = LOGS.iter().find(|(name, _)| *name == asked.stream);
            let unknown = || SourceError::Unknown(format!("there is no stream {}", asked.stream));
            let (_, file) = file.ok_or_else(unknown)?;
            let path = self.runner.folder(&key(run, id)).join(file);
            return log::part(&path, asked.offset, asked.bytes);
        }
        self.place.log(asked)
    }

    fn series(&self, of: &JobKey, width: usize) -> Result<Vec<Series>, SourceError> {
        self.place.series(of, width)
    }

    fn sheets(&self) -> Result<Vec<Sheet>, SourceError> {
        self.place.sheets()
    }

    fn act(&self, action: &Action) -> Result<String, SourceError> {
        match action {
            Action::StartService(run, id) => self.start(run, id),
            Action::StopService(run, id) => self.stop(run, id),
            action => self.place.act(action),
        }
    }

    fn fetched(&self, path: &Path) -> Result<PathBuf, SourceError> {
        self.place.fetched(path)
    }

    fn fetched_events(&self, folder: &Path) -> Result<PathBuf, SourceError> {
        self.place.fetched_events(folder)
    }

    fn refresh(&self) {
        self.place.refresh();
    }
}
