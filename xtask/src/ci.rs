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
    python()?;
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

/// The Python module's tests, and its types where mypy is installed.
fn python() -> anyhow::Result<()> {
    let tests = ["-m", "unittest", "discover", "-s", "tests", "-t", "."];
    pass("python", python3(&tests).env("PYTHONPATH", "src"))?;
    let has_mypy = python3(&["-m", "mypy", "--version"])
        .output()
        .is_ok_and(|o| o.status.success());
    if has_mypy {
        pass("python types", &mut python3(&["-m", "mypy"]))?;
    }
    Ok(())
}

fn step(name: &str, args: &[&str], env: &[(&str, &str)]) -> anyhow::Result<()> {
    pass(name, cargo(args).envs(env.iter().copied()))
}

fn pass(name: &str, command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let args: Vec<_> = command
        .get_args()
        .map(|arg| arg.to_string_lossy())
        .collect();
    say(&format!("── {name}: {program} {}", args.join(" ")));
    let started = Instant::now();
    let status = command.status();
    let status = status.with_context(|| format!("failed to start {program} for {name}"))?;
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

#[expect(
    clippy::disallowed_methods,
    reason = "the Python module is tested by the Python of this machine"
)]
fn python3(args: &[&str]) -> Command {
    let mut command = Command::new("python3");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk/python");
    command.args(args).current_dir(folder);
    command
}
