//! Experiments that files describe: all of their tasks at once, with what each needs of the others.

use std::{collections::BTreeMap, sync::Arc};

use cupola_domain::{
    counts::Counts,
    event::Event,
    experiment::{Experiment, Origin},
    field::FieldError,
    ids::{ExperimentId, RunId, TaskId},
    objective::Objective,
    resources::Needs,
    run::Run,
    scheduling::Placement,
    schema::Schema,
    task::{Config, Task},
    template::{CodeFile, Source, Template},
};
use cupola_store::{Tx, dependencies, events, experiments, tasks};
use serde_json::Map;

use super::{
    CheckedExperiment, ExperimentDraft,
    checking::{self, Checked},
    keep_template, keep_template_in,
};
use crate::{Hub, HubError, templates::code_hash, transitions::insert_run};

/// A file may describe so many tasks: they are written in one transaction.
pub const FILE_TASKS_MAX: usize = 10_000;

/// What a program is called that a file gives as a command.
pub const COMMAND: &str = "command";

/// An experiment as a file describes it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileExperiment {
    /// Its name for people.
    pub name: String,
    /// In its author's words.
    pub description: String,
    /// What its tasks run.
    pub programs: Vec<Program>,
    /// Whether its tasks keep to one device class.
    pub placement: Placement,
    /// At least one.
    pub tasks: Vec<FileTask>,
}

/// What a task runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Program {
    /// A template.
    Template {
        /// Its name.
        name: String,
        /// What it needs of a worker beside what it says itself.
        needs: Needs,
    },
    /// A command that the file gives itself.
    Command {
        /// One argument an item, with placeholders in braces.
        command: Vec<String>,
        /// The files that travel to the worker.
        files: Vec<CodeFile>,
        /// What its runs are judged by.
        objective: Option<Objective>,
        /// What it needs of a worker.
        needs: Needs,
    },
}

/// One task of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct FileTask {
    /// Its place in [`FileExperiment::programs`].
    pub program: usize,
    /// The configuration.
    pub config: Config,
    /// The random seed; `None` gives the task its own.
    pub seed: Option<i64>,
    /// How long it may take.
    pub time_budget_secs: f64,
    /// Variables for the program.
    pub environment: BTreeMap<String, String>,
    /// Where the program starts; `None` is the run's own folder.
    pub working_folder: Option<String>,
    /// For people: name → value.
    pub tags: BTreeMap<String, String>,
    /// Higher is leased first.
    pub priority: i64,
    /// Which tasks must have completed before it starts: places in [`FileExperiment::tasks`].
    pub needs: Vec<usize>,
}

impl Hub {
    /// Makes an experiment with all its tasks, in one transaction. What is wrong with a task is named
    /// `tasks.3.…`, with a program `programs.0.…`.
    pub fn submit_file(
        &self,
        file: &FileExperiment,
        author: &str,
    ) -> Result<ExperimentId, HubError> {
        let checked = self.check_file(file)?;
        let plan = self.plan_file(file, checked, author);
        let id = plan.experiment.id;
        self.write(move |tx| plan.insert(tx))?;
        self.bus.announce_work();
        Ok(id)
    }

    /// Every task of a file, checked; all that is wrong is named at once.
    pub fn check_file(&self, file: &FileExperiment) -> Result<Vec<CheckedExperiment>, HubError> {
        let mut errors = size_errors(file.tasks.len());
        let mut programs = Vec::with_capacity(file.programs.len());
        for (at, program) in file.programs.iter().enumerate() {
            let found = self.template_of_program(program);
            programs.push(
                found
                    .map_err(|error| errors.push(under("programs", at, error)))
                    .ok(),
            );
        }
        errors.extend(order_errors(&file.tasks));
        let mut checked = Vec::with_capacity(file.tasks.len());
        for (at, task) in file.tasks.iter().enumerate() {
            let Some(program) = programs.get(task.program) else {
                let message = format!("is {}; there are {}", task.program, programs.len());
                errors.push(under("tasks", at, FieldError::new("program", message)));
                continue;
            };
            // What is wrong with the program was named above.
            let Some(template) = program else { continue };
            let Checked { found, wrong } =
                checking::check(&draft(file, task, at), Ok(template.clone()));
            let own = |error: FieldError| match error.field.as_str() {
                "name" | "description" => (at == 0).then_some(error),
                _ => Some(under("tasks", at, error)),
            };
            errors.extend(wrong.into_iter().filter_map(own));
            checked.extend(found);
        }
        if errors.is_empty() {
            Ok(checked)
        } else {
            Err(HubError::Invalid(errors))
        }
    }

    fn plan_file(
        &self,
        file: &FileExperiment,
        checked: Vec<CheckedExperiment>,
        author: &str,
    ) -> Plan {
        let (id, now): (ExperimentId, _) = (self.next_id(), self.now());
        let first = &checked[0];
        let experiment = Experiment {
            id,
            name: first.name.clone(),
            description: first.description.clone(),
            origin: Origin::File,
            template: first.template.name.clone(),
            code_hash: first.template.code_hash.clone(),
            // The first task may only prepare what the others are judged by.
            objective: checked
                .iter()
                .find_map(|task| task.template.objective.clone()),
            baseline: None,
            needs: first.template.needs.clone(),
            setup: first.setup.clone(),
            placement: file.placement,
            device_class: None,
            counts: Counts::default(),
            author: author.to_owned(),
            created_at: now,
            updated_at: now,
        };
        let planned = (0..).zip(checked).zip(&file.tasks);
        let planned = planned.map(|((number, checked), asked)| {
            let ids: (TaskId, RunId) = (self.next_id(), self.next_id());
            let (task, run) = checked.task(id, number, ids, now);
            Planned {
                task,
                run,
                program: asked.program,
                template: checked.template,
                needs: unique(&asked.needs),
            }
        });
        Plan {
            tasks: planned.collect(),
            experiment,
        }
    }

    fn template_of_program(&self, program: &Program) -> Result<Arc<Template>, FieldError> {
        match program {
            Program::Template { name, needs } => {
                let template = self.templates.require(name)?;
                Ok(Arc::new(Template {
                    needs: template.needs.and(needs),
                    ..Template::clone(&template)
                }))
            }
            Program::Command {
                command,
                files,
                objective,
                needs,
            } => {
                check_command(command)?;
                Ok(Arc::new(Template {
                    objective: objective.clone(),
                    needs: needs.clone(),
                    ..command_template(command.clone(), files.clone())
                }))
            }
        }
    }
}

/// An experiment with all its tasks, in the order of the file.
struct Plan {
    experiment: Experiment,
    tasks: Vec<Planned>,
}

struct Planned {
    task: Task,
    run: Run,
    program: usize,
    template: Arc<Template>,
    /// Places among the tasks, in order.
    needs: Vec<usize>,
}

impl Plan {
    fn insert(&self, tx: &mut Tx) -> Result<(), HubError> {
        let id = self.experiment.id;
        let mut needs_ids: BTreeMap<(usize, Option<&str>), i64> = BTreeMap::new();
        for planned in &self.tasks {
            if needs_ids.is_empty() {
                let needs_id = keep_template(tx, &planned.template)?;
                experiments::insert(tx, &self.experiment, needs_id)?;
            }
            let folder = planned.task.working_folder.as_deref();
            let needs_id = match needs_ids.get(&(planned.program, folder)) {
                Some(needs_id) => *needs_id,
                None => keep_template_in(tx, &planned.template, folder)?,
            };
            needs_ids.insert((planned.program, folder), needs_id);
            let first = planned.needs.first().map(|at| self.tasks[*at].task.number);
            let task = Task {
                waiting_for: first,
                is_withheld: false,
                ..planned.task.clone()
            };
            tasks::insert(tx, &task, needs_id)?;
            insert_run(tx, &task, &planned.run)?;
        }
        for planned in &self.tasks {
            for at in &planned.needs {
                dependencies::insert(tx, planned.task.id, self.tasks[*at].task.id)?;
            }
        }
        let added = i64::try_from(self.tasks.len()).unwrap_or(i64::MAX);
        experiments::save_changes(tx, id, [added, 0, 0, 0, 0])?;
        events::record(tx, Event::ExperimentChanged(id));
        Ok(())
    }
}

/// A command as a template that takes any configuration.
pub(super) fn command_template(command: Vec<String>, files: Vec<CodeFile>) -> Template {
    Template {
        name: COMMAND.to_owned(),
        title: "Command".to_owned(),
        description: String::new(),
        code_hash: code_hash(&command, &files),
        command,
        schema: Schema::default(),
        repeats: None,
        objective: None,
        needs: Needs::default(),
        space: Map::new(),
        // It has no folder, and nobody is shown where it is from.
        source: Source::BuiltIn,
        files,
    }
}

fn check_command(command: &[String]) -> Result<(), FieldError> {
    if command.is_empty() {
        let message = "is empty; give the program and its arguments as a list";
        return Err(FieldError::new("command", message));
    }
    if command.iter().any(|argument| argument.contains('\0')) {
        return Err(FieldError::new("command", "has a NUL; take it out"));
    }
    Ok(())
}

fn draft(file: &FileExperiment, task: &FileTask, at: usize) -> ExperimentDraft {
    let words = |text: &String| {
        if at == 0 {
            text.clone()
        } else {
            "-".to_owned()
        }
    };
    ExperimentDraft {
        name: words(&file.name),
        description: words(&file.description),
        template: String::new(),
        config: task.config.clone(),
        seed: task.seed,
        time_budget_secs: task.time_budget_secs,
        environment: task.environment.clone(),
        working_folder: task.working_folder.clone(),
        tags: task.tags.clone(),
        priority: task.priority,
    }
}

fn size_errors(number_of_tasks: usize) -> Vec<FieldError> {
    if (1..=FILE_TASKS_MAX).contains(&number_of_tasks) {
        return Vec::new();
    }
    let message = format!("has {number_of_tasks} tasks; describe 1 to {FILE_TASKS_MAX}");
    vec![FieldError::new("tasks", message)]
}

/// Tasks that need what is not there, and circles.
fn order_errors(tasks: &[FileTask]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (at, task) in tasks.iter().enumerate() {
        for needed in task.needs.iter().filter(|needed| **needed >= tasks.len()) {
            let message = format!("names task {needed}; there are {}", tasks.len());
            errors.push(under("tasks", at, FieldError::new("needs", message)));
        }
    }
    if errors.is_empty() {
        let message = "is part of a circle of tasks that need each other; take one out";
        let wrong = in_circles(tasks).into_iter();
        errors.extend(wrong.map(|at| under("tasks", at, FieldError::new("needs", message))));
    }
    errors
}

/// What is left when again and again every task goes that needs none of those left: the circles, and
/// what needs them.
fn in_circles(tasks: &[FileTask]) -> Vec<usize> {
    let needs: Vec<Vec<usize>> = tasks.iter().map(|task| unique(&task.needs)).collect();
    let mut dependents = vec![Vec::new(); tasks.len()];
    for (at, needed) in needs.iter().enumerate() {
        for needed in needed {
            dependents[*needed].push(at);
        }
    }
    let mut left: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut ready: Vec<usize> = (0..tasks.len()).filter(|at| left[*at] == 0).collect();
    while let Some(done) = ready.pop() {
        for at in &dependents[done] {
            left[*at] -= 1;
            if left[*at] == 0 {
                ready.push(*at);
            }
        }
    }
    (0..tasks.len()).filter(|at| left[*at] > 0).collect()
}

fn unique(needs: &[usize]) -> Vec<usize> {
    let mut sorted = needs.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted
}

fn under(list: &str, at: usize, error: FieldError) -> FieldError {
    error.under(&at.to_string()).under(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `0: 1 2; 1: ; 2: 1` — each task with what it needs.
    fn check(script: &str, wrong: &[&str]) {
        let task = |line: &str| FileTask {
            program: 0,
            config: Config::new(),
            seed: None,
            time_budget_secs: 1.0,
            environment: BTreeMap::new(),
            working_folder: None,
            tags: BTreeMap::new(),
            priority: 0,
            needs: line
                .split_whitespace()
                .map(|at| at.parse().unwrap())
                .collect(),
        };
        let tasks: Vec<_> = script.split(';').map(task).collect();
        let errors = order_errors(&tasks);
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, wrong, "{script}");
    }

    #[test]
    fn tasks_may_need_others_in_any_order() {
        check("", &[]);
        check("; 0; 0 1", &[]);
        check("1 2; 2 2; ", &[]);
    }

    #[test]
    fn circles_are_named_with_what_needs_them() {
        check("0", &["tasks.0.needs"]);
        check("1; 0; ", &["tasks.0.needs", "tasks.1.needs"]);
        check(
            "; 2; 1; 2",
            &["tasks.1.needs", "tasks.2.needs", "tasks.3.needs"],
        );
    }

    #[test]
    fn a_task_that_is_not_there_is_named() {
        check("; 7", &["tasks.1.needs"]);
    }
}
