//! `cupola ask` at a hub whose configuration names a language model.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc,
};

use cupola_client::Heard;
use cupola_protocol::assistant::NewQuestion;
use serde_json::{Value, json};

use crate::{
    chromium::Chromium,
    support::{TestHub, run},
};

/// Names a Python that has what `.ci/requirements.txt` and `.ci/models.txt` list.
const PYTHON: &str = "CUPOLA_TEST_PYTHON";

/// An endpoint that calls this tool and, once it was told what came of it, says this.
fn endpoint(tool: &'static str, arguments: Value, words: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    // It ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let asked = body(&stream);
            let messages = asked["messages"].as_array().unwrap();
            let delta = match messages.last().unwrap()["role"].as_str() {
                Some("tool") => json!({"content": words}),
                _ => json!({"tool_calls": [{"index": 0, "id": "a", "function":
                    {"name": tool, "arguments": arguments.to_string()}}]}),
            };
            let chunk = json!({"choices": [{"delta": delta}]});
            let text = format!("data: {chunk}\n\ndata: [DONE]\n\n");
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close";
            write!(
                stream,
                "{head}\r\ncontent-length: {}\r\n\r\n{text}",
                text.len()
            )
            .unwrap();
        }
    });
    address
}

/// One that says something, and the rest of it only when it is let.
fn slow_endpoint() -> (String, mpsc::Sender<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}/v1", listener.local_addr().unwrap());
    let (go_on, goes_on) = mpsc::channel::<()>();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _asked = body(&stream);
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            for words in ["There is <b>", "char-lm</b>."] {
                let chunk = json!({"choices": [{"delta": {"content": words}}]});
                write!(stream, "data: {chunk}\n\n").unwrap();
                stream.flush().unwrap();
                let _ = goes_on.recv();
            }
            write!(stream, "data: [DONE]\n\n").unwrap();
        }
    });
    (address, go_on)
}

fn body(stream: &TcpStream) -> Value {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    serde_json::from_slice(&body).unwrap()
}

fn hub_with(endpoint: &str) -> TestHub {
    // Longer than a machine takes that does much else.
    let config =
        format!("[assistant]\nendpoint = \"{endpoint}\"\nmodel = \"tiny\"\ntimeout_secs = 600\n");
    TestHub::start_with(&config)
}

fn said(hub: &TestHub, args: &[&str]) -> String {
    let output = run(hub.folder.path(), args);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_model_s_answer_says_what_it_called() {
    let words = "There is char-lm.\u{1b}[2J";
    let hub = hub_with(&endpoint("list_templates", json!({}), words));
    let question = "which programs can be run?";
    let answer = said(&hub, &["ask", question]);
    assert!(
        answer.starts_with("There is char-lm.\\u{1b}[2J\n"),
        "{answer}"
    );
    assert!(answer.contains("called list_templates {}"), "{answer}");
    assert!(
        answer.contains("said by the language model tiny"),
        "{answer}"
    );
    let answer = said(&hub, &["ask", "--no-model", question]);
    assert!(!answer.contains("tiny"), "{answer}");
}

#[test]
fn what_a_model_proposes_is_not_made_by_yes() {
    let arguments = json!({"name": "by the model", "template": "char-lm"});
    let hub = hub_with(&endpoint("create_experiment", arguments, "Made."));
    let answer = said(&hub, &["ask", "--yes", "something quite else"]);
    assert!(answer.contains("nothing was changed"), "{answer}");
    assert!(answer.contains("`create_experiment`"), "{answer}");
    let listed = said(&hub, &["experiment", "list", "--json"]);
    assert!(!listed.contains("by the model"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_s_words_are_on_the_page_before_it_has_said_all() {
    let (address, go_on) = slow_endpoint();
    let hub = hub_with(&address);
    let chromium = Chromium::start().await;
    chromium.log_in(&hub).await;
    chromium.goto(&format!("{}/assistant", hub.url)).await;
    chromium
        .fill("#question", "which programs are there?")
        .await;
    chromium.click("#ask button").await;
    let said = |words: &str| {
        format!("return document.querySelector('[data-words]')?.textContent === {words:?}")
    };
    chromium
        .until("the first words", &said("There is <b>"))
        .await;
    go_on.send(()).unwrap();
    chromium
        .until("the others", &said("There is <b>char-lm</b>."))
        .await;
    go_on.send(()).unwrap();
    let whole = "return document.querySelector('.turn[id] .turn-text')?.textContent === 'There is <b>char-lm</b>.'";
    chromium.until("the answer", whole).await;
    let told = chromium.text(".turn:last-of-type .turn-lines").await;
    assert!(told.contains("Said by the language model tiny"), "{told}");
}

/// A small language model that computes, on this machine.
struct Model {
    server: Child,
    address: String,
}

impl Model {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test owns the process that it starts"
    )]
    fn start() -> Self {
        let python = std::env::var_os(PYTHON).map(PathBuf::from);
        let python = python.unwrap_or_else(|| {
            panic!("name a Python with what `.ci` lists by {PYTHON}; `.ci/run` makes one")
        });
        let mut server = Command::new(python)
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/language/serve.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let stdout = server.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        assert!(address.starts_with("http://127.0.0.1:"), "{address}");
        Self { server, address }
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// It is too small to be right; what it says is a real server's stream all the same.
#[tokio::test]
async fn a_real_model_is_asked() {
    let model = Model::start();
    let hub = hub_with(&format!("{}/v1", model.address));
    let question = NewQuestion {
        question: "which templates are there?".to_owned(),
        ..NewQuestion::default()
    };
    let mut words = String::new();
    let mut pieces = 0;
    let client = hub.client();
    let answer = client.ask_question_live(&question, |heard| match heard {
        Heard::Words(more) => {
            words += &more;
            pieces += 1;
        }
        Heard::Call(_) => words.clear(),
    });
    let answer = answer.await.unwrap();
    assert_eq!(answer.notice, None);
    assert!(!words.trim().is_empty());
    assert!(pieces > 1, "{words}");
    assert_eq!(answer.answer, words.trim());
    let said = answer.model.unwrap();
    assert!(said.tokens > 100, "{said:?}");
    assert!(answer.links.iter().any(|link| link.href == "/templates"));
}
