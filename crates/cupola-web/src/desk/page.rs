//! The one page of a desk, and its parts.

use askama::Template;
use cupola_domain::field::FieldError;
use cupola_protocol::{
    desk::{DeskBody, DeskEndedBody, DeskLineBody, DeskTaskBody, PAUSED, TestBody},
    runs::ProgressLevelBody,
    time::Time,
    work::CapabilitiesBody,
};

use super::form;
use crate::ui::{
    components::{Badge, Field, Input, Moment, Opt, Tone, html_safe},
    format,
    frame::{Frame, Section},
};

/// The page.
#[derive(Debug, Clone, Template)]
#[template(path = "desk/show.html")]
pub struct Show {
    /// Around it.
    pub frame: Frame,
    /// Part `/parts/now`.
    pub now: Now,
    /// The settings.
    pub fields: Vec<Field>,
    /// What is wrong with the settings' file, or why settings were not taken.
    pub settings_error: String,
    /// The hub's address.
    pub hub: String,
    /// What came of a test of it.
    pub test: Option<(String, bool)>,
    /// Part `/parts/history`.
    pub history: History,
    /// Part `/parts/log`.
    pub log: Log,
}

/// What the worker is doing.
#[derive(Debug, Clone, Template)]
#[template(path = "desk/_now.html")]
pub struct Now {
    /// Its name.
    pub name: String,
    /// Its state.
    pub badge: Badge,
    /// Until when it rests.
    pub until: Option<Moment>,
    /// Whether its owner paused it.
    pub is_paused: bool,
    /// For how long a pause may be.
    pub spans: Field,
    /// What it is.
    pub facts: Vec<(&'static str, String)>,
    /// What it has of its machine, and how much of that is offered.
    pub hardware: Vec<(&'static str, String, String)>,
    /// What it found out about its machine's use.
    pub observed: String,
    /// Earned credits: in all, today, in seven days.
    pub earned: Option<[String; 3]>,
    /// What it has now.
    pub tasks: Vec<Task>,
}

/// A task that it has now.
#[derive(Debug, Clone)]
pub struct Task {
    /// The run's id.
    pub run: String,
    /// The task's id.
    pub id: String,
    /// What it runs.
    pub template: String,
    /// How far it is.
    pub phase: Badge,
    /// When it began.
    pub started: Moment,
    /// `10 s`.
    pub time_budget: String,
    /// `lr = 0.1`.
    pub config: String,
    /// How far its program says that it is: part, and words.
    pub progress: Vec<(Option<f64>, String)>,
}

/// What it had done.
#[derive(Debug, Clone, Template)]
#[template(path = "desk/_history.html")]
pub struct History {
    /// The latest first.
    pub rows: Vec<Past>,
}

/// A task that it had.
#[derive(Debug, Clone)]
pub struct Past {
    /// The run's id.
    pub run: String,
    /// The task's id.
    pub task: String,
    /// What it ran.
    pub template: String,
    /// How it ended.
    pub badge: Badge,
    /// `loss = 0.5`, or a dash.
    pub value: String,
    /// How long it took.
    pub duration: String,
    /// What it earns, or a dash.
    pub credits: String,
    /// When it ended.
    pub ended: Moment,
}

/// What it did.
#[derive(Debug, Clone, Template)]
#[template(path = "desk/_log.html")]
pub struct Log {
    /// The latest last.
    pub lines: Vec<Line>,
}

/// A line of that.
#[derive(Debug, Clone)]
pub struct Line {
    /// When.
    pub at: Moment,
    /// `info`, `warn` or `error`.
    pub level: String,
    /// What.
    pub text: String,
}

html_safe!(Now, History, Log);

impl Show {
    /// The page of a worker.
    pub fn new(desk: &DeskBody) -> Self {
        Self {
            frame: Frame::new(title(desk), Section::Outside, None).at(0),
            now: now(desk),
            fields: form::fields(desk, None, &[]),
            settings_error: desk.settings_error.clone(),
            hub: desk.hub.clone(),
            test: None,
            history: history(desk),
            log: log(desk),
        }
    }

    /// With what was typed and is wrong.
    pub(super) fn refused(
        mut self,
        desk: &DeskBody,
        typed: &[(String, String)],
        errors: &[FieldError],
    ) -> Self {
        self.fields = form::fields(desk, Some(typed), errors);
        self.settings_error = match errors {
            [] => "the settings were not taken".to_owned(),
            errors => {
                let words: Vec<_> = errors.iter().map(ToString::to_string).collect();
                words.join("; ")
            }
        };
        self
    }

    /// With what came of a test of the hub.
    #[must_use]
    pub fn tested(mut self, test: &TestBody) -> Self {
        self.test = Some(match test.latency_ms {
            Some(latency) => (format!("the hub answered after {latency:.1} ms"), true),
            None => (format!("the hub did not answer: {}", test.error), false),
        });
        self
    }
}

fn title(desk: &DeskBody) -> String {
    if desk.name.is_empty() {
        "Worker".to_owned()
    } else {
        format!("Worker {}", desk.name)
    }
}

pub(super) fn now(desk: &DeskBody) -> Now {
    let id = desk.worker_id.clone();
    Now {
        name: title(desk),
        badge: state(desk),
        until: desk.until.map(|until| until.0.into()),
        is_paused: desk.state == "paused" && desk.why == PAUSED,
        spans: spans(),
        facts: vec![
            (
                "Worker id",
                id.unwrap_or_else(|| "not registered".to_owned()),
            ),
            ("Hub", desk.hub.clone()),
            ("Runs at once", desk.slots.to_string()),
            ("Agent", desk.version.clone()),
        ],
        hardware: match (&desk.measured, &desk.offered) {
            (Some(measured), Some(offered)) => hardware(measured, offered),
            _ => Vec::new(),
        },
        observed: desk.observed.join("; "),
        earned: (desk.earned.as_ref()).map(|earned| {
            [
                earned.total.clone(),
                earned.today.clone(),
                earned.week.clone(),
            ]
        }),
        tasks: desk.tasks.iter().map(task).collect(),
    }
}

fn state(desk: &DeskBody) -> Badge {
    let tone = match desk.state.as_str() {
        "connected" => Tone::Good,
        "working" => Tone::Glowing,
        "disconnected" => Tone::Bad,
        _ => Tone::Quiet,
    };
    Badge {
        reason: desk.why.clone(),
        ..Badge::word(desk.state.clone(), tone)
    }
}

/// For how long somebody may want it to rest.
fn spans() -> Field {
    let spans = [
        ("", "until told otherwise"),
        ("1", "for 1 hour"),
        ("8", "for 8 hours"),
        ("24", "for a day"),
    ];
    let options = spans.map(|(value, label)| Opt::new(value, label, ""));
    Field::new("for_hours", "Pause", "").with(Input::Select(options.into()))
}

fn hardware(
    measured: &CapabilitiesBody,
    offered: &CapabilitiesBody,
) -> Vec<(&'static str, String, String)> {
    let gpus = |has: &CapabilitiesBody| {
        let each = has.gpus.iter();
        let each = each.map(|gpu| format!("{}, {}", gpu.name, form::gib(gpu.memory_bytes)));
        let all: Vec<_> = each.collect();
        if all.is_empty() {
            format::NOTHING.to_owned()
        } else {
            all.join("; ")
        }
    };
    let row = |name, of: &dyn Fn(&CapabilitiesBody) -> String| (name, of(measured), of(offered));
    vec![
        row("CPU", &|has| {
            format::counted(has.cpu_cores.into(), "core", "cores")
        }),
        row("RAM", &|has| form::gib(has.memory_bytes)),
        row("GPU (VRAM)", &gpus),
        row("Disk", &|has| form::gib(has.disk_bytes)),
        row("Platform", &|has| has.platform.clone()),
    ]
}

fn task(task: &DeskTaskBody) -> Task {
    let tone = if task.phase == "running" {
        Tone::Glowing
    } else {
        Tone::Quiet
    };
    Task {
        run: task.run_id.clone(),
        id: task.task_id.clone(),
        template: task.template.clone(),
        phase: Badge::word(task.phase.clone(), tone),
        started: moment(task.started_at),
        time_budget: format!("{} s", task.time_budget_secs),
        config: task.config.join(", "),
        progress: task.progress.iter().map(level).collect(),
    }
}

fn level(level: &ProgressLevelBody) -> (Option<f64>, String) {
    let part = level.total.filter(|total| *total > 0.0);
    let part = part.map(|total| (level.current / total).clamp(0.0, 1.0));
    let count = match level.total {
        Some(total) => format!("{} of {total}", level.current),
        None => level.current.to_string(),
    };
    let words = match level.message.as_str() {
        "" => count,
        message => format!("{count} · {message}"),
    };
    (part, words)
}

pub(super) fn history(desk: &DeskBody) -> History {
    History {
        rows: desk.history.iter().map(past).collect(),
    }
}

fn past(ended: &DeskEndedBody) -> Past {
    let tone = match ended.status.as_str() {
        "completed" => Tone::Good,
        "failed" => Tone::Bad,
        _ => Tone::Quiet,
    };
    let value = ended
        .value
        .map(|value| format!("{} = {value}", ended.metric_name));
    let nothing = || format::NOTHING.to_owned();
    Past {
        run: ended.run_id.clone(),
        task: ended.task_id.clone(),
        template: ended.template.clone(),
        badge: Badge {
            reason: ended.reason.clone(),
            ..Badge::word(ended.status.clone(), tone)
        },
        value: value.unwrap_or_else(nothing),
        duration: format!("{:.1} s", ended.wall_time_secs),
        credits: ended.credits.clone().unwrap_or_else(nothing),
        ended: moment(ended.ended_at),
    }
}

pub(super) fn log(desk: &DeskBody) -> Log {
    let line = |line: &DeskLineBody| Line {
        at: moment(line.at),
        level: line.level.clone(),
        text: line.text.clone(),
    };
    Log {
        lines: desk.log.iter().map(line).collect(),
    }
}

fn moment(at: Time) -> Moment {
    at.0.into()
}
