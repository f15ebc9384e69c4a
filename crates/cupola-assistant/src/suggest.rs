//! What can be asked next. Every suggestion is a question that is understood where it is made.

use crate::{
    fact::Fact,
    intent::{Action, By, Intent},
    names::{Key, Kind, Thing},
    question::fold,
    wish::Wish,
};

/// So many are made at most.
pub const SUGGESTIONS_MAX: usize = 4;

/// What can be asked by whoever does not know what to ask.
pub const EXAMPLES: &[&str] = &[
    "what is running?",
    "are there any problems?",
    "latest results",
    "what changed since yesterday?",
    "which experiment is the best?",
    "which runs failed today?",
    "how much did everything cost this week?",
    "list experiments",
    "how are the workers?",
    "draft a brief",
];

/// Questions that follow from one that was answered; `run` is the run that its answer showed.
pub fn after(intent: &Intent, run: Option<&Thing>) -> Vec<String> {
    // "The best run" is not said again: the run that it was has an id.
    let is_picked = |of: &&Thing| matches!(of.key, Key::Picked(..));
    let mut next = if intent.subject().as_ref().is_some_and(is_picked) {
        run.map_or_else(examples, of_subject)
    } else {
        following(intent, run)
    };
    next.truncate(SUGGESTIONS_MAX);
    next
}

/// A draft that is underway is gone back to by its name.
pub fn offer_draft(next: &mut Vec<String>) {
    next.truncate(SUGGESTIONS_MAX - 1);
    next.push("show the draft".to_owned());
}

/// Nothing is offered twice, nor what was just asked.
pub fn once(next: &mut Vec<String>, asked: &str) {
    let mut seen = vec![fold(asked)];
    next.retain(|text| {
        let folded = fold(text);
        let is_new = !seen.contains(&folded);
        seen.push(folded);
        is_new
    });
}

fn following(intent: &Intent, run: Option<&Thing>) -> Vec<String> {
    match intent {
        Intent::Best {
            of: Some(of),
            by: By::Objective { is_worst: false },
            ..
        } => of_best(of, run),
        Intent::Best { of: Some(of), .. } => vec![format!("best of {}", named(of))],
        Intent::Best { of: None, .. } => examples(),
        Intent::Compare { these } => of_compared(these),
        Intent::CompareBest { of, .. } => vec![
            format!("which parameter matters in {}?", named(of)),
            format!("report on {}", named(of)),
        ],
        Intent::IsBetter { a, b } => vec![
            format!("compare {} and {}", named(a), named(b)),
            format!("report on {}", named(a)),
        ],
        Intent::WhyFailed { of } => of_failure(of, run),
        Intent::WhyWaiting { .. } | Intent::Workers => vec![
            "how are the workers?".to_owned(),
            "what is running?".to_owned(),
        ],
        Intent::Running { of: Some(of) } => vec![
            format!("describe {}", named(of)),
            "how are the workers?".to_owned(),
        ],
        Intent::Running { of: None } | Intent::Overview => vec![
            "which runs failed today?".to_owned(),
            "how are the workers?".to_owned(),
            "what changed since yesterday?".to_owned(),
        ],
        Intent::Cost { .. } => vec![
            "which run was the most expensive?".to_owned(),
            "what is running?".to_owned(),
        ],
        Intent::Credits { of, .. } | Intent::Checks { of } | Intent::Bans { of } => {
            of_trust(of.as_ref())
        }
        Intent::WhatMatters { of, .. } | Intent::ShowCurve { of, .. } | Intent::ShowLog { of } => {
            of_subject(of)
        }
        Intent::WhatChanged { .. } => vec![
            "which runs failed today?".to_owned(),
            "what is running?".to_owned(),
        ],
        Intent::ListRuns(wanted) => match wanted.of.first() {
            Some(of) => of_subject(of),
            None => vec!["what is running?".to_owned(), "list experiments".to_owned()],
        },
        Intent::List { .. } | Intent::Help | Intent::Submit(_) => examples(),
        Intent::Describe { what } => of_subject(what),
        Intent::Draft(wish) => of_draft(wish),
        Intent::Report { on, .. } => of_subject(on),
        Intent::Act {
            action: Action::Cancel,
            ..
        } => vec!["what is running?".to_owned()],
        Intent::WouldAct { on: Some(on), .. } => of_subject(on),
        Intent::WouldAct { on: None, .. } => examples(),
        Intent::Act { on, .. } => vec![
            format!("describe {}", named(on)),
            "what is running?".to_owned(),
        ],
        Intent::Fact(fact) => of_fact(fact),
    }
}

fn of_fact(fact: &Fact) -> Vec<String> {
    match fact {
        Fact::Problems { .. } => vec![
            "which runs failed today?".to_owned(),
            "how are the workers?".to_owned(),
        ],
        Fact::Deeds { .. } | Fact::Briefs { .. } | Fact::Made { .. } | Fact::Own { .. } => {
            vec!["latest results".to_owned(), "what is running?".to_owned()]
        }
        Fact::Latest { of: None } => vec![
            "which experiment is the best?".to_owned(),
            "which runs failed today?".to_owned(),
        ],
        Fact::BestOfAll { .. } => vec!["latest results".to_owned(), "list experiments".to_owned()],
        Fact::Standing { .. } | Fact::NeverRan => vec![
            "list experiments".to_owned(),
            "which runs failed today?".to_owned(),
        ],
        Fact::Spenders { .. } => vec![
            "which run was the most expensive?".to_owned(),
            "how much did everything cost this week?".to_owned(),
        ],
        Fact::Alerts | Fact::Speed { .. } | Fact::Presence { .. } | Fact::Busy { .. } => {
            vec!["how are the workers?".to_owned()]
        }
        Fact::Estimate { wish, .. } => of_draft(wish),
        Fact::Latest { of: Some(of) }
        | Fact::Timing { of, .. }
        | Fact::Mean { of, .. }
        | Fact::Value { of, .. }
        | Fact::Seeds { of }
        | Fact::Config { of }
        | Fact::Maker { of }
        | Fact::Again { of }
        | Fact::WhyCancelled { of } => of_subject(of),
        Fact::Elsewhere { on: Some(on), .. } => of_subject(on),
        Fact::Elsewhere { on: None, .. } | Fact::Nothing | Fact::NoDraft { .. } => examples(),
    }
}

/// The first of the examples.
pub fn examples() -> Vec<String> {
    EXAMPLES
        .iter()
        .take(SUGGESTIONS_MAX)
        .map(|text| (*text).to_owned())
        .collect()
}

/// A thing in a question, so that no word of its name is taken for anything else.
pub fn named(thing: &Thing) -> String {
    let name = quoted(&thing.name);
    match thing.kind() {
        Kind::Experiment | Kind::Run => name,
        kind => format!("{kind} {name}"),
    }
}

/// A name as it is written in questions.
pub(crate) fn quoted(name: &str) -> String {
    if name.contains('"') {
        format!("`{name}`")
    } else {
        format!("\"{name}\"")
    }
}

fn of_best(of: &Thing, run: Option<&Thing>) -> Vec<String> {
    let mut next = vec!["and the second best?".to_owned()];
    if run.is_some() {
        next.push("show its curve".to_owned());
    }
    if of.kind() == Kind::Experiment {
        next.push(format!("which parameter matters in {}?", named(of)));
        next.push(format!("report on {}", named(of)));
    }
    next
}

/// What failed is read and tried again run by run.
fn of_failure(of: &Thing, run: Option<&Thing>) -> Vec<String> {
    match run {
        Some(run) => vec![
            format!("show the log of {}", named(run)),
            format!("retry {}", named(run)),
        ],
        None => of_subject(of),
    }
}

/// A draft is handed in once it can be.
fn of_draft(wish: &Wish) -> Vec<String> {
    if wish.goal.is_empty() {
        return vec![
            "find the smallest loss".to_owned(),
            "list templates".to_owned(),
        ];
    }
    if wish.template.is_none() {
        return vec!["list templates".to_owned()];
    }
    let tasks = if wish.num_tasks == Some(200) {
        "double the tasks"
    } else {
        "make it 200 tasks"
    };
    [
        "submit it",
        tasks,
        "how much will it cost?",
        "how long will it take?",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn of_trust(of: Option<&Thing>) -> Vec<String> {
    match of {
        Some(of) if of.kind() == Kind::Person => of_subject(of),
        _ => vec![
            "who earned the most credits?".to_owned(),
            "what was checked?".to_owned(),
            "who is banned?".to_owned(),
        ],
    }
}

fn of_compared(these: &[Thing]) -> Vec<String> {
    let is_picked = |thing: &Thing| matches!(thing.key, Key::Picked(..));
    match these {
        // "The best run" is no name.
        these if these.iter().any(is_picked) => {
            let named = these.iter().find(|thing| !is_picked(thing));
            named.map_or_else(examples, of_subject)
        }
        [a, b, ..] => vec![
            format!("is {} better than {}?", named(a), named(b)),
            format!("report on {}", named(a)),
        ],
        _ => examples(),
    }
}

fn of_subject(thing: &Thing) -> Vec<String> {
    let name = named(thing);
    match thing.kind() {
        Kind::Experiment => vec![
            format!("best of {name}"),
            format!("which parameter matters in {name}?"),
            format!("what failed in {name}?"),
            format!("how much did {name} cost?"),
        ],
        Kind::Run => vec![
            format!("show the log of {name}"),
            format!("show the curve of {name}"),
            format!("how much did {name} cost?"),
        ],
        Kind::Worker => vec![
            format!("what is running on {name}?"),
            format!("list runs on {name}"),
        ],
        Kind::Template => vec![format!("draft a brief with {name}")],
        Kind::Person => vec![
            format!("how much did {name} spend?"),
            format!("credits of {name}"),
            format!("which results of {name} were checked?"),
        ],
        Kind::Model | Kind::Parameter | Kind::Metric => examples(),
    }
}
