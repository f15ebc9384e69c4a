//! What each command does.

pub(crate) mod alerts;
pub(crate) mod artifacts;
mod assistant;
pub(crate) mod briefs;
pub(crate) mod costs;
mod credits;
pub(crate) mod demo;
mod desk;
pub(crate) mod doctor;
mod events;
pub(crate) mod experiments;
pub(crate) mod export;
pub(crate) mod families;
pub(crate) mod far;
pub(crate) mod import;
mod installing;
mod joining;
mod mcp;
pub(crate) mod models;
pub(crate) mod monitor;
pub(crate) mod named;
mod reports;
pub(crate) mod run_file;
mod run_id;
mod run_list;
pub(crate) mod runs;
pub(crate) mod simulate;
pub(crate) mod sync;
pub(crate) mod tasks;
pub(crate) mod templates;
pub(crate) mod tokens;
pub(crate) mod train;
mod verification;
pub(crate) mod workers;
pub(crate) mod workspaces;

use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::{
    cli::{Cli, Command},
    serve::{self, With},
};

/// Carries out what was asked for.
pub(crate) async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        None => return serve::run(cli.up, With::Worker).await,
        Some(Command::Up(up)) => return serve::run(up, With::Worker).await,
        Some(Command::Hub(up)) => return serve::run(up, With::Nobody).await,
        Some(Command::Demo(demo)) => return demo::run(demo).await,
        Some(Command::Doctor(doctor)) => return doctor::run(doctor).await,
        Some(Command::Monitor(monitor)) => return monitor::run(monitor).await,
        Some(Command::SshMonitor(monitor)) => return far::watch(*monitor).await,
        Some(Command::MonitorServer(server)) => return far::serve(server).await,
        Some(Command::Experiments(experiments)) => {
            let command = Some(experiments.meant().unwrap_or_else(|error| error.exit()));
            return Box::pin(run(Cli { command, ..cli })).await;
        }
        Some(Command::Simulate(options)) => return simulate::run(&options),
        Some(Command::Template(command)) => return templates::run(command).await,
        Some(Command::Worker(worker)) => workers::run(worker).await?,
        Some(Command::Brief(command)) => briefs::run(command).await?,
        Some(Command::Family(command)) => families::run(command).await?,
        Some(Command::Experiment(command)) => experiments::run(command).await?,
        Some(Command::Task(command)) => tasks::run(command).await?,
        Some(Command::Run(run)) => match run.command {
            Some(command) => runs::run(command).await?,
            None => return run_file::run(run.file).await,
        },
        Some(Command::Model(command)) => models::run(command).await?,
        Some(Command::Export(command)) => export::run(*command).await?,
        Some(Command::Import(command)) => import::run(command).await?,
        Some(Command::Sync(command)) => sync::run(command).await?,
        Some(Command::Cost(command)) => costs::cost(command).await?,
        Some(Command::Budget(command)) => costs::budget(command).await?,
        Some(Command::Credits(command)) => credits::run(command).await?,
        Some(Command::Verification(command)) => verification::run(command).await?,
        Some(Command::Ask(asked)) => assistant::run(asked).await?,
        Some(Command::Report(command)) => reports::run(command).await?,
        Some(Command::Mcp(mcp)) => mcp::run(&mcp).await?,
        Some(Command::Alert(command)) => alerts::run(command).await?,
        Some(Command::Token(command)) => tokens::run(command).await?,
        Some(Command::Completion { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "cupola", &mut script);
            crate::output::raw(&script);
        }
        Some(Command::Bench(bench)) => crate::bench::run(bench).await?,
        Some(Command::Train { .. }) => unreachable!("`train` is taken before the others"),
    }
    Ok(ExitCode::SUCCESS)
}
