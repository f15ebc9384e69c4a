//! The options of `cupola brief`.

use clap::{Args, Subcommand};

use super::{Connect, Paging, Read};

#[derive(Debug, Subcommand)]
pub(crate) enum Brief {
    /// Write a brief; its tasks begin at once.
    Create(Box<BriefCreate>),
    /// List briefs, the latest first.
    List {
        /// Only those whose title, goal or id contains this.
        #[arg(long)]
        search: Option<String>,
        #[command(flatten)]
        paging: Paging,
        #[command(flatten)]
        read: Read,
    },
    /// Show a brief with its results.
    Show {
        /// Its id, a part of it, or its title.
        id: String,
        #[command(flatten)]
        read: Read,
    },
    /// Delete a brief with all that came of it.
    Delete {
        /// Its id.
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
}

#[derive(Debug, Args)]
pub(crate) struct BriefCreate {
    /// What you want to find out.
    pub goal: String,
    /// One line; the goal's first unless given.
    #[arg(long)]
    pub title: Option<String>,
    /// What its tasks run.
    #[arg(long, default_value = "char-lm")]
    pub template: String,
    /// How many tasks.
    #[arg(long, default_value_t = 10)]
    pub tasks: u32,
    /// Seconds for each.
    #[arg(long, default_value_t = 60.0)]
    pub time_budget: f64,
    /// How many credits may be spent.
    #[arg(long)]
    pub budget: Option<f64>,
    /// How urgent its tasks are beside others of yours; higher goes first.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    pub priority: i64,
    /// `small`, `medium`, `large`, or a class that the hub's configuration names.
    #[arg(long, default_value = "small")]
    pub hardware: String,
    /// `same` keeps all tasks to machines that compute the same bits.
    #[arg(long, default_value = "any", value_name = "any|same")]
    pub device_class: String,
    /// `random`, `grid` or `quasi_random`.
    #[arg(long, default_value = "random")]
    pub sampler: String,
    /// Which of the sampler's sequences.
    #[arg(long, default_value_t = 0)]
    pub study_seed: u64,
    /// A parameter of the search space: `lr='log_uniform(1e-4, 1e-2)'`, `n_layers=2`; may be given
    /// several times.
    #[arg(long = "set", value_name = "NAME=EXPRESSION")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub read: Read,
}
