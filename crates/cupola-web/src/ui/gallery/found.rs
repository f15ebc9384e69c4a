//! `/runs`

use cupola_domain::counts::State;

use super::{
    Sample,
    things::{HOSTILE, config, frame, lasted, moment, run, task_link, value},
};
use crate::ui::{
    components::{Badge, EmptyState, Link, Measure, Pager},
    format,
    frame::Section,
    paths,
    runs::{FoundCell, FoundColumn, FoundList, FoundPage, FoundRow},
};

const FILTER: &str = "state = completed and params.learning_rate < 0.01";
const COLUMNS: &str = "params.learning_rate, params.lr_schedule, metrics.val_bpb";

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("run-list", &page(FILTER, list(0..12))),
        Sample::new("run-list-empty", &page("", empty())),
        Sample::new("run-list-refused", &page("params.lr <", refused())),
        Sample::new("run-list-hostile", &hostile()),
    ]
}

fn page(filter: &str, list: FoundList) -> FoundPage {
    FoundPage {
        frame: frame("Runs", Section::Runs),
        filter: filter.to_owned(),
        columns: COLUMNS.to_owned(),
        order: "metrics.val_bpb".to_owned(),
        experiments: String::new(),
        words: "params. metrics. tags. state".to_owned(),
        list,
    }
}

fn column(label: &str, is_numeric: bool, is_chosen: bool) -> FoundColumn {
    FoundColumn {
        label: label.to_owned(),
        href: format!("{}?order=created", paths::RUNS),
        sorted: if label == "metrics.val_bpb" {
            "ascending"
        } else {
            ""
        },
        is_numeric,
        is_chosen,
    }
}

fn columns() -> Vec<FoundColumn> {
    let fixed = ["Run", "Experiment", "Task", "State", "Started"];
    let fixed = fixed.map(|label| column(label, false, false)).into_iter();
    let chosen = COLUMNS.split(", ");
    fixed
        .chain([column("Duration", true, false), column("Cost", true, false)])
        .chain(chosen.map(|label| column(label, label.starts_with("metrics"), true)))
        .collect()
}

fn cell(text: &str) -> FoundCell {
    FoundCell {
        text: text.to_owned(),
        exact: text.to_owned(),
        is_numeric: false,
        is_lost: false,
    }
}

fn row(n: u64) -> FoundRow {
    let config = config(n);
    let measure = Measure::from(value(n));
    let shown = |key| cell(&format::json(&config[key]));
    FoundRow {
        id: run(n).into(),
        name: String::new(),
        experiment: super::things::family_link(n % 3),
        task: task_link(n),
        attempt: 1,
        badge: Badge::state(State::Completed, String::new()),
        started: moment(n * 10),
        duration: lasted(9.8),
        cost: "0.0012".to_owned(),
        cells: vec![
            shown("learning_rate"),
            shown("lr_schedule"),
            FoundCell {
                text: measure.text,
                exact: measure.exact,
                is_numeric: true,
                is_lost: measure.is_lost,
            },
        ],
    }
}

fn list(numbers: std::ops::Range<u64>) -> FoundList {
    FoundList {
        count: "more than 50 runs".to_owned(),
        src: "/runs/list".to_owned(),
        errors: Vec::new(),
        columns: columns(),
        rows: numbers.map(row).collect(),
        pager: Pager {
            text: "1–12".to_owned(),
            previous: None,
            next: Some("/runs?page=2".to_owned()),
            has_pages: true,
        },
        empty: None,
        examples: Vec::new(),
        exported: String::new(),
    }
}

fn empty() -> FoundList {
    let example = "experiment ~ \"campaign\" and not state in (failed, cancelled)";
    FoundList {
        count: String::new(),
        rows: Vec::new(),
        empty: Some(
            EmptyState::new("No run matches", "Ask for less, or for something else:")
                .with_action("All runs", paths::RUNS),
        ),
        examples: vec![Link::new(example, "/runs?filter=state%20%3D%20failed")],
        ..list(0..0)
    }
}

fn refused() -> FoundList {
    let error = "Filter, column 12: the end is not a value; write a number or a text in quotes";
    FoundList {
        errors: vec![error.to_owned()],
        empty: None,
        ..empty()
    }
}

fn hostile() -> FoundPage {
    let mut shown = list(0..3);
    for row in &mut shown.rows {
        HOSTILE.clone_into(&mut row.name);
        HOSTILE.clone_into(&mut row.experiment.text);
        row.cells[1] = cell(HOSTILE);
    }
    shown.columns[6].label = format!("params.\"{HOSTILE}\"");
    shown.errors = vec![HOSTILE.to_owned()];
    FoundPage {
        columns: HOSTILE.to_owned(),
        order: HOSTILE.to_owned(),
        ..page(HOSTILE, shown)
    }
}
