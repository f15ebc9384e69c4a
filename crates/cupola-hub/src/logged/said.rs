//! Parameters and tags that clients say of runs.

use std::collections::{BTreeMap, HashMap};

use cupola_domain::{
    field::FieldError,
    ids::{RunId, TaskId},
    labels,
    training::MODEL_TAG,
};
use cupola_store::{Tx, params, runs, tags, tasks};
use serde_json::Value;

use super::{RUN_NAME_TAG, kept};
use crate::{HubError, budgets::let_go, transitions::find_task};

/// A run has so many parameters at most: each that is added writes the whole configuration anew.
pub(crate) const PARAMS_MAX: usize = 2_000;

/// Adds to the configuration, which is what a run was made with: no word of it changes.
pub(super) fn save_params(
    tx: &mut Tx,
    task: TaskId,
    run: RunId,
    params: Vec<(String, String)>,
) -> Result<(), HubError> {
    if params.is_empty() {
        return Ok(());
    }
    insert_params(tx, run, &params)?;
    let mut config = find_task(tx, task)?.config;
    let before = config.len();
    for (name, value) in params.into_iter().map(kept) {
        config.entry(name).or_insert(Value::String(value));
    }
    if config.len() > before {
        tasks::save_config(tx, task, &config)?;
    }
    Ok(())
}

/// What the program of a worker's run says of its configuration stands beside it. It may say again what
/// it was given, in its own spelling: `1e-05` for `1e-5`, `True` for `true`.
pub(super) fn save_said(
    tx: &mut Tx,
    run: RunId,
    said: Vec<(String, String)>,
) -> Result<(), HubError> {
    if said.is_empty() {
        return Ok(());
    }
    let known: HashMap<String, String> = params::list(tx, run)?.into_iter().collect();
    let is_new = |(name, value): &(String, String)| {
        known.get(name).is_none_or(|known| !is_same(known, value))
    };
    let fresh: Vec<_> = said.into_iter().filter(is_new).collect();
    insert_params(tx, run, &fresh)
}

fn is_same(known: &str, said: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    known.eq_ignore_ascii_case(said)
        || number(known).is_some_and(|known| number(said) == Some(known))
}

fn insert_params(tx: &mut Tx, run: RunId, said: &[(String, String)]) -> Result<(), HubError> {
    let errors = wrong(said, labels::check_param);
    if !errors.is_empty() {
        return Err(HubError::Invalid(errors));
    }
    match params::save(tx, run, said)? {
        None => check_count(tx, run),
        Some(params::Contradiction { key, value, said }) => {
            let message = format!("is `{value}` already and does not become `{said}`");
            let field = format!("params.{key}");
            Err(HubError::Invalid(vec![FieldError::new(field, message)]))
        }
    }
}

fn check_count(tx: &mut Tx, run: RunId) -> Result<(), HubError> {
    let count = params::count(tx, run)?;
    if usize::try_from(count).is_ok_and(|count| count <= PARAMS_MAX) {
        return Ok(());
    }
    let message = format!("would be {count}; a run has at most {PARAMS_MAX}");
    Err(HubError::Invalid(vec![FieldError::new("params", message)]))
}

pub(super) fn save_tags(
    tx: &mut Tx,
    run: RunId,
    said: Vec<(String, String)>,
) -> Result<(), HubError> {
    if said.is_empty() {
        return Ok(());
    }
    // Named twice, the last word counts.
    let said: BTreeMap<String, String> = said.into_iter().map(kept).collect();
    let said: Vec<_> = said.into_iter().collect();
    let errors = wrong(&said, labels::check_tag);
    if !errors.is_empty() {
        return Err(HubError::Invalid(errors));
    }
    if let Some((_, name)) = said.iter().find(|(key, _)| key == RUN_NAME_TAG) {
        runs::save_name(tx, run, name)?;
    }
    if said.iter().any(|(key, _)| key == MODEL_TAG) {
        let_go(tx, run)?;
    }
    Ok(tags::save(tx, run, &said)?)
}

/// What is wrong with names and values, each named.
fn wrong(
    said: &[(String, String)],
    check: fn(&str, &str) -> Result<(), FieldError>,
) -> Vec<FieldError> {
    let checked = said.iter().map(|(name, value)| check(name, value));
    checked.filter_map(Result::err).collect()
}
