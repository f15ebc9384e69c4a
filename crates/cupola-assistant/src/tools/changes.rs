//! Tools that change something. Each says what would happen in the words in which it then says what did.

use cupola_domain::{
    brief::Draft, counts::State, credits::Credits, field::FieldError, ledger::Credit, task::Config,
};
use cupola_hub::experiments::ExperimentDraft;
use serde_json::{Map, Value, json};

use super::{
    Desk, Refused,
    answer::{Found, all_given, said},
    arguments::{Count, arguments},
    experiments::OfExperiment,
    runs::OfRun,
};
use crate::{facts, intent::START_RUNS_MAX, links, numbers::plural};

arguments! {
    /// A brief.
    BriefDraft {
        /// What is to be found out, in a sentence.
        goal: String,
        /// Its name in a line; the beginning of the goal where nothing is said.
        title: Option<String>,
        /// What may not happen.
        constraints: Option<String>,
        /// The template that its tasks run.
        template: String,
        /// How many tasks.
        num_tasks: Count<1, 1_000_000, 20>,
        /// How many seconds each may take.
        time_budget_secs: Count<1, 31_536_000, 600>,
        /// The class of machine: `small`, `medium` or `large`.
        hardware: Option<String>,
        /// `same` keeps all tasks to machines that compute the same bits; `any` where nothing is said.
        device_class: Option<String>,
        /// How many credits it may cost; no limit where nothing is said.
        budget_credits: Option<String>,
        /// How urgent its tasks are beside others of yours; higher goes first, 0 where nothing is said.
        priority: Option<i64>,
        /// The sampler: `random`, `grid` or `quasi_random`.
        sampler: Option<String>,
        /// Which of the sampler's sequences.
        study_seed: Option<i64>,
        /// What is searched in place of the template's own: parameter to expression, as `log_uniform(1e-4, 1e-2)`.
        space: Option<Map<String, Value>>,
    }
}

arguments! {
    /// An experiment to be made.
    NewExperiment {
        /// Its name.
        name: String,
        /// The template that it runs.
        template: String,
        /// In your words.
        description: Option<String>,
        /// The configuration; the template's defaults fill in what is left out.
        configuration: Option<Map<String, Value>>,
    }
}

arguments! {
    /// An experiment to be changed.
    EditExperiment {
        /// The experiment.
        id: String,
        /// Its new name.
        name: Option<String>,
        /// Its new description.
        description: Option<String>,
        /// Its new configuration, all of it.
        configuration: Option<Map<String, Value>>,
    }
}

arguments! {
    /// An experiment to be started.
    StartRun {
        /// The experiment.
        experiment_id: String,
        /// How many runs.
        runs: Count<1, START_RUNS_MAX, 1>,
    }
}

pub(super) fn check_brief(desk: &Desk<'_>, given: &BriefDraft) -> Result<Found, Refused> {
    match checked(desk, &draft_of(given)) {
        Ok(found) => Ok(found.with("valid", true)),
        Err(Refused::Arguments(errors)) => {
            let errors: Vec<Value> = errors
                .iter()
                .map(|error| json!({"field": said(&error.field), "message": said(&error.message)}))
                .collect();
            Ok(Found::default().with("valid", false).with("errors", errors))
        }
        Err(refused) => Err(refused),
    }
}

pub(super) fn submit_brief(desk: &Desk<'_>, given: &BriefDraft) -> Result<Found, Refused> {
    let draft = draft_of(given);
    if desk.is_dry {
        return checked(desk, &draft).map(|found| found.with("would", "submit this brief"));
    }
    let detail = desk.hub.submit_brief(&draft, &desk.caller.name)?;
    Ok(Found::default()
        .with("done", "submitted the brief")
        .with("brief_id", detail.brief.id.to_string())
        .with("experiment_id", detail.family.id.to_string())
        .with("title", said(&detail.brief.wanted.title))
        .with("name", said(&detail.family.name))
        .with("link", links::experiment(&detail.family)))
}

pub(super) fn create_experiment(desk: &Desk<'_>, given: &NewExperiment) -> Result<Found, Refused> {
    let draft = ExperimentDraft {
        name: given.name.clone(),
        description: given.description.clone().unwrap_or_default(),
        template: given.template.clone(),
        config: given.configuration.clone().unwrap_or_default(),
        ..ExperimentDraft::default()
    };
    if desk.is_dry {
        let checked = desk.hub.check_experiment(&draft)?;
        let found = Found::default()
            .with("would", "make this experiment")
            .with("name", said(&checked.name));
        return Ok(found.with("configuration", all_given(&checked.setup.config)));
    }
    let detail = desk.hub.create_experiment(&draft, &desk.caller.name)?;
    Ok(Found::default()
        .with("done", "made the experiment")
        .with("id", detail.experiment.id.to_string())
        .with("name", said(&detail.experiment.name))
        .with("link", links::experiment(&detail.experiment)))
}

pub(super) fn update_experiment(desk: &Desk<'_>, given: &EditExperiment) -> Result<Found, Refused> {
    let id = desk.experiment(&given.id)?;
    let before = desk.hub.draft_of_experiment(id)?;
    let config: Config = given
        .configuration
        .clone()
        .unwrap_or_else(|| before.config.clone());
    let draft = ExperimentDraft {
        name: given.name.clone().unwrap_or_else(|| before.name.clone()),
        description: given
            .description
            .clone()
            .unwrap_or_else(|| before.description.clone()),
        config,
        ..before
    };
    if desk.is_dry {
        let checked = desk.hub.check_edit(id, &draft)?;
        let found = Found::default()
            .with("would", "change the experiment to this")
            .with("name", said(&checked.name));
        return Ok(found.with("configuration", all_given(&checked.setup.config)));
    }
    let detail = desk.hub.update_experiment(id, &draft)?;
    Ok(Found::default()
        .with("done", "changed the experiment")
        .with("id", id.to_string())
        .with("link", links::experiment(&detail.experiment)))
}

pub(super) fn start(desk: &Desk<'_>, given: &StartRun) -> Result<Found, Refused> {
    let id = desk.experiment(&given.experiment_id)?;
    let runs = given.runs.0;
    let by = (desk.caller.owner.as_str(), desk.caller.role);
    desk.hub.refuse_spending(id, by)?;
    if desk.is_dry {
        let detail = desk.hub.experiment_detail(id)?;
        desk.hub
            .check_experiment(&desk.hub.draft_of_experiment(id)?)?;
        if detail.experiment.origin.brief().is_some() {
            let message = "is a family, whose tasks its brief makes; submit another brief";
            return Err(Refused::Arguments(vec![FieldError::new(
                "experiment_id",
                message,
            )]));
        }
        return Ok(Found::default()
            .with("would", format!("start {runs} of this experiment"))
            .with("name", said(&detail.experiment.name))
            .with("configuration", all_given(&detail.experiment.setup.config)));
    }
    let made = desk.hub.start_experiment(id, runs)?;
    let made: Vec<Value> = made
        .iter()
        .map(|run| json!({"id": run.to_string(), "link": links::run(*run)}))
        .collect();
    let total = made.len() as u64;
    Ok(Found::default()
        .with("done", format!("started {}", plural(runs.into(), "run")))
        .rows("runs", made, 0, Some(total)))
}

pub(super) fn cancel_run(desk: &Desk<'_>, given: &OfRun) -> Result<Found, Refused> {
    let id = desk.run(&given.id)?;
    if desk.is_dry {
        let state = desk.hub.run_detail(id)?.run.state.word();
        if state.is_terminal() {
            let message = format!("run `{id}` is already {state}");
            return Err(Refused::Hub(cupola_hub::HubError::Conflict(message)));
        }
        return Ok(Found::default()
            .with("would", "stop this run for good")
            .with("run_id", id.to_string()));
    }
    let run = desk.hub.cancel_run(id)?;
    Ok(Found::default()
        .with("done", "asked the run to stop")
        .with("run_id", id.to_string())
        .with("status", run.state.word().as_str())
        .with("link", links::run(id)))
}

pub(super) fn cancel_experiment(desk: &Desk<'_>, given: &OfExperiment) -> Result<Found, Refused> {
    let id = desk.experiment(&given.id)?;
    let counts = desk.hub.experiment_detail(id)?.experiment.counts;
    let (pending, running) = (counts.of(State::Pending), counts.of(State::Running));
    let what = format!("{pending} that wait and {running} that run");
    if desk.is_dry {
        return Ok(Found::default()
            .with("would", format!("stop {what}"))
            .with("pending", pending)
            .with("running", running));
    }
    let experiment = desk.hub.cancel_experiment(id)?;
    Ok(Found::default()
        .with("done", format!("stopped {what}"))
        .with("id", id.to_string())
        .with("link", links::experiment(&experiment)))
}

pub(super) fn retry_run(desk: &Desk<'_>, given: &OfRun) -> Result<Found, Refused> {
    let id = desk.run(&given.id)?;
    let by = (desk.caller.owner.as_str(), desk.caller.role);
    desk.hub.refuse_spending_on_run(id, by)?;
    if desk.is_dry {
        let detail = desk.hub.run_detail(id)?;
        let would = match detail.task.state.word() {
            State::Failed | State::Cancelled => "make another attempt at this task",
            State::Completed => "make a new task with the same configuration and seed",
            state => {
                let message =
                    format!("task of run `{id}` is {state}; only what has ended is tried again");
                return Err(Refused::Hub(cupola_hub::HubError::Conflict(message)));
            }
        };
        return Ok(Found::default()
            .with("would", would)
            .with("run_id", id.to_string()));
    }
    let run = desk.hub.retry_run(id)?;
    Ok(Found::default()
        .with("done", "made another run")
        .with("run_id", run.id.to_string())
        .with("link", links::run(run.id)))
}

/// A draft as the hub reads it, with the defaults of the form.
fn draft_of(given: &BriefDraft) -> Draft {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let whole = |number: Option<i64>| number.map_or(String::new(), |number| number.to_string());
    Draft {
        title: text(&given.title),
        goal: given.goal.clone(),
        constraints: text(&given.constraints),
        template: given.template.clone(),
        budget_credits: text(&given.budget_credits),
        hardware: given.hardware.clone().unwrap_or_else(|| "small".to_owned()),
        device_class: text(&given.device_class),
        num_tasks: given.num_tasks.0.to_string(),
        time_budget: given.time_budget_secs.0.to_string(),
        sampler: given.sampler.clone().unwrap_or_else(|| "random".to_owned()),
        priority: whole(given.priority),
        study_seed: whole(given.study_seed),
        space: given.space.clone().unwrap_or_default(),
    }
}

/// A budget that whoever submits the brief does not have is refused there, where people may owe nothing.
fn refuse_unpayable(desk: &Desk<'_>, budget: Option<Credits>) -> Result<(), Refused> {
    let Some(budget) = budget.filter(|_| desk.hub.economy().people() == Credit::None) else {
        return Ok(());
    };
    let owner = desk.caller.owner.as_str();
    let available = facts::statement(desk.hub, desk.caller, owner)?
        .balance
        .available();
    if available >= budget {
        return Ok(());
    }
    let message = format!("is {budget}, and `{owner}` has {available} credits; choose no more");
    Err(Refused::Arguments(vec![FieldError::new(
        "budget_credits",
        message,
    )]))
}

fn checked(desk: &Desk<'_>, draft: &Draft) -> Result<Found, Refused> {
    let (wanted, template, _, _) = desk.hub.check_draft(draft)?;
    refuse_unpayable(desk, wanted.budget)?;
    let profiles = desk.hub.profiles();
    let hardware = profiles.find(&wanted.hardware).map_err(|message| {
        let wrong = FieldError::new("hardware", message);
        Refused::Hub(cupola_hub::HubError::Invalid(vec![wrong]))
    })?;
    let needs = template.needs.and(&hardware.needs);
    let planned = desk
        .hub
        .planned_cost(&needs, wanted.num_tasks, wanted.time_budget);
    let cost = planned.map(|planned| {
        json!({
            "least": planned.least.units(),
            "most": planned.most.units(),
            "currency": desk.hub.prices().currency,
            "workers": planned.workers,
        })
    });
    let price = desk.hub.economy().price(wanted.time_budget, &needs);
    Ok(Found::default()
        .with("title", said(&wanted.title))
        .with("goal", said(&wanted.goal))
        .with("template", wanted.template.as_str())
        .with("num_tasks", wanted.num_tasks)
        .with("time_budget_secs", wanted.time_budget.as_secs_f64())
        .with("hardware", wanted.hardware.as_str())
        .with("sampler", wanted.sampler.as_str())
        .with("priority", wanted.priority)
        .with("space", all_given(&wanted.space))
        .with("credits_per_task", price.to_string())
        .with_some("planned_cost", cost))
}
