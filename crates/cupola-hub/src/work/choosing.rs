//! Which of the tasks that are ready a worker is given: the law is `cupola_domain::scheduling`, its facts
//! are here.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use cupola_domain::{
    event::Event,
    experiment::Experiment,
    ids::ExperimentId,
    resources::{Capabilities, Needs},
    scheduling::{Head, Lane, Loads, Placement, Policy, choose},
    task::Task,
    time::Timestamp,
};
use cupola_store::{Tx, events, experiments, scheduling, tasks};

use crate::HubError;

/// With more turns than this, those of lines in which nothing waits are forgotten.
const TURNS_MAX: usize = 1_024;

/// When something of each line was leased last, by needs. Known by heart: after a restart every line may
/// claim for its age once.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<(i64, Lane), Timestamp>>);

impl Turns {
    fn find(&self, line: &(i64, Lane)) -> Option<Timestamp> {
        let turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.get(line).copied()
    }

    fn note(&self, line: (i64, Lane), now: Timestamp) {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.insert(line, now);
    }

    /// Forgets the turns of lines with these needs that are none of `heads`.
    fn forget(&self, needs: i64, heads: &[Head]) {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() > TURNS_MAX {
            turns.retain(|(of, lane), _| {
                *of != needs || heads.iter().any(|head| head.lane == *lane)
            });
        }
    }
}

/// What is known of all lines, whoever asks.
pub(crate) struct Known<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) turns: &'a Turns,
    pub(crate) now: Timestamp,
}

/// The lines that a worker may be given something of.
pub(super) struct Choosing<'a> {
    known: Known<'a>,
    worker: &'a Capabilities,
    loads: Loads,
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
}

impl Chosen<'_> {
    /// What its line is found by.
    pub(super) fn line(&self) -> (i64, &Lane) {
        (self.needs.0, &self.lane)
    }
}

impl<'a> Choosing<'a> {
    /// Reads the first of every line whose needs the worker meets.
    pub(super) fn begin(
        tx: &mut Tx,
        needs: &'a [(i64, Needs)],
        worker: &'a Capabilities,
        known: Known<'a>,
    ) -> Result<Self, HubError> {
        let mut lines = Vec::new();
        let fitting = needs.iter();
        let fitting = fitting.filter(|(_, needs)| needs.unmet_by(worker).is_empty());
        for needs in fitting {
            let heads = scheduling::list_heads(tx, needs.0)?;
            known.turns.forget(needs.0, &heads);
            for head in heads {
                if is_open(tx, &head.lane, worker)? {
                    lines.push(Line { needs, head });
                }
            }
        }
        let loads = if lines.is_empty() {
            Loads::new()
        } else {
            scheduling::list_loads(tx)?
        };
        Ok(Self {
            known,
            worker,
            loads,
            lines,
        })
    }

    /// Whether nothing is ready for the worker.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The task that goes first; none where nothing is ready or all of it is over a quota.
    pub(super) fn next(&self, tx: &mut Tx) -> Result<Option<Chosen<'a>>, HubError> {
        let Known { policy, turns, now } = self.known;
        let heads = self.lines.iter().map(|line| {
            let turn = turns.find(&(line.needs.0, line.head.lane.clone()));
            (&line.head, turn)
        });
        let Some(at) = choose(heads, &self.loads, policy, now) else {
            return Ok(None);
        };
        let Line { needs, head } = &self.lines[at];
        let task = tasks::find(tx, head.task)?;
        let task = task.ok_or_else(|| HubError::not_found("task", head.task))?;
        Ok(Some(Chosen {
            task,
            needs,
            lane: head.lane.clone(),
        }))
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

    /// It was leased: its owner has one more at work, its line had its turn, and an experiment that keeps
    /// to one device class keeps to this worker's.
    pub(super) fn take(&mut self, tx: &mut Tx, chosen: &Chosen<'a>) -> Result<(), HubError> {
        let lane = &chosen.lane;
        *self.loads.entry(lane.owner.clone()).or_default() += 1;
        let turn = (chosen.needs.0, lane.clone());
        self.known.turns.note(turn, self.known.now);
        if let (Some(experiment), Some(class)) = (lane.experiment, &self.worker.device_class) {
            keep_class(tx, experiment, class)?;
        }
        self.pass(tx, chosen)
    }
}

/// Whether a worker may have something of a line: where its experiment keeps to one device class, only
/// machines of that class may, and whoever did not say theirs may not.
fn is_open(tx: &mut Tx, lane: &Lane, worker: &Capabilities) -> Result<bool, HubError> {
    let Some(id) = lane.experiment else {
        return Ok(true);
    };
    let experiment = experiments::find_any(tx, id)?;
    let experiment = experiment.ok_or_else(|| HubError::not_found("experiment", id))?;
    Ok(class_fits(&experiment, worker.device_class.as_deref()))
}

/// An experiment keeps to a device class from now on.
pub(crate) fn keep_class(tx: &mut Tx, id: ExperimentId, class: &str) -> Result<(), HubError> {
    if experiments::save_class(tx, id, class)? {
        events::record(tx, Event::ExperimentChanged(id));
    }
    Ok(())
}

/// Whether a machine of a device class may compute something of an experiment.
pub(crate) fn class_fits(experiment: &Experiment, class: Option<&str>) -> bool {
    match (experiment.placement, class) {
        (Placement::Anywhere, _) => true,
        (Placement::OneClass, None) => false,
        (Placement::OneClass, Some(class)) => {
            experiment.kept_class().is_none_or(|kept| kept == class)
        }
    }
}
