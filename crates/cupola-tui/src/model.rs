//! All that is known and shown; nothing here reads, waits or draws.

mod arrange;
mod cursor;
mod experiments;
mod jobs;
mod log;
mod log_buffer;
mod orphans;
mod tabs;

use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
};

use cupola_domain::time::Timestamp;
use cupola_workspace::{
    model::{Job, JobDetails, JobKey, RunKey, Series, Service, Sheet, Warning},
    source::{Connection, Place},
};

use crate::event::Effect;

pub(crate) use arrange::{Group, How, Level, Row, arrange, tags_text};
pub(crate) use cursor::{Cursor, Listing};
pub(crate) use experiments::Experiments;
pub(crate) use jobs::{Bar, Opened, Sub};
pub(crate) use log::{Find, LogView, Sought, Way};
pub(crate) use log_buffer::LogBuffer;
pub(crate) use orphans::Orphans;
pub(crate) use tabs::{Pane, Tab};

/// How long something that was said stays.
pub(crate) const NOTICE_MILLIS: i64 = 6_000;

/// All that is known and shown.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) place: Place,
    /// What runs beside, if anything does.
    pub(crate) running: Option<String>,
    pub(crate) offset_secs: fn(Timestamp) -> i32,
    pub(crate) size: (u16, u16),
    pub(crate) now: Timestamp,
    pub(crate) connection: Connection,
    pub(crate) tab: Tab,
    pub(crate) experiments: Experiments,
    pub(crate) opened: Option<Opened>,
    pub(crate) services: Listing<Service>,
    pub(crate) orphans: Orphans,
    pub(crate) warnings: Listing<Warning>,
    pub(crate) workspace_log: LogView,
    pub(crate) sheets: Vec<Sheet>,
    pub(crate) sheet_cursor: Cursor,
    /// What lies over the tabs, the last on top.
    pub(crate) fronts: Vec<Front>,
    pub(crate) dialog: Option<Dialog>,
    /// The first line of the help that is seen, while it is.
    pub(crate) help: Option<usize>,
    pub(crate) notice: Option<Notice>,
    /// Something that is drawn is not as it was.
    pub(crate) is_dirty: bool,
}

/// What lies over the tabs.
#[derive(Debug)]
pub(crate) enum Front {
    Details(Box<Details>),
    Log(Box<LogView>),
    Runs(RunsOf),
    Chart(Chart),
}

/// A job looked at.
#[derive(Debug)]
pub(crate) struct Details {
    pub(crate) key: JobKey,
    pub(crate) found: Option<Result<Box<JobDetails>, String>>,
    /// The jobs that it needs, as far as they are among those that are shown.
    pub(crate) needs: HashMap<JobKey, Arc<Job>>,
    pub(crate) top: usize,
}

/// The runs of an experiment.
#[derive(Debug)]
pub(crate) struct RunsOf {
    pub(crate) experiment: String,
    pub(crate) cursor: Cursor,
}

/// What a job measured.
#[derive(Debug)]
pub(crate) struct Chart {
    pub(crate) key: JobKey,
    pub(crate) found: Option<Result<Vec<Series>, String>>,
    pub(crate) shown: usize,
}

/// A question.
#[derive(Debug)]
pub(crate) struct Dialog {
    pub(crate) title: String,
    pub(crate) lines: Vec<String>,
    /// What can be answered, the first being to leave everything as it is.
    pub(crate) choices: Vec<Choice>,
    pub(crate) chosen: usize,
}

/// An answer and what it does.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) label: String,
    pub(crate) effects: Vec<Effect>,
}

/// Something that was said.
#[derive(Debug)]
pub(crate) struct Notice {
    pub(crate) text: String,
    pub(crate) is_bad: bool,
    pub(crate) until: Timestamp,
}

impl Model {
    pub(crate) fn new(
        place: Place,
        now: Timestamp,
        size: (u16, u16),
        offset_secs: fn(Timestamp) -> i32,
    ) -> Self {
        let workspace_log = LogView::of_workspace(place.is_remote);
        Self {
            place,
            running: None,
            offset_secs,
            size,
            now,
            connection: Connection::Live,
            tab: Tab::Monitor,
            experiments: Experiments::default(),
            opened: None,
            services: Listing::default(),
            orphans: Orphans::default(),
            warnings: Listing::default(),
            workspace_log,
            sheets: Vec::new(),
            sheet_cursor: Cursor::default(),
            fronts: Vec::new(),
            dialog: None,
            help: None,
            notice: None,
            is_dirty: true,
        }
    }

    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.notify(text.into(), false);
    }

    pub(crate) fn complain(&mut self, text: impl Into<String>) {
        self.notify(text.into(), true);
    }

    fn notify(&mut self, text: String, is_bad: bool) {
        let until = Timestamp::from_millis(self.now.millis() + NOTICE_MILLIS);
        self.notice = Some(Notice {
            text,
            is_bad,
            until,
        });
    }

    /// The job that keys act on.
    pub(crate) fn job(&self) -> Option<(JobKey, PathBuf)> {
        match self.pane() {
            Pane::Details => {
                let Some(Front::Details(details)) = self.fronts.last() else {
                    return None;
                };
                let found = details.found.as_ref()?.as_ref().ok()?;
                Some((details.key.clone(), found.job.path.clone()))
            }
            Pane::Jobs => {
                let job = self.opened.as_ref()?.jobs.selected()?;
                Some((job.key.clone(), job.path.clone()))
            }
            Pane::Orphans => {
                let orphan = self.orphans.selected()?;
                Some((orphan.job.key.clone(), orphan.job.path.clone()))
            }
            _ => None,
        }
    }

    /// Whose services, actions and jobs are shown.
    pub(crate) fn run(&self) -> Option<&RunKey> {
        self.opened.as_ref().map(|opened| &opened.run)
    }

    /// The log that is looked at.
    pub(crate) fn log_mut(&mut self) -> Option<&mut LogView> {
        match self.fronts.last_mut() {
            Some(Front::Log(log)) => Some(log),
            Some(_) => None,
            None => (self.tab == Tab::Log).then_some(&mut self.workspace_log),
        }
    }

    /// The same, to be read.
    pub(crate) fn log(&self) -> Option<&LogView> {
        match self.fronts.last() {
            Some(Front::Log(log)) => Some(log),
            Some(_) => None,
            None => (self.tab == Tab::Log).then_some(&self.workspace_log),
        }
    }

    /// Whether something that is seen changes by itself as time goes on.
    pub(crate) fn is_moving(&self) -> bool {
        let opened = self.opened.as_ref();
        let jobs = opened.is_some_and(|opened| opened.jobs.is_moving());
        match self.pane() {
            Pane::Experiments => self.experiments.is_moving(),
            Pane::Runs => self.experiments.is_moving(),
            Pane::Jobs => jobs,
            Pane::Details => true,
            Pane::Services => is_synced(&self.services.rows),
            Pane::RunServices => opened.is_some_and(|opened| is_synced(&opened.services.rows)),
            _ => false,
        }
    }
}

impl Details {
    /// Finds what it needs among these, each of which is looked at once.
    pub(crate) fn look_up(&mut self, jobs: &[Arc<Job>]) {
        let Some(Ok(found)) = &self.found else {
            return;
        };
        let wanted: HashSet<_> = found.dependencies.iter().collect();
        if wanted.is_empty() {
            return;
        }
        let needed = jobs.iter().filter(|job| wanted.contains(&job.key));
        self.needs = needed
            .map(|job| (job.key.clone(), Arc::clone(job)))
            .collect();
    }
}

/// Whether it is counted down until files are fetched again.
fn is_synced(services: &[Service]) -> bool {
    services.iter().any(|service| service.synced.is_some())
}

impl Dialog {
    /// A question with an answer that does nothing before all others.
    pub(crate) fn ask(title: impl Into<String>, lines: Vec<String>, others: Vec<Choice>) -> Self {
        let nothing = Choice {
            label: "leave it".to_owned(),
            effects: Vec::new(),
        };
        let mut choices = vec![nothing];
        choices.extend(others);
        Self {
            title: title.into(),
            lines,
            choices,
            chosen: 0,
        }
    }
}

impl Choice {
    pub(crate) fn new(label: impl Into<String>, effect: Effect) -> Self {
        Self {
            label: label.into(),
            effects: vec![effect],
        }
    }
}
