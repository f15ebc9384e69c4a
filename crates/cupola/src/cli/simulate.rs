//! The options of `cupola simulate`.

use clap::Args;
use cupola_economy::{
    policy::Profile,
    simulation::{Faults, Mix},
};

/// A fleet of simulated workers, some of which cheat.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// What all chance follows from: the same seed gives the same output.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many workers there are at a time.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    pub workers: u32,
    /// How many tasks are to be done.
    #[arg(long, default_value_t = 300_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub tasks: u32,
    /// Who the workers are, in percent; whoever is not named is honest: `blatant=10,colluding=20`, or
    /// `honest`. Kinds: slow, flaky, blatant, stealth, sleeper, late-sleeper, colluding,
    /// colluding-stealth, colluding-sleeper, pessimist. Mostly honest with some of each, unless given.
    #[arg(long, value_name = "KIND=PERCENT,…")]
    pub mix: Option<Mix>,
    /// How careful the hub is: `lab`, `friends` or `open`.
    #[arg(long, default_value_t = Profile::default())]
    pub profile: Profile,
    /// What goes wrong besides: `none`, `usual` or `heavy`.
    #[arg(long, default_value = "usual")]
    pub faults: Faults,
    /// So many simulations, with this seed and the next ones, added up.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub seeds: u32,
    /// Print one JSON object as the last line instead of a table.
    #[arg(long)]
    pub json: bool,
}
