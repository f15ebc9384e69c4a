//! A stream of a job in a workspace, printed as far as it is and, if asked, as it grows.

use std::{io::IsTerminal as _, path::Path, time::Duration};

use anyhow::bail;
use cupola_workspace::{
    model::{JobKey, JobState},
    source::{LogAsked as PartAsked, LogOf, Source, SourceError},
};

use super::{named::key_of, open};
use crate::output;

/// So much is read at once.
const PART: u64 = 256 << 10;
/// Longer lines are printed in parts.
const LONGEST: usize = 1 << 20;
/// A change is told at once; where none is, it is looked again after this.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is asked of a log.
pub(crate) struct LogAsked {
    /// `stdout` or `stderr`.
    pub stream: String,
    /// Until the job ends.
    pub follow: bool,
    /// Only lines with this text, in whatever case.
    pub grep: Option<String>,
    /// The bytes as they are.
    pub raw: bool,
}

/// Prints a job's stream.
pub(crate) fn logs(workdir: &Path, named: &str, asked: &LogAsked) -> anyhow::Result<()> {
    let folder = open(workdir)?;
    let folder = folder.as_ref();
    let key = key_of(folder, named)?;
    let mut printer = Printer {
        asked,
        wanted: asked.grep.as_deref().map(str::to_lowercase),
        is_terminal: std::io::stdout().is_terminal(),
        rest: Vec::new(),
    };
    let changes = asked.follow.then(|| folder.changes());
    let mut offset = 0;
    loop {
        // Whether it goes on is looked at first: what it wrote last is read after that.
        let is_over = changes.is_none() || !goes_on(folder, &key)?;
        offset = print_from(folder, &key, offset, &mut printer)?;
        match &changes {
            Some(changes) if !is_over => {
                let _ = changes.recv_timeout(PATIENCE);
            }
            _ => break,
        }
    }
    printer.end();
    Ok(())
}

fn goes_on(folder: &dyn Source, key: &JobKey) -> anyhow::Result<bool> {
    let state = folder.job(key)?.job.state;
    Ok(!matches!(
        state,
        JobState::Done | JobState::Error | JobState::Phantom
    ))
}

fn has_begun(folder: &dyn Source, key: &JobKey) -> anyhow::Result<bool> {
    let job = folder.job(key)?.job;
    let is_over = matches!(
        job.state,
        JobState::Done | JobState::Error | JobState::Phantom
    );
    Ok(is_over || job.started_at.is_some())
}

/// All from `offset` to the end, which is given back.
fn print_from(
    folder: &dyn Source,
    key: &JobKey,
    mut offset: u64,
    printer: &mut Printer<'_>,
) -> anyhow::Result<u64> {
    loop {
        let asked = PartAsked {
            of: LogOf::Job(key.clone()),
            stream: printer.asked.stream.clone(),
            offset: Some(offset),
            bytes: PART,
        };
        let part = match folder.log(&asked) {
            // A job that has not begun has no streams yet.
            Err(SourceError::Unknown(_)) if printer.asked.follow => return Ok(offset),
            Err(SourceError::Unknown(_)) if !has_begun(folder, key)? => {
                bail!(
                    "{key} has not begun, so it has no {} yet",
                    printer.asked.stream
                )
            }
            part => part?,
        };
        if part.offset != offset {
            output::line("(the log was written anew: this is its end)");
            printer.rest.clear();
        }
        if part.bytes.is_empty() {
            return Ok(part.offset);
        }
        offset = part.offset + part.bytes.len() as u64;
        printer.take(&part.bytes);
    }
}

struct Printer<'a> {
    asked: &'a LogAsked,
    wanted: Option<String>,
    /// Whether colours are shown.
    is_terminal: bool,
    /// Of a line whose end is to come.
    rest: Vec<u8>,
}

impl Printer<'_> {
    fn take(&mut self, bytes: &[u8]) {
        if self.asked.raw {
            return output::raw(bytes);
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.end();
            } else {
                self.cut();
            }
        }
    }

    /// A line without an end must not fill the memory: of one that is written over and over only the
    /// last counts, another is printed as far as it is.
    fn cut(&mut self) {
        if self.rest.len() <= LONGEST {
            return;
        }
        let before_last = &self.rest[..self.rest.len() - 1];
        match before_last.iter().rposition(|byte| *byte == b'\r') {
            Some(at) if at > 0 => drop(self.rest.drain(..at)),
            _ => self.end(),
        }
    }

    fn end(&mut self) {
        let line = std::mem::take(&mut self.rest);
        if !line.is_empty() {
            self.line(&line);
        }
    }

    /// A line that was written over and over is shown as it was last.
    fn line(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\n', '\r']);
        let text = text.rsplit('\r').next().unwrap_or(text);
        let is_wanted = |wanted: &String| {
            let plain = output::coloured(text, false);
            plain.to_lowercase().contains(wanted)
        };
        if self.wanted.as_ref().is_none_or(is_wanted) {
            output::line(&output::coloured(text, self.is_terminal));
        }
    }
}
