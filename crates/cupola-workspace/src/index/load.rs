//! Reading a whole workspace: runs first, then the jobs that they name, by many threads.

use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::fs::MetadataExt as _,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use cupola_domain::time::Timestamp;

use super::{Index, Look, Run, Slot, keys::Keys, update::Dirty};
use crate::{
    here::{self, Here},
    model::{Job, JobState, RunKey},
    xpm::{self, Layout, file, run::Changed, run::RunFiles},
};

/// Threads that read. They wait for the disk most of the time, so that there are more of them than
/// processors; with still more of them a disk was not faster.
const READERS: usize = 16;

/// Longer than any file system's clock stands still, and than clocks of file servers usually differ.
const STEP: Duration = Duration::from_secs(5);

/// Fewer jobs than that are read by the caller alone.
const FEW: usize = 64;

impl Index {
    /// All that is there now.
    pub(crate) fn load(layout: Layout, here: Here) -> Self {
        let mut index = Self {
            layout,
            here,
            keys: Keys::default(),
            slots: Vec::new(),
            experiments: BTreeMap::new(),
            open: BTreeSet::new(),
            followed: Mutex::default(),
            torn: BTreeMap::new(),
            problem: None,
            closed: BTreeMap::new(),
            listed: BTreeMap::new(),
        };
        for task in xpm::folders(&index.layout.jobs()).unwrap_or_default() {
            index.look_at(&task);
        }
        for experiment in index.list_experiments() {
            index
                .experiments
                .insert(experiment.clone(), BTreeMap::new());
            let runs = index.list_runs(&experiment);
            for key in &runs {
                index.add_run(key.clone(), runs.last() == Some(key));
            }
            index.note_work(&experiment, &mut Dirty::default());
        }
        let all: Vec<u32> = (0u32..).take(index.slots.len()).collect();
        for (slot, job, is_there) in index.compose_all(&all) {
            index.replace(slot, job, is_there);
        }
        index
    }

    /// Notes how the folder of a task looks; whether it looks as before, so that no job came or went.
    pub(super) fn look_at(&mut self, task: &str) -> bool {
        let look = Look::of(&self.layout.jobs().join(task), (self.here.now)());
        let before = match look {
            Some(look) => self.listed.insert(task.to_owned(), look),
            None => self.listed.remove(task),
        };
        look.is_some() && before == look
    }

    /// What could not be listed, if anything.
    pub(crate) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    pub(super) fn list_experiments(&mut self) -> Vec<String> {
        match xpm::folders(&self.layout.experiments()) {
            Ok(names) => {
                self.problem = None;
                names
            }
            Err(error) => {
                self.problem = Some(format!("experiments: {}", file::words(&error)));
                self.experiments.keys().cloned().collect()
            }
        }
    }

    pub(super) fn list_runs(&mut self, experiment: &str) -> Vec<RunKey> {
        let names = match xpm::folders(&self.layout.experiments().join(experiment)) {
            Ok(names) => {
                self.closed.remove(experiment);
                names
            }
            Err(error) => {
                let why = format!("{experiment}: {}", file::words(&error));
                self.closed.insert(experiment.to_owned(), why);
                return self.run_keys(experiment);
            }
        };
        let key = |run| RunKey {
            experiment: experiment.to_owned(),
            run,
        };
        names.into_iter().map(key).collect()
    }

    /// Reads a run that was not known; the jobs that it names.
    pub(super) fn add_run(&mut self, key: RunKey, is_newest: bool) -> Changed {
        let mut files = RunFiles::new(key.clone(), &self.layout);
        let changed = files.refresh(&self.layout, &self.here, &mut self.keys, is_newest);
        let key = Arc::new(key);
        let run = Run {
            is_active: false,
            key: key.clone(),
            files,
        };
        let runs = self.experiments.entry(key.experiment.clone()).or_default();
        runs.insert(key.run.clone(), run);
        self.name(&key, &changed.jobs);
        changed
    }

    /// Notes that a run names jobs.
    pub(super) fn name(&mut self, key: &Arc<RunKey>, jobs: &BTreeSet<u32>) {
        self.slots.resize(self.keys.len(), Slot::default());
        let Some(run) = self
            .experiments
            .get(&key.experiment)
            .and_then(|runs| runs.get(&key.run))
        else {
            return;
        };
        for slot in jobs {
            let runs = &mut self.slots[*slot as usize].runs;
            let known = runs.iter().position(|known| known == key);
            match (known, run.files.named.contains_key(slot)) {
                (None, true) => {
                    let at = runs.partition_point(|known| known.run <= key.run);
                    runs.insert(at, key.clone());
                }
                (Some(at), false) => {
                    runs.remove(at);
                }
                _ => {}
            }
        }
    }

    /// Reads jobs; those that are not as they are known.
    pub(super) fn compose_all(&self, slots: &[u32]) -> Vec<(u32, Arc<Job>, bool)> {
        let some = |slots: &[u32]| -> Vec<_> {
            let read = |slot: &u32| {
                let (job, is_there) = self.compose(*slot);
                let known = &self.slots[*slot as usize];
                let is_same = known.is_there == is_there && known.job.as_ref() == Some(&job);
                (!is_same).then_some((*slot, job, is_there))
            };
            slots.iter().filter_map(read).collect()
        };
        if slots.len() <= FEW {
            return some(slots);
        }
        let share = slots.len().div_ceil(READERS);
        std::thread::scope(|scope| {
            let parts: Vec<_> = slots
                .chunks(share)
                .map(|part| scope.spawn(|| some(part)))
                .collect();
            let read = parts.into_iter().map(std::thread::ScopedJoinHandle::join);
            read.flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    /// Puts a row in its place; whether it differs from what was there.
    pub(super) fn replace(&mut self, slot: u32, job: Arc<Job>, is_there: bool) -> bool {
        let is_open = is_there && matches!(job.state, JobState::Running | JobState::Scheduled);
        note(&mut self.open, slot, is_open);
        if job.problem.as_deref().is_some_and(file::is_torn) {
            self.torn.entry(slot).or_default();
        } else {
            self.torn.remove(&slot);
        }
        let known = &mut self.slots[slot as usize];
        known.is_there = is_there;
        let is_new = known.job.as_ref().is_none_or(|before| **before != *job);
        if is_new {
            known.job = Some(job);
        }
        is_new
    }
}

impl Look {
    /// None of what may change again without looking otherwise: times of files go by steps.
    fn of(folder: &Path, now: Timestamp) -> Option<Self> {
        let metadata = folder.metadata().ok()?;
        let changed_at = here::dated(metadata.modified().ok()?)?;
        let look = Self {
            inode: metadata.ino(),
            changed_at,
            nanos: metadata.mtime_nsec(),
        };
        (changed_at.plus(STEP) < now).then_some(look)
    }
}

fn note(set: &mut BTreeSet<u32>, slot: u32, is_in: bool) {
    if is_in {
        set.insert(slot);
    } else {
        set.remove(&slot);
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::RwLock};

    use cupola_domain::time::Timestamp;

    use super::*;
    use crate::{
        index::apply,
        model::JobKey,
        watch::{Noticed, Place},
    };

    #[test]
    fn what_cannot_be_read_is_not_read_each_second() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("experiments/bare/1/other", "");
        write("experiments/torn/1/status.json", "{\"status\": ");
        let named = ["closed", "torn"]
            .map(|id| format!("{{\"job_id\": \"{id}\", \"task_id\": \"t.x\"}}\n"));
        write("experiments/torn/1/jobs.jsonl", &named.concat());
        // What another user closed stays closed: here a folder that is no file.
        write("jobs/t.x/closed/.experimaestro/status.json/x", "");
        write(
            "jobs/t.x/torn/.experimaestro/status.json",
            "{\"state\": \"do",
        );
        let layout = Layout {
            root: folder.path().to_owned(),
        };
        let here = Here::new(Arc::new(|| Timestamp::from_millis(0)));
        let index = RwLock::new(Index::load(layout, here));
        let problems = |index: &Index| {
            let jobs = index.jobs(None).unwrap();
            let said = jobs.iter().filter_map(|job| job.problem.clone());
            said.map(|said| said.split(" (").next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            problems(&index.read().unwrap()),
            [
                "status.json: not a regular file",
                "status.json: half written"
            ]
        );
        let tick = [Noticed::Tick].into();
        for _ in 0..2 {
            assert_eq!(apply(&index, &tick), []);
        }
        let mut dirty = Dirty::default();
        index.write().unwrap().note_torn(&mut dirty);
        assert!(dirty.jobs.is_empty(), "it looks as before");
        write(
            "jobs/t.x/torn/.experimaestro/status.json",
            "{\"state\": \"done\"}",
        );
        assert!(!apply(&index, &tick).is_empty());
        assert_eq!(problems(&index.read().unwrap()).len(), 1);
    }

    #[test]
    fn runs_are_kept_while_they_cannot_be_listed() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("experiments/e/1");
        fs::create_dir_all(&run).unwrap();
        fs::write(run.join("status.json"), "{\"status\": \"done\"}").unwrap();
        let named = "{\"job_id\": \"a\", \"task_id\": \"t.x\"}\n";
        fs::write(run.join("jobs.jsonl"), named).unwrap();
        let layout = Layout {
            root: folder.path().to_owned(),
        };
        let here = Here::new(Arc::new(|| Timestamp::from_millis(0)));
        let index = RwLock::new(Index::load(layout, here));
        let key = JobKey {
            task: "t.x".to_owned(),
            id: "a".to_owned(),
        };
        // Listing it is an error, as on a server that does not answer.
        let (real, aside) = (folder.path().join("experiments/e"), folder.path().join("e"));
        fs::rename(&real, &aside).unwrap();
        fs::write(&real, "").unwrap();
        let noticed = [Noticed::At(Place::Experiment("e".to_owned()), None)].into();
        apply(&index, &noticed);
        let known = index.read().unwrap();
        assert!(known.job(&key).is_some(), "it is still named");
        assert_eq!(
            known.refuse_unread(&[]).unwrap_err().to_string(),
            "it is not known which jobs are named: e: not a directory"
        );
        drop(known);
        fs::remove_file(&real).unwrap();
        fs::rename(&aside, &real).unwrap();
        apply(&index, &noticed);
        assert!(index.read().unwrap().refuse_unread(&[]).is_ok());
    }
}
