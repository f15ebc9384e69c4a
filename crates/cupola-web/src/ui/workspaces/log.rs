//! A log: the end of a file while it grows, or any part of it.

mod asked;

use askama::Template;

use super::head::Head;
use crate::ui::{components::html_safe, frame::Frame, runs::Span};

pub(super) use asked::Asked;

/// The page of a log that has none of its own: the workspace's, a service's.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/log.html")]
pub struct LogPage {
    /// Around it.
    pub frame: Frame,
    /// Part `/workspaces/{id}/head`.
    pub head: Head,
    /// Part `/workspaces/{id}/log/lines`.
    pub log: Log,
}

/// A stream that can be chosen.
#[derive(Debug, Clone)]
pub struct Stream {
    /// `stdout`, `stderr`.
    pub name: String,
    /// Where it is shown.
    pub href: String,
    /// Whether it is.
    pub is_current: bool,
}

/// A line.
#[derive(Debug, Clone)]
pub struct Lines {
    /// Where it begins: its name in the page.
    pub offset: u64,
    /// As a terminal would show it.
    pub spans: Vec<Span>,
    /// How much of it is not shown; empty when all is.
    pub cut: String,
}

/// A part of a log.
#[derive(Debug, Clone, Template)]
#[template(path = "workspaces/_log.html")]
pub struct Log {
    /// The keys by which it is heard that it grew.
    pub keys: String,
    /// Where this very part is.
    pub src: String,
    /// `Log`, `Log of the service board`.
    pub title: String,
    /// Streams to choose from; none where there is one.
    pub streams: Vec<Stream>,
    /// The lines.
    pub lines: Vec<Lines>,
    /// Whether it ends where the file does, and goes on as that grows.
    pub is_end: bool,
    /// Whether somebody has to look whether it grew.
    pub is_looked_at: bool,
    /// Where it begins in the file: the part's beginning.
    pub first: Option<String>,
    /// The part before.
    pub earlier: Option<String>,
    /// The part after.
    pub later: Option<String>,
    /// The end.
    pub last: String,
    /// The whole file.
    pub download: String,
    /// `12.1 KiB of 3.4 MiB`.
    pub place: String,
    /// Why there are no lines.
    pub nothing: String,
}

html_safe!(Log);
