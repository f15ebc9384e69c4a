//! What the addresses of a desk answer.

use std::{convert::Infallible, time::Duration};

use askama::Template;
use axum::{
    Form, Json, Router,
    extract::{DefaultBodyLimit, State, rejection::JsonRejection},
    http::StatusCode,
    middleware,
    response::{Html, IntoResponse, Redirect, Response, Sse, sse::Event},
    routing::{get, post, put},
};
use cupola_domain::field::FieldError;
use cupola_protocol::{
    desk::{DeskBody, LimitsBody, PauseBody, paths},
    problem::{FieldProblem, Problem},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{Refusal, Web, access, form, page};
use crate::{assets, router::add_headers};

/// No body of an owner is longer.
const BODY_BYTES_MAX: usize = 64 << 10;

/// Messages of a stream are at least this far apart: what changes in between goes together.
const SPACING: Duration = Duration::from_millis(200);

/// So often a page looks how far a program is.
const PROGRESS: Duration = Duration::from_secs(2);

/// So often a page is told that the worker is there.
const ALIVE: Duration = Duration::from_secs(15);

/// A pause by a form is so many hours at most: a week.
const PAUSE_HOURS_MAX: u64 = 7 * 24;

type Typed = Form<Vec<(String, String)>>;

pub(super) fn router(web: Web) -> Router {
    let guard = middleware::from_fn_with_state(web.clone(), access::admit);
    Router::new()
        .route("/", get(show))
        .route(access::OPEN, get(access::open))
        .route("/parts/now", get(now))
        .route("/parts/history", get(history))
        .route("/parts/log", get(log))
        .route("/pause", post(pause_by_form))
        .route("/resume", post(resume_by_form))
        .route("/settings", post(change_by_form))
        .route("/test", post(test_by_form))
        .route("/events", get(events))
        .route(paths::DESK, get(status))
        .route(paths::PAUSE, post(pause))
        .route(paths::RESUME, post(resume))
        .route(paths::SETTINGS, put(change))
        .route(paths::TEST, post(test))
        .merge(assets::router())
        .fallback(async || access::refused(404, "there is no such address"))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(guard)
        .layer(middleware::from_fn(add_headers))
        .with_state(web)
}

async fn show(State(web): State<Web>) -> Response {
    rendered(&page::Show::new(&web.desk.status_now().await))
}

async fn now(State(web): State<Web>) -> Response {
    rendered(&page::now(&web.desk.status()))
}

async fn history(State(web): State<Web>) -> Response {
    rendered(&page::history(&web.desk.status()))
}

async fn log(State(web): State<Web>) -> Response {
    rendered(&page::log(&web.desk.status()))
}

async fn pause_by_form(State(web): State<Web>, Form(typed): Typed) -> Response {
    let hours = form::last(&typed, "for_hours").parse::<u64>().ok();
    let hours = hours.map(|hours| hours.clamp(1, PAUSE_HOURS_MAX));
    let until = hours.map(|hours| web.desk.now().plus(Duration::from_secs(3600 * hours)));
    let pause = PauseBody {
        until: until.map(Into::into),
        stops_running: form::last(&typed, "stop") == "true",
    };
    back(web.desk.pause(&pause))
}

async fn resume_by_form(State(web): State<Web>) -> Response {
    back(web.desk.resume())
}

async fn change_by_form(State(web): State<Web>, Form(typed): Typed) -> Response {
    let changed = form::read(&typed).map_err(Refusal::Fields);
    let errors = match changed.and_then(|limits| web.desk.change(limits)) {
        Ok(()) => return back(Ok(())),
        Err(Refusal::Folder(words)) => return access::refused(507, &words),
        Err(Refusal::Fields(errors)) => errors,
    };
    let desk = web.desk.status();
    let page = page::Show::new(&desk).refused(&desk, &typed, &errors);
    (StatusCode::UNPROCESSABLE_ENTITY, rendered(&page)).into_response()
}

async fn test_by_form(State(web): State<Web>) -> Response {
    let test = web.desk.test().await;
    rendered(&page::Show::new(&web.desk.status()).tested(&test))
}

/// After a form, the page.
fn back(done: Result<(), Refusal>) -> Response {
    match done {
        Ok(()) => Redirect::to("/").into_response(),
        Err(refusal) => said(refusal),
    }
}

fn rendered(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(error) => access::refused(500, &error.to_string()),
    }
}

async fn status(State(web): State<Web>) -> Json<DeskBody> {
    Json(web.desk.status_now().await)
}

async fn pause(State(web): State<Web>, body: Result<Json<PauseBody>, JsonRejection>) -> Response {
    match body {
        Ok(Json(pause)) => answered(&web, web.desk.pause(&pause)),
        Err(rejection) => not_read(&rejection),
    }
}

async fn resume(State(web): State<Web>) -> Response {
    answered(&web, web.desk.resume())
}

async fn change(State(web): State<Web>, body: Result<Json<LimitsBody>, JsonRejection>) -> Response {
    match body {
        Ok(Json(limits)) => answered(&web, web.desk.change(limits)),
        Err(rejection) => not_read(&rejection),
    }
}

async fn test(State(web): State<Web>) -> Response {
    Json(web.desk.test().await).into_response()
}

/// After a command, all that is to be seen.
fn answered(web: &Web, done: Result<(), Refusal>) -> Response {
    match done {
        Ok(()) => Json(web.desk.status()).into_response(),
        Err(refusal) => said(refusal),
    }
}

fn not_read(rejection: &JsonRejection) -> Response {
    problem(rejection.status(), &rejection.body_text(), Vec::new())
}

fn said(refusal: Refusal) -> Response {
    match refusal {
        Refusal::Fields(errors) => {
            let title = "some fields cannot be meant";
            problem(StatusCode::UNPROCESSABLE_ENTITY, title, errors)
        }
        Refusal::Folder(words) => problem(StatusCode::INSUFFICIENT_STORAGE, &words, Vec::new()),
    }
}

fn problem(status: StatusCode, title: &str, errors: Vec<FieldError>) -> Response {
    let field = |error: FieldError| FieldProblem {
        field: error.field,
        message: error.message,
    };
    let problem = Problem {
        r#type: "refused".to_owned(),
        status: status.as_u16(),
        title: title.to_owned(),
        errors: errors.into_iter().map(field).collect(),
    };
    (status, Json(problem)).into_response()
}

/// Tells a page that something changed; it asks for its parts anew.
async fn events(State(web): State<Web>) -> Sse<ReceiverStream<Result<Event, Infallible>>> {
    let (messages, stream) = mpsc::channel(1);
    tokio::spawn(tell(web, messages));
    Sse::new(ReceiverStream::new(stream))
}

async fn tell(web: Web, messages: mpsc::Sender<Result<Event, Infallible>>) {
    let (mut news, mut stopping) = (web.desk.changes(), web.stopping.clone());
    let mut message = Event::default().event("ready").data("");
    loop {
        if messages.send(Ok(message)).await.is_err() {
            return;
        }
        // A program says how far it is without anything else changing; and whoever keeps the page open looks at
        // what was earned, too.
        let is_working = !web.desk.status_now().await.tasks.is_empty();
        let patience = if is_working { PROGRESS } else { ALIVE };
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = messages.closed() => return,
            changed = tokio::time::timeout(patience, news.changed()) => {
                if matches!(changed, Ok(Err(_))) {
                    return;
                }
                message = if changed.is_ok() || is_working {
                    Event::default().data("[\"desk\"]")
                } else {
                    Event::default().event("alive").data("")
                };
            }
        }
        tokio::time::sleep(SPACING).await;
    }
}
