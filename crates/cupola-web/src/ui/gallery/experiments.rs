//! `/experiments`

use cupola_domain::{
    counts::{Counts, State},
    field::FieldError,
    schema::{Field, FieldKind, Schema, TextFormat},
};
use cupola_hub::experiments::ExperimentDraft;
use serde_json::{Map, Value, json};

use super::{
    Sample,
    things::{
        HOSTILE, busy, config, done, family, frame, lasted, moment, never, run, task_link, value,
    },
};
use crate::ui::{
    components::{
        Badge, CodeBlock, Column, ConfigTable, EmptyState, Id, Lasting, Link, Opt, Pager, Progress,
        Sorting, StackedBar,
    },
    experiments::{
        Draft, EditPage, Editor, ExperimentRow, Header, Index, LastRun, List, RunLine, Runs,
        SetupCard, Show, TemplateChoice,
    },
    format,
    frame::Section,
    paths,
    reports::ReportOffer,
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("experiments", &index((1..8).map(row).collect())),
        Sample::new("experiments-empty", &index(Vec::new())),
        Sample::new("experiments-hostile", &hostile_index()),
        Sample::new("experiment", &show((0..7).map(line).collect(), &busy())),
        Sample::new("experiment-new", &show(Vec::new(), &Counts::default())),
        Sample::new("experiment-hostile", &hostile()),
        Sample::new("experiment-form", &edit(&usual(), &[])),
        Sample::new("experiment-form-wrong", &wrong()),
        Sample::new("experiment-form-json", &as_json()),
    ]
}

fn index(rows: Vec<ExperimentRow>) -> Index {
    let sorting = Sorting {
        path: paths::EXPERIMENTS.to_owned(),
        query: String::new(),
        key: "updated".to_owned(),
        is_descending: true,
    };
    let total = rows.len() as u64;
    Index {
        frame: frame("Experiments", Section::Experiments),
        search: String::new(),
        states: vec![Opt::new("", "All states", "")],
        origins: vec![Opt::new("", "All origins", "")],
        sort: "updated",
        order: "desc",
        may_make: true,
        list: List {
            count: format::counted(total, "experiment", "experiments"),
            src: "/experiments/list?page=1".to_owned(),
            columns: vec![
                sorting.column("name", "Experiment", false),
                Column::plain("Template"),
                Column::plain("Runs"),
                Column::plain("Last run"),
                sorting.column("updated", "Modified", false),
            ],
            empty: rows.is_empty().then(|| {
                EmptyState::new(
                    "No experiments yet",
                    "An experiment is a template, configured.",
                )
                .with_action("New experiment", paths::NEW_EXPERIMENT)
            }),
            rows,
            pager: Pager::new(1, 50, total, |page| format!("/experiments?page={page}")),
        },
    }
}

fn row(n: u64) -> ExperimentRow {
    let counts = match n {
        1 => busy(),
        2 => Counts::default(),
        _ => done(),
    };
    let id = family(n);
    let last = LastRun {
        badge: Badge::state(counts.overall(), ""),
        at: moment(n * 60),
        href: paths::run(run(n), ""),
    };
    ExperimentRow {
        id: id.to_string(),
        name: Link::new("Warm-up against none", paths::experiment(id, "")),
        template: "char-lm".to_owned(),
        origin: if n.is_multiple_of(3) {
            "file"
        } else {
            "manual"
        },
        bar: StackedBar::new(&counts),
        progress: format!("{} / {}", counts.finished(), counts.total()),
        last: (n != 2).then_some(last),
        updated: moment(n * 3600),
        may_change: true,
        may_start: true,
    }
}

fn hostile_index() -> Index {
    let mut rows: Vec<_> = (1..4).map(row).collect();
    for row in &mut rows {
        HOSTILE.clone_into(&mut row.name.text);
        HOSTILE.clone_into(&mut row.template);
    }
    index(rows)
}

fn own_id() -> Id {
    Id {
        href: paths::experiment(family(1), ""),
        ..family(1).into()
    }
}

fn show(rows: Vec<RunLine>, counts: &Counts) -> Show {
    let id = family(1);
    let key = format!("experiment:{id}");
    let page = paths::experiment(id, "");
    let total = rows.len() as u64;
    let empty = || EmptyState::new("No runs yet", "Start makes one.");
    Show {
        frame: frame("Warm-up against none", Section::Experiments)
            .under("Experiments", paths::EXPERIMENTS),
        header: Header {
            key: key.clone(),
            src: paths::experiment(id, "/header"),
            id: own_id(),
            href: page.clone(),
            name: "Warm-up against none".to_owned(),
            badge: Badge::state(counts.overall(), ""),
            description: "Does a warm-up of 100 steps help\nat this budget?".to_owned(),
            template: "char-lm".to_owned(),
            hindrance: String::new(),
            code_hash: "6f1ed002ab5595859014ebf0951522d9".repeat(2),
            code_hash_now: String::new(),
            device_class: String::new(),
            origin: "manual",
            objective: "val_bpb, lower is better".to_owned(),
            author: "admin".to_owned(),
            created: moment(0),
            updated: moment(3600),
            tags: vec!["purpose=baseline".to_owned(), "paper=".to_owned()],
            bar: StackedBar::new(counts).with_legend(),
            obstacle: String::new(),
            cost: "$0.0660 · 16 min 30 s".to_owned(),
            may_change: true,
            report: ReportOffer {
                subjects: vec![id.to_string()],
            },
            may_edit: true,
            cancellation: (counts.running > 0).then(|| {
                Link::new(
                    "Cancel what is left",
                    paths::experiment(id, "/cancellation"),
                )
            }),
        },
        runs: Runs {
            key: format!("{key},run:{}", run(1)),
            src: paths::experiment(id, "/runs?page=1"),
            count: format::counted(total, "run", "runs"),
            metric: "val_bpb".to_owned(),
            empty: rows.is_empty().then(empty),
            rows,
            pager: Pager::new(1, 50, total, |n| format!("{page}?page={n}#runs")),
        },
        setup: setup(key, &config(2), &Map::new()),
        comparable: id.to_string(),
    }
}

fn setup(key: String, config: &Map<String, Value>, environment: &Map<String, Value>) -> SetupCard {
    SetupCard {
        key,
        src: paths::experiment(family(1), "/setup"),
        config: ConfigTable::new("Configuration", config),
        json: CodeBlock::json("config.json", &Value::Object(config.clone())),
        time_budget: "1 h".to_owned(),
        seed: "each run its own".to_owned(),
        priority: 0,
        working_folder: String::new(),
        needs: "1 core, 1.0 GiB memory".to_owned(),
        environment: ConfigTable::new("Environment", environment),
    }
}

fn line(n: u64) -> RunLine {
    let state = match n {
        0 => State::Pending,
        1 => State::Running,
        3 => State::Failed,
        _ => State::Completed,
    };
    let has_ended = state.is_terminal();
    RunLine {
        id: run(n).into(),
        task: task_link(n),
        attempt: if n == 4 { 2 } else { 1 },
        badge: Badge::state(
            state,
            match n {
                0 => "waiting for task 3",
                3 => "exit code 1",
                _ => "",
            },
        ),
        started: if n == 0 { never() } else { moment(n * 60) },
        finished: if has_ended {
            moment(n * 60 + 50)
        } else {
            never()
        },
        cost: "0.0033".to_owned(),
        duration: if has_ended {
            lasted(50.2)
        } else {
            Lasting::none()
        },
        progress: (n == 1).then(|| Progress::new(Some(0.42), "Progress of the run")),
        value: value(n).filter(|_| state == State::Completed).into(),
    }
}

fn hostile() -> Show {
    let mut page = show((0..3).map(line).collect(), &busy());
    HOSTILE.clone_into(&mut page.frame.title);
    for text in [
        &mut page.header.name,
        &mut page.header.description,
        &mut page.header.template,
        &mut page.header.author,
        &mut page.header.obstacle,
        &mut page.header.hindrance,
    ] {
        HOSTILE.clone_into(text);
    }
    page.header.tags = vec![HOSTILE.to_owned()];
    let hostile = json!({ HOSTILE: HOSTILE });
    let hostile = hostile.as_object().cloned().unwrap_or_default();
    page.setup = setup(page.header.key.clone(), &hostile, &hostile);
    page
}

fn layer() -> FieldKind {
    let width = FieldKind::Integer {
        min: Some(1),
        max: Some(4096),
        step: Some(16),
    };
    let heads = FieldKind::List {
        item: Box::new(width.clone()),
        min_items: None,
        max_items: Some(8),
    };
    let options = vec![json!("relu"), json!("gelu")];
    let fields = vec![
        described("width", "Width", "Units of the layer.", width),
        described("act", "Activation", "", FieldKind::Enum { options }),
        described("bias", "Bias", "", FieldKind::Boolean),
        described("heads", "Sizes of the heads", "", heads),
    ];
    FieldKind::Group {
        fields: Schema { fields },
    }
}

fn described(name: &str, label: &str, description: &str, kind: FieldKind) -> Field {
    Field {
        label: label.to_owned(),
        description: description.to_owned(),
        ..Field::new(name, kind)
    }
}

fn schema() -> Schema {
    let number = || FieldKind::Number {
        min: Some(0.0),
        max: Some(1.0),
        step: Some(0.001),
    };
    let text = |format| FieldKind::Text {
        format,
        min_length: None,
        max_length: Some(200),
        options: Vec::new(),
    };
    let layers = FieldKind::List {
        item: Box::new(layer()),
        min_items: Some(1),
        max_items: None,
    };
    let optimizer = vec![
        described("beta", "β₁", "", number()),
        described("nesterov", "Nesterov", "", FieldKind::Boolean),
    ];
    let optimizer = FieldKind::Group {
        fields: Schema { fields: optimizer },
    };
    Schema {
        fields: vec![
            Field {
                required: true,
                ..described("lr", "Learning rate", "Peak of the schedule.", number())
            },
            Field {
                default: Some(json!(true)),
                ..described("shuffle", "Shuffle", "Each epoch anew.", FieldKind::Boolean)
            },
            described("note", "Note", "", text(TextFormat::Area)),
            described("data", "Data", "Where the text is.", text(TextFormat::Url)),
            described("optimizer", "Optimizer", "", optimizer),
            described("layers", "Layers", "From the input on.", layers),
        ],
    }
}

fn templates() -> Vec<TemplateChoice> {
    vec![TemplateChoice {
        name: "layered".to_owned(),
        title: "Layered model".to_owned(),
        description: "Trains a stack of layers on text.".to_owned(),
    }]
}

fn usual() -> ExperimentDraft {
    let config = json!({
        "lr": 0.01, "optimizer": {"beta": 0.9, "nesterov": true},
        "layers": [{"width": 128, "act": "relu", "heads": [16, 32]}, {"width": 64, "act": "gelu"}],
    });
    ExperimentDraft {
        name: "Warm-up against none".to_owned(),
        template: "layered".to_owned(),
        config: config.as_object().cloned().unwrap_or_default(),
        ..ExperimentDraft::default()
    }
}

fn edit(draft: &ExperimentDraft, errors: &[FieldError]) -> EditPage {
    let (filled, _) = Draft::of(draft, &schema());
    page(Editor::new(&filled, &schema(), &templates(), errors))
}

fn page(form: Editor) -> EditPage {
    EditPage {
        frame: frame("New experiment", Section::Experiments)
            .under("Experiments", paths::EXPERIMENTS),
        heading: "New experiment".to_owned(),
        form: form.posting_to(paths::NEW_EXPERIMENT, paths::EXPERIMENTS),
    }
}

fn wrong() -> EditPage {
    let mut draft = usual();
    HOSTILE.clone_into(&mut draft.name);
    HOSTILE.clone_into(&mut draft.description);
    draft.config.insert("lr".to_owned(), json!(HOSTILE));
    draft.config["layers"][1]["width"] = json!(0);
    draft.config["layers"][0]["act"] = json!(HOSTILE);
    let errors = [
        (
            "config.lr",
            format!("is \"{HOSTILE}\"; give a number from 0 to 1"),
        ),
        ("config.layers", "has mistakes".to_owned()),
        ("config.layers.1", "is odd".to_owned()),
        (
            "config.layers.1.width",
            "is 0; give a whole number from 1 to 4096".to_owned(),
        ),
        ("config.optimizer", "is odd".to_owned()),
        (
            "config.colour",
            "is not a field of this template; there are `lr`".to_owned(),
        ),
        (
            "time_budget_secs",
            "is `soon`; give a number of seconds".to_owned(),
        ),
        (
            "tags",
            "line 1: `x` has no `=`; write `NAME=value`".to_owned(),
        ),
    ];
    let errors: Vec<_> = errors
        .into_iter()
        .map(|(field, message)| FieldError::new(field, message))
        .collect();
    let mut page = edit(&draft, &errors);
    page.form.notice = format!("`{HOSTILE}` was left out.");
    page
}

fn as_json() -> EditPage {
    let (mut filled, _) = Draft::of(&usual(), &schema());
    filled.config = filled.config.turned(&schema());
    page(Editor::new(&filled, &schema(), &templates(), &[]))
}
