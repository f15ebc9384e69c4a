//! `runs/search`.

use std::collections::BTreeSet;

use axum::{Json, extract::State};
use cupola_domain::ids::ExperimentId;
use cupola_hub::{
    Hub,
    logged::{Deleted, KnownSearch},
};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        Error,
        body::{Body, Long, Text, Word},
        experiments::resolve,
        pages::{Page, View, text},
        wire,
    },
    query,
};
use crate::{
    auth::Viewer,
    state::{Web, hub_call},
};

#[derive(Debug, Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    experiment_ids: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    filter: Option<Text<'a>>,
    run_view_type: Option<Word>,
    max_results: Option<Long>,
    #[serde(borrow)]
    order_by: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    page_token: Option<Text<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Found {
    runs: Vec<wire::Run>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

pub(super) async fn search(
    State(web): State<Web>,
    Viewer(_): Viewer,
    body: Body,
) -> Result<Json<Found>, Error> {
    let asked: Asked<'_> = body.read()?;
    let results = asked.max_results.map(|results| results.0);
    let page = Page::parse(results, text(asked.page_token.as_ref()))?;
    let (filter, datasets) = query::filter(text(asked.filter.as_ref()).unwrap_or_default())?;
    let orders = asked.order_by.unwrap_or_default();
    let orders: Vec<&str> = orders.iter().map(|order| &**order).collect();
    let deleted = match View::parse(asked.run_view_type.as_deref(), "run_view_type")? {
        View::Active => Deleted::Without,
        View::Deleted => Deleted::Only,
        View::All => Deleted::With,
    };
    let wanted = KnownSearch {
        experiments: Vec::new(),
        deleted,
        filter,
        datasets,
        order: query::order(&orders)?,
        limit: page.limit,
        offset: page.from,
    };
    let ids = asked.experiment_ids.unwrap_or_default().into_iter();
    let ids: BTreeSet<String> = ids.map(Text::into_owned).collect();
    let found = hub_call(&web, move |hub| {
        let experiments = there(hub, &ids);
        hub.search_known_runs(KnownSearch {
            experiments,
            ..wanted
        })
    });
    let found = found.await?;
    Ok(Json(Found {
        next_page_token: page.next(found.has_more),
        runs: found.runs.into_iter().map(wire::Run::from).collect(),
    }))
}

/// The experiments that are there: in others no run is found.
fn there(hub: &Hub, ids: &BTreeSet<String>) -> Vec<ExperimentId> {
    let found = ids.iter().filter_map(|id| resolve(hub, id, None).ok());
    found.collect()
}
