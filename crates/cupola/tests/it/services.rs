//! Services that are started from a terminal, and what becomes of them.
#![expect(clippy::disallowed_methods, reason = "kill is the test's own means")]

use std::{
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{
    console::workspace,
    tmux::{PATIENCE, Tmux},
};

/// A configuration that declares a service, which leaves its number and that of its child.
fn configuration(folder: &Path, workspace: &Path) {
    let script = "sleep 600 & echo $$ $! > pids.new && mv pids.new \"$1\" && \
                  exec python3 -m http.server --bind 127.0.0.1 \"$2\"";
    let pids = folder.join("pids").display().to_string();
    let command = ["sh", "-c", script, "notes", &pids, "{port}"];
    let workspace = workspace.display().to_string();
    let text = format!(
        "[workspaces.lab]\npath = {workspace:?}\n[workspaces.lab.services.notes]\n\
         command = {command:?}\ndescription = \"My notes\"\n"
    );
    fs::create_dir_all(folder.join("cupola")).unwrap();
    fs::write(folder.join("cupola/cupola.toml"), text).unwrap();
}

fn pids(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("pids")).unwrap();
    text.split_whitespace().map(str::to_owned).collect()
}

fn is_there(pid: &str) -> bool {
    // A dead one that nobody has taken notice of yet has no memory.
    let statm = fs::read_to_string(format!("/proc/{pid}/statm")).unwrap_or_default();
    !(statm.is_empty() || statm.starts_with("0 "))
}

fn all_go(pids: &[String]) {
    let began = Instant::now();
    while pids.iter().any(|pid| is_there(pid)) {
        assert!(began.elapsed() < PATIENCE, "{pids:?} are there still");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_declared_service_is_started_stopped_and_ends_with_a_killed_terminal() {
    let (workspace, home) = (workspace(), TempDir::new().unwrap());
    configuration(home.path(), workspace.path());
    let arguments = format!("monitor --workdir {}", workspace.path().display());
    let environment = format!("XDG_CONFIG_HOME={}", home.path().display());
    let Some(tmux) = Tmux::running(&arguments, &environment) else {
        return;
    };
    tmux.sees("grid");
    tmux.press("s");
    tmux.sees("■ stopped");
    tmux.press("s");
    tmux.sees("▶ running");
    tmux.sees("http://127.0.0.1:");
    let first = pids(home.path());
    assert!(first.iter().all(|pid| is_there(pid)), "{first:?}");
    tmux.press("x");
    tmux.sees("■ stopped");
    all_go(&first);
    tmux.press("s");
    tmux.sees("▶ running");
    let second = pids(home.path());
    assert_ne!(first, second);
    let killed = Command::new("kill").args(["-9", &tmux.pid()]).status();
    assert!(killed.unwrap().success());
    all_go(&second);
}
