//! `/reports`

use cupola_domain::ids::{Ids, ReportId, ReportScheduleId};
use cupola_report::{
    Block, Column, FORMAT, Fact, Look, Plot, Quote, Report, Said, Section as Part, Series, Table,
};

use super::{
    Sample,
    things::{HOSTILE, at, frame, moment, run},
};
use crate::ui::{
    components::{Field, Link},
    frame::Section,
    paths,
    reports::{Document, Index, List, Row, ScheduleRow, Show, empty},
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("reports", &index("Best tiny character model")),
        Sample::new("reports-empty", &nothing()),
        Sample::new("reports-hostile", &index(HOSTILE)),
        Sample::new("report", &show("Best tiny character model")),
        Sample::new("report-hostile", &show(HOSTILE)),
    ]
}

fn id(n: u64) -> ReportId {
    Ids::new(n + 130).next(at(n))
}

fn schedule_id(n: u64) -> ReportScheduleId {
    Ids::new(n + 140).next(at(n))
}

fn index(title: &str) -> Index {
    let row = |n: u64| Row {
        id: id(n).to_string(),
        href: paths::report(id(n), ""),
        title: title.to_owned(),
        about: vec![Link::new(title, paths::run(run(1), ""))],
        made: moment(n * 3600),
        author: "ada".to_owned(),
        is_scheduled: n == 2,
    };
    let list = List {
        src: paths::REPORTS_LIST.to_owned(),
        rows: (1..4).map(row).collect(),
        note: "The latest 200 of 300; `cupola report list` has all.".to_owned(),
        empty: None,
        schedules: vec![ScheduleRow {
            id: schedule_id(1).to_string(),
            about: vec![Link::new(title, paths::run(run(1), ""))],
            when: "every day".to_owned(),
            due: moment(86_400),
            note: "nothing changed since its last report".to_owned(),
            author: title.to_owned(),
            deletion: Some(paths::report_schedule(schedule_id(1), "/deletion")),
        }],
    };
    Index {
        frame: frame("Reports", Section::Reports),
        list,
        form: Some(vec![
            Field::new("subject", "Experiment, family or brief", title).required(),
            Field::new("every", "How often", "day").required(),
        ]),
    }
}

fn nothing() -> Index {
    Index {
        list: List {
            src: paths::REPORTS_LIST.to_owned(),
            rows: Vec::new(),
            note: String::new(),
            empty: Some(empty()),
            schedules: Vec::new(),
        },
        form: None,
        ..index("")
    }
}

fn show(text: &str) -> Show {
    Show {
        frame: frame(text, Section::Reports).under("Reports", paths::REPORTS),
        href: paths::report(id(1), ""),
        author: "ada".to_owned(),
        is_scheduled: false,
        document: Document {
            report: report(text),
            is_part: false,
        },
        deletion: Some(Link::new("Delete", paths::report(id(1), "/deletion"))),
    }
}

/// Each kind of block; one link leads elsewhere than to the hub, and is none.
pub(super) fn report(text: &str) -> Report {
    let here = || paths::run(run(1), "");
    let curve = |start: f64| {
        let points: Vec<(f64, f64)> = (0..40)
            .map(f64::from)
            .map(|step| (step, start + 2.0 / (step + 1.0)))
            .collect();
        points
    };
    let results = vec![
        Block::Paragraph(Said::at("The best val_bpb is 1.013 (task 7).", here())),
        Block::Table(Table {
            caption: "The best 2 of 20".to_owned(),
            columns: vec![Column::numbers("val_bpb"), Column::words("Configuration")],
            rows: vec![
                vec![Said::at("1.013", here()), Said::new(text)],
                vec![
                    Said::at("1.02", "javascript:alert(1)"),
                    Said::new("lr 0.001"),
                ],
            ],
            note: "18 runs more not shown.".to_owned(),
        }),
        Block::Plot(Plot {
            title: format!("val_bpb of {text}"),
            x: "step".to_owned(),
            y: "val_bpb".to_owned(),
            series: vec![
                Series::new("best so far", Look::Steps, &curve(1.0)),
                Series::new(text, Look::Line, &curve(1.2)),
                Series::new("values", Look::Dots, &curve(1.4)),
            ],
            note: "40 of 400 values are drawn, evenly chosen.".to_owned(),
            href: here(),
        }),
    ];
    let failed = vec![
        Block::Quote(Quote {
            of: "the last line of the log of task 3".to_owned(),
            said: Said::at(text, here()),
        }),
        Block::Facts {
            facts: vec![Fact {
                name: "Money".to_owned(),
                value: Said::at("0.0150 EUR", paths::COSTS),
            }],
        },
        Block::List {
            items: vec![Said::at(
                "Wait for the 2 tasks that have not ended.",
                here(),
            )],
        },
    ];
    let part = |title: &str, blocks| Part {
        title: title.to_owned(),
        blocks,
    };
    Report {
        format: FORMAT,
        title: text.to_owned(),
        made_at: "2026-11-22T14:00:00.000Z".to_owned(),
        made_with: "Cupola 0.1.0".to_owned(),
        about: vec![Said::at(text, here())],
        sections: vec![part("Results", results), part("What failed", failed)],
    }
}
