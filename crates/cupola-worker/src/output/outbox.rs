//! All that a run has to tell the hub, taken out report by report.

use std::{collections::VecDeque, path::Path, sync::Arc};

use cupola_domain::{
    log::ENTRIES,
    metric::{NAME_BYTES_MAX, is_name},
    progress::Levels,
    time::Timestamp,
};
use cupola_protocol::{
    runs::ProgressLevelBody,
    work::{LogPiece, Report, StoppingBody},
};
use serde_json::{Map, Value};
use tokio::sync::Notify;

use super::{
    event_lines::{EventLine, EventLines},
    events::{Event, Wanted},
    lines::{LINE_BYTES_MAX, LastLine},
    points::PointFile,
    results::{self, Results},
    said::Said,
    spool::StreamLog,
    tensorboard::Told,
};

/// Log bytes in one report; a third more in base 64.
const REPORT_LOG_BYTES_MAX: usize = 704 << 10;

/// How much of a line that is too long is shown.
const SHOWN_CHARS_MAX: usize = 200;

/// So many files may wait to be uploaded; a program that names more, and faster, loses some.
const WANTED_MAX: usize = 10_000;

/// The log streams, in the order in which a report takes them.
pub(crate) const STREAMS: [(Stream, &str); 5] = [
    (Stream::Worker, "worker"),
    (Stream::Stdout, "stdout"),
    (Stream::Stderr, "stderr"),
    (Stream::Log, ENTRIES),
    (Stream::Event, "event"),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    /// What the worker itself has to say about the run.
    Worker,
    Stdout,
    Stderr,
    /// Entries, in their canonical form.
    Log,
    /// Events that were not understood.
    Event,
}

/// What a run has said and the hub has not yet been told.
#[derive(Debug)]
pub(crate) struct Outbox {
    logs: [StreamLog; 5],
    last_line: LastLine,
    event_lines: EventLines,
    points: PointFile,
    levels: Levels,
    /// Whether the hub has not been told of `levels`.
    is_further: bool,
    stopping: Option<StoppingBody>,
    wanted: VecDeque<Wanted>,
    /// Notified when `wanted` has something new.
    named: Arc<Notify>,
    /// Files that found no room among these.
    unwanted: u64,
    /// Parts of the configuration that the program named itself.
    params: Map<String, Value>,
    failed: Option<String>,
    is_cancellable: bool,
    results: Results,
    malformed: u64,
}

/// What the file of a stream is called.
pub(crate) fn file_of(stream: &str) -> String {
    format!("{stream}.log")
}

impl Outbox {
    /// Keeps its files in the run's `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        Self {
            logs: STREAMS.map(|(_, name)| StreamLog::new(folder.join(file_of(name)))),
            last_line: LastLine::default(),
            event_lines: EventLines::default(),
            points: PointFile::new(folder),
            levels: Levels::default(),
            is_further: false,
            stopping: None,
            wanted: VecDeque::new(),
            named: Arc::default(),
            unwanted: 0,
            params: Map::new(),
            failed: None,
            is_cancellable: false,
            results: Results::default(),
            malformed: 0,
        }
    }

    /// Takes what the program wrote to its standard output.
    pub(crate) fn stdout(&mut self, bytes: &[u8], now: Timestamp) {
        self.last_line.push(bytes);
        self.log(Stream::Stdout).push(bytes, now);
    }

    /// Takes what the program wrote to its standard error.
    pub(crate) fn stderr(&mut self, bytes: &[u8], now: Timestamp) {
        self.log(Stream::Stderr).push(bytes, now);
    }

    /// Takes what the program wrote to the events descriptor.
    pub(crate) fn events(&mut self, bytes: &[u8], now: Timestamp) {
        let mut lines = std::mem::take(&mut self.event_lines);
        lines.push(bytes, |line| self.event_line(line, now));
        self.event_lines = lines;
        self.points.flush();
    }

    /// Takes what the program wrote to event files.
    pub(crate) fn told(&mut self, told: &[Told], now: Timestamp) {
        for told in told {
            match told {
                Told::Points(points) => self.points.push(points, now),
                Told::Params(params) => {
                    let params = params.iter().cloned();
                    self.params
                        .extend(params.map(|(key, value)| (key, Value::String(value))));
                }
                Told::Artifact(wanted) => self.want(wanted.clone()),
                Told::Note(text) => self.note(text, now),
            }
        }
        self.points.flush();
    }

    /// Adds a line of the worker's own.
    pub(crate) fn note(&mut self, text: &str, now: Timestamp) {
        let line = format!("{text}\n");
        self.log(Stream::Worker).push(line.as_bytes(), now);
    }

    /// Stopping the program has come to this.
    pub(crate) fn stopping(&mut self, stopping: StoppingBody) {
        self.stopping = Some(stopping);
    }

    /// The program has ended: what was half a line is one now.
    pub(crate) fn finish(&mut self, now: Timestamp) {
        let mut lines = std::mem::take(&mut self.event_lines);
        lines.finish(|line| self.event_line(line, now));
        self.points.flush();
        if self.malformed > 0 {
            let text = format!("{} event lines were not understood", self.malformed);
            self.note(&text, now);
        }
        if self.unwanted > 0 {
            let text = format!("{} artifacts left out: too many at once", self.unwanted);
            self.note(&text, now);
        }
        let dropped = self.points.dropped();
        if dropped > 0 {
            let text = format!("{dropped} points found no place on disk");
            self.note(&text, now);
        }
        for log in &mut self.logs {
            log.finish(now);
        }
    }

    /// The last line of standard output.
    pub(crate) fn last_line(&self) -> String {
        self.last_line.text()
    }

    /// The results that the program named by events, without the large ones, which the hub has.
    pub(crate) fn results(&self) -> &Map<String, Value> {
        self.results.known()
    }

    /// What the program said of its failure.
    pub(crate) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Whether the program has said that it looks for the wish to be cancelled.
    pub(crate) fn is_cancellable(&self) -> bool {
        self.is_cancellable
    }

    /// How far the program says it is, the outermost level first.
    pub(crate) fn progress(&self) -> Vec<ProgressLevelBody> {
        self.levels.iter().map(Into::into).collect()
    }

    /// The next file that the run is to keep.
    pub(crate) fn next_wanted(&mut self) -> Option<Wanted> {
        self.wanted.pop_front()
    }

    /// To be notified when there is one.
    pub(crate) fn named(&self) -> Arc<Notify> {
        Arc::clone(&self.named)
    }

    /// The next report, without its address; `None` when there is nothing new.
    pub(crate) fn next_report(&mut self) -> Option<Report> {
        let report = Report {
            worker_id: String::new(),
            epoch: 0,
            seq: 0,
            log: self.take_log(),
            metrics: self.points.take(),
            progress: self.take_progress(),
            stopping: self.stopping.take(),
            results: self.results.take(),
            params: std::mem::take(&mut self.params),
        };
        let is_empty = report.log.is_empty()
            && report.metrics.is_empty()
            && report.progress.is_empty()
            && report.stopping.is_none()
            && report.results.is_empty()
            && report.params.is_empty();
        (!is_empty).then_some(report)
    }

    fn log(&mut self, stream: Stream) -> &mut StreamLog {
        &mut self.logs[stream as usize]
    }

    fn take_progress(&mut self) -> Vec<ProgressLevelBody> {
        let is_further = std::mem::take(&mut self.is_further);
        let levels = self.levels.iter().filter(|_| is_further);
        levels.map(Into::into).collect()
    }

    fn take_log(&mut self) -> Vec<LogPiece> {
        let mut pieces = Vec::new();
        let mut room = REPORT_LOG_BYTES_MAX;
        for ((_, name), log) in STREAMS.into_iter().zip(&mut self.logs) {
            while room > 0
                && let Some(piece) = log.take(room)
            {
                room -= piece.bytes.len();
                let piece = LogPiece::new(name, piece.at.into(), &piece.bytes, piece.omitted);
                pieces.push(piece);
            }
        }
        // Stable: the pieces of one stream stay in order even where the clock stepped back.
        let is_ordered =
            |pair: &[LogPiece]| pair[0].stream != pair[1].stream || pair[0].at <= pair[1].at;
        if pieces.windows(2).all(is_ordered) {
            pieces.sort_by_key(|piece| piece.at);
        }
        pieces
    }

    fn event_line(&mut self, line: EventLine<'_>, now: Timestamp) {
        let text = String::from_utf8_lossy(line.kept);
        if text.trim().is_empty() {
            return;
        }
        let event = if line.is_cut() {
            let (bytes, head) = (line.bytes, text.chars().take(SHOWN_CHARS_MAX));
            let head: String = head.collect();
            Event::Malformed(format!("malformed event ({bytes} bytes long): {head}"))
        } else {
            Event::parse(text.trim())
        };
        match event {
            Event::Malformed(_) if let Some(refusal) = results::refusal(line) => {
                self.error(&refusal, now);
            }
            // The file that points wait in is read by lines of this length.
            Event::Points(_) if line.bytes > LINE_BYTES_MAX => {
                let text = format!("malformed event ({} bytes of points)", line.bytes);
                self.event(Event::Malformed(text), now);
            }
            event => self.event(event, now),
        }
    }

    fn event(&mut self, event: Event, now: Timestamp) {
        match event {
            Event::Points(mut points) => {
                let said = points.values.len();
                points.values.retain(|(name, _)| is_name(name));
                self.points.push(&points, now);
                if points.values.len() < said {
                    let text = format!("malformed event (a name has 1 to {NAME_BYTES_MAX} bytes)");
                    self.event(Event::Malformed(text), now);
                }
            }
            Event::Progress(at, level) => {
                self.levels.say(at, level);
                self.is_further = true;
            }
            Event::Logs(entries) => entries.iter().for_each(|said| self.say(said, now)),
            Event::Result { key, value } => {
                if let Err(refusal) = self.results.push(key, value) {
                    self.error(&refusal, now);
                }
            }
            Event::Artifact(wanted) => self.want(wanted),
            Event::Failed { message, trace } => self.fail(message, &trace, now),
            Event::Cancellable => self.is_cancellable = true,
            Event::Malformed(text) => {
                self.malformed += 1;
                let line = format!("{text}\n");
                self.log(Stream::Event).push(line.as_bytes(), now);
            }
        }
    }

    /// Adds a line of the worker's own, at level error.
    fn error(&mut self, text: &str, now: Timestamp) {
        self.note(&format!("error: {text}"), now);
    }

    fn want(&mut self, wanted: Wanted) {
        if self.wanted.contains(&wanted) {
            return;
        }
        if self.wanted.len() == WANTED_MAX {
            self.unwanted += 1;
            return;
        }
        self.wanted.push_back(wanted);
        self.named.notify_one();
    }

    /// The first failure that a program tells of is why it failed.
    fn fail(&mut self, message: String, trace: &str, now: Timestamp) {
        let text = if trace.trim().is_empty() {
            &message
        } else {
            trace
        };
        self.say(&Said::error(text.trim_end()), now);
        self.failed.get_or_insert(message);
    }

    fn say(&mut self, said: &Said, now: Timestamp) {
        let line = said.to_line(now);
        self.log(Stream::Log).push(line.as_bytes(), now);
    }
}

#[cfg(test)]
mod tests {
    use cupola_protocol::{number::Number, work::REPORT_BYTES_MAX};

    use super::*;

    fn outbox() -> (tempfile::TempDir, Outbox) {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(folder.path());
        (folder, outbox)
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn silence_makes_no_report() {
        let (_folder, mut outbox) = outbox();
        outbox.finish(at(0));
        assert_eq!(outbox.next_report(), None);
    }

    #[test]
    fn streams_are_told_apart_and_ordered_by_time() {
        let (_folder, mut outbox) = outbox();
        outbox.stdout(b"one\n", at(1000));
        outbox.stderr(b"two\n", at(500));
        outbox.note("three", at(2000));
        let report = outbox.next_report().unwrap();
        let seen: Vec<_> = report.log.iter().map(|p| p.stream.as_str()).collect();
        assert_eq!(seen, ["stderr", "stdout", "worker"]);
        assert_eq!(outbox.next_report(), None);
    }

    #[test]
    fn what_is_no_name_of_a_series_is_left_out_and_said() {
        let (_folder, mut outbox) = outbox();
        let long = "x".repeat(NAME_BYTES_MAX + 1);
        let line = format!(
            "{{\"type\":\"metrics\",\"step\":1,\"values\":{{\"\":1,\"a\":2,\"{long}\":3}}}}\n"
        );
        outbox.events(line.as_bytes(), at(0));
        let report = outbox.next_report().unwrap();
        let names: Vec<_> = report.metrics.iter().map(|piece| &piece.name).collect();
        assert_eq!(names, ["a"]);
        let said = report.log[0].decoded().unwrap();
        assert_eq!(
            String::from_utf8(said).unwrap(),
            "malformed event (a name has 1 to 1000 bytes)\n"
        );
    }

    #[test]
    fn points_come_by_series_and_in_order() {
        let (_folder, mut outbox) = outbox();
        for step in 0..3 {
            let line = format!(
                "{{\"type\":\"metrics\",\"step\":{step},\"values\":{{\"a\":1,\"b\":NaN}}}}\n"
            );
            let (head, rest) = line.as_bytes().split_at(20);
            outbox.events(head, at(step));
            outbox.events(rest, at(step));
        }
        let report = outbox.next_report().unwrap();
        let [a, b] = report.metrics.as_slice() else {
            panic!("two series: {report:?}");
        };
        assert_eq!((a.name.as_str(), b.name.as_str()), ("a", "b"));
        assert_eq!(
            a.points,
            [
                (0, 0, Number(1.0)),
                (1, 1, Number(1.0)),
                (2, 2, Number(1.0))
            ]
        );
        assert!(b.points[0].2.0.is_nan());
    }

    #[test]
    fn results_and_progress_are_told_once() {
        let (_folder, mut outbox) = outbox();
        outbox.events(
            b"{\"type\":\"result\",\"key\":\"loss\",\"value\":1}\n{\"type\":\"progress\",\"current\":3,\"total\":10}\n",
            at(0),
        );
        let report = outbox.next_report().unwrap();
        assert_eq!(report.results["loss"], 1);
        let [level] = report.progress.as_slice() else {
            panic!("one level: {report:?}");
        };
        assert_eq!((level.current, level.total), (3.0, Some(10.0)));
        assert_eq!(outbox.next_report(), None);
        assert_eq!(outbox.results()["loss"], 1);
    }

    fn check_said(events: &[u8], expected: &str) {
        let (_folder, mut outbox) = outbox();
        for chunk in events.chunks(64 << 10) {
            outbox.events(chunk, at(0));
        }
        outbox.finish(at(0));
        let report = outbox.next_report().unwrap();
        let pieces = report.log.iter().map(|piece| piece.decoded().unwrap());
        let said = String::from_utf8(pieces.collect::<Vec<_>>().concat()).unwrap();
        assert_eq!(said, expected);
        assert_eq!(report.results, Map::new());
    }

    #[test]
    fn a_result_out_of_bounds_is_left_out_with_an_error_that_names_it() {
        for bytes in [5_000_000, 52_428_800] {
            let text = "x".repeat(bytes - 2);
            let line = format!("{{\"type\":\"result\",\"key\":\"x\",\"value\":\"{text}\"}}\n");
            let bytes = if bytes == 5_000_000 {
                "5,000,000"
            } else {
                "52,428,800"
            };
            let expected = format!(
                "error: result `x` has {bytes} bytes; at most 4,194,304 are kept: say it as an artifact\n"
            );
            check_said(line.as_bytes(), &expected);
        }
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        check_said(
            format!("{{\"type\":\"result\",\"key\":\"x\",\"value\":{deep}}}").as_bytes(),
            "error: result `x` is nested deeper than 120 levels\n",
        );
    }

    #[test]
    fn a_result_of_many_reads_is_one_result() {
        let (_folder, mut outbox) = outbox();
        let text = "x".repeat(1 << 20);
        let line = format!("{{\"type\":\"result\",\"key\":\"r\",\"value\":\"{text}\"}}\n");
        for chunk in line.as_bytes().chunks(1000) {
            outbox.events(chunk, at(0));
        }
        assert_eq!(outbox.next_report().unwrap().results["r"], text.as_str());
    }

    #[test]
    fn malformed_events_are_shown_and_counted() {
        let (_folder, mut outbox) = outbox();
        outbox.events(b"nonsense\n", at(0));
        outbox.finish(at(0));
        let report = outbox.next_report().unwrap();
        let text: Vec<_> = report
            .log
            .iter()
            .map(|piece| String::from_utf8(piece.decoded().unwrap()).unwrap())
            .collect();
        assert_eq!(
            text,
            [
                "1 event lines were not understood\n",
                "malformed event (not a JSON object): nonsense\n"
            ]
        );
    }

    #[test]
    fn a_report_stays_below_half_of_what_the_hub_takes() {
        let (_folder, mut outbox) = outbox();
        let values: Vec<_> = (0..2000).map(|n| format!("\"s{n}\":{n}.125")).collect();
        let line = format!(
            "{{\"type\":\"metrics\",\"step\":1,\"values\":{{{}}}}}\n",
            values.join(",")
        );
        for _ in 0..20 {
            outbox.events(line.as_bytes(), at(1_795_213_800_123));
            outbox.stdout("\n".repeat(100_000).as_bytes(), at(0));
        }
        let (mut points, mut bytes) = (0, 0);
        while let Some(report) = outbox.next_report() {
            assert!(serde_json::to_vec(&report).unwrap().len() <= REPORT_BYTES_MAX / 2);
            points += report.metrics.iter().map(|m| m.points.len()).sum::<usize>();
            let pieces = report.log.iter().map(|p| p.decoded().unwrap().len());
            bytes += pieces.sum::<usize>();
        }
        assert_eq!((points, bytes), (40_000, 2_000_000));
    }
}
