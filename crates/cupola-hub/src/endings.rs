//! Runs that came to their end lately: what every open page is told of, whatever it shows.
//!
//! Kept in memory, so that a thousand pages that ask at once cost one read.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use cupola_store::runs;

use crate::{Hub, HubError};

pub use cupola_store::runs::Ended;

/// So many of the latest are told; who missed more has other means.
pub const ENDINGS_MAX: usize = 1_000;

/// A hub that starts, or that nobody asked for long, looks so many changes back.
const LOOK_BACK: i64 = 5_000;

/// The latest, up to a change.
#[derive(Debug, Default)]
pub(crate) struct LatestEndings(Mutex<Option<Latest>>);

#[derive(Debug)]
struct Latest {
    list: VecDeque<Ended>,
    /// Those up to here are in the list, if they are among the latest.
    to: i64,
}

/// What ended since somebody looked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endings {
    /// In the order in which they ended.
    pub list: Vec<Ended>,
    /// Where to go on.
    pub next: i64,
}

impl Hub {
    /// The runs that ended after change `after`, at most [`ENDINGS_MAX`]. Without a number, or with
    /// one of another database, only where to begin.
    pub fn endings_after(&self, after: Option<i64>) -> Result<Endings, HubError> {
        let told = self.bus.last_told();
        let Some(after) = after.filter(|after| *after <= told) else {
            return Ok(Endings {
                list: Vec::new(),
                next: told,
            });
        };
        let wanted = self.bus.last_ending();
        if after >= wanted {
            return Ok(Endings {
                list: Vec::new(),
                next: after,
            });
        }
        // Held while reading: whoever asks meanwhile waits for this one's answer.
        let mut latest = self
            .endings
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let latest = latest.get_or_insert_with(|| Latest {
            list: VecDeque::new(),
            to: wanted - LOOK_BACK,
        });
        if latest.to < wanted {
            let from = latest.to.max(wanted - LOOK_BACK);
            let fresh = self.read(move |tx| Ok(runs::list_ended(tx, from)?))?;
            latest.to = fresh.last().map_or(wanted, |ended| ended.seq.max(wanted));
            latest.list.extend(fresh);
            let surplus = latest.list.len().saturating_sub(ENDINGS_MAX);
            latest.list.drain(..surplus);
        }
        let fresh = latest.list.iter().filter(|ended| ended.seq > after);
        Ok(Endings {
            list: fresh.cloned().collect(),
            next: latest.to,
        })
    }
}
