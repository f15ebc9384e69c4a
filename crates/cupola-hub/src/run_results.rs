//! What one run gave: a list of keys, one level of one value, a whole value.

use cupola_domain::{
    field::FieldError,
    ids::RunId,
    result::{Kept, Level},
    text::storable,
    time::Timestamp,
};
use cupola_store::{Tx, results, runs};
use serde_json::{Map, Value};

use crate::{Hub, HubError};

pub use cupola_store::results::{Head, SMALL_BYTES_MAX, Sort};

/// How many results a page of them shows.
pub const HEADS_MAX: u32 = 200;

/// One level of one result.
#[derive(Debug, Clone, PartialEq)]
pub struct ResultLevel {
    /// The result's key.
    pub key: String,
    /// When it came.
    pub at: Timestamp,
    /// The JSON pointer to the level.
    pub path: String,
    /// What is there; nothing when the result has no such place.
    pub level: Option<Level>,
}

impl Hub {
    /// Which results a run has, and how many. The values are not read, however large they are.
    pub fn run_results(
        &self,
        id: RunId,
        sort: (Sort, bool),
        limit: u32,
        offset: u64,
    ) -> Result<(Vec<Head>, u64), HubError> {
        let offset = i64::try_from(offset).unwrap_or(i64::MAX);
        self.read(move |tx| {
            check_run(tx, id)?;
            let (heads, total) = results::list_heads(tx, id, sort, i64::from(limit), offset)?;
            Ok((heads, u64::try_from(total).unwrap_or(0)))
        })
    }

    /// What stands at JSON pointer `path` of a result, with its children from `offset` on.
    pub fn run_result_level(
        &self,
        id: RunId,
        key: &str,
        path: &str,
        offset: u64,
    ) -> Result<ResultLevel, HubError> {
        let (text, at) = self.run_result(id, key)?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|error| HubError::Internal(anyhow::Error::new(error)))?;
        Ok(ResultLevel {
            key: key.to_owned(),
            at,
            path: path.to_owned(),
            level: Level::of(&value, path, offset),
        })
    }

    /// A whole result as JSON, and when it came.
    pub fn run_result(&self, id: RunId, key: &str) -> Result<(String, Timestamp), HubError> {
        let key = storable(key).into_owned();
        self.read(move |tx| {
            check_run(tx, id)?;
            results::find(tx, id, &key)?.ok_or_else(|| HubError::not_found("result", key))
        })
    }
}

/// Results as they are kept; refused if one is out of bounds, which the error names.
pub(crate) fn kept(said: &Map<String, Value>) -> Result<Vec<(String, Kept)>, HubError> {
    let (mut kept, mut errors) = (Vec::with_capacity(said.len()), Vec::new());
    for (key, value) in said {
        let key = storable(key).into_owned();
        match Kept::new(&key, value) {
            Ok(one) => kept.push((key, one)),
            Err(message) => errors.push(FieldError::new(format!("results.{key}"), message)),
        }
    }
    if errors.is_empty() {
        return Ok(kept);
    }
    Err(HubError::Invalid(errors))
}

fn check_run(tx: &mut Tx, id: RunId) -> Result<(), HubError> {
    runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
    Ok(())
}
