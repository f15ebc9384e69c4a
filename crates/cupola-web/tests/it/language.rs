//! Questions to a hub with a language model: an endpoint of our own says what a script says, badly too.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::post,
};
use cupola_domain::access::Role;
use cupola_language::{Address, Endpoint};
use cupola_web::{
    Settings,
    language::{Language, Limits},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{Caller, TestHub};

const ASK: &str = "/api/v1/assistant/ask";
const STREAM: &str = "/api/v1/assistant/stream";

/// What the endpoint answers to one request.
#[derive(Debug, Clone)]
enum Scripted {
    /// Words, in pieces.
    Words(&'static str),
    /// Calls of tools, in pieces cut anywhere.
    Calls(Vec<(&'static str, String)>),
    /// A whole completion at once.
    Whole(Value),
    /// A status with a text.
    Status(u16, &'static str),
    /// A stream with these lines.
    Lines(&'static str),
    /// Words without an end.
    Endless,
    /// Nothing, ever.
    Hangs,
}

use Scripted::{Calls, Endless, Hangs, Lines, Status, Whole, Words};

/// What is left to say; of the last there is always one more. And what was asked.
#[derive(Default)]
struct Script {
    left: VecDeque<Scripted>,
    asked: Vec<(HeaderMap, Value)>,
}

type Shared = Arc<Mutex<Script>>;

async fn complete(
    State(script): State<Shared>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let next = {
        let mut script = script.lock().unwrap();
        script.asked.push((headers, body));
        if script.left.len() > 1 {
            script.left.pop_front()
        } else {
            script.left.front().cloned()
        }
    };
    match next.expect("the script says something") {
        Words(text) => stream(&[
            json!({"role": "assistant", "content": ""}),
            json!({"content": &text[..text.len() / 2]}),
            json!({"content": &text[text.len() / 2..]}),
        ]),
        Calls(calls) => stream(&pieces(&calls)),
        Whole(body) => Json(body).into_response(),
        Status(status, text) => (StatusCode::from_u16(status).unwrap(), text).into_response(),
        Lines(lines) => event_stream(lines.to_owned()),
        Endless => {
            let long = "word ".repeat(2_000);
            let pieces = vec![json!({"content": long}); 100];
            stream(&pieces)
        }
        Hangs => std::future::pending().await,
    }
}

/// A name and its arguments come in three pieces each.
fn pieces(calls: &[(&str, String)]) -> Vec<Value> {
    let pieces = calls
        .iter()
        .enumerate()
        .flat_map(|(at, (tool, arguments))| {
            let cut = arguments.floor_char_boundary(arguments.len() / 2);
            [
                json!({"index": at, "id": format!("call-{at}"), "type": "function",
                   "function": {"name": tool, "arguments": ""}}),
                json!({"index": at, "function": {"arguments": &arguments[..cut]}}),
                json!({"index": at, "function": {"arguments": &arguments[cut..]}}),
            ]
        });
    pieces.map(|piece| json!({"tool_calls": [piece]})).collect()
}

fn stream(deltas: &[Value]) -> Response {
    let chunk = |delta: &Value| {
        let chunk = json!({"id": "x", "choices": [{"index": 0, "delta": delta}]});
        format!("data: {chunk}\n\n")
    };
    let text: String = deltas.iter().map(chunk).collect();
    let usage = json!({"choices": [], "usage": {"total_tokens": 100}});
    event_stream(format!("{text}data: {usage}\n\ndata: [DONE]\n\n"))
}

fn event_stream(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/event-stream")], text).into_response()
}

fn call(tool: &'static str, arguments: Value) -> Scripted {
    Calls(vec![(tool, arguments.to_string())])
}

/// A hub with a model that follows a script.
struct Lab {
    hub: TestHub,
    script: Shared,
}

impl Lab {
    async fn new(script: impl IntoIterator<Item = Scripted>) -> Self {
        Self::within(script, |_| {}).await
    }

    async fn within(
        script: impl IntoIterator<Item = Scripted>,
        limit: impl FnOnce(&mut Limits),
    ) -> Self {
        let shared = Shared::default();
        shared.lock().unwrap().left = script.into_iter().collect();
        let app = Router::new()
            .route("/v1/chat/completions", post(complete))
            .with_state(Arc::clone(&shared));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let endpoint = format!("http://{}/v1/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            hub: hub_at(&endpoint, limit),
            script: shared,
        }
    }

    fn asked(&self) -> usize {
        self.script.lock().unwrap().asked.len()
    }

    /// What the model was asked at last.
    fn last(&self) -> (HeaderMap, Value) {
        self.script.lock().unwrap().asked.last().unwrap().clone()
    }

    fn says_next(&self, next: Scripted) {
        self.script.lock().unwrap().left = VecDeque::from([next]);
    }
}

fn hub_at(endpoint: &str, limit: impl FnOnce(&mut Limits)) -> TestHub {
    let mut limits = Limits {
        tokens_per_day: 1_000_000,
        tokens_per_conversation: 1_000_000,
        timeout: Duration::from_secs(30),
    };
    limit(&mut limits);
    let http = cupola_client::http_builder(None).no_proxy().build();
    let address = Address {
        endpoint: endpoint.to_owned(),
        model: "tiny".to_owned(),
        key: "key-0".to_owned(),
    };
    let language = Language::new(Endpoint::new(http.unwrap(), address), limits);
    TestHub::with_settings(Settings {
        port: 7171,
        language: Some(Arc::new(language)),
        ..Settings::default()
    })
}

async fn ask(caller: &Caller<'_>, question: &str) -> Value {
    let asked = json!({"question": question, "conversation": "c"});
    caller.post(ASK, &asked).await.expect(200)
}

async fn without(caller: &Caller<'_>, question: &str) -> Value {
    let asked = json!({"question": question, "no_model": true});
    caller.post(ASK, &asked).await.expect(200)
}

/// A family of three tasks called `tiny models`, none of which ran.
async fn family(caller: &Caller<'_>) {
    let asked = json!({
        "title": "tiny models", "goal": "find the best small model", "num_tasks": 3, "time_budget": 10,
    });
    caller.post("/api/v1/briefs", &asked).await.expect(201);
}

#[tokio::test]
async fn a_model_calls_tools_and_answers_in_its_words() {
    let lab = Lab::new([
        call("list_templates", json!({})),
        Words("There is `char-lm`."),
    ])
    .await;
    let viewer = lab.hub.somebody(Role::Viewer);
    let answer = ask(&viewer, "which templates are there?").await;
    assert_eq!(answer["answer"], "There is `char-lm`.");
    assert_eq!(answer["notice"], Value::Null);
    let model = &answer["model"];
    assert_eq!(model["name"], "tiny");
    assert_eq!(model["rounds"], 2);
    assert_eq!(model["tokens"], 200);
    assert_eq!(model["calls"][0]["tool"], "list_templates");
    assert!(
        model["calls"][0]["bytes"].as_u64().unwrap() > 100,
        "{model}"
    );
    let (headers, body) = lab.last();
    assert_eq!(headers["authorization"], "Bearer key-0");
    assert_eq!(body["stream"], true);
    assert_eq!(body["model"], "tiny");
    let messages = body["messages"].as_array().unwrap();
    let roles: Vec<_> = messages.iter().map(|one| one["role"].clone()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "tool"]);
    assert_eq!(
        messages[2]["tool_calls"][0]["id"],
        messages[3]["tool_call_id"]
    );
    assert!(
        messages[3]["content"]
            .as_str()
            .unwrap()
            .starts_with("<data>")
    );
    // A viewer's model does not know the tools that change things.
    let tools = body["tools"].as_array().unwrap();
    let has = |name: &str| tools.iter().any(|tool| tool["function"]["name"] == name);
    assert!(has("overview") && !has("submit_brief"));
    // The next question comes with what was said before.
    let again = ask(&viewer, "really?").await;
    assert_eq!(again["answer"], "There is `char-lm`.");
    let messages = lab.last().1["messages"].clone();
    assert_eq!(messages[1]["content"], "which templates are there?");
    assert_eq!(messages[2]["content"], "There is `char-lm`.");
}

/// The messages of a stream: of each its kind and what it says.
fn messages(text: &str) -> Vec<(String, Value)> {
    let field = |message: &str, name: &str| {
        let line = message.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim().to_owned()
    };
    let messages = text.split("\n\n").filter(|one| one.contains("event:"));
    let read = |message: &str| {
        let data = serde_json::from_str(&field(message, "data:")).unwrap();
        (field(message, "event:"), data)
    };
    messages.map(read).collect()
}

#[tokio::test]
async fn an_answer_is_heard_while_it_is_made() {
    let lab = Lab::new([
        call("list_templates", json!({})),
        Words("There is `char-lm`."),
    ])
    .await;
    let viewer = lab.hub.somebody(Role::Viewer);
    let asked = json!({"question": "which templates are there?"});
    let heard = viewer.post(STREAM, &asked).await;
    assert_eq!(heard.header("content-type"), "text/event-stream");
    let heard = messages(&heard.text());
    let mut kinds: Vec<_> = heard.iter().map(|(kind, _)| kind.as_str()).collect();
    // Pieces that come together are told together.
    kinds.dedup();
    assert_eq!(kinds, ["call", "words", "answer"]);
    assert_eq!(heard[0].1["tool"], "list_templates");
    let words = heard.iter().filter_map(|(_, said)| said["text"].as_str());
    assert_eq!(words.collect::<String>(), "There is `char-lm`.");
    let answer = &heard.last().unwrap().1;
    assert_eq!(answer["answer"], "There is `char-lm`.");
    assert_eq!(answer["model"]["tokens"], 200);
    // What is wrong with a question is said before anything begins.
    let wrong = json!({"question": "x", "conversation": ""});
    let refused = viewer.post(STREAM, &wrong).await.expect(422);
    assert_eq!(refused["errors"][0]["field"], "conversation");
}

#[tokio::test]
async fn an_answer_without_a_model_is_a_stream_of_one() {
    let hub = TestHub::new();
    let asked = json!({"question": "what is running?"});
    let heard = hub.somebody(Role::Viewer).post(STREAM, &asked).await;
    let heard = messages(&heard.text());
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].0, "answer");
    assert_eq!(heard[0].1["outcome"], "answered");
}

/// Nobody pays for words that nobody hears, and what was read by then is counted.
#[tokio::test]
async fn who_leaves_breaks_the_answer_off_and_it_is_counted() {
    let lab = Lab::new([Hangs]).await;
    let viewer = lab.hub.somebody(Role::Viewer);
    let asked = json!({"question": "what is running?"}).to_string();
    let request = viewer.request(Method::POST, STREAM);
    let request = request.header(header::CONTENT_TYPE, "application/json");
    let stream = lab.hub.open(request.body(asked.into()).unwrap()).await;
    let is_asked = async {
        while lab.asked() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), is_asked)
        .await
        .unwrap();
    assert!(lab.hub.hub.language_tokens_today().unwrap() > 100);
    drop(stream);
    // One of eight places is free again: each of these would otherwise be refused it.
    lab.says_next(Words("Yes."));
    for _ in 0..9 {
        assert_eq!(ask(&viewer, "what is running?").await["answer"], "Yes.");
    }
}

#[tokio::test]
async fn a_change_is_proposed_and_made_by_a_person_alone() {
    let arguments = json!({"name": "by the model", "template": "char-lm"});
    let lab = Lab::new([
        call("create_experiment", arguments.clone()),
        Words("I propose to make it."),
    ])
    .await;
    let researcher = lab.hub.somebody(Role::Researcher);
    let before = lab.hub.hub.last_change().unwrap();
    let answer = ask(&researcher, "something quite else").await;
    assert_eq!(lab.hub.hub.last_change().unwrap(), before);
    let change = &answer["change"];
    assert_eq!(change["by_model"], true);
    assert_eq!(change["arguments"], arguments);
    let path = format!(
        "/api/v1/assistant/tools/{}",
        change["tool"].as_str().unwrap()
    );
    let call = json!({"arguments": change["arguments"]});
    let made = researcher.post(&path, &call).await.expect(200);
    assert_eq!(made["result"]["dry_run"], false);
    assert!(lab.hub.hub.last_change().unwrap() > before);
}

#[tokio::test]
async fn what_a_person_asks_for_goes_before_what_a_model_makes_of_it() {
    let lab = Lab::new([
        call(
            "create_experiment",
            json!({"name": "x", "template": "char-lm"}),
        ),
        Words("Done."),
    ])
    .await;
    let researcher = lab.hub.somebody(Role::Researcher);
    family(&researcher).await;
    let answer = ask(&researcher, "cancel tiny models").await;
    assert_eq!(answer["change"]["tool"], "cancel_experiment", "{answer}");
    assert_eq!(answer["change"]["by_model"], false);
}

/// Whatever an endpoint does, there is the answer without it and a line that says why.
#[tokio::test]
async fn an_endpoint_that_fails_is_done_without() {
    let endless = call("overview", json!({}));
    let whole = json!({"choices": [{"message": {"content": null}}]});
    for (scripted, part) in [
        (
            Status(500, "out of memory"),
            "answered 500: `out of memory`",
        ),
        (Status(401, ""), "answered 401"),
        (Status(302, ""), "answered 302"),
        (Lines("<html>hello</html>"), "no completion"),
        (Lines("data: {\n\n"), "no completion: `{`"),
        (
            Lines("data: {\"error\": {\"message\": \"busy\"}}\n"),
            "the error `busy`",
        ),
        (Whole(json!({"choices": "x"})), "no completion"),
        (Whole(whole), "said nothing"),
        (Words(""), "said nothing"),
        (Hangs, "did not answer within 0.5 s"),
        (endless, "no sense"),
        (Calls(vec![("overview", "{".to_owned())]), "no sense"),
        (Calls(vec![("nothing", "{}".to_owned())]), "no sense"),
    ] {
        let lab = Lab::within([scripted.clone()], |limits| {
            if matches!(scripted, Hangs) {
                limits.timeout = Duration::from_millis(500);
            }
        });
        let lab = lab.await;
        let researcher = lab.hub.somebody(Role::Researcher);
        family(&researcher).await;
        let answer = ask(&researcher, "describe tiny models").await;
        let notice = answer["notice"].as_str().unwrap();
        assert!(notice.contains(part), "{scripted:?}: {notice}");
        assert!(notice.starts_with("the language model `tiny`"), "{notice}");
        assert!(
            notice.ends_with("this is the answer without it"),
            "{notice}"
        );
        assert!(!notice.contains('\n'), "{notice}");
        // What it called is seen all the same.
        let calls = answer["model"]["calls"].as_array().map_or(0, Vec::len);
        let has_called = matches!(scripted, Calls(_));
        assert_eq!(calls > 0, has_called, "{scripted:?}: {answer}");
        let plain = without(&researcher, "describe tiny models").await;
        assert_eq!(answer["answer"], plain["answer"]);
        assert_eq!(answer["numbers"], plain["numbers"]);
        assert!(lab.asked() <= 8, "{scripted:?}");
    }
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_done_without() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let endpoint = format!("http://{}/v1", listener.local_addr().unwrap());
    drop(listener);
    let hub = hub_at(&endpoint, |_| {});
    let answer = ask(&hub.somebody(Role::Viewer), "what is running?").await;
    let notice = answer["notice"].as_str().unwrap();
    assert!(notice.contains("cannot be reached"), "{notice}");
    assert!(!answer["answer"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn different_calls_without_an_end_are_ended() {
    let calls = (0..20).map(|at| call("list_runs", json!({"offset": at})));
    let lab = Lab::new(calls).await;
    let answer = ask(&lab.hub.somebody(Role::Viewer), "what is running?").await;
    let notice = answer["notice"].as_str().unwrap();
    assert!(notice.contains("again and again"), "{notice}");
    assert_eq!(lab.asked(), 8);
    assert_eq!(
        lab.last().1["tools"],
        Value::Null,
        "the last round is for words"
    );
}

#[tokio::test]
async fn a_very_long_answer_is_cut() {
    let lab = Lab::new([Endless]).await;
    let answer = ask(&lab.hub.somebody(Role::Viewer), "what is running?").await;
    let said = answer["answer"].as_str().unwrap();
    assert!(said.chars().count() <= 8_001 && said.ends_with('…'));
}

#[tokio::test]
async fn a_completion_at_once_is_one_too() {
    let whole = json!({"choices": [{"message": {"content": "Nothing runs."}}]});
    let lab = Lab::new([Whole(whole)]).await;
    let answer = ask(&lab.hub.somebody(Role::Viewer), "what is running?").await;
    assert_eq!(answer["answer"], "Nothing runs.");
    assert!(
        answer["model"]["tokens"].as_u64().unwrap() > 0,
        "an estimate"
    );
}

#[tokio::test]
async fn budgets_end_and_begin_again() {
    let lab = Lab::within([Words("Yes.")], |limits| {
        limits.tokens_per_day = 150;
        limits.tokens_per_conversation = 1_000;
    });
    let lab = lab.await;
    let (ada, bob) = (
        lab.hub.somebody(Role::Viewer),
        lab.hub.somebody(Role::Viewer),
    );
    for caller in [&ada, &bob] {
        assert_eq!(ask(caller, "what is running?").await["answer"], "Yes.");
    }
    let spent = ask(&ada, "what is running?").await;
    let notice = spent["notice"].as_str().unwrap();
    assert!(notice.contains("budget for today"), "{notice}");
    assert_eq!(lab.asked(), 2);
    lab.hub.advance(Duration::from_hours(24));
    assert_eq!(ask(&bob, "what is running?").await["answer"], "Yes.");

    let lab = Lab::within([Words("Yes.")], |limits| {
        limits.tokens_per_conversation = 150;
    });
    let lab = lab.await;
    let viewer = lab.hub.somebody(Role::Viewer);
    for _ in 0..2 {
        assert_eq!(ask(&viewer, "what is running?").await["answer"], "Yes.");
    }
    let spent = ask(&viewer, "what is running?").await;
    let notice = spent["notice"].as_str().unwrap();
    assert!(notice.contains("budget for this conversation"), "{notice}");
    let anew = json!({"question": "what is running?", "conversation": "c", "anew": true});
    let anew = viewer.post(ASK, &anew).await.expect(200);
    assert_eq!(anew["answer"], "Yes.");
}

#[tokio::test]
async fn who_wants_no_model_is_answered_without() {
    let lab = Lab::new([Words("Yes.")]).await;
    let viewer = lab.hub.somebody(Role::Viewer);
    let answer = without(&viewer, "what is running?").await;
    assert_eq!(answer["model"], Value::Null);
    assert_eq!(answer["notice"], Value::Null);
    let long = ask(&viewer, &"best ".repeat(20_000)).await;
    assert!(long["answer"].as_str().unwrap().contains("characters"));
    assert_eq!(lab.asked(), 0);
    lab.says_next(Words("No."));
    assert_eq!(ask(&viewer, "what is running?").await["answer"], "No.");
}
