//! What the addresses of costs and budgets answer.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use cupola_domain::{
    access::Role,
    cost::{Draft, Kind},
    field::FieldError,
    ids::BudgetId,
};
use cupola_hub::{
    Hub, HubError,
    costs::{CostsQuery, DAYS_MAX, write_table},
    exports::Format,
};

use super::{SECTION, form, present};
use crate::{
    auth::{Access, Operator, Viewer},
    error::{PageError, Refused},
    params::Params,
    router::{Id, Routes},
    state::{Web, hub_call},
    ui::{
        answer::{Fields, Rendered, done, html, read},
        components::Link,
        confirmation::Confirmation,
        frame::Frame,
        paths,
    },
};

/// Until somebody chooses.
const DAYS: u32 = 30;

pub(crate) fn routes() -> Routes {
    let (viewer, operator) = (Access::Role(Role::Viewer), Access::Role(Role::Operator));
    Routes::new()
        .get(paths::COSTS, viewer, index)
        .get("/training/costs/view", viewer, view)
        .get(paths::COSTS_EXPORT, viewer, export)
        .get(paths::BUDGETS, viewer, budgets)
        .post(paths::BUDGETS, operator, create)
        .get(paths::NEW_BUDGET, operator, new)
        .get("/training/costs/budgets/{id}", operator, edit)
        .post("/training/costs/budgets/{id}", operator, update)
        .get(
            "/training/costs/budgets/{id}/deletion",
            operator,
            ask_deletion,
        )
        .post("/training/costs/budgets/{id}/deletion", operator, delete)
}

/// By model and of the last days, unless asked otherwise.
fn asked(params: &mut Params) -> CostsQuery {
    let days = match params.text("days") {
        "all" => None,
        "" => Some(DAYS),
        _ => params.optional("days", 1..=DAYS_MAX),
    };
    CostsQuery {
        kind: params.parsed("by").unwrap_or(Kind::Model),
        days,
    }
}

async fn index(State(web): State<Web>, Viewer(who): Viewer, mut params: Params) -> Rendered {
    let query = asked(&mut params);
    params.finish()?;
    let (seq, (costs, budgets)) = read(&web, move |hub| {
        Ok((hub.costs(&query)?, hub.list_budgets()?))
    })
    .await?;
    let prices = web.hub().prices();
    let frame = Frame::new("Costs", SECTION, Some((&who).into()));
    html(&present::index(
        frame.with_curves().at(seq),
        (&costs, &budgets),
        &query,
        &prices,
        &who,
    ))
}

async fn view(State(web): State<Web>, _: Viewer, mut params: Params) -> Rendered {
    let query = asked(&mut params);
    params.finish()?;
    let costs = hub_call(&web, move |hub| hub.costs(&query)).await?;
    html(&present::view(&costs, &query, &web.hub().prices()))
}

async fn budgets(State(web): State<Web>, Viewer(who): Viewer) -> Rendered {
    let rows = hub_call(&web, Hub::list_budgets).await?;
    html(&present::budgets(&rows, &web.hub().prices(), &who))
}

async fn export(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Response, Refused> {
    let query = asked(&mut params);
    let word = params.text("format").to_owned();
    let format = Format::from_word(if word.is_empty() { "csv" } else { &word });
    if format.is_none() {
        let message = format!("is `{word}`; choose `csv`, `json`, `jsonl` or `parquet`");
        params.refuse(FieldError::new("format", message));
    }
    params.finish()?;
    let Some(format) = format else {
        unreachable!("what is wrong was refused");
    };
    let table = hub_call(&web, move |hub| {
        write_table(&hub.all_costs(&query)?, query.kind, format)
    });
    let mut response = table.await?.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static(format.media_type());
    headers.insert(header::CONTENT_TYPE, kind);
    let name = format!("attachment; filename=\"cupola-costs.{}\"", format.word());
    if let Ok(disposition) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

async fn new(State(web): State<Web>, Operator(who): Operator) -> Rendered {
    let currency = &web.hub().prices().currency;
    html(&form::new(&Draft::default(), &[], currency, &who))
}

async fn create(
    State(web): State<Web>,
    Operator(who): Operator,
    fields: Fields,
) -> Result<Response, PageError> {
    let draft = form::draft(&fields);
    let (asked, author) = (draft.clone(), who.name.clone());
    match hub_call(&web, move |hub| hub.create_budget(&asked, &author)).await {
        Err(HubError::Invalid(errors)) => {
            let currency = &web.hub().prices().currency;
            let page = html(&form::new(&draft, &errors, currency, &who))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        answer => done(answer, &who, paths::COSTS, back()),
    }
}

async fn edit(State(web): State<Web>, Operator(who): Operator, Id(id): Id<BudgetId>) -> Rendered {
    let row = hub_call(&web, move |hub| hub.find_budget(id)).await?;
    let draft = form::draft_of(&row.budget);
    let currency = &web.hub().prices().currency;
    html(&form::edit(&row.budget, &draft, &[], currency, &who))
}

async fn update(
    State(web): State<Web>,
    Operator(who): Operator,
    Id(id): Id<BudgetId>,
    fields: Fields,
) -> Result<Response, PageError> {
    let row = hub_call(&web, move |hub| hub.find_budget(id)).await?;
    let scope = &row.budget.wanted.scope;
    let draft = Draft {
        scope: scope.kind.as_str().to_owned(),
        subject: scope.subject.clone(),
        ..form::draft(&fields)
    };
    let asked = draft.clone();
    match hub_call(&web, move |hub| hub.edit_budget(id, &asked)).await {
        Err(HubError::Invalid(errors)) => {
            let currency = &web.hub().prices().currency;
            let page = html(&form::edit(&row.budget, &draft, &errors, currency, &who))?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        answer => done(answer, &who, paths::COSTS, back()),
    }
}

async fn ask_deletion(
    State(web): State<Web>,
    Operator(who): Operator,
    Id(id): Id<BudgetId>,
) -> Rendered {
    let row = hub_call(&web, move |hub| hub.find_budget(id)).await?;
    let mut consequences = vec!["nobody is told any more how far it is spent".to_owned()];
    if row.is_stopping() {
        let scope = present::scope(&row);
        consequences.push(format!("what waits for it of {scope} is started"));
    }
    html(&Confirmation {
        frame: form::frame("Delete the budget", &who),
        question: format!("Delete the budget “{}”?", row.budget.wanted.name),
        lead: "This happens:",
        consequences,
        remark: "What was spent stays in the books; another budget can be made.".to_owned(),
        verb: "Delete",
        action: paths::budget(id, "/deletion"),
        back: paths::COSTS.to_owned(),
    })
}

async fn delete(
    State(web): State<Web>,
    Operator(who): Operator,
    Id(id): Id<BudgetId>,
) -> Result<Response, PageError> {
    let answer = hub_call(&web, move |hub| hub.delete_budget(id)).await;
    done(answer, &who, paths::COSTS, back())
}

fn back() -> Link {
    Link::new("Back to the costs", paths::COSTS)
}
