//! From a conversation to its page.

use cupola_assistant::{
    answer::{Answer, Change},
    conversations::{Made, Turn},
    suggest, tools,
};
use cupola_domain::access::Role;

use super::{ChangeView, Index, NumberView, TurnView};
use crate::ui::{
    components::{Dot, Link, Scale, Scatter, X},
    format,
    frame::Frame,
    paths,
    reports::Document,
};

/// The page of a conversation; `asked` is a question that was refused, with the reason.
pub(in crate::ui) fn index(
    frame: Frame,
    turns: &[Turn],
    (role, model): (Role, Option<&str>),
    (asked, error): (&str, &str),
) -> Index {
    Index {
        frame,
        turns: turns.iter().map(|turn| view(turn, role)).collect(),
        examples: suggest::EXAMPLES.iter().map(ToString::to_string).collect(),
        model_note: model_note(model),
        stream: model.map_or("", |_| paths::ASSISTANT_STREAM),
        asked: asked.to_owned(),
        error: error.to_owned(),
    }
}

/// Who answers, in a line.
fn model_note(model: Option<&str>) -> String {
    model.map_or_else(
        || {
            "No language model is configured: a grammar reads your question, and the hub's own queries answer."
                .to_owned()
        },
        |model| format!("The language model {model} answers with the hub's tools; it changes nothing by itself."),
    )
}

fn view(turn: &Turn, role: Role) -> TurnView {
    let answer = &turn.answer;
    let next = if answer.asks_back.is_empty() {
        &answer.suggestions
    } else {
        &answer.asks_back
    };
    TurnView {
        number: turn.number,
        question: turn.question.clone(),
        text: answer.text.clone(),
        detail: answer.detail.clone(),
        plot: plot(answer),
        quoted: answer.quoted.join("\n"),
        report: (answer.report.clone()).map(|report| Document {
            report,
            is_part: true,
        }),
        numbers: (answer.numbers.iter())
            .map(|number| NumberView {
                name: number.name.clone(),
                value: format::number(number.value),
                unit: number.unit.clone(),
                source: Link::new(number.source.clone(), number.source.clone()),
            })
            .collect(),
        links: (answer.links.iter())
            .map(|link| Link::new(link.title.clone(), link.href.clone()))
            .collect(),
        change: (answer.change.as_ref())
            .map(|change| change_view(change, turn.made.as_ref(), role)),
        next: next.clone(),
    }
}

fn change_view(change: &Change, made: Option<&Made>, role: Role) -> ChangeView {
    let needed = tools::find(change.tool).map_or(Role::Admin, |tool| tool.role);
    let arguments = serde_json::to_string_pretty(&change.arguments);
    let (made, link) = match made {
        None => (None, None),
        Some(Made::Begun) => {
            let words = "It was begun; look at its page for how it ended.";
            (Some(words.to_owned()), None)
        }
        Some(Made::Done(href)) => {
            let link = href.as_ref().map(|href| Link::new("Show it", href.clone()));
            (Some("Done.".to_owned()), link)
        }
        Some(Made::Refused(why)) => (Some(format!("It was refused: {why}.")), None),
    };
    ChangeView {
        tool: change.tool,
        arguments: arguments.unwrap_or_default(),
        is_allowed: role.includes(needed),
        made,
        link,
    }
}

#[expect(clippy::cast_precision_loss, reason = "steps are places on a picture")]
fn plot(answer: &Answer) -> Option<Scatter> {
    let chart = answer.chart.as_ref()?;
    let dots = chart.points.iter().map(|(step, value)| Dot {
        x: X::Number(*step as f64),
        y: Some(*value),
        title: format!("step {step}: {}", format::number(*value)),
        href: chart.source.clone(),
        ..Dot::default()
    });
    let dots: Vec<_> = dots.collect();
    let total = dots.len();
    let axis = ("step", Scale::Linear);
    (total > 0).then(|| Scatter::new(axis, &chart.metric, dots, total, ("point", "points")))
}
