//! Everything that must pass, cheapest first.

use std::{process::Command, time::Instant};

use anyhow::{Context as _, ensure};

use crate::say;

/// Runs the list; stops at the first step that fails.
pub(crate) fn run() -> anyhow::Result<()> {
    let started = Instant::now();
    step("fmt", &["fmt", "--all", "--check"], &[])?;
    step(
        "clippy",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "--deny",
            "warnings",
        ],
        &[],
    )?;
    crate::tidy::run()?;
    tests()?;
    step(
        "docs",
        &[
            "doc",
            "--workspace",
            "--no-deps",
            "--locked",
            "--document-private-items",
        ],
        &[("RUSTDOCFLAGS", "--deny warnings")],
    )?;
    say(&format!("all passed in {} s", started.elapsed().as_secs()));
    Ok(())
}

/// `nextest` where it is installed: it runs test binaries side by side and ends what hangs.
fn tests() -> anyhow::Result<()> {
    let has_nextest = cargo(&["nextest", "--version"])
        .output()
        .is_ok_and(|o| o.status.success());
    if has_nextest {
        step(
            "tests",
            &[
                "nextest",
                "run",
                "--workspace",
                "--locked",
                "--no-fail-fast",
            ],
            &[],
        )?;
    } else {
        step("tests", &["test", "--workspace", "--locked"], &[])?;
    }
    // Examples in documentation are compiled too; nextest does not run them.
    step(
        "doc tests",
        &["test", "--workspace", "--doc", "--locked"],
        &[],
    )
}

fn step(name: &str, args: &[&str], env: &[(&str, &str)]) -> anyhow::Result<()> {
    say(&format!("── {name}: cargo {}", args.join(" ")));
    let started = Instant::now();
    let status = cargo(args).envs(env.iter().copied()).status();
    let status = status.with_context(|| format!("failed to start cargo for {name}"))?;
    ensure!(status.success(), "{name} failed");
    say(&format!(
        "── {name}: passed in {} s",
        started.elapsed().as_secs()
    ));
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "automation is no run: it inherits everything"
)]
fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    command
}
