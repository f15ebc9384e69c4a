//! Logs as lines. They are kept as the program's bytes and cut into lines when read.

use cupola_domain::{ids::RunId, time::Timestamp};
use cupola_store::{logs, runs};

use crate::{Hub, HubError};

/// Chunks read for one answer.
const CHUNKS_MAX: i64 = 500;

/// Bytes of one answer, about.
const ANSWER_BYTES_MAX: usize = 1 << 20;

/// Lines shown when a log is opened at its end.
pub const TAIL_LINES: i64 = 500;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// From 1.
    pub number: i64,
    /// `stdout`, `stderr` or what else the worker says.
    pub stream: String,
    /// When the worker read it.
    pub at: Timestamp,
    /// Without its line end; bytes that are no UTF-8 are replaced. Of a line that was rewritten by
    /// `\r`, the last state.
    pub text: String,
    /// Bytes that the worker left out before this line.
    pub omitted: i64,
}

/// A part of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPart {
    /// Its lines.
    pub lines: Vec<Line>,
    /// The cursor to go on with.
    pub next: i64,
    /// Lines so far, in all.
    pub lines_total: i64,
    /// Bytes so far, in all.
    pub bytes_total: i64,
    /// Bytes that the worker left out.
    pub bytes_omitted: i64,
    /// Whether the run has ended and this is all.
    pub is_complete: bool,
}

impl Hub {
    /// Lines from cursor `after` on; `None` begins [`TAIL_LINES`] before the end.
    pub fn run_log(&self, id: RunId, after: Option<i64>) -> Result<LogPart, HubError> {
        self.read(move |tx| {
            let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
            let intake = runs::find_intake(tx, id)?.unwrap_or_default();
            let from = match after {
                Some(after) => after.max(0),
                None => logs::find_chunk_of_line(tx, id, intake.log_lines - TAIL_LINES + 1)?,
            };
            let mut lines = Vec::new();
            let mut next = from;
            let mut bytes = 0;
            for chunk in logs::list(tx, id, from, CHUNKS_MAX)? {
                if bytes > ANSWER_BYTES_MAX {
                    break;
                }
                bytes += chunk.body.len();
                next = chunk.number + 1;
                lines.extend(lines_of(&chunk));
            }
            Ok(LogPart {
                lines,
                next,
                lines_total: intake.log_lines,
                bytes_total: intake.log_bytes,
                bytes_omitted: intake.log_omitted,
                is_complete: run.state.word().is_terminal() && next >= intake.log_chunks,
            })
        })
    }

    /// The program's bytes of all streams in order, from chunk `from` on, and the cursor to go on
    /// with; no bytes when there are no more.
    pub fn run_log_bytes(&self, id: RunId, from: i64) -> Result<(Vec<u8>, i64), HubError> {
        self.read(move |tx| {
            runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
            let mut bytes = Vec::new();
            let mut next = from;
            for chunk in logs::list(tx, id, from, CHUNKS_MAX)? {
                if bytes.len() > ANSWER_BYTES_MAX {
                    break;
                }
                if chunk.omitted > 0 {
                    bytes.extend(format!("[{} bytes left out]\n", chunk.omitted).into_bytes());
                }
                bytes.extend(chunk.body);
                next = chunk.number + 1;
            }
            Ok((bytes, next))
        })
    }
}

fn lines_of(chunk: &logs::Chunk) -> Vec<Line> {
    let body = chunk.body.strip_suffix(b"\n").unwrap_or(&chunk.body);
    if chunk.body.is_empty() && chunk.omitted == 0 {
        return Vec::new();
    }
    let mut omitted = chunk.omitted;
    body.split(|byte| *byte == b'\n')
        .zip(chunk.first_line..)
        .map(|(line, number)| Line {
            number,
            stream: chunk.stream.clone(),
            at: chunk.at,
            text: text_of(line),
            omitted: std::mem::take(&mut omitted),
        })
        .collect()
}

/// What a terminal would show of a line that was rewritten in place.
fn text_of(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let shown = line.rsplit(|byte| *byte == b'\r').next().unwrap_or(line);
    String::from_utf8_lossy(shown).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &[u8], expected: &[&str]) {
        let chunk = logs::Chunk {
            number: 0,
            stream: "stdout".into(),
            at: Timestamp::from_millis(0),
            first_line: 7,
            omitted: 0,
            body: body.to_vec(),
        };
        let lines = lines_of(&chunk);
        assert_eq!(
            lines.iter().map(|l| l.text.as_str()).collect::<Vec<_>>(),
            expected
        );
        assert!(
            lines
                .iter()
                .map(|l| l.number)
                .eq(7..7 + i64::try_from(expected.len()).unwrap())
        );
    }

    #[test]
    fn bytes_become_lines() {
        check(b"", &[]);
        check(b"a\nb\n", &["a", "b"]);
        check(b"a\nb", &["a", "b"]);
        check(b"\n\n", &["", ""]);
        check(b"10%\r50%\r100%\n", &["100%"]);
        check(b"dos\r\n", &["dos"]);
        check(b"\xff\n", &["\u{fffd}"]);
    }
}
