//! What tools answer, held against what the hub has.

use cupola_assistant::tools::{self, Mode, Refused, TOOLS};
use cupola_domain::{access::Role, counts::State};
use serde_json::{Value, json};

use crate::support::{INJECTION, Lab};

/// What stands at JSON pointers of an answer.
fn check(lab: &Lab, tool: &str, arguments: &Value, expected: &[(&str, Value)]) {
    let answer = lab
        .call(tool, arguments.clone())
        .unwrap_or_else(|refused| panic!("{tool} {arguments}: {refused}"));
    for (pointer, value) in expected {
        assert_eq!(
            answer.pointer(pointer),
            Some(value),
            "{tool} {arguments} {pointer} in {answer}"
        );
    }
}

fn refused(lab: &Lab, tool: &str, arguments: &Value, expected: &str) {
    match lab.call(tool, arguments.clone()) {
        Ok(answer) => panic!("{tool} {arguments}: {answer}"),
        Err(refused) => assert!(
            refused.to_string().contains(expected),
            "{tool} {arguments}: {refused}"
        ),
    }
}

#[test]
fn tools_answer_with_what_is_there() {
    let lab = Lab::new();
    let alpha = lab.alpha.to_string();
    let best = lab.alpha_runs[1].to_string();
    let failed = lab.alpha_runs[5].to_string();
    check(
        &lab,
        "overview",
        &json!({}),
        &[
            ("/workers_online", json!(1)),
            ("/tasks/running", json!(1)),
            ("/tasks/failed", json!(1)),
        ],
    );
    check(
        &lab,
        "list_experiments",
        &json!({}),
        &[("/total", json!(4))],
    );
    check(
        &lab,
        "list_experiments",
        &json!({"search": "alph"}),
        &[
            ("/total", json!(1)),
            ("/experiments/0/name/data", json!("alpha")),
            ("/experiments/0/tasks/completed", json!(5)),
        ],
    );
    check(
        &lab,
        "list_experiments",
        &json!({"limit": 1}),
        &[("/next", json!(1))],
    );
    check(
        &lab,
        "get_experiment",
        &json!({"id": "alpha"}),
        &[
            ("/id", json!(alpha)),
            ("/runs", json!(6)),
            ("/cost/runs", json!(6)),
            ("/objective/metric", json!("val_bpb")),
        ],
    );
    check(
        &lab,
        "get_experiment",
        &json!({"id": lab.family.to_string()}),
        &[
            ("/kind", json!("family")),
            ("/title/data", json!("Find a good rate")),
        ],
    );
    check(
        &lab,
        "list_templates",
        &json!({}),
        &[("/templates/0/name", json!("char-lm"))],
    );
    check(
        &lab,
        "get_template",
        &json!({"template": "char-lm"}),
        &[("/name", json!("char-lm"))],
    );
    check(
        &lab,
        "check_config",
        &json!({"template": "char-lm", "configuration": {}}),
        &[("/valid", json!(true))],
    );
    check(
        &lab,
        "check_config",
        &json!({"template": "char-lm", "configuration": {"lr": "high"}}),
        &[
            ("/valid", json!(false)),
            ("/errors/0/field/data", json!("lr")),
        ],
    );
    check(
        &lab,
        "list_runs",
        &json!({"experiment_id": "alpha", "filter": "state = failed"}),
        &[
            ("/runs/0/id", json!(failed)),
            ("/runs/0/experiment/data", json!("alpha")),
        ],
    );
    check(
        &lab,
        "list_runs",
        &json!({"experiment_id": "alpha", "limit": 2, "offset": 1}),
        &[("/next", json!(3))],
    );
    check(
        &lab,
        "get_run",
        &json!({"id": best}),
        &[
            ("/status", json!("completed")),
            ("/results/data/val_bpb", json!(1.0)),
            ("/task_number", json!(1)),
            ("/worker/data", json!("gpu-1")),
        ],
    );
    check(
        &lab,
        "get_run",
        &json!({"id": "alpha #1"}),
        &[("/id", json!(best))],
    );
    check(
        &lab,
        "get_run",
        &json!({"id": lab.alpha_runs[1].short()}),
        &[("/id", json!(best))],
    );
    check(
        &lab,
        "get_run_logs",
        &json!({"run_id": failed, "limit": 2}),
        &[
            ("/lines/0/text/data", json!("CUDA out of memory")),
            ("/lines_total", json!(3)),
        ],
    );
    check(
        &lab,
        "get_run_logs",
        &json!({"run_id": failed, "after": 1, "limit": 1}),
        &[("/lines/0/number", json!(2)), ("/next", json!(2))],
    );
    check(
        &lab,
        "list_results",
        &json!({"run_id": best}),
        &[
            ("/total", json!(1)),
            ("/results/0/key/data", json!("val_bpb")),
            ("/results/0/value/data", json!(1.0)),
        ],
    );
    check(
        &lab,
        "get_result_details",
        &json!({"run_id": best, "key": "val_bpb"}),
        &[("/value/data", json!(1.0))],
    );
    check(
        &lab,
        "get_curve",
        &json!({"run_id": best}),
        &[
            ("/metric/data", json!("val_bpb")),
            ("/points_total", json!(200)),
            ("/is_reduced", json!(true)),
        ],
    );
    check(
        &lab,
        "list_workers",
        &json!({}),
        &[
            ("/total", json!(2)),
            ("/workers/0/name/data", json!("gpu-1")),
            ("/workers/0/running", json!(1)),
        ],
    );
    check(
        &lab,
        "get_worker",
        &json!({"id": "gpu-1"}),
        &[("/worker/presence", json!("online")), ("/total", json!(18))],
    );
    check(
        &lab,
        "get_costs",
        &json!({"experiment_id": "alpha"}),
        &[
            ("/cost/amount", json!(0.015)),
            ("/cost/currency", json!("EUR")),
        ],
    );
    check(
        &lab,
        "get_costs",
        &json!({"by": "person"}),
        &[("/subjects/0/subject/data", json!("ada"))],
    );
}

#[test]
fn findings_are_those_of_the_hub() {
    let lab = Lab::new();
    let failed = lab.alpha_runs[5].to_string();
    check(
        &lab,
        "summarize_experiment",
        &json!({"id": "alpha"}),
        &[
            ("/counted", json!(5)),
            ("/median", json!(1.2)),
            ("/top/0/value", json!(1.0)),
            ("/top/0/run_id", json!(lab.alpha_runs[1].to_string())),
            ("/top/4/value", json!(1.4)),
        ],
    );
    let family = lab.hub.family_detail(lab.family).unwrap();
    let best = family.analysis.summary.best.unwrap();
    check(
        &lab,
        "summarize_experiment",
        &json!({"id": lab.family.to_string()}),
        &[
            ("/top/0/value", json!(best.value)),
            ("/mean", json!(family.analysis.summary.mean.unwrap())),
        ],
    );
    check(
        &lab,
        "compare",
        &json!({"ids": ["alpha", "beta"]}),
        &[
            ("/pair/verdict", json!("a is better")),
            ("/pair/a/data", json!("experiment alpha")),
            ("/metric/data", json!("val_bpb")),
        ],
    );
    check(
        &lab,
        "compare",
        &json!({"ids": ["beta", "alpha"]}),
        &[("/pair/verdict", json!("b is better"))],
    );
    check(
        &lab,
        "compare",
        &json!({"ids": ["alpha #0", "alpha #1"]}),
        &[("/runs/1/objective", json!(1.0))],
    );
    check(
        &lab,
        "parameter_importance",
        &json!({"id": lab.family.to_string()}),
        &[("/counted", json!(6))],
    );
    check(
        &lab,
        "explain_failure",
        &json!({"id": failed}),
        &[
            ("/reason/data", json!("exit code 3")),
            ("/kind", json!("exit_code")),
            ("/log_tail/1/text/data", json!("CUDA out of memory")),
            ("/environment/data/python", json!("3.12")),
            ("/alike_in_experiment", json!(1)),
        ],
    );
    let report = lab.call("write_report", json!({"id": "alpha"})).unwrap();
    let text = report["report"]["data"].as_str().unwrap();
    let dry = json!({"id": "alpha", "with": ["beta"], "dry_run": true});
    let would = lab.call("keep_report", dry).unwrap();
    assert_eq!(would["title"]["data"], json!("alpha against beta"));
    assert_eq!(lab.hub.list_reports(None).unwrap(), []);
    let kept = lab.call("keep_report", json!({"id": "alpha"})).unwrap();
    let link = format!("/reports/{}", lab.hub.list_reports(None).unwrap()[0].id);
    assert_eq!(kept["link"], json!(link));
    for part in [
        "# alpha",
        "The best val\\_bpb is 1 (task 1)",
        "exit code 3",
        "0.0150 EUR for 6 runs",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn changes_are_made_once_and_never_by_a_dry_run() {
    let lab = Lab::new();
    let before = lab.hub.last_change().unwrap();
    let family = lab.family.to_string();
    let brief = json!({"goal": "Is it deep?", "template": "char-lm", "num_tasks": 3, "time_budget_secs": 60});
    let changes = [
        ("submit_brief", brief.clone(), "submit this brief"),
        (
            "create_experiment",
            json!({"name": "delta", "template": "char-lm"}),
            "make this experiment",
        ),
        (
            "update_experiment",
            json!({"id": "gamma", "name": "delta"}),
            "change the experiment to this",
        ),
        (
            "start_run",
            json!({"experiment_id": "gamma", "runs": 2}),
            "start 2 of this experiment",
        ),
        (
            "cancel_run",
            json!({"id": lab.running.to_string()}),
            "stop this run for good",
        ),
        (
            "cancel_experiment",
            json!({"id": family}),
            "stop 1 that wait and 1 that run",
        ),
        (
            "retry_run",
            json!({"id": "alpha #5"}),
            "make another attempt at this task",
        ),
    ];
    for (tool, arguments, would) in &changes {
        let mut asked = arguments.clone();
        asked["dry_run"] = json!(true);
        check(
            &lab,
            tool,
            &asked,
            &[("/would", json!(would)), ("/dry_run", json!(true))],
        );
        let forced = lab
            .call_as(Role::Researcher, tool, arguments.clone(), Mode::DryRun)
            .unwrap();
        assert_eq!(forced["would"], *would);
    }
    assert_eq!(
        lab.hub.last_change().unwrap(),
        before,
        "a dry run changes nothing"
    );
    for (tool, arguments, _) in &changes {
        let error = lab
            .call_as(Role::Viewer, tool, arguments.clone(), Mode::AsAsked)
            .unwrap_err();
        assert!(
            matches!(
                error,
                Refused::Role {
                    needed: Role::Researcher,
                    ..
                }
            ),
            "{tool}: {error}"
        );
    }
    assert_eq!(
        lab.hub.last_change().unwrap(),
        before,
        "a viewer changes nothing"
    );
    for (tool, arguments, _) in changes {
        let answer = lab
            .call(tool, arguments)
            .unwrap_or_else(|refused| panic!("{tool}: {refused}"));
        assert!(answer["done"].is_string(), "{tool}: {answer}");
    }
    let gamma = lab.hub.experiment_detail(lab.gamma).unwrap();
    assert_eq!((gamma.experiment.name.as_str(), gamma.runs), ("delta", 2));
    let family = lab.hub.experiment_detail(lab.family).unwrap().experiment;
    assert_eq!(
        family.counts.of(State::Cancelled) + family.counts.of(State::Running),
        2
    );
    let alpha = lab.hub.experiment_detail(lab.alpha).unwrap().experiment;
    assert_eq!((alpha.counts.failed, alpha.counts.pending), (0, 1));
}

#[test]
fn what_is_wrong_is_named() {
    let lab = Lab::new();
    refused(&lab, "list_run", &json!({}), "did you mean `list_runs`?");
    refused(&lab, "make_coffee_now", &json!({}), "there is no tool");
    refused(&lab, "get_run", &json!({}), "`id`: is missing");
    refused(
        &lab,
        "get_run",
        &json!({"id": 3}),
        "`id`: is a number; give a text",
    );
    refused(
        &lab,
        "get_run",
        &json!({"id": "alpha #77"}),
        "there is no task `77`",
    );
    refused(
        &lab,
        "get_run",
        &json!({"id": "x", "color": "red"}),
        "`color`: is no argument of this tool; it takes `id`",
    );
    refused(&lab, "overview", &json!({"x": 1}), "it takes none");
    refused(
        &lab,
        "list_runs",
        &json!({"limit": 0}),
        "give a whole number from 1 to 100",
    );
    refused(&lab, "list_runs", &json!({"filter": "lr <"}), "`filter`");
    refused(
        &lab,
        "list_runs",
        &json!({"experiment_id": "omega"}),
        "there is no experiment `omega`",
    );
    refused(
        &lab,
        "list_experiments",
        &json!({"state": "broken"}),
        "`state`",
    );
    refused(
        &lab,
        "compare",
        &json!({"ids": ["alpha"]}),
        "name two or more",
    );
    refused(
        &lab,
        "get_costs",
        &json!({"by": "colour"}),
        "choose `experiment`",
    );
    refused(
        &lab,
        "submit_brief",
        &json!({"goal": "", "template": "nope"}),
        "`goal`: is empty",
    );
    refused(
        &lab,
        "cancel_run",
        &json!({"id": "alpha #1"}),
        "already completed",
    );
    refused(
        &lab,
        "cancel_run",
        &json!({"id": "alpha #1", "dry_run": "no"}),
        "is neither true nor false",
    );
    check(
        &lab,
        "check_brief",
        &json!({"goal": "x", "template": "nope"}),
        &[
            ("/valid", json!(false)),
            ("/errors/0/field/data", json!("template")),
        ],
    );
    check(
        &lab,
        "check_brief",
        &json!({"goal": "x", "template": "char-lm", "space": {"n_layers": "choice(2, 60)"}}),
        &[
            ("/valid", json!(false)),
            ("/errors/0/field/data", json!("space.n_layers")),
            (
                "/errors/0/message/data",
                json!("is 60; give a whole number from 1 to 48"),
            ),
        ],
    );
    refused(
        &lab,
        "submit_brief",
        &json!({"goal": "x", "template": "char-lm", "space": {"n_layers": "uniform(1, 4)"}}),
        "takes whole numbers; write `integer(low, high)`",
    );
}

#[test]
fn athanors_names_and_arguments_work() {
    let lab = Lab::new();
    let best = lab.alpha_runs[1].to_string();
    let alpha = lab.alpha.to_string();
    let calls = [
        ("list_experiments", json!({})),
        ("get_experiment", json!({"id": alpha})),
        (
            "create_experiment",
            json!({"name": "n", "experiment_module": "char-lm", "description": "d", "configuration": {}}),
        ),
        (
            "update_experiment",
            json!({"id": lab.gamma.to_string(), "name": "g2", "description": "d", "configuration": {}}),
        ),
        ("list_available_modules", json!({})),
        ("get_config_schema", json!({"experiment_module": "char-lm"})),
        (
            "validate_config",
            json!({"experiment_module": "char-lm", "configuration": {}}),
        ),
        ("list_runs", json!({"experiment_id": alpha})),
        ("get_run", json!({"id": best})),
        ("start_run", json!({"experiment_id": lab.gamma.to_string()})),
        ("cancel_run", json!({"id": lab.running.to_string()})),
        (
            "get_run_logs",
            json!({"run_id": best, "limit": 100, "level": "info"}),
        ),
        ("list_results", json!({"run_id": best, "limit": 5})),
        (
            "get_result_details",
            json!({"run_id": best, "key": "val_bpb"}),
        ),
        ("get_config_schema", json!({"module": "char-lm"})),
        ("start_run", json!({"instance_id": lab.gamma.to_string()})),
    ];
    for (tool, arguments) in calls {
        lab.call(tool, arguments.clone())
            .unwrap_or_else(|refused| panic!("{tool} {arguments}: {refused}"));
    }
}

/// What a program wrote appears under `data` alone, and nothing follows from it.
#[test]
fn what_runs_wrote_is_data() {
    let lab = Lab::new();
    let before = lab.hub.last_change().unwrap();
    let failed = lab.alpha_runs[5].to_string();
    let mut seen = 0;
    for (tool, arguments) in [
        ("explain_failure", json!({"id": failed})),
        ("get_run_logs", json!({"run_id": failed})),
        ("get_run", json!({"id": failed})),
        ("write_report", json!({"id": "alpha"})),
    ] {
        let answer = lab.call(tool, arguments).unwrap();
        seen += places(&answer, false);
        assert_eq!(answer["note"], tools::DATA_NOTE, "{tool}");
    }
    assert_eq!(seen, 2);
    assert_eq!(lab.hub.last_change().unwrap(), before);
}

/// How often the program's words stand in a value; they must stand under `data`.
fn places(value: &Value, is_data: bool) -> usize {
    match value {
        Value::String(text) if text.contains(INJECTION) => {
            assert!(is_data, "{text}");
            1
        }
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| places(value, is_data || key == "data"))
            .sum(),
        Value::Array(items) => items.iter().map(|item| places(item, is_data)).sum(),
        _ => 0,
    }
}

#[test]
fn every_tool_is_described_and_bounded() {
    let mut names = std::collections::HashSet::new();
    for tool in TOOLS {
        assert!(names.insert(tool.name), "{} stands twice", tool.name);
        assert!(tool.about.ends_with('.'), "{}", tool.name);
        let schema = tool.schema();
        assert_eq!(schema["type"], "object", "{}", tool.name);
        for (name, property) in schema["properties"].as_object().unwrap() {
            assert!(
                property["description"]
                    .as_str()
                    .is_some_and(|text| text.ends_with('.')),
                "{} {name}",
                tool.name
            );
            assert!(property["type"].is_string(), "{} {name}", tool.name);
        }
        let is_reading = tool.role == Role::Viewer;
        assert_eq!(is_reading, !tool.is_change, "{}", tool.name);
        assert_eq!(
            schema["properties"].get("dry_run").is_some(),
            tool.is_change,
            "{}",
            tool.name
        );
    }
    assert_eq!(tools::aliases().count(), 3, "every alias leads to a tool");
}

#[test]
fn who_is_not_there_has_no_credits() {
    let lab = Lab::new();
    let of = |person| {
        lab.call_as(
            Role::Admin,
            "get_credits",
            json!({"person": person}),
            Mode::AsAsked,
        )
    };
    assert!(of("ada").is_ok());
    let refused = of("nobody").unwrap_err().to_string();
    assert!(refused.contains("nobody"), "{refused}");
}
