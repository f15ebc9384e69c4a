//! Credits: balances, transfers, receipts. Everybody sees their own; what others have, operators see.

use axum::{Json, extract::State, http::StatusCode, response::Response};
use cupola_domain::{
    access::{Principal, Role},
    credits::Credits,
    field::FieldError,
    ids::{BriefId, RunId, WorkerId},
    ledger::{Account, Kind},
};
use cupola_hub::{
    Hub, HubError,
    ledger::{Correction, StatementQuery},
};
use cupola_protocol::{
    credits::{
        BriefBudgetBody, CreditsBody, EarnedBody, NewTransfer, OwnEarningsBody, RaisedBudget,
        ReceiptBody, StatementBody, TransferBody, VerifiedBody, WorkerEarningsBody,
    },
    page::{PER_PAGE, Page},
    paths::api,
};

use super::{body::Body, present};
use crate::{
    auth::{Access, Operator, Researcher, Viewer, WorkerAuth},
    error::ApiError,
    params::{Listing, Params},
    router::{Id, Routes},
    state::{Web, hub_call},
};

/// A page of a history is never longer.
const ENTRIES_MAX: u32 = 500;

/// A worker is told of so many of its runs at once.
const RUNS_MAX: usize = 100;

/// What people earned is told of so many days, or of all.
const DAYS_MAX: u32 = 3_660;

pub(super) fn routes() -> Routes {
    let (viewer, researcher) = (Access::Role(Role::Viewer), Access::Role(Role::Researcher));
    let operator = Access::Role(Role::Operator);
    Routes::new()
        .get(api::CREDITS, viewer, show)
        .get(api::CREDIT_PEOPLE, operator, people)
        .get(api::CREDIT_HISTORY, viewer, history)
        .get(api::CREDIT_LEADERS, viewer, leaders)
        .post(api::CREDIT_TRANSFERS, operator, transfer)
        .get(api::CREDIT_RECEIPTS, viewer, receipts)
        .get(api::CREDIT_VERIFICATION, operator, verify)
        .get(api::BRIEF_BUDGET, viewer, budget)
        .put(api::BRIEF_BUDGET, researcher, raise)
        .get(api::WORKER_EARNINGS, viewer, earnings)
        .get(api::WORKER_EARNED, Access::Worker, own_earnings)
}

async fn show(State(web): State<Web>, Viewer(who): Viewer) -> Result<Json<CreditsBody>, ApiError> {
    let (overview, own) = hub_call(&web, move |hub| {
        let own = StatementQuery {
            person: Some(who.owner),
            limit: 1,
            ..StatementQuery::default()
        };
        Ok((hub.credits_overview()?, hub.statement(&own)?))
    })
    .await?;
    let economy = web.hub.economy();
    Ok(Json(present::credits(&overview, &own, &economy)))
}

async fn people(
    State(web): State<Web>,
    _: Operator,
    listing: Listing,
) -> Result<Response, ApiError> {
    let (rows, total) = listing.cut(hub_call(&web, Hub::list_people).await?);
    let people = rows.iter().map(present::person_of_row);
    Ok(listing.answer(people.collect(), total))
}

async fn history(
    State(web): State<Web>,
    Viewer(who): Viewer,
    mut params: Params,
) -> Result<Json<StatementBody>, ApiError> {
    let query = StatementQuery {
        person: asked_person(&params, &who)?,
        kind: params.parsed::<Kind>("kind"),
        before: params.optional("before", 1..=i64::MAX),
        limit: params
            .optional("limit", 1..=ENTRIES_MAX)
            .unwrap_or(PER_PAGE),
    };
    params.finish()?;
    let statement = hub_call(&web, move |hub| hub.statement(&query)).await?;
    Ok(Json(present::statement(&statement)))
}

/// Your own, unless asked otherwise: what others have is for operators.
fn asked_person(params: &Params, who: &Principal) -> Result<Option<String>, HubError> {
    let is_operator = who.role.includes(Role::Operator);
    let (person, is_all) = (params.text("person"), params.text("all") == "true");
    match person {
        "" if is_all && is_operator => Ok(None),
        "" if !is_all => Ok(Some(who.owner.clone())),
        person if person == who.owner || is_operator => Ok(Some(person.to_owned())),
        _ => {
            let message = "what others have is shown to operators; your own needs no `person`";
            Err(HubError::Forbidden(message.to_owned()))
        }
    }
}

async fn leaders(
    State(web): State<Web>,
    _: Viewer,
    mut params: Params,
) -> Result<Json<Page<EarnedBody>>, ApiError> {
    let by_team = match params.text("by") {
        "" | "owner" => false,
        "team" => true,
        other => {
            let message = format!("is `{other}`; choose `owner` or `team`");
            params.refuse(FieldError::new("by", message));
            false
        }
    };
    let days = params.optional("days", 1..=DAYS_MAX);
    params.finish()?;
    let found = hub_call(&web, move |hub| hub.leaders(days, by_team)).await?;
    let total = found.len() as u64;
    Ok(Json(Page {
        items: found.iter().map(present::leader).collect(),
        total,
        page: 1,
        per_page: u32::try_from(total).unwrap_or(u32::MAX),
    }))
}

async fn transfer(
    State(web): State<Web>,
    Operator(who): Operator,
    Body(new): Body<NewTransfer>,
) -> Result<(StatusCode, Json<TransferBody>), ApiError> {
    let correction = correction(new)?;
    let entry = hub_call(&web, move |hub| hub.move_credits(&correction, &who.name)).await?;
    Ok((StatusCode::CREATED, Json(present::transfer(&entry))))
}

/// What is to be moved, or what of it cannot be read.
pub(crate) fn correction(new: NewTransfer) -> Result<Correction, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut account = |field: &str, text: &str| {
        let read = text.trim().parse::<Account>();
        read.map_err(|message| errors.push(FieldError::new(field, message)))
    };
    let (from, to) = (account("from", &new.from), account("to", &new.to));
    let amount = new.amount.parse::<Credits>();
    let amount = amount.map_err(|message| errors.push(FieldError::new("amount", message)));
    match (from, to, amount) {
        (Ok(from), Ok(to), Ok(amount)) => Ok(Correction {
            from,
            to,
            amount,
            note: new.note,
            key: new.key,
        }),
        _ => Err(errors),
    }
}

async fn receipts(
    State(web): State<Web>,
    _: Viewer,
    Id(run): Id<RunId>,
) -> Result<Json<Vec<ReceiptBody>>, ApiError> {
    let receipts = hub_call(&web, move |hub| hub.receipts_of_run(run)).await?;
    Ok(Json(receipts.iter().map(present::receipt).collect()))
}

async fn verify(State(web): State<Web>, _: Operator) -> Result<Json<VerifiedBody>, ApiError> {
    let verified = hub_call(&web, Hub::verify_ledger).await?;
    Ok(Json(present::verified(verified)))
}

async fn budget(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<BriefId>,
) -> Result<Json<BriefBudgetBody>, ApiError> {
    let spent = hub_call(&web, move |hub| hub.brief_spending(id)).await?;
    Ok(Json(present::brief_budget(spent.as_ref())))
}

async fn raise(
    State(web): State<Web>,
    Researcher(who): Researcher,
    Id(id): Id<BriefId>,
    Body(raised): Body<RaisedBudget>,
) -> Result<Json<BriefBudgetBody>, ApiError> {
    let budget = raised.budget_credits.to_string().parse::<Credits>();
    let budget = budget.map_err(|message| vec![FieldError::new("budget_credits", message)])?;
    let spent = hub_call(&web, move |hub| {
        hub.raise_brief_budget(id, budget, &who.name)?;
        hub.brief_spending(id)
    })
    .await?;
    Ok(Json(present::brief_budget(spent.as_ref())))
}

async fn earnings(
    State(web): State<Web>,
    _: Viewer,
    Id(id): Id<WorkerId>,
) -> Result<Json<WorkerEarningsBody>, ApiError> {
    let found = hub_call(&web, move |hub| hub.earnings_of_worker(id)).await?;
    Ok(Json(present::worker_earnings(&found)))
}

async fn own_earnings(
    State(web): State<Web>,
    WorkerAuth(principal): WorkerAuth,
    Id(id): Id<WorkerId>,
    mut params: Params,
) -> Result<Json<OwnEarningsBody>, ApiError> {
    let mut runs = Vec::new();
    let mut errors = Vec::new();
    for text in params.all("run") {
        match text.parse::<RunId>() {
            Ok(run) if runs.len() < RUNS_MAX => runs.push(run),
            Ok(_) => errors.push(format!("is given more than {RUNS_MAX} times")),
            Err(error) => errors.push(error.to_string()),
        }
    }
    if let Some(message) = errors.into_iter().next() {
        params.refuse(FieldError::new("run", message));
    }
    params.finish()?;
    let first = runs.first().copied();
    let (earnings, runs) =
        hub_call(&web, move |hub| hub.own_earnings(principal.token, id, runs)).await?;
    let amount = |(run, amount): &(RunId, Credits)| (run.to_string(), amount.exact());
    let of_first = runs.iter().find(|(run, _)| Some(*run) == first);
    Ok(Json(OwnEarningsBody {
        earnings: present::worker_earnings(&earnings),
        run: of_first.map(|(_, amount)| amount.exact()),
        runs: runs.iter().map(amount).collect(),
    }))
}
