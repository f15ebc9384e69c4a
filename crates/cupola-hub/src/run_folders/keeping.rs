//! The loop's side: what changed is followed, what was there before is walked over once, and as much
//! is written at a time as disturbs nobody.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
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
    going::{self, Believe, Went, Writer},
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
    runs: BTreeMap<String, Believe>,
    /// Those that were there before, to be looked at once.
    walked: VecDeque<String>,
    walk: Walk,
    /// What is believed of them.
    walking: Believe,
    /// Whose `run.json` is there; what else they do is written when they end.
    under_way: HashMap<String, Writer>,
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
        let mut mark = hub.run_folders.mark.clone();
        let (tables, first, last) = hub
            .read(|tx| Ok((Tables::of(tx)?, events::first(tx)?)))
            .and_then(|(tables, first)| Ok((tables, first, hub.last_change()?)))?;
        let is_known = mark.seq >= first - 1 && (0..=last).contains(&mark.seq);
        if !is_known {
            (mark.seq, mark.is_walked) = (last, false);
            // At once: folders without a mark would be somebody else's at the next start.
            mark.write(root)?;
        }
        Ok(Self {
            tables: Arc::new(tables),
            places: Arc::new(Mutex::new(Places::find(root)?)),
            seq: mark.seq,
            walk: if mark.is_walked {
                Walk::Done
            } else {
                Walk::Behind(None)
            },
            // What was followed before may have failed: then a row does not tell.
            walking: if is_known {
                Believe::Files
            } else {
                Believe::SameRow
            },
            mark,
            experiments: BTreeSet::new(),
            runs: BTreeMap::new(),
            walked: VecDeque::new(),
            under_way: HashMap::new(),
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
                    Work::Experiment(id) => drop(self.experiments.insert(id)),
                    Work::Run(id, _) => self.look_at(id, Believe::Nothing),
                }
            }
        }
        self.hear(hub)?;
        let (done, failed) = self.work(hub)?;
        self.note(done)?;
        failed.map_or(Ok(done), Err)
    }

    /// Whether there are changes that were not followed. What failed was.
    pub(super) fn is_behind(&self, hub: &Hub) -> bool {
        self.seq < hub.last_told() || !self.runs.is_empty() || !self.experiments.is_empty()
    }

    /// Whether all that can be written is.
    pub(super) fn is_done(&self, hub: &Hub) -> bool {
        !self.is_behind(hub) && self.walked.is_empty() && matches!(self.walk, Walk::Done)
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
            let believe = match (kind.as_str(), self.under_way.get(&subject)) {
                ("experiment", _) => {
                    self.experiments.insert(subject);
                    continue;
                }
                ("run", Some(Writer::Client)) => Believe::Begun,
                ("run" | "metrics" | "log", Some(_)) => continue,
                ("run", None) => Believe::Files,
                _ => Believe::Nothing,
            };
            self.look_at(subject, believe);
        }
        self.seq = to;
        Ok(())
    }

    fn look_at(&mut self, run: String, believe: Believe) {
        let least = self.runs.entry(run).or_insert(believe);
        *least = believe.max(*least);
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
            let next = next.or_else(|| {
                let (id, believe) = self.runs.pop_first()?;
                Some(Work::Run(id, believe))
            });
            let next = next.or_else(|| Some(Work::Run(self.walked.pop_front()?, self.walking)));
            let Some(next) = next else {
                break;
            };
            match self.write(hub, &next) {
                Ok(Went::Same) => {}
                Ok(Went::Removed) => done += 1,
                Ok(Went::Written { under_way }) => written.push((next, under_way)),
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
    fn take(&mut self, written: Vec<(Work, Option<Writer>)>) -> usize {
        let count = written.len();
        for (work, under_way) in written {
            match (work, under_way) {
                (Work::Run(id, _), Some(writer)) => drop(self.under_way.insert(id, writer)),
                (Work::Run(id, _) | Work::Experiment(id), _) => drop(self.under_way.remove(&id)),
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
        let (work, is_unsynced) = (work.clone(), self.mark.is_unsynced);
        hub.read(move |tx| {
            // Only this loop takes it.
            let mut places = places.lock().unwrap_or_else(PoisonError::into_inner);
            match &work {
                Work::Experiment(id) => going::experiment(tx, &tables, &mut places, id),
                Work::Run(id, believe) => {
                    going::run(tx, &tables, &mut places, (id, *believe), is_unsynced)
                }
            }
        })
    }

    /// Notes how far all is written, when it is, and whether there is more to look for at the next start.
    fn note(&mut self, done: usize) -> Result<(), HubError> {
        let is_walked =
            self.walked.is_empty() && self.failed.is_empty() && matches!(self.walk, Walk::Done);
        let is_behind = !self.runs.is_empty() || !self.experiments.is_empty();
        let is_news = done > 0 || is_walked != self.mark.is_walked;
        if is_behind || !is_news && self.seq - self.mark.seq <= NOTED {
            return Ok(());
        }
        self.places().sync()?;
        (self.mark.seq, self.mark.is_walked) = (self.seq, is_walked);
        self.mark.write(self.places().root())
    }
}

#[derive(Clone)]
enum Work {
    Experiment(String),
    Run(String, Believe),
}
