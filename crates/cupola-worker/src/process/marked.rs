//! What is left of a run whose supervisor was killed.
//!
//! A program may kill its own supervisor, out of malice or with a broad `kill`. It dies with it, but
//! its children fall back to the system. They are found by the mark in their environment.

use std::{fs, path::Path};

use cupola_process::kill;

/// After this many rounds whatever still forks is left alone.
const ROUNDS_MAX: usize = 20;

/// Kills every process that has `variable` in its environment, and says how many that were.
pub(crate) fn kill_all(variable: &str) -> usize {
    let mut killed = 0;
    for _ in 0..ROUNDS_MAX {
        let found = find(variable);
        if found.is_empty() {
            break;
        }
        killed += found.len();
        found.into_iter().for_each(kill);
    }
    killed
}

fn find(variable: &str) -> Vec<libc::pid_t> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| has_variable(*pid, variable))
        .collect()
}

/// Dead processes that wait to be reaped show no environment.
fn has_variable(pid: libc::pid_t, variable: &str) -> bool {
    let path = Path::new("/proc").join(pid.to_string()).join("environ");
    let environ = fs::read(path).unwrap_or_default();
    environ
        .split(|byte| *byte == 0)
        .any(|each| each == variable.as_bytes())
}
