//! Training models: what is configured, what was said, and what lies in the configured folders.

mod place;
mod reading;
mod scan;

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
};

use cupola_domain::{
    cost::Money,
    counts::State,
    event::Event,
    field::FieldError,
    ids::{EvaluationId, ModelId},
    model::{Evaluation, EvaluationOrigin, Model, SCORE},
    text::storable,
    time::Timestamp,
    training::{Claim, ClaimProvenance, DataFile, Found, TrainingFile, TrainingModel},
};
use cupola_store::{Tx, events, model_history, models, training, training_files};

use crate::{
    Hub, HubError,
    models::{NewModel, RegisteredModel, insert_evaluation, list_registered, tag_facts},
};

pub(crate) use place::{OpenError, open};
pub(crate) use scan::Folders;
pub use scan::Scan;

/// Models that nobody configured and runs are tagged with are shown up to so many.
pub(crate) const TAGGED_MAX: usize = 1_000;

/// Who registers what the configuration names.
const CONFIGURATION: &str = "configuration";

/// Who notes what files say.
const FOLDERS: &str = "folders";

/// A training model as a configuration says it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NewTrainingModel {
    /// Its name for programs and files; nobody else's.
    pub key: String,
    /// Its name for people; the key, where empty.
    pub name: String,
    /// For people.
    pub description: String,
    /// How long it is planned to train.
    pub planned_hours: Option<f64>,
    /// What an hour of it is planned to cost.
    pub hourly: Option<Money>,
    /// Where it is, as the configuration says.
    pub status: Option<State>,
    /// How far, from 0 to 100, as the configuration says.
    pub progress: Option<f64>,
    /// What it cost, as the configuration says.
    pub total_cost: Option<Money>,
}

/// A training model with all that is known of it besides its runs.
#[derive(Debug, Clone, PartialEq)]
pub struct KnownTraining {
    /// The model.
    pub model: TrainingModel,
    /// What somebody said of it.
    pub manual: Option<Claim>,
    /// What the configuration says of it.
    pub configured: Option<Claim>,
    /// What it is trained with: the file that was changed last.
    pub data: Option<DataFile>,
    /// How it did last, and when.
    pub evaluation: Option<(f64, Timestamp)>,
    /// What it is in the registry.
    pub registered: Option<RegisteredModel>,
}

impl Hub {
    /// Takes in what the configuration says: models by their keys, and the folders that are looked
    /// through for their files. Models that it names no more go; what the registry has of them stays.
    pub fn configure_training(
        &self,
        new: Vec<NewTrainingModel>,
        folders: Vec<PathBuf>,
    ) -> Result<(), HubError> {
        let wanted = checked(new, self.now())?;
        self.folders.set(folders);
        let mut entries = Vec::with_capacity(wanted.len());
        for (model, claim) in wanted {
            let name = NewModel {
                name: model.key.clone(),
                description: model.description.clone(),
                ..NewModel::default()
            };
            let registered = self.checked(name, CONFIGURATION)?;
            entries.push((model, claim, registered));
        }
        self.write(move |tx| configure(tx, entries))
    }

    /// Notes what somebody says of a training model; what they leave out stays as it was said before.
    /// Answers all that is said of it in this way.
    pub fn claim_training(&self, key: &str, claim: Claim) -> Result<Claim, HubError> {
        let wrong = claim.check();
        if !wrong.is_empty() {
            return Err(HubError::Invalid(wrong));
        }
        let (key, claim) = (storable(key).into_owned(), claim.kept());
        self.write(move |tx| {
            let known = training::find(tx, &key)?;
            if known.is_none() && !training::has_run(tx, &key)? {
                return Err(HubError::not_found("training model", key));
            }
            training::save_claim(tx, &key, &claim)?;
            events::record(tx, Event::TrainingChanged);
            if let Some(model) = known.and_then(|known| known.model) {
                events::record(tx, Event::ModelChanged(model));
            }
            let said = training::find_claim(tx, &key, claim.provenance)?;
            Ok(said.unwrap_or(claim))
        })
    }

    /// The training models: those that are configured, in that order, then those that runs are tagged
    /// with, by key.
    pub fn training_models(&self) -> Result<Vec<KnownTraining>, HubError> {
        self.read(known_training)
    }

    /// What was found in the configured folders, by path.
    pub fn training_files(&self) -> Result<Vec<TrainingFile>, HubError> {
        self.read(|tx| Ok(training_files::list(tx)?))
    }
}

/// Those with the same key together.
pub(crate) fn files_by_key(files: Vec<TrainingFile>) -> HashMap<String, Vec<TrainingFile>> {
    let mut by_key: HashMap<String, Vec<TrainingFile>> = HashMap::new();
    for file in files {
        by_key.entry(file.key.clone()).or_default().push(file);
    }
    by_key
}

/// The samples that were changed last; of two at the same time those with the later name.
pub(crate) fn newest_data(files: &[TrainingFile]) -> Option<DataFile> {
    let samples = files
        .iter()
        .filter(|file| matches!(file.found, Found::Samples { .. }));
    let newest = samples.max_by(|a, b| {
        let age = |file: &TrainingFile| (file.modified_nanos, file.name.clone());
        age(a).cmp(&age(b))
    });
    newest.and_then(TrainingFile::data)
}

/// The models with what is claimed of them, when nothing is wrong with any.
fn checked(
    new: Vec<NewTrainingModel>,
    now: Timestamp,
) -> Result<Vec<(TrainingModel, Option<Claim>)>, HubError> {
    let (mut wrong, mut found) = (Vec::new(), Vec::new());
    for (place, new) in (0_u32..).zip(new) {
        let twice = found
            .iter()
            .any(|(model, _): &(TrainingModel, _)| model.key == new.key);
        let twice = twice.then(|| {
            let message = format!("is `{}`, as of a model before it", new.key);
            FieldError::new("key", message)
        });
        let (model, claim) = of(new, place, now);
        let own = model.check().into_iter();
        let own = own.chain(claim.iter().flat_map(Claim::check)).chain(twice);
        wrong.extend(own.map(|error| error.under(&format!("training.model.{place}"))));
        found.push((model, claim));
    }
    if wrong.is_empty() {
        return Ok(found);
    }
    Err(HubError::Invalid(wrong))
}

fn of(new: NewTrainingModel, place: u32, now: Timestamp) -> (TrainingModel, Option<Claim>) {
    let is_claimed = new.status.is_some() || new.progress.is_some() || new.total_cost.is_some();
    let claim = Claim {
        status: new.status,
        progress: new.progress.map(|it| it + 0.0),
        total_cost: new.total_cost,
        at: now,
        author: CONFIGURATION.to_owned(),
        provenance: ClaimProvenance::Configuration,
    };
    let name = match new.name.trim() {
        "" => new.key.as_str(),
        name => name,
    };
    let model = TrainingModel {
        name: storable(name).into_owned(),
        description: storable(&new.description).into_owned(),
        key: new.key,
        planned_hours: new.planned_hours,
        hourly: new.hourly,
        position: place,
        model: None,
    };
    (model, is_claimed.then_some(claim))
}

/// A model with its claim, and how it is registered where it is not yet.
type Entry = (TrainingModel, Option<Claim>, Model);

fn configure(tx: &mut Tx, entries: Vec<Entry>) -> Result<(), HubError> {
    let before = training::list(tx)?;
    let mut claims = training::list_claims(tx)?;
    claims.retain(|(_, claim)| claim.provenance == ClaimProvenance::Configuration);
    let mut is_changed = false;
    for old in &before {
        if entries.iter().all(|(model, ..)| model.key != old.key) {
            training::delete(tx, &old.key)?;
            is_changed = true;
        }
    }
    for (mut model, claim, registered) in entries {
        let old = before.iter().find(|old| old.key == model.key);
        model.model = old.and_then(|old| old.model);
        if model.model.is_none() {
            model.model = Some(register(tx, registered)?);
            take_files(tx, &model.key)?;
        }
        if old != Some(&model) {
            training::save(tx, &model)?;
            is_changed = true;
        }
        let said = claims.iter().position(|(key, _)| *key == model.key);
        let said = said.map(|at| claims.swap_remove(at).1);
        is_changed |= replace_claim(tx, &model.key, said, claim)?;
    }
    for (key, claim) in claims {
        is_changed |= training::delete_claim(tx, &key, claim.provenance)?;
    }
    if is_changed {
        events::record(tx, Event::TrainingChanged);
    }
    Ok(())
}

/// The registry's model of this name, made where there is none.
fn register(tx: &mut Tx, new: Model) -> Result<ModelId, HubError> {
    let known = models::find(tx, &new.name)?;
    let id = known.as_ref().map_or(new.id, |model| model.id);
    if known.is_none() {
        models::insert(tx, &new)?;
    }
    events::record(tx, Event::ModelChanged(id));
    Ok(id)
}

/// What a key is in the registry: as the configuration says, else the model of that name.
fn registered(tx: &mut Tx, key: &str) -> Result<Option<ModelId>, HubError> {
    let configured = training::find(tx, key)?.and_then(|known| known.model);
    if configured.is_some() {
        return Ok(configured);
    }
    Ok(models::find(tx, key)?.map(|model| model.id))
}

/// Takes in what files say of a model that was not registered under this key before. The next scan reads
/// the scores again.
pub(crate) fn take_files(tx: &mut Tx, key: &str) -> Result<(), HubError> {
    for file in training_files::list_of(tx, key)? {
        if matches!(file.found, Found::Score { .. }) {
            training_files::delete(tx, &file.path)?;
        }
    }
    tell_data(tx, key)
}

/// Tells whoever shows the model of this key, and clients that read tags, what it is trained with.
fn tell_data(tx: &mut Tx, key: &str) -> Result<(), HubError> {
    let Some(model) = registered(tx, key)? else {
        return Ok(());
    };
    let data = newest_data(&training_files::list_of(tx, key)?);
    let data = data.as_ref();
    let facts = [
        ("data_bytes", data.map(|data| data.bytes.to_string())),
        (
            "samples",
            data.and_then(|data| Some(data.samples?.to_string())),
        ),
        ("data_version", data.and_then(|data| data.version.clone())),
    ];
    tag_facts(tx, model, None, &facts)?;
    events::record(tx, Event::ModelChanged(model));
    Ok(())
}

/// Adds what a file says to how a model did, unless that is what it said last.
fn note_score(tx: &mut Tx, file: &TrainingFile, id: EvaluationId) -> Result<(), HubError> {
    let Found::Score { score: Some(score) } = file.found else {
        return Ok(());
    };
    let Some(registered) = registered(tx, &file.key)? else {
        return Ok(());
    };
    let (score, at) = score;
    let known = model_history::find_evaluation_from(tx, registered, &file.path)?;
    if known.is_some_and(|known| known.at == at && known.score.to_bits() == (score + 0.0).to_bits())
    {
        return Ok(());
    }
    insert_evaluation(
        tx,
        &Evaluation {
            id,
            model: registered,
            version: None,
            metric: SCORE.to_owned(),
            score,
            origin: EvaluationOrigin::File,
            source: file.path.clone(),
            run: None,
            note: String::new(),
            author: FOLDERS.to_owned(),
            at,
        },
    )
}

/// Writes what is claimed now in place of what was; says whether that is something else.
fn replace_claim(
    tx: &mut Tx,
    key: &str,
    old: Option<Claim>,
    new: Option<Claim>,
) -> Result<bool, HubError> {
    let same = match (&old, &new) {
        (Some(old), Some(new)) => {
            let dated = Claim {
                at: old.at,
                ..new.clone()
            };
            *old == dated
        }
        (None, None) => true,
        _ => false,
    };
    if same {
        return Ok(false);
    }
    training::delete_claim(tx, key, ClaimProvenance::Configuration)?;
    if let Some(new) = new {
        training::save_claim(tx, key, &new)?;
    }
    Ok(true)
}

/// The configured models, and those that runs are tagged with.
fn all_models(tx: &mut Tx) -> Result<Vec<TrainingModel>, HubError> {
    let mut all = training::list(tx)?;
    let configured: HashSet<_> = all.iter().map(|known| known.key.clone()).collect();
    // Runs may be tagged with every configured key.
    let tagged = training::list_tagged_keys(tx, TAGGED_MAX + configured.len())?.into_iter();
    let tagged = tagged.filter(|key| !configured.contains(key));
    let tagged = tagged.take(TAGGED_MAX);
    all.extend(tagged.map(|key| TrainingModel::of_key(&key)));
    Ok(all)
}

pub(crate) fn known_training(tx: &mut Tx) -> Result<Vec<KnownTraining>, HubError> {
    let registered = list_registered(tx)?;
    let mut by_id: HashMap<_, _> = HashMap::with_capacity(registered.len());
    let mut by_name = HashMap::with_capacity(registered.len());
    for one in registered {
        by_name.insert(one.known.model.name.clone(), one.known.model.id);
        by_id.insert(one.known.model.id, one);
    }
    let files = files_by_key(training_files::list(tx)?);
    let mut claims: HashMap<_, _> = training::list_claims(tx)?
        .into_iter()
        .map(|(key, claim)| ((key, claim.provenance), claim))
        .collect();
    let mut said = |key: &str, provenance| claims.remove(&(key.to_owned(), provenance));
    let mut found = Vec::new();
    for model in all_models(tx)? {
        let id = model.model.or_else(|| by_name.get(&model.key).copied());
        let registered = id.and_then(|id| by_id.remove(&id));
        let own = files.get(&model.key).map_or(&[][..], Vec::as_slice);
        let noted = registered.as_ref().and_then(|it| it.evaluation.as_ref());
        found.push(KnownTraining {
            manual: said(&model.key, ClaimProvenance::Manual),
            configured: said(&model.key, ClaimProvenance::Configuration),
            data: newest_data(own),
            evaluation: noted
                .map(|noted| (noted.score, noted.at))
                .or_else(|| newest_score(own)),
            model,
            registered,
        });
    }
    Ok(found)
}

fn newest_score(files: &[TrainingFile]) -> Option<(f64, Timestamp)> {
    let scores = files.iter().filter_map(|file| match file.found {
        Found::Score { score } => score,
        _ => None,
    });
    scores.max_by_key(|(_, at)| *at)
}
