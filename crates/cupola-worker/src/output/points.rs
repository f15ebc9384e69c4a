//! A run's points: on disk as they come, to the hub as they fit.

use std::{collections::HashMap, path::Path};

use cupola_domain::time::Timestamp;
use cupola_protocol::{number::Number, work::MetricPiece};

use super::{
    events::{Event, Points},
    lines::LINE_BYTES_MAX,
    spool::LogFile,
};

/// What the points of one report may take on the wire, by estimate.
const REPORT_POINT_BYTES_MAX: usize = 640 << 10;

/// What one point takes on the wire at most, its series' name apart.
const POINT_BYTES: usize = 64;

/// How much of the events file is read at once.
const EVENTS_READ_BYTES: usize = 2 * LINE_BYTES_MAX;

/// How much a run may say in points before the hub has taken them.
pub(crate) const EVENTS_FILE_BYTES_MAX: u64 = 1 << 30;

/// What the file is called in which it does.
pub(crate) const EVENTS_FILE: &str = "events.jsonl";

/// The points of a run, on disk as events until they are sent, and kept there for good.
#[derive(Debug)]
pub(super) struct PointFile {
    file: LogFile,
    unwritten: Vec<u8>,
    unwritten_values: u64,
    sent: u64,
    dropped: u64,
}

impl PointFile {
    /// Keeps its file in the run's `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            file: LogFile::new(folder.join(EVENTS_FILE), EVENTS_FILE_BYTES_MAX),
            unwritten: Vec::new(),
            unwritten_values: 0,
            sent: 0,
            dropped: 0,
        }
    }

    /// Takes points that were read at `now`.
    pub(super) fn push(&mut self, points: &Points, now: Timestamp) {
        self.unwritten
            .extend_from_slice(points.to_line(now).as_bytes());
        self.unwritten.push(b'\n');
        self.unwritten_values += points.values.len() as u64;
    }

    /// Writes what was pushed: one call to the system for many lines that came together.
    pub(super) fn flush(&mut self) {
        if !self.unwritten.is_empty() && !self.file.append(&self.unwritten) {
            self.dropped += self.unwritten_values;
        }
        self.unwritten.clear();
        self.unwritten_values = 0;
    }

    /// How many points found no place on disk.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The next points, as many as fit a report.
    pub(super) fn take(&mut self) -> Vec<MetricPiece> {
        let mut batch = Batch::default();
        while batch.bytes < REPORT_POINT_BYTES_MAX
            && let Some(bytes) = self.file.read(self.sent, EVENTS_READ_BYTES)
        {
            let Some(whole) = bytes.iter().rposition(|&byte| byte == b'\n') else {
                break;
            };
            for line in bytes[..whole].split(|&byte| byte == b'\n') {
                if batch.bytes >= REPORT_POINT_BYTES_MAX {
                    break;
                }
                self.sent += line.len() as u64 + 1;
                if let Event::Points(points) = Event::parse(&String::from_utf8_lossy(line)) {
                    batch.add(points);
                }
            }
        }
        batch.pieces
    }
}

#[derive(Debug, Default)]
struct Batch {
    pieces: Vec<MetricPiece>,
    place: HashMap<String, usize>,
    bytes: usize,
}

impl Batch {
    fn add(&mut self, points: Points) {
        let at = points.at.map_or(0, Timestamp::millis);
        for (name, value) in points.values {
            let place = *self.place.entry(name).or_insert_with_key(|name| {
                self.bytes += name.len() + POINT_BYTES;
                self.pieces.push(MetricPiece {
                    name: name.clone(),
                    points: Vec::new(),
                });
                self.pieces.len() - 1
            });
            self.bytes += POINT_BYTES;
            self.pieces[place]
                .points
                .push((points.step, at, Number(value)));
        }
    }
}
