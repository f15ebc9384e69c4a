//! The terminal interface in a real terminal: tmux has it, keys are pressed and the screen is read.
#![expect(clippy::disallowed_methods, reason = "kill is the test's own means")]

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::tmux::{PATIENCE, Tmux};

pub(crate) const HASH: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeeff0";

/// A workspace as Experimaestro leaves one: an experiment with three jobs.
pub(crate) fn workspace() -> TempDir {
    let folder = TempDir::new().unwrap();
    let root = folder.path();
    let run = root.join("experiments/grid/20261121_102500");
    fs::create_dir_all(&run).unwrap();
    fs::write(root.join(".__experimaestro__"), "").unwrap();
    let jobs = [("a", "done"), ("b", "error"), ("c", "done")];
    let mut lines = String::new();
    let mut known = serde_json::Map::new();
    for (at, (first, state)) in jobs.into_iter().enumerate() {
        let id = format!("{first}{}", &HASH[1..]);
        let lr = [0.1, 0.01, 0.001][at];
        job(root, &id, state, lr);
        let tags = serde_json::json!({"lr": lr});
        let line = serde_json::json!({"job_id": id, "task_id": "demo.train", "tags": tags, "timestamp": 1_795_000_000.0});
        writeln!(lines, "{line}").unwrap();
        known.insert(id, state.into());
    }
    fs::write(run.join("jobs.jsonl"), lines).unwrap();
    let status = serde_json::json!({
        "version": 1, "experiment_id": "grid", "run_id": "20261121_102500", "status": "done",
        "hostname": "vm", "started_at": "2026-11-21T10:25:00", "ended_at": "2026-11-21T10:30:00",
        "job_states": known, "services": {}, "actions": {}, "run_tags": [],
        "last_updated": "2026-11-21T10:30:00",
    });
    fs::write(run.join("status.json"), status.to_string()).unwrap();
    std::os::unix::fs::symlink("20261121_102500", root.join("experiments/grid/current")).unwrap();
    folder
}

fn job(root: &Path, id: &str, state: &str, lr: f64) {
    let folder = root.join("jobs/demo.train").join(id);
    fs::create_dir_all(folder.join(".experimaestro")).unwrap();
    let status = serde_json::json!({
        "job_id": id, "task_id": "demo.train", "path": folder, "state": state,
        "started_time": "2026-11-21T10:25:10", "ended_time": "2026-11-21T10:26:10", "progress": [],
    });
    fs::write(
        folder.join(".experimaestro/status.json"),
        status.to_string(),
    )
    .unwrap();
    let end = if state == "done" {
        "train.done"
    } else {
        "train.failed"
    };
    let why = if state == "done" {
        ""
    } else {
        r#"{"code":1,"reason":"failed"}"#
    };
    fs::write(folder.join(end), why).unwrap();
    let params = serde_json::json!({
        "version": 3, "workspace": root,
        "objects": [{"id": 1, "module": "demo", "type": "Train", "typename": "demo.train",
                     "identifier": id, "fields": {"lr": lr}}],
    });
    fs::write(folder.join("params.json"), params.to_string()).unwrap();
    fs::write(
        folder.join("train.out"),
        "epoch 1\nepoch 2\nthe last line\n",
    )
    .unwrap();
    fs::write(folder.join("train.err"), "a warning\n").unwrap();
}

#[test]
fn a_workspace_is_gone_through_with_keys() {
    let workspace = workspace();
    let arguments = format!("monitor --workdir {}", workspace.path().display());
    let Some(tmux) = Tmux::running(&arguments, "") else {
        return;
    };
    tmux.sees("grid");
    tmux.sees("✗ 1 failed");
    tmux.press("d");
    tmux.sees("Runs of grid");
    tmux.press("Escape");
    tmux.misses("Runs of grid");
    tmux.press("S D O Enter");
    tmux.sees("3 jobs");
    tmux.press("/");
    tmux.type_text("@state = 'DONE' and lr < 0.05");
    tmux.sees("1 of 3 jobs");
    tmux.press("Enter");
    tmux.sees("Filter: @state = 'DONE' and lr < 0.05");
    tmux.press("c");
    tmux.sees("  3 jobs");
    tmux.press("t");
    tmux.sees("▾ done  2 ✓2");
    tmux.press("E");
    tmux.misses("▾ done");
    tmux.press("e t T S D");
    tmux.sees("demo.train");
    tmux.press("Enter");
    tmux.sees("Parameters");
    tmux.press("l");
    tmux.sees("the last line");
    tmux.press("Tab");
    tmux.sees("a warning");
    tmux.press("f g G r q");
    tmux.sees("Parameters");
    tmux.press("Escape s");
    tmux.sees("There are no services.");
    tmux.press("j Escape");
    tmux.sees("Started");
    tmux.press("?");
    tmux.sees("Everywhere");
    tmux.press("q w");
    tmux.sees("the workspace has no log");
    tmux.press("q");
    tmux.sees("ended with 0");
    tmux.is_restored();
}

#[test]
fn a_change_on_the_disk_is_seen() {
    let workspace = workspace();
    let arguments = format!("monitor --workdir {}", workspace.path().display());
    let Some(tmux) = Tmux::running(&arguments, "") else {
        return;
    };
    tmux.sees("grid");
    tmux.press("Enter");
    tmux.sees("✗ failed");
    tmux.press("l");
    tmux.sees("the last line");
    let jobs = fs::read_dir(workspace.path().join("jobs/demo.train")).unwrap();
    for job in jobs {
        let path = job.unwrap().path().join("train.out");
        let mut log = fs::OpenOptions::new().append(true).open(path).unwrap();
        std::io::Write::write_all(&mut log, b"written meanwhile\n").unwrap();
    }
    tmux.sees("written meanwhile");
    let other = workspace.path().join("experiments/later/20261121_110000");
    fs::create_dir_all(&other).unwrap();
    let status = serde_json::json!({"version": 1, "experiment_id": "later", "run_id": "20261121_110000",
        "status": "done", "hostname": "vm", "started_at": "2026-11-21T11:00:00", "job_states": {}});
    fs::write(other.join("status.json"), status.to_string()).unwrap();
    fs::write(other.join("jobs.jsonl"), "").unwrap();
    tmux.press("q Escape");
    tmux.sees("later");
}

#[test]
fn a_path_reaches_the_clipboard_of_the_terminal() {
    let workspace = workspace();
    let arguments = format!("monitor --workdir {}", workspace.path().display());
    let Some(tmux) = Tmux::running(&arguments, "env -u DISPLAY -u WAYLAND_DISPLAY -u TMUX") else {
        return;
    };
    tmux.run(&["set", "-g", "set-clipboard", "on"]);
    tmux.sees("grid");
    tmux.press("f");
    tmux.sees("copied ");
    let began = Instant::now();
    let expected = workspace
        .path()
        .canonicalize()
        .unwrap()
        .join("experiments/grid");
    loop {
        let buffers = tmux
            .run(&["list-buffers", "-F", "#{buffer_sample}"])
            .unwrap();
        if String::from_utf8_lossy(&buffers.stdout).trim() == expected.display().to_string() {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{}", tmux.screen());
        thread::sleep(Duration::from_millis(20));
    }
}

/// The interface after a signal.
fn check_signal(signal: &str, expected: &str) {
    let workspace = workspace();
    let arguments = format!("monitor --workdir {}", workspace.path().display());
    let Some(tmux) = Tmux::running(&arguments, "NO_COLOR=1") else {
        return;
    };
    tmux.sees("grid");
    let pid = tmux.pid();
    let sent = Command::new("kill").args([signal, &pid]).status().unwrap();
    assert!(sent.success());
    tmux.sees(expected);
    tmux.is_restored();
}

#[test]
fn a_signal_ends_it_with_the_terminal_as_it_was() {
    check_signal("-TERM", "ended with 143");
    check_signal("-HUP", "ended with 129");
}

#[test]
fn a_folder_that_is_no_workspace_is_said_to_be_none() {
    let folder = TempDir::new().unwrap();
    let arguments = format!("monitor --workdir {}", folder.path().display());
    let Some(tmux) = Tmux::running(&arguments, "") else {
        return;
    };
    tmux.sees("is no workspace");
    tmux.sees("ended with 1");
    tmux.is_restored();
}

#[test]
fn an_experiment_file_is_watched_while_it_runs() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sleepy.yaml");
    fs::write(&file, "name: sleepy\ncommand: echo hello from $N && sleep 1\nenvironment:\n  N: '{n}'\ngrid:\n  n: [1, 2, 3]\n").unwrap();
    let arguments = format!(
        "run {} --console --data {}",
        file.display(),
        folder.path().join("data").display()
    );
    let Some(tmux) = Tmux::running(&arguments, "") else {
        return;
    };
    // Its row, not the file's name in the head.
    tmux.sees("sleepy      ");
    tmux.press("Enter");
    tmux.sees("3 jobs");
    tmux.sees("✓ done");
    tmux.press("l");
    tmux.sees("hello from");
    tmux.press("q Tab");
    tmux.press("BackTab BackTab");
    tmux.press("q");
    tmux.sees("ended with 0");
    tmux.is_restored();
}
