//! The registry: models, their tags and their aliases.

use std::collections::{BTreeMap, HashMap};

use cupola_domain::{ids::ModelId, model::Model, time::Timestamp};

use crate::{Row, StoreError, Tx, codec, model_history, statement::statements, training};

statements! {
    INSERT = "INSERT INTO model (id, name, description, author, newest, created_at, updated_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    FIND = "SELECT * FROM model WHERE name = $1";
    FIND_BY_ID = "SELECT * FROM model WHERE id = $1";
    LIST = "SELECT * FROM model ORDER BY name LIMIT $1";
    SAVE = "UPDATE model SET name = $2, description = $3, newest = $4, updated_at = $5
            WHERE id = $1";
    TOUCH = "UPDATE model SET updated_at = $2 WHERE id = $1";
    DELETE = "DELETE FROM model WHERE id = $1";
    SAVE_TAG = "INSERT INTO model_tag (model_id, key, value) VALUES ($1, $2, $3)
                ON CONFLICT (model_id, key) DO UPDATE SET value = excluded.value";
    DELETE_TAG = "DELETE FROM model_tag WHERE model_id = $1 AND key = $2";
    DELETE_TAGS = "DELETE FROM model_tag WHERE model_id = $1";
    LIST_TAGS = "SELECT model_id, key, value FROM model_tag WHERE model_id = $1";
    LIST_ALL_TAGS = "SELECT model_id, key, value FROM model_tag";
    SAVE_ALIAS = "INSERT INTO model_alias (model_id, alias, number) VALUES ($1, $2, $3)
                  ON CONFLICT (model_id, alias) DO UPDATE SET number = excluded.number";
    DELETE_ALIAS = "DELETE FROM model_alias WHERE model_id = $1 AND alias = $2";
    DELETE_ALIASES = "DELETE FROM model_alias WHERE model_id = $1";
    DELETE_ALIASES_OF = "DELETE FROM model_alias WHERE model_id = $1 AND number = $2";
    LIST_ALIASES = "SELECT model_id, alias, number FROM model_alias WHERE model_id = $1";
    LIST_ALL_ALIASES = "SELECT model_id, alias, number FROM model_alias";
}

/// Adds a model with its tags.
pub fn insert(tx: &mut Tx, model: &Model) -> Result<(), StoreError> {
    tx.execute_one(
        INSERT,
        &[
            &model.id.to_string(),
            &model.name,
            &model.description,
            &model.author,
            &i64::from(model.newest),
            &model.created_at.millis(),
            &model.updated_at.millis(),
        ],
    )?;
    let mut tags = model.tags.iter();
    tags.try_for_each(|(key, value)| save_tag(tx, model.id, key, value))
}

/// The model called so.
pub fn find(tx: &mut Tx, name: &str) -> Result<Option<Model>, StoreError> {
    let found = tx.query_optional(FIND, &[&name], model)?;
    found.map(|model| with_words(tx, model)).transpose()
}

/// The model with this id.
pub fn find_by_id(tx: &mut Tx, id: ModelId) -> Result<Option<Model>, StoreError> {
    let found = tx.query_optional(FIND_BY_ID, &[&id.to_string()], model)?;
    found.map(|model| with_words(tx, model)).transpose()
}

/// It with its tags and aliases.
fn with_words(tx: &mut Tx, mut model: Model) -> Result<Model, StoreError> {
    let id = model.id.to_string();
    let tags = tx.query(LIST_TAGS, &[&id], |row| {
        Ok((row.text("key")?, row.text("value")?))
    })?;
    model.tags = tags.into_iter().collect();
    model.aliases = tx.query(LIST_ALIASES, &[&id], alias)?.into_iter().collect();
    Ok(model)
}

/// The models by name, at most so many.
pub fn list(tx: &mut Tx, limit: i64) -> Result<Vec<Model>, StoreError> {
    let mut models = tx.query(LIST, &[&limit], model)?;
    let mut tags: HashMap<String, BTreeMap<String, String>> = HashMap::new();
    for (id, key, value) in tx.query(LIST_ALL_TAGS, &[], |row| {
        Ok((row.text("model_id")?, row.text("key")?, row.text("value")?))
    })? {
        tags.entry(id).or_default().insert(key, value);
    }
    let mut aliases: HashMap<String, BTreeMap<String, u32>> = HashMap::new();
    for (id, (alias, number)) in tx.query(LIST_ALL_ALIASES, &[], |row| {
        Ok((row.text("model_id")?, alias(row)?))
    })? {
        aliases.entry(id).or_default().insert(alias, number);
    }
    for model in &mut models {
        let id = model.id.to_string();
        model.tags = tags.remove(&id).unwrap_or_default();
        model.aliases = aliases.remove(&id).unwrap_or_default();
    }
    Ok(models)
}

/// Writes what may change of a model, but for its tags and aliases.
pub fn save(tx: &mut Tx, model: &Model) -> Result<(), StoreError> {
    tx.execute_one(
        SAVE,
        &[
            &model.id.to_string(),
            &model.name,
            &model.description,
            &i64::from(model.newest),
            &model.updated_at.millis(),
        ],
    )
}

/// Notes that something of the model changed.
pub fn touch(tx: &mut Tx, id: ModelId, at: Timestamp) -> Result<(), StoreError> {
    tx.execute_one(TOUCH, &[&id.to_string(), &at.millis()])
}

/// Removes a model whose versions are gone, with what became of it.
pub fn delete(tx: &mut Tx, id: ModelId) -> Result<(), StoreError> {
    let id = id.to_string();
    training::let_go(tx, &id)?;
    model_history::delete_all(tx, &id)?;
    tx.execute(DELETE_ALIASES, &[&id])?;
    tx.execute(DELETE_TAGS, &[&id])?;
    tx.execute_one(DELETE, &[&id])
}

/// Gives a model a tag.
pub fn save_tag(tx: &mut Tx, id: ModelId, key: &str, value: &str) -> Result<(), StoreError> {
    tx.execute_one(SAVE_TAG, &[&id.to_string(), &key, &value])
}

/// Takes a tag from a model; says whether it had it.
pub fn delete_tag(tx: &mut Tx, id: ModelId, key: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE_TAG, &[&id.to_string(), &key])? > 0)
}

/// Lets an alias stand for a version.
pub fn save_alias(tx: &mut Tx, id: ModelId, alias: &str, number: u32) -> Result<(), StoreError> {
    tx.execute_one(SAVE_ALIAS, &[&id.to_string(), &alias, &i64::from(number)])
}

/// Takes an alias away; says whether there was one.
pub fn delete_alias(tx: &mut Tx, id: ModelId, alias: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(DELETE_ALIAS, &[&id.to_string(), &alias])? > 0)
}

/// Takes all aliases of a version away.
pub(crate) fn delete_aliases_of(tx: &mut Tx, id: &str, number: u32) -> Result<(), StoreError> {
    tx.execute(DELETE_ALIASES_OF, &[&id, &i64::from(number)])
        .map(drop)
}

fn alias(row: &Row<'_>) -> Result<(String, u32), StoreError> {
    Ok((
        row.text("alias")?,
        codec::count(row, "model_alias", "number")?,
    ))
}

fn model(row: &Row<'_>) -> Result<Model, StoreError> {
    Ok(Model {
        id: codec::parsed(row, "model", "id")?,
        name: row.text("name")?,
        description: row.text("description")?,
        author: row.text("author")?,
        newest: codec::count(row, "model", "newest")?,
        tags: BTreeMap::new(),
        aliases: BTreeMap::new(),
        created_at: codec::time(row, "created_at")?,
        updated_at: codec::time(row, "updated_at")?,
    })
}
