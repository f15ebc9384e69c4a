//! A program's bytes become chunks of its log, their lines counted by level.

use cupola_domain::{
    ids::RunId,
    log::{LevelCounts, level_of},
    text::storable,
};
use cupola_store::{Tx, logs, runs::Intake};

use super::LogPiece;
use crate::HubError;

/// A log is kept in chunks of at most this size.
const CHUNK_BYTES_MAX: usize = 256 << 10;

/// A run has few streams; of more than these, the unfinished lines are taken for finished.
const OPEN_MAX: usize = 16;

/// Adds pieces to a run's log and counts them in `intake`.
pub(super) fn append_log(
    tx: &mut Tx,
    run: RunId,
    pieces: &[LogPiece],
    intake: &mut Intake,
) -> Result<(), HubError> {
    for piece in pieces {
        for chunk in chunks(piece, intake) {
            logs::insert(tx, run, &chunk)?;
        }
    }
    Ok(())
}

/// A piece cut into chunks, at the ends of lines where there are any.
fn chunks(piece: &LogPiece, intake: &mut Intake) -> Vec<logs::Chunk> {
    let stream = name_of(&piece.stream);
    let mut omitted = piece.omitted.max(0);
    let mut chunks = Vec::new();
    let mut rest = piece.bytes.as_slice();
    // Without bytes, one chunk carries the mark that some were left out.
    while !rest.is_empty() || omitted > 0 {
        // What follows a gap is another line.
        let open = take_open(intake, &stream).filter(|_| omitted == 0);
        let (body, after) = rest.split_at(match open {
            Some(_) => end_of_line(rest),
            None => end_of_lines(rest),
        });
        let levels = match open {
            Some(_) => LevelCounts::default(),
            None => levels_of(&stream, body),
        };
        let next_line = intake.log_levels.total() + 1;
        let first_line = if body.is_empty() {
            0
        } else {
            open.unwrap_or(next_line)
        };
        intake.log_levels.add_all(levels);
        if !body.is_empty() && !body.ends_with(b"\n") && intake.log_open.len() < OPEN_MAX {
            let line = open.unwrap_or(intake.log_levels.total());
            intake.log_open.push((line, stream.clone()));
        }
        let chunk = logs::Chunk {
            number: intake.log_chunks,
            stream: stream.clone(),
            at: piece.at,
            first_line,
            levels,
            omitted: std::mem::take(&mut omitted),
            body: body.to_vec(),
        };
        intake.log_chunks += 1;
        intake.log_bytes += i64::try_from(body.len()).unwrap_or(i64::MAX);
        intake.log_omitted = intake.log_omitted.saturating_add(chunk.omitted);
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

/// A stream's name as it can be kept: on one line.
fn name_of(stream: &str) -> String {
    storable(stream).replace(char::is_control, "\u{2400}")
}

/// The number of the stream's line that has not ended, which is then no longer noted.
fn take_open(intake: &mut Intake, stream: &str) -> Option<i64> {
    let at = intake
        .log_open
        .iter()
        .position(|(_, open)| open == stream)?;
    Some(intake.log_open.swap_remove(at).0)
}

/// Where the first line ends, or the chunk must.
fn end_of_line(bytes: &[u8]) -> usize {
    let bytes = &bytes[..bytes.len().min(CHUNK_BYTES_MAX)];
    memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1)
}

/// Where the last whole line ends that fits a chunk; within a line when none does.
fn end_of_lines(bytes: &[u8]) -> usize {
    if bytes.len() <= CHUNK_BYTES_MAX {
        return bytes.len();
    }
    memchr::memrchr(b'\n', &bytes[..CHUNK_BYTES_MAX]).map_or(CHUNK_BYTES_MAX, |at| at + 1)
}

/// How many lines begin in `body`, by level: an unfinished last one counts.
fn levels_of(stream: &str, body: &[u8]) -> LevelCounts {
    let mut counts = LevelCounts::default();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', body) {
        counts.add(level_of(stream, &body[start..end]));
        start = end + 1;
    }
    if start < body.len() {
        counts.add(level_of(stream, &body[start..]));
    }
    counts
}

#[cfg(test)]
mod tests {
    use cupola_domain::{log::Level, time::Timestamp};

    use super::*;

    fn piece(stream: &str, bytes: &[u8]) -> LogPiece {
        LogPiece {
            stream: stream.to_owned(),
            at: Timestamp::from_millis(0),
            bytes: bytes.to_vec(),
            omitted: 0,
        }
    }

    /// Stream and bytes of each piece; first line, lines and length of each chunk.
    fn check(pieces: &[(&str, &str)], expected: &[(i64, i64, usize)]) {
        let mut intake = Intake::default();
        let chunks: Vec<_> = pieces
            .iter()
            .flat_map(|(stream, bytes)| chunks(&piece(stream, bytes.as_bytes()), &mut intake))
            .collect();
        let seen: Vec<_> = chunks
            .iter()
            .map(|chunk| (chunk.first_line, chunk.levels.total(), chunk.body.len()))
            .collect();
        assert_eq!(seen, expected);
        let bodies: usize = chunks.iter().map(|chunk| chunk.body.len()).sum();
        let given: usize = pieces.iter().map(|(_, bytes)| bytes.len()).sum();
        assert_eq!(bodies, given, "every byte is kept");
    }

    #[test]
    fn lines_are_numbered_over_all_streams() {
        check(
            &[("out", "a\nb\n"), ("err", "c\n")],
            &[(1, 2, 4), (3, 1, 2)],
        );
        check(&[("out", ""), ("out", "\n\n")], &[(1, 2, 2)]);
    }

    #[test]
    fn a_line_in_several_pieces_is_one_line() {
        check(
            &[
                ("out", "a\nb"),
                ("err", "c\n"),
                ("out", "bb"),
                ("out", "b\nd\n"),
            ],
            &[(1, 2, 3), (3, 1, 2), (2, 0, 2), (2, 0, 2), (4, 1, 2)],
        );
    }

    #[test]
    fn a_line_that_fits_no_chunk_is_one_line() {
        let line = format!("{}\nnext\n", "x".repeat(2 * CHUNK_BYTES_MAX));
        check(
            &[("out", &line)],
            &[
                (1, 1, CHUNK_BYTES_MAX),
                (1, 0, CHUNK_BYTES_MAX),
                (1, 0, 1),
                (2, 1, 5),
            ],
        );
    }

    #[test]
    fn chunks_end_with_lines_where_they_can() {
        let lines = "x\n".repeat(CHUNK_BYTES_MAX / 2 + 1);
        let all = i64::try_from(CHUNK_BYTES_MAX / 2).unwrap();
        check(
            &[("out", &lines)],
            &[(1, all, CHUNK_BYTES_MAX), (all + 1, 1, 2)],
        );
    }

    #[test]
    fn a_gap_ends_a_line() {
        let mut intake = Intake::default();
        chunks(&piece("out", b"half"), &mut intake);
        let mut after = piece("out", b"other\n");
        after.omitted = 7;
        let after = chunks(&after, &mut intake);
        assert_eq!((after[0].first_line, after[0].omitted), (2, 7));
        let mut mark = piece("out", b"");
        mark.omitted = 5;
        let mark = chunks(&mark, &mut intake);
        assert_eq!((mark[0].first_line, mark[0].omitted), (0, 5));
        assert_eq!((intake.log_levels.total(), intake.log_omitted), (2, 12));
        assert_eq!(intake.log_open, []);
    }

    #[test]
    fn levels_are_counted_as_lines_come() {
        let mut intake = Intake::default();
        chunks(&piece("stdout", b"INFO a\nERROR b\nc\n"), &mut intake);
        chunks(&piece("stderr", b"d\nDEBUG e"), &mut intake);
        chunks(&piece("stderr", b"ERROR not a line\n"), &mut intake);
        let counts = Level::ALL.map(|level| intake.log_levels.of(level));
        assert_eq!(counts, [1, 2, 1, 1]);
    }
}
