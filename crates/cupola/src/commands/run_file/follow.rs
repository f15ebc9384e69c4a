//! From submission to the end: what the hub says of the experiment, told to the console.

use std::{
    collections::HashMap,
    pin::Pin,
    time::{Duration, Instant},
};

use cupola_client::{
    Client,
    query::{LogFilter, ResultFilter},
};
use cupola_protocol::{page::PER_PAGE_MAX, tasks::ResultBody};
use cupola_search::file::ExperimentFile;
use serde_json::Value;

use super::{
    console::{Console, Standing},
    outcome::{Ended, Outcome},
};

/// How often the hub is asked, at most.
const LOOK_PERIOD: Duration = Duration::from_millis(200);

/// The hub is asked so much more rarely than an answer takes, however large the experiment.
const LOOK_SHARE: u32 = 4;

/// A hub elsewhere may be away for so long.
const AWAY_MAX: Duration = Duration::from_mins(5);

/// So many ended tasks are read at once.
const PER_PAGE: u32 = 100;

/// Of so many failed tasks the end of the log is shown.
const LOGS_SHOWN_MAX: u64 = 10;

/// So many lines of it.
const LOG_LINES: u32 = 10;

/// An experiment on its way.
pub(super) struct Following<'a> {
    client: &'a Client,
    id: String,
    started: Instant,
    file: &'a ExperimentFile,
    /// Task → the run that ended it.
    seen: HashMap<String, String>,
    logs_shown: u64,
    /// Whether the hub knows that what is left is to be cancelled.
    is_cancelled: bool,
    outcome: Outcome,
}

impl<'a> Following<'a> {
    pub(super) fn new(client: &'a Client, outcome: Outcome, file: &'a ExperimentFile) -> Self {
        Self {
            client,
            id: outcome.experiment.clone(),
            started: Instant::now(),
            file,
            seen: HashMap::new(),
            logs_shown: 0,
            is_cancelled: false,
            outcome,
        }
    }

    /// Tells of each task as it ends, until all have. The first call to stop cancels what is left, as soon
    /// as the hub can be reached.
    pub(super) async fn follow(
        mut self,
        console: &mut Console,
        mut stop: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> anyhow::Result<Outcome> {
        let mut away_since: Option<Instant> = None;
        loop {
            let asked = Instant::now();
            match self.ask(console).await {
                Ok(true) => break,
                Ok(false) => away_since = None,
                Err(error) => {
                    let since = *away_since.get_or_insert(asked);
                    if !error.is_retryable() || since.elapsed() > AWAY_MAX {
                        return Err(error.into());
                    }
                    console.status("the hub does not answer; trying again");
                }
            }
            let pause = LOOK_PERIOD.max(asked.elapsed() * LOOK_SHARE);
            tokio::select! {
                () = stop.as_mut(), if !self.outcome.was_stopped => {
                    self.outcome.was_stopped = true;
                    console.say("Cancelling; once more kills at once.");
                }
                () = tokio::time::sleep(pause) => {}
            }
        }
        console.clear_status();
        self.outcome.elapsed = self.started.elapsed();
        Ok(self.outcome)
    }

    /// Has the rest cancelled when that is wanted, then looks.
    async fn ask(&mut self, console: &mut Console) -> Result<bool, cupola_client::Error> {
        if self.outcome.was_stopped && !self.is_cancelled {
            self.client.cancel_experiment(&self.id).await?;
            self.is_cancelled = true;
        }
        self.look(console).await
    }

    /// Tells what is new; says whether all tasks have ended.
    async fn look(&mut self, console: &mut Console) -> Result<bool, cupola_client::Error> {
        let found = self.client.experiment(&self.id).await?;
        let counts = found.experiment.tasks;
        self.outcome.counts = Some(counts);
        self.outcome
            .metric
            .clone_from(&found.experiment.metric_name);
        self.outcome.is_less_better = found.experiment.direction != "maximize";
        let ended = counts.completed + counts.failed + counts.cancelled;
        let is_over = ended == counts.total;
        let mut new = self.newly_ended(PER_PAGE).await?;
        if is_over && (self.seen.len() as u64) < ended {
            self.seen_all(&mut new).await?;
        }
        new.sort_by_key(|result| (result.completed_at.map(|at| at.0), result.number));
        for result in new {
            self.tell(console, result).await?;
        }
        let standing = Standing {
            counts,
            elapsed: self.started.elapsed(),
            obstacle: &found.obstacle,
            is_stopping: self.outcome.was_stopped,
        };
        console.status(&standing.text());
        Ok(is_over)
    }

    /// What ended since the last look: the latest come first, so a page with something old is the
    /// last.
    async fn newly_ended(
        &mut self,
        per_page: u32,
    ) -> Result<Vec<ResultBody>, cupola_client::Error> {
        let mut new = Vec::new();
        for page in 1.. {
            let items = self.page(page, per_page).await?;
            let length = items.len();
            let fresh: Vec<_> = items
                .into_iter()
                .filter(|result| self.note(result))
                .collect();
            let is_last = fresh.len() < length || length < per_page as usize;
            new.extend(fresh);
            if is_last {
                break;
            }
        }
        Ok(new)
    }

    /// Tasks that ended at the same time may have come in another order: at the end all are looked
    /// through.
    async fn seen_all(&mut self, new: &mut Vec<ResultBody>) -> Result<(), cupola_client::Error> {
        for page in 1.. {
            let items = self.page(page, PER_PAGE_MAX).await?;
            let is_last = items.len() < PER_PAGE_MAX as usize;
            new.extend(items.into_iter().filter(|result| self.note(result)));
            if is_last {
                break;
            }
        }
        Ok(())
    }

    async fn page(
        &self,
        page: u32,
        per_page: u32,
    ) -> Result<Vec<ResultBody>, cupola_client::Error> {
        let filter = ResultFilter {
            family_id: Some(self.id.clone()),
            page: Some(page),
            per_page: Some(per_page),
        };
        Ok(self.client.results(&filter).await?.items)
    }

    /// Remembers that a task has ended; says whether that is news.
    fn note(&mut self, result: &ResultBody) -> bool {
        let before = self
            .seen
            .insert(result.task_id.clone(), result.run_id.clone());
        before.as_deref() != Some(&result.run_id)
    }

    async fn tell(
        &mut self,
        console: &mut Console,
        result: ResultBody,
    ) -> Result<(), cupola_client::Error> {
        let has_log = result.status == "failed" && result.duration.is_some();
        let log = if has_log && self.logs_shown < LOGS_SHOWN_MAX {
            self.logs_shown += 1;
            self.last_lines(&result.run_id).await?
        } else {
            Vec::new()
        };
        let ended = Ended {
            name: self.file.name_of(result.number),
            value: result
                .metrics
                .get(&self.outcome.metric)
                .and_then(Value::as_f64),
            result,
        };
        console.task(&ended, &self.outcome.metric, &log);
        self.outcome.note(ended);
        Ok(())
    }

    async fn last_lines(&self, run: &str) -> Result<Vec<String>, cupola_client::Error> {
        let filter = LogFilter {
            after: None,
            limit: Some(LOG_LINES),
        };
        let part = self.client.run_log(run, &filter).await?;
        Ok(part.lines.into_iter().map(|line| line.text).collect())
    }
}
