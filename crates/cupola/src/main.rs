//! The binary: command line, configuration, telemetry, wiring. It alone reads the environment and
//! the clocks.

mod arguments;
mod bench;
mod cli;
mod commands;
mod config;
mod connection;
mod data;
mod deliver;
mod desk;
mod exit;
mod files;
mod hub_source;
mod listening;
mod membership;
mod output;
mod policy;
mod quiet;
mod serve;
mod service;
mod services;
mod tls;
mod watched;
mod world;

use std::{process::ExitCode, time::Instant};

use clap::Parser as _;

fn main() -> ExitCode {
    let started = Instant::now();
    // What starts programs is this program anew: before anything else takes memory.
    cupola_process::starter::attend();
    // The trainer is a program of its own: it needs no runtime and reads its own arguments.
    if let Some(code) = commands::train::run_if_asked(started) {
        return code;
    }
    arguments::hide_secrets();
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return arguments::refuse(&error),
    };
    telemetry(cli.verbose);
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return exit::report(&anyhow::Error::new(error)),
    };
    let ended = runtime.block_on(commands::run(cli));
    // A blocking call that hangs must not hold the exit up: everything durable has been committed.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match ended {
        Ok(code) => code,
        Err(error) => exit::report(&error),
    }
}

/// Logs go to stderr: stdout belongs to what was asked for.
fn telemetry(verbose: u8) {
    let default = match verbose {
        // What a client is refused by MCP is its own affair.
        0 => "warn,rmcp=error",
        1 => "info",
        _ => "debug",
    };
    let filter = std::env::var("CUPOLA_LOG").unwrap_or_else(|_| default.to_owned());
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(|| quiet::Logs)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        .init();
}
