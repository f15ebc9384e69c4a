//! What the searches for models know of them.

use std::{
    borrow::Cow,
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use cupola_domain::model::LoggedModelMetric;

use cupola_hub::{
    logged_models::KnownLoggedModel,
    models::{KnownModel, KnownVersion},
};

use super::{
    super::{
        few::{Kind, Said, Searched},
        filter::{Entity, Field},
        places,
    },
    IS_PROMPT, wire,
};

fn text(text: &str) -> Said<'_> {
    Said::Text(Cow::Borrowed(text))
}

/// What is not said to be a prompt is none: clients ask for what has that tag as `false`.
fn tag<'t>(tags: &'t BTreeMap<String, String>, key: &str) -> Option<Said<'t>> {
    match tags.get(key) {
        None if key == IS_PROMPT => Some(text("false")),
        value => value.map(|value| text(value)),
    }
}

impl Searched for KnownModel {
    const PLURAL: &'static str = "registered models";
    const ATTRIBUTES: &'static [(&'static str, Kind)] = &[
        ("name", Kind::Text),
        ("creation_timestamp", Kind::Number),
        ("last_updated_timestamp", Kind::Number),
        ("timestamp", Kind::Number),
    ];
    const ENTITIES: &'static [Entity] = &[Entity::Tag];

    fn said(&self, field: &Field) -> Option<Said<'_>> {
        Some(match (field.entity, field.key.as_str()) {
            (Entity::Tag, key) => tag(&self.model.tags, key)?,
            (_, "name") => text(&self.model.name),
            (_, "creation_timestamp") => Said::whole(self.model.created_at.millis()),
            _ => Said::whole(self.model.updated_at.millis()),
        })
    }

    fn tie(&self, other: &Self) -> Ordering {
        self.model.name.cmp(&other.model.name)
    }
}

impl Searched for KnownVersion {
    const PLURAL: &'static str = "model versions";
    const ATTRIBUTES: &'static [(&'static str, Kind)] = &[
        ("name", Kind::Text),
        ("run_id", Kind::Text),
        ("source_path", Kind::Text),
        ("version_number", Kind::Number),
        ("creation_timestamp", Kind::Number),
        ("last_updated_timestamp", Kind::Number),
    ];
    const ENTITIES: &'static [Entity] = &[Entity::Tag];

    fn said(&self, field: &Field) -> Option<Said<'_>> {
        let version = &self.version;
        Some(match (field.entity, field.key.as_str()) {
            (Entity::Tag, key) => tag(&version.tags, key)?,
            (_, "name") => text(&self.name),
            (_, "run_id") => Said::Text(version.run?.to_string().into()),
            (_, "source_path") => text(&version.source),
            (_, "version_number") => Said::Number(version.number.into()),
            (_, "creation_timestamp") => Said::whole(version.created_at.millis()),
            _ => Said::whole(version.updated_at.millis()),
        })
    }

    /// The latest first, then by name and from the newest version on.
    fn tie(&self, other: &Self) -> Ordering {
        let latest = other.version.updated_at.cmp(&self.version.updated_at);
        latest
            .then_with(|| self.name.cmp(&other.name))
            .then_with(|| other.version.number.cmp(&self.version.number))
    }
}

/// Data on which something was measured; what is not said of it is any.
#[derive(Debug, Clone, Default)]
pub(super) struct OnData {
    pub(super) name: Option<String>,
    pub(super) digest: Option<String>,
}

/// On which data a search for logged models looks at what was measured.
#[derive(Debug, Default)]
pub(super) struct Looking {
    /// Tests are about any of these; without any, about all.
    pub(super) tested_on: Vec<OnData>,
    /// What is sorted by → the data that is sorted by.
    pub(super) sorted_on: BTreeMap<String, OnData>,
}

/// A logged model with how it is looked at.
pub(super) struct LookedAt<'l> {
    pub(super) known: KnownLoggedModel,
    pub(super) by: &'l Looking,
}

impl OnData {
    fn has(&self, metric: &LoggedModelMetric) -> bool {
        let is_it = |said: &Option<String>, is: &str| said.as_deref().is_none_or(|said| said == is);
        is_it(&self.name, &metric.dataset_name) && is_it(&self.digest, &metric.dataset_digest)
    }
}

impl Looking {
    /// Whether a test may be about this.
    pub(super) fn tests(&self, metric: &LoggedModelMetric) -> bool {
        self.tested_on.is_empty() || self.tested_on.iter().any(|on| on.has(metric))
    }
}

impl Searched for LookedAt<'_> {
    const PLURAL: &'static str = "logged models";
    const ATTRIBUTES: &'static [(&'static str, Kind)] = &[
        ("name", Kind::Text),
        ("model_id", Kind::Text),
        ("model_type", Kind::Text),
        ("status", Kind::Text),
        ("source_run_id", Kind::Text),
        ("experiment_id", Kind::Text),
        ("creation_timestamp", Kind::Number),
        ("creation_time", Kind::Number),
        ("creation_timestamp_ms", Kind::Number),
        ("last_updated_timestamp", Kind::Number),
        ("last_updated_time", Kind::Number),
        ("last_updated_timestamp_ms", Kind::Number),
    ];
    const ENTITIES: &'static [Entity] = &[Entity::Tag, Entity::Param, Entity::Metric];

    fn said(&self, field: &Field) -> Option<Said<'_>> {
        let model = &self.known.model;
        Some(match (field.entity, field.key.as_str()) {
            (Entity::Tag, key) => text(model.tags.get(key)?),
            (Entity::Param, key) => text(model.params.get(key)?),
            (Entity::Metric, key) => {
                let on = self.by.sorted_on.get(key);
                let is_meant = |metric: &&LoggedModelMetric| {
                    metric.key == key && on.is_none_or(|on| on.has(metric))
                };
                let meant = self.known.metrics.iter().filter(is_meant);
                let latest = meant.max_by_key(|said| (said.at, said.step, Reverse(said.run)));
                Said::Number(latest?.value)
            }
            (_, "name") => text(&model.name),
            (_, "model_id") => Said::Text(places::logged_model_text(model.id).into()),
            (_, "model_type") => text(&model.kind),
            (_, "status") => text(wire::logged_status(model.status)),
            (_, "source_run_id") => Said::Text(model.run?.to_string().into()),
            (_, "experiment_id") => Said::Text(model.experiment.to_string().into()),
            (_, key) if key.starts_with("creation") => Said::whole(model.created_at.millis()),
            _ => Said::whole(model.updated_at.millis()),
        })
    }

    fn all_said(&self, field: &Field) -> Vec<Said<'_>> {
        if field.entity != Entity::Metric {
            return self.said(field).into_iter().collect();
        }
        let metrics = self.known.metrics.iter();
        let tested = metrics.filter(|said| said.key == field.key && self.by.tests(said));
        tested.map(|said| Said::Number(said.value)).collect()
    }

    fn tie(&self, other: &Self) -> Ordering {
        let (ours, theirs) = (&self.known.model, &other.known.model);
        let latest = theirs.created_at.cmp(&ours.created_at);
        latest.then_with(|| theirs.id.cmp(&ours.id))
    }
}
