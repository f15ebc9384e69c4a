//! The options of `cupola verification`.

use clap::Subcommand;

use super::Read;

#[derive(Debug, Subcommand)]
pub(crate) enum Verification {
    /// List checks of results, the latest first.
    List {
        /// Only those that are `open`, `at_work` or `settled`.
        #[arg(long)]
        stage: Option<String>,
        /// Only those that found `valid`, `noisy`, `wrong_worse`, `wrong_better`, `undecided` or `withdrawn`.
        #[arg(long)]
        finding: Option<String>,
        /// Only those of this owner's results.
        #[arg(long)]
        owner: Option<String>,
        /// Only those before this one.
        #[arg(long)]
        before: Option<String>,
        /// At most so many, up to 200.
        #[arg(long)]
        limit: Option<u32>,
        #[command(flatten)]
        read: Read,
    },
    /// Show a check with its evidence.
    Show {
        /// The check's id, or a part of it.
        check: String,
        #[command(flatten)]
        read: Read,
    },
    /// Show what is known of owners: trust, faults, bans.
    Owners(Read),
    /// Have a run's result checked, as an operator.
    Check {
        /// The run's id.
        run: String,
        #[command(flatten)]
        read: Read,
    },
    /// Ban an owner, as an administrator.
    Ban {
        /// Who.
        owner: String,
        /// Why.
        #[arg(long)]
        note: String,
        #[command(flatten)]
        read: Read,
    },
    /// Lift a ban, as an administrator.
    Lift {
        /// Who.
        owner: String,
        /// Why.
        #[arg(long)]
        note: String,
        #[command(flatten)]
        read: Read,
    },
}
