//! What the addresses of reports answer.

use std::collections::HashMap;

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use cupola_domain::{
    access::{Principal, Role},
    field::FieldError,
    ids::{ExperimentId, ReportId, ReportScheduleId},
    report::{KEPT_OF_SCHEDULE, Schedule, When},
};
use cupola_hub::{Hub, HubError, reports::Kept};

use super::{Document, Index, List, Row, ScheduleRow, Show};
use crate::{
    api::reports::{self as api, Format},
    auth::{Access, Researcher, Viewer},
    error::PageError,
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Address, Fields, Rendered, done, html, read},
        components::{EmptyState, Field, Input, Link},
        confirmation::Confirmation,
        frame::{Frame, Section},
        paths,
        present::{family_link, may},
    },
};

/// Reports that are listed.
const ROWS: usize = 200;

pub(crate) fn routes() -> Routes {
    let (viewer, researcher) = (Access::Role(Role::Viewer), Access::Role(Role::Researcher));
    Routes::new()
        .get(paths::REPORTS, viewer, index)
        .get(paths::REPORTS_LIST, viewer, list)
        .post(paths::REPORTS, researcher, create)
        .post(paths::REPORT_SCHEDULES, researcher, schedule)
        .post(
            "/reports/schedules/{id}/deletion",
            researcher,
            delete_schedule,
        )
        .get("/reports/{id}", viewer, show)
        .get("/reports/{id}/file", viewer, file)
        .get("/reports/{id}/deletion", researcher, ask_deletion)
        .post("/reports/{id}/deletion", researcher, delete)
}

/// What the list shows.
struct Listed {
    reports: Vec<Kept>,
    schedules: Vec<Schedule>,
    links: HashMap<ExperimentId, Link>,
}

async fn index(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let of: Option<ExperimentId> = params.parsed("experiment");
    params.finish()?;
    let (seq, listed) = read(&web, move |hub| listed(hub, of)).await?;
    html(&page(&listed, (&who, of)).at(seq))
}

async fn list(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let of: Option<ExperimentId> = params.parsed("experiment");
    params.finish()?;
    let (_, listed) = read(&web, move |hub| listed(hub, of)).await?;
    html(&list_of(&listed, (&who, of)))
}

fn listed(hub: &Hub, of: Option<ExperimentId>) -> Result<Listed, HubError> {
    let (reports, schedules) = (hub.list_reports(of)?, hub.list_report_schedules()?);
    let mut links = HashMap::new();
    let named = reports.iter().take(ROWS).flat_map(|kept| &kept.subjects);
    for id in named.chain(schedules.iter().flat_map(|one| &one.subjects)) {
        if links.contains_key(id) {
            continue;
        }
        match hub.known_experiment(*id) {
            Ok(known) => {
                let page = family_link(&known.experiment).href;
                let title = api::title_of(hub, &known.experiment)?;
                links.insert(*id, Link::new(title, page))
            }
            // A report stays when what it is about is gone.
            Err(HubError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
    }
    Ok(Listed {
        reports,
        schedules,
        links,
    })
}

fn page(listed: &Listed, (who, of): (&Principal, Option<ExperimentId>)) -> Index {
    Index {
        frame: Frame::new("Reports", Section::Reports, Some(who.into())),
        list: list_of(listed, (who, of)),
        form: may(who, Role::Researcher).then(|| fields(&Fields::default(), &[])),
    }
}

fn list_of(listed: &Listed, (who, of): (&Principal, Option<ExperimentId>)) -> List {
    let about = |ids: &[ExperimentId]| -> Vec<Link> {
        let known = ids.iter().filter_map(|id| listed.links.get(id));
        known.cloned().collect()
    };
    let row = |kept: &Kept| Row {
        id: kept.id.to_string(),
        href: paths::report(kept.id, ""),
        title: kept.title.clone(),
        about: about(&kept.subjects),
        made: kept.made_at.into(),
        author: kept.author.clone(),
        is_scheduled: kept.schedule.is_some(),
    };
    let schedule = |one: &Schedule| ScheduleRow {
        id: one.id.to_string(),
        about: about(&one.subjects),
        when: match one.when {
            When::Done => "once, when all of it has ended".to_owned(),
            When::Every(_) => format!("every {}", one.when),
        },
        due: one.due_at.into(),
        note: one.note.clone(),
        author: one.author.clone(),
        deletion: owns(who, &one.owner).then(|| paths::report_schedule(one.id, "/deletion")),
    };
    let total = listed.reports.len();
    let query = of.map_or(String::new(), |of| format!("?experiment={of}"));
    List {
        src: format!("{}{query}", paths::REPORTS_LIST),
        rows: listed.reports.iter().take(ROWS).map(row).collect(),
        note: if total > ROWS {
            format!("The latest {ROWS} of {total}; `cupola report list` has all.")
        } else {
            String::new()
        },
        empty: listed.reports.is_empty().then(empty),
        schedules: listed.schedules.iter().map(schedule).collect(),
    }
}

pub(crate) fn empty() -> EmptyState {
    EmptyState::new(
        "No reports yet",
        "A report says what was asked, what came out and how sure that is, what failed and what it cost. Its numbers stay as they were. Write one from the page of an experiment, a brief or a comparison.",
    )
    .with_command("cupola report write NAME --keep")
}

fn fields(given: &Fields, errors: &[FieldError]) -> Vec<Field> {
    [
        Field::new("subject", "Experiments, families or briefs", given.text("subject"))
            .required()
            .with(Input::Area { rows: 2 })
            .hint("By name or id, one a line. Of several, the first is held against the others."),
        Field::new("every", "How often", given.text("every"))
            .required()
            .placeholder("day")
            .hint(format!(
                "hour, day, week, a time from 10m to 366d, or done for once when all has ended. The latest {KEPT_OF_SCHEDULE} are kept."
            )),
    ]
    .into_iter()
    .map(|field| field.with_error_of(errors))
    .collect()
}

async fn create(
    State(web): State<Web>,
    Researcher(who): Researcher,
    fields: Fields,
) -> Result<Response, PageError> {
    let called: Vec<String> = fields.all("subject").map(str::to_owned).collect();
    let answer = api::kept(&web, who.clone(), called).await;
    let to = match &answer {
        Ok(kept) => paths::report(kept.id, ""),
        Err(_) => paths::REPORTS.to_owned(),
    };
    done(answer, &who, &to, back())
}

async fn show(State(web): State<Web>, Viewer(who): Viewer, Id(id): Id<ReportId>) -> Rendered {
    let (seq, (kept, report)) = read(&web, move |hub| api::found(hub, id)).await?;
    let deletion = || Link::new("Delete", paths::report(id, "/deletion"));
    html(&Show {
        frame: Frame::new(&report.title, Section::Reports, Some((&who).into()))
            .under("Reports", paths::REPORTS)
            .at(seq),
        href: paths::report(id, ""),
        author: kept.author.clone(),
        is_scheduled: kept.schedule.is_some(),
        document: Document {
            report,
            is_part: false,
        },
        deletion: owns(&who, &kept.owner).then(deletion),
    })
}

async fn file(
    State(web): State<Web>,
    _: Viewer,
    Address(base): Address,
    Id(id): Id<ReportId>,
    mut params: Params,
) -> Result<Response, PageError> {
    let format = params.parsed("format").unwrap_or(Format::Html);
    params.finish()?;
    let (_, report) = hub_call(&web, move |hub| api::found(hub, id)).await?;
    Ok(api::answer(&report, format, &base))
}

async fn ask_deletion(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ReportId>,
) -> Rendered {
    let (kept, _) = hub_call(&web, move |hub| hub.find_report(id)).await?;
    html(&Confirmation {
        frame: Frame::new("Delete the report", Section::Reports, Some((&who).into()))
            .under("Reports", paths::REPORTS),
        question: format!("Delete the report “{}”?", kept.title),
        lead: "This goes:",
        consequences: vec!["the report with its data; what it is about stays".to_owned()],
        remark: "This cannot be undone.".to_owned(),
        verb: "Delete",
        action: paths::report(id, "/deletion"),
        back: paths::report(id, ""),
    })
}

async fn delete(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ReportId>,
) -> Result<Response, PageError> {
    let by = who.clone();
    let answer = hub_call(&web, move |hub| hub.delete_report(id, &by)).await;
    done(answer, &who, paths::REPORTS, back())
}

async fn schedule(
    State(web): State<Web>,
    Researcher(who): Researcher,
    given: Fields,
) -> Result<Response, PageError> {
    let lines = given.text("subject").lines().map(str::trim);
    let called: Vec<String> = lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect();
    match api::scheduled(&web, who.clone(), called, given.text("every")).await {
        Ok(_) => Ok(Redirect::to(paths::REPORTS).into_response()),
        Err(error @ (HubError::Invalid(_) | HubError::NotFound { .. })) => {
            let errors = match error {
                HubError::Invalid(errors) => errors,
                error => vec![FieldError::new("subject", error.to_string())],
            };
            let (seq, listed) = read(&web, |hub| listed(hub, None)).await?;
            let mut page = page(&listed, (&who, None)).at(seq);
            page.form = Some(fields(&given, &errors));
            let page = html(&page)?;
            Ok((axum::http::StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(error) => done(Err::<(), _>(error), &who, paths::REPORTS, back()),
    }
}

async fn delete_schedule(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<ReportScheduleId>,
) -> Result<Response, PageError> {
    let by = who.clone();
    let answer = hub_call(&web, move |hub| hub.delete_report_schedule(id, &by)).await;
    done(answer, &who, paths::REPORTS, back())
}

fn back() -> Link {
    Link::new("Back to the reports", paths::REPORTS)
}

/// Whether they may delete what belongs to this owner.
fn owns(who: &Principal, owner: &str) -> bool {
    may(who, Role::Admin) || (who.owner == owner && may(who, Role::Researcher))
}

impl Index {
    fn at(mut self, seq: i64) -> Self {
        self.frame = self.frame.at(seq);
        self
    }
}
