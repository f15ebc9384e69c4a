//! Which of the tasks that are ready a worker is given: the law is `cupola_domain::scheduling`, its facts
//! are here.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cupola_domain::{
    event::Event,
    ids::{ExperimentId, RunId, TaskId, WorkerId},
    resources::{Capabilities, Needs},
    scheduling::{AGEING_STEP, Facts, Head, Kinds, Lane, Loads, Policy, Turns, choose},
    task::Task,
    time::Timestamp,
};
use cupola_store::{Tx, events, experiments, scheduling, tasks};

use crate::HubError;

/// A machine is kept free for a task for so long after it asked for work last.
const KEPT_FREE: Duration = Duration::from_mins(2);

/// What is remembered of leases. Known by heart: after a restart everybody's turn is the same.
#[derive(Debug, Default)]
pub(crate) struct Book(Mutex<Pages>);

#[derive(Debug, Default)]
struct Pages {
    turns: Turns,
    /// Which machines are kept free, by owner: one for each, so that who has many tasks has not many machines.
    kept_free: HashMap<String, KeptFree>,
}

/// A machine that is given nothing else until a task fits beside what it runs.
#[derive(Debug, Clone, Copy)]
struct KeptFree {
    task: TaskId,
    worker: WorkerId,
    until: Timestamp,
}

impl Book {
    fn open(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The machine that is kept free for a task.
    pub(crate) fn kept_free_for(&self, task: TaskId, now: Timestamp) -> Option<WorkerId> {
        let pages = self.open();
        let mut kept = pages.kept_free.values();
        let found = kept.find(|kept| kept.task == task && kept.until > now);
        found.map(|kept| kept.worker)
    }
}

impl Pages {
    /// What a machine is kept free for.
    fn kept_on(&self, worker: WorkerId, now: Timestamp) -> Option<TaskId> {
        let mut kept = self.kept_free.values();
        let found = kept.find(|kept| kept.worker == worker && kept.until > now);
        found.map(|kept| kept.task)
    }

    /// Whether a machine may be kept free for something of an owner's.
    fn may_keep(&self, owner: &str, now: Timestamp) -> bool {
        let kept = self.kept_free.get(owner);
        kept.is_none_or(|kept| kept.until <= now)
    }

    fn keep(&mut self, owner: &str, task: TaskId, worker: WorkerId, now: Timestamp) {
        self.kept_free.retain(|_, kept| kept.until > now);
        let kept = KeptFree {
            task,
            worker,
            until: now.plus(KEPT_FREE),
        };
        self.kept_free.insert(owner.to_owned(), kept);
    }
}

/// What is known of all lines, whoever asks.
pub(super) struct Known {
    pub(super) policy: Arc<Policy>,
    pub(super) book: Arc<Book>,
    /// Who asks.
    pub(super) worker: WorkerId,
    pub(super) now: Timestamp,
}

/// The lines that a worker may be given something of.
pub(super) struct Choosing<'a> {
    known: Known,
    /// What is left of the machine beside what it runs.
    room: Capabilities,
    loads: Loads,
    kinds: Kinds,
    lines: Vec<Line<'a>>,
}

/// Tasks with the same needs in one line.
struct Line<'a> {
    needs: &'a (i64, Needs),
    head: Head,
}

/// A task that goes first.
pub(super) struct Chosen<'a> {
    pub(super) task: Task,
    pub(super) needs: &'a (i64, Needs),
    pub(super) lane: Lane,
    is_late: bool,
}

impl Chosen<'_> {
    /// What its line is found by.
    pub(super) fn line(&self) -> (i64, &Lane) {
        (self.needs.0, &self.lane)
    }
}

impl<'a> Choosing<'a> {
    /// Reads what goes first of every line whose needs the machine meets, also where it could not run it
    /// beside what it runs.
    pub(super) fn begin(
        tx: &mut Tx,
        needs: &'a [(i64, Needs)],
        (machine, room): (&Capabilities, Capabilities),
        known: Known,
    ) -> Result<Self, HubError> {
        let mut lines = Vec::new();
        let class = machine.class();
        for needs in needs {
            if !needs.1.unmet_by(machine).is_empty() {
                continue;
            }
            let heads = scheduling::list_heads(tx, needs.0)?.into_iter();
            let open = heads.filter(|head| head.class.takes(class));
            lines.extend(open.map(|head| Line { needs, head }));
        }
        let (loads, kinds) = if lines.is_empty() {
            Default::default()
        } else {
            scheduling::list_loads(tx)?
        };
        Ok(Self {
            known,
            room,
            loads,
            kinds,
            lines,
        })
    }

    /// Whether nothing is ready for the worker.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether the machine can run it beside what it runs.
    pub(super) fn fits(&self, needs: &Needs) -> bool {
        needs.unmet_by(&self.room).is_empty()
    }

    /// The machine runs something more.
    pub(super) fn occupy(&mut self, needs: &Needs) {
        self.room = std::mem::take(&mut self.room).without(needs);
    }

    /// The task that goes first; none where nothing is ready, all of it is over a quota, or the machine is kept
    /// free for what does not fit beside what it runs.
    pub(super) fn next(&self, tx: &mut Tx) -> Result<Option<Chosen<'a>>, HubError> {
        let Some((line, is_late)) = self.first() else {
            return Ok(None);
        };
        let task = tasks::find(tx, line.head.task)?;
        Ok(Some(Chosen {
            task: task.ok_or_else(|| HubError::not_found("task", line.head.task))?,
            needs: line.needs,
            lane: line.head.lane.clone(),
            is_late,
        }))
    }

    /// The line that goes first, and whether because it was late. Where that is one whose task has waited for a
    /// while and does not fit, nothing else is given until it does: small tasks would keep out a large one for
    /// ever.
    fn first(&self) -> Option<(&Line<'a>, bool)> {
        let Known {
            policy,
            book,
            worker,
            now,
        } = &self.known;
        let (worker, now) = (*worker, *now);
        let mut pages = book.open();
        let facts = Facts {
            loads: &self.loads,
            kinds: &self.kinds,
            policy,
            turns: &pages.turns,
            now,
        };
        let kept = pages.kept_on(worker, now);
        let is_kept = |line: &&Line<'_>| {
            Some(line.head.task) == kept && !facts.is_full(&line.head.lane.owner)
        };
        let kept = self.lines.iter().find(is_kept);
        let (line, is_late) = if let Some(line) = kept {
            (line, false)
        } else {
            let may_go = |line: &&Line<'_>| {
                let has_waited = || now.since(line.head.made()) >= AGEING_STEP;
                self.fits(&line.needs.1)
                    || (has_waited() && pages.may_keep(&line.head.lane.owner, now))
            };
            let lines: Vec<_> = self.lines.iter().filter(may_go).collect();
            let heads = lines.iter().map(|line| (line.needs.0, &line.head));
            let choice = choose(heads, facts)?;
            (lines[choice.at], choice.is_late)
        };
        if self.fits(&line.needs.1) {
            return Some((line, is_late));
        }
        pages.keep(&line.head.lane.owner, line.head.task, worker, now);
        None
    }

    /// Something of a line was passed over: another is the first of it now.
    pub(super) fn pass(&mut self, tx: &mut Tx, chosen: &Chosen<'a>) -> Result<(), HubError> {
        let head = scheduling::find_head(tx, chosen.needs.0, &chosen.lane)?;
        let is_same =
            |line: &Line<'_>| (line.needs.0, &line.head.lane) == (chosen.needs.0, &chosen.lane);
        match head {
            Some(head) => {
                if let Some(line) = self.lines.iter_mut().find(|line| is_same(line)) {
                    line.head = head;
                }
            }
            None => self.lines.retain(|line| !is_same(line)),
        }
        Ok(())
    }

    /// It was leased: its owner has one more at work and had a turn, and an experiment that keeps to one
    /// device class keeps to this machine's.
    pub(super) fn take(&mut self, tx: &mut Tx, chosen: &Chosen<'a>) -> Result<(), HubError> {
        let (lane, needs) = (&chosen.lane, &chosen.needs);
        let owner = lane.owner.as_str();
        *self.loads.entry(owner.to_owned()).or_default() += 1;
        self.kinds.insert((owner.to_owned(), needs.0));
        let mut pages = self.known.book.open();
        let given = (owner, needs.0);
        pages.turns.note(given, chosen.is_late, self.known.now);
        pages
            .kept_free
            .retain(|_, kept| kept.task != chosen.task.id);
        drop(pages);
        if let (Some(experiment), Some(class)) = (lane.experiment, self.room.class()) {
            keep_class(tx, experiment, class)?;
        }
        self.occupy(&needs.1);
        self.pass(tx, chosen)
    }
}

/// What is left of a machine that holds these runs, so many of which still take something: those that need
/// least are taken for ended.
pub(super) fn room_of(
    tx: &mut Tx,
    machine: &Capabilities,
    known: &[(i64, Needs)],
    (held, occupied): (&[RunId], usize),
) -> Result<Capabilities, HubError> {
    let mut taken = Vec::with_capacity(held.len());
    for run in held {
        let id = scheduling::find_needs_of_run(tx, *run)?;
        let needs = known.iter().find(|(of, _)| Some(*of) == id);
        taken.extend(needs.map(|(_, needs)| needs));
    }
    taken.sort_by_key(|needs| std::cmp::Reverse(needs.size()));
    let taken = taken.into_iter().take(occupied);
    Ok(taken.fold(machine.clone(), Capabilities::without))
}

/// An experiment keeps to a device class from now on.
pub(crate) fn keep_class(tx: &mut Tx, id: ExperimentId, class: &str) -> Result<(), HubError> {
    if experiments::save_class(tx, id, class)? {
        events::record(tx, Event::ExperimentChanged(id));
    }
    Ok(())
}
