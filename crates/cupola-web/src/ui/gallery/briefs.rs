//! `/briefs`

use std::sync::Arc;

use cupola_domain::{brief::Draft, cost::Money, counts::Counts, field::FieldError};

use super::{
    Sample, families,
    things::{GOAL, HOSTILE, brief, busy, done, family, frame, moment, space, value, who},
};
use crate::ui::{
    briefs::{BriefRow, Details, Form, Index, List, Offer, Show, TemplateChoice},
    components::{Badge, EmptyState, Link, Pager, StackedBar},
    format,
    frame::Section,
    paths,
    reports::ReportOffer,
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("briefs", &index((1..8).map(row).collect(), 7)),
        Sample::new("briefs-empty", &index(Vec::new(), 0)),
        Sample::new("briefs-hostile", &hostile_index()),
        Sample::new("brief-new", &new(usual_draft(), Vec::new())),
        Sample::new("brief-new-wrong", &wrong()),
        Sample::new("brief", &show(false)),
        Sample::new("brief-running", &running()),
        Sample::new("brief-hostile", &show(true)),
    ]
}

fn index(rows: Vec<BriefRow>, total: u64) -> Index {
    let empty = EmptyState::new(
        "No briefs yet",
        "A brief says what is wanted: goal, budget, hardware.",
    );
    Index {
        frame: frame("Briefs", Section::Briefs),
        search: String::new(),
        list: List {
            count: format::counted(total, "brief", "briefs"),
            src: "/briefs/list?page=1".to_owned(),
            empty: rows.is_empty().then(|| {
                empty
                    .with_action("Create brief", paths::NEW_BRIEF)
                    .with_command("cupola demo")
            }),
            rows,
            pager: Pager::new(1, 50, total, |page| format!("/briefs?page={page}")),
        },
    }
}

fn row(n: u64) -> BriefRow {
    let counts = match n {
        1 => busy(),
        2 => Counts {
            pending: 20,
            ..Counts::default()
        },
        3 => Counts {
            failed: 4,
            ..Counts::default()
        },
        _ => done(),
    };
    let id = brief(n);
    BriefRow {
        id: id.into(),
        title: "Best tiny character model in ten seconds".to_owned(),
        goal: List::shortened(GOAL),
        badge: Badge::state(counts.overall(), ""),
        bar: StackedBar::new(&counts),
        progress: format!("{} / {}", counts.finished(), counts.total()),
        metric: "val_bpb ↓".to_owned(),
        best: value(n).filter(|_| counts.completed > 0).into(),
        budget: if n.is_multiple_of(2) {
            "1000.00"
        } else {
            "no limit"
        }
        .to_owned(),
        hardware: "small".to_owned(),
        created: moment(n * 3600),
        deletion: Some(Link::new("Delete", paths::brief(id, "/deletion"))),
    }
}

fn hostile_index() -> Index {
    let mut rows: Vec<_> = (1..4).map(row).collect();
    for row in &mut rows {
        row.title = HOSTILE.into();
        row.goal = List::shortened(HOSTILE);
    }
    index(rows, 3)
}

fn usual_draft() -> Draft {
    Draft {
        template: "char-lm".to_owned(),
        hardware: "small".to_owned(),
        num_tasks: "10".to_owned(),
        time_budget: "60".to_owned(),
        sampler: "random".to_owned(),
        study_seed: "0".to_owned(),
        ..Draft::default()
    }
}

fn new(draft: Draft, errors: Vec<FieldError>) -> Form {
    let template = TemplateChoice {
        name: "char-lm".to_owned(),
        title: "Character language model".to_owned(),
        description: "Trains a small transformer on text, character by character.".to_owned(),
        objective: "val_bpb, lower is better".to_owned(),
        space: space(),
    };
    let templates = [template.clone()];
    Form::new(
        Some(who()),
        &draft,
        &[],
        &templates,
        template,
        offer(),
        errors,
    )
}

fn offer() -> Offer {
    let hourly = Money::from_micros(240_000);
    Offer {
        slots: 2,
        profiles: Arc::default(),
        currency: "USD".to_owned(),
        hourly: vec![("small".to_owned(), hourly, hourly)],
    }
}

fn wrong() -> Form {
    let draft = Draft {
        title: HOSTILE.to_owned(),
        budget_credits: "<script>alert(1)</script>".to_owned(),
        num_tasks: "-3".to_owned(),
        time_budget: "10".to_owned(),
        ..usual_draft()
    };
    let errors = vec![
        FieldError::new(
            "goal",
            "is empty; say in a sentence what you want to find out",
        ),
        FieldError::new(
            "budget_credits",
            "`<script>alert(1)</script>` is not an amount of credits; write for example `1000` or `12.5`",
        ),
        FieldError::new("num_tasks", "is -3; choose a number from 1 to 1000000"),
        FieldError::new(
            "space.n_layer",
            "`integer(6, 1)`: `low` `6` is not below `high` `1`; swap them",
        ),
    ];
    new(draft, errors)
}

fn details(is_hostile: bool) -> Details {
    let text = |usual: &str| {
        if is_hostile {
            HOSTILE.to_owned()
        } else {
            usual.to_owned()
        }
    };
    Details {
        id: brief(1).into(),
        goal: text(GOAL),
        constraints: text(""),
        budget: "1000.00".to_owned(),
        hardware: "small: 1 core, 1.0 GiB".to_owned(),
        template: "char-lm".to_owned(),
        time_budget: "10 s".to_owned(),
        sampler: "random, study seed 0".to_owned(),
        space: space(),
        author: text("admin"),
        created: moment(0),
    }
}

fn show(is_hostile: bool) -> Show {
    let title = if is_hostile {
        HOSTILE
    } else {
        "Best tiny character model in ten seconds"
    };
    let id = brief(1);
    Show {
        frame: frame(title, Section::Briefs).under("Briefs", paths::BRIEFS),
        title: title.to_owned(),
        details: details(is_hostile),
        campaign: families::campaign(&done()),
        results: families::results(is_hostile),
        plot: families::plot(&paths::brief(id, ""), 30, "order"),
        tasks: families::tasks(1, 10, 10),
        budget: super::credits::budget(brief(1), is_hostile),
        deletion: Some(Link::new("Delete", paths::brief(id, "/deletion"))),
        report: ReportOffer {
            subjects: vec![family(1).to_string()],
        },
    }
}

fn running() -> Show {
    let mut page = show(false);
    page.campaign = families::campaign(&busy());
    page.results = families::no_results();
    page.plot = families::plot(&paths::brief(brief(1), ""), 0, "order");
    page
}
