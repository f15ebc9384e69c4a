//! `/families`, and the parts of families that briefs show too.

use cupola_domain::counts::{Counts, State};
use serde_json::Value;

use super::{
    Sample,
    things::{
        HOSTILE, brief, busy, config, done, family, family_link, frame, moment, never, run, task,
        value, worker_link,
    },
};
use crate::ui::{
    components::{
        Badge, Column, ConfigTable, Dot, EmptyState, LevelBars, Link, Measure, Opt, Pager, Scale,
        Scatter, StackedBar, X,
    },
    families::{
        Anomaly, Campaign, Factor, FamilyRow, Header, Index, List, Plot, Ranked, Repro, Results,
        Show, Summary, TaskRow, Tasks, Winner,
    },
    format,
    frame::Section,
    paths,
    reports::ReportOffer,
};

pub(super) fn samples() -> Vec<Sample> {
    vec![
        Sample::new("families", &index((1..8).map(row).collect())),
        Sample::new("families-empty", &index(Vec::new())),
        Sample::new("families-hostile", &hostile_index()),
        Sample::new("family", &show(1, 10, 10, "learning_rate")),
        Sample::new("family-large", &show(2, 50, 10_000, "lr_schedule")),
        Sample::new("family-failed", &failed()),
    ]
}

fn index(rows: Vec<FamilyRow>) -> Index {
    let total = rows.len() as u64;
    let empty = EmptyState::new(
        "No families yet",
        "Each brief makes one: all its tasks together.",
    );
    Index {
        frame: frame("Families", Section::Families),
        search: String::new(),
        list: List {
            count: format::counted(total, "family", "families"),
            src: "/families/list?page=1".to_owned(),
            empty: rows
                .is_empty()
                .then(|| empty.with_action("Create brief", paths::NEW_BRIEF)),
            rows,
            pager: Pager::new(1, 50, total, |page| format!("/families?page={page}")),
        },
    }
}

fn row(n: u64) -> FamilyRow {
    let counts = if n == 1 { busy() } else { done() };
    FamilyRow {
        id: family(n).into(),
        name: family_link(n).text,
        badge: Badge::state(counts.overall(), ""),
        brief: Some(Link::new(
            "Best tiny character model in ten seconds",
            paths::brief(brief(n), ""),
        )),
        metric: "val_bpb ↓".to_owned(),
        bar: StackedBar::new(&counts),
        progress: format!("{} / {}", counts.finished(), counts.total()),
        best: value(n).into(),
        baseline: (n == 2).then_some(3.9).into(),
        created: moment(n * 3600),
    }
}

fn hostile_index() -> Index {
    let mut rows: Vec<_> = (1..4).map(row).collect();
    for row in &mut rows {
        row.name = HOSTILE.into();
        row.brief = Some(Link::new(HOSTILE, paths::brief(brief(1), "")));
    }
    index(rows)
}

fn show(page: u64, rows: u64, total: u64, against: &str) -> Show {
    let id = family(1);
    let name = family_link(1).text;
    Show {
        frame: frame(&name, Section::Families).under("Families", paths::FAMILIES),
        header: header(),
        campaign: campaign(&done()),
        results: results(false),
        plot: plot(&paths::family(id, ""), total, against),
        tasks: tasks(page, rows, total),
        deletion: Some(Link::new("Delete", paths::family(id, "/deletion"))),
        report: ReportOffer {
            subjects: vec![family(1).to_string()],
        },
    }
}

fn failed() -> Show {
    let counts = Counts {
        failed: 3,
        cancelled: 1,
        ..Counts::default()
    };
    let mut page = show(1, 4, 4, "order");
    page.campaign = campaign(&counts);
    page.results = no_results();
    page.header.badge = Badge::state(State::Failed, "");
    page.header.brief = None;
    for row in &mut page.tasks.rows {
        row.badge = Badge::state(State::Failed, HOSTILE);
        row.value = None.into();
        row.is_best = false;
    }
    page
}

fn header() -> Header {
    let id = family(1);
    Header {
        key: format!("experiment:{id}"),
        src: paths::family(id, "/header"),
        id: id.into(),
        name: family_link(1).text,
        badge: Badge::state(State::Completed, ""),
        brief: Some(Link::new(
            "Best tiny character model in ten seconds",
            paths::brief(brief(1), ""),
        )),
        metric: "val_bpb".to_owned(),
        direction: "lower is better",
        baseline: Some(3.9).into(),
        needs: "1 core, 1.0 GiB memory".to_owned(),
        device_class: "cpu-x86_64-avx2-1f3a".to_owned(),
        template: "char-lm".to_owned(),
        code_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        created: moment(0),
    }
}

pub(super) fn campaign(counts: &Counts) -> Campaign {
    let id = family(1);
    let has_values = counts.completed > 0;
    let measure = |value: f64| Measure::from(has_values.then_some(value));
    Campaign {
        key: format!("experiment:{id}"),
        src: paths::family(id, "/campaign"),
        family: family_link(1),
        badge: Badge::state(counts.overall(), ""),
        metric: "val_bpb".to_owned(),
        direction: "lower is better",
        bar: StackedBar::new(counts).with_legend(),
        summary: Summary {
            best: measure(3.570_512),
            mean: measure(4.147_5),
            std: measure(0.562_2),
            min: measure(3.570_512),
            max: measure(5.226_1),
            median: measure(4.006_3),
            counted: format::count(counts.completed),
            excluded: if has_values { "1 not finite" } else { "" }.to_owned(),
        },
        claimed: has_values.then(|| (Some(3.4.into()), paths::VERIFICATION.to_owned())),
        obstacle: if has_values {
            ""
        } else {
            "no worker is online"
        }
        .to_owned(),
        cost: "$0.0660 · 16 min 30 s · 96.3 Wh".to_owned(),
        planned: "about $0.0667 for one attempt each".to_owned(),
        cancellation: (counts.finished() < counts.total())
            .then(|| Link::new("Cancel what is left", paths::family(id, "/cancellation"))),
    }
}

pub(super) fn no_results() -> Results {
    let id = family(1);
    Results {
        key: format!("experiment:{id}"),
        src: paths::family(id, "/results"),
        metric: "val_bpb".to_owned(),
        direction: "lower is better",
        winner: None,
        top: Vec::new(),
        factors: Vec::new(),
        repros: Vec::new(),
        anomalies: Vec::new(),
    }
}

pub(super) fn results(is_hostile: bool) -> Results {
    let mut fields = config(2);
    if is_hostile {
        fields.insert(HOSTILE.to_owned(), Value::from(HOSTILE));
    }
    Results {
        winner: Some(Winner {
            task: task(2).into(),
            run: Some(run(2).into()),
            value: 3.570_512.into(),
            seeds: "[48]".to_owned(),
            config: ConfigTable::new("Best configuration", &fields),
        }),
        top: [2, 9, 1, 5, 3].into_iter().zip(1..).map(ranked).collect(),
        factors: factors(is_hostile),
        repros: vec![Repro {
            seed: 48,
            count: 2,
            values: "3.5705, 3.5705".to_owned(),
            spread: 0.0.into(),
            is_reproducible: true,
        }],
        anomalies: vec![Anomaly {
            task: task(4).into(),
            value: 5.226_1.into(),
            z: "+2.4 σ".to_owned(),
        }],
        ..no_results()
    }
}

fn ranked((n, rank): (u64, u32)) -> Ranked {
    let config = config(n);
    let parts: Vec<_> = config
        .iter()
        .map(|(key, value)| format!("{key} {}", format::json(value)))
        .collect();
    Ranked {
        rank,
        task: task(n).into(),
        value: value(n).into(),
        seeds: format!("[{}]", 40 + n),
        config: parts.join(" · "),
    }
}

fn factors(is_hostile: bool) -> Vec<Factor> {
    let name = |usual: &str| if is_hostile { HOSTILE } else { usual }.to_owned();
    let level = |text: &str, mean, std, count| (text.to_owned(), mean, std, count);
    let lower = |a: f64, b: f64| a < b;
    let rates = [
        level("0.0001 to 0.0005", 4.71, 0.31, 3),
        level("0.0005 to 0.002", 3.92, 0.18, 4),
        level("0.002 to 0.01", 4.05, 0.52, 3),
    ];
    let widths = [
        level("64", 4.28, 0.41, 4),
        level("128", 4.02, 0.36, 3),
        level("256", 4.11, 0.63, 3),
    ];
    let factor = |parameter: String, spread: f64, share: f64, levels: &[_]| Factor {
        spread: spread.into(),
        share: format::percent(share),
        share_fraction: share,
        levels: LevelBars::new(parameter.clone(), levels, lower),
        parameter,
    };
    vec![
        factor(name("learning_rate"), 0.79, 0.62, &rates),
        factor(name("n_embd"), 0.26, 0.08, &widths),
    ]
}

pub(super) fn plot(page: &str, dots: u64, against: &str) -> Plot {
    let id = family(1);
    let options = ["order", "learning_rate", "n_embd", "lr_schedule"];
    let scale = if against == "learning_rate" {
        Scale::Log
    } else {
        Scale::Linear
    };
    let total = usize::try_from(dots).unwrap_or(0);
    let dots: Vec<_> = (0..total)
        .filter(|at| Scatter::is_drawn(*at, total))
        .map(|at| dot(at as u64, against))
        .collect();
    Plot {
        key: format!("experiment:{id}"),
        src: paths::family(id, &format!("/plot?against={against}")),
        page: page.to_owned(),
        on: "",
        route: paths::family(id, "/plot"),
        choices: options
            .into_iter()
            .map(|option| Opt::new(option, option, against))
            .collect(),
        scatter: (!dots.is_empty())
            .then(|| Scatter::new((against, scale), "val_bpb", dots, total, ("task", "tasks"))),
    }
}

fn dot(n: u64, against: &str) -> Dot {
    let x = match config(n).get(against) {
        Some(Value::String(word)) => X::Word(word.clone()),
        Some(number) => X::Number(number.as_f64().unwrap_or(0.0)),
        #[expect(clippy::cast_precision_loss, reason = "a small count")]
        None => X::Number(n as f64),
    };
    Dot {
        x,
        y: value(n),
        href: paths::task(task(n), ""),
        title: format!("task {n}: val_bpb {}", Measure::from(value(n)).text),
        is_best: n == 2,
        ..Dot::default()
    }
}

pub(super) fn tasks(page: u64, rows: u64, total: u64) -> Tasks {
    let id = family(1);
    let path = paths::family(id, "/tasks");
    Tasks {
        key: format!("experiment:{id}"),
        src: format!("{path}?page={page}"),
        count: format::counted(total, "task", "tasks"),
        metric: "val_bpb".to_owned(),
        columns: vec![
            Column::number("No."),
            Column::plain("Task"),
            Column::plain("State"),
            Column::plain("Seeds"),
            Column::number("Time budget"),
            Column::number("Priority"),
            Column::plain("Worker"),
            Column::number("val_bpb"),
            Column::plain("Ended"),
        ],
        rows: ((page - 1) * rows..page * rows).map(task_row).collect(),
        pager: Pager::new(page, 50, total, |page| {
            paths::family(id, &format!("?page={page}#tasks"))
        }),
    }
}

fn task_row(n: u64) -> TaskRow {
    let (state, reason, ended) = match n {
        5 => (State::Failed, "timed out", moment(n * 10)),
        8 => (State::Running, "", never()),
        9 => (State::Pending, "", never()),
        _ => (State::Completed, "", moment(n * 10)),
    };
    TaskRow {
        number: u32::try_from(n).unwrap_or(0),
        id: task(n).into(),
        badge: Badge::state(state, reason),
        seeds: format!("[{}]", 40 + n),
        time_budget: "10 s".to_owned(),
        priority: 0,
        worker: (state != State::Pending).then(|| worker_link(n)),
        value: value(n).filter(|_| state == State::Completed).into(),
        is_best: n == 2,
        completed: ended,
    }
}
