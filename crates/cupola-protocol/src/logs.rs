//! Logs of runs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::time::Time;

/// A part of a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogBody {
    /// Its lines.
    pub lines: Vec<LogLine>,
    /// Where to go on: pass it as `after`.
    pub next: i64,
    /// Whether the run has ended and nothing more will come.
    pub complete: bool,
    /// Lines so far, in all.
    pub lines_total: u64,
    /// Bytes that the worker left out of the middle of a flood.
    pub bytes_omitted: u64,
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// From 1.
    pub number: u64,
    /// `stdout`, `stderr` or `worker`.
    pub stream: String,
    /// When the worker read it.
    pub at: Time,
    /// Without its line end; bytes that are no UTF-8 are replaced. Of an entry, level, message and
    /// fields.
    pub text: String,
}

/// `GET /api/v1/runs/{id}/logs`: a part of a log, filtered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogsBody {
    /// Its lines, in order.
    pub lines: Vec<LogEntry>,
    /// From which line on was looked.
    pub from: i64,
    /// Up to which line was looked: go on with `from=after:` and this.
    pub to: i64,
    /// Whether the log begins at `from`.
    pub start: bool,
    /// Whether there is, so far, nothing behind `to`.
    pub end: bool,
    /// Whether the run has ended and nothing is behind `to`.
    pub complete: bool,
    /// All lines so far, by level.
    pub levels: LevelsBody,
    /// Bytes so far, in all.
    pub bytes_total: u64,
    /// Bytes that the worker left out of the middle of a flood.
    pub bytes_omitted: u64,
}

/// How many lines there are of each level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct LevelsBody {
    /// Of all levels.
    pub total: u64,
    /// Of level `debug`.
    pub debug: u64,
    /// Of level `info`.
    pub info: u64,
    /// Of level `warn`.
    pub warn: u64,
    /// Of level `error`.
    pub error: u64,
}

/// One line of a log with what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LogEntry {
    /// From 1.
    pub number: u64,
    /// `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// When it was said, or read by the worker.
    pub at: Time,
    /// `stdout`, `stderr`, `log` for an entry, `event` or `worker`.
    pub stream: String,
    /// Without its line end; bytes that are no UTF-8 are replaced. Of an entry, its message.
    pub text: String,
    /// What else an entry says.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
    /// How many bytes it has.
    pub bytes: u64,
    /// Whether `text` is only its beginning.
    #[serde(default)]
    pub cut: bool,
    /// Bytes that the worker left out before it.
    #[serde(default)]
    pub omitted: u64,
}

/// `GET /api/v1/runs/{id}/logs/matches`: how many lines match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogMatches {
    /// These, behind `after`.
    pub matches: i64,
    /// Up to which line was counted: go on with `after` and this.
    pub to: i64,
    /// Whether there is, so far, nothing behind `to`.
    pub end: bool,
}
