//! The options of `cupola cost` and `cupola budget`.

use clap::{Args, Subcommand, ValueEnum};

use super::{Connect, Read};

/// What runs cost.
#[derive(Debug, Args)]
pub(crate) struct Cost {
    /// Told apart by.
    #[arg(long, value_enum, default_value = "model")]
    pub by: By,
    /// Of so many last days, today included, by UTC; of all when absent.
    #[arg(long)]
    pub days: Option<u32>,
    /// A line for each day too.
    #[arg(long)]
    pub daily: bool,
    #[command(flatten)]
    pub read: Read,
}

/// By what costs are told apart.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum By {
    /// All together.
    All,
    /// A run's tag `model`.
    Model,
    /// What the task belongs to.
    Experiment,
    /// The brief that asked for it.
    Brief,
    /// Who made the experiment.
    Person,
}

/// What a budget is to be.
#[derive(Debug, Args)]
pub(crate) struct BudgetSettings {
    /// For people; says what it is of when absent.
    #[arg(long)]
    pub name: Option<String>,
    /// How much.
    #[arg(long, allow_negative_numbers = true)]
    pub limit: Option<f64>,
    /// `total`, `month` or `day`.
    #[arg(long)]
    pub period: Option<String>,
    /// Whether nothing new is started once it is spent.
    #[arg(long, num_args = 0..=1, default_missing_value = "true")]
    pub hard: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Budget {
    /// List budgets, and how far they are spent.
    List(Read),
    /// Show a budget.
    Show {
        /// Its name or id.
        budget: String,
        #[command(flatten)]
        read: Read,
    },
    /// Make a budget; without a scope it is of all runs.
    Create {
        /// `all`, `model`, `experiment`, `brief` or `person`.
        #[arg(long, default_value = "all")]
        scope: String,
        /// Which one: a model's key, a person's name, an experiment's name or id, a brief's id.
        #[arg(long, default_value = "")]
        subject: String,
        #[command(flatten)]
        settings: BudgetSettings,
        #[command(flatten)]
        read: Read,
    },
    /// Change a budget: only what is given.
    Edit {
        /// Its name or id.
        budget: String,
        #[command(flatten)]
        settings: BudgetSettings,
        #[command(flatten)]
        read: Read,
    },
    /// Delete a budget; what it kept back goes on.
    Delete {
        /// Its name or id.
        budget: String,
        #[command(flatten)]
        connect: Connect,
    },
}
