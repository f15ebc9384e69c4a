//! Experiment files as texts: read, planned and submitted as a whole.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use cupola_domain::{
    field::FieldError, ids::ExperimentId, resources::Profiles, template::CodeFile,
};
use cupola_search::file::{self, ExperimentFile, Step};

use super::{FILE_TASKS_MAX, FileExperiment, FileTask, Program};
use crate::{Hub, HubError};

/// The tag with which a task says its name in its file.
const NAME_TAG: &str = "task";

/// What all tasks are made with, as JSON, about: all of it is in memory at once.
const SETUPS_BYTES_MAX: usize = 256 << 20;

/// The files of all programs that differ: each program keeps its own.
const CODE_BYTES_MAX: usize = 256 << 20;

/// An experiment file with all that it names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileText {
    /// YAML.
    pub text: String,
    /// Where it lies on the machine that runs its tasks: its relative folders begin there.
    pub folder: String,
    /// The files that its commands bring along.
    pub files: Vec<CodeFile>,
}

impl Hub {
    /// Makes an experiment of a file with all its tasks, and says how many those are. What is wrong is
    /// named as it stands in the file.
    pub fn submit_text(
        &self,
        given: &FileText,
        author: &str,
    ) -> Result<(ExperimentId, u32), HubError> {
        let file = file::parse(&given.text).map_err(unreadable)?;
        let programs = Programs::of(&file);
        let wanted = wanted(&file, given, &programs, &self.profiles())?;
        let submitted = self.submit_file(&wanted, author);
        let id = submitted.map_err(|error| located(&file, &programs, error))?;
        Ok((id, file.task_count()))
    }
}

fn unreadable(errors: Vec<file::FileError>) -> HubError {
    let named = |error: file::FileError| {
        let field = match error.field.as_str() {
            "" => "file".to_owned(),
            field => field.to_owned(),
        };
        FieldError::new(field, format!("line {}: {}", error.line, error.message))
    };
    HubError::Invalid(errors.into_iter().map(named).collect())
}

/// What the steps run, each program once.
#[derive(Default)]
struct Programs {
    /// For each program the first step that runs it.
    steps: Vec<usize>,
    /// For each step its program.
    of_steps: Vec<usize>,
}

impl Programs {
    fn of(file: &ExperimentFile) -> Self {
        let mut programs = Self::default();
        let mut seen = HashMap::new();
        for (at, step) in file.steps.iter().enumerate() {
            let objective = step.objective.as_ref();
            let objective = objective.map(|o| (&o.metric, o.direction, &o.unit));
            let next = programs.steps.len();
            let program = *seen
                .entry((&step.program, objective, &step.needs, &step.hardware))
                .or_insert(next);
            if program == next {
                programs.steps.push(at);
            }
            programs.of_steps.push(program);
        }
        programs
    }
}

fn wanted(
    file: &ExperimentFile,
    given: &FileText,
    programs: &Programs,
    profiles: &Profiles,
) -> Result<FileExperiment, HubError> {
    let count = file.task_count() as usize;
    if count > FILE_TASKS_MAX {
        let message = format!("has {count} tasks; describe 1 to {FILE_TASKS_MAX}");
        return Err(invalid("tasks", message));
    }
    let sent: Sent<'_> = given.files.iter().map(|f| (f.path.as_str(), f)).collect();
    let steps = || programs.steps.iter().map(|at| &file.steps[*at]);
    check_code(steps(), &sent)?;
    let mut errors = Vec::new();
    let mut made = Vec::with_capacity(programs.steps.len());
    for (at, step) in programs.steps.iter().zip(steps()) {
        match program(step, &sent, profiles) {
            Ok(program) => made.push(program),
            Err(error) if error.field == "needs" => {
                let place = file.locate(*at, "needs", &error.message);
                errors.push(FieldError::new(place.field, place.message));
            }
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(HubError::Invalid(errors));
    }
    Ok(FileExperiment {
        name: file.name.clone(),
        description: file.description.clone(),
        placement: file.placement,
        programs: made,
        tasks: tasks(file, given, programs)?,
    })
}

/// The files that came along, by their paths.
type Sent<'a> = HashMap<&'a str, &'a CodeFile>;

/// Refuses files that would be copied into too many programs.
fn check_code<'a>(steps: impl Iterator<Item = &'a Step>, sent: &Sent<'_>) -> Result<(), HubError> {
    let mut bytes: usize = 0;
    for step in steps {
        let file::Program::Command { files, .. } = &step.program else {
            continue;
        };
        let lengths = files.iter().filter_map(|path| sent.get(path.as_str()));
        bytes = bytes.saturating_add(lengths.map(|file| file.bytes.len()).sum());
    }
    if bytes <= CODE_BYTES_MAX {
        return Ok(());
    }
    let message = format!(
        "takes more than {} MiB, since each command that differs keeps its own copy; give files \
         only to the tasks that need them, or let the tasks run one command and differ in their \
         parameters",
        CODE_BYTES_MAX >> 20
    );
    Err(invalid("files", message))
}

fn invalid(field: &str, message: String) -> HubError {
    HubError::Invalid(vec![FieldError::new(field, message)])
}

fn program(step: &Step, given: &Sent<'_>, profiles: &Profiles) -> Result<Program, FieldError> {
    let needs = match &step.hardware {
        None => step.needs.clone(),
        Some(name) => {
            let profile = profiles.find(name);
            let profile = profile.map_err(|message| FieldError::new("needs", message))?;
            profile.needs.clone()
        }
    };
    match &step.program {
        file::Program::Template(name) => Ok(Program::Template {
            name: name.clone(),
            needs,
        }),
        file::Program::Command { command, files } => {
            let sent = |path: &String| {
                let found = given.get(path.as_str()).copied();
                found.cloned().ok_or_else(|| {
                    FieldError::new("files", format!("`{path}` is named and was not sent along"))
                })
            };
            Ok(Program::Command {
                command: command.clone(),
                files: files.iter().map(sent).collect::<Result<_, _>>()?,
                objective: step.objective.clone(),
                needs,
            })
        }
    }
}

fn tasks(
    file: &ExperimentFile,
    given: &FileText,
    programs: &Programs,
) -> Result<Vec<FileTask>, HubError> {
    let needs = |step| {
        file.needed_by(step)
            .into_iter()
            .map(|number| number as usize)
    };
    let needs: Vec<Vec<usize>> = (0..file.steps.len())
        .map(|step| needs(step).collect())
        .collect();
    let task = |planned: file::FileTask| {
        let step = &file.steps[planned.step];
        let mut tags = step.setup.tags.clone();
        if !planned.name.is_empty() {
            tags.entry(NAME_TAG.to_owned()).or_insert(planned.name);
        }
        FileTask {
            program: programs.of_steps[planned.step],
            config: planned.config,
            seed: Some(planned.seed),
            time_budget_secs: step.setup.time_budget.as_secs_f64(),
            environment: planned.environment,
            working_folder: working_folder(step, &given.folder),
            tags,
            priority: step.setup.priority,
            needs: needs[planned.step].clone(),
        }
    };
    let mut made = Vec::with_capacity(file.task_count() as usize);
    let mut bytes = 0;
    for task in file.tasks().map(task) {
        bytes += file::setup_bytes(&task.config, &task.environment, &task.tags);
        if bytes > SETUPS_BYTES_MAX {
            let message = format!(
                "take more than {} MiB with their configurations, variables and tags; make those \
                 smaller, or put what is long into a file",
                SETUPS_BYTES_MAX >> 20
            );
            return Err(invalid("tasks", message));
        }
        made.push(task);
    }
    Ok(made)
}

/// Where a step's programs start: in the folder that it names, else a command that brings no files
/// along where its file lies, else in the run's own folder.
fn working_folder(step: &Step, folder: &str) -> Option<String> {
    let is_bare = matches!(&step.program, file::Program::Command { files, .. } if files.is_empty());
    let named = match &step.setup.working_folder {
        Some(named) => named.as_str(),
        None if is_bare && !folder.is_empty() => "",
        None => return None,
    };
    let path = Path::new(folder).join(named);
    // Without the `.` that a file may say.
    let path: std::path::PathBuf = path.components().collect();
    Some(path.to_string_lossy().into_owned())
}

/// The same mistakes as the file names its places; what many tasks share is said once.
fn located(file: &ExperimentFile, programs: &Programs, error: HubError) -> HubError {
    let HubError::Invalid(errors) = error else {
        return error;
    };
    let mut said = BTreeSet::new();
    let mut found = Vec::new();
    for error in errors {
        let (list, at, field) = parts(&error.field);
        let step = match list {
            "programs" => at.and_then(|at| programs.steps.get(at).copied()),
            "tasks" => at.and_then(|at| file.step_of(u32::try_from(at).ok()?)),
            _ => None,
        };
        let place = match step {
            Some(step) => file.locate(step, field, &error.message),
            None => file.locate(0, &error.field, &error.message),
        };
        if said.insert((place.field.clone(), place.message.clone())) {
            found.push(FieldError::new(place.field, place.message));
        }
    }
    HubError::Invalid(found)
}

/// `tasks.3.config.lr` → `tasks`, 3, `config.lr`.
fn parts(field: &str) -> (&str, Option<usize>, &str) {
    let mut parts = field.splitn(3, '.');
    let list = parts.next().unwrap_or_default();
    let at = parts.next().and_then(|at| at.parse().ok());
    (list, at, parts.next().unwrap_or_default())
}
