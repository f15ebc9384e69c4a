//! `runs/*`, except what is logged to them.

mod query;
mod search;

use axum::{Json, extract::State};
use cupola_domain::{counts::State as Word, ids::RunId, provenance::Provenance, time::Timestamp};
use cupola_hub::{
    Hub, HubError,
    logged::{Course, KnownRun, LoggedBatch, NewLogged, RUN_NAME_TAG},
};
use serde::{Deserialize, Serialize};

use super::{
    Error, PROGRAM_READS, PROGRAM_WRITES, READS, WRITES,
    body::{self, Body, Long, Text},
    experiments::{DEFAULT_ID, Tag, meant, pairs},
    logging::{run_in, run_of},
    names,
    wire::{self, Done, USER_TAG},
};
use crate::{
    auth::{ClientResearcher, ClientViewer, Researcher},
    params::Params,
    router::Routes,
    state::{Web, hub_call},
};

pub(super) fn routes() -> Routes {
    Routes::new()
        .post("/api/2.0/mlflow/runs/create", PROGRAM_WRITES, create)
        .get("/api/2.0/mlflow/runs/get", PROGRAM_READS, get)
        .post("/api/2.0/mlflow/runs/update", PROGRAM_WRITES, update)
        .post("/api/2.0/mlflow/runs/delete", WRITES, delete)
        .post("/api/2.0/mlflow/runs/restore", WRITES, restore)
        .post("/api/2.0/mlflow/runs/search", READS, search::search)
}

/// Clients name the run here in which another is nested.
const PARENT_TAG: &str = "mlflow.parentRunId";

#[derive(Debug, Serialize)]
struct One {
    run: wire::Run,
}

#[derive(Debug, Deserialize)]
struct Create<'a> {
    #[serde(borrow)]
    experiment_id: Option<Text<'a>>,
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
    #[serde(borrow)]
    run_name: Option<Text<'a>>,
    start_time: Option<Long>,
    #[serde(borrow)]
    tags: Option<Vec<Tag<'a>>>,
}

/// What a client wants to begin, checked.
struct Begun {
    experiment: String,
    name: String,
    tags: Vec<(String, String)>,
    started_at: Option<Timestamp>,
}

impl Create<'_> {
    fn read(self) -> Result<Begun, Error> {
        let mut tags = pairs(self.tags, "tags", names::check_tag)?;
        let named = tags.iter().find(|(key, _)| key == RUN_NAME_TAG);
        let named = named.map(|(_, name)| name.clone()).unwrap_or_default();
        let name = self.run_name.map(Text::into_owned).unwrap_or_default();
        names::check_tag(&name, "run_name")?;
        if !name.is_empty() && !named.is_empty() && name != named {
            let why = format!("'{name}' is not what the tag {RUN_NAME_TAG} says, '{named}'");
            return Err(Error::of_field("run_name", why));
        }
        tags.retain(|(key, _)| key != RUN_NAME_TAG);
        if let Some(user) = self.user_id.filter(|user| !user.is_empty())
            && !tags.iter().any(|(key, _)| key == USER_TAG)
        {
            names::check_tag(&user, "user_id")?;
            tags.push((USER_TAG.to_owned(), user.into_owned()));
        }
        let experiment = self.experiment_id.filter(|id| !id.is_empty());
        Ok(Begun {
            experiment: experiment.map_or_else(|| DEFAULT_ID.to_owned(), Text::into_owned),
            name: if name.is_empty() { named } else { name },
            tags,
            started_at: moment(self.start_time, "start_time")?,
        })
    }
}

/// A point in time; 0 is nothing.
fn moment(millis: Option<Long>, field: &str) -> Result<Option<Timestamp>, Error> {
    let Some(Long(millis)) = millis.filter(|millis| millis.0 != 0) else {
        return Ok(None);
    };
    let at = Timestamp::from_millis(millis);
    if at.is_in_calendar() {
        return Ok(Some(at));
    }
    let why = format_args!("{millis} is not in milliseconds since 1970");
    Err(Error::of_field(field, why))
}

async fn create(
    State(web): State<Web>,
    ClientResearcher(who): ClientResearcher,
    body: Body,
) -> Result<Json<One>, Error> {
    let begun = body.read::<Create<'_>>()?.read()?;
    let made = hub_call(&web, move |hub| {
        if let Some(program) = who.program() {
            return go_on(hub, program.run, begun);
        }
        let run = hub.open_logged_run(NewLogged {
            experiment: meant(hub, &begun.experiment, &who)?,
            name: begun.name,
            started_at: begun.started_at,
            params: Vec::new(),
            tags: begun.tags,
            provenance: Provenance::Measured,
        })?;
        hub.known_run(run.id)
    });
    Ok(Json(One {
        run: made.await?.into(),
    }))
}

/// A program that begins a run goes on with its own: what it says of it is noted.
fn go_on(hub: &Hub, run: RunId, begun: Begun) -> Result<KnownRun, HubError> {
    if begun.tags.iter().any(|(key, _)| key == PARENT_TAG) {
        let message = "the program of a run logs into that run alone; nested runs need the token \
                       of a person";
        return Err(HubError::Forbidden(message.to_owned()));
    }
    let mut tags = begun.tags;
    if !begun.name.is_empty() {
        tags.push((RUN_NAME_TAG.to_owned(), begun.name));
    }
    if !tags.is_empty() {
        hub.log_to_run(
            run,
            LoggedBatch {
                tags,
                ..LoggedBatch::default()
            },
        )?;
    }
    hub.known_run(run)
}

async fn get(
    State(web): State<Web>,
    ClientViewer(who): ClientViewer,
    params: Params,
) -> Result<Json<One>, Error> {
    let run = run_in(&params, &who)?;
    let known = hub_call(&web, move |hub| hub.known_run(run));
    Ok(Json(One {
        run: known.await?.into(),
    }))
}

#[derive(Debug, Deserialize)]
struct Update<'a> {
    #[serde(borrow)]
    run_id: Option<Text<'a>>,
    #[serde(borrow)]
    run_uuid: Option<Text<'a>>,
    status: Option<body::Word>,
    end_time: Option<Long>,
    #[serde(borrow)]
    run_name: Option<Text<'a>>,
}

#[derive(Debug, Serialize)]
struct Updated {
    run_info: wire::Info,
}

async fn update(
    State(web): State<Web>,
    ClientResearcher(who): ClientResearcher,
    body: Body,
) -> Result<Json<Updated>, Error> {
    let asked: Update<'_> = body.read()?;
    let run = run_of(asked.run_id, asked.run_uuid, &who)?;
    let name = asked.run_name.filter(|name| !name.is_empty());
    if let Some(name) = &name {
        names::check_tag(name, "run_name")?;
    }
    let course = Course {
        // How a program ends, its worker says.
        state: status(asked.status.as_deref())?.filter(|_| who.program().is_none()),
        ended_at: moment(asked.end_time, "end_time")?,
        name: name.map(Text::into_owned),
    };
    let updated = hub_call(&web, move |hub| hub.update_logged_run(run, course)).await?;
    Ok(Json(Updated {
        run_info: wire::Info::of(&updated),
    }))
}

/// The state that a status means, by its word or its number.
fn status(text: Option<&str>) -> Result<Option<Word>, Error> {
    const NUMBERS: [&str; 5] = ["RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"];
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let numbered = text
        .parse::<usize>()
        .ok()
        .and_then(|number| number.checked_sub(1));
    let word = numbered
        .and_then(|at| NUMBERS.get(at).copied())
        .unwrap_or(text);
    let wrong = || {
        let known = NUMBERS.join(", ");
        Error::of_field("status", format_args!("'{text}' is none of {known}"))
    };
    wire::state(word).map(Some).ok_or_else(wrong)
}

#[derive(Debug, Deserialize)]
struct Change<'a> {
    #[serde(borrow)]
    run_id: Option<Text<'a>>,
}

impl Change<'_> {
    fn run(self) -> Result<RunId, Error> {
        let id = body::required(self.run_id, "run_id")?;
        id.parse().map_err(|_| Error::unknown("run", &id))
    }
}

async fn delete(
    State(web): State<Web>,
    Researcher(_): Researcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let run = body.read::<Change<'_>>()?.run()?;
    hub_call(&web, move |hub| hub.remove_logged_run(run)).await?;
    Ok(Json(Done {}))
}

async fn restore(
    State(web): State<Web>,
    Researcher(_): Researcher,
    body: Body,
) -> Result<Json<Done>, Error> {
    let run = body.read::<Change<'_>>()?.run()?;
    hub_call(&web, move |hub| hub.restore_logged_run(run)).await?;
    Ok(Json(Done {}))
}
