//! `experiments/search`: experiments are few, so that all are looked at.

use std::cmp::Ordering;

use axum::{Json, extract::State};
use cupola_hub::logged::KnownExperiment;
use serde::{Deserialize, Serialize};

use super::super::{
    Error,
    body::{Body, Long, Text, Word},
    few::{Kind, Said, Search, Searched},
    filter::{Entity, Field},
    pages::{Page, View, number, text},
    wire,
};
use crate::{
    auth::Viewer,
    params::Params,
    state::{Web, hub_call},
};

#[derive(Debug, Deserialize)]
struct Asked<'a> {
    max_results: Option<Long>,
    #[serde(borrow)]
    page_token: Option<Text<'a>>,
    #[serde(borrow)]
    filter: Option<Text<'a>>,
    #[serde(borrow)]
    order_by: Option<Vec<Text<'a>>>,
    view_type: Option<Word>,
}

#[derive(Debug, Serialize)]
pub(super) struct Found {
    experiments: Vec<wire::Experiment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// What is asked for, understood.
struct Asking {
    view: View,
    search: Search,
}

pub(super) async fn by_body(
    State(web): State<Web>,
    Viewer(_): Viewer,
    body: Body,
) -> Result<Json<Found>, Error> {
    let asked: Asked<'_> = body.read()?;
    let orders = asked.order_by.unwrap_or_default();
    let orders: Vec<&str> = orders.iter().map(|order| &**order).collect();
    let results = asked.max_results.map(|results| results.0);
    let asking = Asking::of(
        View::parse(asked.view_type.as_deref(), "view_type")?,
        text(asked.filter.as_ref()),
        &orders,
        Page::parse(results, text(asked.page_token.as_ref()))?,
    )?;
    asking.run(&web).await
}

pub(super) async fn by_query(
    State(web): State<Web>,
    Viewer(_): Viewer,
    params: Params,
) -> Result<Json<Found>, Error> {
    let results = number(&params, "max_results")?;
    let asking = Asking::of(
        View::parse(Some(params.text("view_type")), "view_type")?,
        Some(params.text("filter")),
        &params.all("order_by"),
        Page::parse(results, Some(params.text("page_token")))?,
    )?;
    asking.run(&web).await
}

impl Asking {
    fn of(view: View, filter: Option<&str>, orders: &[&str], page: Page) -> Result<Self, Error> {
        let search = Search::of::<KnownExperiment>(filter.unwrap_or_default(), orders, page)?;
        Ok(Self { view, search })
    }

    async fn run(self, web: &Web) -> Result<Json<Found>, Error> {
        let mut found = hub_call(web, cupola_hub::Hub::known_experiments).await?;
        found.retain(|known| self.view.shows(known.deleted_at.is_some()));
        let (page, next_page_token) = self.search.run(found);
        Ok(Json(Found {
            experiments: page.into_iter().map(wire::Experiment::from).collect(),
            next_page_token,
        }))
    }
}

impl Searched for KnownExperiment {
    const PLURAL: &'static str = "experiments";
    const ATTRIBUTES: &'static [(&'static str, Kind)] = &[
        ("name", Kind::Text),
        ("experiment_id", Kind::Text),
        ("creation_time", Kind::Number),
        ("last_update_time", Kind::Number),
    ];
    const ENTITIES: &'static [Entity] = &[Entity::Tag];

    fn said(&self, field: &Field) -> Option<Said<'_>> {
        let experiment = &self.experiment;
        Some(match (field.entity, field.key.as_str()) {
            (Entity::Tag, key) => Said::Text(experiment.setup.tags.get(key)?.into()),
            (_, "name") => Said::Text(experiment.name.as_str().into()),
            (_, "experiment_id") => Said::Text(experiment.id.to_string().into()),
            (_, "creation_time") => Said::whole(experiment.created_at.millis()),
            _ => Said::whole(experiment.updated_at.millis()),
        })
    }

    /// The latest first.
    fn tie(&self, other: &Self) -> Ordering {
        other.experiment.id.cmp(&self.experiment.id)
    }
}
