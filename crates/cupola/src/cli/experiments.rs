//! `cupola experiment …`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Connect, Paging, Read, Workdir};

/// An experiment is named by its id, by a part of it that no other begins or ends with, or by its name.
#[derive(Debug, Subcommand)]
pub(crate) enum Experiment {
    /// List experiments, the latest first.
    List {
        /// Only those whose name or id contains this.
        #[arg(long)]
        search: Option<String>,
        /// Only those in this state.
        #[arg(long)]
        status: Option<String>,
        /// Only those of this template.
        #[arg(long)]
        template: Option<String>,
        /// What briefs made too.
        #[arg(long)]
        families: bool,
        /// `created`, `updated` or `name`; with `-` before it the other way round.
        #[arg(long, allow_hyphen_values = true)]
        sort: Option<String>,
        #[command(flatten)]
        workdir: Workdir,
        #[command(flatten)]
        paging: Paging,
        #[command(flatten)]
        read: Read,
    },
    /// Show an experiment.
    Show {
        experiment: String,
        #[command(flatten)]
        read: Read,
    },
    /// Make an experiment; `start` runs it.
    New(Box<ExperimentNew>),
    /// Change what its next runs will be; what is not named stays.
    Edit(Box<ExperimentEdit>),
    /// Run it as it is now.
    Start {
        experiment: String,
        /// How many runs.
        #[arg(long, default_value_t = 1)]
        runs: u32,
        #[command(flatten)]
        read: Read,
    },
    /// Make another of the same.
    Clone {
        experiment: String,
        /// The name of the new one; the old one's unless given.
        #[arg(long)]
        name: Option<String>,
        #[command(flatten)]
        read: Read,
    },
    /// Stop what is left of it.
    Cancel {
        experiment: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Let go of the device class that its tasks keep to: they keep to that of the machine that takes the next.
    ReleaseClass {
        /// An experiment, or the id of a family.
        experiment: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Delete it with its runs; what still runs is stopped.
    Delete {
        experiment: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// List its runs, the latest first.
    Runs {
        experiment: String,
        #[command(flatten)]
        paging: Paging,
        #[command(flatten)]
        read: Read,
    },
    /// Show runs side by side, with what differs.
    Compare {
        /// Ids of runs; an experiment stands for its latest eight.
        #[arg(required = true)]
        runs: Vec<String>,
        /// Show what is the same too.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        read: Read,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ExperimentNew {
    /// Its name.
    pub name: String,
    /// What it runs.
    #[arg(long)]
    pub template: String,
    #[command(flatten)]
    pub settings: Settings,
    #[command(flatten)]
    pub read: Read,
}

#[derive(Debug, Args)]
pub(crate) struct ExperimentEdit {
    pub experiment: String,
    /// Its name.
    #[arg(long)]
    pub name: Option<String>,
    /// What it runs.
    #[arg(long)]
    pub template: Option<String>,
    #[command(flatten)]
    pub settings: Settings,
    #[command(flatten)]
    pub read: Read,
}

/// How an experiment's tasks are to be run.
#[derive(Debug, Args)]
pub(crate) struct Settings {
    /// What it is about.
    #[arg(long)]
    pub description: Option<String>,
    /// A file with the configuration as a JSON object; `-` reads it from stdin.
    #[arg(long)]
    pub config_file: Option<PathBuf>,
    /// A field of the configuration: `lr=0.001`, `layers.0.width=64`, `name='"text"'`; may be given
    /// several times. What is no JSON is text.
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub set: Vec<String>,
    /// The random seed; `none` gives each task its own.
    #[arg(long, allow_hyphen_values = true)]
    pub seed: Option<String>,
    /// Seconds that a task may take.
    #[arg(long)]
    pub time_budget: Option<f64>,
    /// A variable for the program; without a value it is taken out. May be given several times.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub environment: Vec<String>,
    /// Where the program starts, on the worker; empty for the run's own folder.
    #[arg(long)]
    pub working_folder: Option<String>,
    /// A tag; without a value it is taken off. May be given several times.
    #[arg(long = "tag", value_name = "NAME=VALUE")]
    pub tags: Vec<String>,
    /// Higher is leased first.
    #[arg(long, allow_hyphen_values = true)]
    pub priority: Option<i64>,
}
