//! What a run says while it runs: lines for people on stderr, events for a watcher.
//!
//! Events are JSON objects, one a line, on the descriptor that `CUPOLA_EVENTS_FD` names.
//! A watcher that goes away, or was never there, does not disturb the run.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
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

    /// The loss of a training step, at most about ten times a second.
    pub fn step(&mut self, now: Duration, step: usize, train_loss: f64, learning_rate: f64) {
        if due(&mut self.metrics_sent, now, METRICS_INTERVAL) {
            let values = [("train_loss", train_loss), ("learning_rate", learning_rate)];
            self.metrics(step, values);
        }
    }

    /// The outcome of an evaluation, always.
    pub fn evaluation(&mut self, step: usize, val_bpb: f64) {
        self.metrics(step, [("val_bpb", val_bpb)]);
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

    fn metrics<const N: usize>(&mut self, step: usize, values: [(&str, f64); N]) {
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

    #[test]
    fn events_are_written_as_agreed() {
        check(
            |e| e.step(START, 100, 2.1, 0.001),
            r#"{"type":"metrics","step":100,"values":{"train_loss":2.1,"learning_rate":0.001}}"#,
        );
        check(
            |e| e.evaluation(100, 3.2),
            r#"{"type":"metrics","step":100,"values":{"val_bpb":3.2}}"#,
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
            r#"{"type":"metrics","step":1,"values":{"val_bpb":"NaN"}}"#,
        );
    }

    #[test]
    fn losses_come_at_most_ten_times_a_second() {
        let lines = sent(|events| {
            for step in 0..1000 {
                events.step(Duration::from_millis(step), 0, 1.0, 1.0);
            }
        });
        assert_eq!(lines.len(), 10);
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
