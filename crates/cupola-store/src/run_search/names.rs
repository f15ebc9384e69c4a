//! The names that runs have values under, for those who write a filter.

use cupola_domain::text::storable;

use crate::{StoreError, Tx, statement::statements};

statements! {
    FIND_PARAM = "SELECT key AS name FROM run_param WHERE key >= $1 ORDER BY key LIMIT 1";
    FIND_PARAM_AFTER = "SELECT key AS name FROM run_param WHERE key > $1 ORDER BY key LIMIT 1";
    FIND_TAG = "SELECT key AS name FROM run_tag WHERE key >= $1 ORDER BY key LIMIT 1";
    FIND_TAG_AFTER = "SELECT key AS name FROM run_tag WHERE key > $1 ORDER BY key LIMIT 1";
    FIND_METRIC = "SELECT name FROM series WHERE run_id IS NOT NULL AND name >= $1
                   ORDER BY name LIMIT 1";
    FIND_METRIC_AFTER = "SELECT name FROM series WHERE run_id IS NOT NULL AND name > $1
                         ORDER BY name LIMIT 1";
}

/// What has names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// Parameters.
    Param,
    /// Tags.
    Tag,
    /// Metrics.
    Metric,
}

/// Up to `limit` names that begin with `prefix`, of whichever run, in order. Each costs one look at an
/// index, however many runs have it.
pub fn list_names(
    tx: &mut Tx,
    kind: NameKind,
    prefix: &str,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let (first, after) = match kind {
        NameKind::Param => (FIND_PARAM, FIND_PARAM_AFTER),
        NameKind::Tag => (FIND_TAG, FIND_TAG_AFTER),
        NameKind::Metric => (FIND_METRIC, FIND_METRIC_AFTER),
    };
    let prefix = storable(prefix);
    let mut names: Vec<String> = Vec::new();
    while names.len() < limit {
        let (sql, from) = match names.last() {
            None => (first, &*prefix),
            Some(last) => (after, last.as_str()),
        };
        let found = tx.query_optional(sql, &[&from], |row| row.text("name"))?;
        match found.filter(|name| name.starts_with(&*prefix)) {
            Some(name) => names.push(name),
            None => break,
        }
    }
    Ok(names)
}
