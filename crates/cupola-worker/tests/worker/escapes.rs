//! A hostile program, run by a whole worker: what it tries, and what keeps it from it.
//!
//! The program is this test's own binary, started again as `hostile`. What it tries is the table of
//! `docs/sandbox.md`, which is held against [`ATTEMPTS`].

mod hostile;

use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    os::{linux::net::SocketAddrExt as _, unix::net::UnixListener},
    path::PathBuf,
};

use cupola_process::{groups::Groups, sandbox::Support};
use cupola_protocol::work::{AccessBody, Finished, RunOrder};
use cupola_worker::{Mode, Network, Sandbox};
use serde_json::Value;

use crate::support::{TestWorker, hub::FakeHub, order, processes};

/// What of a machine keeps a program from something.
#[derive(Debug, Clone, Copy)]
enum By {
    /// Landlock of this version.
    Landlock(u32),
    /// A filter of system calls.
    Filter,
    /// Either of the two.
    Either(u32),
    /// Folders that are hidden by namespaces.
    Hiding,
    /// A limit that holds for everybody.
    Limit,
    /// A limit that does not bind the administrator.
    UserLimit,
    /// The supervisor.
    Supervisor,
    /// Nothing: it is not kept from it.
    Nothing,
}

use By::{Either, Filter, Hiding, Landlock, Limit, Nothing, Supervisor, UserLimit};

/// What is tried, and what keeps a program from it that is kept in strictly, and one that is relaxed.
const ATTEMPTS: &[(&str, By, By)] = &[
    ("read a file in the owner's home", Landlock(1), Nothing),
    ("list the owner's home", Landlock(1), Nothing),
    ("read a key in ~/.ssh", Landlock(1), Hiding),
    ("read the worker's token", Landlock(1), Hiding),
    (
        "read the worker's token by .. from its folder",
        Landlock(1),
        Hiding,
    ),
    ("read the hub's database", Landlock(1), Hiding),
    ("read the folder of another run", Landlock(1), Nothing),
    ("read through a link of its own", Landlock(1), Nothing),
    ("read the variables of its parent", Landlock(1), Landlock(2)),
    ("read the variables of the worker", Landlock(1), Landlock(2)),
    ("read the memory of the worker", Landlock(1), Landlock(2)),
    (
        "see which file the worker has open",
        Landlock(1),
        Landlock(2),
    ),
    (
        "read the worker's token by the root of the worker",
        Landlock(1),
        Landlock(2),
    ),
    ("make a file in the owner's home", Landlock(1), Nothing),
    ("make a file in /tmp", Landlock(1), Nothing),
    ("append to a file in the owner's home", Landlock(1), Nothing),
    ("cut off a file in the owner's home", Landlock(3), Nothing),
    ("remove a file in the owner's home", Landlock(1), Nothing),
    (
        "move a file of its own into the owner's home",
        Landlock(1),
        Nothing,
    ),
    (
        "link a file of the owner into its own folder",
        Landlock(1),
        Nothing,
    ),
    ("write through a link of its own", Landlock(1), Nothing),
    ("change the worker's token", Landlock(1), Hiding),
    ("make a device", Either(1), Nothing),
    ("connect by TCP", Either(4), Nothing),
    ("connect by TCP over IPv6", Either(4), Nothing),
    ("ask 169.254.169.254", Either(4), Nothing),
    ("listen on a TCP port", Either(4), Nothing),
    ("send by UDP", Filter, Nothing),
    ("open a raw socket", Filter, Nothing),
    ("open a netlink socket", Filter, Nothing),
    ("connect to an abstract socket", Landlock(6), Nothing),
    ("connect to a socket in a folder", Hiding, Nothing),
    ("trace its parent", Either(1), Landlock(2)),
    ("trace the worker", Either(1), Landlock(2)),
    (
        "read the worker's memory by process_vm_readv",
        Either(1),
        Landlock(2),
    ),
    ("take an open file of the worker", Either(1), Landlock(2)),
    ("send a signal to its parent", Landlock(6), Landlock(6)),
    ("send a signal to the worker", Landlock(6), Landlock(6)),
    ("change the worker's limits", Filter, Nothing),
    ("change the worker's priority", Filter, Nothing),
    ("change the worker's priority at the disk", Filter, Nothing),
    ("change how the worker is scheduled", Filter, Nothing),
    ("make a user namespace by unshare", Filter, Nothing),
    ("make a user namespace by clone", Filter, Nothing),
    ("make a user namespace by clone3", Filter, Nothing),
    ("mount a file system", Either(1), Landlock(2)),
    ("change its root", Filter, Nothing),
    ("use io_uring", Filter, Nothing),
    ("load a program into the kernel", Filter, Filter),
    ("watch the machine by perf", Filter, Nothing),
    ("look at the session's keys", Filter, Filter),
    ("load another kernel", Filter, Filter),
    ("open a file by its number", Filter, Filter),
    ("catch page faults", Filter, Nothing),
    ("call by the numbers of x32", Filter, Filter),
    ("gain privileges by a program", Limit, Limit),
    ("leave an image of its memory", Limit, Limit),
    ("raise its own limits", Limit, Nothing),
    ("fork without end", UserLimit, Nothing),
    ("fill the memory", Limit, Nothing),
    ("fill the disk with a file", Limit, Nothing),
    ("open files without end", Limit, Nothing),
    ("outlive its run by forking twice", Supervisor, Supervisor),
];

impl By {
    fn holds(self, support: Support) -> bool {
        match self {
            Landlock(version) => support.landlock >= version,
            Filter => support.has_filters,
            Either(version) => support.has_filters || support.landlock >= version,
            Hiding => support.has_namespaces && support.landlock >= 2,
            Limit | Supervisor => true,
            UserLimit => !support.is_root,
            Nothing => false,
        }
    }

    /// As the documentation says it.
    fn words(self) -> String {
        match self {
            Landlock(version) => format!("Landlock {version}"),
            Filter => "seccomp".to_owned(),
            Either(version) => format!("seccomp, Landlock {version}"),
            Hiding => "hidden".to_owned(),
            Limit => "limit".to_owned(),
            UserLimit => "limit, not for root".to_owned(),
            Supervisor => "supervisor".to_owned(),
            Nothing => "–".to_owned(),
        }
    }
}

/// The owner's things, and what the program needs to know to go for them.
struct Owner {
    home: tempfile::TempDir,
    hub: tempfile::TempDir,
    tcp: TcpListener,
    name: String,
    _sockets: [UnixListener; 2],
}

impl Owner {
    fn new(run_id: &str) -> Self {
        let [home, hub] = [(); 2].map(|()| tempfile::tempdir().expect("there is room"));
        fs::create_dir(home.path().join(".ssh")).expect("there is room");
        for file in ["notes", "cut", "gone", ".ssh/id"] {
            fs::write(home.path().join(file), "the owner's").expect("there is room");
        }
        fs::write(hub.path().join("cupola.db"), "the hub's").expect("there is room");
        let name = format!("cupola-{run_id}-{}", std::process::id());
        let address =
            std::os::unix::net::SocketAddr::from_abstract_name(&name).expect("the name is short");
        let path = home.path().join("socket");
        let listen = UnixListener::bind_addr;
        let sockets = [listen(&address), UnixListener::bind(path)];
        Self {
            home,
            hub,
            tcp: TcpListener::bind("127.0.0.1:0").expect("a port is free"),
            name,
            _sockets: sockets.map(|socket| socket.expect("there is room")),
        }
    }

    fn order(&self, run_id: &str, state: &str) -> RunOrder {
        let command = [
            "{cupola}",
            "escapes::hostile::hostile",
            "--exact",
            "--ignored",
            "--nocapture",
            "--test-threads=1",
        ];
        let port = self.tcp.local_addr().expect("it listens").port();
        let told = [
            (
                "HOSTILE_HUB",
                self.hub.path().to_string_lossy().into_owned(),
            ),
            ("HOSTILE_STATE", state.to_owned()),
            (
                "HOSTILE_TMP",
                std::env::temp_dir().to_string_lossy().into_owned(),
            ),
            ("HOSTILE_WORKER", std::process::id().to_string()),
            ("HOSTILE_PORT", port.to_string()),
            ("HOSTILE_SOCKET", self.name.clone()),
        ];
        RunOrder {
            metric_name: String::new(),
            environment: told.map(|(name, value)| (name.to_owned(), value)).into(),
            ..order(run_id, &command)
        }
    }
}

/// What the hostile program met: attempt → what it says.
async fn outcomes(run_id: &str, mode: Mode) -> (BTreeMap<String, String>, Finished) {
    let owner = Owner::new(run_id);
    let hub = FakeHub::with([]);
    let (home, private) = (owner.home.path().to_owned(), owner.hub.path().to_owned());
    let worker = TestWorker::start_with(&hub, |settings| {
        settings.binary = std::env::current_exe().expect("a test knows where it is");
        settings.environment.push(("HOME".into(), home.into()));
        settings.sandbox = Sandbox {
            mode,
            private: vec![private],
            ..Sandbox::default()
        };
    });
    let state = worker.folder.path();
    fs::create_dir_all(worker.run_folder("another")).expect("there is room");
    fs::write(worker.run_folder("another").join("config.json"), "{}").expect("there is room");
    fs::write(state.join("worker.token"), "the worker's").expect("there is room");
    hub.change(|world| {
        world
            .queue
            .extend([owner.order(run_id, &state.to_string_lossy())]);
    });
    let finished = hub.finished(run_id).await;
    processes::wait_until_gone(&format!("CUPOLA_RUN_ID={run_id}")).await;
    let said = hub.world().log(run_id, "stdout").0;
    let said = String::from_utf8_lossy(&said).into_owned();
    let outcomes = said.lines().filter_map(|line| {
        let (name, outcome) = line.strip_prefix("attempt: ")?.split_once(": ")?;
        Some((name.to_owned(), outcome.to_owned()))
    });
    let outcomes = outcomes.collect();
    worker.stop().await.expect("it leaves in order");
    assert_eq!(finished.outcome, "completed", "{finished:?}: {said}");
    (outcomes, finished)
}

fn check(outcomes: &BTreeMap<String, String>, column: impl Fn(&(&str, By, By)) -> By) {
    let support = Support::probe();
    let mut wrong = Vec::new();
    for attempt in ATTEMPTS {
        let outcome = outcomes
            .get(attempt.0)
            .map_or("was not tried", String::as_str);
        // Before everything that a machine offers, there are its own rights: what nothing here keeps a
        // program from may still be refused to it.
        if column(attempt).holds(support) && !outcome.starts_with("refused") {
            wrong.push(format!("{}: {outcome}", attempt.0));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}\nof {outcomes:#?}");
    assert_eq!(outcomes.len(), ATTEMPTS.len(), "{outcomes:#?}");
}

fn texts(value: &Value) -> Vec<&str> {
    let items = value.as_array().into_iter().flatten();
    items.filter_map(Value::as_str).collect()
}

#[tokio::test]
async fn a_stranger_s_program_escapes_nowhere() {
    let (outcomes, finished) = outcomes("x-strict", Mode::Best).await;
    check(&outcomes, |(_, strict, _)| *strict);
    let told = &finished.environment["sandbox"];
    let gaps = texts(&told["gaps"]);
    let support = Support::probe();
    let has_all = support.landlock >= 6 && support.has_filters && support.has_namespaces;
    let groups = Groups::of_this_process().map(|groups| groups.grouping());
    let counts_for_all = !support.is_root || groups.unwrap_or_default().processes;
    let is_whole = has_all && counts_for_all;
    let word = if is_whole { "strict" } else { "partly strict" };
    assert_eq!(told["level"], word, "{gaps:?}");
    assert_eq!(gaps.is_empty(), is_whole, "{gaps:?}");
    let says_processes = gaps
        .iter()
        .any(|gap| gap.starts_with("the number of processes"));
    assert_eq!(says_processes, !counts_for_all, "{gaps:?}");
    let ends_together = texts(&told["holds"])
        .iter()
        .any(|hold| hold.contains("one control group"));
    assert_eq!(ends_together, groups.is_some(), "{told}");
}

#[tokio::test]
async fn a_relaxed_program_does_what_its_user_may_but_sees_no_secrets() {
    let (outcomes, finished) = outcomes("x-relaxed", Mode::Relaxed).await;
    check(&outcomes, |(_, _, relaxed)| *relaxed);
    for open in [
        "read a file in the owner's home",
        "make a file in the owner's home",
        "make a file in /tmp",
        "connect by TCP",
        "read the folder of another run",
    ] {
        assert_eq!(outcomes[open], "done", "{open}");
    }
    let told = &finished.environment["sandbox"];
    let support = Support::probe();
    let is_whole = support.landlock >= 6 && support.has_filters && support.has_namespaces;
    let word = if is_whole {
        "relaxed"
    } else {
        "partly relaxed"
    };
    assert_eq!(told["level"], word, "{told}");
}

#[tokio::test]
async fn without_a_sandbox_the_same_program_gets_through() {
    let (outcomes, finished) = outcomes("x-off", Mode::Off).await;
    for open in [
        "read a key in ~/.ssh",
        "read the worker's token",
        "read the hub's database",
        "connect by TCP",
        "send by UDP",
        "connect to an abstract socket",
        "connect to a socket in a folder",
        "change the worker's priority",
        "send a signal to the worker",
        "fill the memory",
    ] {
        assert_eq!(outcomes[open], "done", "{open}");
    }
    assert_eq!(finished.environment["sandbox"]["level"], "none");
}

#[test]
fn the_documentation_lists_each_attempt() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/sandbox.md");
    let page = fs::read_to_string(page).expect("the page is there");
    for (name, strict, relaxed) in ATTEMPTS {
        let row = format!("| {name} | {} | {} |", strict.words(), relaxed.words());
        assert!(page.contains(&row), "docs/sandbox.md lacks\n{row}");
    }
}

/// Runs a command of the shell in the order's name, and gives how it ended and what it said.
async fn shell(
    run_id: &str,
    script: &str,
    asks: AccessBody,
    policy: Sandbox,
) -> (Finished, String) {
    let hub = FakeHub::with([RunOrder {
        metric_name: String::new(),
        access: asks,
        ..crate::support::script(run_id, script)
    }]);
    let worker = TestWorker::start_with(&hub, |settings| settings.sandbox = policy);
    let finished = hub.finished(run_id).await;
    worker.stop().await.expect("it leaves in order");
    let said = hub.world().log(run_id, "stdout").0;
    (finished, String::from_utf8_lossy(&said).into_owned())
}

fn best(network: Option<Network>, read: Vec<PathBuf>) -> Sandbox {
    Sandbox {
        mode: Mode::Best,
        network,
        read,
        private: Vec::new(),
    }
}

#[tokio::test]
async fn a_program_writes_in_its_own_folder_and_what_it_wrote_goes_with_it() {
    let script = "set -e; echo a > out; cat out; f=$(mktemp); echo b > $f; cat $f; mkdir -p d; mv out d/;
        ls d; case $f in $CUPOLA_RUN_DIR/tmp/*) echo inside;; esac; test -r $CUPOLA_CONFIG; : > /dev/null";
    let asks = AccessBody::default();
    let hub = FakeHub::with([RunOrder {
        metric_name: String::new(),
        access: asks,
        ..crate::support::script("k-own", script)
    }]);
    let policy = best(None, Vec::new());
    let mut worker = TestWorker::start_with(&hub, |settings| settings.sandbox = policy);
    let finished = hub.finished("k-own").await;
    let said = hub.world().log("k-own", "stdout").0;
    assert_eq!(finished.outcome, "completed", "{finished:?}");
    assert_eq!(String::from_utf8_lossy(&said), "a\nb\nout\ninside\n");
    let folder = worker.run_folder("k-own");
    let other = tempfile::tempdir().expect("there is room");
    let _kept = std::mem::replace(&mut worker.folder, other);
    worker.stop().await.expect("it leaves in order");
    // Once the hub has the result, nothing stays of what it made.
    for (name, stays) in [("d", false), ("tmp", false), ("stdout.log", true)] {
        assert_eq!(folder.join(name).exists(), stays, "{name}");
    }
}

/// What other programs of the user have there is not seen, and nothing stays behind.
#[tokio::test]
async fn a_program_has_shared_memory_of_its_own() {
    let others = tempfile::NamedTempFile::new_in("/dev/shm").expect("it is there");
    let other = others.path().display();
    let left = format!("/dev/shm/cupola-left-{}", std::process::id());
    let script = format!(
        "readlink /proc/self/ns/ipc; echo mine > {left}; cat {left}; test -e {other} && echo seen; true"
    );
    let (finished, said) = shell(
        "k-shm",
        &script,
        AccessBody::default(),
        best(None, Vec::new()),
    )
    .await;
    assert_eq!(finished.outcome, "completed", "{finished:?}");
    if !Support::probe().has_namespaces {
        return;
    }
    let here = fs::read_link("/proc/self/ns/ipc").expect("it is there");
    let (queues, said) = said.split_once('\n').expect("it said so");
    assert_ne!(here.to_string_lossy(), queues);
    assert_eq!(said, "mine\n");
    assert!(!std::path::Path::new(&left).exists());
}

#[tokio::test]
async fn what_the_owner_allows_is_read_when_it_is_asked_for() {
    let data = tempfile::tempdir().unwrap();
    let closed = tempfile::tempdir().unwrap();
    fs::write(data.path().join("set"), "numbers").unwrap();
    std::os::unix::fs::symlink(closed.path(), data.path().join("link")).unwrap();
    let asked = |path: PathBuf| AccessBody {
        reads: vec![path.to_string_lossy().into_owned()],
        ..AccessBody::default()
    };
    let script = format!("cat {}/set", data.path().display());
    let policy = || best(None, vec![data.path().to_owned()]);
    let (_, said) = shell("k-read", &script, asked(data.path().join("set")), policy()).await;
    assert_eq!(said, "numbers");
    let (finished, said) = shell("k-unasked", &script, AccessBody::default(), policy()).await;
    assert_eq!(
        (finished.failure.as_str(), said.as_str()),
        ("exit_code", "")
    );
    for (run_id, path) in [
        ("k-link", data.path().join("link")),
        ("k-other", closed.path().to_owned()),
    ] {
        let (finished, _) = shell(run_id, "echo on", asked(path), policy()).await;
        assert_eq!(finished.failure, "spawn_failed", "{finished:?}");
        assert!(
            finished.failure_detail.contains("lets no program read"),
            "{finished:?}"
        );
    }
}

#[tokio::test]
async fn the_network_is_there_for_those_that_ask_where_the_owner_lets_them() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = format!("bash -c 'exec 5<>/dev/tcp/127.0.0.1/{port}' && echo through");
    let asks = |network| AccessBody {
        network,
        ..AccessBody::default()
    };
    for (run_id, is_asked, policy, expected) in [
        ("k-net", true, None, "through\n"),
        ("k-no-net", false, None, ""),
        ("k-never", true, Some(Network::Never), ""),
        ("k-always", false, Some(Network::Always), "through\n"),
    ] {
        let (_, said) = shell(run_id, &script, asks(is_asked), best(policy, Vec::new())).await;
        assert_eq!(said, expected, "{run_id}");
    }
}

#[tokio::test]
async fn a_working_folder_is_entered_where_the_owner_lets_programs_read_it() {
    let folder = tempfile::tempdir().unwrap();
    for (run_id, read, outcome) in [
        ("k-in", vec![folder.path().to_owned()], "completed"),
        ("k-out", Vec::new(), "failed"),
    ] {
        let hub = FakeHub::with([RunOrder {
            metric_name: String::new(),
            working_folder: Some(folder.path().to_string_lossy().into_owned()),
            ..crate::support::script(run_id, "pwd")
        }]);
        let worker = TestWorker::start_with(&hub, |settings| settings.sandbox = best(None, read));
        assert_eq!(hub.finished(run_id).await.outcome, outcome);
        worker.stop().await.expect("it leaves in order");
    }
}
