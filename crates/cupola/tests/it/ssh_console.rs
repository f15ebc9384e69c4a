//! A workspace behind a real `sshd`, in a real terminal: this program is on both sides.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use cupola_monitor::words::quoted;
use serde_json::Value;
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

fn ends(job: &Path, is_well: bool) {
    let (now, before) = if is_well {
        ("train.done", "train.failed")
    } else {
        ("train.failed", "train.done")
    };
    let state = if is_well { "done" } else { "error" };
    let status = job.join(".experimaestro/status.json");
    let text = fs::read_to_string(&status).unwrap();
    let other = if is_well { "error" } else { "done" };
    fs::write(&status, text.replace(other, state)).unwrap();
    fs::remove_file(job.join(before)).unwrap();
    let why = if is_well {
        ""
    } else {
        r#"{"code":1,"reason":"failed"}"#
    };
    fs::write(job.join(now), why).unwrap();
}

#[test]
fn a_far_workspace_is_followed_lost_and_found_again() {
    let (sshd, made, beside) = (Sshd::start(), workspace(), TempDir::new().unwrap());
    let pid = beside.path().join("pid");
    let words = arguments(&sshd, made.path(), &pid);
    let line: Vec<_> = words.iter().map(|word| quoted(word)).collect();
    let cache = format!("XDG_CACHE_HOME={}", quoted(beside.path().to_str().unwrap()));
    let Some(tmux) = Tmux::running(&line.join(" "), &cache) else {
        return;
    };
    tmux.sees("live");
    tmux.sees("✗ 1 failed");
    tmux.press("Enter");
    tmux.sees("3 jobs");
    tmux.sees("✗ failed");
    let folder = made.path().join("jobs/demo.train");
    let failed = folder.join(format!("b{}", &HASH[1..]));
    let began = Instant::now();
    ends(&failed, true);
    tmux.misses("✗ failed");
    println!("a change of a job was seen after {:?}", began.elapsed());

    tmux.press("l");
    tmux.sees("the last line");
    let began = Instant::now();
    for job in fs::read_dir(&folder).unwrap() {
        let log = job.unwrap().path().join("train.out");
        let mut log = fs::OpenOptions::new().append(true).open(log).unwrap();
        log.write_all(b"written meanwhile\n").unwrap();
    }
    tmux.sees("written meanwhile");
    println!("a line of a log was seen after {:?}", began.elapsed());
    tmux.press("q w");
    tmux.press("o");
    tmux.sees("[SSH] Welcome to the lab");
    tmux.press("j");

    let number = fs::read_to_string(&pid).unwrap();
    ran(&["kill", "-9", number.trim()]);
    tmux.sees("away: ");
    ends(&failed, false);
    tmux.sees("3 jobs");
    tmux.sees("● live");
    tmux.sees("✗ failed");
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

/// A job that ends otherwise, again and again until it was told. What the program says to people.
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
    let failed = workspace
        .join("jobs/demo.train")
        .join(format!("b{}", &HASH[1..]));
    let mut is_well = false;
    let began = Instant::now();
    let event = loop {
        is_well = !is_well;
        ends(&failed, is_well);
        let told = told
            .recv_timeout(Duration::from_secs(1))
            .unwrap_or_default();
        let event: Value = serde_json::from_str(&told).unwrap_or_default();
        if event["event"] == "job" {
            break event;
        }
        assert!(began.elapsed() < PATIENCE, "{told}");
    };
    assert_eq!(event["task"], "demo.train", "{event}");
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
