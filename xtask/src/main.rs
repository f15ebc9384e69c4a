//! Automation: `cargo xtask ci` is the same list here and everywhere.

mod ci;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask ci      everything that must pass: fmt, clippy, tidy, tests, docs
       cargo xtask tidy    the rules that no compiler knows";

fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        Some("ci") => ci::run(),
        Some("tidy") => tidy::run(),
        _ => Err(anyhow::anyhow!("{USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Progress and mistakes go to stderr.
fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
