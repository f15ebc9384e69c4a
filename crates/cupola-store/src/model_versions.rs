//! Versions of registered models.

use std::collections::{BTreeMap, HashMap};

use cupola_domain::{
    artifact::Keeper,
    ids::ModelId,
    model::{ModelVersion, Stage},
    time::Timestamp,
};

use crate::{Row, StoreError, Tx, artifacts, codec, model_lineage, models, statement::statements};

statements! {
    INSERT = "INSERT INTO model_version (model_id, number, stage, status, description, source, run_id,
                                         run_link, logged_model_id, author, created_at, updated_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    FIND = "SELECT * FROM model_version WHERE model_id = $1 AND number = $2";
    LIST_OF = "SELECT * FROM model_version WHERE model_id = $1 ORDER BY number DESC LIMIT $2";
    SIZES = "SELECT v.model_id, COUNT(f.name) AS files, CAST(COALESCE(SUM(f.size), 0) AS BIGINT) AS bytes
             FROM model AS m JOIN model_version AS v ON v.model_id = m.id
             AND v.number = (SELECT COALESCE(MAX(CASE WHEN stage = 'production' THEN number END),
                                             MAX(number))
                             FROM model_version WHERE model_id = m.id)
             JOIN model_file AS f ON f.keeper = 'version:' || v.model_id || ':' || v.number
             GROUP BY v.model_id";
    LIST = "SELECT * FROM model_version ORDER BY model_id, number DESC LIMIT $1";
    SAVE = "UPDATE model_version SET stage = $3, description = $4, updated_at = $5
            WHERE model_id = $1 AND number = $2";
    ARCHIVE_OTHERS = "UPDATE model_version SET stage = 'archived', updated_at = $4
                      WHERE model_id = $1 AND number <> $2 AND stage = $3";
    DELETE = "DELETE FROM model_version WHERE model_id = $1 AND number = $2";
    SAVE_TAG = "INSERT INTO model_version_tag (model_id, number, key, value) VALUES ($1, $2, $3, $4)
                ON CONFLICT (model_id, number, key) DO UPDATE SET value = excluded.value";
    DELETE_TAG = "DELETE FROM model_version_tag WHERE model_id = $1 AND number = $2 AND key = $3";
    DELETE_TAGS = "DELETE FROM model_version_tag WHERE model_id = $1 AND number = $2";
    LIST_TAGS_OF = "SELECT model_id, number, key, value FROM model_version_tag WHERE model_id = $1";
    LIST_TAGS = "SELECT model_id, number, key, value FROM model_version_tag";
}

/// A key is a model's id with a version's number.
type Tags = HashMap<(String, i64), BTreeMap<String, String>>;

/// Adds a version with its tags.
pub fn insert(tx: &mut Tx, version: &ModelVersion) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &version.model.to_string(),
            &i64::from(version.number),
            &version.stage.as_str(),
            &version.status.as_str(),
            &version.description,
            &version.source,
            &version.run.map(|run| run.to_string()),
            &version.run_link,
            &version.logged.map(|logged| logged.to_string()),
            &version.author,
            &version.created_at.millis(),
            &version.updated_at.millis(),
        ],
    )?;
    let mut tags = version.tags.iter();
    tags.try_for_each(|(key, value)| save_tag(tx, version.model, version.number, key, value))
}

/// A model's version with this number.
pub fn find(tx: &mut Tx, model: ModelId, number: u32) -> Result<Option<ModelVersion>, StoreError> {
    let id = model.to_string();
    let found = tx.query_optional(FIND, &[&id, &i64::from(number)], version)?;
    let mut found: Vec<_> = found.into_iter().collect();
    let tags = list_tags(tx, Some(model))?;
    give_tags(&mut found, tags);
    Ok(found.pop())
}

/// The versions of a model, or of all models by their ids, the newest first, at most so many.
pub fn list(
    tx: &mut Tx,
    model: Option<ModelId>,
    limit: i64,
) -> Result<Vec<ModelVersion>, StoreError> {
    let mut found = match model {
        Some(model) => tx.query(LIST_OF, &[&model.to_string(), &limit], version)?,
        None => tx.query(LIST, &[&limit], version)?,
    };
    let tags = list_tags(tx, model)?;
    give_tags(&mut found, tags);
    Ok(found)
}

/// How many files the version of each model keeps that is in use, and how many bytes they have: the newest
/// in production, else the newest. None for models whose version keeps no files.
pub fn sizes_in_use(tx: &mut Tx) -> Result<HashMap<ModelId, (u64, u64)>, StoreError> {
    let sizes = tx.query(SIZES, &[], |row| {
        let files = codec::count(row, "model_file", "files")?;
        let bytes = codec::count(row, "model_file", "bytes")?;
        Ok((
            codec::parsed(row, "model_version", "model_id")?,
            (files, bytes),
        ))
    })?;
    Ok(sizes.into_iter().collect())
}

/// Writes what may change of a version, but for its tags.
pub fn save(tx: &mut Tx, version: &ModelVersion) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE,
        &[
            &version.model.to_string(),
            &i64::from(version.number),
            &version.stage.as_str(),
            &version.description,
            &version.updated_at.millis(),
        ],
    )
}

/// Archives all versions of a stage but this one.
pub fn archive_others(
    tx: &mut Tx,
    model: ModelId,
    number: u32,
    stage: Stage,
    at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        ARCHIVE_OTHERS,
        &[
            &model.to_string(),
            &i64::from(number),
            &stage.as_str(),
            &at.millis(),
        ],
    )
    .map(drop)
}

/// Removes a version with its aliases and files; says whether there was one.
pub fn delete(tx: &mut Tx, model: ModelId, number: u32) -> Result<bool, StoreError> {
    let (id, place) = (model.to_string(), i64::from(number));
    models::delete_aliases_of(tx, &id, number)?;
    tx.execute(DELETE_TAGS, &[&id, &place])?;
    model_lineage::delete(tx, &id, place)?;
    artifacts::delete_all(tx, Keeper::ModelVersion(model, number))?;
    Ok(tx.execute(DELETE, &[&id, &place])? > 0)
}

/// Gives a version a tag.
pub fn save_tag(
    tx: &mut Tx,
    model: ModelId,
    number: u32,
    key: &str,
    value: &str,
) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE_TAG,
        &[&model.to_string(), &i64::from(number), &key, &value],
    )
}

/// Takes a tag from a version; says whether it had it.
pub fn delete_tag(tx: &mut Tx, model: ModelId, number: u32, key: &str) -> Result<bool, StoreError> {
    let deleted = tx.execute(DELETE_TAG, &[&model.to_string(), &i64::from(number), &key])?;
    Ok(deleted > 0)
}

fn list_tags(tx: &mut Tx, model: Option<ModelId>) -> Result<Tags, StoreError> {
    let read = |row: &Row<'_>| {
        let of = (row.text("model_id")?, row.i64("number")?);
        Ok((of, row.text("key")?, row.text("value")?))
    };
    let rows = match model {
        Some(model) => tx.query(LIST_TAGS_OF, &[&model.to_string()], read)?,
        None => tx.query(LIST_TAGS, &[], read)?,
    };
    let mut tags = Tags::new();
    for (of, key, value) in rows {
        tags.entry(of).or_default().insert(key, value);
    }
    Ok(tags)
}

fn give_tags(versions: &mut [ModelVersion], mut tags: Tags) {
    for version in versions {
        let of = (version.model.to_string(), i64::from(version.number));
        version.tags = tags.remove(&of).unwrap_or_default();
    }
}

fn version(row: &Row<'_>) -> Result<ModelVersion, StoreError> {
    const TABLE: &str = "model_version";
    Ok(ModelVersion {
        model: codec::parsed(row, TABLE, "model_id")?,
        number: codec::count(row, TABLE, "number")?,
        stage: codec::parsed(row, TABLE, "stage")?,
        status: codec::parsed(row, TABLE, "status")?,
        description: row.text("description")?,
        source: row.text("source")?,
        run: codec::optional_parsed(row, TABLE, "run_id")?,
        run_link: row.text("run_link")?,
        logged: codec::optional_parsed(row, TABLE, "logged_model_id")?,
        author: row.text("author")?,
        tags: BTreeMap::new(),
        created_at: codec::time(row, "created_at")?,
        updated_at: codec::time(row, "updated_at")?,
    })
}
