//! A worker's desk: what its owner sees of it at its machine, and says to it.
//!
//! The agent writes down here what it does and asks here what it may; pages and commands on the same
//! machine read it and change it. Nothing of it goes to the hub but that a worker rests.

mod history;
mod hub;
mod journal;
mod tasks;

use std::{
    fmt, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use cupola_client::Client;
use cupola_domain::{field::FieldError, resources::Capabilities, time::Timestamp};
use cupola_protocol::{
    desk::{DeskBody, DeskEarnedBody, DeskEndedBody, LimitsBody, PauseBody, TestBody},
    work::{Held, RunOrder},
    workers::DrainedBody,
};
use tokio::sync::{Notify, watch};

use crate::{
    executor::{Phase, SharedOutbox},
    limits::{self, Allowed, Kept, Limits, Observed, Pause, PauseFile, SettingsFile, WriteError},
    settings::Clock,
};
use history::History;
use hub::{FINISHES, drained_words};
use journal::{Journal, Level};
use tasks::Tasks;

pub(crate) use history::Ended;
pub(crate) use journal::Level as LogLevel;

/// What its owner sees of a worker and says to it. Cheap to clone.
#[derive(Clone)]
pub struct Desk(Arc<Shared>);

/// Why something that an owner said was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// It cannot be meant.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused(Vec<FieldError>),
    /// The worker's folder does not take it.
    #[error("the worker's folder cannot be written: {0}")]
    File(#[from] io::Error),
    /// It holds, until the worker starts again.
    #[error(
        "done, but it will be forgotten at the next start: the worker's folder cannot be written: {0}"
    )]
    Forgetful(io::Error),
}

struct Shared {
    state: Mutex<State>,
    /// Counts what changed, for whoever shows it.
    changes: watch::Sender<u64>,
    /// The owner said something.
    said: Notify,
    clock: Clock,
}

#[derive(Debug)]
struct State {
    settings_file: SettingsFile,
    kept: Kept,
    /// Whether what is kept was said by the owner, or that there is nothing to say.
    is_known: bool,
    settings_error: String,
    pause_file: PauseFile,
    pause: Option<Pause>,
    journal: Journal,
    history: History,
    tasks: Tasks,
    agent: Agent,
    /// What was seen of the machine's use last.
    observed: Observed,
    /// When whoever looked last made us ask the hub what was earned.
    earned_asked_at: Option<Instant>,
}

/// What the agent says of itself.
#[derive(Debug, Default)]
struct Agent {
    client: Option<Client>,
    name: String,
    worker_id: Option<String>,
    /// Why the hub is not there.
    is_away: Option<String>,
    measured: Option<Capabilities>,
    offered: Option<Capabilities>,
    slots: u32,
    resting: Option<(limits::Why, Option<Timestamp>)>,
    /// Who at the hub lets it finish what it has and gives it nothing new.
    drained: Option<DrainedBody>,
    observed: Vec<String>,
    earned: Option<DeskEarnedBody>,
}

impl Desk {
    /// The desk of the worker whose folder this is.
    pub fn open(folder: &Path, clock: Clock) -> Self {
        let pause_file = PauseFile::new(folder);
        let mut state = State {
            settings_file: SettingsFile::new(folder),
            kept: Kept::default(),
            is_known: false,
            settings_error: String::new(),
            pause: pause_file.read(),
            pause_file,
            journal: Journal::new(folder),
            history: History::read(folder),
            tasks: Tasks::default(),
            observed: Observed::default(),
            earned_asked_at: None,
            agent: Agent {
                is_away: Some("it has not joined yet".to_owned()),
                ..Agent::default()
            },
        };
        state.read_settings(clock.now());
        state.is_known = state.settings_error.is_empty();
        Self(Arc::new(Shared {
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
            said: Notify::new(),
            clock,
        }))
    }

    /// All that is to be seen.
    pub fn status(&self) -> DeskBody {
        self.state().body()
    }

    /// Counts up with each change.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// The owner wants no work taken; remembered over a restart.
    pub fn pause(&self, pause: &PauseBody) -> Result<(), DeskError> {
        self.remember(Some(pause), "paused by its owner")
    }

    /// The owner wants work taken again.
    pub fn resume(&self) -> Result<(), DeskError> {
        self.remember(None, "resumed by its owner")
    }

    /// The owner lets it have something else, from now on and after a restart.
    pub fn change(&self, limits: LimitsBody) -> Result<(), DeskError> {
        let now = self.0.clock.now();
        let mut state = self.state();
        if let (Ok(limits), Some(machine)) = (Limits::read(&limits), &state.agent.measured) {
            let errors = limits.beyond(machine);
            if !errors.is_empty() {
                return Err(DeskError::Refused(errors));
            }
        }
        let written = state.settings_file.write(limits);
        state.kept = written.map_err(|error| match error {
            WriteError::Refused(errors) => DeskError::Refused(errors),
            WriteError::File(error) => DeskError::File(error),
        })?;
        state.is_known = true;
        state.settings_error.clear();
        state.journal.add(Level::Info, "settings changed", now);
        self.heed(state);
        Ok(())
    }

    /// Asks the hub for a sign of life.
    pub async fn test(&self) -> TestBody {
        let client = self.state().agent.client.clone();
        let Some(client) = client else {
            return TestBody {
                latency_ms: None,
                error: "the worker has not begun yet".to_owned(),
            };
        };
        let began = Instant::now();
        match client.health().await {
            Ok(_) => TestBody {
                latency_ms: Some(1000.0 * began.elapsed().as_secs_f64()),
                error: String::new(),
            },
            Err(error) => TestBody {
                latency_ms: None,
                error: error.to_string(),
            },
        }
    }

    fn remember(&self, pause: Option<&PauseBody>, words: &str) -> Result<(), DeskError> {
        let now = self.0.clock.now();
        let mut state = self.state();
        // It holds even where it cannot be remembered: the disk may be full of what is to be stopped.
        let written = state.pause_file.write(pause);
        state.pause = pause.map(Pause::from);
        state.journal.add(Level::Info, words, now);
        self.heed(state);
        written.map_err(DeskError::Forgetful)
    }

    /// What the owner said holds at once, also for who looks before the agent has heard of it.
    fn heed(&self, state: MutexGuard<'_, State>) {
        let observed = state.observed.clone();
        drop(state);
        self.decide(&observed);
        self.0.said.notify_one();
        self.changed();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.0.changes.send_modify(|count| *count += 1);
    }

    fn write(&self, change: impl FnOnce(&mut State, Timestamp)) {
        let now = self.0.clock.now();
        change(&mut self.state(), now);
        self.changed();
    }
}

/// What the agent writes down and asks.
impl Desk {
    /// Waits until the owner says something.
    pub(crate) async fn said(&self) {
        self.0.said.notified().await;
    }

    /// What the owner lets the worker have; what stands in its file counts as soon as it is read.
    pub(crate) fn limits(&self) -> Limits {
        self.state().kept.limits.clone()
    }

    /// Whether the worker takes work, seeing this.
    pub(crate) fn decide(&self, observed: &Observed) -> Allowed {
        let now = self.0.clock.now();
        let offset_secs = self.0.clock.offset_secs(now);
        let mut state = self.state();
        let mut is_news = state.read_settings(now);
        if state.pause.is_some_and(|pause| !pause.holds(now)) {
            state.pause = None;
            // A pause that is over stays so, whatever the file says.
            let _ = state.pause_file.write(None);
        }
        let allowed = limits::allowed(&state.kept.limits, state.pause, observed, now, offset_secs);
        let allowed = state.known_or_resting(allowed);
        let resting = match allowed {
            Allowed::Working => None,
            Allowed::Resting { why, until, .. } => Some((why, until)),
        };
        let before = std::mem::replace(&mut state.agent.resting, resting);
        if before.map(|(why, _)| why) != resting.map(|(why, _)| why) {
            let words = resting.map_or_else(
                || "takes work".to_owned(),
                |(why, _)| format!("takes no work: {}", why.as_str()),
            );
            state.journal.add(Level::Info, &words, now);
        }
        state.observed.clone_from(observed);
        let words = observed.words();
        is_news |= before != resting || state.agent.observed != words;
        state.agent.observed = words;
        drop(state);
        if is_news {
            self.changed();
        }
        allowed
    }

    /// A line for the log.
    pub(crate) fn log(&self, level: Level, text: &str) {
        self.write(|state, now| state.journal.add(level, text, now));
    }

    /// The worker begins, for this hub.
    pub(crate) fn begin(&self, name: &str, client: &Client) {
        self.write(|state, _| {
            name.clone_into(&mut state.agent.name);
            state.agent.client = Some(client.clone());
        });
    }

    /// This was measured, and of it this is offered.
    pub(crate) fn offer(&self, measured: &Capabilities, offered: &Capabilities, slots: u32) {
        self.write(|state, _| {
            state.agent.measured = Some(measured.clone());
            state.agent.offered = Some(offered.clone());
            state.agent.slots = slots;
        });
    }

    /// The hub knows the worker by this.
    pub(crate) fn joined(&self, worker_id: &str) {
        self.write(|state, now| {
            state.agent.worker_id = Some(worker_id.to_owned());
            state.agent.is_away = None;
            let text = format!("registered as worker {worker_id}");
            state.journal.add(Level::Info, &text, now);
        });
    }

    /// Whether the hub is there; an error says why not.
    pub(crate) fn heard(&self, answer: Result<(), String>) {
        let now = self.0.clock.now();
        let mut state = self.state();
        let was_away = state.agent.is_away.is_some();
        match &answer {
            Ok(()) if was_away => state.journal.add(Level::Info, "the hub is there", now),
            Err(why) if !was_away => {
                let text = format!("the hub is not there: {why}");
                state.journal.add(Level::Warn, &text, now);
            }
            _ => return,
        }
        state.agent.is_away = answer.err();
        drop(state);
        self.changed();
    }

    /// The worker stops.
    pub(crate) fn left(&self) {
        self.write(|state, now| {
            state.agent.is_away = Some("the worker has stopped".to_owned());
            state.journal.add(Level::Info, "the worker stops", now);
        });
    }

    /// A run begins.
    pub(crate) fn run_began(&self, order: &RunOrder) {
        self.write(|state, now| {
            state.tasks.begin(order, now);
            let text = format!("executing task {}, run {}", order.task_id, order.run_id);
            state.journal.add(Level::Info, &text, now);
        });
    }

    /// A run has come this far.
    pub(crate) fn run_entered(&self, held: &Held, phase: Phase) {
        self.write(|state, _| state.tasks.enter(held, phase));
    }

    /// What a run says is found here.
    pub(crate) fn run_follows(&self, held: &Held, outbox: &SharedOutbox) {
        self.write(|state, _| state.tasks.follow(held, outbox));
    }

    /// A run has ended.
    pub(crate) fn run_ended(&self, held: &Held, ended: Ended) {
        let Some(ended) = self.state().tasks.end(held, ended) else {
            return;
        };
        self.write(|state, now| {
            let body = ended.body(now);
            let (level, text) = words_of(&body);
            state.journal.add(level, &text, now);
            state.history.push(body);
        });
    }
}

fn words_of(ended: &DeskEndedBody) -> (Level, String) {
    let run = &ended.run_id;
    let took = ended.wall_time_secs;
    let text = format!("run {run} {} after {took:.1} s", ended.status);
    match (ended.value, ended.reason.as_str()) {
        (_, reason) if !reason.is_empty() => (Level::Warn, format!("{text}: {reason}")),
        (Some(value), _) => {
            let name = &ended.metric_name;
            (Level::Info, format!("{text}: {name} = {value}"))
        }
        _ => (Level::Info, text),
    }
}

impl State {
    /// Who mistyped a limit did not mean that there are none: until the settings were read once, no work is
    /// taken.
    fn known_or_resting(&self, allowed: Allowed) -> Allowed {
        match allowed {
            Allowed::Working if !self.is_known => Allowed::Resting {
                why: limits::Why::Unknown,
                until: None,
                stops_running: false,
            },
            allowed => allowed,
        }
    }

    /// Reads the settings if they changed, and says whether they did.
    fn read_settings(&mut self, now: Timestamp) -> bool {
        let Some(read) = self.settings_file.news() else {
            return false;
        };
        match read {
            Ok(kept) => {
                self.kept = kept;
                self.is_known = true;
                self.settings_error.clear();
                self.journal.add(Level::Info, "settings read", now);
            }
            Err(error) => {
                let text = format!("`settings.toml` is passed over: {error}");
                self.journal.add(Level::Error, &text, now);
                self.settings_error = error;
            }
        }
        true
    }

    fn body(&self) -> DeskBody {
        let agent = &self.agent;
        let (state, why, until) = self.word();
        DeskBody {
            state: state.to_owned(),
            why,
            until: until.map(Into::into),
            name: agent.name.clone(),
            worker_id: agent.worker_id.clone(),
            hub: (agent.client.as_ref()).map_or_else(String::new, |it| it.base_url().to_owned()),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            measured: agent.measured.clone().map(Into::into),
            offered: agent.offered.clone().map(Into::into),
            slots: agent.slots,
            observed: agent.observed.clone(),
            tasks: self.tasks.bodies(),
            history: self.history.latest_first(),
            earned: agent.earned.clone(),
            log: self.journal.lines(),
            settings: self.kept.body.clone(),
            settings_error: self.settings_error.clone(),
        }
    }

    /// The state, why it is so, and until when.
    fn word(&self) -> (&'static str, String, Option<Timestamp>) {
        if let Some((why, until)) = self.agent.resting {
            return ("paused", why.as_str().to_owned(), until);
        }
        if let Some(away) = &self.agent.is_away {
            return ("disconnected", away.clone(), None);
        }
        let word = if self.tasks.is_empty() {
            "connected"
        } else {
            "working"
        };
        let why = self.agent.drained.as_ref().map(|by| {
            let rest = if self.tasks.is_empty() {
                "it is given nothing new"
            } else {
                FINISHES
            };
            format!("{}; {rest}", drained_words(by))
        });
        (word, why.unwrap_or_default(), None)
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::executor::Phase;

    fn desk(folder: &Path) -> Desk {
        let clock = Clock::new(|| Timestamp::from_millis(1_794_830_400_000));
        Desk::open(folder, clock)
    }

    fn order() -> RunOrder {
        serde_json::from_value(json!({
            "run_id": "r1", "task_id": "t1", "experiment_id": "e1", "attempt": 1, "epoch": 7,
            "template": "char-lm", "command": ["x"], "code_hash": "", "has_bundle": false,
            "config": {"lr": 0.1, "name": "a"}, "metric_name": "loss",
            "time_budget_secs": 10.0, "hard_deadline_secs": 20.0,
        }))
        .unwrap()
    }

    fn held() -> Held {
        Held {
            run_id: "r1".to_owned(),
            epoch: 7,
        }
    }

    #[test]
    fn states_follow_from_what_happens() {
        let folder = tempfile::tempdir().unwrap();
        let desk = desk(folder.path());
        let check = |expected: &str| {
            let found = desk.status();
            let found = format!("{} {}", found.state, found.why);
            assert_eq!(found.trim(), expected);
        };
        check("disconnected it has not joined yet");
        desk.joined("w1");
        check("connected");
        desk.run_began(&order());
        check("working");
        desk.heard(Err("refused".to_owned()));
        check("disconnected refused");
        desk.heard(Ok(()));
        check("working");
        desk.pause(&PauseBody::default()).unwrap();
        check("paused paused by its owner");
        desk.resume().unwrap();
        check("working");
        desk.run_ended(&held(), Ended::stopped(0.0));
        check("connected");
    }

    #[test]
    fn its_owner_is_told_who_drains_it() {
        let folder = tempfile::tempdir().unwrap();
        let desk = desk(folder.path());
        desk.joined("w1");
        let by = DrainedBody {
            by: "root".to_owned(),
            at: Timestamp::from_millis(0).into(),
        };
        desk.drained(Some(&by));
        desk.drained(Some(&by));
        let shown = desk.status();
        let expected = "drained by root at 1970-01-01T00:00:00.000Z; it is given nothing new";
        assert_eq!(
            (shown.state.as_str(), shown.why.as_str()),
            ("connected", expected)
        );
        desk.run_began(&order());
        let why = desk.status().why;
        assert!(
            why.ends_with("; it finishes what it has and is given nothing new"),
            "{why}"
        );
        desk.drained(None);
        let shown = desk.status();
        assert_eq!(shown.why, "");
        let told = shown
            .log
            .iter()
            .filter(|line| line.text.contains("drained by root"));
        assert_eq!(told.count(), 1);
        assert!(
            shown
                .log
                .iter()
                .any(|line| line.text == "the hub gives it work again")
        );
    }

    #[test]
    fn a_pause_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        desk(folder.path()).pause(&PauseBody::default()).unwrap();
        let again = desk(folder.path());
        assert!(matches!(
            again.decide(&Observed::default()),
            Allowed::Resting { .. }
        ));
        again.resume().unwrap();
        assert_eq!(
            desk(folder.path()).decide(&Observed::default()),
            Allowed::Working
        );
    }

    #[test]
    fn settings_hold_from_when_they_are_written_and_bad_ones_never() {
        let folder = tempfile::tempdir().unwrap();
        let desk = desk(folder.path());
        let body = LimitsBody {
            cores: 2,
            ..LimitsBody::default()
        };
        desk.change(body.clone()).unwrap();
        assert_eq!(desk.limits().cores, Some(2));
        std::fs::write(folder.path().join("settings.toml"), "cores = 'many'").unwrap();
        desk.decide(&Observed::default());
        let status = desk.status();
        assert_eq!(status.settings, body);
        assert!(
            status.settings_error.contains("invalid type"),
            "{}",
            status.settings_error
        );
        let negative = LimitsBody {
            disk_gib: -1.0,
            ..body
        };
        let refused = desk.change(negative).unwrap_err();
        assert!(refused.to_string().contains("`disk_gib`"), "{refused}");
    }

    #[test]
    fn nobody_lets_it_have_more_than_the_machine_has() {
        let folder = tempfile::tempdir().unwrap();
        let desk = desk(folder.path());
        let machine = Capabilities {
            cpu_cores: 2,
            ..Capabilities::default()
        };
        desk.offer(&machine, &machine, 1);
        let body = |cores: u32| LimitsBody {
            cores,
            ..LimitsBody::default()
        };
        let refused = desk.change(body(3)).unwrap_err().to_string();
        assert!(refused.contains("this machine has 2"), "{refused}");
        assert_eq!(desk.limits().cores, None);
        desk.change(body(2)).unwrap();
        assert_eq!(desk.limits().cores, Some(2));
    }

    #[test]
    fn a_task_is_shown_while_it_runs_and_kept_when_it_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let desk = desk(folder.path());
        desk.run_began(&order());
        desk.run_entered(&held(), Phase::Running);
        let shown = desk.status().tasks;
        assert_eq!(shown.len(), 1);
        assert_eq!(
            (shown[0].phase.as_str(), shown[0].config.len()),
            ("running", 2)
        );
        desk.run_ended(&held(), Ended::stopped(1.5));
        let status = desk.status();
        assert!(status.tasks.is_empty());
        assert_eq!(status.history[0].task_id, "t1");
        assert_eq!(status.history[0].status, "stopped");
        let lines: Vec<_> = status.log.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(
            lines,
            ["executing task t1, run r1", "run r1 stopped after 1.5 s"]
        );
        assert_eq!(
            super::tests::desk(folder.path()).status().history,
            status.history
        );
    }

    #[test]
    fn whoever_shows_it_is_told_of_changes_and_of_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let desk = desk(folder.path());
        desk.decide(&Observed::default());
        let mut changes = desk.changes();
        changes.mark_unchanged();
        desk.decide(&Observed::default());
        desk.heard(Err("away".to_owned()));
        assert!(!changes.has_changed().unwrap());
        desk.joined("w1");
        assert!(changes.has_changed().unwrap());
    }
}
