//! Far sides and clients that do not behave.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};

use cupola_monitor::{
    dial::Dial as _,
    remote::{Options, Remote},
    serve::serve,
    ssh::{Route, Ssh},
};
use cupola_workspace::source::{Source, SourceError};
use serde_json::Value;

use super::{
    fake::{Fake, key},
    pipes::{Heard, Piped, Scripted, connected, options},
};

const WELCOME: &str =
    r#"{"jsonrpc": "2.0", "id": 1, "result": {"protocol_version": "2.0", "workspace_path": "/w"}}"#;

fn scripted(answer: impl Into<Vec<u8>>) -> Scripted {
    Scripted {
        answers: vec![answer.into()],
        said: "",
        stays: true,
    }
}

/// A far side that has made itself known and then answers with these, one after the other.
fn answering(answers: &[&str]) -> Remote {
    let answers = [WELCOME].iter().chain(answers);
    let dial = Scripted {
        answers: answers.map(|it| format!("{it}\n").into_bytes()).collect(),
        ..scripted("")
    };
    connected(dial).unwrap()
}

fn why(dial: Scripted) -> String {
    let error = connected(dial).err().expect("there is nothing to talk to");
    error.to_string()
}

#[test]
fn a_banner_before_the_first_frame_does_no_harm() {
    let heard = Heard::default();
    let piped = Piped {
        banner: "Welcome to the cluster!\n\x1b[31mred\x1b[0m\ncupola-clock 1 +0300 \n\nmotd: ",
        ..Piped::to(Fake::new(3))
    };
    let remote = Remote::connect(Box::new(piped), options(&heard)).unwrap();
    assert_eq!(remote.jobs(None).unwrap().len(), 3);
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard, ["Welcome to the cluster!", "[31mred[0m", "motd:"]);
}

#[test]
fn another_protocol_is_a_clear_message() {
    let other = WELCOME.replace(r#"version": "2.0""#, r#"version": "3.1""#);
    let why = why(scripted(other + "\n"));
    assert!(
        why.contains("protocol `3.1`") && why.contains("`2.0`"),
        "{why}"
    );
}

#[test]
fn a_version_commands_no_terminal() {
    let version = format!(r"\u001b]52;c;eA==\u0007\u009b31m{}", "9".repeat(99));
    let cupola = format!(r#""cupola": {{"version": "{version}", "dialect": 1}}, "#);
    let welcome = WELCOME.replace(
        r#""workspace_path""#,
        &format!(r#"{cupola}"workspace_path""#),
    );
    let heard = Heard::default();
    let dial = scripted(welcome + "\n");
    let remote = Remote::connect(Box::new(dial), options(&heard)).unwrap();
    let mut words = heard.lock().unwrap().clone();
    words.push(remote.far_side());
    assert_eq!(words.len(), 2, "the versions differ");
    for words in words {
        assert!(!words.contains(char::is_control), "{words:?}");
        assert!(words.len() < 150, "{words:?}");
    }
}

#[test]
fn a_far_side_that_ends_at_once_is_told_in_its_own_words() {
    let dial = Scripted {
        answers: vec![Vec::new()],
        said: "ssh: connect to host far port 22: Connection refused\r\n",
        stays: false,
    };
    let why = why(dial);
    assert!(why.ends_with("Connection refused"), "{why}");
}

#[test]
fn a_server_that_refuses_says_why() {
    let refusal = concat!(
        r#"{"jsonrpc":"2.0","method":"notification.shutdown","params":"#,
        r#"{"reason":"error","code":-32002,"message":"there is no workspace `/w`"}}"#,
        "\n"
    );
    let dial = Scripted {
        stays: false,
        ..scripted(refusal)
    };
    assert_eq!(why(dial), "there is no workspace `/w`");
}

#[test]
fn a_far_side_that_never_answers_is_given_up() {
    let options = Options {
        connect_limit: Duration::from_millis(50),
        ..options(&Heard::default())
    };
    let dial = scripted("I think, therefore\n");
    let error = Remote::connect(Box::new(dial), options).err().unwrap();
    assert_eq!(
        error.to_string(),
        "no answer to `get_sync_info` within 0.05 s"
    );
}

#[test]
fn an_end_in_the_middle_of_the_first_frame_is_no_hang() {
    let dial = Scripted {
        stays: false,
        ..scripted(&WELCOME.as_bytes()[..40])
    };
    assert!(why(dial).contains("the connection ended"));
}

#[test]
fn an_answer_that_is_no_json_fails_its_call_alone() {
    let remote = answering(&[
        r#"{"jsonrpc": "2.0", "id": 2, "result": [{"service_id": }]}"#,
        r#"{"jsonrpc": "2.0", "id": 3, "result": [{"service_id": "a", "x": Nan}]}"#,
        r#"{"jsonrpc": "2.0", "id": 4, "result": [{"service_id": "b", "x": NaN}]}"#,
    ]);
    assert!(remote.services(None).is_err());
    assert!(remote.services(None).is_err());
    let services = remote.services(None).unwrap();
    assert_eq!(services[0].id, "b", "which Python writes and no JSON has");
}

#[test]
fn the_first_list_of_a_large_workspace_passes() {
    let text = "x".repeat(17 << 20);
    let answer = format!(
        r#"{{"jsonrpc": "2.0", "id": 2, "result": [{{"service_id": "a", "description": "{text}"}}]}}"#
    );
    let services = answering(&[&answer]).services(None).unwrap();
    assert_eq!(services[0].description.len(), text.len());
}

#[test]
fn a_far_side_does_not_choose_where_its_files_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("a/b/cache");
    let route = Route {
        host: "lab".to_owned(),
        workdir: "/w".to_owned(),
        ..Route::default()
    };
    let ssh = Ssh::new(route, &cache, 1 << 20).unwrap();
    for workspace in ["/../../..", "../../..", "w"] {
        let workspace = Path::new(workspace);
        let refused = ssh.fetch(&workspace.join("params.json"), workspace);
        let refused = refused.unwrap_err();
        assert!(matches!(refused, SourceError::Refused(_)), "{refused:?}");
    }
    assert!(!folder.path().join("a").exists(), "nothing was begun");
}

#[test]
fn frames_of_ten_megabytes_pass() {
    let fake = Fake::new(1);
    *fake.log.lock().unwrap() = vec![0xff; 3 << 20];
    let mut big = super::fake::job(0);
    big.problem = Some("x".repeat(10 << 20));
    fake.put(big.clone());
    let remote = connected(Piped::to(Arc::<Fake>::clone(&fake))).unwrap();
    assert_eq!(remote.job(&key(0)).unwrap().job, big);
}

#[test]
fn a_frame_that_is_too_long_fails_its_call_alone() {
    let fake = Fake::new(1);
    let mut big = super::fake::job(0);
    big.problem = Some("x".repeat(17 << 20));
    fake.put(big);
    let remote = connected(Piped::to(fake)).unwrap();
    let error = remote.job(&key(0)).unwrap_err();
    assert!(error.to_string().contains("longer than"), "{error}");
    assert!(remote.services(None).is_ok());
}

/// What a server answers to raw lines.
fn answers(lines: &[&str]) -> Vec<Value> {
    let server = Piped::to(Fake::new(2)).server;
    let (asked, mut asking) = io::pipe().unwrap();
    let (from_server, to_client) = io::pipe().unwrap();
    let serving = thread::spawn(move || serve(&server, asked, to_client));
    for line in lines {
        asking.write_all(line.as_bytes()).unwrap();
        asking.write_all(b"\n").unwrap();
    }
    drop(asking);
    serving.join().unwrap().unwrap();
    let lines = BufReader::new(from_server).lines();
    lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect()
}

/// The numbers and codes of answers.
fn check(lines: &[&str], expected: &[(i64, i64)]) {
    let mut found: Vec<_> = answers(lines)
        .iter()
        .filter(|answer| answer.get("id").is_some())
        .map(|answer| {
            let code = answer["error"]["code"].as_i64().unwrap_or(0);
            (answer["id"].as_i64().unwrap(), code)
        })
        .collect();
    found.sort_unstable();
    assert_eq!(found, expected, "{lines:?}");
}

#[test]
fn what_is_no_request_is_answered_as_such() {
    check(&["{\"broken"], &[(0, -32700)]);
    check(&["hello"], &[(0, -32700)]);
    check(
        &[r#"{"jsonrpc":"1.0","method":"get_jobs","id":1}"#],
        &[(0, -32600)],
    );
    check(
        &[r#"{"jsonrpc":"2.0","method":"nope","id":4}"#],
        &[(4, -32601)],
    );
    check(
        &[r#"{"jsonrpc":"2.0","method":"cupola.nope","id":4}"#],
        &[(4, -32601)],
    );
    check(
        &[r#"{"jsonrpc":"2.0","method":"get_job","id":5}"#],
        &[(5, -32602)],
    );
    check(
        &[r#"{"jsonrpc":"2.0","method":"get_jobs","params":[1],"id":5}"#],
        &[(5, -32602)],
    );
    check(
        &[r#"{"jsonrpc":"2.0","method":"cupola.log","id":5}"#],
        &[(5, -32602)],
    );
}

#[test]
fn what_asks_for_nothing_is_not_answered() {
    check(&[r#"{"jsonrpc":"2.0","method":"get_jobs"}"#], &[]);
    check(&[r#"{"jsonrpc":"2.0","id":3,"result":1}"#], &[]);
}

#[test]
fn a_broken_request_spoils_no_other() {
    check(
        &["{", r#"{"jsonrpc":"2.0","method":"get_jobs","id":9}"#],
        &[(0, -32700), (9, 0)],
    );
}

#[test]
fn a_request_that_is_too_long_is_refused_by_its_number() {
    let long = format!(
        r#"{{"jsonrpc":"2.0","id":8,"method":"get_job","params":{{"x":"{}"}}}}"#,
        "x".repeat(17 << 20)
    );
    check(
        &[&long, r#"{"jsonrpc":"2.0","method":"get_jobs","id":9}"#],
        &[(8, -32600), (9, 0)],
    );
}

#[test]
fn the_last_that_a_server_says_is_that_it_goes() {
    let answers = answers(&[r#"{"jsonrpc":"2.0","method":"get_jobs","id":9}"#]);
    let last = answers.last().unwrap();
    assert_eq!(last["method"], "notification.shutdown");
    assert_eq!(last["params"]["reason"], "server_shutdown");
}

#[test]
fn calls_after_the_end_fail_at_once() {
    let dial = Scripted {
        stays: false,
        ..scripted(format!("{WELCOME}\n"))
    };
    // Either the first call finds the end or the connection does.
    let error = match connected(dial) {
        Ok(remote) => remote.services(None).unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(error, SourceError::Away(_)), "{error:?}");
}
