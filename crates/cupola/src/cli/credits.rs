//! The options of `cupola credits`.

use clap::{Args, Subcommand};

use super::Read;

#[derive(Debug, Subcommand)]
pub(crate) enum Credits {
    /// Show what you have, and all credits at a glance; with `--all` what everybody has.
    Balance {
        /// What everybody has; for operators.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        read: Read,
    },
    /// List transfers, the latest first: yours, unless you ask for others as an operator.
    History {
        /// Whose.
        #[arg(long)]
        person: Option<String>,
        /// Everybody's.
        #[arg(long, conflicts_with = "person")]
        all: bool,
        /// Only this kind, for instance `grant` or `release`.
        #[arg(long)]
        kind: Option<String>,
        /// Only those with lower numbers than this.
        #[arg(long)]
        before: Option<i64>,
        /// At most so many, up to 500.
        #[arg(long)]
        limit: Option<u32>,
        #[command(flatten)]
        read: Read,
    },
    /// Show who earned the most.
    Leaders {
        /// By team, not by person.
        #[arg(long)]
        teams: bool,
        /// Of so many last days, today included; of all when absent.
        #[arg(long)]
        days: Option<u32>,
        #[command(flatten)]
        read: Read,
    },
    /// Give somebody credits, as an operator.
    Grant {
        /// Whom.
        person: String,
        /// How many.
        amount: String,
        #[command(flatten)]
        why: Why,
        #[command(flatten)]
        read: Read,
    },
    /// Put right what people have, as an operator: `cupola credits transfer person:ann person:bob 5`.
    Transfer {
        /// `person:NAME`, or `issued`.
        from: String,
        /// `person:NAME`, or `issued`.
        to: String,
        /// How many.
        amount: String,
        #[command(flatten)]
        why: Why,
        #[command(flatten)]
        read: Read,
    },
    /// Show what a run earned, with its receipts, and check them.
    Receipts {
        /// The run's id.
        run: String,
        #[command(flatten)]
        read: Read,
    },
    /// Go through the whole ledger: every receipt and every balance. Ends with 1 if anything is wrong.
    Verify(Read),
    /// Show what became of a brief's budget, or raise it.
    Budget {
        /// The brief's id, a part of it, or its title.
        brief: String,
        /// Raise it to this: how much it may spend in all from now on.
        #[arg(long, alias = "raise", value_name = "CREDITS")]
        to: Option<String>,
        #[command(flatten)]
        read: Read,
    },
}

/// Why an operator moves credits.
#[derive(Debug, Args)]
pub(crate) struct Why {
    /// Why; it stands in the ledger for good.
    #[arg(long)]
    pub note: String,
    /// What it is known by, so that asking twice moves it once.
    #[arg(long, default_value = "")]
    pub key: String,
}
