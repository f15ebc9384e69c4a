//! Reports: as they would be now, and those that are kept; as JSON, Markdown or HTML.

use std::str::FromStr;

use axum::{
    Json,
    body::Body as Bytes,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use cupola_assistant::report::{self, html, markdown, named};
use cupola_domain::{
    access::{Principal, Role},
    experiment::Experiment,
    field::FieldError,
    ids::{ExperimentId, ReportId, ReportScheduleId},
    report::Schedule,
};
use cupola_hub::{Hub, HubError, reports::Kept};
use cupola_protocol::{
    paths::api,
    reports::{KeptReportBody, NewReport, NewReportSchedule, ReportDetail, ReportScheduleBody},
    time::Time,
};
use cupola_report::Report;

use super::{as_download, assistant::refused, body::Body};
use crate::{
    auth::{Access, Researcher, Viewer},
    error::ApiError,
    params::{Listing, Params},
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::answer::Address,
};

pub(super) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    let researcher = Access::Role(Role::Researcher);
    Routes::new()
        .get(api::REPORTS, viewer, index)
        .post(api::REPORTS, researcher, create)
        .get(api::REPORT_NOW, viewer, now)
        .get(api::REPORT_SCHEDULES, viewer, schedules)
        .post(api::REPORT_SCHEDULES, researcher, create_schedule)
        .delete(api::REPORT_SCHEDULE, researcher, destroy_schedule)
        .get(api::REPORT, viewer, show)
        .delete(api::REPORT, researcher, destroy)
}

/// What a report is given as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// The document with its data.
    Json,
    /// Text.
    Markdown,
    /// One file for a browser.
    Html,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "json" => Ok(Self::Json),
            "markdown" => Ok(Self::Markdown),
            "html" => Ok(Self::Html),
            other => Err(format!("is `{other}`; choose `json`, `markdown` or `html`")),
        }
    }
}

async fn index(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Response, ApiError> {
    let listing = Listing::read(&mut params);
    let of: Option<ExperimentId> = params.parsed("experiment");
    params.finish()?;
    let (found, total) = listing.cut(hub_call(&web, move |hub| hub.list_reports(of)).await?);
    Ok(listing.answer(found.iter().map(body).collect(), total))
}

async fn create(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Body(new): Body<NewReport>,
) -> Result<(StatusCode, Json<KeptReportBody>), ApiError> {
    let kept = kept(&web, who, new.subjects).await?;
    Ok((StatusCode::CREATED, Json(body(&kept))))
}

/// The report as it would be now; nothing is kept.
async fn now(
    State(web): State<Web>,
    _: Viewer,
    Address(base): Address,
    mut params: Params,
) -> Result<Response, ApiError> {
    let format = params.parsed("format").unwrap_or(Format::Json);
    let called: Vec<String> = params.each("of");
    params.finish()?;
    let report = hub_call(&web, {
        let desk = web.assistant();
        move |hub| {
            let ids = report::subjects(hub, &desk.index, &called).map_err(refused)?;
            report::write(hub, &ids)
        }
    });
    Ok(answer(&report.await?, format, &base))
}

async fn show(
    State(web): State<Web>,
    _: Viewer,
    Address(base): Address,
    Id(id): Id<ReportId>,
    mut params: Params,
) -> Result<Response, ApiError> {
    let format: Option<Format> = params.parsed("format");
    params.finish()?;
    let (kept, report) = hub_call(&web, move |hub| found(hub, id)).await?;
    if let Some(format) = format.filter(|format| *format != Format::Json) {
        return Ok(answer(&report, format, &base));
    }
    let document =
        serde_json::to_value(&report).map_err(|error| HubError::Internal(error.into()))?;
    let report = body(&kept);
    Ok(Json(ReportDetail { report, document }).into_response())
}

async fn destroy(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ReportId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.delete_report(id, &who)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn schedules(
    State(web): State<Web>,
    _: Viewer,
    listing: Listing,
) -> Result<Response, ApiError> {
    let (found, total) = listing.cut(hub_call(&web, Hub::list_report_schedules).await?);
    let bodies = hub_call(&web, move |hub| {
        found.iter().map(|one| schedule_body(hub, one)).collect()
    });
    Ok(listing.answer(bodies.await?, total))
}

async fn create_schedule(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Body(new): Body<NewReportSchedule>,
) -> Result<(StatusCode, Json<ReportScheduleBody>), ApiError> {
    let made = scheduled(&web, who, new.subjects, &new.every).await?;
    let body = hub_call(&web, move |hub| schedule_body(hub, &made)).await?;
    Ok((StatusCode::CREATED, Json(body)))
}

async fn destroy_schedule(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ReportScheduleId>,
) -> Result<StatusCode, ApiError> {
    hub_call(&web, move |hub| hub.delete_report_schedule(id, &who)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes a report and keeps it.
pub(crate) async fn kept(web: &Web, who: Principal, called: Vec<String>) -> Result<Kept, HubError> {
    let desk = web.assistant();
    hub_call(web, move |hub| {
        let subjects = report::subjects(hub, &desk.index, &called).map_err(refused)?;
        report::keep(hub, subjects, (&who.name, &who.owner))
    })
    .await
}

/// Makes a schedule.
pub(crate) async fn scheduled(
    web: &Web,
    who: Principal,
    called: Vec<String>,
    every: &str,
) -> Result<Schedule, HubError> {
    let wrong = |message| HubError::Invalid(vec![FieldError::new("every", message)]);
    let when = every.parse().map_err(wrong)?;
    let desk = web.assistant();
    hub_call(web, move |hub| {
        let subjects = report::subjects(hub, &desk.index, &called).map_err(refused)?;
        hub.create_report_schedule(subjects, when, &who)
    })
    .await
}

/// A report that is kept.
pub(crate) fn found(hub: &Hub, id: ReportId) -> Result<(Kept, Report), HubError> {
    let (kept, document) = hub.find_report(id)?;
    let report = Report::from_json(&document).ok_or_else(|| {
        let message = format!("report `{id}` is of another version of Cupola");
        HubError::Conflict(message)
    })?;
    Ok((kept, report))
}

/// A report in one of its forms; what is no JSON is a file, which a browser keeps and does not open here.
pub(crate) fn answer(report: &Report, format: Format, base: &str) -> Response {
    let (text, media_type, ending) = match format {
        Format::Json => return Json(report).into_response(),
        Format::Markdown => (markdown(report, base), "text/markdown; charset=utf-8", "md"),
        Format::Html => (html(report, base), "text/html; charset=utf-8", "html"),
    };
    let name = format!("{}.{ending}", named(report));
    as_download(Bytes::from(text), media_type, &name)
}

fn body(kept: &Kept) -> KeptReportBody {
    KeptReportBody {
        report_id: kept.id.to_string(),
        title: kept.title.clone(),
        experiment_ids: kept.subjects.iter().map(ToString::to_string).collect(),
        author: kept.author.clone(),
        schedule_id: kept.schedule.map(|id| id.to_string()),
        made_at: Time(kept.made_at),
        bytes: kept.bytes,
    }
}

fn schedule_body(hub: &Hub, schedule: &Schedule) -> Result<ReportScheduleBody, HubError> {
    let mut about = Vec::new();
    for id in &schedule.subjects {
        match name_of(hub, *id) {
            Ok(name) => about.push(name),
            // It was deleted.
            Err(HubError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(ReportScheduleBody {
        schedule_id: schedule.id.to_string(),
        experiment_ids: schedule.subjects.iter().map(ToString::to_string).collect(),
        about,
        every: schedule.when.to_string(),
        due_at: Time(schedule.due_at),
        author: schedule.author.clone(),
        created_at: Time(schedule.created_at),
        note: schedule.note.clone(),
    })
}

fn name_of(hub: &Hub, id: ExperimentId) -> Result<String, HubError> {
    title_of(hub, &hub.known_experiment(id)?.experiment)
}

/// What an experiment is called: a family as its brief.
pub(crate) fn title_of(hub: &Hub, experiment: &Experiment) -> Result<String, HubError> {
    let brief = match experiment.origin.brief() {
        Some(brief) => hub.find_brief(brief)?,
        None => None,
    };
    Ok(brief.map_or_else(|| experiment.name.clone(), |brief| brief.wanted.title))
}
