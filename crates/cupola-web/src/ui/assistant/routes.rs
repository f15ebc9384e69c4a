//! What the addresses of the assistant answer.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response, sse::Event},
};
use cupola_assistant::{answer::Answer, conversations::Made};
use cupola_domain::access::{Principal, Role};
use cupola_protocol::assistant::NewQuestion;

use super::present;
use crate::{
    api::assistant::{Kept, Making, called, problem_event},
    auth::{Access, Viewer},
    error::{ApiError, PageError},
    router::Routes,
    state::Web,
    ui::{
        answer::{Fields, Rendered, html, read},
        frame::{Frame, Section},
        paths,
    },
};

/// What the conversation of the page is called, beside those of programs: each token has one.
const NAME: &str = "page";

pub(crate) fn routes() -> Routes {
    let viewer = Access::Role(Role::Viewer);
    Routes::new()
        .get(paths::ASSISTANT, viewer, show)
        .post(paths::ASSISTANT, viewer, ask)
        .post(paths::ASSISTANT_STREAM, viewer, ask_live)
        // Which role it takes, each tool says.
        .post(paths::ASSISTANT_CHANGES, viewer, change)
        .post(paths::ASSISTANT_ANEW, viewer, begin_anew)
}

async fn show(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    page(&web, &who, ("", "")).await
}

async fn page(web: &Web, who: &Principal, refused: (&str, &str)) -> Rendered {
    let (seq, ()) = read(web, |_| Ok(())).await?;
    let whose = who.token.to_string();
    let now = web.hub.monotonic();
    let turns = web.assistant().conversations.turns((&whose, NAME), now);
    let frame = Frame::new("Assistant", Section::Outside, Some(who.into())).at(seq);
    let model = web
        .settings
        .language
        .as_ref()
        .map(|language| language.model());
    html(&present::index(frame, &turns, (who.role, model), refused))
}

async fn ask(
    State(web): State<Web>,
    Viewer(who): Viewer,
    fields: Fields,
) -> Result<Response, PageError> {
    let new = asked(&fields);
    let question = new.question.clone();
    let told = match Making::begin(&web, &who, new) {
        Ok(making) => making.told().await,
        Err(refused) => Err(refused),
    };
    match told {
        Ok(told) => {
            let latest = noted(&web, &who, &question, told.into_shown());
            Ok(Redirect::to(&latest).into_response())
        }
        Err(ApiError(problem)) if problem.status == StatusCode::UNPROCESSABLE_ENTITY.as_u16() => {
            let said: Vec<_> = problem.errors.into_iter().map(|of| of.message).collect();
            let page = page(&web, &who, (&question, &said.join("; "))).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(ApiError(problem)) => Err(PageError(problem)),
    }
}

/// The same for a page that shows how the answer comes. Who leaves it finds the answer there later.
async fn ask_live(
    State(web): State<Web>,
    Viewer(who): Viewer,
    fields: Fields,
) -> Result<Response, ApiError> {
    let new = asked(&fields);
    let question = new.question.clone();
    let making = Making::begin(&web, &who, new)?;
    Ok(making.live(Kept::ForLater, move |told| match told {
        Ok(told) => {
            let latest = noted(&web, &who, &question, told.into_shown());
            Event::default().event("end").data(latest)
        }
        Err(error) => problem_event(&error),
    }))
}

fn asked(fields: &Fields) -> NewQuestion {
    let offset = fields.text("utc_offset_minutes");
    NewQuestion {
        question: fields.text("question").trim().to_owned(),
        conversation: Some(NAME.to_owned()),
        utc_offset_minutes: offset.parse().unwrap_or_default(),
        ..NewQuestion::default()
    }
}

/// Notes an answer in the conversation, and says where it is: the browser scrolls to it.
fn noted(web: &Web, who: &Principal, question: &str, answer: Answer) -> String {
    let whose = who.token.to_string();
    let conversations = &web.assistant().conversations;
    conversations.note((&whose, NAME), (question, answer), web.hub.now());
    let turns = conversations.turns((&whose, NAME), web.hub.monotonic());
    let number = turns.last().map_or(0, |turn| turn.number);
    format!("{}#turn-{number}", paths::ASSISTANT)
}

async fn change(
    State(web): State<Web>,
    Viewer(who): Viewer,
    fields: Fields,
) -> Result<Response, PageError> {
    let whose = who.token.to_string();
    let number = fields.text("turn").parse().unwrap_or_default();
    let desk = web.assistant();
    if let Some(change) = desk.conversations.take_change((&whose, NAME), number) {
        let made = called(&web, &who, change.tool.to_owned(), change.arguments).await;
        let made = match made {
            Ok(answer) => Made::Done(answer["link"].as_str().map(str::to_owned)),
            Err(refused) => Made::Refused(refused.to_string()),
        };
        desk.conversations.note_made((&whose, NAME), number, made);
    }
    Ok(Redirect::to(&format!("{}#turn-{number}", paths::ASSISTANT)).into_response())
}

async fn begin_anew(State(web): State<Web>, Viewer(who): Viewer) -> Redirect {
    let whose = who.token.to_string();
    web.assistant().conversations.forget((&whose, NAME));
    Redirect::to(paths::ASSISTANT)
}
