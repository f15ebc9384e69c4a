//! What the searches for models know of them.

use std::{borrow::Cow, cmp::Ordering, collections::BTreeMap};

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

impl Searched for KnownLoggedModel {
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
        let model = &self.model;
        Some(match (field.entity, field.key.as_str()) {
            (Entity::Tag, key) => text(model.tags.get(key)?),
            (Entity::Param, key) => text(model.params.get(key)?),
            (Entity::Metric, key) => {
                let metric = self.metrics.iter().find(|metric| metric.key == key);
                Said::Number(metric?.value)
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

    fn tie(&self, other: &Self) -> Ordering {
        let (ours, theirs) = (&self.model, &other.model);
        let latest = theirs.created_at.cmp(&ours.created_at);
        latest.then_with(|| theirs.id.cmp(&ours.id))
    }
}
