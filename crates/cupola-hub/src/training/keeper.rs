//! The one snapshot that all share, and when it is made anew.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cupola_domain::{
    cost::Total,
    event::Event,
    time::{Instant, Timestamp},
};
use cupola_store::events;

use super::{Training, changes::Changes, composed::compose, known::Known};
use crate::{Hub, HubError};

/// What runs say of themselves is looked at so often at most.
const SPACING: Duration = Duration::from_millis(500);

/// While something runs, time itself changes what it cost.
const LIFE: Duration = Duration::from_secs(5);

/// So long after somebody asked, those who look are told of changes.
const INTEREST: Duration = Duration::from_mins(1);

/// More changes than these are not read one by one.
const CHANGES_MAX: u32 = 5_000;

/// The snapshot of a hub.
#[derive(Debug)]
pub(crate) struct Keeper {
    began_at: Timestamp,
    /// Held while it is made: whoever asks meanwhile waits for this one's.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    latest: Option<Latest>,
    /// Counts the snapshots.
    number: u64,
    asked_at: Option<Instant>,
    /// What was spent before the session; none until it has begun.
    spent_before: Option<Total>,
    /// The number of the snapshot that was told.
    told: u64,
}

#[derive(Debug)]
struct Latest {
    training: Arc<Training>,
    known: Known,
    /// Since then.
    changes: Changes,
    made_at: Instant,
}

impl Keeper {
    /// Of a hub that starts.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            began_at: now,
            state: Mutex::default(),
        }
    }

    /// Somebody looks at what goes with it.
    pub(super) fn note_asked(&self, now: Instant) {
        self.lock().asked_at = Some(now);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Latest {
    fn is_due(&self, now: Instant) -> bool {
        let age = now.since(self.made_at);
        let has_changed = !self.changes.is_empty() && (self.changes.is_news() || age >= SPACING);
        has_changed || (!self.training.runs.is_empty() && age >= LIFE)
    }
}

impl Hub {
    /// Training as it is now. States are those of this moment; what runs measure may be half a second
    /// old, and what they cost five.
    pub fn training(&self) -> Result<Arc<Training>, HubError> {
        let mut state = self.training.lock();
        state.asked_at = Some(self.monotonic());
        self.renew(&mut state)?;
        let latest = state.latest.as_ref();
        let latest = latest.ok_or_else(|| HubError::Unavailable("training is not read".into()))?;
        Ok(Arc::clone(&latest.training))
    }

    /// Makes the snapshot anew where it is due, and tells those who look at it.
    pub(crate) fn tell_training(&self) -> Result<usize, HubError> {
        {
            let mut state = self.training.lock();
            let now = self.monotonic();
            let is_wanted = |at: Instant| now.since(at) < INTEREST;
            // The first time is when the session's sum begins.
            if state.spent_before.is_some() && !state.asked_at.is_some_and(is_wanted) {
                return Ok(0);
            }
            self.renew(&mut state)?;
            if state.told == state.number {
                return Ok(0);
            }
            state.told = state.number;
        }
        self.write(|tx| {
            events::record(tx, Event::MonitorChanged);
            Ok(())
        })?;
        Ok(1)
    }

    fn renew(&self, state: &mut State) -> Result<(), HubError> {
        let told = self.last_told();
        let now = self.monotonic();
        if let Some(latest) = &mut state.latest {
            self.follow(&mut latest.changes, told)?;
            if !latest.is_due(now) {
                return Ok(());
            }
        }
        // What cannot be read now is read as a whole the next time.
        let (known, changes) = state.latest.take().map_or_else(
            || (Known::default(), Changes::everything(told)),
            |latest| (latest.known, latest.changes),
        );
        let seq = changes.seq;
        let (known, found) = self.read_training(known, changes)?;
        let before = *state.spent_before.get_or_insert(found.spent.all);
        let training = compose(&known, found, (self.training.began_at, &before));
        state.number += 1;
        state.latest = Some(Latest {
            training: Arc::new(training),
            known,
            changes: Changes::after(seq),
            made_at: now,
        });
        Ok(())
    }

    fn follow(&self, changes: &mut Changes, told: i64) -> Result<(), HubError> {
        if told <= changes.seq {
            return Ok(());
        }
        let rows = self.changes_after(changes.seq, CHANGES_MAX)?;
        if rows.len() < CHANGES_MAX as usize {
            changes.note(&rows);
        } else {
            *changes = Changes::everything(told);
        }
        Ok(())
    }
}
