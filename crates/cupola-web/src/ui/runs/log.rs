//! What a program said.

use askama::Template;

use crate::ui::components::{Moment, html_safe};

/// A line of a log.
#[derive(Debug, Clone)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// `stdout`, `stderr` or `worker`.
    pub stream: &'static str,
    /// When the worker read it.
    pub at: Moment,
    /// Without its line end and its control codes.
    pub text: String,
    /// What the worker left out before it: `1.2 MiB left out here`; empty when nothing.
    pub omitted: String,
}

/// Lines from a cursor on: what `GET /runs/{id}/log?after=` answers, and what the page begins with.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_log_lines.html")]
pub struct Lines {
    /// The lines.
    pub lines: Vec<Line>,
    /// Where to go on.
    pub next: i64,
    /// Whether the run has ended and nothing more will come.
    pub is_complete: bool,
}

/// The log of a run.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_log.html")]
pub struct Log {
    /// `log:RUN`.
    pub key: String,
    /// `/runs/{id}/log`.
    pub src: String,
    /// `/runs/{id}/log.txt`.
    pub download: String,
    /// The last lines.
    pub lines: Lines,
    /// `the last 500 of 12 000 lines`; empty when all are there.
    pub note: String,
    /// `1.2 MiB left out of a flood`; empty when nothing was.
    pub omitted: String,
}

html_safe!(Lines, Log);
