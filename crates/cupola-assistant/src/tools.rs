//! Tools: what can be asked of a hub and done on it, one table for people's questions, for language
//! models and for other programs.
//!
//! Each has a name, typed arguments with a JSON schema, the role that it needs, a bound on the size of its
//! answer, and, where it changes something, a dry run that says what would happen. What people and
//! programs wrote stands under `data`, so that nobody takes it for an instruction.

mod answer;
mod arguments;
mod changes;
mod economy;
mod experiments;
mod findings;
mod ids;
mod runs;
mod workers;

use cupola_domain::{access::Role, field::FieldError};
use cupola_hub::{Hub, HubError};
use serde_json::{Map, Value, json};

use crate::index::Index;

pub use answer::DATA_NOTE;
pub use ids::experiment_called;
pub(crate) use ids::run_of_task;
pub(crate) use workers::presence;

use self::{answer::Found, arguments::Arguments};

/// Bytes of an answer, as JSON, where a tool says nothing else.
const BYTES_MAX: usize = 32_000;

/// One tool.
#[derive(Debug)]
pub struct Tool {
    /// Its name for programs.
    pub name: &'static str,
    /// What it does, for whoever chooses among tools.
    pub about: &'static str,
    /// Who may call it.
    pub role: Role,
    /// Whether it changes something; it then takes `dry_run`.
    pub is_change: bool,
    /// Whether it ends or overwrites what is there.
    pub is_destructive: bool,
    /// Bytes of its answer at most, as JSON.
    pub bytes_max: usize,
    schema: fn() -> Value,
    run: fn(&Desk<'_>, &Map<String, Value>) -> Result<Found, Refused>,
}

/// Who calls a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who is named as the author of a change.
    pub name: String,
    /// Whose credits are their own.
    pub owner: String,
    /// What they may do.
    pub role: Role,
}

/// Whether a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Unless the arguments say `dry_run`.
    AsAsked,
    /// Never: it is said what would happen.
    DryRun,
}

/// Why a tool gave no answer.
#[derive(Debug)]
pub enum Refused {
    /// There is none of that name; the nearest, if any is like it.
    NoTool(String, Option<&'static str>),
    /// Arguments are wrong, each named.
    Arguments(Vec<FieldError>),
    /// The caller's role does not suffice.
    Role {
        /// The tool.
        tool: &'static str,
        /// The least that does.
        needed: Role,
    },
    /// The hub refused.
    Hub(HubError),
}

/// All that a tool works with.
struct Desk<'a> {
    hub: &'a Hub,
    index: &'a Index,
    caller: &'a Caller,
    is_dry: bool,
}

/// Other names of tools, as Athanor's server has them.
const ALIASES: &[(&str, &str)] = &[
    ("list_available_modules", "list_templates"),
    ("get_config_schema", "get_template"),
    ("validate_config", "check_config"),
];

/// Other names of arguments, as Athanor's server or its documentation has them.
const ARGUMENT_ALIASES: &[(&str, &str)] = &[
    ("experiment_module", "template"),
    ("module", "template"),
    ("instance_id", "experiment_id"),
];

/// A tool that changes nothing.
macro_rules! reading {
    ($name:literal, $arguments:ty, $run:path, $about:literal) => {
        Tool {
            name: $name,
            about: $about,
            role: Role::Viewer,
            is_change: false,
            is_destructive: false,
            bytes_max: BYTES_MAX,
            schema: <$arguments as Arguments>::schema,
            run: |desk, given| $run(desk, &read::<$arguments>(given)?),
        }
    };
}

/// A tool that changes something.
macro_rules! changing {
    ($name:literal, $arguments:ty, $run:path, $about:literal) => {
        Tool {
            role: Role::Researcher,
            is_change: true,
            ..reading!($name, $arguments, $run, $about)
        }
    };
}

/// A tool that ends or overwrites what is there.
macro_rules! destructive {
    ($name:literal, $arguments:ty, $run:path, $about:literal) => {
        Tool {
            is_destructive: true,
            ..changing!($name, $arguments, $run, $about)
        }
    };
}

/// Every tool.
pub static TOOLS: &[Tool] = &[
    reading!(
        "overview",
        workers::Nothing,
        workers::overview,
        "How everything stands: workers, tasks per state, families, costs per hour, what needs attention."
    ),
    reading!(
        "list_experiments",
        experiments::ListExperiments,
        experiments::list,
        "Experiments and families, the newest first, by a part of their name and by state."
    ),
    reading!(
        "get_experiment",
        experiments::OfExperiment,
        experiments::show,
        "One experiment or family: its configuration, counts per state, what keeps it waiting, and what it cost."
    ),
    reading!(
        "list_templates",
        workers::Nothing,
        experiments::templates,
        "The templates: programs that experiments and briefs can run."
    ),
    reading!(
        "get_template",
        experiments::OfTemplate,
        experiments::template,
        "One template: what it can be configured with, and the search space that a brief starts from."
    ),
    reading!(
        "check_config",
        experiments::CheckConfig,
        experiments::check_config,
        "Whether a configuration fits a template; every mistake is named."
    ),
    reading!(
        "list_runs",
        runs::ListRuns,
        runs::list,
        "Runs, the newest first: of an experiment, in a state, and by a filter such as `params.lr < 0.01 and metrics.loss < 2`."
    ),
    reading!(
        "get_run",
        runs::OfRun,
        runs::show,
        "One run: state and reason, configuration, small results, series, files, attempts, cost."
    ),
    reading!(
        "get_run_logs",
        runs::RunLogs,
        runs::logs,
        "Lines of a run's log: the last ones, or those after a line; only louder ones, or with a text in them."
    ),
    reading!(
        "list_results",
        runs::ListResults,
        runs::results,
        "The results of a run: keys, sizes and times, with values that are small."
    ),
    reading!(
        "get_result_details",
        runs::ResultDetails,
        runs::result,
        "The value of one result of a run."
    ),
    reading!(
        "get_curve",
        runs::Curve,
        runs::curve,
        "A metric of a run over its steps, reduced to a number of columns."
    ),
    reading!(
        "list_workers",
        workers::Nothing,
        workers::list,
        "The machines: presence, what they have, how many runs they have now."
    ),
    reading!(
        "get_worker",
        workers::OfWorker,
        workers::show,
        "One worker with its machine and its last runs."
    ),
    reading!(
        "get_costs",
        workers::Costs,
        workers::costs,
        "What runs cost in money, energy and CO2: of one experiment, or told apart by experiment, model or person."
    ),
    reading!(
        "get_credits",
        economy::OfPerson,
        economy::credits,
        "Credits of a person, your own unless one is named: balance, held, escrow, earned. Who earned most, too."
    ),
    reading!(
        "list_checks",
        economy::Checks,
        economy::checks,
        "Results that were run again by others: why, how far, what was found, with the evidence in a sentence."
    ),
    reading!(
        "list_owners",
        workers::Nothing,
        economy::owners,
        "Owners of workers: what was found wrong of theirs, bans with reasons, trust by class of machine."
    ),
    reading!(
        "summarize_experiment",
        experiments::OfExperiment,
        findings::summary,
        "What the results of an experiment say: best, mean with deviation, counts, what was left out and why."
    ),
    reading!(
        "compare",
        findings::Compare,
        findings::compare,
        "Experiments or runs held against each other: means with 95 % intervals, the difference, whether noise could have done it."
    ),
    reading!(
        "parameter_importance",
        experiments::OfExperiment,
        findings::importance,
        "How much of the objective's variance each parameter explains."
    ),
    reading!(
        "explain_failure",
        runs::OfRun,
        findings::failure,
        "Why a run has no result: the reason, the end of its log, its surroundings, and whether others of its experiment failed so."
    ),
    reading!(
        "check_brief",
        changes::BriefDraft,
        changes::check_brief,
        "Whether a brief can be submitted, what it would search, and about what it would cost; every mistake is named."
    ),
    reading!(
        "write_report",
        findings::WriteReport,
        findings::report,
        "A report in Markdown on an experiment, or on several held against each other: question, set-up, results with intervals, what failed, cost, next steps."
    ),
    changing!(
        "keep_report",
        findings::WriteReport,
        findings::keep_report,
        "Writes such a report and keeps it, where it never changes."
    ),
    changing!(
        "submit_brief",
        changes::BriefDraft,
        changes::submit_brief,
        "Submits a brief: a family of tasks that workers then run."
    ),
    changing!(
        "create_experiment",
        changes::NewExperiment,
        changes::create_experiment,
        "Makes an experiment of one configuration. It has no runs before it is started."
    ),
    destructive!(
        "update_experiment",
        changes::EditExperiment,
        changes::update_experiment,
        "Changes what the next runs of an experiment will be; those that there are stay as they are."
    ),
    changing!(
        "start_run",
        changes::StartRun,
        changes::start,
        "Starts an experiment: makes one run or several."
    ),
    destructive!(
        "cancel_run",
        runs::OfRun,
        changes::cancel_run,
        "Stops a run for good."
    ),
    destructive!(
        "cancel_experiment",
        experiments::OfExperiment,
        changes::cancel_experiment,
        "Stops all that waits or runs of an experiment."
    ),
    changing!(
        "retry_run",
        runs::OfRun,
        changes::retry_run,
        "Runs it again: another attempt where it has no result, otherwise a new task with the same configuration."
    ),
];

impl Tool {
    /// The JSON schema of its arguments.
    pub fn schema(&self) -> Value {
        let mut schema = (self.schema)();
        if self.is_change {
            schema["properties"]["dry_run"] = json!({
                "type": "boolean",
                "default": false,
                "description": "Only say what would happen.",
            });
        }
        schema
    }
}

/// The tool of a name, which may be another one's alias.
pub fn find(name: &str) -> Option<&'static Tool> {
    let name = ALIASES
        .iter()
        .find(|(alias, _)| *alias == name)
        .map_or(name, |(_, name)| *name);
    TOOLS.iter().find(|tool| tool.name == name)
}

/// Every alias with the tool that it leads to.
pub fn aliases() -> impl Iterator<Item = (&'static str, &'static Tool)> {
    ALIASES
        .iter()
        .filter_map(|(alias, name)| Some((*alias, find(name)?)))
}

/// Calls a tool.
pub fn call(
    hub: &Hub,
    index: &Index,
    caller: &Caller,
    (name, arguments): (&str, &Map<String, Value>),
    mode: Mode,
) -> Result<Value, Refused> {
    let tool = find(name).ok_or_else(|| Refused::no_tool(name))?;
    if !caller.role.includes(tool.role) {
        return Err(Refused::Role {
            tool: tool.name,
            needed: tool.role,
        });
    }
    let mut arguments = renamed(arguments);
    let mut is_dry = mode == Mode::DryRun;
    if tool.is_change {
        is_dry |= dry_run(arguments.shift_remove("dry_run"))?;
    }
    let desk = Desk {
        hub,
        index,
        caller,
        is_dry,
    };
    let mut found = (tool.run)(&desk, &arguments)?;
    if tool.is_change {
        found = found.with("dry_run", is_dry);
    }
    Ok(found.bounded(tool.bytes_max))
}

fn read<A: Arguments>(given: &Map<String, Value>) -> Result<A, Refused> {
    A::read(given).map_err(Refused::Arguments)
}

fn renamed(arguments: &Map<String, Value>) -> Map<String, Value> {
    let name = |name: &String| {
        let alias = ARGUMENT_ALIASES.iter().find(|(alias, _)| alias == name);
        alias.map_or_else(|| name.clone(), |(_, name)| (*name).to_owned())
    };
    arguments
        .iter()
        .map(|(key, value)| (name(key), value.clone()))
        .collect()
}

fn dry_run(said: Option<Value>) -> Result<bool, Refused> {
    match said {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(is_dry)) => Ok(is_dry),
        Some(_) => {
            let message = "is neither true nor false; give one of them";
            Err(Refused::Arguments(vec![FieldError::new(
                "dry_run", message,
            )]))
        }
    }
}

impl Refused {
    fn no_tool(name: &str) -> Self {
        let wanted: Vec<char> = name.chars().take(64).collect();
        let distance = |tool: &&Tool| {
            let known: Vec<char> = tool.name.chars().collect();
            crate::catalogue::slips(&wanted, &known, 4)
        };
        let like = TOOLS.iter().filter(|tool| distance(tool).is_some());
        let nearest = like.min_by_key(distance).map(|tool| tool.name);
        Self::NoTool(cupola_domain::text::excerpt(name), nearest)
    }
}

impl From<HubError> for Refused {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Invalid(errors) => Self::Arguments(errors),
            error => Self::Hub(error),
        }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoTool(name, None) => write!(f, "there is no tool `{name}`"),
            Self::NoTool(name, Some(nearest)) => {
                write!(f, "there is no tool `{name}`; did you mean `{nearest}`?")
            }
            Self::Arguments(errors) => {
                let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
                f.write_str(&errors.join("; "))
            }
            Self::Role { tool, needed } => write!(f, "`{tool}` needs the role `{needed}`"),
            Self::Hub(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Refused {}
