//! The registry: models by name, and what is done with them as a whole.

mod download;
mod history;
mod lineage;
mod origin;
mod promotion;
mod registry;
mod revision;
mod versions;

use std::collections::BTreeMap;

use cupola_domain::{
    event::Event,
    field::FieldError,
    model::{
        DESCRIPTION_BYTES_MAX, Model, ModelVersion, check_alias, check_client_alias, check_name,
        check_tag, check_text,
    },
    text::storable,
    time::Timestamp,
};
use cupola_store::{Tx, events, model_versions, models};

use crate::{Hub, HubError, training_models::take_files};

pub use download::ModelDownload;
pub use history::{NewDeployment, NewEvaluation};
pub use origin::VersionOrigin;
pub use promotion::Promotion;
pub use registry::{ModelDetail, RegisteredModel, VersionDetail};
pub use revision::Revision;
pub use versions::{KnownVersion, NewVersion, VersionName};

pub(crate) use history::{insert_evaluation, tag_facts};
pub(crate) use registry::list_registered;

/// The registry shows at most so many models and versions at once.
const LISTED_MAX: i64 = 100_000;

/// A model that somebody registers.
#[derive(Debug, Clone, Default)]
pub struct NewModel {
    /// Nobody else's.
    pub name: String,
    /// For people.
    pub description: String,
    /// For people: key → value; the last word counts.
    pub tags: Vec<(String, String)>,
}

/// A model with the newest version of each stage.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownModel {
    /// The model.
    pub model: Model,
    /// The newest first.
    pub latest: Vec<KnownVersion>,
}

impl KnownModel {
    /// `versions` are those of the model, the newest first.
    fn new(model: Model, versions: impl IntoIterator<Item = ModelVersion>) -> Self {
        let mut latest: Vec<KnownVersion> = Vec::new();
        for version in versions {
            if latest
                .iter()
                .all(|known| known.version.stage != version.stage)
            {
                latest.push(KnownVersion::new(&model, version));
            }
        }
        Self { model, latest }
    }
}

impl Hub {
    /// Registers a model. It has no versions yet.
    pub fn create_model(&self, new: NewModel, author: &str) -> Result<KnownModel, HubError> {
        let model = self.checked(new, author)?;
        self.write(move |tx| {
            check_free(tx, &model.name)?;
            models::insert(tx, &model)?;
            events::record(tx, Event::ModelChanged(model.id));
            take_files(tx, &model.name)?;
            known(tx, &model.name)
        })
    }

    /// A model as it is registered, when nothing is wrong with it.
    pub(crate) fn checked(&self, new: NewModel, author: &str) -> Result<Model, HubError> {
        check_name(&new.name).map_err(one)?;
        check_text("description", &new.description, DESCRIPTION_BYTES_MAX).map_err(one)?;
        let now = self.now();
        Ok(Model {
            id: self.next_id(),
            name: new.name,
            description: storable(&new.description).into_owned(),
            author: author.to_owned(),
            newest: 0,
            tags: checked_tags(new.tags)?,
            aliases: BTreeMap::new(),
            created_at: now,
            updated_at: now,
        })
    }

    /// The model called so.
    pub fn find_model(&self, name: &str) -> Result<KnownModel, HubError> {
        let name = name.to_owned();
        self.read(move |tx| known(tx, &name))
    }

    /// All models, by name.
    pub fn list_models(&self) -> Result<Vec<KnownModel>, HubError> {
        self.read(|tx| {
            let mut versions = by_model(model_versions::list(tx, None, LISTED_MAX)?);
            let models = models::list(tx, LISTED_MAX)?.into_iter();
            let known = models.map(|model| {
                let own = versions.remove(&model.id.to_string());
                KnownModel::new(model, own.unwrap_or_default())
            });
            Ok(known.collect())
        })
    }

    /// Says something else of a model.
    pub fn describe_model(&self, name: &str, description: &str) -> Result<KnownModel, HubError> {
        check_text("description", description, DESCRIPTION_BYTES_MAX).map_err(one)?;
        let description = storable(description).into_owned();
        self.change_model(name, move |tx, model| {
            model.description = description;
            Ok(models::save(tx, model)?)
        })
    }

    /// Gives a model another name. Its versions stay with it.
    pub fn rename_model(&self, name: &str, new_name: &str) -> Result<KnownModel, HubError> {
        check_name(new_name).map_err(one)?;
        let new_name = new_name.to_owned();
        self.change_model(name, move |tx, model| {
            if model.name != new_name {
                check_free(tx, &new_name)?;
            }
            model.name = new_name;
            models::save(tx, model)?;
            take_files(tx, &model.name)
        })
    }

    /// Removes a model with all its versions and what they keep.
    pub fn delete_model(&self, name: &str) -> Result<(), HubError> {
        let name = name.to_owned();
        self.write(move |tx| {
            let model = find(tx, &name)?;
            for version in model_versions::list(tx, Some(model.id), LISTED_MAX)? {
                model_versions::delete(tx, model.id, version.number)?;
            }
            models::delete(tx, model.id)?;
            events::record(tx, Event::ModelChanged(model.id));
            Ok(())
        })
    }

    /// Gives a model a tag; one that it has gets the new value.
    pub fn tag_model(&self, name: &str, key: &str, value: &str) -> Result<(), HubError> {
        check_tag(key, value).map_err(one)?;
        let (key, value) = kept((key.to_owned(), value.to_owned()));
        self.change_model(name, move |tx, model| {
            Ok(models::save_tag(tx, model.id, &key, &value)?)
        })
        .map(drop)
    }

    /// Takes a tag from a model, if it has it.
    pub fn untag_model(&self, name: &str, key: &str) -> Result<(), HubError> {
        let key = storable(key).into_owned();
        self.change_model(name, move |tx, model| {
            Ok(models::delete_tag(tx, model.id, &key).map(drop)?)
        })
        .map(drop)
    }

    /// Lets an alias stand for a version, and no longer for another.
    pub fn alias_model(&self, name: &str, alias: &str, number: u32) -> Result<(), HubError> {
        check_alias(alias).map_err(one)?;
        self.save_alias(name, alias, number)
    }

    /// The same for a client whose addresses tell an alias from a number.
    pub fn alias_model_of_client(
        &self,
        name: &str,
        alias: &str,
        number: u32,
    ) -> Result<(), HubError> {
        check_client_alias(alias).map_err(one)?;
        self.save_alias(name, alias, number)
    }

    fn save_alias(&self, name: &str, alias: &str, number: u32) -> Result<(), HubError> {
        let alias = alias.to_owned();
        self.change_model(name, move |tx, model| {
            versions::find(tx, model, number)?;
            Ok(models::save_alias(tx, model.id, &alias, number)?)
        })
        .map(drop)
    }

    /// Takes an alias away, if it is there.
    pub fn unalias_model(&self, name: &str, alias: &str) -> Result<(), HubError> {
        let alias = storable(alias).into_owned();
        self.change_model(name, move |tx, model| {
            Ok(models::delete_alias(tx, model.id, &alias).map(drop)?)
        })
        .map(drop)
    }

    /// Changes a model in one transaction and notes when.
    fn change_model(
        &self,
        name: &str,
        change: impl FnOnce(&mut Tx, &mut Model) -> Result<(), HubError> + Send + 'static,
    ) -> Result<KnownModel, HubError> {
        let (name, now) = (name.to_owned(), self.now());
        self.write(move |tx| {
            let mut model = find(tx, &name)?;
            change(tx, &mut model)?;
            touch(tx, &mut model, now)?;
            known(tx, &model.name)
        })
    }
}

/// Notes that a model or one of its versions changed.
fn touch(tx: &mut Tx, model: &mut Model, now: Timestamp) -> Result<(), HubError> {
    model.updated_at = now;
    models::touch(tx, model.id, now)?;
    events::record(tx, Event::ModelChanged(model.id));
    Ok(())
}

fn find(tx: &mut Tx, name: &str) -> Result<Model, HubError> {
    models::find(tx, &storable(name))?.ok_or_else(|| HubError::not_found("model", name))
}

fn known(tx: &mut Tx, name: &str) -> Result<KnownModel, HubError> {
    let model = find(tx, name)?;
    let versions = model_versions::list(tx, Some(model.id), LISTED_MAX)?;
    Ok(KnownModel::new(model, versions))
}

fn check_free(tx: &mut Tx, name: &str) -> Result<(), HubError> {
    match models::find(tx, name)? {
        None => Ok(()),
        Some(_) => Err(HubError::Taken(format!(
            "there is a model `{name}` already"
        ))),
    }
}

fn by_model(versions: Vec<ModelVersion>) -> BTreeMap<String, Vec<ModelVersion>> {
    let mut found: BTreeMap<String, Vec<ModelVersion>> = BTreeMap::new();
    for version in versions {
        found
            .entry(version.model.to_string())
            .or_default()
            .push(version);
    }
    found
}

/// Tags as they are kept, each checked.
pub(crate) fn checked_tags(
    tags: Vec<(String, String)>,
) -> Result<BTreeMap<String, String>, HubError> {
    let wrong = tags
        .iter()
        .filter_map(|(key, value)| check_tag(key, value).err());
    let wrong: Vec<_> = wrong.collect();
    if wrong.is_empty() {
        return Ok(tags.into_iter().map(kept).collect());
    }
    Err(HubError::Invalid(wrong))
}

pub(crate) fn kept((key, value): (String, String)) -> (String, String) {
    (storable(&key).into_owned(), storable(&value).into_owned())
}

pub(crate) fn one(error: FieldError) -> HubError {
    HubError::Invalid(vec![error])
}
