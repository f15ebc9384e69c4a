//! Tools about experiments and templates.

use cupola_domain::{
    counts::{Counts, State},
    experiment::Experiment,
    template::Template,
};
use cupola_hub::experiments::{ExperimentQuery, ExperimentSort};
use serde_json::{Map, Value, json};

use super::{
    Desk, Refused,
    answer::{Found, all_given, said, time},
    arguments::{Limit, Offset, arguments},
    workers::{Nothing, money},
};

arguments! {
    /// Which experiments are listed.
    ListExperiments {
        /// Only those whose name or id contains this.
        search: Option<String>,
        /// Only those in this state: `pending`, `running`, `completed`, `failed` or `cancelled`.
        state: Option<String>,
        /// How many.
        limit: Limit,
        /// How many to pass over.
        offset: Offset,
    }
}

arguments! {
    /// One experiment.
    OfExperiment {
        /// The id of an experiment or a family, or its name.
        id: String,
    }
}

arguments! {
    /// One template.
    OfTemplate {
        /// Its name.
        template: String,
    }
}

arguments! {
    /// A configuration to be checked.
    CheckConfig {
        /// The name of the template.
        template: String,
        /// The configuration.
        configuration: Map<String, Value>,
    }
}

pub(super) fn list(desk: &Desk<'_>, given: &ListExperiments) -> Result<Found, Refused> {
    let state = given
        .state
        .as_deref()
        .map(str::parse::<State>)
        .transpose()
        .map_err(|message| {
            Refused::Arguments(vec![cupola_domain::field::FieldError::new(
                "state", message,
            )])
        })?;
    let query = ExperimentQuery {
        with_families: true,
        origin: None,
        template: None,
        state,
        search: given.search.clone().unwrap_or_default(),
        sort: ExperimentSort::default(),
        descending: true,
        limit: i64::from(given.limit.0),
        offset: i64::from(given.offset.0),
    };
    let (rows, total) = desk.hub.list_experiments(&query)?;
    let rows = rows
        .iter()
        .map(|row| Value::Object(row_of(&row.experiment)))
        .collect();
    Ok(Found::default().rows("experiments", rows, u64::from(given.offset.0), Some(total)))
}

pub(super) fn show(desk: &Desk<'_>, given: &OfExperiment) -> Result<Found, Refused> {
    let id = desk.experiment(&given.id)?;
    let detail = desk.hub.experiment_detail(id)?;
    let experiment = &detail.experiment;
    let mut found = Found::default();
    for (name, value) in row_of(experiment) {
        found = found.with(&name, value);
    }
    let objective = experiment.objective.as_ref().map(|objective| {
        json!({"metric": objective.metric, "direction": objective.direction.as_str(), "unit": objective.unit})
    });
    found = found
        .with("description", said(&experiment.description))
        .with("runs", detail.runs)
        .with("configuration", all_given(&experiment.setup.config))
        .with(
            "time_budget_secs",
            experiment.setup.time_budget.as_secs_f64(),
        )
        .with_some("objective", objective)
        .with_some(
            "waits_because",
            Some(detail.obstacle.as_str())
                .filter(|why| !why.is_empty())
                .map(said),
        )
        .with(
            "cost",
            money(&detail.spending.total, &detail.spending.currency),
        );
    if experiment.origin.brief().is_some() {
        let family = desk.hub.family_detail(id)?;
        if let Some(brief) = family.brief {
            found = found
                .with("brief_id", brief.id.to_string())
                .with("title", said(&brief.wanted.title))
                .with("goal", said(&brief.wanted.goal))
                .with("sampler", brief.wanted.sampler)
                .with("space", all_given(&brief.wanted.space));
        }
    }
    Ok(found)
}

pub(super) fn templates(desk: &Desk<'_>, _: &Nothing) -> Result<Found, Refused> {
    let list = desk.hub.template_list()?;
    let rows: Vec<Value> = list
        .rows
        .iter()
        .map(|row| {
            let template = &row.template;
            json!({
                "name": template.name,
                "module": template.name,
                "description": said(&template.description),
                "has_config_schema": !template.schema.fields.is_empty(),
                "objective": template.objective.as_ref().map(|objective| objective.metric.clone()),
                "experiments": row.experiments,
            })
        })
        .collect();
    let total = rows.len() as u64;
    Ok(Found::default().rows("templates", rows, 0, Some(total)))
}

pub(super) fn template(desk: &Desk<'_>, given: &OfTemplate) -> Result<Found, Refused> {
    let template: std::sync::Arc<Template> = desk.hub.find_template(&given.template)?;
    Ok(Found::default()
        .with("name", template.name.as_str())
        .with("title", said(&template.title))
        .with("description", said(&template.description))
        .with(
            "schema",
            cupola_domain::schema::json_schema::to_json(&template.schema, &template.title),
        )
        .with("space", all_given(&template.space)))
}

pub(super) fn check_config(desk: &Desk<'_>, given: &CheckConfig) -> Result<Found, Refused> {
    desk.hub.find_template(&given.template)?;
    Ok(
        match desk.hub.check_config(&given.template, &given.configuration) {
            Ok(config) => Found::default()
                .with("valid", true)
                .with("configuration", all_given(&config)),
            Err(cupola_hub::HubError::Invalid(errors)) => {
                let errors: Vec<Value> = errors
                .iter()
                .map(|error| json!({"field": said(&error.field), "message": said(&error.message)}))
                .collect();
                Found::default().with("valid", false).with("errors", errors)
            }
            Err(error) => return Err(error.into()),
        },
    )
}

/// What is said of an experiment wherever it is said.
pub(super) fn row_of(experiment: &Experiment) -> Map<String, Value> {
    let is_family = experiment.origin.brief().is_some();
    let row = json!({
        "id": experiment.id.to_string(),
        "name": said(&experiment.name),
        "kind": if is_family { "family" } else { "experiment" },
        "template": experiment.template,
        "status": experiment.state().as_str(),
        "tasks": counts(&experiment.counts),
        "author": said(&experiment.author),
        "created_at": time(experiment.created_at),
        "link": crate::links::experiment(experiment),
    });
    match row {
        Value::Object(row) => row,
        _ => Map::new(),
    }
}

pub(super) fn counts(counts: &Counts) -> Value {
    let each = State::ALL
        .iter()
        .map(|state| (state.as_str().to_owned(), counts.of(*state).into()));
    Value::Object(each.collect())
}
