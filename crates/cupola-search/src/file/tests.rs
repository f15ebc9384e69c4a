//! Whole files: what they stand for, and what is said of wrong ones.

use serde_json::Value;

use super::*;

/// `name seed config` of each task.
fn tasks_of(text: &str) -> Vec<String> {
    let file = parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    let shown = |task: FileTask| {
        let config = Value::Object(task.config).to_string().replace('"', "");
        format!("{} {} {config}", task.name, task.seed)
            .trim()
            .to_owned()
    };
    file.tasks().map(shown).collect()
}

fn check(text: &str, expected: &[&str]) {
    assert_eq!(tasks_of(&format!("name: x\n{text}")), expected, "{text}");
}

/// The first error says this.
fn check_error(text: &str, expected: &str) {
    let errors = match parse(text) {
        Ok(file) => panic!("{text}: read as {file:?}"),
        Err(errors) => errors,
    };
    let shown: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert!(shown[0].contains(expected), "{text}: {shown:?}");
}

#[test]
fn a_file_of_three_lines_is_one_task() {
    check("template: char-lm\nconfig: {lr: 0.1}", &["42 {lr:0.1}"]);
    check("command: echo", &["42 {}"]);
}

#[test]
fn a_grid_has_every_combination() {
    check(
        "template: t\nconfig: {a: 0, b: 5}\ngrid:\n  a: [1, 2]\n  c: [x, {y: [3]}]\n",
        &[
            "42 {a:1,b:5,c:x}",
            "43 {a:1,b:5,c:{y:[3]}}",
            "44 {a:2,b:5,c:x}",
            "45 {a:2,b:5,c:{y:[3]}}",
        ],
    );
}

#[test]
fn each_configuration_runs_with_each_seed_and_as_often_as_asked() {
    check(
        "command: c\nseeds: 2\ngrid: {a: [1, 2]}",
        &["42 {a:1}", "43 {a:1}", "42 {a:2}", "43 {a:2}"],
    );
    check(
        "command: c\nseeds: [7, -1]\nrepeats: 2",
        &["7 {}", "7 {}", "-1 {}", "-1 {}"],
    );
    check(
        "command: c\nrepeats: 2\ngrid: {a: [1, 2]}",
        &["42 {a:1}", "42 {a:1}", "43 {a:2}", "43 {a:2}"],
    );
}

#[test]
fn a_search_is_that_of_a_brief() {
    let text = "name: x\ntemplate: t\nsearch: {lr: 'log_uniform(1e-4, 1e-2)', n: [2, 4]}\nnum_tasks: 3\nstudy_seed: 5";
    let file = parse(text).unwrap();
    let Values::Search { space, .. } = &file.steps[0].values else {
        panic!("it is a search")
    };
    let planned = crate::plan::plan(space, crate::sampler::Sampler::Random, 3, 5, 42);
    let planned: Vec<_> = planned
        .into_iter()
        .map(|task| (task.config, task.seed))
        .collect();
    let found: Vec<_> = file.tasks().map(|task| (task.config, task.seed)).collect();
    assert_eq!(found, planned);
    check(
        "command: c\nsearch: {a: [1, 2]}\nsampler: grid",
        &["42 {a:2}", "43 {a:1}"],
    );
}

const PIPELINE: &str = "
name: pipeline
config: {width: 8, lr: 0}
environment: {KIND: all}
tasks:
  prepare:
    command: prepare
  train:
    command: [train, '{config}']
    depends_on: prepare
    grid: {lr: [0.1, 0.2]}
    environment: {LR: 'is {lr}', SEED: '{seed}', JSON: '{\"a\": 1}'}
    objective: {metric: loss, direction: minimize}
  report:
    command: report
    depends_on: [train, prepare]
    tags: [last]
";

#[test]
fn tasks_wait_for_all_tasks_of_those_they_name() {
    assert_eq!(
        tasks_of(PIPELINE),
        [
            "prepare 42 {width:8,lr:0}",
            "train.1 42 {width:8,lr:0.1}",
            "train.2 43 {width:8,lr:0.2}",
            "report 42 {width:8,lr:0}",
        ]
    );
    let file = parse(PIPELINE).unwrap();
    let needed: Vec<_> = (0..3).map(|step| file.needed_by(step)).collect();
    assert_eq!(needed, [vec![], vec![0], vec![1, 2, 0]]);
    assert_eq!(file.numbers(1), 1..3);
}

#[test]
fn variables_may_name_parameters() {
    let file = parse(PIPELINE).unwrap();
    let task = file.tasks().nth(2).unwrap();
    let shown: Vec<_> = task
        .environment
        .iter()
        .map(|(k, v)| format!("{k}={v}"))
        .collect();
    assert_eq!(
        shown,
        ["JSON={\"a\": 1}", "KIND=all", "LR=is 0.2", "SEED=43"]
    );
}

#[test]
fn what_a_file_says_reaches_its_tasks() {
    let file = parse(
        "name: ' x '\ndescription: d\ncommand: c\ntime_budget: 90s\npriority: -2\ntags: {a: 1, b: }\n\
         working_folder: ../w\nneeds: {cpu_cores: 2, memory_gb: 0.5, python: true}\nmax_parallel: 3\n\
         objective: {metric: m, direction: maximize}\nenvironment: {A: 1, B: true, C: }",
    )
    .unwrap();
    let step = &file.steps[0];
    let shown = format!(
        "{} {} {:?} {} {:?} {:?} {:?} {:?}",
        file.name,
        file.description,
        step.setup.time_budget,
        step.setup.priority,
        step.setup.tags,
        step.setup.working_folder,
        file.max_parallel,
        step.setup.environment,
    );
    assert_eq!(
        shown,
        r#"x d 90s -2 {"a": "1", "b": ""} Some("../w") Some(3) {"A": "1", "B": "true", "C": ""}"#
    );
    assert_eq!(
        (
            step.needs.cpu_cores,
            step.needs.memory_bytes,
            step.needs.python
        ),
        (2, 1 << 29, true)
    );
    assert_eq!(
        step.objective.as_ref().map(|o| o.metric.as_str()),
        Some("m")
    );
}

#[test]
fn a_program_is_a_template_or_a_command() {
    let program = |text: &str| {
        parse(&format!("name: x\n{text}"))
            .unwrap()
            .steps
            .remove(0)
            .program
    };
    let command = |arguments: &[&str]| Program::Command {
        command: arguments.iter().map(|a| (*a).to_owned()).collect(),
        files: Vec::new(),
    };
    assert_eq!(
        program("command: echo $HOME {config}"),
        command(&["sh", "-ec", "echo $HOME {config}"])
    );
    assert_eq!(
        program("command: [a, 1, '{run}']"),
        command(&["a", "1", "{run}"])
    );
    assert_eq!(program("template: t"), Program::Template("t".to_owned()));
    assert_eq!(
        program("template: t\ntasks: {a: {command: [b]}}"),
        command(&["b"]),
    );
}

#[test]
fn wrong_files_are_refused_with_line_value_and_remedy() {
    check_error("- a", "1: is not an experiment");
    check_error("command: x", "1: has no `name`");
    check_error(
        "name: x",
        "1: runs nothing; give it a `template` or a `command`",
    );
    check_error(
        "name: [x]\ncommand: y",
        "1: `name`: is `[\"x\"]`; give the experiment a name",
    );
    check_error("name: x\ncomand: y", "runs nothing");
    check_error(
        "name: x\ncommand: c\n\ntime-budget: 3",
        "4: `time-budget`: is not a key here; `time_budget` is",
    );
    check_error(
        "name: x\ncommand: c\nlearning: 3",
        "3: `learning`: is not a key here; there are `name`",
    );
}

#[test]
fn wrong_programs_are_refused_with_line_value_and_remedy() {
    check_error(
        "name: x\ntemplate: t\ncommand: c",
        "3: `command`: stands beside `template`",
    );
    check_error(
        "name: x\ntemplate: T!",
        "2: `template`: `T!` is not a template's name",
    );
    check_error("name: x\ncommand: []", "2: `command`: is empty");
    check_error(
        "name: x\ncommand: [a, '{confg}']",
        "2: `command`: has `{confg}`, which is not a placeholder",
    );
    check_error(
        "name: x\ncommand: echo ${run}",
        "write `$run` for the variable",
    );
    check_error(
        "name: x\ncommand: c\nfiles: [../y]",
        "3: `files.0`: `../y` is not a path below",
    );
    check_error(
        "name: x\ntemplate: t\nfiles: [y]",
        "3: `files`: belongs to a `command`",
    );
}

#[test]
fn wrong_setups_are_refused_with_line_value_and_remedy() {
    check_error(
        "name: x\ncommand: c\ntime_budget: soon",
        "3: `time_budget`: is `\"soon\"`; give seconds",
    );
    check_error(
        "name: x\ncommand: c\ntags: 3",
        "3: `tags`: is `3`; give a list of words",
    );
    check_error(
        "name: x\ncommand: c\nneeds: Two Words",
        "3: `needs`: `Two Words` is not a hardware profile; say `small`, `medium` or `large`",
    );
    check_error(
        "name: x\ncommand: c\ndevice_class: mine",
        "3: `device_class`: is `mine`; say `any` or `same`",
    );
    check_error(
        "name: x\ncommand: c\nneeds:\n  gpu: 1",
        "4: `needs.gpu`: is not a key here; `gpus` is",
    );
    check_error(
        "name: x\ncommand: c\nneeds: {python: yes}",
        "3: `needs.python`: is `\"yes\"`; give `true` or `false`",
    );
    check_error(
        "name: x\ncommand: c\nmax_parallel: 0",
        "3: `max_parallel`: is `0`; give a whole number from 1 to",
    );
    check_error(
        "name: x\ncommand: c\nobjective: {metric: m}",
        "3: `objective`: has no `direction`",
    );
    check_error(
        "name: x\ncommand: c\nobjective: {metric: m, direction: down}",
        "`down` is not a direction",
    );
    check_error(
        "name: x\ntemplate: t\nobjective: {metric: m, direction: minimize}",
        "3: `objective`: belongs to a `command`",
    );
}

#[test]
fn wrong_seeds_and_variables_are_refused_with_line_value_and_remedy() {
    check_error("name: x\ncommand: c\nseeds: []", "3: `seeds`: is empty");
    check_error(
        "name: x\ncommand: c\nseeds:\n  - 1\n  - 1",
        "5: `seeds.1`: is 1 again",
    );
    check_error(
        "name: x\ncommand: c\nseeds: [1.5]",
        "3: `seeds.0`: is `1.5`; give a whole number",
    );
    check_error(
        "name: x\ncommand: c\nenvironment:\n  A: b\n  A-B: c",
        "5: `environment.A-B`: is not the name of a variable",
    );
    check_error(
        "name: x\ncommand: c\nenvironment: {A: '{lr}'}",
        "3: `environment.A`: `{lr}` is not a parameter",
    );
    check_error(
        "name: x\ncommand: c\nenvironment: {A: [1]}",
        "3: `environment.A`: is `[1]`",
    );
    check_error(
        "name: x\ncommand: c\nconfig: 3",
        "3: `config`: is `3`; give a mapping",
    );
}

#[test]
fn wrong_grids_and_searches_are_refused() {
    check_error(
        "name: x\ncommand: c\ngrid:\n  a: 3",
        "4: `grid.a`: is `3`; give a list of the values",
    );
    check_error(
        "name: x\ncommand: c\ngrid:\n  a: []",
        "4: `grid.a`: is empty",
    );
    check_error(
        "name: x\ncommand: c\ngrid: {a: [1]}\nsearch: {a: [1]}",
        "4: `search`: stands beside `grid`",
    );
    check_error(
        "name: x\ncommand: c\nsearch:\n  lr: log_uniform(1, 0)",
        "4: `search.lr`",
    );
    check_error("name: x\ncommand: c\nsearch: {a: [1]}", "give `num_tasks`");
    check_error(
        "name: x\ncommand: c\nsearch: {a: [1]}\nsampler: best",
        "`best` is not a sampler",
    );
    check_error(
        "name: x\ncommand: c\nnum_tasks: 3",
        "3: `num_tasks`: belongs to a `search`",
    );
}

#[test]
fn wrong_tasks_are_refused() {
    let of = |tasks: &str| format!("name: x\ncommand: c\ntasks:\n{tasks}");
    check_error(&of("  - a"), "3: `tasks`: is");
    check_error(&of("  {}"), "has 0 tasks");
    check_error(
        &of("  a b: {command: c}"),
        "4: `tasks.a b`: is not a task's name",
    );
    check_error(
        &of("  a: {depend_on: b}"),
        "4: `tasks.a.depend_on`: is not a key here; `depends_on` is",
    );
    check_error(
        &of("  prepare:\n  b:\n    depends_on: prepar"),
        "6: `tasks.b.depends_on`: there is no task `prepar`; `prepare` is one",
    );
    check_error(&of("  a:\n  b:\n    depends_on: [a, a]"), "names `a` twice");
    check_error(
        &of("  a: {depends_on: c}\n  b: {depends_on: a}\n  c:\n    depends_on: [b]"),
        "4: `tasks.a.depends_on`: goes in a circle: `a` needs `c` needs `b` needs `a`",
    );
    check_error(&of("  a: {depends_on: a}"), "circle: `a` needs `a`");
    check_error(
        &(of("  a:\n") + "grid: {b: [1]}"),
        "5: `grid`: stands beside `tasks`",
    );
    check_error(
        &of(
            "  a: {objective: {metric: m, direction: minimize}}\n  b:\n    objective: {metric: n, direction: minimize}",
        ),
        "6: `tasks.b.objective`: is not that of the tasks before",
    );
    check_error(
        "name: x\ntasks: {a: {template: t}, b: {}}",
        "2: `tasks.b`: runs nothing",
    );
}

#[test]
fn all_mistakes_are_named_at_once_in_the_order_of_the_lines() {
    let text = "nme: x\ntime_budget: 0\ncommand: c\ngrid: {a: 1}\n";
    let lines: Vec<_> = parse(text)
        .unwrap_err()
        .iter()
        .map(|error| error.line)
        .collect();
    assert_eq!(lines, [1, 1, 2, 4]);
}

#[test]
fn ten_thousand_tasks_are_planned_and_a_million_and_one_are_refused() {
    let list = |n: u32| {
        format!(
            "[{}]",
            (0..n).map(|n| n.to_string()).collect::<Vec<_>>().join(", ")
        )
    };
    let grid = |a: u32, b: u32| {
        format!(
            "name: x\ncommand: c\ngrid:\n  a: {}\n  b: {}",
            list(a),
            list(b)
        )
    };
    let file = parse(&grid(100, 100)).unwrap();
    assert_eq!((file.task_count(), file.tasks().count()), (10_000, 10_000));
    assert_eq!(file.tasks().last().unwrap().config["b"], 99);
    assert_eq!(parse(&grid(1000, 1000)).unwrap().task_count(), 1_000_000);
    check_error(
        &grid(1001, 1000),
        "3: `grid`: makes 1001000 tasks; at most 1000000 fit",
    );
    check_error(&(grid(1000, 1000) + "\nseeds: 2"), "makes 2000000 tasks");
    check_error(
        "name: x\ncommand: c\ntasks: {a: {seeds: 2000}, b: {seeds: 2000, depends_on: a}}",
        "makes 4000000 pairs",
    );
}

#[test]
fn what_the_hub_finds_wrong_is_shown_where_it_stands() {
    let text =
        "name: x\nconfig:\n  width: 0\ntasks:\n  a:\n    template: t\n    grid:\n      lr: [1]\n";
    let file = parse(text).unwrap();
    let check = |field: &str, expected: &str| {
        let found = file.locate(0, field, "is wrong").to_string();
        assert_eq!(found, format!("{expected}: is wrong"));
    };
    check("template", "6: `tasks.a.template`");
    check("config.lr", "8: `tasks.a.grid.lr`");
    check("config.lr.0.x", "8: `config.lr.0.x`");
    check("config.width", "3: `config.width`");
    check("config.depth", "7: `config.depth`");
    check("needs", "5: `needs`");
}

#[test]
fn of_many_mistakes_the_first_hundred_are_named() {
    let keys: Vec<_> = (0..1_000).map(|n| format!("stray{n}: 1\n")).collect();
    let keys = keys.concat();
    let errors = parse(&format!("name: x\ncommand: c\n{keys}")).unwrap_err();
    assert_eq!(errors.len(), 100);
    let steps: Vec<_> = (0..1_000)
        .map(|n| format!("  step{n}: {{command: c, depends_on: nothing}}\n"))
        .collect();
    let steps = steps.concat();
    let errors = parse(&format!("name: x\ntasks:\n{steps}")).unwrap_err();
    assert_eq!(errors.len(), 100);
    let message = &errors[0].message;
    assert!(message.ends_with("`step19` and 980 more"), "{message}");
}

#[test]
fn what_the_file_says_for_all_is_not_repeated_without_end() {
    let text = |count: usize, length: usize| {
        let steps: Vec<_> = (0..count)
            .map(|n| format!("  s{n}: {{command: c}}\n"))
            .collect();
        let steps = steps.concat();
        format!(
            "name: x\nconfig: {{text: {}}}\ntasks:\n{steps}",
            "x".repeat(length)
        )
    };
    check_error(
        &text(300, 1 << 20),
        "3: `tasks`: repeats more than 256 MiB of what the file says for all",
    );
    assert_eq!(parse(&text(300, 1 << 10)).unwrap().task_count(), 300);
}

#[test]
fn a_variable_is_not_filled_beyond_what_can_be_kept() {
    let text = format!(
        "name: x\ncommand: c\nconfig: {{a: {}}}\nenvironment: {{A: '{}', B: '{{{{a}}}}'}}",
        "x".repeat(50_000),
        "{a}".repeat(5_000),
    );
    let file = parse(&text).unwrap();
    let made = file.tasks().next().unwrap();
    let length = made.environment["A"].len();
    assert!((80_001..200_000).contains(&length), "{length}");
    assert_eq!(made.environment["B"].len(), 50_002);
}
