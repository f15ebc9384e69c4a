//! Machines join a hub by TLS, prove to be one worker each, and leave.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use cupola_client::Client;
use cupola_protocol::{joining::NewEnrolment, workers::WorkerBody};

use crate::support::{Process, SECRET, TestHub, cupola, eventually, run};

/// A hub that encrypts with a certificate of its own.
fn encrypted() -> TestHub {
    TestHub::start_configured("[tls]\nenabled = true\n")
}

/// The hub's address with the fingerprint, as this machine's command line finds it.
fn pinned(hub: &TestHub) -> String {
    let path = hub.folder.path().join("data/hub.json");
    let kept: serde_json::Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    kept["url"].as_str().unwrap().to_owned()
}

fn client(hub: &TestHub) -> Client {
    Client::new(&pinned(hub), SECRET).unwrap()
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    String::from_utf8_lossy(out).into_owned() + &String::from_utf8_lossy(err)
}

/// A code for so many machines, as the command line prints it.
fn code(hub: &TestHub, uses: &str) -> String {
    let made = run(
        hub.folder.path(),
        &["token", "worker", "--owner", "ann", "--uses", uses],
    );
    assert!(made.status.success(), "{}", said(&made));
    let line = String::from_utf8(made.stdout).unwrap();
    let code = line.trim().strip_prefix("cupola worker --join ");
    code.unwrap_or_else(|| panic!("no command: {line}"))
        .to_owned()
}

fn state(hub: &TestHub, name: &str) -> PathBuf {
    hub.folder.path().join(name)
}

/// An agent with this folder, and what it says on stderr once it has ended.
fn agent(hub: &TestHub, state: &Path, args: &[&str]) -> Process {
    let mut command = cupola(hub.folder.path(), &["worker", "--name", "box", "--state"]);
    let child = command
        .arg(state)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    Process { child }
}

/// With which code it ended, and its last words.
fn ended(mut agent: Process) -> (Option<i32>, String) {
    let mut said = String::new();
    agent
        .child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    (agent.child.wait().unwrap().code(), said)
}

async fn workers(hub: &TestHub) -> Vec<WorkerBody> {
    client(hub)
        .workers(&cupola_client::query::PageFilter::default())
        .await
        .unwrap()
        .items
}

async fn online(hub: &TestHub) -> WorkerBody {
    eventually("a worker", || async {
        let workers = workers(hub).await;
        workers.into_iter().find(|worker| worker.status == "online")
    })
    .await
}

#[tokio::test]
async fn a_machine_joins_by_tls_works_leaves_and_joins_anew() {
    let hub = encrypted();
    assert!(hub.url.starts_with("https://"), "{}", hub.url);
    let state = state(&hub, "box");
    let first = agent(&hub, &state, &["--join", &code(&hub, "1")]);
    let worker = online(&hub).await;
    let brief = serde_json::json!({
        "goal": "test", "template": "fine", "num_tasks": 1, "time_budget": 5,
    });
    let made = client(&hub)
        .create_brief(&serde_json::from_value(brief).unwrap())
        .await
        .unwrap();
    eventually("a run that ended", || async {
        let family = client(&hub)
            .family(&made.brief.family.family_id)
            .await
            .unwrap();
        (family.family.status == "completed").then_some(())
    })
    .await;
    drop(first);
    let before = client(&hub).worker(&worker.worker_id).await.unwrap();
    // From now on it knows its hub.
    let second = agent(&hub, &state, &[]);
    let back = eventually("its next start", || async {
        let worker = online(&hub).await;
        (worker.last_heartbeat > before.last_heartbeat).then_some(worker)
    })
    .await;
    assert_eq!(back.worker_id, worker.worker_id);
    let state_text = state.to_string_lossy().into_owned();
    let left = run(
        hub.folder.path(),
        &["worker", "leave", "--state", &state_text],
    );
    assert!(left.status.success(), "{}", said(&left));
    let (code_of_end, last_words) = ended(second);
    assert_eq!(code_of_end, Some(77), "{last_words}");
    assert!(last_words.contains("has left its hub"), "{last_words}");
    assert!(workers(&hub).await.is_empty());
    for gone in ["hub.json", "worker.json", "leaving"] {
        assert!(!state.join(gone).exists(), "{gone}");
    }
    let (nobody, last_words) = ended(agent(&hub, &state, &[]));
    assert_eq!(nobody, Some(77));
    assert!(last_words.contains("has joined no hub"), "{last_words}");
    let _third = agent(&hub, &state, &["--join", &code(&hub, "1")]);
    assert_ne!(online(&hub).await.worker_id, worker.worker_id);
}

#[tokio::test]
async fn a_copy_of_a_worker_is_refused_and_its_owner_is_told() {
    let hub = encrypted();
    let (one, copy) = (state(&hub, "one"), state(&hub, "copy"));
    let _first = agent(&hub, &one, &["--join", &code(&hub, "1")]);
    let worker = online(&hub).await;
    fs::create_dir(&copy).unwrap();
    for file in ["hub.json", "worker.json"] {
        // The hub knows of a worker a moment before the worker has written down who it is.
        eventually(file, || async {
            fs::copy(one.join(file), copy.join(file)).ok()
        })
        .await;
    }
    let mut second = agent(&hub, &copy, &[]);
    eventually("a word to its owner", || async {
        let found = client(&hub).worker(&worker.worker_id).await.unwrap();
        found.rival
    })
    .await;
    assert!(
        second.child.try_wait().unwrap().is_none(),
        "it waits whether the other goes"
    );
    let found = online(&hub).await;
    assert_eq!(
        (found.worker_id, found.name),
        (worker.worker_id, "box".to_owned())
    );
}

#[tokio::test]
async fn a_code_lets_in_as_many_as_it_says_and_the_same_machine_again() {
    let hub = encrypted();
    let code = code(&hub, "1");
    let (one, other) = (state(&hub, "one"), state(&hub, "other"));
    let first = agent(&hub, &one, &["--join", &code]);
    let worker = online(&hub).await;
    let (refused, last_words) = ended(agent(&hub, &other, &["--join", &code]));
    assert_eq!(refused, Some(1));
    assert!(last_words.contains("is used up"), "{last_words}");
    assert!(!other.join("hub.json").exists());
    drop(first);
    let _again = agent(&hub, &one, &["--join", &code]);
    assert_eq!(online(&hub).await.worker_id, worker.worker_id);
}

#[test]
fn another_certificate_than_the_codes_is_not_trusted() {
    let (hub, other) = (encrypted(), encrypted());
    let address = format!("{}#{}", hub.url, pinned(&other).split_once('#').unwrap().1);
    let refused = run(
        hub.folder.path(),
        &["worker", "list", "--hub", &address, "--token", SECRET],
    );
    assert!(!refused.status.success());
    assert!(
        said(&refused).contains("somebody in between"),
        "{}",
        said(&refused)
    );
    let unpinned = run(
        hub.folder.path(),
        &["worker", "list", "--hub", &hub.url, "--token", SECRET],
    );
    assert!(said(&unpinned).contains("#sha256="), "{}", said(&unpinned));
    let plain = hub.url.replace("https:", "http:");
    let plain = run(
        hub.folder.path(),
        &["worker", "list", "--hub", &plain, "--token", SECRET],
    );
    assert!(said(&plain).contains("https://"), "{}", said(&plain));
}

#[tokio::test]
async fn a_certificate_stays_when_a_hub_starts_again() {
    let mut hub = encrypted();
    let before = pinned(&hub);
    hub.process.kill();
    hub.restart();
    assert_eq!(pinned(&hub), before);
    client(&hub).whoami().await.unwrap();
    let mode = {
        use std::os::unix::fs::PermissionsExt as _;
        let file = hub.folder.path().join("data/tls.pem");
        fs::metadata(file).unwrap().permissions().mode() & 0o777
    };
    assert_eq!(mode, 0o600);
}

#[tokio::test]
async fn a_join_code_may_come_by_the_standard_input() {
    let hub = encrypted();
    let made = client(&hub)
        .create_enrolment(&NewEnrolment {
            name: String::new(),
            owner: String::new(),
            team: String::new(),
            uses: None,
            ttl_secs: None,
        })
        .await
        .unwrap();
    let state = state(&hub, "box");
    let mut command = cupola(hub.folder.path(), &["worker", "--join", "-", "--state"]);
    let mut child = command
        .arg(&state)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    {
        use std::io::Write as _;
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(made.join_code.as_bytes()).unwrap();
    }
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _agent = Process { child };
    let joined = lines.next().unwrap().unwrap();
    assert!(joined.contains("as a worker of administrator"), "{joined}");
    online(&hub).await;
}

#[test]
fn a_unit_is_one_that_systemd_understands() {
    let folder = tempfile::tempdir().unwrap();
    let shown = |args: &[&str]| {
        let output = run(
            folder.path(),
            &[&["worker", "install", "--dry-run"], args].concat(),
        );
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = shown(&["--for", "systemd", "--system", "--", "--slots", "2"]);
    let unit: Vec<_> = text
        .lines()
        .skip_while(|line| !line.starts_with("[Unit]"))
        .take_while(|line| !line.starts_with("systemctl"))
        .collect();
    assert!(text.contains("\"--slots\" \"2\""), "{text}");
    let path = folder.path().join("cupola-worker.service");
    fs::write(&path, unit.join("\n")).unwrap();
    verify(&path);
    assert!(shown(&["--for", "launchd"]).contains("<key>ProgramArguments</key>"));
    assert!(shown(&["--for", "windows"]).contains("sc.exe create CupolaWorker"));
}

/// Where systemd is, it says what it would not understand.
#[expect(
    clippy::disallowed_methods,
    reason = "systemd checks the unit as it is"
)]
fn verify(unit: &Path) {
    let checked = std::process::Command::new("systemd-analyze")
        .arg("verify")
        .arg(unit)
        .output();
    let Ok(checked) = checked else {
        return;
    };
    let said = said(&checked);
    let is_ours = |line: &&str| line.contains("cupola-worker.service");
    let complaints: Vec<_> = said.lines().filter(is_ours).collect();
    assert!(complaints.is_empty(), "{said}");
}
