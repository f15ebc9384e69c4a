//! What is read of training, and what of it is kept to be read again only when it changed.

use std::collections::{BTreeSet, HashMap, HashSet, hash_map::Entry};

use cupola_domain::{
    cost::{Money, Total},
    ids::{RunId, WorkerId},
    metric::{Loss, Throughput},
    resources::Capabilities,
    run::Run,
    time::Timestamp,
    training::{MODEL_TAG, TrainingModel},
};
use cupola_store::{
    StoreError, Tx,
    series::{self, Series},
    tags, tasks,
    trained::{self, Active},
};

use super::{ByKey, Last, Losses, RUNS_MAX, Throughputs, changes::Changes, spending};
use crate::{
    Hub, HubError,
    tasks::note_worker,
    training_models::{KnownTraining, TAGGED_MAX, known_training},
};

/// Of an experiment that came, went or came back, so many runs are looked at.
const RUNS_OF_EXPERIMENT: i64 = 1_000;

/// What is kept.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Configured ones in their order, then those that only runs or claims name.
    pub(super) models: Vec<KnownTraining>,
    /// The latest run of each model, by its key.
    pub(super) newest: ByKey<Run>,
    /// What runs say of themselves: those that somebody has, and the latest of each model.
    pub(super) said: HashMap<RunId, SaidByRun>,
}

/// What a run measures besides its progress.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct SaidByRun {
    pub(super) throughput: Throughputs,
    pub(super) losses: Losses,
}

/// What is read each time.
#[derive(Debug)]
pub(super) struct Now {
    pub(super) at: Timestamp,
    /// All runs that somebody has, the latest first.
    pub(super) active: Vec<Active>,
    /// The names of the workers of those that are told one by one, and the GPUs of their machines.
    pub(super) workers: HashMap<WorkerId, (String, Option<String>)>,
    pub(super) spent: Spent,
}

/// What was spent, as far as anybody knows.
#[derive(Debug, Clone, Default)]
pub(super) struct Spent {
    /// On all runs ever.
    pub(super) all: Total,
    /// Whether all that runs has a price.
    pub(super) is_priced: bool,
    /// What an hour of all that runs costs; none where nothing of it has a price.
    pub(super) hourly: Option<Money>,
    pub(super) models: ByKey<SpentOnModel>,
    pub(super) runs: HashMap<RunId, SpentOnRun>,
}

/// What was spent on a model.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SpentOnModel {
    pub(super) money: Option<Money>,
    pub(super) hours: f64,
    /// As things are now; none where nothing of what runs has a price.
    pub(super) hourly: Option<Money>,
}

/// What was spent on a run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SpentOnRun {
    pub(super) hourly: Option<Money>,
    pub(super) cost: Option<Money>,
}

impl Hub {
    /// Reads what changed, and what always does.
    pub(super) fn read_training(
        &self,
        known: Known,
        changes: Changes,
    ) -> Result<(Known, Now), HubError> {
        let at = self.now();
        let (known, active, names, spent) = self.read(move |tx| {
            let active = trained::list_active(tx)?;
            let told = &active[..active.len().min(RUNS_MAX)];
            let mut known = known;
            known.follow(tx, &changes, told)?;
            let mut names = HashMap::new();
            for one in told {
                note_worker(tx, &mut names, one.run.worker)?;
            }
            let spent = spending::read(tx, at)?;
            Ok((known, active, names, spent))
        })?;
        let live = self.live();
        let gpus = |id: &WorkerId| {
            live.workers
                .get(id)
                .and_then(|worker| gpus(&worker.capabilities))
        };
        let workers = names.into_iter().map(|(id, name)| {
            let gpus = gpus(&id);
            (id, (name, gpus))
        });
        let workers = workers.collect();
        Ok((
            known,
            Now {
                at,
                active,
                workers,
                spent,
            },
        ))
    }
}

impl Known {
    /// Looks again for what changed.
    fn follow(&mut self, tx: &mut Tx, changes: &Changes, told: &[Active]) -> Result<(), HubError> {
        let mut keys = BTreeSet::new();
        if changes.is_all || changes.has_models {
            self.models = known_training(tx)?;
        }
        if changes.is_all {
            self.newest.clear();
            self.said.clear();
            keys.extend(self.models.iter().map(|about| about.model.key.clone()));
        }
        self.keys_of_changes(tx, changes, &mut keys)?;
        for key in &keys {
            match trained::find_newest(tx, key)? {
                Some(run) => self.newest.insert(key.clone(), run),
                None => self.newest.remove(key),
            };
        }
        self.drop_and_add(&keys);
        self.read_said(tx, changes, told)
    }

    /// The models whose latest run may be another now.
    fn keys_of_changes(
        &self,
        tx: &mut Tx,
        changes: &Changes,
        keys: &mut BTreeSet<String>,
    ) -> Result<(), StoreError> {
        if changes.is_all {
            return Ok(());
        }
        let mut runs = changes.runs.clone();
        for task in &changes.tasks {
            runs.extend(tasks::find(tx, *task)?.map(|task| task.run));
        }
        for run in &runs {
            keys.extend(tags::find(tx, *run, MODEL_TAG)?);
        }
        for experiment in &changes.experiments {
            keys.extend(trained::list_keys_of(tx, *experiment, RUNS_OF_EXPERIMENT)?);
        }
        // Runs that are not where they were: deleted, or tagged otherwise.
        let is_gone = |run: &Run| {
            changes.runs.contains(&run.id) || changes.experiments.contains(&run.experiment)
        };
        let gone = self.newest.iter().filter(|(_, run)| is_gone(run));
        keys.extend(gone.map(|(key, _)| key.clone()));
        Ok(())
    }

    /// Models that only runs name come with their first run and go with their last.
    fn drop_and_add(&mut self, keys: &BTreeSet<String>) {
        let newest = &self.newest;
        self.models.retain(|about| {
            let model = &about.model;
            model.is_configured() || about.manual.is_some() || newest.contains_key(&model.key)
        });
        let known: HashSet<&str> = self
            .models
            .iter()
            .map(|about| about.model.key.as_str())
            .collect();
        let tagged = self.models.iter().filter(|it| !it.model.is_configured());
        let room = TAGGED_MAX.saturating_sub(tagged.count());
        let new = keys
            .iter()
            .filter(|key| newest.contains_key(*key) && !known.contains(key.as_str()));
        let new: Vec<KnownTraining> = new.take(room).map(|key| named_by_runs(key)).collect();
        self.models.extend(new);
        self.models.sort_by(|a, b| {
            let place = |about: &KnownTraining| (about.model.position, about.model.key.clone());
            place(a).cmp(&place(b))
        });
    }

    /// What runs measure, of those that are shown.
    fn read_said(
        &mut self,
        tx: &mut Tx,
        changes: &Changes,
        told: &[Active],
    ) -> Result<(), HubError> {
        let latest = self.newest.values().map(|run| run.id);
        let shown: HashSet<RunId> = latest.chain(told.iter().map(|one| one.run.id)).collect();
        self.said
            .retain(|run, _| shown.contains(run) && !changes.measured.contains(run));
        for run in shown {
            if let Entry::Vacant(unknown) = self.said.entry(run) {
                unknown.insert(said_by(tx, run)?);
            }
        }
        Ok(())
    }
}

/// A model of which nothing is known but its runs.
fn named_by_runs(key: &str) -> KnownTraining {
    KnownTraining {
        model: TrainingModel::of_key(key),
        manual: None,
        configured: None,
        data: None,
        evaluation: None,
        registered: None,
    }
}

/// So many series of one run are read at once; more than these do not say its speed or its losses.
const SERIES_MAX: usize = 300;

/// The series of a run among which those are that say its speed and its losses. Those of a run with many
/// are found by their names.
fn telling(tx: &mut Tx, run: RunId) -> Result<Vec<Series>, StoreError> {
    let all = series::list(tx, run, "", i64::try_from(SERIES_MAX).unwrap_or(i64::MAX))?;
    if all.len() < SERIES_MAX {
        return Ok(all);
    }
    let is_telling =
        |name: &str| Throughput::of_name(name).is_some() || Loss::of_name(name).is_some();
    let (names, _) = series::search_names(tx, run, &is_telling, (0, SERIES_MAX))?;
    let found = names.iter().map(|name| series::find(tx, run, name));
    found.filter_map(Result::transpose).collect()
}

/// What a run measures of its speed and its losses. Where several series say the same, the one that
/// was written to last counts.
fn said_by(tx: &mut Tx, run: RunId) -> Result<SaidByRun, StoreError> {
    let mut said = SaidByRun::default();
    let mut newest: HashMap<&'static str, i64> = HashMap::new();
    for one in telling(tx, run)? {
        let (throughput, loss) = (Throughput::of_name(&one.name), Loss::of_name(&one.name));
        let place = match (throughput, loss) {
            (Some(Throughput::Samples), _) => &mut said.throughput.samples,
            (Some(Throughput::Tokens), _) => &mut said.throughput.tokens,
            (Some(Throughput::Steps), _) => &mut said.throughput.steps,
            (None, Some(Loss::Training)) => &mut said.losses.training,
            (None, Some(Loss::Validation)) => &mut said.losses.validation,
            (None, None) => continue,
        };
        let Some(last) = one.last.filter(|last| last.value.is_finite()) else {
            continue;
        };
        let word = throughput
            .map(Throughput::word)
            .or(loss.map(Loss::as_str))
            .unwrap_or_default();
        let known = newest.entry(word).or_insert(i64::MIN);
        if last.time_millis > *known {
            *known = last.time_millis;
            *place = Some(Last {
                series: one.name,
                value: last.value,
                points: one.points,
            });
        }
    }
    Ok(said)
}

/// A machine's GPUs in words; none where it has none.
fn gpus(machine: &Capabilities) -> Option<String> {
    let first = machine.gpus.first()?;
    let is_alike = machine.gpus.iter().all(|gpu| gpu.name == first.name);
    Some(match machine.gpus.len() {
        1 => first.name.clone(),
        number if is_alike => format!("{number} × {}", first.name),
        _ => {
            let names: Vec<&str> = machine.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
            names.join(", ")
        }
    })
}
