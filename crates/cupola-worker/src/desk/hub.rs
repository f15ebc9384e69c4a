//! What the hub says of the worker that its owner wants to know: what was earned, and who drains it.

use std::time::{Duration, Instant};

use cupola_client::Client;
use cupola_domain::credits::shown;
use cupola_protocol::{
    credits::{EarnedBody, OwnEarningsBody},
    desk::{DeskBody, DeskEarnedBody},
    workers::DrainedBody,
};

use super::{Desk, State, journal::Level};

/// Whoever looks makes the hub be asked what was earned no more often than this,
const EARNED_PERIOD: Duration = Duration::from_secs(5);

/// and waits no longer for its answer.
const EARNED_WAIT: Duration = Duration::from_secs(1);

/// What a drained worker does while it has something.
pub(super) const FINISHES: &str = "it finishes what it has and is given nothing new";

impl Desk {
    /// The same once the hub was asked what the worker's runs are worth now: what was earned may have been
    /// taken back since. A hub that is slow is not waited for.
    pub async fn status_now(&self) -> DeskBody {
        let asked = self.state().earnings_to_ask(Instant::now());
        if let Some((client, worker_id, runs)) = asked {
            let asking = client.earned(&worker_id, &runs);
            if let Ok(Ok(told)) = tokio::time::timeout(EARNED_WAIT, asking).await {
                self.earned(&told, runs.first());
            }
        }
        self.status()
    }

    /// Asks the hub what the worker earned, and what with these runs. An older hub does not know.
    pub(crate) fn ask_earned(&self, client: &Client, worker_id: &str, runs: Vec<String>) {
        let (desk, client, worker_id) = (self.clone(), client.clone(), worker_id.to_owned());
        tokio::spawn(async move {
            if let Ok(told) = client.earned(&worker_id, &runs).await {
                desk.earned(&told, runs.first());
            }
        });
    }

    fn earned(&self, told: &OwnEarningsBody, first: Option<&String>) {
        let earnings = &told.earnings;
        let amount = |earned: &EarnedBody| shown(&earned.amount).to_owned();
        let earned = DeskEarnedBody {
            total: amount(&earnings.total),
            today: amount(&earnings.today),
            week: amount(&earnings.week),
        };
        // An older hub tells of the first run alone.
        let first = first.zip(told.run.as_ref());
        let mut runs = told.runs.clone();
        if let Some((run, amount)) = first.filter(|_| runs.is_empty()) {
            runs.insert(run.clone(), amount.clone());
        }
        let mut state = self.state();
        let before = state.agent.earned.replace(earned.clone());
        let mut is_news = before != Some(earned);
        for (run, amount) in &runs {
            is_news |= state.history.earned(run, shown(amount));
        }
        drop(state);
        if is_news {
            self.changed();
        }
    }

    /// Whether an operator of the hub lets it finish what it has and gives it nothing new.
    pub(crate) fn drained(&self, by: Option<&DrainedBody>) {
        let now = self.0.clock.now();
        let mut state = self.state();
        if state.agent.drained.as_ref() == by {
            return;
        }
        let text = by.map_or_else(
            || "the hub gives it work again".to_owned(),
            |by| format!("{}; {FINISHES}", drained_words(by)),
        );
        state.journal.add(Level::Info, &text, now);
        state.agent.drained = by.cloned();
        drop(state);
        self.changed();
    }
}

impl State {
    /// Whom to ask what the latest runs are worth; none where that was asked a moment ago.
    fn earnings_to_ask(&mut self, now: Instant) -> Option<(Client, String, Vec<String>)> {
        let client = self.agent.client.clone()?;
        let worker_id = self.agent.worker_id.clone()?;
        let before = self.earned_asked_at.replace(now);
        if before.is_some_and(|before| now.duration_since(before) < EARNED_PERIOD) {
            self.earned_asked_at = before;
            return None;
        }
        Some((client, worker_id, self.history.to_ask()))
    }
}

/// `drained by root at 2026-11-22T10:00:00Z`.
pub(super) fn drained_words(by: &DrainedBody) -> String {
    let who = match by.by.as_str() {
        "" => "an operator",
        who => who,
    };
    format!("drained by {who} at {}", by.at)
}
