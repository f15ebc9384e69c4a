//! A version becomes what somebody wants it to be, at once.

use cupola_domain::{
    field::FieldError,
    model::{DESCRIPTION_BYTES_MAX, ModelVersion, Stage, check_alias, check_text},
    text::storable,
    time::Timestamp,
};
use cupola_store::{Tx, model_versions, models};

use super::{KnownVersion, registry::find_called, touch, versions};
use crate::{Hub, HubError};

/// What a version is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Whether it is in use.
    pub stage: Stage,
    /// Whether all others in that stage are archived.
    pub is_alone: bool,
    /// For people.
    pub description: String,
    /// All that stands for it; others stand for it no more.
    pub aliases: Vec<String>,
}

impl Hub {
    /// Makes a version of a model, called by its name or by its id, what it is to be: all of it, or nothing
    /// when something is wrong.
    pub fn revise_model_version(
        &self,
        called: &str,
        number: u32,
        wanted: Revision,
    ) -> Result<KnownVersion, HubError> {
        let (called, now) = (called.to_owned(), self.now());
        self.write(move |tx| {
            let mut model = find_called(tx, &called)?;
            let version = versions::find(tx, &model, number)?;
            let before = KnownVersion::new(&model, version);
            let wrong = wrong_with(&wanted, &before);
            if !wrong.is_empty() {
                return Err(HubError::Invalid(wrong));
            }
            if !revise(tx, &before, &wanted, now)? {
                return Ok(before);
            }
            touch(tx, &mut model, now)?;
            let model = find_called(tx, &called)?;
            let version = versions::find(tx, &model, number)?;
            Ok(KnownVersion::new(&model, version))
        })
    }
}

/// What is wrong, each named. An alias that it has already may stay.
fn wrong_with(wanted: &Revision, before: &KnownVersion) -> Vec<FieldError> {
    let alone = versions::check_alone(wanted.stage, wanted.is_alone);
    let text = check_text("description", &wanted.description, DESCRIPTION_BYTES_MAX);
    let new = wanted.aliases.iter();
    let new = new.filter(|alias| !before.aliases.contains(alias));
    let aliases = new.map(|alias| check_alias(alias));
    let all = [alone, text].into_iter().chain(aliases);
    all.filter_map(Result::err).collect()
}

/// Says whether anything became something else.
fn revise(
    tx: &mut Tx,
    before: &KnownVersion,
    wanted: &Revision,
    now: Timestamp,
) -> Result<bool, HubError> {
    let version = &before.version;
    let (model, number) = (version.model, version.number);
    let description = storable(&wanted.description).into_owned();
    let gone = before.aliases.iter();
    let gone: Vec<_> = gone
        .filter(|alias| !wanted.aliases.contains(alias))
        .collect();
    let new = wanted.aliases.iter();
    let new: Vec<_> = new
        .filter(|alias| !before.aliases.contains(alias))
        .collect();
    let is_same = (version.stage, &version.description) == (wanted.stage, &description);
    if is_same && !wanted.is_alone && gone.is_empty() && new.is_empty() {
        return Ok(false);
    }
    if wanted.is_alone {
        model_versions::archive_others(tx, model, number, wanted.stage, now)?;
    }
    let revised = ModelVersion {
        stage: wanted.stage,
        description,
        updated_at: now,
        ..version.clone()
    };
    model_versions::save(tx, &revised)?;
    for alias in gone {
        models::delete_alias(tx, model, alias)?;
    }
    for alias in new {
        models::save_alias(tx, model, alias, number)?;
    }
    Ok(true)
}
