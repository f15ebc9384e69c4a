//! Reads the chunks of one log that can hold what is wanted.

use std::borrow::Cow;

use cupola_domain::{
    ids::RunId,
    log::{ENTRIES, Level},
};
use cupola_store::{
    Tx,
    logs::{self, Chunk, Direction},
};

use super::{
    ANSWER_BYTES_MAX, From, LINE_BYTES_MAX, Line, SCAN_BYTES_MAX,
    lines::{Found, last_state, lines, without_end},
    needle::Needle,
};
use crate::HubError;

/// Bytes of chunks that are read together, about.
const BATCH_BYTES: usize = 512 << 10;

/// In so many chunks at the end of a long line its last state is looked for.
const STATE_CHUNKS: i64 = 4;

/// Chunks that are read together at most.
const BATCH_MAX: i64 = 256;

/// Which lines of a log.
pub(super) struct Wanted {
    level: Level,
    needle: Option<Needle>,
}

impl Wanted {
    pub(super) fn new(level: Level, text: &str) -> Self {
        Self {
            level,
            needle: (!text.is_empty()).then(|| Needle::new(text)),
        }
    }
}

/// One log, read within one transaction.
pub(super) struct Reader<'t> {
    pub(super) tx: &'t mut Tx,
    pub(super) run: RunId,
    pub(super) wanted: Wanted,
    /// How many lines it has.
    pub(super) total: i64,
}

/// What was found, and between which lines was looked.
pub(super) struct Seen {
    pub(super) lines: Vec<Line>,
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Reader<'_> {
    /// At most `limit` of the wanted lines.
    pub(super) fn window(
        &mut self,
        from: From,
        limit: usize,
        line_bytes: usize,
    ) -> Result<Seen, HubError> {
        match from {
            From::First => self.up(0, limit, line_bytes),
            From::Line(line) => self.up(line - 1, limit, line_bytes),
            From::After(line) => self.up(line, limit, line_bytes),
            From::Last => self.down(self.total + 1, limit, line_bytes),
            From::Before(line) => self.down(line, limit, line_bytes),
        }
    }

    /// Calls `take` for each wanted line behind `after` until it says stop or enough was looked at,
    /// and says up to which line that was.
    pub(super) fn scan(
        &mut self,
        after: i64,
        mut take: impl FnMut(&mut Tx, &Found<'_>) -> Result<bool, HubError>,
    ) -> Result<i64, HubError> {
        let after = after.clamp(0, self.total);
        let mut chunks = Chunks::starting(self, after + 1, Direction::Up)?;
        let mut looked = 0;
        let mut to = after;
        while let Some(chunk) = chunks.next(self)? {
            for found in self.wanted_in(&chunk)? {
                if found.number <= after {
                    continue;
                }
                to = found.number;
                if !take(self.tx, &found)? {
                    return Ok(to);
                }
            }
            to = to.max(chunk.first_line + chunk.levels.total() - 1);
            looked += chunk.body.len();
            if looked > SCAN_BYTES_MAX {
                return Ok(to);
            }
        }
        Ok(self.total)
    }

    fn up(&mut self, after: i64, limit: usize, line_bytes: usize) -> Result<Seen, HubError> {
        let after = after.clamp(0, self.total);
        let mut lines = Vec::new();
        if limit == 0 {
            let (from, to) = (after + 1, after);
            return Ok(Seen { lines, from, to });
        }
        let run = self.run;
        let mut bytes = 0;
        let to = self.scan(after, |tx, found| {
            let line = shown(tx, run, found, line_bytes)?;
            bytes += line.text.len();
            lines.push(line);
            Ok(lines.len() < limit && bytes < ANSWER_BYTES_MAX)
        })?;
        let from = after + 1;
        Ok(Seen { lines, from, to })
    }

    fn down(&mut self, before: i64, limit: usize, line_bytes: usize) -> Result<Seen, HubError> {
        let to = (before - 1).clamp(0, self.total);
        let mut seen = Seen {
            lines: Vec::new(),
            from: to + 1,
            to,
        };
        if limit == 0 {
            return Ok(seen);
        }
        let mut chunks = Chunks::starting(self, to, Direction::Down)?;
        let (mut looked, mut bytes) = (0, 0);
        while let Some(chunk) = chunks.next(self)? {
            for found in self.wanted_in(&chunk)?.iter().rev() {
                if found.number > to {
                    continue;
                }
                let line = shown(self.tx, self.run, found, line_bytes)?;
                bytes += line.text.len();
                seen.from = line.number;
                seen.lines.push(line);
                if seen.lines.len() == limit || bytes >= ANSWER_BYTES_MAX {
                    seen.lines.reverse();
                    return Ok(seen);
                }
            }
            seen.from = seen.from.min(chunk.first_line);
            looked += chunk.body.len();
            if looked > SCAN_BYTES_MAX {
                seen.lines.reverse();
                return Ok(seen);
            }
        }
        seen.from = 1;
        seen.lines.reverse();
        Ok(seen)
    }

    /// The wanted lines that begin in a chunk.
    fn wanted_in<'c>(&mut self, chunk: &'c Chunk) -> Result<Vec<Found<'c>>, HubError> {
        let level = self.wanted.level;
        let is_loud = |found: &Found<'_>| level == Level::Debug || found.level() >= level;
        let Some(needle) = &self.wanted.needle else {
            return Ok(lines(chunk).filter(is_loud).collect());
        };
        if needle.finds_bytes(&chunk.stream, &chunk.body) && chunk.body.ends_with(b"\n") {
            return Ok(found_as_bytes(needle, chunk).filter(is_loud).collect());
        }
        let mut wanted = Vec::new();
        for found in lines(chunk).filter(is_loud) {
            let head = head_of(self.tx, self.run, &found)?;
            if needle.is_in(&found, &head) {
                wanted.push(found);
            }
        }
        Ok(wanted)
    }
}

/// The lines of a chunk in which the needle stands, found without cutting it into lines.
fn found_as_bytes<'c>(needle: &Needle, chunk: &'c Chunk) -> impl Iterator<Item = Found<'c>> {
    let body = chunk.body.as_slice();
    let (mut at, mut number) = (0, chunk.first_line);
    std::iter::from_fn(move || {
        loop {
            let place = needle.find(body, at)?;
            let start = memchr::memrchr(b'\n', &body[at..place]).map_or(at, |end| at + end + 1);
            let ends = memchr::memchr_iter(b'\n', &body[at..start]).count();
            number += i64::try_from(ends).unwrap_or(i64::MAX);
            let length =
                memchr::memchr(b'\n', &body[start..]).map_or(body.len() - start, |n| n + 1);
            let raw = &body[start..start + length];
            let found = Found { number, chunk, raw };
            (at, number) = (start + length, number + 1);
            // The bytes of an entry hold more than what is shown of it.
            if chunk.stream != ENTRIES && raw.len() <= LINE_BYTES_MAX {
                return Some(found);
            }
            let head = &raw[..raw.len().min(LINE_BYTES_MAX)];
            if needle.is_in(&found, head) {
                return Some(found);
            }
        }
    })
}

/// The first [`LINE_BYTES_MAX`] bytes of a line, from wherever they are.
fn head_of<'a>(tx: &mut Tx, run: RunId, found: &Found<'a>) -> Result<Cow<'a, [u8]>, HubError> {
    let raw = found.raw;
    if !found.is_open() || raw.len() >= LINE_BYTES_MAX {
        return Ok(Cow::Borrowed(&raw[..raw.len().min(LINE_BYTES_MAX)]));
    }
    let mut head = raw.to_vec();
    let mut at = found.chunk.number;
    while head.len() < LINE_BYTES_MAX
        && let Some(more) = logs::list_going_on(tx, run, found.number, at, 1)?.pop()
    {
        at = more.number;
        head.extend(more.body);
    }
    head.truncate(LINE_BYTES_MAX);
    Ok(Cow::Owned(head))
}

/// Adds at most `bytes_max` bytes of a line, with a mark where it is longer.
pub(super) fn download(
    tx: &mut Tx,
    run: RunId,
    found: &Found<'_>,
    bytes_max: usize,
    into: &mut Vec<u8>,
) -> Result<(), HubError> {
    let start = into.len();
    into.extend_from_slice(found.raw);
    let mut at = found.chunk.number;
    while found.is_open()
        && into.len() - start <= bytes_max
        && let Some(more) = logs::list_going_on(tx, run, found.number, at, 1)?.pop()
    {
        at = more.number;
        into.extend(more.body);
    }
    if without_end(&into[start..]).len() > bytes_max {
        let (bytes, _) = extent(tx, run, found)?;
        into.truncate(start + bytes_max);
        into.extend(format!(" [cut: {bytes} bytes in all]\n").into_bytes());
    }
    Ok(())
}

/// A line as it is shown, with its true size.
fn shown(tx: &mut Tx, run: RunId, found: &Found<'_>, bytes_max: usize) -> Result<Line, HubError> {
    let (bytes, last) = extent(tx, run, found)?;
    let is_long = usize::try_from(bytes).is_ok_and(|bytes| bytes > LINE_BYTES_MAX);
    if is_long
        && found.chunk.stream != ENTRIES
        && let Some(state) = state_of(tx, run, found, last)?
    {
        let line = found.line(&state, length(&state), bytes_max);
        return Ok(Line { bytes, ..line });
    }
    let head = head_of(tx, run, found)?;
    Ok(found.line(&head, bytes, bytes_max))
}

/// How many bytes a line has without its end, and the number of its last chunk.
fn extent(tx: &mut Tx, run: RunId, found: &Found<'_>) -> Result<(i64, i64), HubError> {
    let bytes = length(without_end(found.raw));
    if !found.is_open() {
        return Ok((bytes, found.chunk.number));
    }
    let Some((more, last)) = logs::find_rest_of_line(tx, run, found.number)? else {
        return Ok((bytes, found.chunk.number));
    };
    let chunk = logs::find(tx, run, last)?;
    let has_end = chunk.is_some_and(|chunk| chunk.body.ends_with(b"\n"));
    Ok((bytes + more - i64::from(has_end), last))
}

/// The last state of a long line that was rewritten by `\r`, from its last chunks; `None` when nothing
/// in them was.
fn state_of(
    tx: &mut Tx,
    run: RunId,
    found: &Found<'_>,
    last: i64,
) -> Result<Option<Vec<u8>>, HubError> {
    let mut tail = Vec::new();
    let after = (last - STATE_CHUNKS).max(found.chunk.number);
    if after == found.chunk.number {
        tail.extend_from_slice(found.raw);
    }
    for chunk in logs::list_going_on(tx, run, found.number, after, STATE_CHUNKS)? {
        tail.extend(chunk.body);
    }
    Ok(last_state(&tail).map(|state| state[..state.len().min(LINE_BYTES_MAX)].to_vec()))
}

fn length(bytes: &[u8]) -> i64 {
    i64::try_from(bytes.len()).unwrap_or(i64::MAX)
}

/// Chunks one after the other, read in batches of about the same size.
struct Chunks {
    direction: Direction,
    next: i64,
    limit: i64,
    batch: std::vec::IntoIter<Chunk>,
    is_done: bool,
}

impl Chunks {
    /// From the chunk on in which `line` begins.
    fn starting(
        reader: &mut Reader<'_>,
        line: i64,
        direction: Direction,
    ) -> Result<Self, HubError> {
        Ok(Self {
            direction,
            next: logs::find_chunk_of_line(reader.tx, reader.run, line)?,
            limit: 2,
            batch: Vec::new().into_iter(),
            is_done: line < 1 || line > reader.total,
        })
    }

    fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<Chunk>, HubError> {
        if self.batch.len() == 0 && !self.is_done {
            self.fetch(reader)?;
        }
        Ok(self.batch.next())
    }

    fn fetch(&mut self, reader: &mut Reader<'_>) -> Result<(), HubError> {
        let (level, limit) = (reader.wanted.level, self.limit);
        let batch = logs::list_with(
            reader.tx,
            reader.run,
            level,
            self.direction,
            self.next,
            limit,
        )?;
        let bytes: usize = batch.iter().map(|chunk| chunk.body.len()).sum();
        self.limit = match bytes {
            0..=BATCH_BYTES => (limit * 2).min(BATCH_MAX),
            _ => (limit / 2).max(1),
        };
        self.is_done = i64::try_from(batch.len()).is_ok_and(|count| count < limit);
        if let Some(last) = batch.last() {
            self.next = match self.direction {
                Direction::Up => last.number + 1,
                Direction::Down => last.number - 1,
            };
        }
        self.batch = batch.into_iter();
        Ok(())
    }
}
