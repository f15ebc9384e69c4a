//! What a run says while it runs: lines for people on stderr, events for a watcher.
//!
//! Events are JSON objects, one a line, on the descriptor that `CUPOLA_EVENTS_FD` names.
//! A watcher that goes away, or was never there, does not disturb the run.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::report::{Report, number};

/// Least time between two training losses sent.
const METRICS_INTERVAL: Duration = Duration::from_millis(100);
/// Least time between two progress events sent.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(250);

/// Where a run speaks.
pub struct Events<'a> {
    people: &'a mut dyn Write,
    watcher: Option<Box<dyn Write + 'a>>,
    quiet: bool,
    metrics_sent: Option<Duration>,
    progress_sent: Option<Duration>,
    /// Since metrics were sent last: characters learned from, and the time that took.
    learned: (usize, Duration),
}

/// A training step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Its number, from 1.
    pub number: usize,
    /// In nats per byte.
    pub train_loss: f64,
    /// The learning rate.
    pub rate: f64,
    /// How many characters it learned from, each of which is a token here.
    pub tokens: usize,
    /// How long that took.
    pub took: Duration,
}

/// How grave a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Info,
    Warning,
}

impl<'a> Events<'a> {
    /// Speaks on `people`; with `quiet` only warnings.
    pub fn new(people: &'a mut dyn Write, quiet: bool) -> Self {
        Self {
            people,
            watcher: None,
            quiet,
            metrics_sent: None,
            progress_sent: None,
            learned: (0, Duration::ZERO),
        }
    }

    /// Sends events to `watcher` as well.
    #[must_use]
    pub fn with_watcher(self, watcher: impl Write + 'a) -> Self {
        Self {
            watcher: Some(Box::new(watcher)),
            ..self
        }
    }

    /// Says something in words: to the watcher where there is one, else to people.
    pub fn log(&mut self, level: Level, message: &str) {
        let event = json!({"type": "log", "level": level.name(), "message": message});
        if !self.send(&event) && (level == Level::Warning || !self.quiet) {
            // Nobody may be listening, and there is nowhere to complain about that.
            let _ = writeln!(self.people, "{}{message}", level.prefix());
        }
    }

    /// The loss of a training step and how fast learning went since this was last sent, at most about
    /// ten times a second.
    pub fn step(&mut self, now: Duration, step: Step) {
        self.learned.0 += step.tokens;
        self.learned.1 += step.took;
        if !due(&mut self.metrics_sent, now, METRICS_INTERVAL) {
            return;
        }
        let (tokens, took) = std::mem::take(&mut self.learned);
        let losses = [
            ("train_loss", step.train_loss),
            ("learning_rate", step.rate),
        ];
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no exact count")]
        let speed = tokens as f64 / took.as_secs_f64();
        // Where no time went by there is no speed.
        let speed = Some(("tokens_per_second", speed)).filter(|(_, speed)| speed.is_finite());
        self.metrics(step.number, losses.into_iter().chain(speed));
    }

    /// The outcome of an evaluation, always; once more in nats, as the training loss is.
    pub fn evaluation(&mut self, step: usize, val_bpb: f64) {
        let val_loss = val_bpb * std::f64::consts::LN_2;
        self.metrics(step, [("val_bpb", val_bpb), ("val_loss", val_loss)]);
    }

    /// How much of the run is over, about four times a second and at its end.
    pub fn progress(&mut self, now: Duration, fraction: f64, step: usize) {
        if due(&mut self.progress_sent, now, PROGRESS_INTERVAL) || fraction >= 1.0 {
            let message = format!("step {step}");
            self.send(
                &json!({"type": "progress", "fraction": number(fraction), "message": message}),
            );
        }
    }

    /// The outcome of the run, a key at a time.
    pub fn result(&mut self, report: &Report) {
        if let Value::Object(fields) = report.to_json() {
            for (key, value) in fields {
                self.send(&json!({"type": "result", "key": key, "value": value}));
            }
        }
    }

    /// A file that is to be kept, as the watcher finds it.
    pub fn artifact(&mut self, path: &Path, name: &str) {
        let path = path.to_string_lossy();
        self.send(&json!({"type": "artifact", "path": path, "name": name}));
    }

    fn metrics<'v>(&mut self, step: usize, values: impl IntoIterator<Item = (&'v str, f64)>) {
        let values: Map<String, Value> = values
            .into_iter()
            .map(|(key, value)| (key.to_owned(), number(value)))
            .collect();
        self.send(&json!({"type": "metrics", "step": step, "values": values}));
    }

    /// Sends one whole line, or gives the watcher up; says whether it was sent.
    fn send(&mut self, event: &Value) -> bool {
        let Some(watcher) = &mut self.watcher else {
            return false;
        };
        let sent = watcher.write_all(format!("{event}\n").as_bytes());
        let is_sent = sent.and_then(|()| watcher.flush()).is_ok();
        if !is_sent {
            self.watcher = None;
        }
        is_sent
    }
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Info => "",
            Self::Warning => "warning: ",
        }
    }
}

/// Opens the descriptor that `CUPOLA_EVENTS_FD` named, a pipe or a file.
pub(crate) fn open_descriptor(number: &str) -> io::Result<File> {
    let number: u32 = number
        .parse()
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "not a number"))?;
    OpenOptions::new()
        .append(true)
        .open(format!("/dev/fd/{number}"))
}

fn due(sent: &mut Option<Duration>, now: Duration, interval: Duration) -> bool {
    let due = sent.is_none_or(|sent| now >= sent + interval);
    if due {
        *sent = Some(now);
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(speak: impl FnOnce(&mut Events<'_>)) -> Vec<String> {
        let (mut people, mut watcher) = (Vec::new(), Vec::new());
        let mut events = Events::new(&mut people, false).with_watcher(&mut watcher);
        speak(&mut events);
        drop(events);
        let text = String::from_utf8(watcher).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn check(speak: impl FnOnce(&mut Events<'_>), line: &str) {
        assert_eq!(sent(speak), [line]);
    }

    const START: Duration = Duration::ZERO;

    fn step(number: usize) -> Step {
        Step {
            number,
            train_loss: 2.1,
            rate: 0.001,
            tokens: 2_048,
            took: Duration::from_millis(50),
        }
    }

    #[test]
    fn events_are_written_as_agreed() {
        check(
            |e| e.step(START, step(100)),
            r#"{"type":"metrics","step":100,"values":{"train_loss":2.1,"learning_rate":0.001,"tokens_per_second":40960.0}}"#,
        );
        check(
            |e| e.evaluation(100, 1.0),
            r#"{"type":"metrics","step":100,"values":{"val_bpb":1.0,"val_loss":0.6931471805599453}}"#,
        );
        check(
            |e| e.progress(START, 0.42, 420),
            r#"{"type":"progress","fraction":0.42,"message":"step 420"}"#,
        );
        check(
            |e| e.log(Level::Warning, "loss is \"NaN\""),
            r#"{"type":"log","level":"warning","message":"loss is \"NaN\""}"#,
        );
    }

    #[test]
    fn a_loss_that_is_not_a_number_is_a_string() {
        check(
            |e| e.evaluation(1, f64::NAN),
            r#"{"type":"metrics","step":1,"values":{"val_bpb":"NaN","val_loss":"NaN"}}"#,
        );
    }

    #[test]
    fn losses_come_at_most_ten_times_a_second() {
        let lines = sent(|events| {
            for millis in 0..1000 {
                events.step(Duration::from_millis(millis), step(0));
            }
        });
        assert_eq!(lines.len(), 10);
    }

    #[test]
    fn the_speed_is_that_of_all_steps_since_the_last_and_of_no_time_there_is_none() {
        let lines = sent(|events| {
            let slow = Step {
                took: Duration::from_millis(150),
                ..step(2)
            };
            events.step(START, step(1));
            events.step(Duration::from_millis(60), slow);
            events.step(Duration::from_millis(120), step(3));
            let instant = Step {
                took: Duration::ZERO,
                ..step(4)
            };
            events.step(Duration::from_millis(240), instant);
        });
        let speeds: Vec<_> = lines
            .iter()
            .map(|line| line.split("tokens_per_second\":").nth(1))
            .collect();
        assert_eq!(speeds, [Some("40960.0}}"), Some("20480.0}}"), None]);
    }

    #[test]
    fn progress_comes_four_times_a_second_and_at_the_end() {
        let lines = sent(|events| {
            for step in 0..1000 {
                events.progress(Duration::from_millis(step), 0.5, 0);
            }
            events.progress(Duration::from_secs(1), 1.0, 0);
        });
        assert_eq!(lines.len(), 5);
    }

    #[test]
    fn a_watcher_that_went_away_is_given_up() {
        struct Gone(u32);
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                self.0 += 1;
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (mut people, mut gone) = (Vec::new(), Gone(0));
        let mut events = Events::new(&mut people, false).with_watcher(&mut gone);
        events.log(Level::Info, "one");
        events.log(Level::Info, "two");
        drop(events);
        assert_eq!(gone.0, 1);
        assert_eq!(people, b"one\ntwo\n");
    }

    #[test]
    fn quiet_keeps_warnings() {
        let mut people = Vec::new();
        let mut events = Events::new(&mut people, true);
        events.log(Level::Info, "one");
        events.log(Level::Warning, "two");
        drop(events);
        assert_eq!(people, b"warning: two\n");
    }
}
