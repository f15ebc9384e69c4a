//! Conversations with the assistant.

use cupola_assistant::{
    answer::{Answer, Change, Chart, Link, Number},
    conversations::{Made, Turn},
};
use cupola_domain::access::Role;
use serde_json::json;

use super::{
    Sample,
    things::{HOSTILE, at, frame},
};
use crate::ui::{assistant, frame::Section};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new(
            "assistant",
            &page(&[best(1), proposed(2, None)], Role::Researcher),
        ),
        Sample::new("assistant-empty", &page(&[], Role::Viewer)),
        Sample::new("assistant-hostile", &page(&[hostile()], Role::Viewer)),
        Sample::new(
            "assistant-done",
            &page(&[done(), refused()], Role::Researcher),
        ),
    ]
}

fn page(turns: &[Turn], role: Role) -> assistant::Index {
    let frame = frame("Assistant", Section::Outside);
    let model = (role == Role::Researcher).then_some("a-model");
    assistant::index(frame, turns, (role, model), ("", ""))
}

fn turn(number: u64, question: &str, answer: Answer) -> Turn {
    Turn {
        number,
        question: question.to_owned(),
        answer,
        at: at(0),
        made: None,
    }
}

fn best(number: u64) -> Turn {
    let answer = Answer {
        text: "The best of `alpha` is task 1 with val_bpb 1.0321.".to_owned(),
        detail: vec!["Mean 1.2, 5 runs with a value.".to_owned()],
        numbers: vec![Number {
            name: "val_bpb of task 1".to_owned(),
            value: 1.032_1,
            unit: String::new(),
            source: "/runs".to_owned(),
        }],
        links: vec![Link {
            title: "runs".to_owned(),
            href: "/runs".to_owned(),
        }],
        chart: Some(Chart {
            metric: "val_bpb".to_owned(),
            source: "/runs".to_owned(),
            points: (1..40)
                .map(|step: i32| (i64::from(step), 4.0 / f64::from(step).sqrt()))
                .collect(),
        }),
        suggestions: vec!["and the second best?".to_owned(), "show its log".to_owned()],
        ..Answer::default()
    };
    turn(number, "what is the best of alpha?", answer)
}

fn proposed(number: u64, made: Option<Made>) -> Turn {
    let arguments = json!({"title": "the smallest loss", "template": "char-lm", "num_tasks": 20});
    let answer = Answer {
        text: "This brief can be submitted.".to_owned(),
        change: Some(Change {
            tool: "submit_brief",
            arguments: arguments.as_object().cloned().unwrap_or_default(),
        }),
        ..Answer::default()
    };
    Turn {
        made,
        ..turn(number, "submit it", answer)
    }
}

fn done() -> Turn {
    proposed(1, Some(Made::Done(Some("/families".to_owned()))))
}

fn refused() -> Turn {
    proposed(2, Some(Made::Refused(HOSTILE.to_owned())))
}

fn hostile() -> Turn {
    let answer = Answer {
        text: HOSTILE.to_owned(),
        detail: vec![HOSTILE.to_owned()],
        quoted: vec![HOSTILE.to_owned()],
        report: Some(super::reports::report(HOSTILE)),
        suggestions: vec![HOSTILE.to_owned()],
        ..Answer::default()
    };
    turn(1, HOSTILE, answer)
}
