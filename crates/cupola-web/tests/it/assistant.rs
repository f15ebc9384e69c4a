//! Questions and tools over the API.

use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::harness::{Caller, TestHub};

const ASK: &str = "/api/v1/assistant/ask";
const TOOLS: &str = "/api/v1/assistant/tools";

async fn ask(caller: &Caller<'_>, question: &str, conversation: Option<&str>) -> Value {
    let asked = json!({"question": question, "conversation": conversation});
    caller.post(ASK, &asked).await.expect(200)
}

/// A family of three tasks, none of which ran.
async fn family(caller: &Caller<'_>) -> String {
    let asked = json!({
        "title": "tiny models", "goal": "find the best small model", "num_tasks": 3, "time_budget": 10,
    });
    let made = caller.post("/api/v1/briefs", &asked).await.expect(201);
    made["brief"]["brief_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_question_is_answered_with_numbers_that_lead_to_their_pages() {
    let hub = TestHub::new();
    let researcher = hub.somebody(Role::Researcher);
    family(&researcher).await;
    let answer = ask(&hub.somebody(Role::Viewer), "describe tiny models", None).await;
    let numbers = answer["numbers"].as_array().unwrap();
    assert!(!numbers.is_empty(), "{answer}");
    for number in numbers {
        let source = number["source"].as_str().unwrap();
        researcher.get(source).await.expect(200);
    }
    assert!(!answer["answer"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn what_was_talked_about_is_known_under_its_name_and_to_nobody_else() {
    let hub = TestHub::new();
    let (ada, bob) = (hub.somebody(Role::Researcher), hub.somebody(Role::Viewer));
    family(&ada).await;
    let about = ask(&ada, "describe tiny models", Some("a")).await;
    assert!(about["asks_back"].as_array().unwrap().is_empty(), "{about}");
    // Without what was said before, "it" is nothing: it is asked back.
    let asks_back = |answer: &Value| answer["answer"].as_str().unwrap().starts_with("Of which");
    let why = "why is it waiting?";
    assert!(!asks_back(&ask(&ada, why, Some("a")).await));
    for answer in [
        ask(&ada, why, Some("b")).await,
        ask(&ada, why, None).await,
        ask(&bob, why, Some("a")).await,
    ] {
        assert!(asks_back(&answer), "{answer}");
    }
    let anew = json!({"question": why, "conversation": "a", "anew": true});
    assert!(asks_back(&ada.post(ASK, &anew).await.expect(200)));
}

#[tokio::test]
async fn a_change_is_proposed_and_made_by_its_tool_for_those_who_may() {
    let hub = TestHub::new();
    let (researcher, viewer) = (hub.somebody(Role::Researcher), hub.somebody(Role::Viewer));
    family(&researcher).await;
    let states = |answer: Value| answer["tasks"]["cancelled"].clone();
    let answer = ask(&researcher, "cancel tiny models", None).await;
    let change = &answer["change"];
    let overview = researcher.get("/api/v1/overview").await.expect(200);
    assert_eq!(states(overview), json!(0));
    let path = format!("{TOOLS}/{}", change["tool"].as_str().unwrap());
    let call = json!({"arguments": change["arguments"]});
    viewer.post(&path, &call).await.expect(403);
    let made = researcher.post(&path, &call).await.expect(200);
    assert_eq!(made["result"]["dry_run"], json!(false), "{made}");
    let overview = researcher.get("/api/v1/overview").await.expect(200);
    assert_eq!(states(overview), json!(3));
}

#[tokio::test]
async fn the_tools_say_what_they_take_and_who_may_call_them() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    let tools = viewer.get(TOOLS).await.expect(200);
    let tools = tools["items"].as_array().unwrap();
    assert!(tools.len() >= 20);
    for tool in tools {
        assert_eq!(tool["schema"]["type"], json!("object"), "{tool}");
        let takes_dry_run = tool["schema"]["properties"]["dry_run"].is_object();
        assert_eq!(tool["is_change"], json!(takes_dry_run), "{tool}");
    }
    let unknown = viewer.post(&format!("{TOOLS}/overviev"), &json!({})).await;
    let problem = unknown.expect(404);
    assert!(
        problem["title"]
            .as_str()
            .unwrap()
            .contains("did you mean `overview`"),
        "{problem}"
    );
    let wrong = json!({"arguments": {"limit": "many"}});
    viewer
        .post(&format!("{TOOLS}/list_runs"), &wrong)
        .await
        .expect(422);
}

#[tokio::test]
async fn what_makes_no_sense_gets_a_clear_answer() {
    let hub = TestHub::new();
    let viewer = hub.somebody(Role::Viewer);
    for question in [
        "<script>alert(1)</script>",
        "'; DROP TABLE run; --",
        "what is the capital of France?",
        "",
        "\u{202e}\u{0000}🦀",
    ] {
        let answer = ask(&viewer, question, None).await;
        assert!(answer["numbers"].as_array().unwrap().is_empty(), "{answer}");
        assert!(
            !answer["suggestions"].as_array().unwrap().is_empty(),
            "{answer}"
        );
    }
    let long = ask(&viewer, &"best ".repeat(20_000), None).await;
    assert!(
        long["answer"].as_str().unwrap().contains("characters"),
        "{long}"
    );
    for wrong in [
        json!({"question": "what is running?", "conversation": ""}),
        json!({"question": "what is running?", "utc_offset_minutes": 5_000}),
        json!({"question": "what is running?", "model": "x"}),
    ] {
        viewer.post(ASK, &wrong).await.expect(422);
    }
}
