//! `experiments/search`: experiments are few, so that all are looked at.

use std::{borrow::Cow, cmp::Ordering};

use axum::{Json, extract::State};
use cupola_hub::logged::KnownExperiment;
use serde::{Deserialize, Serialize};

use super::super::{
    Error,
    body::{Body, Long, Text, Word},
    filter::{self, Comparison, Entity, Field, Op, Test, Value},
    like,
    order::{self, Order},
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
struct Search {
    view: View,
    comparisons: Vec<Comparison>,
    orders: Vec<Order>,
    page: Page,
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
    let search = Search::of(
        View::parse(asked.view_type.as_deref(), "view_type")?,
        text(asked.filter.as_ref()),
        &orders,
        Page::parse(results, text(asked.page_token.as_ref()))?,
    )?;
    search.run(&web).await
}

pub(super) async fn by_query(
    State(web): State<Web>,
    Viewer(_): Viewer,
    params: Params,
) -> Result<Json<Found>, Error> {
    let results = number(&params, "max_results")?;
    let search = Search::of(
        View::parse(Some(params.text("view_type")), "view_type")?,
        Some(params.text("filter")),
        &params.all("order_by"),
        Page::parse(results, Some(params.text("page_token")))?,
    )?;
    search.run(&web).await
}

impl Search {
    fn of(view: View, filter: Option<&str>, orders: &[&str], page: Page) -> Result<Self, Error> {
        let comparisons = filter::parse(filter.unwrap_or_default())?;
        for Comparison { field, test } in &comparisons {
            check(field)?;
            check_test(field, test)?;
        }
        let orders = order::parse(orders)?;
        for order in &orders {
            check(&order.field)?;
        }
        Ok(Self {
            view,
            comparisons,
            orders,
            page,
        })
    }

    async fn run(self, web: &Web) -> Result<Json<Found>, Error> {
        let mut found = hub_call(web, cupola_hub::Hub::known_experiments).await?;
        found.retain(|known| {
            self.view.shows(known.deleted_at.is_some())
                && self.comparisons.iter().all(|one| holds(one, known))
        });
        found.sort_by(|a, b| self.compare(a, b));
        let Page { from, limit } = self.page;
        let is_more = found.len() > from.saturating_add(limit);
        let page = found.into_iter().skip(from).take(limit);
        Ok(Json(Found {
            experiments: page.map(wire::Experiment::from).collect(),
            next_page_token: self.page.next(is_more),
        }))
    }

    /// In the order asked for; then the latest first.
    fn compare(&self, a: &KnownExperiment, b: &KnownExperiment) -> Ordering {
        let asked = self.orders.iter().map(|order| compare_by(order, a, b));
        let asked = asked.fold(Ordering::Equal, Ordering::then);
        asked.then_with(|| b.experiment.id.cmp(&a.experiment.id))
    }
}

/// What an experiment says of a field.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Said<'k> {
    Number(i64),
    Text(Cow<'k, str>),
}

fn said<'k>(field: &Field, known: &'k KnownExperiment) -> Option<Said<'k>> {
    let experiment = &known.experiment;
    Some(match (field.entity, field.key.as_str()) {
        (Entity::Tag, key) => Said::Text(experiment.setup.tags.get(key)?.into()),
        (_, "name") => Said::Text(experiment.name.as_str().into()),
        (_, "experiment_id") => Said::Text(experiment.id.to_string().into()),
        (_, "creation_time") => Said::Number(experiment.created_at.millis()),
        _ => Said::Number(experiment.updated_at.millis()),
    })
}

fn check(field: &Field) -> Result<(), Error> {
    const ATTRIBUTES: [&str; 4] = ["name", "experiment_id", "creation_time", "last_update_time"];
    let key = field.key.as_str();
    match field.entity {
        Entity::Tag => Ok(()),
        Entity::Attribute if ATTRIBUTES.contains(&key) => Ok(()),
        _ => Err(Error::invalid(format!(
            "Invalid field '{key}'; experiments have tags and {}.",
            ATTRIBUTES.join(", ")
        ))),
    }
}

fn is_number(field: &Field) -> bool {
    field.entity == Entity::Attribute && field.key.ends_with("_time")
}

fn check_test(field: &Field, test: &Test) -> Result<(), Error> {
    let is_fitting = match test {
        Test::Is(op, Value::Number(_)) => is_number(field) && !op.is_pattern(),
        Test::Is(op, Value::Text(_)) => !is_number(field) && !op.is_order(),
        Test::In { .. } => field.entity == Entity::Attribute && field.key == "experiment_id",
        Test::Null { .. } => field.entity == Entity::Tag,
    };
    if is_fitting {
        return Ok(());
    }
    let key = &field.key;
    let message = format!("Invalid comparison of '{key}': it takes another comparator or value.");
    Err(Error::invalid(message))
}

fn holds(Comparison { field, test }: &Comparison, known: &KnownExperiment) -> bool {
    match (said(field, known), test) {
        (said, Test::Null { is_negated }) => said.is_some() == *is_negated,
        (Some(Said::Text(text)), Test::Is(op, Value::Text(value))) => match op {
            Op::Eq => text == value.as_str(),
            Op::Ne => text != value.as_str(),
            Op::ILike => like::matches(&text.to_lowercase(), &value.to_lowercase()),
            _ => like::matches(&text, value),
        },
        (Some(Said::Text(text)), Test::In { values, is_negated }) => {
            values.iter().any(|value| text == value.as_str()) != *is_negated
        }
        (Some(Said::Number(number)), Test::Is(op, Value::Number(value))) => is(*op, number, *value),
        _ => false,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds are exact doubles for long yet"
)]
fn is(op: Op, number: i64, value: f64) -> bool {
    match (number as f64).partial_cmp(&value) {
        Some(Ordering::Less) => matches!(op, Op::Lt | Op::Le | Op::Ne),
        Some(Ordering::Equal) => matches!(op, Op::Eq | Op::Le | Op::Ge),
        Some(Ordering::Greater) => matches!(op, Op::Gt | Op::Ge | Op::Ne),
        None => false,
    }
}

/// Who says nothing comes last, whichever way.
fn compare_by(order: &Order, a: &KnownExperiment, b: &KnownExperiment) -> Ordering {
    match (said(&order.field, a), said(&order.field, b)) {
        (Some(a), Some(b)) if order.is_descending => b.cmp(&a),
        (Some(a), Some(b)) => a.cmp(&b),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}
