//! The loop's side: what changed is followed, what was there before is walked over once, and as much
//! is written at a time as disturbs nobody.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cupola_domain::time::Instant;
use cupola_store::{
    dump::{self, Cell},
    events,
};

use super::{
    going::{self, Believe, Went},
    mark::Mark,
    places::{self, Places},
    tables::Tables,
};
use crate::{Hub, HubError, loops::series};

/// Work goes on for so long at a time.
const BUDGET: Duration = Duration::from_millis(200);

/// Changes that are looked at at once.
const CHANGES: i64 = 20_000;

/// Runs that wait at most before more is looked for.
const WAITING_MAX: usize = 1_000;

/// Runs that are walked over at once.
const WALKED: i64 = 200;

/// What could not be written is tried again after that long.
const AGAIN: Duration = Duration::from_secs(30);

/// Changes that nobody had to be written for are noted now and then.
const NOTED: i64 = 10_000;

/// What the loop knows by heart.
pub(super) struct Keeping {
    tables: Arc<Tables>,
    places: Arc<Mutex<Places>>,
    /// As it stands on the disk.
    mark: Mark,
    /// The newest change that was looked at.
    seq: i64,
    experiments: BTreeSet<String>,
    runs: BTreeSet<String>,
    /// Those that were there before, to be looked at once.
    walked: VecDeque<String>,
    walk: Walk,
    /// Whose `run.json` is there; what else they do is written when they end.
    under_way: HashSet<String>,
    failed: Vec<Work>,
    again_at: Option<Instant>,
}

enum Walk {
    /// Behind this row of the runs.
    Behind(Option<Vec<Cell>>),
    Done,
}

impl Keeping {
    /// Goes on behind the change that was followed last, or walks over all that there is.
    pub(super) fn begin(hub: &Hub, root: &Path) -> Result<Self, HubError> {
        places::make(root)?;
        let mark = hub.run_folders.mark.clone();
        let (tables, first, last) = hub
            .read(|tx| Ok((Tables::of(tx)?, events::first(tx)?)))
            .and_then(|(tables, first)| Ok((tables, first, hub.last_change()?)))?;
        let is_known = mark.seq >= first - 1 && (0..=last).contains(&mark.seq);
        Ok(Self {
            tables: Arc::new(tables),
            places: Arc::new(Mutex::new(Places::find(root)?)),
            seq: if is_known { mark.seq } else { last },
            walk: if is_known {
                Walk::Done
            } else {
                Walk::Behind(None)
            },
            mark,
            experiments: BTreeSet::new(),
            runs: BTreeSet::new(),
            walked: VecDeque::new(),
            under_way: HashSet::new(),
            failed: Vec::new(),
            again_at: None,
        })
    }

    /// One step; says how much was written or removed.
    pub(super) fn tick(&mut self, hub: &Hub) -> Result<usize, HubError> {
        if self.again_at.is_some_and(|at| hub.monotonic() >= at) {
            self.again_at = None;
            for work in std::mem::take(&mut self.failed) {
                match work {
                    Work::Experiment(id) => self.experiments.insert(id),
                    Work::Changed(id) | Work::Walked(id) => self.runs.insert(id),
                };
            }
        }
        self.hear(hub)?;
        let (done, failed) = self.work(hub)?;
        self.note(done)?;
        failed.map_or(Ok(done), Err)
    }

    /// Hears which runs and experiments changed.
    fn hear(&mut self, hub: &Hub) -> Result<(), HubError> {
        let told = hub.last_told();
        if told <= self.seq || self.runs.len() >= WAITING_MAX {
            return Ok(());
        }
        let (after, to) = (self.seq, told.min(self.seq + CHANGES));
        let subjects = hub.read(move |tx| Ok(events::list_subjects(tx, after, to)?))?;
        if subjects.iter().any(|(kind, _)| kind == "ended") {
            // So that their curves are written as blocks. What cannot be folded is written as it came.
            let _ = series::tick(hub);
        }
        for (kind, subject) in subjects {
            match kind.as_str() {
                "experiment" => drop(self.experiments.insert(subject)),
                "ended" => drop(self.runs.insert(subject)),
                _ if self.under_way.contains(&subject) => {}
                _ => drop(self.runs.insert(subject)),
            }
        }
        self.seq = to;
        Ok(())
    }

    /// Looks further through the runs that were there before, when all that was found is looked at.
    fn walk(&mut self, hub: &Hub) -> Result<(), HubError> {
        let Walk::Behind(after) = &self.walk else {
            return Ok(());
        };
        if !self.walked.is_empty() {
            return Ok(());
        }
        let (tables, after) = (Arc::clone(&self.tables), after.clone());
        let (rows, ids) = hub.read(move |tx| {
            let table = tables.table("run")?;
            let rows = dump::rows(tx, table, after.as_deref(), WALKED)?;
            let at = |column| table.place(column).unwrap_or_default();
            let (id, experiment) = (at("id"), at("experiment_id"));
            let text = |cell: &Cell| match cell {
                Cell::Text(text) => text.clone(),
                _ => String::new(),
            };
            let ids = rows
                .iter()
                .map(|row| (text(&row[id]), text(&row[experiment])));
            let ids: Vec<_> = ids.collect();
            Ok((rows, ids))
        })?;
        for (run, experiment) in ids {
            self.walked.push_back(run);
            self.experiments.insert(experiment);
        }
        self.walk = match rows.last() {
            Some(last) => Walk::Behind(Some(last.clone())),
            None => Walk::Done,
        };
        Ok(())
    }

    /// Writes what waits until the time is over. What fails holds up nothing else.
    fn work(&mut self, hub: &Hub) -> Result<(usize, Option<HubError>), HubError> {
        let (until, mut done, mut failed) = (hub.monotonic().plus(BUDGET), 0, None);
        let mut written = Vec::new();
        loop {
            self.walk(hub)?;
            let next = self.experiments.pop_first().map(Work::Experiment);
            let next = next.or_else(|| self.runs.pop_first().map(Work::Changed));
            let next = next.or_else(|| self.walked.pop_front().map(Work::Walked));
            let Some(next) = next else {
                break;
            };
            match self.write(hub, &next) {
                Ok(Went::Same) => {}
                Ok(Went::Removed) => done += 1,
                Ok(Went::Written { is_under_way }) => written.push((next, is_under_way)),
                Err(error) => {
                    self.failed.push(next);
                    failed = Some(error);
                }
            }
            if hub.monotonic() >= until {
                break;
            }
        }
        let settled = self.places().settle();
        match settled {
            Ok(()) => done += self.take(written),
            Err(error) => {
                self.failed
                    .extend(written.into_iter().map(|(work, _)| work));
                failed = Some(error);
            }
        }
        if failed.is_some() {
            self.again_at = Some(hub.monotonic().plus(AGAIN));
        }
        Ok((done, failed))
    }

    /// Takes note of what is written; says how much that is.
    fn take(&mut self, written: Vec<(Work, bool)>) -> usize {
        let count = written.len();
        for (work, is_under_way) in written {
            if is_under_way {
                self.under_way.insert(work.id().to_owned());
            } else {
                self.under_way.remove(work.id());
            }
        }
        count
    }

    /// Only this loop takes them.
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, hub: &Hub, work: &Work) -> Result<Went, HubError> {
        let (tables, places) = (Arc::clone(&self.tables), Arc::clone(&self.places));
        let work = work.clone();
        hub.read(move |tx| {
            // Only this loop takes it.
            let mut places = places.lock().unwrap_or_else(PoisonError::into_inner);
            match &work {
                Work::Experiment(id) => going::experiment(tx, &tables, &mut places, id),
                Work::Changed(id) => going::run(tx, &tables, &mut places, id, Believe::Nothing),
                Work::Walked(id) => going::run(tx, &tables, &mut places, id, Believe::SameRow),
            }
        })
    }

    /// Notes how far all is written, when it is.
    fn note(&mut self, done: usize) -> Result<(), HubError> {
        let is_behind = !self.runs.is_empty()
            || !self.experiments.is_empty()
            || !self.walked.is_empty()
            || !self.failed.is_empty()
            || matches!(self.walk, Walk::Behind(_));
        let is_news = self.seq != self.mark.seq && (done > 0 || self.seq - self.mark.seq > NOTED);
        let is_news = is_news || self.mark.seq < 0;
        if is_behind || !is_news {
            return Ok(());
        }
        self.places().sync()?;
        self.mark.seq = self.seq;
        self.mark.write(self.places().root())
    }
}

#[derive(Clone)]
enum Work {
    Experiment(String),
    Changed(String),
    Walked(String),
}

impl Work {
    fn id(&self) -> &str {
        let (Work::Experiment(id) | Work::Changed(id) | Work::Walked(id)) = self;
        id
    }
}
