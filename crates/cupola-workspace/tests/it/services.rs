//! Services that are started from here, with real programs.

use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    time::Duration,
};

use cupola_workspace::{
    model::{RunKey, Service, ServiceState},
    services::Command,
    source::{Action, LogAsked, LogOf, Source as _, SourceError},
};
use serde_json::{Value, json};

use crate::{
    beside::{Here, fetch, is_gone, small, tests},
    real::{make, python},
    support::{Made, until},
};

#[test]
fn a_command_is_started_answers_and_ends_with_all_that_it_started() {
    let made = Made::new();
    made.write("page.txt", "a page");
    let child = made.path("child");
    let here = Here::new(made, |settings| {
        let words = [
            "{workdir}",
            "--port={port}",
            "--child",
            child.to_str().unwrap(),
        ];
        settings.commands = vec![small("files", &words)];
    });
    let service = here.service("files");
    assert_eq!(
        (service.state, service.description.as_str()),
        (ServiceState::Stopped, "a folder")
    );
    assert_eq!(
        here.start("files").unwrap(),
        "service `files` is being started"
    );
    let again = here.start("files").unwrap_err().to_string();
    assert!(again.starts_with("service `files` "), "{again}");
    let running = here.becomes("files", ServiceState::Running);
    let url = running.url.unwrap();
    assert!(
        fetch(&format!("{url}page.txt"))
            .unwrap()
            .ends_with("a page")
    );
    assert_eq!(
        Some(url),
        here.serving("files").map(|it| format!("http://{it}/"))
    );
    let serving = here.served.serving(&running.run, "files").unwrap();
    until(&here.changes, "its log", || {
        here.log("files", "stderr")
            .contains("GET /page.txt")
            .then_some(())
    });
    here.stop("files").unwrap();
    let stopped = here.becomes("files", ServiceState::Stopped);
    assert_eq!((stopped.url, stopped.error), (None, None));
    assert!(serving.upgrade().is_none());
    let pids = fs::read_to_string(&child).unwrap();
    assert!(pids.split(' ').all(is_gone), "{pids}");
    assert_eq!(
        here.stop("files").unwrap_err().to_string(),
        "service `files` does not run"
    );
    here.start("files").unwrap();
    here.becomes("files", ServiceState::Running);
}

#[test]
fn letting_go_ends_what_does_not_end_when_asked_to() {
    let made = Made::new();
    let child = made.path("child");
    let here = Here::new(made, |settings| {
        let words = [
            "--port={port}",
            "--deaf",
            "--child",
            child.to_str().unwrap(),
        ];
        settings.commands = vec![small("deaf", &words)];
    });
    here.start("deaf").unwrap();
    here.becomes("deaf", ServiceState::Running);
    let Here {
        served,
        made: _made,
        ..
    } = here;
    drop(served);
    let pids = fs::read_to_string(&child).unwrap();
    assert!(pids.split(' ').all(is_gone), "{pids}");
}

#[test]
fn a_printed_address_is_found() {
    let made = Made::new();
    made.write("page.txt", "a page");
    let here = Here::new(made, |settings| {
        settings.commands = vec![small("printing", &["{workdir}", "--print"])];
    });
    here.start("printing").unwrap();
    let url = here.becomes("printing", ServiceState::Running).url.unwrap();
    assert!(url.ends_with("/page.txt?a=b"), "{url}");
    assert!(fetch(&url).unwrap().ends_with("a page"));
}

#[test]
fn what_goes_wrong_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let command = |name: &str, words: &[&str]| Command {
        name: name.to_owned(),
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        ..Command::default()
    };
    let here = Here::new(Made::new(), |settings| {
        settings.patience = Duration::from_millis(300);
        settings.commands = vec![
            command("missing", &["no-such-program", "{port}"]),
            command("plain", &["/", "{port}"]),
            Command {
                port: Some(port),
                ..command("taken", &["sleep", "600"])
            },
            command(
                "short",
                &["sh", "-c", "echo one; echo two words >&2; exit 3", "{port}"],
            ),
            command("well", &["true", "{port}"]),
            command("killed", &["sh", "-c", "kill -9 $$", "{port}"]),
            command(
                "silent",
                &[
                    "sh",
                    "-c",
                    "echo waiting for more; exec sleep 600",
                    "{port}",
                ],
            ),
        ];
    });
    here.fails(
        "missing",
        "`no-such-program`: there is no such program here",
    );
    here.fails("plain", "`/` may not be run");
    here.fails("taken", &format!("port {port} is taken by another program"));
    here.fails("short", "it ended with code 3: two words");
    here.fails("well", "it ended before it answered");
    here.fails("killed", "it was ended by signal 9");
    here.fails("silent", "it did not answer within 0 s: waiting for more");
    assert_eq!(here.log("short", "stdout"), "one\n");
    // What went wrong is forgotten when it is stopped.
    here.stop("short").unwrap();
    assert_eq!(here.becomes("short", ServiceState::Stopped).error, None);
}

#[test]
fn a_log_has_a_bound_before_its_program_answers_too() {
    let made = Made::new();
    let written = made.path("written");
    let script = "head -c 70000000 /dev/zero; touch \"$1\"; exec sleep 600";
    let here = Here::new(made, |settings| {
        let words = ["sh", "-c", script, "x", written.to_str().unwrap(), "{port}"];
        settings.commands = vec![Command {
            name: "loud".to_owned(),
            words: words.map(str::to_owned).into(),
            ..Command::default()
        }];
    });
    here.start("loud").unwrap();
    until(&here.changes, "all is written", || {
        written.exists().then_some(())
    });
    let asked = LogAsked {
        of: LogOf::Service(here.service("loud").run, "loud".to_owned()),
        stream: "stdout".to_owned(),
        offset: None,
        bytes: 1,
    };
    until(&here.changes, "it begins anew", || {
        (here.served.log(&asked).unwrap().size < 7_000_000).then_some(())
    });
    assert_eq!(here.service("loud").state, ServiceState::Starting);
}

/// Each file of a workspace with what it holds.
fn listing(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let text = fs::read(entry.path()).unwrap_or_default();
                found.insert(entry.path(), text);
            }
        }
    }
    found
}

#[test]
fn services_of_an_experiment_are_made_again() {
    let made = Made::new();
    made.write("shown/page.txt", "a page");
    make(&made, "served");
    let before = listing(made.folder.path());
    let here = Here::new(made, |_| {});
    assert_eq!(here.service("pages").class, "served_classes.Pages");
    for id in ["pages", "program", "both/right"] {
        here.start(id).unwrap();
        let running = here.becomes(id, ServiceState::Running);
        let url = format!("http://{}/page.txt", here.serving(id).unwrap());
        assert!(fetch(&url).unwrap().ends_with("a page"), "{running:?}");
    }
    for id in ["pages", "program"] {
        here.stop(id).unwrap();
        here.becomes(id, ServiceState::Stopped);
    }
    here.fails(
        "broken",
        "it does not serve: ValueError('nothing to serve')",
    );
    assert!(here.log("broken", "stderr").contains("nothing to serve"));
    here.fails("board", "__main__.Board is part of a script");
    assert_eq!(before, listing(here.made.folder.path()));
}

fn add_service(made: &Made, id: &str, class: &str, state: Value) {
    made.run("e", id, &[]);
    let path = made.path(&format!("experiments/e/{id}/status.json"));
    let mut status: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    status["services"] = json!({id: {
        "service_id": id, "description": "", "class": class, "state_dict": state,
        "state": "RUNNING", "url": "http://127.0.0.1:1/",
    }});
    fs::write(path, status.to_string()).unwrap();
}

#[test]
fn files_cannot_make_anything_else_run() {
    let made = Made::new();
    let mark = made.path("mark");
    let touch = json!({"args": ["touch", mark]});
    for (id, class, state) in [
        ("any", "subprocess.Popen", touch.clone()),
        (
            "function",
            "os.system",
            json!({"command": format!("touch {}", mark.display())}),
        ),
        ("base", "experimaestro.scheduler.services.Service", touch),
        ("none", "nowhere.at.all.Class", json!({})),
        ("odd", "..", json!({})),
    ] {
        add_service(&made, id, class, state);
    }
    let here = Here::new(made, |_| {});
    // What they say of a run that is over is not believed.
    assert_eq!(here.service("any").state, ServiceState::Stopped);
    assert_eq!(here.service("any").url, None);
    here.fails("any", "subprocess.Popen is no service of Experimaestro");
    here.fails("function", "os.system is no service of Experimaestro");
    here.fails("base", "unexpected keyword argument");
    here.fails("none", "nowhere.at.all.Class is not found");
    here.fails("odd", "is not found");
    assert!(!mark.exists());
}

#[test]
fn tensorboard_shows_a_folder_of_the_workspace() {
    let made = Made::new();
    made.write("runs/page.txt", "curves");
    made.write("bin/tensorboard", "");
    let class = "my.services.TensorboardService";
    add_service(
        &made,
        "board",
        class,
        json!({"path": {"__path__": made.path("runs")}}),
    );
    add_service(&made, "away", class, json!({"path": {"__path__": "/etc"}}));
    add_service(&made, "empty", class, json!({}));
    let script = tests().join("small_server.py");
    let text = format!("#!/bin/sh\nexec {} {} \"$@\"\n", python(), script.display());
    let program = made.path("tensorboard");
    made.write("tensorboard", text);
    fs::set_permissions(
        &program,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    let here = Here::new(made, |settings| {
        settings.tensorboard = Some(program.display().to_string());
    });
    here.start("board").unwrap();
    let url = here.becomes("board", ServiceState::Running).url.unwrap();
    assert!(
        fetch(&format!("{url}page.txt"))
            .unwrap()
            .ends_with("curves")
    );
    here.fails("away", "/etc is not in the workspace");
    let empty = here.start("empty").unwrap_err().to_string();
    assert!(
        empty.ends_with("it does not say which folder it shows"),
        "{empty}"
    );
}

#[test]
fn without_tensorboard_it_is_said_how_to_get_it() {
    let made = Made::new();
    add_service(
        &made,
        "tensorboard",
        "a.B",
        json!({"path": {"__path__": made.path("")}}),
    );
    let here = Here::new(made, |settings| {
        settings.environment.retain(|(name, _)| name != "PATH");
        settings
            .environment
            .push(("PATH".into(), "/nowhere".into()));
    });
    let refused = here.start("tensorboard").unwrap_err().to_string();
    assert!(refused.contains("`pip install tensorboard`"), "{refused}");
}

#[test]
fn a_command_is_offered_for_the_newest_run_of_each_experiment() {
    let made = Made::new();
    for (experiment, run) in [
        ("a", "20260101_000000"),
        ("a", "20260102_000000"),
        ("b", "1"),
    ] {
        made.run(experiment, run, &[]);
    }
    let here = Here::new(made, |settings| {
        let of_run = small("of-run", &["{run_folder}", "--port={port}"]);
        settings.commands = vec![of_run, small("of-all", &["--port={port}"])];
    });
    let names = |of: Option<&RunKey>| {
        let services = here.served.services(of).unwrap();
        let name = |it: Service| format!("{} {} {}", it.id, it.run.experiment, it.run.run);
        let mut names: Vec<_> = services.into_iter().map(name).collect();
        names.sort();
        names
    };
    let all = ["of-all  ", "of-run a 20260102_000000", "of-run b 1"];
    assert_eq!(names(None), all);
    let old = RunKey {
        experiment: "a".to_owned(),
        run: "20260101_000000".to_owned(),
    };
    assert_eq!(names(Some(&old)), ["of-run a 20260101_000000"]);
    here.served
        .act(&Action::StartService(old.clone(), "of-run".to_owned()))
        .unwrap();
    let url = until(&here.changes, "it runs", || {
        let services = here.served.services(Some(&old)).unwrap();
        services.into_iter().find_map(|service| service.url)
    });
    assert!(fetch(&url).unwrap().contains("status.json"));
    let unknown = Action::StartService(old, "other".to_owned());
    assert_eq!(
        here.served.act(&unknown),
        Err(SourceError::Unknown(
            "there is no service `other`".to_owned()
        ))
    );
}
