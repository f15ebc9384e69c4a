//! `cupola run FILE` from outside: what it prints, with which code it ends, and what it leaves.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Output, Stdio},
    time::{Duration, Instant},
};

use cupola_search::file;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Process, SECRET, SOON, TestHub, cupola, run, signal};

/// A folder with an experiment file.
struct Project(TempDir);

impl Project {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x.yaml"), text).unwrap();
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_default()
    }

    fn run(&self, args: &[&str]) -> Output {
        run(self.path(), &[&["run", "x.yaml"], args].concat())
    }

    /// Runs it to its end and gives what `--json` prints.
    fn outcome(&self, code: i32) -> Value {
        let output = self.run(&["--json"]);
        let stdout = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(code), "{}", text_of(&output));
        serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("not JSON: {stdout}"))
    }

    fn start(&self, args: &[&str]) -> Process {
        let mut command = cupola(self.path(), &[&["run", "x.yaml"], args].concat());
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        Process {
            child: child.unwrap(),
        }
    }

    /// Waits for a file that a program writes.
    fn wait_for(&self, name: &str) {
        until(name, || !self.read(name).is_empty());
    }
}

fn text_of(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    format!("{stdout}{}", String::from_utf8_lossy(&output.stderr))
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + SOON;
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The rest of what it prints, and its exit code.
fn end_of(child: &mut Child) -> (String, Option<i32>) {
    let mut text = String::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        text.push_str(&line.unwrap());
        text.push('\n');
    }
    (text, child.wait().unwrap().code())
}

fn is_alive(pid: &str) -> bool {
    // A zombie has no command line.
    let line = fs::read(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
    !line.is_empty()
}

fn named<'a>(outcome: &'a Value, name: &str) -> &'a Value {
    let mut results = outcome["results"].as_array().unwrap().iter();
    let found = results.find(|result| result["name"] == name);
    found.unwrap_or_else(|| panic!("no task is called {name}: {outcome}"))
}

#[test]
fn a_grid_runs_to_its_end_and_names_the_best() {
    let project = Project::new(
        "name: squares\ncommand: 'echo \"{\\\"y\\\": $(($X * $X))}\"'\nenvironment: {X: '{x}'}\n\
         grid: {x: [3, 1, 2]}\nseeds: 2\nmax_parallel: 2\nobjective: {metric: y, direction: minimize}\n",
    );
    let output = project.run(&[]);
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("squares: 6 tasks"), "{text}");
    assert!(text.contains("6 of 6 tasks completed in "), "{text}");
    assert!(text.contains("best y 1 by task "), "{text}");
    assert_eq!(text.matches("completed  y 9").count(), 2, "{text}");
    let outcome = project.outcome(0);
    assert_eq!(outcome["best"]["config"]["x"], 1);
    let ran: BTreeSet<_> = outcome["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| {
            format!(
                "{} {} {}",
                result["config"]["x"], result["seed"], result["results"]["y"]
            )
        })
        .collect();
    let expected = ["1 42 1", "1 43 1", "2 42 4", "2 43 4", "3 42 9", "3 43 9"];
    assert_eq!(ran.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_failed_task_shows_its_last_words_and_the_exit_code_tells() {
    let project = Project::new(
        "name: x\ntasks:\n  fine: {command: 'true'}\n  wrong: {command: 'echo my last words; exit 3'}\n",
    );
    let output = project.run(&[]);
    let text = text_of(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("failed (exit code 3)"), "{text}");
    assert!(text.contains("| my last words"), "{text}");
    assert!(
        text.contains("1 of 2 tasks completed, 1 failed in "),
        "{text}"
    );
}

#[test]
fn tasks_run_after_what_they_need() {
    let project = Project::new(
        "name: x\nmax_parallel: 4\ntasks:\n  last: {depends_on: [b, a], command: echo last >> order}\n  \
         a: {command: sleep 0.2; echo a >> order}\n  \
         b: {depends_on: a, command: 'echo b$N >> order', grid: {n: [1, 2]}, environment: {N: '{n}'}}\n",
    );
    let outcome = project.outcome(0);
    assert_eq!(outcome["tasks"]["completed"], 4);
    let order = project.read("order");
    let mut lines: Vec<_> = order.lines().collect();
    lines[1..3].sort_unstable();
    assert_eq!(lines, ["a", "b1", "b2", "last"]);
}

#[test]
fn what_needs_a_failed_task_fails_and_the_rest_goes_on() {
    let project = Project::new(
        "name: x\ntasks:\n  a: {command: exit 1}\n  b: {depends_on: a, command: touch b}\n  \
         c: {depends_on: b, command: touch c}\n  d: {command: touch d}\n",
    );
    let outcome = project.outcome(1);
    let of = |name: &str| {
        let result = named(&outcome, name);
        format!("{} {}", result["status"], result["reason"]).replace('"', "")
    };
    assert_eq!(of("a"), "failed exit code 1");
    assert_eq!(of("b"), "failed task 0 did not complete");
    assert!(of("c").starts_with("failed task "), "{}", of("c"));
    assert_eq!(of("d"), "completed ");
    let left: Vec<_> = ["b", "c", "d"]
        .into_iter()
        .filter(|name| project.path().join(name).exists())
        .collect();
    assert_eq!(left, ["d"]);
}

#[test]
fn programs_see_their_environment_and_working_folder() {
    let project = Project::new(
        "name: x\nenvironment: {GREETING: hello, WHO: 'task {who} of {seed}'}\nconfig: {who: one}\n\
         tasks:\n  here: {command: 'echo \"{\\\"says\\\": \\\"$GREETING $WHO in $PWD\\\"}\"'}\n  \
         below:\n    command: 'echo \"{\\\"says\\\": \\\"$PWD\\\"}\"'\n    working_folder: sub\n  \
         packed:\n    files: [sub/tool.sh]\n    \
         command: 'sh {code}/sub/tool.sh; echo \"{\\\"own\\\": \\\"$([ \"$PWD\" = \"$CUPOLA_RUN_DIR\" ] && echo yes)\\\"}\"'\n",
    );
    let sub = project.path().join("sub");
    fs::create_dir(&sub).unwrap();
    fs::write(
        sub.join("tool.sh"),
        "echo from the bundle > \"$CUPOLA_RUN_DIR/out\"; test -s \"$CUPOLA_RUN_DIR/out\"",
    )
    .unwrap();
    let outcome = project.outcome(0);
    let here = fs::canonicalize(project.path()).unwrap();
    let says = |name: &str| named(&outcome, name)["results"]["says"].clone();
    assert_eq!(
        says("here"),
        format!("hello task one of 42 in {}", here.display())
    );
    assert_eq!(says("below"), here.join("sub").to_str().unwrap());
    assert_eq!(named(&outcome, "packed")["results"]["own"], "yes");
}

/// A program that says who it is, and then takes its time; `trap` is what it does about SIGTERM.
fn slow(trap: &str) -> String {
    format!(
        "name: x\nrepeats: 3\ncommand: |\n  {trap}\n  echo $$ > pid\n  while true; do sleep 0.1; done\n"
    )
}

#[test]
fn ctrl_c_cancels_cleanly() {
    for name in ["INT", "TERM"] {
        let project = Project::new(&slow("true"));
        let mut process = project.start(&[]);
        project.wait_for("pid");
        signal(process.id(), name);
        let (text, code) = end_of(&mut process.child);
        assert_eq!(code, Some(130), "{text}");
        assert!(text.contains("Cancelling"), "{text}");
        assert!(
            text.contains("0 of 3 tasks completed, 3 cancelled in "),
            "{text}"
        );
        assert!(!is_alive(&project.read("pid")));
    }
}

#[test]
fn ctrl_c_twice_kills_what_does_not_listen() {
    let project = Project::new(&slow("trap '' TERM"));
    let mut process = project.start(&[]);
    project.wait_for("pid");
    let started = Instant::now();
    signal(process.id(), "INT");
    let mut lines = BufReader::new(process.child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("Cancelling")));
    assert!(is_alive(&project.read("pid")), "it does not listen");
    signal(process.id(), "INT");
    assert_eq!(process.child.wait().unwrap().code(), Some(130));
    until("the program's end", || !is_alive(&project.read("pid")));
    // The agent would have waited for its grace.
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn what_was_cancelled_stays_so_and_a_second_run_is_a_new_experiment() {
    let project = Project::new(&slow("true"));
    let mut process = project.start(&[]);
    project.wait_for("pid");
    assert_eq!(process.interrupt(), Some(130));
    fs::write(
        project.path().join("x.yaml"),
        "name: y\ncommand: echo done >> done",
    )
    .unwrap();
    let first = project.outcome(0);
    let second = project.outcome(0);
    assert_ne!(first["experiment_id"], second["experiment_id"]);
    assert_eq!(second["tasks"]["total"], 1);
    assert_eq!(project.read("done"), "done\ndone\n");
}

#[test]
fn a_wrong_file_is_refused_with_its_line_before_anything_runs() {
    let check = |text: &str, expected: &str| {
        let project = Project::new(text);
        let output = project.run(&[]);
        let said = text_of(&output);
        assert_eq!(output.status.code(), Some(2), "{text}: {said}");
        assert!(said.contains(expected), "{text}: {said}");
    };
    check(
        "name: x\ncommand: touch y\ngrid: {a: 3}\n",
        "x.yaml:3: `grid.a`: is `3`; give a list",
    );
    check(
        "name: x\ntemplat: y\n",
        "x.yaml:2: `templat`: is not a key here; `template` is",
    );
    check("name: x\nbad: [", "x.yaml:3: is no YAML");
    check(
        "name: x\n\ntemplate: nope\n",
        "x.yaml:3: `template`: `nope` is not a template; choose one of",
    );
    check(
        "name: x\ntemplate: char-lm\nconfig:\n  lr: 7\n",
        "x.yaml:4: `config.lr`: is 7; give a number",
    );
    check(
        "name: x\ncommand: y\nfiles: [z]\n",
        "x.yaml:3: `files`: `z` cannot be read",
    );
    let output = run(Project::new("").path(), &["run", "nope.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text_of(&output).contains("there is no file `nope.yaml`"));
}

#[test]
fn a_dry_run_lists_the_tasks_and_starts_nothing() {
    let project = Project::new(
        "name: x\ntasks:\n  a: {command: touch y}\n  b: {depends_on: a, command: c, grid: {z: [1, 2]}}\n",
    );
    let output = project.run(&["--dry-run"]);
    let text = text_of(&output);
    assert!(output.status.success() && text.contains("b.2"), "{text}");
    let planned: Value =
        serde_json::from_slice(&project.run(&["--dry-run", "--json"]).stdout).unwrap();
    assert_eq!(planned["tasks"][2]["needs"], serde_json::json!([0]));
    assert!(!project.path().join("data").exists() && !project.path().join("y").exists());
}

#[test]
fn the_schema_has_the_keys_that_files_may_have() {
    let printed = run(Path::new("/"), &["run", "--schema"]).stdout;
    let schema: Value = serde_json::from_slice(&printed).unwrap();
    let keys = |place: &str| -> BTreeSet<String> {
        let properties = schema.pointer(place).unwrap()["properties"]
            .as_object()
            .unwrap();
        properties.keys().cloned().collect()
    };
    let known = |keys: &[&str]| {
        keys.iter()
            .map(|key| (*key).to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(keys(""), known(file::FILE_KEYS));
    assert_eq!(keys("/$defs/task"), known(file::TASK_KEYS));
    assert_eq!(keys("/$defs/objective"), known(file::OBJECTIVE_KEYS));
    assert_eq!(keys("/$defs/needs/oneOf/1"), known(file::NEEDS_KEYS));
    assert_eq!(keys("/$defs/service"), known(file::SERVICE_KEYS));
}

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

#[test]
fn the_examples_can_be_run() {
    let files = [
        "learning-rates.yaml",
        "mlflow/wine.yaml",
        "pipeline/pipeline.yaml",
        "python/descent.yaml",
    ];
    for name in files {
        let text = fs::read_to_string(examples().join(name)).unwrap();
        file::parse(&text).unwrap_or_else(|errors| panic!("{name}: {errors:?}"));
    }
    let pipeline = fs::read_to_string(examples().join("pipeline/pipeline.yaml")).unwrap();
    let outcome = Project::new(&pipeline).outcome(0);
    assert_eq!(outcome["best"]["value"], 600.0);
    assert_eq!(named(&outcome, "add")["results"]["total"], 1200);
}

#[tokio::test]
async fn a_hub_that_runs_already_takes_files() {
    let hub = TestHub::start();
    let _worker = hub.start_worker(1).await;
    let project = Project::new("name: elsewhere\ntemplate: fine\ngrid: {x: [0.5]}\n");
    let output = project.run(&["--json", "--hub", &hub.url, "--token", SECRET]);
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text_of(&output));
    assert_eq!(outcome["best"]["value"], 0.5);
    let id = outcome["experiment_id"].as_str().unwrap();
    let found = hub.client().experiment(id).await.unwrap().experiment;
    assert_eq!(
        (found.name.as_str(), found.origin.as_str()),
        ("elsewhere", "file")
    );
}

#[test]
fn what_is_stopped_while_its_hub_is_away_is_cancelled_when_it_is_back() {
    let mut hub = TestHub::start();
    let project = Project::new("name: waits\ncommand: nobody runs this\n");
    let mut process = project.start(&["--hub", &hub.url, "--token", SECRET]);
    let mut lines = BufReader::new(process.child.stdout.take().unwrap()).lines();
    assert!(lines.next().is_some(), "it is submitted");
    hub.process.kill();
    signal(process.id(), "INT");
    assert!(lines.any(|line| line.unwrap().contains("Cancelling")));
    hub.restart();
    assert_eq!(process.child.wait().unwrap().code(), Some(130));
    let mut last = lines.map(Result::unwrap);
    assert!(last.any(|line| line.contains("1 cancelled")));
}

#[test]
fn a_folder_in_use_offers_the_hub_that_has_it() {
    let project = Project::new(&slow("true"));
    let mut process = project.start(&[]);
    project.wait_for("pid");
    let output = project.run(&[]);
    let said = text_of(&output);
    assert_eq!(output.status.code(), Some(69), "{said}");
    let offered = said
        .split("cupola run x.yaml --hub ")
        .nth(1)
        .unwrap_or_default();
    let url = offered.split('`').next().unwrap();
    fs::write(
        project.path().join("x.yaml"),
        "name: second\ncommand: nothing",
    )
    .unwrap();
    let mut second = project.start(&["--hub", url]);
    assert_eq!(process.interrupt(), Some(130));
    // Its hub is gone.
    second.kill();
}

#[test]
fn pages_are_shown_on_request_and_stay_when_told_to() {
    let project = Project::new("name: x\ncommand: 'true'");
    let mut process = project.start(&["--web", "--keep"]);
    let mut lines = BufReader::new(process.child.stdout.take().unwrap()).lines();
    let mut line_with = |text: &str| {
        let found = lines.find(|line| line.as_ref().unwrap().contains(text));
        found
            .unwrap_or_else(|| panic!("nothing says {text}"))
            .unwrap()
    };
    assert!(line_with("listens on").contains("http://127.0.0.1:"));
    assert!(line_with("log in").contains("/login?code="));
    line_with("the pages stay up");
    signal(process.id(), "INT");
    line_with("1 of 1 tasks completed");
    assert_eq!(process.child.wait().unwrap().code(), Some(0));
}
