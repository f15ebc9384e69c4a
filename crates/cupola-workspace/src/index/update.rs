//! What was noticed on disk becomes rows, and words for whoever watches. Files of jobs are read while
//! others may read the index; reading those of runs and putting rows in their places keeps them
//! waiting.

use std::{
    collections::{BTreeSet, HashSet},
    sync::{PoisonError, RwLock},
};

use super::{Index, is_active};
use crate::{
    model::{JobState, RunKey},
    source::Change,
    watch::{Noticed, Place},
    xpm::{self, events, file, run::Changed},
};

/// More single changes than that are told as one.
const MANY: usize = 256;

/// What has to be read again.
#[derive(Default)]
pub(super) struct Dirty {
    pub(super) jobs: BTreeSet<u32>,
    logs: BTreeSet<u32>,
    runs: BTreeSet<RunKey>,
    experiments: BTreeSet<String>,
    services: bool,
    warnings: bool,
}

/// Reads what was noticed; what is not as it was.
pub(crate) fn apply(index: &RwLock<Index>, noticed: &BTreeSet<Noticed>) -> Vec<Change> {
    let mut dirty = Dirty::default();
    let had_strayed;
    {
        let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
        had_strayed = index.stray().count();
        for noticed in noticed {
            index.note(noticed, &mut dirty);
        }
        for key in std::mem::take(&mut dirty.runs) {
            index.refresh_run(&key, &mut dirty);
        }
    }
    let jobs: Vec<u32> = dirty.jobs.iter().copied().collect();
    let read = {
        let index = index.read().unwrap_or_else(PoisonError::into_inner);
        index.compose_all(&jobs)
    };
    let mut index = index.write().unwrap_or_else(PoisonError::into_inner);
    let mut changes = Vec::new();
    for (slot, job, is_there) in read {
        if index.replace(slot, job, is_there) {
            changes.push(Change::Job(index.keys.key(slot)));
            let runs = index.slots[slot as usize].runs.iter();
            dirty
                .experiments
                .extend(runs.map(|run| run.experiment.clone()));
        }
    }
    changes.extend(
        dirty
            .logs
            .iter()
            .map(|slot| Change::Log(index.keys.key(*slot))),
    );
    changes.extend(dirty.experiments.into_iter().map(Change::Experiment));
    changes.extend(dirty.services.then_some(Change::Services));
    let warns = dirty.warnings || index.stray().count() != had_strayed;
    changes.extend(warns.then_some(Change::Warnings));
    if changes.len() > MANY {
        return vec![Change::All];
    }
    changes
}

impl Index {
    fn note(&mut self, noticed: &Noticed, dirty: &mut Dirty) {
        match noticed {
            Noticed::Tick => self.note_tick(dirty),
            Noticed::Everything => self.note_everything(dirty),
            Noticed::At(place, name) => self.note_at(place, name.as_deref(), dirty),
        }
    }

    fn note_at(&mut self, place: &Place, name: Option<&str>, dirty: &mut Dirty) {
        match place {
            Place::Root | Place::Events | Place::Tasks => {}
            Place::LiveJobs => self.note_live_job(name, dirty),
            Place::LiveRuns => self.note_live_run(name, dirty),
            Place::Experiments => self.note_experiments(dirty),
            Place::Experiment(id) => self.note_runs(id, dirty),
            Place::Run(key) => {
                if name.is_none_or(|name| matches!(name, "status.json" | "jobs.jsonl")) {
                    dirty.runs.insert(key.clone());
                }
            }
            Place::Task(task) => self.note_task(task, name, dirty),
            Place::Job(slot) => self.note_job(*slot, name, dirty),
        }
    }

    fn note_everything(&mut self, dirty: &mut Dirty) {
        self.note_experiments(dirty);
        let experiments: Vec<String> = self.experiments.keys().cloned().collect();
        for id in experiments {
            self.note_runs(&id, dirty);
        }
        dirty.runs.extend(self.runs().map(|run| (*run.key).clone()));
        dirty.jobs.extend((0u32..).take(self.slots.len()));
    }

    fn note_live_job(&self, name: Option<&str>, dirty: &mut Dirty) {
        let Some(name) = name else {
            dirty.jobs.extend(&self.open);
            for name in entries(&self.layout.live_jobs()) {
                self.note_live_job(Some(&name), dirty);
            }
            return;
        };
        let id = events::subject(name).and_then(|subject| Some(subject.split_once('-')?.1));
        if let Some(id) = id {
            dirty.jobs.extend(self.keys.with_id(id));
        }
    }

    fn note_live_run(&self, name: Option<&str>, dirty: &mut Dirty) {
        let is_meant = |id: &str| name.is_none_or(|name| events::subject(name) == Some(id));
        for (id, runs) in &self.experiments {
            if is_meant(id)
                && let Some(run) = runs.values().next_back()
            {
                dirty.runs.insert((*run.key).clone());
            }
        }
    }

    fn note_experiments(&mut self, dirty: &mut Dirty) {
        let there: BTreeSet<String> = self.list_experiments().into_iter().collect();
        let known: BTreeSet<String> = self.experiments.keys().cloned().collect();
        for id in there.symmetric_difference(&known) {
            if there.contains(id) {
                self.experiments
                    .insert(id.clone(), std::collections::BTreeMap::new());
            }
            self.note_runs(id, dirty);
            if !there.contains(id) {
                self.experiments.remove(id);
                self.closed.remove(id);
            }
            dirty.experiments.insert(id.clone());
        }
    }

    fn note_runs(&mut self, id: &str, dirty: &mut Dirty) {
        if !self.experiments.contains_key(id) {
            return;
        }
        let there: BTreeSet<RunKey> = self.list_runs(id).into_iter().collect();
        let known: BTreeSet<RunKey> = self.run_keys(id).into_iter().collect();
        for key in there.difference(&known) {
            let changed = self.add_run(key.clone(), there.last() == Some(key));
            dirty.experiments.insert(id.to_owned());
            dirty.take(id, changed);
        }
        for key in known.difference(&there) {
            self.drop_run(key, dirty);
        }
        self.note_work(id, dirty);
    }

    fn drop_run(&mut self, key: &RunKey, dirty: &mut Dirty) {
        let runs = self.experiments.get_mut(&key.experiment);
        let Some(run) = runs.and_then(|runs| runs.remove(&key.run)) else {
            return;
        };
        for slot in run.files.named.keys() {
            self.slots[*slot as usize]
                .runs
                .retain(|known| *known != run.key);
        }
        dirty.jobs.extend(run.files.named.keys());
        dirty.experiments.insert(key.experiment.clone());
        dirty.services |= !run.files.services.is_empty();
    }

    /// A job's folder came or went: by its name, or whichever differs from what is known.
    fn note_task(&mut self, task: &str, name: Option<&str>, dirty: &mut Dirty) {
        if let Some(name) = name {
            dirty.jobs.extend(self.keys.find(task, name));
            return;
        }
        if !xpm::is_name(task) || self.look_at(task) {
            return;
        }
        let there: HashSet<String> = entries(&self.layout.jobs().join(task)).collect();
        let differs =
            |(id, slot): &(&str, u32)| self.slots[*slot as usize].is_there != there.contains(*id);
        dirty.jobs.extend(
            self.keys
                .of_task(task)
                .filter(differs)
                .map(|(_, slot)| slot),
        );
    }

    fn note_job(&self, slot: u32, name: Option<&str>, dirty: &mut Dirty) {
        let end = name.and_then(|name| name.strip_prefix(self.script(slot)));
        match (name, end) {
            (None, _) => {
                dirty.jobs.insert(slot);
                dirty.logs.insert(slot);
            }
            (_, Some(".out" | ".err")) => {
                dirty.logs.insert(slot);
            }
            (_, Some(".pid" | ".done" | ".failed")) => {
                dirty.jobs.insert(slot);
            }
            _ => {}
        }
    }

    /// What changes without a word on disk: a process that was killed, a lock that was let go.
    fn note_tick(&mut self, dirty: &mut Dirty) {
        self.note_torn(dirty);
        self.ask_slurm();
        for slot in &self.open {
            let job = self.slots[*slot as usize].job.as_ref();
            let process = job.and_then(|job| job.process.as_ref());
            if process.is_some_and(|process| self.here.is_running(process, None) == Some(false)) {
                dirty.jobs.insert(*slot);
            }
        }
        for id in self.experiment_names() {
            self.note_work(&id, dirty);
        }
        let torn = self.runs().filter(|run| !run.files.is_over());
        let torn = torn.filter(|run| run.files.problem.is_some());
        dirty.runs.extend(torn.map(|run| (*run.key).clone()));
    }

    /// Which run of an experiment is at work: what waits is told by it.
    pub(super) fn note_work(&mut self, id: &str, dirty: &mut Dirty) {
        let Some(runs) = self.experiments.get_mut(id) else {
            return;
        };
        let newest = runs.keys().next_back().cloned();
        for (name, run) in runs {
            // They take turns with one lock.
            let is_active = newest.as_ref() == Some(name) && is_active(&run.files, &self.here);
            if is_active == run.is_active {
                continue;
            }
            run.is_active = is_active;
            dirty.experiments.insert(id.to_owned());
            let slots = run.files.named.keys();
            // What is not read yet is read with it.
            let known =
                slots.filter(|slot| self.slots.get(**slot as usize).is_some_and(has_not_begun));
            dirty.jobs.extend(known);
        }
    }

    /// What was half written is tried again when it looks otherwise.
    pub(super) fn note_torn(&mut self, dirty: &mut Dirty) {
        for (slot, seen) in &mut self.torn {
            let path = self.layout.job(&self.keys.key(*slot));
            let now = path.and_then(|path| file::stamp(&path.join(xpm::job::STATUS)));
            if *seen != now {
                *seen = now;
                dirty.jobs.insert(*slot);
            }
        }
    }

    fn ask_slurm(&self) {
        let open = self.open.iter();
        let jobs = open.filter_map(|slot| self.slots[*slot as usize].job.as_ref());
        let processes = jobs.filter_map(|job| job.process.as_ref());
        let ids = processes.filter(|process| process.kind == "slurm");
        let ids = ids.map(|process| process.pid.clone());
        self.here.slurm.ask(ids, (self.here.now)());
    }

    fn refresh_run(&mut self, key: &RunKey, dirty: &mut Dirty) {
        let runs = self.experiments.get_mut(&key.experiment);
        let is_newest = runs
            .as_ref()
            .and_then(|runs| runs.keys().next_back())
            .is_some_and(|newest| *newest == key.run);
        let Some(run) = runs.and_then(|runs| runs.get_mut(&key.run)) else {
            return;
        };
        let changed = (run.files).refresh(&self.layout, &self.here, &mut self.keys, is_newest);
        let key = run.key.clone();
        self.name(&key, &changed.jobs);
        dirty.take(&key.experiment, changed);
        self.note_work(&key.experiment, dirty);
    }
}

impl Dirty {
    fn take(&mut self, experiment: &str, changed: Changed) {
        if changed.itself || !changed.jobs.is_empty() {
            self.experiments.insert(experiment.to_owned());
        }
        self.jobs.extend(changed.jobs);
        self.services |= changed.services;
        self.warnings |= changed.warnings;
    }
}

fn has_not_begun(slot: &super::Slot) -> bool {
    let state = slot.job.as_ref().map(|job| job.state);
    !matches!(
        state,
        Some(JobState::Running | JobState::Done | JobState::Error)
    )
}

fn entries(path: &std::path::Path) -> impl Iterator<Item = String> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok())
}
