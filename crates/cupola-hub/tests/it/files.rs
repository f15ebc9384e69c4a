//! Experiment files as texts, one sentence each.

use cupola_domain::{ids::ExperimentId, template::CodeFile};
use cupola_hub::{
    HubError,
    experiments::FileText,
    tasks::{Filter, Sort},
};

use crate::support::TestHub;

fn text(text: &str) -> FileText {
    FileText {
        text: text.to_owned(),
        folder: "/data/project".to_owned(),
        files: Vec::new(),
    }
}

/// `number name seed config environment folder waits` of each task.
fn tasks(hub: &TestHub, id: ExperimentId) -> Vec<String> {
    let filter = Filter {
        experiment: Some(id),
        sort: Sort::Created,
        limit: 1_000,
        ..Filter::default()
    };
    let mut found = hub.list_tasks(filter).unwrap().tasks;
    found.sort_by_key(|task| task.number);
    let shown = |task: cupola_domain::task::Task| {
        let name = task.tags.get("task").cloned().unwrap_or_default();
        let config = serde_json::Value::Object(task.config.clone()).to_string();
        let folder = task.working_folder.clone().unwrap_or_default();
        format!(
            "{} {name} {} {config} {:?} {folder} {:?}",
            task.number, task.seed, task.environment, task.waiting_for
        )
    };
    found.into_iter().map(shown).collect()
}

#[test]
fn a_text_becomes_an_experiment_with_its_tasks() {
    let hub = TestHub::new();
    let pipeline = text(
        "name: pipeline\ntasks:\n  a: {command: one, working_folder: sub}\n  b:\n    depends_on: a\n    \
         command: two\n    grid: {x: [1, 2]}\n    environment: {X: 'x{x}'}\n    \
         objective: {metric: loss, direction: minimize}\n",
    );
    let (id, count) = hub.submit_text(&pipeline, "ada").unwrap();
    assert_eq!(count, 3);
    assert_eq!(
        tasks(&hub, id),
        [
            "0 a 42 {} {} /data/project/sub None",
            r#"1 b.1 42 {"x":1} {"X": "x1"} /data/project Some(0)"#,
            r#"2 b.2 43 {"x":2} {"X": "x2"} /data/project Some(0)"#,
        ]
    );
    let made = hub.experiment_detail(id).unwrap().experiment;
    assert_eq!((made.name.as_str(), made.metric()), ("pipeline", "loss"));
}

#[test]
fn a_command_with_files_starts_in_the_folder_of_its_run() {
    let hub = TestHub::new();
    let mut file = text("name: x\ncommand: [sh, '{code}/run.sh']\nfiles: [run.sh]\n");
    file.files.push(CodeFile {
        path: "run.sh".to_owned(),
        bytes: b"true".to_vec(),
    });
    let (id, _) = hub.submit_text(&file, "ada").unwrap();
    assert_eq!(tasks(&hub, id), ["0  42 {} {}  None"]);
}

#[test]
fn a_template_fills_in_its_defaults() {
    let hub = TestHub::new();
    let file = text("name: x\ntemplate: char-lm\nconfig: {lr: 0.5}\nneeds: {cpu_cores: 3}\n");
    let (id, _) = hub.submit_text(&file, "ada").unwrap();
    let shown = tasks(&hub, id);
    assert!(
        shown[0].contains(r#""lr":0.5,"lr_schedule":"cosine""#),
        "{shown:?}"
    );
    let made = hub.experiment_detail(id).unwrap().experiment;
    assert_eq!((made.needs.cpu_cores, made.metric()), (3, "val_bpb"));
}

/// Each mistake as `field: message`.
fn check_wrong(given: &str, expected: &[&str]) {
    let hub = TestHub::new();
    let found = match hub.submit_text(&text(given), "ada") {
        Err(HubError::Invalid(errors)) => errors,
        other => panic!("{given}: {other:?}"),
    };
    assert_eq!(found.len(), expected.len(), "{given}: {found:?}");
    for (error, expected) in found.iter().zip(expected) {
        let shown = format!("{}: {}", error.field, error.message);
        assert!(shown.starts_with(expected), "{given}: {shown}");
    }
}

#[test]
fn what_is_wrong_is_named_as_it_stands_in_the_file() {
    check_wrong(
        "name: x\ncomand: c",
        &["file: line 1: runs nothing", "comand: line 2: is not a key"],
    );
    check_wrong(
        "name: x\ntemplate: nope",
        &["template: `nope` is not a template"],
    );
    check_wrong(
        "name: x\ncommand: c\nfiles: [run.sh]",
        &["files: `run.sh` is named"],
    );
    check_wrong(
        "name: x\ntemplate: char-lm\ngrid: {lr: [fast, 0.1, slow], depth: [1]}",
        &[
            "grid.lr: is \"fast\"",
            "grid.depth: is not a field",
            "grid.lr: is \"slow\"",
        ],
    );
    check_wrong(
        "name: x\nconfig: {lr: 9}\ntasks: {a: {command: c}, b: {template: char-lm}}",
        &["config.lr: is 9"],
    );
}

/// A file of 1 MiB for `steps` tasks, each of whose commands has this argument.
fn with_code(steps: usize, argument: impl Fn(usize) -> String) -> FileText {
    let steps: Vec<_> = (0..steps)
        .map(|n| format!("  s{n}: {{command: [c, '{}']}}\n", argument(n)))
        .collect();
    let steps = steps.concat();
    let mut file = text(&format!("name: x\nfiles: [data]\ntasks:\n{steps}"));
    file.files.push(CodeFile {
        path: "data".to_owned(),
        bytes: vec![b'x'; 1 << 20],
    });
    file
}

#[test]
fn files_are_kept_once_for_equal_commands_and_in_bounds_for_others() {
    let hub = TestHub::new();
    let (id, count) = hub
        .submit_text(&with_code(300, |_| "same".to_owned()), "ada")
        .unwrap();
    assert_eq!((count, tasks(&hub, id).len()), (300, 300));
    let Err(HubError::Invalid(errors)) = hub.submit_text(&with_code(300, |n| n.to_string()), "ada")
    else {
        panic!("the files are copied too often")
    };
    assert_eq!(errors[0].field, "files");
    assert!(
        errors[0].message.starts_with("takes more than 256 MiB"),
        "{errors:?}"
    );
}

#[test]
fn mistakes_in_what_several_tasks_run_are_named_at_the_first() {
    check_wrong(
        "name: x\ntasks:\n  a: {command: c}\n  b: {template: none}\n  c: {template: none}",
        &["tasks.b.template: "],
    );
    check_wrong(
        "name: x\ntasks:\n  a: {command: c}\n  b: {command: c}\n  c: {template: char-lm, config: {lr: a}}",
        &["tasks.c.config.lr: "],
    );
}

#[test]
fn no_more_is_made_of_a_file_than_fits() {
    let list: Vec<_> = (0..101).map(|n| n.to_string()).collect();
    let list = list.join(", ");
    check_wrong(
        &format!("name: x\ncommand: c\ngrid: {{a: [{list}], b: [{list}]}}"),
        &["tasks: has 10201 tasks; describe 1 to 10000"],
    );
    let long = "x".repeat(1 << 20);
    check_wrong(
        &format!("name: x\ncommand: c\nconfig: {{a: {long}}}\nrepeats: 300"),
        &["tasks: take more than 256 MiB"],
    );
}
