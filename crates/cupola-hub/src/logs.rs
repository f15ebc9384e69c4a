//! Logs as lines. They are kept as the program's bytes and cut into lines when read.
//!
//! Of a long log only those chunks are read that can hold what is asked for, and a bounded part of
//! them: an answer says how far it looked, and the next question goes on from there.

mod lines;
mod needle;
mod reader;

use cupola_domain::{
    ids::RunId,
    log::{Level, LevelCounts},
    time::Timestamp,
};
use cupola_store::{logs, runs};
use serde_json::{Map, Value};

use self::reader::{Reader, Wanted};
use crate::{Hub, HubError};

/// How far into a line is looked: at its text, and for a text in it.
pub const LINE_BYTES_MAX: usize = 64 << 10;

/// Text of one answer, about.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// So much of one line stands in a download of lines.
const DOWNLOADED_LINE_BYTES_MAX: usize = 1 << 20;

/// Bytes of log that are looked at for one answer, about.
const SCAN_BYTES_MAX: usize = 16 << 20;

/// Chunks that are read together for a download.
const CHUNKS_MAX: i64 = 8;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// From 1.
    pub number: i64,
    /// `stdout`, `stderr`, `log` for an entry, or what else the worker says.
    pub stream: String,
    /// How loud it is.
    pub level: Level,
    /// When it was said, by an entry itself or by the worker that read it.
    pub at: Timestamp,
    /// Without its line end; bytes that are no UTF-8 and NUL are replaced. Of a line that was
    /// rewritten by `\r`, the last state; of an entry, its message.
    pub text: String,
    /// What else an entry says.
    pub fields: Map<String, Value>,
    /// How many bytes it has, without its line end.
    pub bytes: i64,
    /// Whether `text` is only the beginning of what is shown of it.
    pub is_cut: bool,
    /// Bytes that the worker left out before this line.
    pub omitted: i64,
}

/// Where a part of a log begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// With the first line.
    First,
    /// So that it ends with the last.
    Last,
    /// With this line.
    Line(i64),
    /// Behind this line.
    After(i64),
    /// So that it ends before this line.
    Before(i64),
}

/// Which lines are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// From where.
    pub from: From,
    /// Only lines of this level and louder ones.
    pub level: Level,
    /// Only lines with this text in them, in whatever case; empty for all.
    pub text: String,
    /// How many at most.
    pub limit: usize,
    /// How much of a line's text is given, at most [`LINE_BYTES_MAX`].
    pub line_bytes: usize,
}

impl Default for LogQuery {
    fn default() -> Self {
        Self {
            from: From::First,
            level: Level::Debug,
            text: String::new(),
            limit: usize::MAX,
            line_bytes: LINE_BYTES_MAX,
        }
    }
}

/// A part of a log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogPart {
    /// Its lines, in order.
    pub lines: Vec<Line>,
    /// From which line on was looked.
    pub from: i64,
    /// Up to which line was looked: one less than `from` when at none.
    pub to: i64,
    /// Whether the log begins at `from`.
    pub is_start: bool,
    /// Whether there is, so far, nothing behind `to`.
    pub is_end: bool,
    /// All lines so far, by level.
    pub levels: LevelCounts,
    /// Bytes so far, in all.
    pub bytes_total: i64,
    /// Bytes that the worker left out.
    pub bytes_omitted: i64,
    /// Whether the run has ended: nothing more will come.
    pub is_over: bool,
}

impl LogPart {
    /// Whether the run has ended and nothing is behind this part.
    pub fn is_complete(&self) -> bool {
        self.is_over && self.is_end
    }
}

/// How many lines of a part of a log match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogCount {
    /// These.
    pub matches: i64,
    /// Up to which line was counted.
    pub to: i64,
    /// Whether there is, so far, nothing behind it.
    pub is_end: bool,
}

impl Hub {
    /// The lines that are wanted, as far as one answer goes.
    pub fn run_log(&self, id: RunId, query: LogQuery) -> Result<LogPart, HubError> {
        self.read(move |tx| {
            let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
            let intake = runs::find_intake(tx, id)?.unwrap_or_default();
            let mut reader = Reader {
                tx,
                run: id,
                wanted: Wanted::new(query.level, &query.text),
                total: intake.log_levels.total(),
            };
            let line_bytes = query.line_bytes.min(LINE_BYTES_MAX);
            let seen = reader.window(query.from, query.limit, line_bytes)?;
            Ok(LogPart {
                lines: seen.lines,
                from: seen.from,
                to: seen.to,
                is_start: seen.from <= 1,
                is_end: seen.to >= intake.log_levels.total(),
                levels: intake.log_levels,
                bytes_total: intake.log_bytes,
                bytes_omitted: intake.log_omitted,
                is_over: run.state.word().is_terminal(),
            })
        })
    }

    /// How many lines behind `after` match, as far as one answer goes.
    pub fn count_run_log(
        &self,
        id: RunId,
        level: Level,
        text: String,
        after: i64,
    ) -> Result<LogCount, HubError> {
        self.read(move |tx| {
            let intake =
                runs::find_intake(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
            let total = intake.log_levels.total();
            if text.is_empty() && after <= 0 {
                return Ok(LogCount {
                    matches: intake.log_levels.at_least(level),
                    to: total,
                    is_end: true,
                });
            }
            let wanted = Wanted::new(level, &text);
            let (run, mut matches) = (id, 0);
            let mut reader = Reader {
                tx,
                run,
                wanted,
                total,
            };
            let to = reader.scan(after, |_, _| {
                matches += 1;
                Ok(true)
            })?;
            Ok(LogCount {
                matches,
                to,
                is_end: to >= total,
            })
        })
    }

    /// The lines behind `after` that match, exactly as the program wrote them, as far as one answer
    /// goes; up to which line; and whether that is all. A line of more than a MiB is cut and says so.
    pub fn run_log_matches(
        &self,
        id: RunId,
        level: Level,
        text: String,
        after: i64,
    ) -> Result<(Vec<u8>, i64, bool), HubError> {
        self.read(move |tx| {
            let intake =
                runs::find_intake(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
            let (run, total) = (id, intake.log_levels.total());
            let wanted = Wanted::new(level, &text);
            let mut bytes = Vec::new();
            let to = Reader {
                tx,
                run,
                wanted,
                total,
            }
            .scan(after, |tx, found| {
                reader::download(tx, run, found, DOWNLOADED_LINE_BYTES_MAX, &mut bytes)?;
                if !bytes.ends_with(b"\n") {
                    bytes.push(b'\n');
                }
                Ok(bytes.len() < ANSWER_BYTES_MAX)
            })?;
            Ok((bytes, to, to >= total))
        })
    }

    /// A line's bytes behind chunk `after` (-1 for all), as far as one answer goes, and the cursor to
    /// go on with; no bytes when there are no more.
    pub fn run_log_line(
        &self,
        id: RunId,
        line: i64,
        after: i64,
    ) -> Result<(Vec<u8>, i64), HubError> {
        self.read(move |tx| {
            let intake =
                runs::find_intake(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
            if !(1..=intake.log_levels.total()).contains(&line) {
                return Err(HubError::not_found("line", line));
            }
            if after >= 0 {
                let more = logs::list_going_on(tx, id, line, after, 1)?.pop();
                return Ok(more.map_or_else(|| (Vec::new(), after), |c| (c.body, c.number)));
            }
            let number = logs::find_chunk_of_line(tx, id, line)?;
            let chunk =
                logs::find(tx, id, number)?.ok_or_else(|| HubError::not_found("line", line))?;
            let found = lines::lines(&chunk).find(|found| found.number == line);
            let raw = found.map(|found| found.raw.to_vec()).unwrap_or_default();
            Ok((raw, number))
        })
    }

    /// The program's bytes of all streams in order, from chunk `from` on, and the cursor to go on
    /// with; no bytes when there are no more.
    pub fn run_log_bytes(&self, id: RunId, from: i64) -> Result<(Vec<u8>, i64), HubError> {
        self.read(move |tx| {
            runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
            let mut bytes = Vec::new();
            let mut next = from;
            while bytes.len() < ANSWER_BYTES_MAX {
                let chunks = logs::list(tx, id, next, CHUNKS_MAX)?;
                if chunks.is_empty() {
                    break;
                }
                for chunk in chunks {
                    if chunk.omitted > 0 {
                        bytes.extend(format!("[{} bytes left out]\n", chunk.omitted).into_bytes());
                    }
                    bytes.extend(chunk.body);
                    next = chunk.number + 1;
                }
            }
            Ok((bytes, next))
        })
    }
}
