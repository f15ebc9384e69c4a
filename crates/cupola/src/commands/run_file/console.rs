//! What a terminal shows while an experiment runs: a line for each task that has ended, and below
//! them one that says how things stand. That one is rewritten, so it is left out where it cannot be.

use std::{
    io::{IsTerminal as _, Write as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use cupola_protocol::families::CountsBody;
use cupola_search::file::{ExperimentFile, Program};
use serde_json::{Map, Value};

use super::{outcome::Ended, source::Source};
use crate::{
    cli::RunFile,
    commands::tasks::status,
    output::{self, clean},
};

/// A name may take so much of a line.
const NAME_CHARS_MAX: usize = 24;

/// A line that is rewritten must not be broken by the terminal.
const STATUS_CHARS_MAX: usize = 78;

/// What is said when the terminal is given back while the work goes on.
const GOES_ON: &str = "The work goes on; Ctrl-C stops it.";

/// Where the words go.
pub(super) struct Console {
    /// stdout belongs to the JSON.
    to_stderr: bool,
    is_terminal: bool,
    lists_tasks: bool,
    number_width: usize,
    name_width: usize,
    /// What stands on the last line now.
    status: String,
    muted: Muted,
}

/// Something else has the terminal now and then.
#[derive(Default)]
struct Muted {
    is_now: Arc<AtomicBool>,
    /// What was to be said meanwhile.
    held: Vec<String>,
    /// Nothing was said yet of its having been so.
    was: bool,
}

impl Console {
    pub(super) fn new(args: &RunFile, file: &ExperimentFile) -> Self {
        let last = file.task_count().saturating_sub(1);
        let names = file.steps.iter().map(|step| step.name.chars().count());
        let suffix = if file.steps.iter().any(|step| step.count() > 1) {
            4
        } else {
            0
        };
        let longest = names.max().filter(|longest| *longest > 0);
        Self {
            to_stderr: args.json,
            is_terminal: if args.json {
                std::io::stderr().is_terminal()
            } else {
                std::io::stdout().is_terminal()
            },
            lists_tasks: args.console || !args.web,
            number_width: last.to_string().len(),
            name_width: longest.map_or(0, |longest| (longest + suffix).min(NAME_CHARS_MAX)),
            status: String::new(),
            muted: Muted::default(),
        }
    }

    /// While it is true nothing is said; it is said afterwards.
    pub(super) fn mute(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.muted.is_now)
    }

    /// Whether the outcome is read by a program.
    pub(super) const fn is_for_json(&self) -> bool {
        self.to_stderr
    }

    /// Says something once.
    pub(super) fn say(&mut self, text: &str) {
        self.clear_status();
        self.line(text);
    }

    /// What is about to run.
    pub(super) fn header(&mut self, source: &Source, experiment: &str) {
        let file = &source.file;
        let count = file.task_count();
        let noun = if count == 1 { "task" } else { "tasks" };
        let of = match file.steps.as_slice() {
            [step] => match &step.program {
                Program::Template(name) => format!(" of {name}"),
                Program::Command { .. } => String::new(),
            },
            _ => String::new(),
        };
        self.say(&format!("{}: {count} {noun}{of}", file.name));
        self.say(&format!("experiment {experiment}"));
        self.say("");
    }

    /// A task has ended; `log` is the end of what it said, when it failed.
    pub(super) fn task(&mut self, ended: &Ended, metric: &str, log: &[String]) {
        // What was cancelled before it began is counted at the end, however much it is.
        let has_begun = ended.result.status != "cancelled" || ended.result.duration.is_some();
        if !self.lists_tasks || !has_begun {
            return;
        }
        let line = self.task_line(ended, metric);
        self.say(&line);
        for line in log {
            self.say(&format!("      | {line}"));
        }
    }

    fn task_line(&self, ended: &Ended, metric: &str) -> String {
        let result = &ended.result;
        let mut words = vec![format!("{:>1$}", result.number, self.number_width)];
        if self.name_width > 0 {
            words.push(format!("{:<1$}", ended.name, self.name_width));
        }
        words.push(format!("{:<9}", status(&result.status, &result.reason)));
        if let Some(value) = ended.value {
            words.push(format!("{metric} {}", value_text(value)));
        }
        if let Some(secs) = result.duration {
            words.push(format!("{secs:.1} s"));
        }
        let seed = result.seeds.first().map(|seed| format!("seed {seed}"));
        let config = config_text(&result.config);
        let about = [Some(config).filter(|text| !text.is_empty()), seed];
        words.push(about.into_iter().flatten().collect::<Vec<_>>().join(" · "));
        words.join("  ")
    }

    /// How things stand; on anything but a terminal nothing.
    pub(super) fn status(&mut self, text: &str) {
        let is_muted = self.muted.is_now.load(Ordering::SeqCst);
        if std::mem::replace(&mut self.muted.was, is_muted) && !is_muted {
            self.muted.held.push(GOES_ON.to_owned());
        }
        self.catch_up();
        let text: String = clean(text).chars().take(STATUS_CHARS_MAX).collect();
        if !self.is_terminal || text == self.status || is_muted {
            return;
        }
        self.write(&format!("\r\x1b[2K{text}"));
        self.status = text;
    }

    /// Takes the line about how things stand away.
    pub(super) fn clear_status(&mut self) {
        self.catch_up();
        self.erase();
    }

    /// Says what could not be said meanwhile, before anything else.
    fn catch_up(&mut self) {
        if self.muted.held.is_empty() || self.muted.is_now.load(Ordering::SeqCst) {
            return;
        }
        self.erase();
        for text in std::mem::take(&mut self.muted.held) {
            self.write_line(&text);
        }
    }

    fn erase(&mut self) {
        if !self.status.is_empty() {
            self.write("\r\x1b[2K");
            self.status.clear();
        }
    }

    fn line(&mut self, text: &str) {
        let text = clean(text);
        if self.muted.is_now.load(Ordering::SeqCst) {
            self.muted.held.push(text);
        } else {
            self.write_line(&text);
        }
    }

    fn write_line(&self, text: &str) {
        if self.to_stderr {
            self.write(&format!("{text}\n"));
        } else {
            // Who stops reading does not stop the experiment.
            output::note(text);
        }
    }

    fn write(&self, text: &str) {
        // Nobody is left to be told that the terminal is gone.
        if self.to_stderr {
            let mut stderr = std::io::stderr().lock();
            let _ = stderr.write_all(text.as_bytes());
        } else {
            let mut stdout = std::io::stdout().lock();
            let _ = stdout
                .write_all(text.as_bytes())
                .and_then(|()| stdout.flush());
        }
    }
}

/// How things stand.
pub(super) struct Standing<'a> {
    pub counts: CountsBody,
    pub elapsed: Duration,
    /// Why what waits will not run as things are; empty when it will.
    pub obstacle: &'a str,
    pub is_stopping: bool,
}

impl Standing<'_> {
    /// In one line.
    pub(super) fn text(&self) -> String {
        let counts = &self.counts;
        let ended = counts.completed + counts.failed + counts.cancelled;
        let mut words = vec![format!("{ended}/{} ended", counts.total)];
        for (number, word) in [
            (counts.failed, "failed"),
            (counts.cancelled, "cancelled"),
            (counts.running, "running"),
            (counts.pending, "waiting"),
        ] {
            if number > 0 {
                words.push(format!("{number} {word}"));
            }
        }
        if self.is_stopping {
            words.push("cancelling".to_owned());
        } else if counts.running == 0 && counts.pending > 0 && !self.obstacle.is_empty() {
            words.push(self.obstacle.to_owned());
        } else if let Some(left) = self.left(ended) {
            words.push(format!("about {} left", time_text(left)));
        }
        words.join(" · ")
    }

    /// How long it takes to the end, if it goes on as it went so far.
    fn left(&self, ended: u64) -> Option<Duration> {
        let remaining = self.counts.total.saturating_sub(ended);
        if ended == 0 || remaining == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
        let share = remaining as f64 / ended as f64;
        Some(Duration::from_secs_f64(self.elapsed.as_secs_f64() * share))
    }
}

/// `lr 0.001 · cosine · …`: texts alone, other values with their name.
pub(super) fn config_text(config: &Map<String, Value>) -> String {
    let one = |(name, value): (&String, &Value)| match value {
        Value::String(text) => text.clone(),
        value => format!("{name} {value}"),
    };
    config.iter().map(one).collect::<Vec<_>>().join(" · ")
}

/// As many digits as tell values apart: `600`, `1.0835`, `3.2e-7`.
pub(super) fn value_text(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e9 {
        format!("{value:.0}")
    } else if (1e-3..1e9).contains(&value.abs()) {
        format!("{value:.4}")
    } else {
        format!("{value:.3e}")
    }
}

/// `34 s`, `3 min 5 s`, `2 h 10 min`.
pub(super) fn time_text(time: Duration) -> String {
    let secs = time.as_secs();
    match (secs / 3_600, secs / 60 % 60, secs % 60) {
        (0, 0, secs) => format!("{secs} s"),
        (0, minutes, secs) => format!("{minutes} min {secs} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: [u64; 5], secs: u64, expected: &str) {
        let [pending, running, completed, failed, cancelled] = counts;
        let standing = Standing {
            counts: CountsBody {
                pending,
                running,
                completed,
                failed,
                cancelled,
                total: counts.iter().sum(),
            },
            elapsed: Duration::from_secs(secs),
            obstacle: "no worker has a GPU",
            is_stopping: cancelled > 0,
        };
        assert_eq!(standing.text(), expected);
    }

    #[test]
    fn the_status_says_what_is_left_and_how_long() {
        check([3, 1, 0, 0, 0], 5, "0/4 ended · 1 running · 3 waiting");
        check(
            [2, 1, 2, 1, 0],
            60,
            "3/6 ended · 1 failed · 1 running · 2 waiting · about 1 min 0 s left",
        );
        check(
            [2, 0, 0, 0, 0],
            9,
            "0/2 ended · 2 waiting · no worker has a GPU",
        );
        check(
            [0, 1, 1, 0, 2],
            9,
            "3/4 ended · 2 cancelled · 1 running · cancelling",
        );
        check([0, 0, 2, 0, 0], 9, "2/2 ended");
    }

    #[test]
    fn values_keep_the_digits_that_count() {
        let text = |value: f64| value_text(value);
        assert_eq!(
            [
                text(600.0),
                text(-1.083_52),
                text(3.2e-7),
                text(0.0),
                text(2.5e12)
            ],
            ["600", "-1.0835", "3.200e-7", "0", "2.500e12"]
        );
    }

    #[test]
    fn times_are_short() {
        let text = |secs| time_text(Duration::from_secs(secs));
        assert_eq!(
            [text(0), text(65), text(7_800)],
            ["0 s", "1 min 5 s", "2 h 10 min"]
        );
    }
}
