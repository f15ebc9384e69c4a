//! The real `mcp` package against the real program, over HTTP and over the standard streams.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use cupola_protocol::access::NewToken;

use crate::support::{TestHub, cupola};

/// Names a Python that has what `.ci/requirements.txt` lists.
const VARIABLE: &str = "CUPOLA_TEST_PYTHON";

async fn token(hub: &TestHub, role: &str) -> String {
    let token = NewToken {
        name: role.to_owned(),
        role: role.to_owned(),
        ttl_secs: None,
        owner: String::new(),
        team: String::new(),
    };
    hub.client().create_token(&token).await.unwrap().secret
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test owns the process that it starts"
)]
fn script(hub: &TestHub, file: &str) -> Command {
    let python = std::env::var_os(VARIABLE).map(PathBuf::from);
    let python = python.unwrap_or_else(|| {
        panic!("name a Python with what `.ci/requirements.txt` lists by {VARIABLE}; `.ci/run` makes one")
    });
    let mut command = Command::new(python);
    command
        .args(["-m", "unittest", file])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", hub.folder.path())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("CUPOLA_URL", &hub.url)
        .env("CUPOLA_PROGRAM", env!("CARGO_BIN_EXE_cupola"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mcp"))
        .stdin(Stdio::null());
    command
}

#[tokio::test]
async fn the_official_client_lists_reads_changes_and_is_refused() {
    let hub = TestHub::start();
    let mut tests = script(&hub, "test_tools");
    for (variable, role) in [("RESEARCHER", "researcher"), ("VIEWER", "viewer")] {
        tests.env(variable, token(&hub, role).await);
    }
    let output = tests.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
}

/// Lines that are no messages, and no hub at the other end, leave nothing but the protocol on stdout.
#[test]
fn nothing_but_the_protocol_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = cupola(folder.path(), &["-v", "mcp", "--hub", "http://127.0.0.1:9"]);
    let mut child = command
        .env("CUPOLA_TOKEN", "nobody")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let said = concat!(
        r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}"#,
        "\n",
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        "\nnot json\n",
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"overview","arguments":{}}}"#,
        "\n",
        r#"{"jsonrpc":"2.0","id":3,"method":"tools/list"}"#,
        "\n",
    );
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(said.as_bytes()).unwrap();
    let mut stdout = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut answers = Vec::new();
    while answers.len() < 3 || !has_all(&answers) {
        let mut line = String::new();
        let read = std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
        assert!(read > 0, "it ended after {answers:?}");
        let answer: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["jsonrpc"], "2.0", "{line}");
        answers.push(answer);
    }
    let of = |id: i32| answers.iter().find(|answer| answer["id"] == id).unwrap();
    assert_eq!(of(1)["result"]["serverInfo"]["name"], "cupola");
    assert_eq!(of(2)["result"]["isError"], true, "{}", of(2));
    let why = of(2)["result"]["content"][0]["text"].as_str().unwrap();
    assert!(why.contains("cannot be reached"), "{why}");
    assert!(
        of(3)["error"]["message"]
            .as_str()
            .unwrap()
            .contains("cannot be reached")
    );
    // Its other end goes: so does it.
    drop(stdin);
    let ended = child.wait().unwrap();
    assert!(ended.success(), "{ended}");
}

fn has_all(answers: &[serde_json::Value]) -> bool {
    (1..=3).all(|id| answers.iter().any(|answer| answer["id"] == id))
}
