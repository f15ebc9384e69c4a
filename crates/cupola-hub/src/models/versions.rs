//! Versions of registered models.

use std::collections::BTreeMap;

use cupola_domain::{
    artifact::Keeper,
    field::FieldError,
    ids::{LoggedModelId, RunId},
    model::{
        DESCRIPTION_BYTES_MAX, Model, ModelVersion, Readiness, SOURCE_BYTES_MAX, Stage, check_tag,
        check_text,
    },
    text::storable,
    time::Timestamp,
};
use cupola_store::{Tx, model_versions, models};

use super::{LISTED_MAX, VersionOrigin, checked_tags, kept, lineage, one, origin, touch};
use crate::{Hub, HubError};

/// A version that somebody registers.
#[derive(Debug, Clone, Default)]
pub struct NewVersion {
    /// Where it comes from, in their words.
    pub source: String,
    /// What it is registered from, where that is with this hub.
    pub origin: VersionOrigin,
    /// The run that made it; that of the origin, where none.
    pub run: Option<RunId>,
    /// The logged model that is registered; that of the origin, where none.
    pub logged: Option<LoggedModelId>,
    /// The run whose program says so: it registers only what its run made. None where a person does.
    pub only_of: Option<RunId>,
    /// An address of the run for people.
    pub run_link: String,
    /// For people.
    pub description: String,
    /// For people: key → value; the last word counts.
    pub tags: Vec<(String, String)>,
}

/// A version with what its model says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownVersion {
    /// The model's name.
    pub name: String,
    /// The version.
    pub version: ModelVersion,
    /// What stands for it.
    pub aliases: Vec<String>,
}

impl KnownVersion {
    pub(super) fn new(model: &Model, version: ModelVersion) -> Self {
        let aliases = model.aliases.iter();
        let own = aliases.filter(|(_, number)| **number == version.number);
        Self {
            name: model.name.clone(),
            aliases: own.map(|(alias, _)| alias.clone()).collect(),
            version,
        }
    }

    /// Who keeps its files.
    pub fn keeper(&self) -> Keeper {
        Keeper::ModelVersion(self.version.model, self.version.number)
    }
}

/// How a version is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionName {
    /// By its number.
    Number(u32),
    /// By what stands for it; `latest` is the newest.
    Alias(String),
}

impl Hub {
    /// Registers the next version of a model. It keeps the files that are there now, so that it is
    /// the same whatever becomes of the run.
    pub fn create_model_version(
        &self,
        name: &str,
        new: NewVersion,
        author: &str,
    ) -> Result<KnownVersion, HubError> {
        let new = Checked::new(new)?;
        let (name, author, now) = (name.to_owned(), author.to_owned(), self.now());
        self.write(move |tx| {
            let mut model = super::find(tx, &name)?;
            insert(tx, &mut model, new, (&author, now))
        })
    }

    /// A version of a model.
    pub fn find_model_version(
        &self,
        name: &str,
        wanted: VersionName,
    ) -> Result<KnownVersion, HubError> {
        let name = name.to_owned();
        self.read(move |tx| {
            let model = super::find(tx, &name)?;
            let version = find_named(tx, &model, &wanted)?;
            Ok(KnownVersion::new(&model, version))
        })
    }

    /// All versions of all models.
    pub fn list_model_versions(&self) -> Result<Vec<KnownVersion>, HubError> {
        self.read(|tx| {
            let mut versions = super::by_model(model_versions::list(tx, None, LISTED_MAX)?);
            let mut found = Vec::new();
            for model in models::list(tx, LISTED_MAX)? {
                let own = versions.remove(&model.id.to_string()).unwrap_or_default();
                found.extend(
                    own.into_iter()
                        .map(|version| KnownVersion::new(&model, version)),
                );
            }
            Ok(found)
        })
    }

    /// Says something else of a version.
    pub fn describe_model_version(
        &self,
        name: &str,
        number: u32,
        description: &str,
    ) -> Result<KnownVersion, HubError> {
        check_text("description", description, DESCRIPTION_BYTES_MAX).map_err(one)?;
        let description = storable(description).into_owned();
        self.change_model_version(name, number, move |_, version| {
            version.description = description;
            Ok(())
        })
    }

    /// Says whether a version is in use. It may take the place of all others in that stage.
    pub fn stage_model_version(
        &self,
        name: &str,
        number: u32,
        stage: Stage,
        is_alone: bool,
    ) -> Result<KnownVersion, HubError> {
        check_alone(stage, is_alone).map_err(one)?;
        let now = self.now();
        self.change_model_version(name, number, move |tx, version| {
            if is_alone {
                model_versions::archive_others(tx, version.model, number, stage, now)?;
            }
            version.stage = stage;
            Ok(())
        })
    }

    /// Removes a version with what it keeps. Its number does not come again.
    pub fn delete_model_version(&self, name: &str, number: u32) -> Result<(), HubError> {
        let (name, now) = (name.to_owned(), self.now());
        self.write(move |tx| {
            let mut model = super::find(tx, &name)?;
            find(tx, &model, number)?;
            model_versions::delete(tx, model.id, number)?;
            touch(tx, &mut model, now)
        })
    }

    /// Gives a version a tag; one that it has gets the new value.
    pub fn tag_model_version(
        &self,
        name: &str,
        number: u32,
        key: &str,
        value: &str,
    ) -> Result<(), HubError> {
        check_tag(key, value).map_err(one)?;
        let (key, value) = kept((key.to_owned(), value.to_owned()));
        self.change_model_version(name, number, move |tx, version| {
            Ok(model_versions::save_tag(
                tx,
                version.model,
                number,
                &key,
                &value,
            )?)
        })
        .map(drop)
    }

    /// Takes a tag from a version, if it has it.
    pub fn untag_model_version(&self, name: &str, number: u32, key: &str) -> Result<(), HubError> {
        let key = storable(key).into_owned();
        self.change_model_version(name, number, move |tx, version| {
            Ok(model_versions::delete_tag(tx, version.model, number, &key).map(drop)?)
        })
        .map(drop)
    }

    /// Changes a version in one transaction and notes when.
    fn change_model_version(
        &self,
        name: &str,
        number: u32,
        change: impl FnOnce(&mut Tx, &mut ModelVersion) -> Result<(), HubError> + Send + 'static,
    ) -> Result<KnownVersion, HubError> {
        let (name, now) = (name.to_owned(), self.now());
        self.write(move |tx| {
            let mut model = super::find(tx, &name)?;
            let mut version = find(tx, &model, number)?;
            change(tx, &mut version)?;
            version.updated_at = now;
            model_versions::save(tx, &version)?;
            touch(tx, &mut model, now)?;
            Ok(KnownVersion::new(&model, find(tx, &model, number)?))
        })
    }
}

/// A version with which nothing is wrong.
pub(super) struct Checked(NewVersion, BTreeMap<String, String>);

impl Checked {
    pub(super) fn new(mut new: NewVersion) -> Result<Self, HubError> {
        check_text("source", &new.source, SOURCE_BYTES_MAX).map_err(one)?;
        check_text("run_link", &new.run_link, SOURCE_BYTES_MAX).map_err(one)?;
        check_text("description", &new.description, DESCRIPTION_BYTES_MAX).map_err(one)?;
        let tags = checked_tags(std::mem::take(&mut new.tags))?;
        Ok(Self(new, tags))
    }
}

/// Adds the next version of a model, with its files and what it was made with.
pub(super) fn insert(
    tx: &mut Tx,
    model: &mut Model,
    Checked(new, tags): Checked,
    (author, now): (&str, Timestamp),
) -> Result<KnownVersion, HubError> {
    let origin = origin::find(tx, &new)?;
    model.newest += 1;
    let version = ModelVersion {
        model: model.id,
        number: model.newest,
        stage: Stage::None,
        status: Readiness::Ready,
        description: storable(&new.description).into_owned(),
        run: origin.run,
        source: storable(&new.source).into_owned(),
        run_link: storable(&new.run_link).into_owned(),
        logged: origin.logged,
        author: author.to_owned(),
        tags,
        created_at: now,
        updated_at: now,
    };
    models::save(tx, model)?;
    model_versions::insert(tx, &version)?;
    if let Some((from, named)) = origin.files {
        let keeper = Keeper::ModelVersion(model.id, model.newest);
        origin::keep_files(tx, from, &named, keeper)?;
    }
    if let Some(run) = version.run {
        lineage::note(tx, run, model.id, model.newest)?;
    }
    touch(tx, model, now)?;
    Ok(KnownVersion::new(model, version))
}

/// Whether a version may be the only one in a stage, where it is to be.
pub(super) fn check_alone(stage: Stage, is_alone: bool) -> Result<(), FieldError> {
    if is_alone && !stage.is_active() {
        let message = format!("is `{stage}`; only in staging or production is there one alone");
        return Err(FieldError::new("archive_existing_versions", message));
    }
    Ok(())
}

/// The version that is named so.
pub(super) fn find_named(
    tx: &mut Tx,
    model: &Model,
    wanted: &VersionName,
) -> Result<ModelVersion, HubError> {
    let number = match wanted {
        VersionName::Number(number) => Some(*number),
        VersionName::Alias(alias) if alias.eq_ignore_ascii_case("latest") => {
            let newest = model_versions::list(tx, Some(model.id), 1)?;
            newest.first().map(|version| version.number)
        }
        VersionName::Alias(alias) => match model.aliases.get(alias) {
            Some(number) => Some(*number),
            None => return Err(HubError::not_found("alias", alias)),
        },
    };
    let number = number.ok_or_else(|| HubError::not_found("model version", "latest"))?;
    find(tx, model, number)
}

pub(super) fn find(tx: &mut Tx, model: &Model, number: u32) -> Result<ModelVersion, HubError> {
    let found = model_versions::find(tx, model.id, number)?;
    found.ok_or_else(|| HubError::not_found("model version", format!("{} {number}", model.name)))
}
