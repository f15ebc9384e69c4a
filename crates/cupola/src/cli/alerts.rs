//! `cupola alert …`

use clap::{Args, Subcommand};

use super::{Connect, Read};

#[derive(Debug, Subcommand)]
pub(crate) enum Alert {
    /// List the alerts that are not resolved, or all that are remembered.
    List {
        /// Only those that are `open`, `acknowledged` or `resolved`; several with commas between.
        #[arg(long)]
        state: Option<String>,
        /// Resolved ones too.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        read: Read,
    },
    /// Show an alert with its history.
    Show {
        id: String,
        #[command(flatten)]
        read: Read,
    },
    /// Say that you look after an alert.
    Ack {
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Say that what happened is dealt with; what lasts is resolved by itself.
    Close {
        id: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Make, change, mute and delete rules; close all that one found.
    #[command(subcommand)]
    Rule(Rule),
    /// Make, test and delete targets.
    #[command(subcommand)]
    Target(Target),
    /// List the messages that were sent and are to be sent.
    Messages(Read),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rule {
    /// List rules.
    List(Read),
    /// Make a rule.
    Create {
        /// What it is called.
        name: String,
        /// What its alerts are about: `metric loss > 10 for 5m where tags.team = a`.
        condition: String,
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        read: Read,
    },
    /// Change a rule; what is not named stays.
    Edit {
        /// Its name or id.
        rule: String,
        /// What it is called from now on.
        #[arg(long)]
        name: Option<String>,
        /// What its alerts are about from now on.
        condition: Option<String>,
        #[command(flatten)]
        how: How,
        #[command(flatten)]
        read: Read,
    },
    /// Tell nobody of a rule for a while.
    Mute {
        /// Its name or id.
        rule: String,
        /// For so many minutes; 0 for no longer.
        #[arg(long, default_value_t = 60)]
        minutes: u64,
        #[command(flatten)]
        connect: Connect,
    },
    /// Say that all failures that a rule found so far are dealt with.
    Close {
        /// Its name or id.
        rule: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Delete a rule with all that it found.
    Delete {
        /// Its name or id.
        rule: String,
        #[command(flatten)]
        connect: Connect,
    },
}

/// Who is told how often.
#[derive(Debug, Clone, Args)]
pub(crate) struct How {
    /// Who is told besides the page; may be given several times.
    #[arg(long = "target", value_name = "NAME")]
    pub targets: Vec<String>,
    /// At most one message in so many minutes; 5 unless given.
    #[arg(long, value_name = "MINUTES", allow_negative_numbers = true)]
    pub repeat: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Target {
    /// List targets, without their addresses.
    List(Read),
    /// Make a target. Its address is never shown again.
    Create {
        /// What it is called.
        name: String,
        /// `webhook`, `slack`, `discord` or `mail`.
        #[arg(long, default_value = "webhook")]
        kind: String,
        /// A URL, or recipients of mail with commas between them; `-` reads it from stdin.
        address: String,
        #[command(flatten)]
        read: Read,
    },
    /// Send a target a test.
    Test {
        /// Its name or id.
        target: String,
        #[command(flatten)]
        connect: Connect,
    },
    /// Delete a target with what was still to be told there.
    Delete {
        /// Its name or id.
        target: String,
        #[command(flatten)]
        connect: Connect,
    },
}
