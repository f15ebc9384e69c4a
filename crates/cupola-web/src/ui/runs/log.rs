//! What a program said: a window of its lines, and what leads elsewhere.

mod routes;
mod shown;

use askama::Template;

pub(crate) use self::{
    routes::{query, routes},
    shown::{log, span},
};
use crate::ui::components::{Moment, html_safe};

/// Text in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Without terminal codes.
    pub text: String,
    /// The classes of its colours, as a terminal would show it; empty for plain text.
    pub class: String,
}

/// One thing that goes with a line.
#[derive(Debug, Clone)]
pub struct LogField {
    /// Its name.
    pub name: String,
    /// Its value as JSON.
    pub value: String,
}

/// A line of a log.
#[derive(Debug, Clone)]
pub struct Line {
    /// From 1.
    pub number: u64,
    /// `debug`, `info`, `warn` or `error`.
    pub level: &'static str,
    /// `stdout`, `stderr` or what else the worker says.
    pub stream: String,
    /// When it was said or read.
    pub at: Moment,
    /// Its text.
    pub spans: Vec<Span>,
    /// What goes with it.
    pub fields: Vec<LogField>,
    /// `4 KiB of 9.5 MiB`, of a line that is too long to be shown; empty for others.
    pub cut: String,
    /// What the worker left out before it: `1.2 MiB left out here`; empty when nothing.
    pub omitted: String,
}

/// A window of lines: what `GET /runs/{id}/log` answers, and what the page begins with.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_log_lines.html")]
pub struct Lines {
    /// `/runs/{id}`.
    pub page: String,
    /// The lines.
    pub lines: Vec<Line>,
    /// From which line on was looked.
    pub from: i64,
    /// Up to which line was looked.
    pub to: i64,
    /// Whether the log begins at `from`.
    pub is_start: bool,
    /// Whether there is nothing behind `to`.
    pub is_end: bool,
    /// Lines of each level, from the quietest, with commas between.
    pub levels: String,
    /// Whether the run has ended and nothing more will come.
    pub is_over: bool,
    /// Why there are no lines.
    pub nothing: &'static str,
}

/// A choice of the least level.
#[derive(Debug, Clone)]
pub struct LevelChoice {
    /// `debug`, `info`, `warn` or `error`.
    pub value: &'static str,
    /// For people.
    pub label: &'static str,
    /// Lines of exactly this level.
    pub count: String,
    /// `Warnings and errors: 15 lines`.
    pub title: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

/// The log of a run.
#[derive(Debug, Clone, Template)]
#[template(path = "runs/_log.html")]
pub struct Log {
    /// `log:RUN`.
    pub key: String,
    /// `/runs/{id}`.
    pub page: String,
    /// `/runs/{id}/log`.
    pub src: String,
    /// `/runs/{id}/log/matches`.
    pub matches: String,
    /// `/runs/{id}/log.txt`.
    pub download: String,
    /// The same with the filter; empty when there is none.
    pub download_filtered: String,
    /// The levels.
    pub levels: Vec<LevelChoice>,
    /// What is looked for.
    pub text: String,
    /// The window.
    pub lines: Lines,
    /// `1–200 of 12,000 lines`.
    pub place: String,
    /// `&level=…&text=…`, for addresses of other windows.
    pub filter: String,
    /// `1.2 MiB left out of a flood`; empty when nothing was.
    pub omitted: String,
}

html_safe!(Lines, Log);
