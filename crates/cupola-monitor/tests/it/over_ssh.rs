//! A workspace behind a real `sshd`.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::{Arc, mpsc::channel},
    thread,
    time::{Duration, Instant},
};

use cupola_monitor::{
    dial::Dial as _,
    remote::{Options, Remote},
    ssh::{FarProgram, Route, Ssh},
    words::quoted,
};
use cupola_workspace::{
    model::JobState,
    source::{Change, Connection, LogAsked, LogOf, SAID, Source as _, SourceError},
};

use super::{
    pipes::{Heard, LONG, options},
    sshd::{Sshd, ran},
    talking::{hear, wait_for},
    workspaces::{Made, experimaestro, key, now, our_server},
};

const CACHE_BYTES_MAX: u64 = 32 << 20;

impl Sshd {
    /// How to reach `workdir` by it.
    pub(crate) fn route(&self, workdir: &str, program: FarProgram) -> Route {
        Route {
            host: "lab".to_owned(),
            workdir: workdir.to_owned(),
            options: vec![format!("-F {}", self.config().display())],
            program,
            ..Route::default()
        }
    }
}

pub(crate) fn over(route: Route, cache: &Path, heard: &Heard) -> Result<Remote, SourceError> {
    let ssh = Ssh::new(route, cache, CACHE_BYTES_MAX)
        .map_err(|error| SourceError::Refused(error.to_string()))?;
    let options = Options {
        clock: Box::new(now),
        ..options(heard)
    };
    Remote::connect(Box::new(ssh), options)
}

fn ours() -> FarProgram {
    FarProgram::Cupola(quoted(&our_server()))
}

/// Ours, which first writes its process id into a file.
fn telling_its_pid(pid: &Path) -> FarProgram {
    let script = format!(
        "echo $$ >{}; exec \"$0\" \"$@\"",
        quoted(pid.to_str().unwrap())
    );
    FarProgram::Cupola(format!(
        "sh -c {} {}",
        quoted(&script),
        quoted(&our_server())
    ))
}

fn log_from(offset: Option<u64>) -> LogAsked {
    LogAsked {
        of: LogOf::Job(key(1)),
        stream: "stdout".to_owned(),
        offset,
        bytes: 100,
    }
}

#[test]
fn a_workspace_is_seen_read_and_followed() {
    let (sshd, made, heard) = (Sshd::start(), Made::with(3, 2), Heard::default());
    let route = Route {
        shell_init: Some("echo Welcome to the lab".to_owned()),
        ..sshd.route(made.root.to_str().unwrap(), ours())
    };
    let remote = over(route, &made.beside("cache"), &heard).unwrap();
    assert_eq!(remote.far_side(), "Cupola 0.1.0");
    let jobs = remote.jobs(None).unwrap();
    assert_eq!(jobs.len(), 3);
    assert_eq!(jobs[1].path, made.job(1));
    assert_eq!(remote.log(&log_from(Some(7))).unwrap().bytes, b"line 2\n");
    let heard = heard.lock().unwrap().clone();
    let serving = format!("serving {}", made.root.display());
    assert!(
        heard.contains(&"Welcome to the lab".to_owned()),
        "{heard:?}"
    );
    assert!(heard.contains(&serving), "{heard:?}");
    let said = LogAsked {
        of: LogOf::Workspace,
        stream: SAID.to_owned(),
        ..log_from(Some(0))
    };
    let said = String::from_utf8(remote.log(&said).unwrap().bytes).unwrap();
    // Two streams came, in whichever order.
    assert!(said.contains("[SSH] Welcome to the lab\n"), "{said}");

    let changes = remote.changes();
    let began = Instant::now();
    made.write(2, "train.failed", br#"{"code": 1, "reason": "failed"}"#);
    wait_for(&remote, &changes, |jobs| jobs[2].state == JobState::Error);
    println!("a change was seen after {:?}", began.elapsed());
}

#[test]
fn files_are_fetched_and_what_grew_is_added() {
    let (sshd, made) = (Sshd::start(), Made::new(2));
    let route = sshd.route(made.root.to_str().unwrap(), ours());
    let remote = over(route, &made.beside("my cache"), &Heard::default()).unwrap();
    let events = made.job(0).join("runs/-events.out.tfevents.1 *");
    fs::create_dir_all(events.parent().unwrap()).unwrap();
    fs::write(&events, vec![7; 3 << 20]).unwrap();
    let here = remote.fetched(&made.job(0).join("runs")).unwrap();
    assert!(here.starts_with(made.beside("my cache")));
    let copy = here.join(events.file_name().unwrap());
    assert_eq!(fs::read(&copy).unwrap(), fs::read(&events).unwrap());

    let whole: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(&events, &whole).unwrap();
    // A transfer that broke off has left a part.
    fs::write(&copy, &whole[..300_000]).unwrap();
    assert_eq!(remote.fetched(&events).unwrap(), copy);
    assert_eq!(fs::read(&copy).unwrap(), whole);
}

#[test]
fn what_is_larger_than_the_cache_is_told_as_such() {
    let (sshd, made) = (Sshd::start(), Made::new(1));
    let log = made.job(0).join("train.out");
    let route = sshd.route(made.root.to_str().unwrap(), ours());
    let remote = over(route, &made.beside("cache"), &Heard::default()).unwrap();
    assert_eq!(fs::read(remote.fetched(&log).unwrap()).unwrap().len(), 14);
    let bytes = usize::try_from(CACHE_BYTES_MAX).unwrap() + 1;
    fs::write(&log, vec![b'x'; bytes]).unwrap();
    let why = remote.fetched(&log).unwrap_err().to_string();
    assert!(
        why.contains("larger than the 32 MiB"),
        "what was fetched before is not the log: {why}"
    );
}

#[test]
fn a_folder_that_is_larger_than_the_cache_is_not_begun() {
    let (sshd, made) = (Sshd::start(), Made::new(1));
    let folder = made.job(0).join("checkpoints");
    fs::create_dir(&folder).unwrap();
    for name in ["a", "b", "c"] {
        let file = fs::File::create(folder.join(name)).unwrap();
        file.set_len(CACHE_BYTES_MAX / 2 - 1).unwrap();
    }
    let route = sshd.route(made.root.to_str().unwrap(), ours());
    let remote = over(route, &made.beside("cache"), &Heard::default()).unwrap();
    let why = remote.fetched(&folder).unwrap_err().to_string();
    assert!(
        why.contains("`jobs/") && why.contains("larger than the 32 MiB"),
        "{why}"
    );
    let came = ran(&["find", made.beside("cache").to_str().unwrap(), "-name", "a"]);
    assert_eq!(came, "");
    fs::remove_file(folder.join("c")).unwrap();
    let here = remote.fetched(&folder).unwrap();
    assert_eq!(fs::read_dir(here).unwrap().count(), 2);
}

#[test]
fn a_folder_in_place_of_a_log_is_not_brought() {
    let (sshd, made) = (Sshd::start(), Made::new(1));
    let log = made.job(0).join("train.out");
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    fs::write(log.join("large"), "x").unwrap();
    let route = sshd.route(made.root.to_str().unwrap(), ours());
    let ssh = Ssh::new(route, &made.beside("cache"), CACHE_BYTES_MAX).unwrap();
    let refused = ssh.fetch(&log, &made.root).unwrap_err();
    assert!(matches!(refused, SourceError::Unknown(_)), "{refused}");
}

#[test]
fn room_is_made_in_folders_that_nobody_may_write_to_there() {
    let (sshd, made) = (Sshd::start(), Made::new(1));
    ran(&["chmod", "-R", "a-w", made.job(0).to_str().unwrap()]);
    let route = sshd.route(made.root.to_str().unwrap(), ours());
    let remote = over(route, &made.beside("cache"), &Heard::default()).unwrap();
    let here = remote.fetched(&made.job(0)).unwrap();
    let is_ours = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o200 != 0;
    assert!(is_ours(&here) && is_ours(&here.join("train.out")));
    ran(&["chmod", "-R", "u+w", made.job(0).to_str().unwrap()]);
}

#[test]
fn what_is_not_in_the_workspace_is_not_fetched() {
    let (sshd, made) = (Sshd::start(), Made::new(1));
    std::os::unix::fs::symlink("/etc/hostname", made.job(0).join("link")).unwrap();
    let route = sshd.route(made.root.to_str().unwrap(), ours());
    let remote = over(route, &made.beside("cache"), &Heard::default()).unwrap();
    let refused = |path: &Path| remote.fetched(path).unwrap_err();
    let outside = refused(Path::new("/etc/hostname"));
    assert!(matches!(outside, SourceError::Refused(_)), "{outside}");
    let up = refused(&made.job(0).join("../../../../x"));
    assert!(matches!(up, SourceError::Refused(_)), "{up}");
    let missing = refused(&made.job(0).join("nothing"));
    assert!(matches!(missing, SourceError::Unknown(_)), "{missing}");
    let link = refused(&made.job(0).join("link"));
    assert!(matches!(link, SourceError::Unknown(_)), "{link}");
}

#[test]
fn a_remote_that_dies_is_reached_again() {
    let (sshd, made) = (Sshd::start(), Made::new(2));
    let pid = made.beside("pid");
    let route = sshd.route(made.root.to_str().unwrap(), telling_its_pid(&pid));
    let remote = over(route, &made.beside("cache"), &Heard::default()).unwrap();
    let changes = remote.changes();
    assert_eq!(remote.jobs(None).unwrap().len(), 2);
    ran(&["kill", "-9", fs::read_to_string(&pid).unwrap().trim()]);
    hear(&changes, |change| {
        matches!(change, Change::Connection(Connection::Away { .. }))
    });
    assert_eq!(remote.jobs(None).unwrap().len(), 2, "what is known stays");
    hear(&changes, |change| {
        *change == Change::Connection(Connection::Live)
    });
    assert_eq!(remote.job(&key(1)).unwrap().job.state, JobState::Done);
}

#[test]
fn nothing_is_left_behind() {
    let (sshd, made) = (Sshd::start(), Made::new(1));
    let pid = made.beside("pid");
    let route = sshd.route(made.root.to_str().unwrap(), telling_its_pid(&pid));
    let ssh = Ssh::new(route, &made.beside("cache"), CACHE_BYTES_MAX).unwrap();
    let argv = ssh.argv(false);
    let path = argv.iter().find_map(|it| it.strip_prefix("ControlPath="));
    let private = Path::new(path.unwrap()).parent().unwrap().to_owned();
    assert!(private.exists());
    let remote = Remote::connect(Box::new(ssh), options(&Heard::default())).unwrap();
    // Others may still hold it, as readers of an interface do.
    remote.close();
    assert!(!private.exists(), "the folder of the connection is gone");
    let server = fs::read_to_string(&pid).unwrap();
    let server = Path::new("/proc").join(server.trim());
    let began = Instant::now();
    while server.exists() {
        assert!(began.elapsed() < LONG, "the far server has ended");
        std::thread::yield_now();
    }
}

#[test]
fn leaving_ends_a_transfer_that_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let touched = folder.path().join("begun");
    let proxy = format!("sh -c 'touch {}; exec sleep 60'", touched.display());
    let route = Route {
        host: "nowhere".to_owned(),
        workdir: "/w".to_owned(),
        options: vec![format!("ProxyCommand={proxy}")],
        ..Route::default()
    };
    let ssh = Arc::new(Ssh::new(route, &folder.path().join("cache"), 1 << 20).unwrap());
    let fetching = Arc::clone(&ssh);
    let (to, ended) = channel();
    thread::spawn(move || to.send(fetching.fetch(Path::new("/w/a"), Path::new("/w"))));
    let began = Instant::now();
    while !touched.exists() {
        assert!(began.elapsed() < LONG, "it begins");
        thread::yield_now();
    }
    ssh.close();
    let fetched = ended.recv_timeout(Duration::from_secs(30));
    assert!(fetched.expect("it ended with that").is_err());
    let again = ssh.fetch(Path::new("/w/a"), Path::new("/w")).unwrap_err();
    assert!(again.to_string().contains("was left"), "{again}");
}

#[test]
fn what_is_wrong_is_said() {
    let (sshd, made) = (Sshd::start(), Made::new(1));
    let why = |route: Route| {
        let cache = made.beside("cache");
        let outcome = over(route, &cache, &Heard::default());
        outcome.err().expect("it does not work").to_string()
    };
    let check = |route: Route, words: &str| {
        let why = why(route);
        assert!(why.contains(words), "`{words}` is not in `{why}`");
    };
    let workdir = made.root.to_str().unwrap();
    check(sshd.route("/no/where", ours()), "/no/where");
    let missing = FarProgram::Cupola("/no/such/cupola".to_owned());
    check(sshd.route(workdir, missing), "was not found");
    let other_port = Route {
        options: vec![
            "Port=1".to_owned(),
            format!("-F {}", sshd.config().display()),
        ],
        ..sshd.route(workdir, ours())
    };
    check(other_port, "Connection refused");
    let option = Route {
        host: "-oProxyCommand=touch /tmp/x".to_owned(),
        ..sshd.route(workdir, ours())
    };
    check(option, "begins with `-`");
}

#[test]
fn experimaestro_there_is_seen_with_logs_and_parameters() {
    let sshd = Sshd::start();
    let folder = tempfile::tempdir().unwrap();
    super::workspaces::make(folder.path(), "grid");
    let cache = tempfile::tempdir().unwrap();
    let program = FarProgram::Experimaestro(quoted(&experimaestro()));
    let route = sshd.route(folder.path().to_str().unwrap(), program);
    let remote = over(route, cache.path(), &Heard::default()).unwrap();
    assert_eq!(remote.far_side(), "Experimaestro (protocol 2.0)");
    let jobs = remote.jobs(None).unwrap();
    let learn = jobs
        .iter()
        .find(|job| job.key.task.ends_with("learn"))
        .unwrap();
    let details = remote.job(&learn.key).unwrap();
    assert_eq!(details.parameters["model"]["name"], "small");
    assert_eq!(details.dependencies.len(), 1);
    let asked = LogAsked {
        of: LogOf::Job(learn.key.clone()),
        stream: "stdout".to_owned(),
        offset: None,
        bytes: 1000,
    };
    let log = remote.log(&asked).unwrap();
    assert_eq!(log.bytes, b"step 0\nstep 1\nstep 2\n");

    assert_eq!(
        remote.series(&learn.key, 100),
        Ok(Vec::new()),
        "it measured nothing"
    );
    fs::create_dir(learn.path.join("runs")).unwrap();
    let events = learn.path.join("runs/events.out.tfevents.1");
    fs::write(&events, [0; 100]).unwrap();
    fs::write(learn.path.join("runs/model.bin"), [0; 100]).unwrap();
    assert_eq!(
        remote.series(&learn.key, 100),
        Ok(Vec::new()),
        "that is no event"
    );
    let fetched = ran(&[
        "find",
        cache.path().to_str().unwrap(),
        "-name",
        "*tfevents*",
    ]);
    assert_eq!(fetched.lines().count(), 1, "{fetched}");
    let others = ran(&["find", cache.path().to_str().unwrap(), "-name", "model.bin"]);
    assert_eq!(others, "", "only events are fetched");
}

#[test]
fn the_title_says_where_it_is() {
    let cache = tempfile::tempdir().unwrap();
    let route = Route {
        host: "me@lab".to_owned(),
        workdir: "~/xp".to_owned(),
        ..Route::default()
    };
    let ssh = Ssh::new(route, cache.path(), 1).unwrap();
    assert_eq!(ssh.title(), "me@lab:~/xp");
    let argv = ssh.argv(true);
    let host = argv.iter().position(|word| word == "me@lab").unwrap();
    assert_eq!(argv[host - 1], "--");
    assert_eq!(argv.len(), host + 2, "all that is told there is one word");
}
