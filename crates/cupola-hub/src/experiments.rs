//! Experiments that people configure: made, edited, started, deleted.

mod checking;
mod file;
mod lists;
mod text;

use std::{collections::BTreeMap, sync::Arc};

use cupola_domain::{
    event::Event,
    experiment::{Experiment, Origin},
    field::FieldError,
    ids::{ExperimentId, RunId, TaskId},
    resources::Needs,
    run::Run,
    scheduling::Placement,
    setup::Setup,
    task::{Attempts, Config, Task, TaskState},
    template::Template,
    time::Timestamp,
};
use cupola_search::plan::FIRST_SEED;
use cupola_store::{Tx, code, events, experiments, tasks, verification};

use crate::{
    Hub, HubError,
    briefs::insert_planned,
    costs::booking,
    ledger::booking::void_lost,
    logged::refuse_logged,
    transitions::{Pair, find_task, first_run},
};

pub use checking::CheckedExperiment;
pub use cupola_store::experiments::{Query as ExperimentQuery, Sort as ExperimentSort};
pub use file::{COMMAND, FILE_TASKS_MAX, FileExperiment, FileTask, Program};
pub(crate) use lists::run_row;
pub use lists::{ExperimentDetail, ExperimentRow, RunRow};
pub use text::FileText;

/// What a draft says of time when it says nothing.
pub const TIME_BUDGET_SECS: f64 = 3_600.0;

/// So many runs may be started at once.
pub const STARTED_MAX: u32 = 1_000;

/// So many running tasks are told to stop in one transaction.
const CANCELLED_PER_STEP: i64 = 500;

/// An experiment as a form or a body gives it: each field may be wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentDraft {
    /// Its name for people.
    pub name: String,
    /// In its author's words.
    pub description: String,
    /// What it runs.
    pub template: String,
    /// The configuration; the template's defaults fill in what is left out.
    pub config: Config,
    /// The random seed; `None` gives each task its own.
    pub seed: Option<i64>,
    /// How long a task may take.
    pub time_budget_secs: f64,
    /// Variables for the program.
    pub environment: BTreeMap<String, String>,
    /// Where the program starts; `None` is the run's own folder.
    pub working_folder: Option<String>,
    /// For people: name → value.
    pub tags: BTreeMap<String, String>,
    /// Higher is leased first.
    pub priority: i64,
}

impl Default for ExperimentDraft {
    fn default() -> Self {
        Self {
            name: String::new(),
            description: String::new(),
            template: String::new(),
            config: Config::new(),
            seed: None,
            time_budget_secs: TIME_BUDGET_SECS,
            environment: BTreeMap::new(),
            working_folder: None,
            tags: BTreeMap::new(),
            priority: 0,
        }
    }
}

impl Hub {
    /// Makes an experiment without tasks.
    pub fn create_experiment(
        &self,
        draft: &ExperimentDraft,
        author: &str,
    ) -> Result<ExperimentDetail, HubError> {
        let checked = self.check_experiment(draft)?;
        let now = self.now();
        let experiment = Experiment {
            id: self.next_id(),
            name: checked.name,
            description: checked.description,
            origin: Origin::Manual,
            template: checked.template.name.clone(),
            code_hash: checked.template.code_hash.clone(),
            objective: checked.template.objective.clone(),
            baseline: None,
            needs: checked.template.needs.clone(),
            setup: checked.setup,
            placement: Placement::Anywhere,
            device_class: None,
            counts: cupola_domain::counts::Counts::default(),
            author: author.to_owned(),
            created_at: now,
            updated_at: now,
        };
        let (id, template) = (experiment.id, checked.template);
        self.write(move |tx| {
            let needs_id = keep_template(tx, &template)?;
            experiments::insert(tx, &experiment, needs_id)?;
            events::record(tx, Event::ExperimentChanged(id));
            Ok(())
        })?;
        self.experiment_detail(id)
    }

    /// Changes what the next tasks of an experiment will be; those that there are stay as they are.
    pub fn update_experiment(
        &self,
        id: ExperimentId,
        draft: &ExperimentDraft,
    ) -> Result<ExperimentDetail, HubError> {
        let checked = self.check_edit(id, draft)?;
        let now = self.now();
        self.write(move |tx| {
            let before = find_startable(tx, id)?;
            let needs_id = keep_template(tx, &checked.template)?;
            let after = Experiment {
                name: checked.name,
                description: checked.description,
                template: checked.template.name.clone(),
                code_hash: checked.template.code_hash.clone(),
                objective: checked.template.objective.clone(),
                needs: checked.template.needs.clone(),
                setup: checked.setup,
                updated_at: now,
                ..before
            };
            experiments::save_edited(tx, &after, needs_id)?;
            events::record(tx, Event::ExperimentChanged(id));
            Ok(())
        })?;
        self.experiment_detail(id)
    }

    /// Deletes an experiment; a family with its brief. What still runs is told to stop; the rows go in
    /// the background.
    pub fn delete_experiment(&self, id: ExperimentId) -> Result<(), HubError> {
        let experiment = self.read(move |tx| find(tx, id))?;
        if let Some(brief) = experiment.origin.brief() {
            return self.delete_brief(brief);
        }
        let now = self.now();
        self.stop_experiment(id, now, move |tx| {
            Ok(experiments::save_deleted(tx, id, now)?)
        })
    }

    /// Makes so many tasks of an experiment as it is now, each with its first run, and says which
    /// runs. Each keeps what it was made with, its code too, whatever is edited later.
    pub fn start_experiment(
        &self,
        id: ExperimentId,
        number_of_runs: u32,
    ) -> Result<Vec<RunId>, HubError> {
        if !(1..=STARTED_MAX).contains(&number_of_runs) {
            let message = format!("is {number_of_runs}; choose a number from 1 to {STARTED_MAX}");
            return Err(HubError::Invalid(vec![FieldError::new("runs", message)]));
        }
        let read = self.read(move |tx| find_startable(tx, id))?;
        let template = self.template_of(&read)?;
        let checked = checking::check(&draft_of(&read), template).into_result()?;
        let made: Vec<(TaskId, RunId)> = (0..number_of_runs)
            .map(|_| (self.next_id(), self.next_id()))
            .collect();
        let runs = made.iter().map(|(_, run)| *run).collect();
        let now = self.now();
        self.write(move |tx| {
            let found = find_startable(tx, id)?;
            if (&found.setup, &found.template) != (&read.setup, &read.template) {
                let message = format!("experiment `{id}` was edited just now; start it again");
                return Err(HubError::Conflict(message));
            }
            let first = u32::try_from(found.counts.total()).unwrap_or(u32::MAX);
            let planned: Vec<_> = (first..)
                .zip(made)
                .map(|(number, made)| checked.task(id, number, made, now))
                .collect();
            let folder = checked.setup.working_folder.as_deref();
            let needs_id = keep_template_in(tx, &checked.template, folder)?;
            experiments::save_resumed(tx, id)?;
            insert_planned(tx, id, needs_id, &planned)?;
            for (task, _) in &planned {
                events::record(tx, Event::TaskChanged(task.id, id));
            }
            events::record(tx, Event::ExperimentChanged(id));
            Ok(())
        })?;
        self.bus.announce_work();
        Ok(runs)
    }

    /// What an experiment is set to, to be edited or cloned.
    pub fn draft_of_experiment(&self, id: ExperimentId) -> Result<ExperimentDraft, HubError> {
        self.read(move |tx| {
            let found = find(tx, id)?;
            check_has_code(&found)?;
            Ok(draft_of(&found))
        })
    }

    /// What a run was made with, to make an experiment of it.
    pub fn draft_of_run(&self, id: RunId) -> Result<ExperimentDraft, HubError> {
        self.read(move |tx| {
            let Pair { run, task } = Pair::find(tx, id)?;
            refuse_logged(&run)?;
            let experiment = find(tx, run.experiment)?;
            Ok(ExperimentDraft {
                template: template_name(tx, &run, &experiment)?,
                config: task.config,
                seed: Some(task.seed),
                time_budget_secs: task.time_budget.as_secs_f64(),
                environment: task.environment,
                working_folder: task.working_folder,
                tags: task.tags,
                priority: experiment.setup.priority,
                name: experiment.name,
                description: experiment.description,
            })
        })
    }

    /// Stops what is left of an experiment: what waits is cancelled at once, what runs is told to
    /// stop, and a family's further tasks are not planned.
    pub fn cancel_experiment(&self, id: ExperimentId) -> Result<Experiment, HubError> {
        self.stop_experiment(id, self.now(), |_| Ok(()))?;
        self.read(move |tx| find(tx, id))
    }

    /// The same. `also` happens together with the end of what waits: whoever hides an experiment there
    /// knows that nothing of it is started any more.
    pub(crate) fn stop_experiment(
        &self,
        id: ExperimentId,
        now: Timestamp,
        also: impl FnOnce(&mut Tx) -> Result<(), HubError> + Send + 'static,
    ) -> Result<(), HubError> {
        self.write(move |tx| {
            find(tx, id)?;
            experiments::save_stopped(tx, id, now)?;
            booking::settle_lost(tx, id)?;
            void_lost(tx, id, now)?;
            let cancelled = tasks::cancel_pending(tx, id, now)?;
            let moved = i64::try_from(cancelled).unwrap_or(i64::MAX);
            experiments::save_changes(tx, id, [-moved, 0, 0, 0, moved])?;
            events::record(tx, Event::ExperimentChanged(id));
            also(tx)
        })?;
        let mut last = -1;
        loop {
            let after = last;
            let seen = self.write(move |tx| {
                let running = tasks::list_running_after(tx, id, after, CANCELLED_PER_STEP)?;
                let mut seen = Vec::new();
                for (task, number) in running {
                    let task = find_task(tx, task)?;
                    let mut pair = Pair::of_task(tx, task)?;
                    pair.cancel(tx, now)?;
                    seen.push((pair.run.id, number));
                }
                Ok(seen)
            })?;
            let Some((_, number)) = seen.last() else {
                break;
            };
            last = *number;
            for (run, _) in seen {
                self.settle(run)?;
            }
        }
        self.bus.announce_work();
        Ok(())
    }
}

impl Hub {
    /// An experiment's template as it is now. What a file gave as a command is no template, but its code
    /// was kept.
    fn template_of(
        &self,
        experiment: &Experiment,
    ) -> Result<Result<Arc<Template>, FieldError>, HubError> {
        let (name, hash) = (&experiment.template, experiment.code_hash.clone());
        if experiment.origin != Origin::File || name != COMMAND {
            return Ok(self.require_template(name));
        }
        let (command, files) = self.find_bundle(&hash)?;
        Ok(Ok(Arc::new(Template {
            objective: experiment.objective.clone(),
            needs: experiment.needs.clone(),
            ..file::command_template(command, files)
        })))
    }
}

impl CheckedExperiment {
    /// A task with its first run.
    fn task(
        &self,
        experiment: ExperimentId,
        number: u32,
        (id, run): (TaskId, RunId),
        now: Timestamp,
    ) -> (Task, Run) {
        let objective = self.template.objective.as_ref();
        let task = Task {
            metric: objective.map_or_else(String::new, |o| o.metric.clone()),
            ..task_of(&self.setup, experiment, number, (id, run), now)
        };
        let run = first_run(&task, &self.template.code_hash, now);
        (task, run)
    }
}

/// A task that copies `setup` and needs no metric.
pub(crate) fn task_of(
    setup: &Setup,
    experiment: ExperimentId,
    number: u32,
    (id, run): (TaskId, RunId),
    now: Timestamp,
) -> Task {
    Task {
        id,
        experiment,
        number,
        state: TaskState::Pending,
        config: setup.config.clone(),
        seed: setup.seed.unwrap_or(FIRST_SEED + i64::from(number)),
        time_budget: setup.time_budget,
        environment: setup.environment.clone(),
        working_folder: setup.working_folder.clone(),
        tags: setup.tags.clone(),
        metric: String::new(),
        priority: setup.priority,
        urgency: setup.priority,
        waiting_for: None,
        is_withheld: false,
        attempts: Attempts::default(),
        epoch: 0,
        run,
        worker: None,
        value: None,
        created_at: now,
        finished_at: None,
    }
}

/// Keeps a template's code and needs; says the number of the needs.
fn keep_template(tx: &mut Tx, template: &Template) -> Result<i64, HubError> {
    keep_template_in(tx, template, None)
}

/// The same for tasks that start in `folder`: workers whose owner lets no program read that get none of them.
fn keep_template_in(
    tx: &mut Tx,
    template: &Template,
    folder: Option<&str>,
) -> Result<i64, HubError> {
    code::insert(
        tx,
        &template.code_hash,
        &template.name,
        &template.command,
        &template.files,
    )?;
    verification::save_repeats(tx, &template.code_hash, template.repeats.as_ref())?;
    let needs = Needs {
        access: template.needs.access.starting_in(folder),
        ..template.needs.clone()
    };
    Ok(code::needs_id(tx, &needs)?)
}

fn draft_of(experiment: &Experiment) -> ExperimentDraft {
    let setup = &experiment.setup;
    ExperimentDraft {
        name: experiment.name.clone(),
        description: experiment.description.clone(),
        template: experiment.template.clone(),
        config: setup.config.clone(),
        seed: setup.seed,
        time_budget_secs: setup.time_budget.as_secs_f64(),
        environment: setup.environment.clone(),
        working_folder: setup.working_folder.clone(),
        tags: setup.tags.clone(),
        priority: setup.priority,
    }
}

/// The experiment, whatever made it.
pub(crate) fn find(tx: &mut Tx, id: ExperimentId) -> Result<Experiment, HubError> {
    experiments::find(tx, id)?.ok_or_else(|| HubError::not_found("experiment", id))
}

/// What is tried again is wanted again, though its experiment was stopped. A family that was stopped
/// stays so: resuming it would plan the rest of its tasks.
pub(crate) fn resume(tx: &mut Tx, experiment: &Experiment) -> Result<(), HubError> {
    if experiment.origin.brief().is_none() {
        experiments::save_resumed(tx, experiment.id)?;
    }
    Ok(())
}

/// The template whose code a run runs, as it was called then. Code is kept once, under the name of
/// whoever came with it first; an experiment that has the same says its own.
pub(crate) fn template_name(
    tx: &mut Tx,
    run: &Run,
    experiment: &Experiment,
) -> Result<String, HubError> {
    if run.code_hash == experiment.code_hash {
        return Ok(experiment.template.clone());
    }
    let code = code::find_command(tx, &run.code_hash)?;
    Ok(code.map_or_else(|| experiment.template.clone(), |code| code.template))
}

/// The experiment, unless a brief made it: the brief says what a family runs.
fn find_startable(tx: &mut Tx, id: ExperimentId) -> Result<Experiment, HubError> {
    let found = find(tx, id)?;
    if found.origin.brief().is_some() {
        let message = format!("experiment `{id}` is a family, and its brief says what it runs");
        return Err(HubError::Conflict(message));
    }
    check_has_code(&found)?;
    Ok(found)
}

fn check_has_code(experiment: &Experiment) -> Result<(), HubError> {
    if !experiment.is_logged() {
        return Ok(());
    }
    let id = experiment.id;
    let message = format!("the runs of experiment `{id}` are logged; it cannot be run from here");
    Err(HubError::Conflict(message))
}
