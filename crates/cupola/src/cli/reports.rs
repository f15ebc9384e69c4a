//! `cupola report …`

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::{Connect, Read};

#[derive(Debug, Subcommand)]
pub(crate) enum Report {
    /// Write a report on an experiment, a family or a brief as it is now.
    Write {
        /// Its name or id.
        subject: String,
        /// Experiments that it is held against.
        with: Vec<String>,
        #[command(flatten)]
        form: ReportForm,
        /// Keep it on the hub too, where it never changes.
        #[arg(long)]
        keep: bool,
        #[command(flatten)]
        connect: Connect,
    },
    /// List the reports that are kept.
    List(Read),
    /// Show a report that is kept.
    Show {
        /// Its id, or a part of that.
        id: String,
        #[command(flatten)]
        form: ReportForm,
        #[command(flatten)]
        read: Read,
    },
    /// Delete a report that is kept.
    Delete {
        /// Its id, or a part of that.
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Have reports made and kept by themselves.
    #[command(group(ArgGroup::new("when").required(true).args(["every", "when_done"])))]
    Schedule {
        /// Its name or id.
        subject: String,
        /// Experiments that it is held against.
        with: Vec<String>,
        /// `hour`, `day`, `week`, or a time from `10m` to `366d`.
        #[arg(long)]
        every: Option<String>,
        /// Once, when all of it has ended.
        #[arg(long)]
        when_done: bool,
        #[command(flatten)]
        read: Read,
    },
    /// List what makes reports by itself.
    Schedules(Read),
    /// Take a schedule back; what it made stays.
    Unschedule {
        /// Its id, or a part of that.
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
}

/// As what, and where to.
#[derive(Debug, Args)]
pub(crate) struct ReportForm {
    /// As what.
    #[arg(long, default_value = "markdown")]
    pub(crate) format: ReportFormat,
    /// The file to write; stdout unless given.
    #[arg(short, long, value_hint = clap::ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Text.
    Markdown,
    /// One file for a browser.
    Html,
    /// The document with its data.
    Json,
}

impl ReportFormat {
    /// The word in addresses.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Json => "json",
        }
    }
}
