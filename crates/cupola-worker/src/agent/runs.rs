//! What is running here.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use cupola_protocol::work::{Held, RunOrder};
use tokio::{
    sync::mpsc,
    task::{self, JoinSet},
    time::Instant,
};
use tracing::{error, info};

use crate::{
    desk::Ended,
    executor::{Context, Execution, Handle, Phase, Wish},
};

/// How long leaving takes at most: asking, killing and delivering together.
const LEAVE_WAIT: Duration = Duration::from_secs(8);

/// How long leaving waits for the hub once every program has ended.
const DELIVERY_WAIT: Duration = Duration::from_secs(2);

/// How many ended runs are remembered, so that a late answer does not start one again.
const ENDED_MAX: usize = 1024;

/// What is running here.
pub(super) struct Runs {
    context: Arc<Context>,
    slots: u32,
    live: HashMap<Held, (Handle, task::Id)>,
    tasks: JoinSet<()>,
    ended: VecDeque<Held>,
    /// What is stopped to be given back.
    giving: HashSet<Held>,
    /// What is given back: the hub has not said yet that it knows.
    returning: Vec<Held>,
    changes: (mpsc::UnboundedSender<()>, mpsc::UnboundedReceiver<()>),
}

impl Runs {
    pub(super) fn new((context, slots): (Arc<Context>, u32)) -> Self {
        Self {
            context,
            slots,
            live: HashMap::new(),
            tasks: JoinSet::new(),
            ended: VecDeque::new(),
            giving: HashSet::new(),
            returning: Vec::new(),
            changes: mpsc::unbounded_channel(),
        }
    }

    /// From now on runs start with this.
    pub(super) fn replace_context(&mut self, (context, slots): (Arc<Context>, u32)) {
        self.context = context;
        self.slots = slots;
    }

    /// How many more may start. A run whose program has ended takes no slot, but a hub that takes
    /// no results is not asked for ever more work.
    pub(super) fn free_slots(&self) -> u32 {
        let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let free = self.slots.saturating_sub(count(self.occupied()));
        let unfinished_max = 2 * self.slots + 2;
        free.min(unfinished_max.saturating_sub(count(self.live.len())))
    }

    /// Whether anything runs here.
    pub(super) fn is_busy(&self) -> bool {
        self.occupied() > 0
    }

    /// The leases that this worker knows of.
    pub(super) fn holding(&self) -> Vec<Held> {
        self.live.keys().cloned().collect()
    }

    /// Starts a run, unless it is here already, was here, or there is no room. Says whether it did.
    pub(super) fn start(&mut self, order: RunOrder) -> bool {
        let (execution, handle) =
            Execution::new(Arc::clone(&self.context), order, self.changes.0.clone());
        let held = handle.held.clone();
        let is_known = self.live.contains_key(&held) || self.ended.contains(&held);
        if is_known || self.free_slots() == 0 || self.gives_way(&held) {
            return false;
        }
        info!(run = %held.run_id, epoch = held.epoch, "run started");
        let task = self.tasks.spawn(execution.run());
        self.live.insert(held, (handle, task.id()));
        true
    }

    /// Somebody asked to stop this run. Says whether that is new.
    pub(super) fn cancel(&self, held: &Held) -> bool {
        self.wish(held, Wish::Cancel)
    }

    /// The lease of this run is gone. Says whether that is new.
    pub(super) fn abandon(&self, held: &Held) -> bool {
        self.wish(held, Wish::Abandon)
    }

    /// All leases are gone.
    pub(super) fn abandon_all(&self) {
        self.wish_all(Wish::Abandon);
    }

    /// Stops all programs, so that their runs can be given back. What has ended already is still told.
    pub(super) fn give_back(&mut self) {
        for (held, (handle, _)) in &self.live {
            if handle.phase() != Phase::Reporting && self.giving.insert(held.clone()) {
                info!(run = %held.run_id, "to be given back");
                handle.wishes.raise(Wish::Leave);
            }
        }
    }

    /// Gives a run back that was never begun here. Says whether that is new.
    pub(super) fn decline(&mut self, order: &RunOrder) -> bool {
        let held = Held {
            run_id: order.run_id.clone(),
            epoch: order.epoch,
        };
        let is_known = self.live.contains_key(&held) || self.ended.contains(&held);
        if !is_known {
            self.remember(held.clone());
            self.returning.push(held);
        }
        !is_known
    }

    /// What is given back.
    pub(super) fn returning(&self) -> Vec<Held> {
        self.returning.clone()
    }

    /// The hub knows that these are given back.
    pub(super) fn returned(&mut self, known: &[Held]) {
        self.returning.retain(|held| !known.contains(held));
    }

    /// Waits until a run ends or a slot becomes free.
    pub(super) async fn changed(&mut self) {
        tokio::select! {
            _ = self.changes.1.recv() => {}
            joined = self.tasks.join_next_with_id(), if !self.tasks.is_empty() => {
                if let Some(joined) = joined {
                    self.forget(joined);
                }
            }
        }
    }

    /// Stops all programs and waits for that, and for results that are ready if `is_welcome`.
    pub(super) async fn leave(&mut self, is_welcome: bool) {
        self.wish_all(if is_welcome {
            Wish::Leave
        } else {
            Wish::Abandon
        });
        let deadline = Instant::now() + LEAVE_WAIT;
        let mut patience = deadline;
        while !self.tasks.is_empty() {
            if self.occupied() == 0 {
                patience = patience.min(Instant::now() + DELIVERY_WAIT);
            }
            if tokio::time::timeout_at(patience, self.changed())
                .await
                .is_err()
            {
                break;
            }
        }
        // What is still there is let go of, and with it its programs.
        self.tasks.shutdown().await;
        self.live.clear();
    }

    /// How many runs have, or will have, a program.
    fn occupied(&self) -> usize {
        self.live
            .values()
            .filter(|(handle, _)| handle.phase() != Phase::Reporting)
            .count()
    }

    /// Whether the same run is here under an older lease: that one has to be gone first. The hub
    /// gives the new lease again as long as this worker does not hold it.
    fn gives_way(&self, held: &Held) -> bool {
        let mut older = self.live.values().map(|(handle, _)| handle);
        let older = older.find(|handle| handle.held.run_id == held.run_id);
        older.is_some_and(|handle| {
            handle.wishes.raise(Wish::Abandon);
            true
        })
    }

    fn wish(&self, held: &Held, wish: Wish) -> bool {
        let Some((handle, _)) = self.live.get(held) else {
            return false;
        };
        let is_news = handle.wishes.current() < wish;
        if is_news {
            info!(run = %held.run_id, ?wish, phase = ?handle.phase(), "order");
            handle.wishes.raise(wish);
        }
        is_news
    }

    fn wish_all(&self, wish: Wish) {
        for held in self.live.keys() {
            self.wish(held, wish);
        }
    }

    fn forget(&mut self, joined: Result<(task::Id, ()), task::JoinError>) {
        let (id, failure) = match joined {
            Ok((id, ())) => (id, None),
            Err(failure) => (failure.id(), Some(failure)),
        };
        let mut live = self.live.iter();
        let Some(held) = live
            .find(|(_, (_, of))| *of == id)
            .map(|(held, _)| held.clone())
        else {
            return;
        };
        self.live.remove(&held);
        if let Some(failure) = failure {
            error!(run = %held.run_id, %failure, "a run's executor broke");
        }
        // Known already, unless its executor broke.
        self.context.desk.run_ended(&held, Ended::stopped(0.0));
        if self.giving.remove(&held) {
            self.returning.push(held.clone());
        }
        self.remember(held);
    }

    fn remember(&mut self, held: Held) {
        self.ended.push_back(held);
        if self.ended.len() > ENDED_MAX {
            self.ended.pop_front();
        }
    }
}
