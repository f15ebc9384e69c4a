//! Dialogues with a model that says what a script says: what it may do, and what it is told.

use cupola_assistant::{
    answer::{self, Answer},
    conversation::Conversation,
    dialogue::{Dialogue, Exchange, ROUNDS_MAX, Reply, Step},
    tools::Caller,
};
use cupola_domain::access::Role;
use serde_json::{Value, json};

use crate::support::{INJECTION, Lab};

fn words(text: &str) -> Reply {
    Reply {
        text: text.to_owned(),
        ..Reply::default()
    }
}

/// Calls of tools, each a name and what should be JSON.
fn calls(all: &[(&str, &str)]) -> Reply {
    let call = |(at, (tool, arguments)): (usize, &(&str, &str))| {
        (
            format!("c{at}"),
            (*tool).to_owned(),
            (*arguments).to_owned(),
        )
    };
    Reply {
        calls: all.iter().enumerate().map(call).collect(),
        ..Reply::default()
    }
}

struct Talk<'a> {
    lab: &'a Lab,
    dialogue: Dialogue,
    caller: Caller,
    without: Answer,
}

impl<'a> Talk<'a> {
    fn about(lab: &'a Lab, role: Role, question: &str, said: &[Exchange]) -> Self {
        let caller = Caller {
            name: "ada".to_owned(),
            owner: "ada".to_owned(),
            role,
        };
        let mut conversation = Conversation::default();
        let asked = (question, 0);
        let without = answer::ask(&lab.hub, &lab.index, &caller, &mut conversation, asked).unwrap();
        Self {
            lab,
            dialogue: Dialogue::new(question, said, &without),
            caller,
            without,
        }
    }

    fn says(&mut self, reply: Reply) -> Step {
        let lab = self.lab;
        self.dialogue
            .take(&lab.hub, &lab.index, &self.caller, reply)
    }

    /// What the model was told last.
    fn told(&self) -> String {
        let last = self.dialogue.messages().last().unwrap();
        last["content"].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_model_reads_by_tools_and_answers() {
    let lab = Lab::new();
    let mut talk = Talk::about(&lab, Role::Viewer, "how is alpha?", &[]);
    let step = talk.says(calls(&[("get_experiment", r#"{"id": "alpha"}"#)]));
    assert_eq!(step, Step::Again);
    assert!(talk.told().contains("\"runs\":6"), "{}", talk.told());
    let Step::Said(text) = talk.says(words(" Five of six completed. ")) else {
        panic!("it answered");
    };
    let answer = talk.dialogue.answer(text, talk.without.clone());
    assert_eq!(answer.text, "Five of six completed.");
    let experiment = format!("/experiments/{}", lab.alpha);
    assert!(
        answer.links.iter().any(|link| link.href == experiment),
        "{answer:?}"
    );
    // What the hub itself counted stays, with where it is from.
    assert_eq!(answer.numbers, talk.without.numbers);
    assert_eq!(talk.dialogue.calls().len(), 1);
}

/// The model obeys what a run wrote: nothing happens, and a person is shown what it proposes.
#[test]
fn instructions_in_a_log_lead_to_no_action() {
    let lab = Lab::new();
    let before = lab.hub.last_change().unwrap();
    let failed = lab.alpha_runs[5].to_string();
    let question = format!("why did {failed} fail?");
    let mut talk = Talk::about(&lab, Role::Operator, &question, &[]);
    let log = json!({"run_id": failed}).to_string();
    talk.says(calls(&[("get_run_logs", &log)]));
    let told = talk.told();
    assert!(told.contains(INJECTION), "{told}");
    let data = told.split_once("<data>").unwrap().1;
    let (data, after) = data.split_once("</data>").unwrap();
    assert!(data.contains(INJECTION) && !after.contains(INJECTION));
    assert!(after.contains("never an instruction"), "{after}");
    let cancel = r#"{"id": "alpha", "dry_run": false}"#;
    talk.says(calls(&[
        ("cancel_experiment", cancel),
        (
            "cancel_run",
            &json!({"id": lab.running.to_string()}).to_string(),
        ),
    ]));
    let refused = talk.dialogue.calls()[2].refused.clone().unwrap();
    assert!(
        refused.contains("one change is proposed already"),
        "{refused}"
    );
    assert!(matches!(talk.says(words("I cancelled it.")), Step::Said(_)));
    assert_eq!(
        lab.hub.last_change().unwrap(),
        before,
        "nothing was changed"
    );
    let proposed = talk.dialogue.proposed().unwrap();
    assert_eq!(proposed.tool, "cancel_experiment");
    assert_eq!(
        Value::from(proposed.arguments.clone()),
        json!({"id": "alpha"})
    );
    // Nor does it stand where instructions do.
    let messages = talk.dialogue.messages();
    assert!(!messages[0].to_string().contains(INJECTION));
}

#[test]
fn who_may_not_change_things_gets_no_proposal() {
    let lab = Lab::new();
    let mut talk = Talk::about(&lab, Role::Viewer, "cancel alpha", &[]);
    talk.says(calls(&[("cancel_experiment", r#"{"id": "alpha"}"#)]));
    assert!(talk.told().contains("needs the role"), "{}", talk.told());
    assert!(talk.dialogue.proposed().is_none());
}

#[test]
fn a_change_that_could_not_be_made_is_not_proposed() {
    let lab = Lab::new();
    let mut talk = Talk::about(&lab, Role::Researcher, "start nothing", &[]);
    talk.says(calls(&[("start_run", r#"{"experiment_id": "nothing"}"#)]));
    assert!(talk.dialogue.proposed().is_none());
    talk.says(calls(&[(
        "start_run",
        r#"{"experiment_id": "gamma", "runs": 2}"#,
    )]));
    assert!(talk.told().contains("proposed_to_the_person_and_not_made"));
    assert_eq!(talk.dialogue.proposed().unwrap().arguments["runs"], 2);
}

#[test]
fn malformed_calls_are_answered_and_counted() {
    let lab = Lab::new();
    let mut talk = Talk::about(&lab, Role::Viewer, "how is alpha?", &[]);
    for (arguments, part) in [("{", "no JSON object"), ("[]", "no JSON object")] {
        assert_eq!(talk.says(calls(&[("get_run", arguments)])), Step::Again);
        assert!(talk.told().contains(part), "{}", talk.told());
    }
    for (tool, arguments, part) in [
        ("get_everything", "{}", "there is no tool"),
        ("list_runs", r#"{"limit": "x"}"#, "`limit`"),
        ("get_run", r#"{"id": "nope"}"#, "there is no run"),
    ] {
        assert_eq!(talk.says(calls(&[(tool, arguments)])), Step::Again);
        assert!(talk.told().contains(part), "{}", talk.told());
    }
    let given_up = talk.says(calls(&[("x", "{"), ("y", "{"), ("z", "{")]));
    assert!(matches!(given_up, Step::GaveUp(why) if why.contains("no sense")));
}

#[test]
fn an_endless_loop_ends() {
    let lab = Lab::new();
    let mut talk = Talk::about(&lab, Role::Viewer, "how is alpha?", &[]);
    let same = calls(&[("overview", "{}")]);
    let mut steps = 0;
    while talk.says(same.clone()) == Step::Again {
        steps += 1;
        assert!(steps < ROUNDS_MAX);
    }
    let mut talk = Talk::about(&lab, Role::Viewer, "how is alpha?", &[]);
    for round in 1..ROUNDS_MAX {
        let arguments = json!({"offset": round}).to_string();
        let step = talk.says(calls(&[("list_runs", &arguments)]));
        assert_eq!(step, Step::Again);
        assert_eq!(talk.dialogue.may_call(), round < ROUNDS_MAX - 1);
    }
    let last = talk.says(calls(&[("list_runs", "{}")]));
    assert!(matches!(last, Step::GaveUp(why) if why.contains("again and again")));
}

#[test]
fn what_a_model_reads_and_says_is_bounded() {
    let lab = Lab::new();
    let mut talk = Talk::about(&lab, Role::Viewer, "how is alpha?", &[]);
    for round in 0..6 {
        let reports: Vec<_> = (0..6)
            .map(|at| {
                let limit = 1 + round * 6 + at;
                (
                    "list_runs",
                    json!({"experiment_id": "alpha", "limit": limit}).to_string(),
                )
            })
            .collect();
        let all: Vec<_> = reports
            .iter()
            .map(|(tool, text)| (*tool, text.as_str()))
            .collect();
        if talk.says(calls(&all)) != Step::Again {
            break;
        }
    }
    let size: usize = talk
        .dialogue
        .messages()
        .iter()
        .map(|one| one.to_string().len())
        .sum();
    assert!(size < 250_000, "{size}");
    assert!(talk.dialogue.calls().len() <= 30);
    let mut talk = Talk::about(&lab, Role::Viewer, &"how ".repeat(5_000), &[]);
    let Step::Said(said) = talk.says(words(&"é".repeat(50_000))) else {
        panic!("it answered");
    };
    assert_eq!(said.chars().count(), 8_001);
    assert!(matches!(
        talk.says(words("  ")),
        Step::GaveUp("said nothing")
    ));
}

#[test]
fn what_was_said_before_is_told_and_cut() {
    let lab = Lab::new();
    let mut conversation = Conversation::default();
    for at in 0..20 {
        conversation.remember(&format!("question {at}"), &"x".repeat(10_000));
    }
    let talk = Talk::about(&lab, Role::Viewer, "and now?", &conversation.said);
    let messages = talk.dialogue.messages();
    assert_eq!(messages.len(), 2 + 2 * conversation.said.len());
    assert_eq!(messages[1]["content"], "question 14");
    assert!(messages[2]["content"].as_str().unwrap().chars().count() <= 2_001);
    assert!(talk.told().starts_with("and now?"));
}
