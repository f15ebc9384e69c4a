//! How experiments and their runs are printed.

use cupola_protocol::{
    experiments::{ComparedRowBody, ExperimentDetail, ExperimentRunBody, RunComparisonBody},
    page::Page,
};
use serde_json::Value;

use crate::{
    commands::{briefs::done, tasks::status},
    output::{self, Table},
};

/// Values in a table are cut here.
const CELL_CHARS_MAX: usize = 40;

pub(super) fn detail(detail: &ExperimentDetail, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(detail);
    }
    let one = &detail.experiment;
    let template = if detail.has_template {
        one.template.clone()
    } else {
        format!("{} (not there any more)", one.template)
    };
    let pairs = |texts: &std::collections::BTreeMap<String, String>| {
        let pairs: Vec<_> = texts
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        output::or_dash(Some(&pairs.join(", ")))
    };
    let seed = one
        .seed
        .map_or_else(|| "each task its own".to_owned(), |seed| seed.to_string());
    let last = one.last_run.as_ref();
    output::fields(&[
        ("experiment", one.experiment_id.clone()),
        ("name", one.name.clone()),
        ("description", output::or_dash(Some(&one.description))),
        ("template", template),
        (
            "status",
            status(
                &format!("{}, {}", one.status, done(&one.tasks)),
                &detail.obstacle,
            ),
        ),
        ("config", Value::Object(one.config.clone()).to_string()),
        ("seed", seed),
        ("time budget", format!("{} s", one.time_budget_secs)),
        ("environment", pairs(&one.environment)),
        (
            "working folder",
            output::or_dash(one.working_folder.as_deref()),
        ),
        ("tags", pairs(&one.tags)),
        ("priority", one.priority.to_string()),
        ("runs", detail.runs.to_string()),
        (
            "last run",
            output::or_dash(last.map(|run| run.run_id.as_str())),
        ),
        ("made", format!("{} by {}", one.created_at, one.author)),
        ("edited", one.updated_at.to_string()),
    ]);
    Ok(())
}

pub(super) fn runs(page: &Page<ExperimentRunBody>, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(page);
    }
    let mut table = Table::new(&[
        "run", "task", "attempt", "status", "value", "seed", "worker", "started", "seconds",
    ]);
    for row in &page.items {
        let run = &row.run;
        let started = run.started_at.map(|at| at.to_string());
        table.row([
            run.run_id.clone(),
            row.task_number.to_string(),
            run.attempt.to_string(),
            status(&run.status, &run.reason),
            output::number(row.value.map(|value| value.0)),
            row.seed.to_string(),
            output::or_dash(row.worker_name.as_deref()),
            output::or_dash(started.as_deref()),
            row.duration
                .map_or_else(|| "–".to_owned(), |secs| format!("{secs:.1}")),
        ]);
    }
    table.print("No runs yet: cupola experiment start");
    Ok(())
}

/// What differs has a star; what is the same is shown when asked for.
pub(super) fn comparison(
    comparison: &RunComparisonBody,
    with_all: bool,
    as_json: bool,
) -> anyhow::Result<()> {
    if as_json {
        return output::json(comparison);
    }
    let tail = |id: &str| {
        id.chars()
            .skip(id.chars().count().saturating_sub(12))
            .collect()
    };
    let headings: Vec<String> = comparison
        .runs
        .iter()
        .map(|one| tail(&one.run.run.run_id))
        .collect();
    let headings: Vec<&str> = ["", "field"]
        .into_iter()
        .chain(headings.iter().map(String::as_str))
        .collect();
    let mut table = Table::new(&headings);
    let states = comparison.runs.iter().map(|one| one.run.run.status.clone());
    table.row(
        [String::new(), "status".to_owned()]
            .into_iter()
            .chain(states),
    );
    for row in comparison.config.iter().chain(&comparison.results) {
        if row.differs || with_all {
            table.row(cells(row));
        }
    }
    table.print("");
    if comparison.omitted > 0 {
        output::line(&format!("{} more fields are left out", comparison.omitted));
    }
    Ok(())
}

fn cells(row: &ComparedRowBody) -> impl Iterator<Item = String> {
    let mark = if row.differs { "*" } else { "" };
    let value = |value: &Option<Value>| match value {
        None => "–".to_owned(),
        Some(Value::String(text)) => cut(text),
        Some(value) => cut(&value.to_string()),
    };
    [mark.to_owned(), row.path.clone()]
        .into_iter()
        .chain(row.values.iter().map(value))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CELL_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
