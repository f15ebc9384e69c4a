//! Which part of which log is asked for, and what is shown of it.

use cupola_domain::{log as text, terminal};
use cupola_workspace::{
    model::{Job, JobKey, JobState, RunKey},
    source::{LogAsked, LogOf, LogPart, Source, SourceError},
};

use super::{Lines, Log, Stream};
use crate::{
    params::Params,
    ui::{format, listing::query, plain::plain, runs, workspaces::looked::Looked},
    workspaces::hash_of,
};

/// Bytes of a page.
const WINDOW: u64 = 64 << 10;

/// Lines of a page; what has more is short lines.
const LINES_MAX: usize = 1_000;

/// Of a longer line the end is not shown.
const LINE_BYTES: usize = 4 << 10;

/// Which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// The end, and what will follow it.
    End,
    /// What ends here.
    Before(u64),
    /// What begins here.
    From(u64),
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui::workspaces) struct Asked {
    of: LogOf,
    /// Empty: the one that says most.
    stream: String,
    part: Part,
}

impl Asked {
    /// Of what the query names: a job, a service, or the workspace itself.
    pub(in crate::ui::workspaces) fn read(params: &mut Params) -> Self {
        let text = |name| params.text(name).to_owned();
        let of = if !params.text("task").is_empty() {
            LogOf::Job(JobKey {
                task: text("task"),
                id: text("job"),
            })
        } else if !params.text("service").is_empty() {
            let run = RunKey {
                experiment: text("experiment"),
                run: text("run"),
            };
            LogOf::Service(run, text("service"))
        } else {
            LogOf::Workspace
        };
        Self::read_of(of, params)
    }

    /// Of a job that is known.
    pub(in crate::ui::workspaces) fn of_job(key: &JobKey, params: &mut Params) -> Self {
        Self::read_of(LogOf::Job(key.clone()), params)
    }

    fn read_of(of: LogOf, params: &mut Params) -> Self {
        let before = params.optional("before", 0..=u64::MAX);
        let from = params.optional("from", 0..=u64::MAX);
        Self {
            of,
            stream: params.text("stream").to_owned(),
            part: match (before, from) {
                (Some(offset), _) => Part::Before(offset),
                (_, Some(offset)) => Part::From(offset),
                _ => Part::End,
            },
        }
    }

    /// The stream that says most, where none was named: of what went wrong, what it complained of.
    pub(in crate::ui::workspaces) fn for_job(mut self, job: &Job) -> Self {
        if self.stream.is_empty() && job.state == JobState::Error {
            "stderr".clone_into(&mut self.stream);
        }
        self
    }

    fn stream(&self) -> &str {
        if self.stream.is_empty() {
            "stdout"
        } else {
            &self.stream
        }
    }

    /// How it is read from `offset` on.
    pub(in crate::ui::workspaces) fn from(&self, offset: Option<u64>, bytes: u64) -> LogAsked {
        LogAsked {
            of: self.of.clone(),
            stream: self.stream().to_owned(),
            offset,
            bytes,
        }
    }

    /// What the whole file is called when it is taken along.
    pub(in crate::ui::workspaces) fn file_name(&self) -> String {
        match &self.of {
            LogOf::Job(key) => format!("{}-{}.log", key.id, self.stream()),
            LogOf::Service(_, id) => format!("{id}-{}.log", self.stream()),
            LogOf::Workspace => "workspace.log".to_owned(),
        }
    }

    /// The part that is asked for; what cannot be read is said in its place.
    pub(in crate::ui::workspaces) fn log(
        &self,
        looked: &Looked,
        source: &dyn Source,
        is_growing: bool,
    ) -> Result<Log, SourceError> {
        let asked = match self.part {
            Part::End => self.from(None, WINDOW),
            Part::From(offset) => self.from(Some(offset), WINDOW),
            Part::Before(end) => self.from(Some(end.saturating_sub(WINDOW)), WINDOW.min(end)),
        };
        let (part, nothing) = match source.log(&asked) {
            Ok(part) => (part, "Nothing has been written here.".to_owned()),
            Err(
                SourceError::Unknown(words)
                | SourceError::Refused(words)
                | SourceError::Away(words),
            ) => {
                let none = LogPart {
                    offset: 0,
                    bytes: Vec::new(),
                    size: 0,
                };
                (none, format!("{}.", plain(&words)))
            }
            Err(error) => return Err(error),
        };
        // Of other logs than those of jobs nobody tells that they grew.
        let is_told = !source.place().is_remote && matches!(self.of, LogOf::Job(_));
        Ok(self.shown(looked, &part, nothing, is_growing && !is_told))
    }

    fn shown(&self, looked: &Looked, part: &LogPart, nothing: String, is_looked_at: bool) -> Log {
        let (lines, end) = self.lines(part);
        let begin = lines.first().map_or(part.offset, |line| line.offset);
        let is_end = end >= part.size;
        let shown = format::bytes(end.saturating_sub(begin));
        Log {
            keys: self.keys(looked),
            src: self.address(looked, "/log/lines", self.part),
            title: self.title(),
            streams: self.streams(looked),
            is_end,
            is_looked_at: is_looked_at && is_end,
            first: (begin > 0).then(|| self.page(looked, Part::From(0))),
            earlier: (begin > 0).then(|| self.page(looked, Part::Before(begin))),
            later: (!is_end).then(|| self.page(looked, Part::From(end))),
            last: self.page(looked, Part::End),
            download: self.address(looked, "/log/file", Part::End),
            place: if begin == 0 && is_end {
                format::bytes(part.size)
            } else {
                format!("{shown} of {}", format::bytes(part.size))
            },
            lines,
            nothing,
        }
    }

    /// Whole lines, and where they end; what is being written is one as well.
    fn lines(&self, part: &LogPart) -> (Vec<Lines>, u64) {
        let mut found = Vec::new();
        let mut at = part.offset;
        let part_end = part.offset + part.bytes.len() as u64;
        let mut pieces: Vec<(u64, &[u8])> = Vec::new();
        for piece in part.bytes.split_inclusive(|byte| *byte == b'\n') {
            pieces.push((at, piece));
            at += piece.len() as u64;
        }
        let is_cut = |(_, piece): &(u64, &[u8])| !piece.ends_with(b"\n");
        let mut end = part_end;
        // Begun before the part: only a beginning of the file begins a line for certain.
        if matches!(self.part, Part::Before(_)) && part.offset > 0 && pieces.len() > 1 {
            pieces.remove(0);
        }
        if let Some(last) = pieces.last().filter(|last| is_cut(last)).copied()
            && part_end < part.size
            && pieces.len() > 1
        {
            pieces.pop();
            end = last.0;
        }
        if pieces.len() > LINES_MAX {
            if matches!(self.part, Part::From(_)) {
                end = pieces[LINES_MAX].0;
                pieces.truncate(LINES_MAX);
            } else {
                pieces.drain(..pieces.len() - LINES_MAX);
            }
        }
        found.extend(
            pieces
                .into_iter()
                .map(|(offset, piece)| line(offset, piece)),
        );
        (found, end)
    }

    fn keys(&self, looked: &Looked) -> String {
        match &self.of {
            LogOf::Job(key) => cupola_protocol::events::workspace_log(looked.id(), &hash_of(key)),
            LogOf::Service(..) | LogOf::Workspace => looked.key(),
        }
    }

    fn title(&self) -> String {
        match &self.of {
            LogOf::Job(_) => "Log".to_owned(),
            LogOf::Service(_, id) => format!("Log of the service {}", plain(id)),
            LogOf::Workspace => "Log of the workspace".to_owned(),
        }
    }

    fn streams(&self, looked: &Looked) -> Vec<Stream> {
        if self.of == LogOf::Workspace {
            return Vec::new();
        }
        let stream = |name: &str| Stream {
            name: name.to_owned(),
            is_current: name == self.stream(),
            href: {
                let other = Self {
                    stream: name.to_owned(),
                    ..self.clone()
                };
                other.page(looked, Part::End)
            },
        };
        ["stdout", "stderr"].map(stream).into()
    }

    /// The page that shows that part.
    fn page(&self, looked: &Looked, part: Part) -> String {
        let page = match &self.of {
            LogOf::Job(key) => {
                let query = query(&[&[("stream", self.stream())], &*place(part).pairs()].concat());
                looked.job_address(key, &format!("?{query}"))
            }
            _ => self.address(looked, "/log", part),
        };
        format!("{page}#log")
    }

    fn address(&self, looked: &Looked, path: &str, part: Part) -> String {
        let (place, stream) = (place(part), self.stream());
        let of = match &self.of {
            LogOf::Job(key) => vec![("task", key.task.as_str()), ("job", &key.id)],
            LogOf::Service(run, id) => vec![
                ("experiment", run.experiment.as_str()),
                ("run", &run.run),
                ("service", id),
            ],
            LogOf::Workspace => Vec::new(),
        };
        let query = query(&[&*of, &[("stream", stream)], &*place.pairs()].concat());
        looked.address(&format!("{path}?{query}"))
    }
}

/// A part as a query says it.
struct PlaceOf(&'static str, String);

impl PlaceOf {
    fn pairs(&self) -> Vec<(&str, &str)> {
        vec![(self.0, &self.1)]
    }
}

fn place(part: Part) -> PlaceOf {
    match part {
        Part::End => PlaceOf("from", String::new()),
        Part::Before(offset) => PlaceOf("before", offset.to_string()),
        Part::From(offset) => PlaceOf("from", offset.to_string()),
    }
}

/// A line as a terminal would show it: what `\r` wrote over is gone.
fn line(offset: u64, piece: &[u8]) -> Lines {
    let shown = text::shown(piece.strip_suffix(b"\n").unwrap_or(piece));
    let kept = &shown[..shown.len().min(LINE_BYTES)];
    let spans = terminal::spans(&String::from_utf8_lossy(kept));
    Lines {
        offset,
        spans: spans.into_iter().map(runs::span).collect(),
        cut: match shown.len() - kept.len() {
            0 => String::new(),
            left => format!("{} more", format::bytes(left as u64)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(part: Part, offset: u64, size: u64, bytes: &str, expected: &[(u64, &str)], end: u64) {
        let asked = Asked {
            of: LogOf::Workspace,
            stream: String::new(),
            part,
        };
        let part = LogPart {
            offset,
            bytes: bytes.as_bytes().to_vec(),
            size,
        };
        let (lines, ends) = asked.lines(&part);
        let text = |line: &Lines| line.spans.iter().map(|span| span.text.clone()).collect();
        let found: Vec<(u64, String)> =
            lines.iter().map(|line| (line.offset, text(line))).collect();
        let found: Vec<_> = found
            .iter()
            .map(|(at, text)| (*at, text.as_str()))
            .collect();
        assert_eq!((found.as_slice(), ends), (expected, end), "{bytes:?}");
    }

    #[test]
    fn what_is_being_written_is_shown() {
        check(Part::End, 0, 7, "one\ntwo", &[(0, "one"), (4, "two")], 7);
        check(Part::End, 0, 11, "10 %\r20 %\r3", &[(0, "3")], 11);
        check(Part::End, 0, 0, "", &[], 0);
    }

    #[test]
    fn parts_end_with_lines_and_meet() {
        check(
            Part::From(0),
            0,
            20,
            "one\ntwo\nth",
            &[(0, "one"), (4, "two")],
            8,
        );
        check(Part::Before(8), 2, 20, "e\ntwo\n", &[(4, "two")], 8);
        check(
            Part::Before(8),
            0,
            20,
            "one\ntwo\n",
            &[(0, "one"), (4, "two")],
            8,
        );
        // A line that is longer than a part is shown all the same.
        check(Part::From(0), 0, 20, "one two", &[(0, "one two")], 7);
    }

    #[test]
    fn terminals_are_not_obeyed() {
        check(
            Part::End,
            0,
            21,
            "\u{1b}[31mred\u{1b}]0;title\u{7}\u{1b}[m",
            &[(0, "red")],
            21,
        );
    }
}
