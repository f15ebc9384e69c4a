//! A workspace behind a real `sshd`, in a real terminal: this program is on both sides.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use cupola_monitor::words::quoted;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    console::{HASH, workspace},
    sshd::{Sshd, ran},
    support,
    tmux::{PATIENCE, Tmux},
};

/// What stands on the command line; the far side leaves its number in `pid`.
fn arguments(sshd: &Sshd, workspace: &Path, pid: &Path) -> Vec<String> {
    let script = format!(
        "echo $$ >{}; exec \"$0\" \"$@\"",
        quoted(pid.to_str().unwrap())
    );
    let cupola = quoted(env!("CARGO_BIN_EXE_cupola"));
    let words = [
        "ssh-monitor",
        "lab",
        workspace.to_str().unwrap(),
        "-o",
        &format!("-F {}", sshd.config().display()),
        "--remote-shell-init",
        "echo Welcome to the lab >&2",
        "--remote-cupola",
        &format!("sh -c {} {cupola}", quoted(&script)),
    ];
    words.map(str::to_owned).into()
}

/// Whether a process is there that was called with these words behind each other.
fn is_called(words: &[&str]) -> bool {
    let wanted = words.join("\0");
    let processes = fs::read_dir("/proc").unwrap();
    let mut called = processes.filter_map(|process| {
        let command = fs::read(process.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&command).into_owned())
    });
    called.any(|command| command.contains(&wanted))
}

/// A job of the workspace, by the first letter of its id.
fn job(workspace: &Path, first: char) -> PathBuf {
    let id = format!("{first}{}", &HASH[1..]);
    workspace.join("jobs/demo.train").join(id)
}

/// Makes a job one that runs: its process is this test's.
fn runs(job: &Path) {
    for end in ["train.done", "train.failed"] {
        // It has one of them.
        let _ = fs::remove_file(job.join(end));
    }
    let status = job.join(".experimaestro/status.json");
    let text = fs::read_to_string(&status).unwrap();
    let text = text.replace("\"done\"", "\"running\"");
    fs::write(&status, text.replace("\"error\"", "\"running\"")).unwrap();
    let host = ran(&["uname", "-n"]);
    let number = std::process::id();
    let process = json!({"type": "local", "pid": number, "host": host.trim()});
    fs::write(job.join("train.pid"), process.to_string()).unwrap();
}

/// It fails, and its process is noted no more.
fn fails(job: &Path, reason: &str) {
    let why = json!({"code": 1, "reason": reason});
    fs::write(job.join("train.failed"), why.to_string()).unwrap();
    fs::remove_file(job.join("train.pid")).unwrap();
}

/// One more experiment, which has no jobs.
fn begins(workspace: &Path, name: &str) {
    let run = workspace
        .join("experiments")
        .join(name)
        .join("20261121_110000");
    fs::create_dir_all(&run).unwrap();
    let status = json!({"version": 1, "experiment_id": name, "run_id": "20261121_110000",
        "status": "done", "hostname": "vm", "started_at": "2026-11-21T11:00:00", "job_states": {}});
    fs::write(run.join("status.json"), status.to_string()).unwrap();
    fs::write(run.join("jobs.jsonl"), "").unwrap();
}

#[test]
fn a_far_workspace_is_followed_lost_and_found_again() {
    let (sshd, made, beside) = (Sshd::start(), workspace(), TempDir::new().unwrap());
    runs(&job(made.path(), 'a'));
    runs(&job(made.path(), 'b'));
    let pid = beside.path().join("pid");
    let words = arguments(&sshd, made.path(), &pid);
    let line: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    let cache = format!("XDG_CACHE_HOME={}", quoted(beside.path().to_str().unwrap()));
    let Some(tmux) = Tmux::running(&line.join(" "), &cache) else {
        return;
    };
    tmux.sees("live");
    tmux.sees("grid");
    tmux.press("Enter");
    tmux.sees("3 jobs");
    let began = Instant::now();
    fails(&job(made.path(), 'b'), "memory");
    tmux.sees("✗ memory");
    println!("a change of a job was seen after {:?}", began.elapsed());

    tmux.press("l");
    tmux.sees("the last line");
    let began = Instant::now();
    for first in ['a', 'b', 'c'] {
        let log = job(made.path(), first).join("train.out");
        let mut log = fs::OpenOptions::new().append(true).open(log).unwrap();
        log.write_all(b"written meanwhile\n").unwrap();
    }
    tmux.sees("written meanwhile");
    println!("a line of a log was seen after {:?}", began.elapsed());
    tmux.press("q");
    tmux.sees("Log *");
    tmux.press("w");
    tmux.sees("[SSH] Welcome to the lab");
    tmux.press("j");

    let number = fs::read_to_string(&pid).unwrap();
    ran(&["kill", "-9", number.trim()]);
    tmux.sees("away: ");
    fails(&job(made.path(), 'a'), "timeout");
    tmux.sees("3 jobs");
    tmux.sees("● live");
    tmux.sees("✗ timeout");
    assert_ne!(
        fs::read_to_string(&pid).unwrap(),
        number,
        "another one answers"
    );

    tmux.press("q");
    tmux.sees("ended with 0");
    tmux.is_restored();
    let config = sshd.config();
    let began = Instant::now();
    while is_called(&["-F", config.to_str().unwrap()])
        || is_called(&["monitor-server", "--workdir", made.path().to_str().unwrap()])
    {
        assert!(began.elapsed() < PATIENCE, "nothing of it is left");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Experiments begin until it is told of one. What the program says to people.
fn check_events(viewer: &mut Command, workspace: &Path) -> String {
    let viewer = viewer
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut viewer = support::Process {
        child: viewer.spawn().unwrap(),
    };
    let (lines, told) = mpsc::channel();
    let out = BufReader::new(viewer.child.stdout.take().unwrap());
    thread::spawn(move || {
        out.lines()
            .map_while(Result::ok)
            .try_for_each(|line| lines.send(line))
    });
    let began = Instant::now();
    let mut names = 0;
    let event = loop {
        names += 1;
        begins(workspace, &format!("later-{names}"));
        let told = told
            .recv_timeout(Duration::from_secs(1))
            .unwrap_or_default();
        let event: Value = serde_json::from_str(&told).unwrap_or_default();
        if event["event"] == "experiment" {
            break event;
        }
        assert!(began.elapsed() < PATIENCE, "{told}");
    };
    let name = event["experiment"].as_str().unwrap();
    assert!(name.starts_with("later-"), "{event}");
    assert!(event["time"].as_str().unwrap().starts_with("20"), "{event}");
    assert_eq!(viewer.interrupt(), Some(0));
    let mut said = String::new();
    viewer
        .child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    said
}

#[test]
fn events_are_printed_without_an_interface() {
    let (sshd, made, beside) = (Sshd::start(), workspace(), TempDir::new().unwrap());
    let mut words = arguments(&sshd, made.path(), &beside.path().join("pid"));
    words.extend(["--events-viewer", "--events-format", "json"].map(str::to_owned));
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let said = check_events(&mut support::cupola(beside.path(), &words), made.path());
    assert!(said.contains("[SSH] Welcome to the lab\n"), "{said}");
}

#[test]
fn events_of_a_folder_are_printed_wherever_its_option_stands() {
    let (made, beside) = (workspace(), TempDir::new().unwrap());
    let folder = made.path().to_str().unwrap();
    let events = ["--events-viewer", "--events-format", "json"];
    for words in [
        &["monitor", "--workdir", folder][..],
        &["experiments", "--workdir", folder, "monitor"],
        &["experiments", "monitor", "--workdir", folder],
        &[
            "experiments",
            "monitor",
            "--workdir",
            folder,
            "--watcher",
            "polling",
            "--polling-interval",
            "0.1",
        ],
    ] {
        let words = [words, &events].concat();
        check_events(&mut support::cupola(beside.path(), &words), made.path());
    }
}
