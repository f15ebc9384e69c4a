//! `cupola ask` at a hub whose configuration names a language model.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
};

use serde_json::{Value, json};

use crate::support::{TestHub, run};

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
    let config = format!("[assistant]\nendpoint = \"{endpoint}\"\nmodel = \"tiny\"\n");
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
