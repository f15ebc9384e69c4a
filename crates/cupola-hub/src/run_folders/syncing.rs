//! Back into the store: what the folders have and the store lacks. Nothing that is there is changed.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    filling::{self, Coming},
    found::{Found, Known},
    mark::Mark,
    places::{self, CODE},
    record::{Kind, Record},
    tables::{Tables, text},
};
use crate::{
    Hub, HubError,
    briefs::{Planner, insert_planned},
};
use cupola_domain::{event::Event, ids::ExperimentId};
use cupola_store::{briefs, code, events, experiments, tasks};

/// Runs that come in at once, and their bytes.
const BATCH_RUNS: usize = 64;
const BATCH_BYTES: u64 = 32 << 20;

/// What came in, or would.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synced {
    /// Experiments that were not there.
    pub experiments: BTreeSet<String>,
    /// Tasks that were not.
    pub tasks: BTreeSet<String>,
    /// How many runs were not.
    pub runs: u64,
    /// How many runs were there already.
    pub present: u64,
    /// Tasks of families that had not begun, planned anew.
    pub planned: u64,
    /// What stays out, and why.
    pub problems: Vec<Problem>,
}

/// Something that stays out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it lies.
    pub path: PathBuf,
    /// Why, in words.
    pub reason: String,
}

/// A run of a task may need what a later one says of it.
const LATER: &str = "stays out with a later run of its task";

impl Hub {
    /// Puts into the store what the folders of runs have and it lacks; a dry one says what that would
    /// be. `told` hears of it as it goes on. What is damaged stays out and is named.
    pub fn sync_run_folders(
        &self,
        is_dry: bool,
        mut told: impl FnMut(&Synced),
    ) -> Result<Synced, HubError> {
        let root = self.run_folders.root()?.to_owned();
        if !is_dry {
            self.catch_up_run_folders()?;
        }
        let folders = places::folders(&root).map_err(|error| places::failed(&root, &error))?;
        let tables = Arc::new(self.read(Tables::of)?);
        let mut synced = Synced::default();
        for name in folders {
            if name == CODE || name.starts_with('.') {
                continue;
            }
            let folder = root.join(name);
            match Record::read(&folder, "experiment.json", Kind::Experiment) {
                Ok(record) => {
                    let coming = Coming {
                        tables: Arc::clone(&tables),
                        root: root.clone(),
                        artifacts: self.files.folder().to_owned(),
                        experiment: record,
                    };
                    self.sync_experiment(&folder, coming, is_dry, &mut synced, &mut told)?;
                }
                Err(reason) => synced.problem(&folder, reason),
            }
        }
        if !is_dry {
            let mark = Mark {
                // All that is there is looked at once.
                seq: -1,
                is_walked: false,
                is_unsynced: !synced.problems.is_empty(),
                ..self.run_folders.mark.clone()
            };
            mark.write(&root)?;
        }
        Ok(synced)
    }

    fn sync_experiment(
        &self,
        folder: &Path,
        coming: Coming,
        is_dry: bool,
        synced: &mut Synced,
        told: &mut impl FnMut(&Synced),
    ) -> Result<(), HubError> {
        let row = coming.experiment.one("experiment");
        let id = row.and_then(|row| text(row, "id").parse::<ExperimentId>().ok());
        let Some(id) = id else {
            synced.problem(folder, "experiment.json: has no experiment".to_owned());
            return Ok(());
        };
        let coming = Arc::new(coming);
        let mut found = self.runs_of(folder, id, &coming.tables, synced)?;
        let mut fresh = BTreeSet::new();
        let mut batch = Batch::default();
        for known in std::mem::take(&mut found.absent) {
            if batch.is_full(known.bytes) {
                let runs = std::mem::take(&mut batch).runs;
                fresh.append(&mut self.fill(&coming, runs, &mut found, is_dry, synced)?);
                told(synced);
            }
            batch.push(known);
        }
        fresh.append(&mut self.fill(&coming, batch.runs, &mut found, is_dry, synced)?);
        if !is_dry && !found.tasks.is_empty() {
            self.settle_synced(id, (found, fresh), folder, &coming, synced)?;
        }
        told(synced);
        Ok(())
    }

    /// What an experiment's folder has. Runs that the store lacks come in later; what cannot is named.
    fn runs_of(
        &self,
        folder: &Path,
        experiment: ExperimentId,
        tables: &Arc<Tables>,
        synced: &mut Synced,
    ) -> Result<Found, HubError> {
        let names = places::folders(folder).map_err(|error| places::failed(folder, &error))?;
        let is_unsynced = self.run_folders.are_unsynced();
        let mut found = Found::default();
        for names in names.chunks(BATCH_RUNS) {
            let (tables, asked) = (Arc::clone(tables), names.to_vec());
            let there = self.read(move |tx| {
                let find = |name: &String| tables.find(tx, ("run", "id"), name);
                asked.iter().map(find).collect::<Result<Vec<_>, _>>()
            })?;
            for (name, there) in names.iter().zip(there) {
                let place = folder.join(name);
                synced.present += u64::from(there.is_some());
                let problem = found.take(&place, name, experiment, there.as_ref(), is_unsynced);
                if let Some(reason) = problem {
                    synced.problem(&place, reason);
                }
            }
        }
        found.put_in_order();
        Ok(found)
    }

    /// Brings in some runs, in one transaction where all of them can come in, else one by one. Says
    /// which tasks came in.
    fn fill(
        &self,
        coming: &Arc<Coming>,
        mut runs: Vec<Known>,
        found: &mut Found,
        is_dry: bool,
        synced: &mut Synced,
    ) -> Result<BTreeSet<String>, HubError> {
        for known in runs.extract_if(.., |known| found.stays_out(known)) {
            synced.problem(&known.folder, LATER.to_owned());
        }
        let mut fresh = BTreeSet::new();
        if runs.is_empty() {
            return Ok(fresh);
        }
        let runs = Arc::new(runs);
        match self.try_fill(coming, &runs, 0..runs.len(), is_dry) {
            Ok(filled) => {
                fresh.clone_from(&filled.tasks);
                synced.add(filled);
            }
            Err(error @ HubError::Unavailable(_)) => return Err(error),
            Err(_) => {
                for (at, known) in runs.iter().enumerate() {
                    if found.stays_out(known) {
                        synced.problem(&known.folder, LATER.to_owned());
                        continue;
                    }
                    match self.try_fill(coming, &runs, at..at + 1, is_dry) {
                        Ok(filled) => {
                            fresh.extend(filled.tasks.iter().cloned());
                            synced.add(filled);
                        }
                        Err(error) => {
                            found.keep_out(known);
                            synced.problem(&known.folder, words(&error));
                        }
                    }
                }
            }
        }
        Ok(fresh)
    }

    fn try_fill(
        &self,
        coming: &Arc<Coming>,
        runs: &Arc<Vec<Known>>,
        which: std::ops::Range<usize>,
        is_dry: bool,
    ) -> Result<Synced, HubError> {
        let (coming, runs) = (Arc::clone(coming), Arc::clone(runs));
        let would = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&would);
        let filled = self.write(move |tx| {
            let mut filled = Synced::default();
            for known in &runs[which] {
                filling::run(tx, &coming, &known.folder, &mut filled)?;
            }
            if is_dry {
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(filled);
                // Nothing of it is kept.
                return Err(HubError::Conflict("it was only tried".to_owned()));
            }
            Ok(filled)
        });
        let would = would.lock().unwrap_or_else(PoisonError::into_inner).take();
        would.map_or(filled, Ok)
    }

    /// What can be done when all tasks of an experiment are there, also those that an earlier sync, which
    /// broke off, brought in: what they need, what waits to be tried again, and what a family's brief
    /// asks for between them. The latter only where no run stays out, whose task would be made anew.
    fn settle_synced(
        &self,
        id: ExperimentId,
        (found, fresh): (Found, BTreeSet<String>),
        folder: &Path,
        coming: &Arc<Coming>,
        synced: &mut Synced,
    ) -> Result<(), HubError> {
        let (now, coming, place) = (self.now(), Arc::clone(coming), folder.to_owned());
        let is_whole = found.is_whole();
        let problems = self.write(move |tx| {
            let problems = filling::settle(tx, &coming, &place, (&found.tasks, &fresh), now)?;
            if experiments::find_any(tx, id)?.is_some() {
                events::record(tx, Event::ExperimentChanged(id));
            }
            Ok(problems)
        })?;
        synced.problems.extend(problems);
        if !is_whole {
            return Ok(());
        }
        let (family, brief, numbers) = self.read(move |tx| {
            let family = experiments::find(tx, id)?;
            let brief = family.as_ref().and_then(|family| family.origin.brief());
            let brief = brief.map(|brief| briefs::find(tx, brief)).transpose()?;
            let is_unplanned = experiments::is_unplanned(tx, id)?;
            let family = family.filter(|_| is_unplanned);
            Ok((family, brief.flatten(), tasks::list_numbers(tx, id)?))
        })?;
        let (Some(family), Some(brief), Some(last)) = (family, brief, numbers.last()) else {
            return Ok(());
        };
        // The rest is planned behind the last by the loop that does so.
        let numbers: BTreeSet<u32> = numbers.iter().copied().collect();
        let mut planned = Planner::of_stored(&brief, &family)?.plan(0..*last, self, now);
        planned.retain(|(task, _)| !numbers.contains(&task.number));
        synced.planned += planned.len() as u64;
        self.write(move |tx| {
            let needs = code::needs_id(tx, &family.needs)?;
            insert_planned(tx, family.id, needs, &planned)
        })
    }
}

impl Synced {
    fn problem(&mut self, path: &Path, reason: String) {
        let path = path.to_owned();
        self.problems.push(Problem { path, reason });
    }

    fn add(&mut self, mut other: Self) {
        self.experiments.append(&mut other.experiments);
        self.tasks.append(&mut other.tasks);
        self.runs += other.runs;
        self.problems.append(&mut other.problems);
    }
}

/// Runs that come in at once.
#[derive(Default)]
struct Batch {
    runs: Vec<Known>,
    bytes: u64,
}

impl Batch {
    fn is_full(&self, more: u64) -> bool {
        self.runs.len() == BATCH_RUNS
            || !self.runs.is_empty() && self.bytes.saturating_add(more) > BATCH_BYTES
    }

    fn push(&mut self, known: Known) {
        self.bytes = self.bytes.saturating_add(known.bytes);
        self.runs.push(known);
    }
}

fn words(error: &HubError) -> String {
    match error {
        HubError::Internal(error) => format!("{error:#}"),
        error => error.to_string(),
    }
}
