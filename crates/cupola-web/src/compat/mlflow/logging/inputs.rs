//! `runs/log-inputs`: the data and the models that a run used.

use std::collections::BTreeMap;

use axum::{Json, extract::State};
use cupola_domain::{
    dataset::Dataset,
    model::{ModelRole, ModelUse},
};
use cupola_hub::logged::LoggedBatch;
use serde::Deserialize;

use super::{
    super::{
        Error,
        body::{Body, Text, required},
        experiments::Tag,
        names,
        places::logged_model,
        wire::Done,
    },
    DATASET_DIGEST_BYTES_MAX, DATASET_NAME_BYTES_MAX, MODELS_MAX, run_of, take,
};
use crate::{auth::ClientResearcher, state::Web};

/// A profile alone may have 16 MiB.
pub(super) const BYTES_MAX: usize = 20 << 20;

const DATASETS_MAX: usize = 1_000;
const SOURCE_TYPE_BYTES_MAX: usize = 500;
const SOURCE_BYTES_MAX: usize = 65_535;
const SCHEMA_BYTES_MAX: usize = 1_048_575;
const PROFILE_BYTES_MAX: usize = 16_777_215;
const TAG_KEY_BYTES_MAX: usize = 255;
const TAG_VALUE_BYTES_MAX: usize = 500;

#[derive(Debug, Deserialize)]
struct Asked<'a> {
    #[serde(borrow)]
    run_id: Option<Text<'a>>,
    #[serde(borrow)]
    datasets: Option<Vec<Input<'a>>>,
    #[serde(borrow)]
    models: Option<Vec<Model<'a>>>,
}

#[derive(Debug, Deserialize)]
struct Input<'a> {
    #[serde(borrow)]
    tags: Option<Vec<Tag<'a>>>,
    #[serde(borrow)]
    dataset: Option<Used<'a>>,
}

#[derive(Debug, Deserialize)]
struct Used<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    digest: Option<Text<'a>>,
    #[serde(borrow)]
    source_type: Option<Text<'a>>,
    #[serde(borrow)]
    source: Option<Text<'a>>,
    #[serde(borrow)]
    schema: Option<Text<'a>>,
    #[serde(borrow)]
    profile: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
struct Model<'a> {
    #[serde(borrow)]
    model_id: Option<Text<'a>>,
}

pub(super) async fn log(
    State(web): State<Web>,
    ClientResearcher(who): ClientResearcher,
    body: Body<BYTES_MAX>,
) -> Result<Json<Done>, Error> {
    let asked: Asked<'_> = body.read()?;
    let run = run_of(asked.run_id, None, &who)?;
    let inputs = asked.datasets.unwrap_or_default();
    names::check_count(inputs.len(), "datasets", DATASETS_MAX)?;
    let datasets = inputs.into_iter().enumerate();
    let datasets: Vec<Dataset> = datasets
        .map(|(at, input)| input.read(&format!("datasets[{at}]")))
        .collect::<Result<_, _>>()?;
    let uses = uses(asked.models)?;
    let batch = LoggedBatch {
        datasets,
        uses,
        is_of_program: who.program().is_some(),
        ..LoggedBatch::default()
    };
    take(&web, run, batch).await
}

fn uses(models: Option<Vec<Model<'_>>>) -> Result<Vec<ModelUse>, Error> {
    let models = models.unwrap_or_default();
    names::check_count(models.len(), "models", MODELS_MAX)?;
    let models = models.into_iter().enumerate();
    let used = |(at, model): (usize, Model<'_>)| {
        let id = required(model.model_id, &format!("models[{at}].model_id"))?;
        let model = logged_model(&id).ok_or_else(|| Error::unknown("logged model", &id))?;
        Ok(ModelUse {
            model,
            role: ModelRole::Input,
            step: 0,
        })
    };
    models.map(used).collect()
}

impl Input<'_> {
    fn read(self, place: &str) -> Result<Dataset, Error> {
        let field = |name: &str| format!("{place}.{name}");
        let used = self
            .dataset
            .ok_or_else(|| Error::missing(&field("dataset")))?;
        let whole = |text: Option<Text<'_>>, name: &str, max: usize| {
            let place = field(&format!("dataset.{name}"));
            let text = required(text, &place)?;
            names::check_length(&text, &place, max)?;
            Ok::<_, Error>(text.into_owned())
        };
        let part = |text: Option<Text<'_>>, name: &str, max: usize| match text {
            Some(text) => {
                names::check_length(&text, &field(&format!("dataset.{name}")), max)?;
                Ok::<_, Error>(Some(text.into_owned()))
            }
            None => Ok(None),
        };
        Ok(Dataset {
            name: whole(used.name, "name", DATASET_NAME_BYTES_MAX)?,
            digest: whole(used.digest, "digest", DATASET_DIGEST_BYTES_MAX)?,
            source_type: whole(used.source_type, "source_type", SOURCE_TYPE_BYTES_MAX)?,
            source: whole(used.source, "source", SOURCE_BYTES_MAX)?,
            schema: part(used.schema, "schema", SCHEMA_BYTES_MAX)?,
            profile: part(used.profile, "profile", PROFILE_BYTES_MAX)?,
            tags: tags(self.tags, place)?,
        })
    }
}

fn tags(said: Option<Vec<Tag<'_>>>, place: &str) -> Result<BTreeMap<String, String>, Error> {
    let mut tags = BTreeMap::new();
    for (at, tag) in said.unwrap_or_default().into_iter().enumerate() {
        let (key_place, value_place) = (
            format!("{place}.tags[{at}].key"),
            format!("{place}.tags[{at}].value"),
        );
        let (key, value) = tag.into_parts();
        let key = required(key, &key_place)?;
        let value = value.ok_or_else(|| Error::missing(&value_place))?;
        names::check_length(&key, &key_place, TAG_KEY_BYTES_MAX)?;
        names::check_length(&value, &value_place, TAG_VALUE_BYTES_MAX)?;
        tags.insert(key.into_owned(), value.into_owned());
    }
    Ok(tags)
}
