//! A run's files become a version.

use cupola_domain::{
    field::FieldError,
    ids::RunId,
    model::{Model, Stage, check_alias, check_name},
    provenance::Provenance,
    text::storable,
    training::MODEL_TAG,
};
use cupola_store::{Tx, artifacts, models, runs, tags};

use super::{KnownVersion, NewModel, NewVersion, VersionOrigin, one, origin::is_meant, versions};
use crate::{Hub, HubError, training_models::take_files};

/// Which of a run's files become a version of what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Promotion {
    /// The model, which is made where there is none; the one that the run is tagged with, where empty.
    pub model: String,
    /// Files and folders that the run keeps; all of them, where none is named.
    pub files: Vec<String>,
    /// For people.
    pub description: String,
    /// Whether it is in use at once.
    pub stage: Option<Stage>,
    /// What stands for it from now on.
    pub aliases: Vec<String>,
}

impl Hub {
    /// Registers files of a run as the next version of a model. The version keeps them, and with them what
    /// the run was: its metrics, code, configuration and data.
    pub fn promote_run(
        &self,
        run: RunId,
        wanted: Promotion,
        author: &str,
    ) -> Result<KnownVersion, HubError> {
        let aliases = wanted.aliases.iter();
        let wrong: Vec<_> = aliases
            .filter_map(|alias| check_alias(alias).err())
            .collect();
        if !wrong.is_empty() {
            return Err(HubError::Invalid(wrong));
        }
        let name = self.name_of(run, &wanted.model)?;
        let new = self.checked(
            NewModel {
                name: name.clone(),
                ..NewModel::default()
            },
            author,
        )?;
        let files = wanted.files;
        let version = versions::Checked::new(NewVersion {
            source: format!("runs:/{run}/{}", files.first().map_or("", |it| it)),
            origin: VersionOrigin::Files(run.into(), files.clone()),
            description: wanted.description,
            ..NewVersion::default()
        })?;
        let (stage, aliases) = (wanted.stage, wanted.aliases);
        let (author, now) = (author.to_owned(), self.now());
        self.write(move |tx| {
            check_kept(tx, run, &files)?;
            let mut model = known_or_new(tx, new)?;
            let mut made = versions::insert(tx, &mut model, version, (&author, now))?;
            if let Some(stage) = stage {
                made.version.stage = stage;
                cupola_store::model_versions::save(tx, &made.version)?;
            }
            for alias in &aliases {
                models::save_alias(tx, model.id, alias, made.version.number)?;
            }
            made.aliases = aliases;
            Ok(made)
        })
    }

    /// The key of the model that a run trains, as its tag says.
    pub fn model_of_run(&self, run: RunId) -> Result<Option<String>, HubError> {
        self.read(move |tx| {
            runs::find(tx, run)?.ok_or_else(|| HubError::not_found("run", run))?;
            Ok(tags::find(tx, run, MODEL_TAG)?)
        })
    }

    /// What the model is to be called.
    fn name_of(&self, run: RunId, said: &str) -> Result<String, HubError> {
        let tagged = self.read(move |tx| {
            let found = runs::find(tx, run)?.ok_or_else(|| HubError::not_found("run", run))?;
            if found.provenance == Provenance::Simulated {
                let message = format!("run `{run}` was simulated: there is nothing to promote");
                return Err(HubError::Conflict(message));
            }
            Ok(tags::find(tx, run, MODEL_TAG)?)
        })?;
        let name = match said.trim() {
            "" => tagged.ok_or_else(|| {
                let message = format!("is empty, and run `{run}` has no tag `{MODEL_TAG}`");
                one(FieldError::new("model", message))
            })?,
            said => said.to_owned(),
        };
        check_name(&name).map_err(|error| {
            one(FieldError {
                field: "model".to_owned(),
                ..error
            })
        })?;
        Ok(storable(&name).into_owned())
    }
}

/// Whether a run keeps files, and each that is named.
fn check_kept(tx: &mut Tx, run: RunId, named: &[String]) -> Result<(), HubError> {
    let kept = artifacts::list(tx, run)?;
    let wrong = |what: String| FieldError::new("files", format!("run `{run}` keeps no {what}"));
    let is_missing = |name: &&String| kept.iter().all(|file| !is_meant(&file.name, name));
    let missing = named.iter().filter(is_missing);
    let mut errors: Vec<_> = missing.map(|name| wrong(format!("`{name}`"))).collect();
    if kept.is_empty() && errors.is_empty() {
        errors.push(wrong("files".to_owned()));
    }
    if errors.is_empty() {
        return Ok(());
    }
    Err(HubError::Invalid(errors))
}

fn known_or_new(tx: &mut Tx, new: Model) -> Result<Model, HubError> {
    if let Some(model) = models::find(tx, &new.name)? {
        return Ok(model);
    }
    models::insert(tx, &new)?;
    take_files(tx, &new.name)?;
    Ok(new)
}
