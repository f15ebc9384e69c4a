//! What the reader itself finds that somebody should look at: jobs that run astray, and folders that
//! nothing names. What is done about them is done to those that were told of, and to no others.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cupola_domain::time::Timestamp;

use super::Shared;
use crate::{
    act,
    model::{Job, JobKey, JobState, RunKey, Warning},
    orphans,
    source::SourceError,
    watch::{Noticed, Place},
};

/// Listing all folders takes a while where there are many, so it is done so often at most.
const COUNTED_FOR: Duration = Duration::from_mins(5);

/// What changed within so long may be about to be named by a run that begins.
const YOUNG: Duration = Duration::from_mins(10);

/// So many processes are ended at once: each may take its time.
const AT_ONCE: usize = 8;

const STRAY: &str = "stray_jobs_";
const ORPHAN: &str = "orphan_jobs_";

/// What was found and told, and what nobody wants to hear of again.
#[derive(Debug, Default)]
pub(super) struct Warnings(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Which jobs each warning was about when it was last told.
    told: BTreeMap<String, BTreeSet<JobKey>>,
    dismissed: BTreeSet<(RunKey, String)>,
    orphans: Option<(Timestamp, BTreeSet<JobKey>)>,
}

impl Warnings {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts folders anew the next time.
    pub(super) fn forget(&self) {
        self.state().orphans = None;
    }
}

impl Shared {
    /// Those that runs wrote down, then the reader's own.
    pub(super) fn warnings(&self) -> Vec<Warning> {
        let mut found = self.read().warnings();
        for warning in &mut found {
            // Anything else could only the program of the experiment do.
            warning.actions.retain(|(action, _)| action == "dismiss");
        }
        let mut told = BTreeMap::new();
        let stray: BTreeSet<_> = self.read().stray().map(|job| job.key.clone()).collect();
        let words = |count| match count {
            1 => "1 job runs that no latest run names".to_owned(),
            count => format!("{count} jobs run that no latest run names"),
        };
        found.extend(own(STRAY, &stray, words, ("kill", "End them")));
        told.insert(key_of(STRAY, &stray), stray);
        let orphans = self.counted();
        let words = |count| match count {
            1 => "1 folder of a job is named by no run".to_owned(),
            count => format!("{count} folders of jobs are named by no run"),
        };
        found.extend(own(ORPHAN, &orphans, words, ("delete", "Delete them")));
        told.insert(key_of(ORPHAN, &orphans), orphans);
        let mut state = self.warnings.state();
        state.told = told;
        found.retain(|warning| {
            let name = (warning.run.clone(), warning.key.clone());
            !state.dismissed.contains(&name)
        });
        found
    }

    /// What no run names, as it was counted a while ago.
    fn counted(&self) -> BTreeSet<JobKey> {
        let now = (self.here.now)();
        if let Some((at, found)) = &self.warnings.state().orphans
            && now < at.plus(COUNTED_FOR)
        {
            return found.clone();
        }
        // Where not everything could be read, nobody knows what is named. A reader that reads a
        // second time would wait for a writer that waits for it.
        let unread = self.read().unread(&[]);
        let found: BTreeSet<_> = match unread {
            Some(_) => BTreeSet::new(),
            None => orphans::unnamed(&self.layout, &self.index)
                .unwrap_or_default()
                .into_iter()
                .collect(),
        };
        self.warnings.state().orphans = Some((now, found.clone()));
        found
    }

    /// Does what a warning offers.
    pub(super) fn answer_warning(
        &self,
        run: &RunKey,
        key: &str,
        action: &str,
    ) -> Result<String, SourceError> {
        if action == "dismiss" {
            let name = (run.clone(), key.to_owned());
            self.warnings.state().dismissed.insert(name);
            return Ok("it is not shown again until this is opened anew".to_owned());
        }
        let told = self.warnings.state().told.get(key).cloned();
        let is_own = run.experiment.is_empty();
        let (Some(told), true) = (told, is_own) else {
            return Err(SourceError::Unsupported(
                "only the program of an experiment can do that, or it is no longer so: look again"
                    .to_owned(),
            ));
        };
        Ok(match (key.starts_with(STRAY), action) {
            (true, "kill") => self.about(&told, Self::kill_stray)?.words("ended"),
            (false, "delete") => self.about(&told, Self::delete_orphans)?.words("deleted"),
            _ => return Err(SourceError::Unknown(format!("there is no action {action}"))),
        })
    }

    /// Ends those of these jobs that run astray.
    pub(super) fn kill_told(&self, told: &[JobKey]) -> Result<String, SourceError> {
        let told = told.iter().cloned().collect();
        self.about(&told, Self::kill_stray)?.result("ended")
    }

    /// Deletes those of these that no run names.
    pub(super) fn delete_told(&self, told: &[JobKey]) -> Result<String, SourceError> {
        let told = told.iter().cloned().collect();
        self.about(&told, Self::delete_orphans)?.result("deleted")
    }

    /// Does something to jobs that were told of, by what runs name now.
    fn about(
        &self,
        told: &BTreeSet<JobKey>,
        act: impl Fn(&Self, &BTreeSet<JobKey>) -> Done,
    ) -> Result<Done, SourceError> {
        self.read_names();
        self.read().refuse_unread(&[])?;
        let at = |key: &JobKey| Noticed::At(Place::Task(key.task.clone()), Some(key.id.clone()));
        let touched: BTreeSet<_> = told.iter().map(at).collect();
        self.notice(&touched);
        let done = act(self, told);
        self.warnings.forget();
        self.notice(&touched);
        Ok(done)
    }

    fn kill_stray(&self, told: &BTreeSet<JobKey>) -> Done {
        let mut stray: Vec<_> = {
            let index = self.read();
            let known = index.stray().filter(|job| told.contains(&job.key));
            known.map(|job| (**job).clone()).collect()
        };
        let unnamed = orphans::still_unnamed(&self.layout, &self.index, told);
        let unnamed = unnamed.iter().filter_map(|key| {
            let job = orphans::read(&self.layout, &self.here, key)?;
            (job.state == JobState::Running).then_some(job)
        });
        let unnamed: Vec<_> = unnamed
            .filter(|job| stray.iter().all(|known| known.key != job.key))
            .collect();
        stray.extend(unnamed);
        let mut done = Done::default();
        for some in stray.chunks(AT_ONCE) {
            std::thread::scope(|scope| {
                let ends = some
                    .iter()
                    .map(|job| scope.spawn(|| act::kill(job, &self.here)));
                for end in ends.collect::<Vec<_>>() {
                    let panicked = |_| Err(SourceError::Refused("it was not ended".to_owned()));
                    done.note(end.join().unwrap_or_else(panicked));
                }
            });
        }
        done
    }

    /// Under the rules of a single one, and never what a run names by then or may be about to name.
    fn delete_orphans(&self, told: &BTreeSet<JobKey>) -> Done {
        let mut done = Done::default();
        for key in orphans::still_unnamed(&self.layout, &self.index, told) {
            // It may take long to come to this one.
            let is_named = self.read().is_named(&key.task, &key.id);
            let job = orphans::read(&self.layout, &self.here, &key).filter(|_| !is_named);
            let Some(job) = job else {
                continue;
            };
            done.note(if self.is_young(&job) {
                let why = format!("{key} changed within the last ten minutes");
                Err(SourceError::Refused(why))
            } else {
                act::delete_job(&job)
            });
        }
        done
    }

    fn is_young(&self, job: &Job) -> bool {
        let changed = job.path.metadata().and_then(|it| it.modified()).ok();
        let changed = changed.and_then(crate::here::dated);
        changed.is_none_or(|at| (self.here.now)() < at.plus(YOUNG))
    }

    /// What runs name, as it is now: what they wrote since the last look, and no jobs.
    pub(super) fn read_names(&self) {
        let mut noticed = BTreeSet::from([Noticed::At(Place::Experiments, None)]);
        let experiments = self.read().experiment_names();
        for experiment in experiments {
            let runs = self.read().run_keys(&experiment);
            noticed.insert(Noticed::At(Place::Experiment(experiment), None));
            noticed.extend(
                runs.into_iter()
                    .map(|run| Noticed::At(Place::Run(run), None)),
            );
        }
        self.notice(&noticed);
    }
}

/// How often something went well, and why it first did not.
#[derive(Default)]
struct Done {
    well: usize,
    refused: usize,
    why: Option<SourceError>,
}

impl Done {
    fn note(&mut self, result: Result<String, SourceError>) {
        match result {
            Ok(_) => self.well += 1,
            Err(error) => {
                self.refused += 1;
                self.why.get_or_insert(error);
            }
        }
    }

    /// An error where not all went well.
    fn result(&self, what: &str) -> Result<String, SourceError> {
        let words = self.words(what);
        match self.why {
            None => Ok(words),
            Some(_) => Err(SourceError::Refused(words)),
        }
    }

    fn words(&self, what: &str) -> String {
        match &self.why {
            None => format!("{what}: {}", self.well),
            Some(why) => format!("{what}: {}, not: {}, first: {why}", self.well, self.refused),
        }
    }
}

fn key_of(kind: &str, jobs: &BTreeSet<JobKey>) -> String {
    format!("{kind}{}", jobs.len())
}

/// Of the whole workspace, if there is anything to tell.
fn own(
    kind: &str,
    jobs: &BTreeSet<JobKey>,
    words: impl Fn(usize) -> String,
    (action, label): (&str, &str),
) -> Option<Warning> {
    let actions = [(action, label), ("dismiss", "Dismiss")];
    (!jobs.is_empty()).then(|| Warning {
        run: RunKey {
            experiment: String::new(),
            run: String::new(),
        },
        key: key_of(kind, jobs),
        description: words(jobs.len()),
        actions: actions
            .map(|(key, label)| (key.to_owned(), label.to_owned()))
            .into(),
    })
}
