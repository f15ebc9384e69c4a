//! The columns and cells of each table.

use cupola_workspace::model::{ExperimentRun, Job, Service};

use super::{
    marks,
    tables::{Cell, Column},
};
use crate::{
    keys::Sort,
    model::{Cursor, Front, Group, Model, Pane, Row, Tab, tags_text},
    text::{bytes, clean, co2, lasting, moment, short_id},
    theme::Tone,
};

#[rustfmt::skip]
const EXPERIMENTS: &[Column<'_>] = &[
    Column::flexible("ID", 14, 3).sorts(Sort::Name),
    Column::fixed("Run", 17).gone(5),
    Column::fixed("#", 3).gone(4),
    Column::flexible("Host", 8, 1).gone(3),
    Column::fixed("Status", 12).sorts(Sort::Status),
    Column::fixed("Started", 16).sorts(Sort::Date),
    Column::fixed("Duration", 9).sorts(Sort::Duration),
    Column::fixed("CO₂", 8).sorts(Sort::Carbon).gone(6),
];

#[rustfmt::skip]
const JOBS: &[Column<'_>] = &[
    Column::fixed("ID", 7).sorts(Sort::Name),
    Column::flexible("Task", 12, 2).sorts(Sort::Task).keeps_end(),
    Column::fixed("State", 14).sorts(Sort::Status),
    Column::flexible("Tags", 12, 3),
    Column::fixed("Submitted", 16).sorts(Sort::Date).gone(1),
    Column::fixed("Duration", 9).sorts(Sort::Duration),
    Column::fixed("CO₂", 8).sorts(Sort::Carbon).gone(2),
];

#[rustfmt::skip]
const RUNS: &[Column<'_>] = &[
    Column::fixed("Run", 17),
    Column::fixed("Status", 12),
    Column::flexible("Tags", 8, 2),
    Column::flexible("Host", 8, 1).gone(1),
    Column::fixed("Started", 16),
    Column::fixed("Duration", 9),
];

/// How far the files of a service are that run elsewhere; other places have no such column.
const SYNC: Column<'_> = Column::fixed("Sync", 13).gone(1);

#[rustfmt::skip]
const RUN_SERVICES: &[Column<'_>] = &[
    Column::flexible("ID", 12, 1),
    Column::flexible("Description", 16, 2),
    Column::fixed("State", 10),
    SYNC,
    Column::flexible("URL", 20, 2),
];

#[rustfmt::skip]
const SERVICES: &[Column<'_>] = &[
    Column::flexible("Experiment", 14, 1),
    Column::flexible("Service", 14, 1),
    Column::fixed("State", 10),
    SYNC,
    Column::flexible("URL", 20, 2),
];

#[rustfmt::skip]
const ACTIONS: &[Column<'_>] = &[
    Column::flexible("ID", 12, 1),
    Column::flexible("Description", 20, 3),
    Column::flexible("Class", 12, 2).gone(1),
];

#[rustfmt::skip]
const ORPHANS: &[Column<'_>] = &[
    Column::fixed("State", 14),
    Column::fixed("Job", 12),
    Column::flexible("Task", 16, 1).sorts(Sort::Task).keeps_end(),
    Column::fixed("Size", 10).sorts(Sort::Size),
];

#[rustfmt::skip]
const WARNINGS: &[Column<'_>] = &[
    Column::flexible("Experiment", 12, 1),
    Column::flexible("Type", 12, 1),
    Column::flexible("Description", 20, 3),
    Column::flexible("Actions", 10, 1).gone(1),
];

/// The columns of what is looked at, if it is a table.
pub(super) fn columns(model: &Model) -> Option<Vec<Column<'_>>> {
    let columns = match model.pane() {
        Pane::Experiments => EXPERIMENTS,
        Pane::Jobs => JOBS,
        Pane::Runs => RUNS,
        Pane::RunServices => RUN_SERVICES,
        Pane::Services => SERVICES,
        Pane::Actions => ACTIONS,
        Pane::Orphans => ORPHANS,
        Pane::Warnings => WARNINGS,
        Pane::Sheet => return Some(sheet_columns(model)),
        Pane::WorkspaceLog | Pane::Details | Pane::Log | Pane::Chart => return None,
    };
    let is_shown = |column: &&Column<'_>| column.title != SYNC.title || model.place.is_remote;
    Some(columns.iter().filter(is_shown).copied().collect())
}

/// Which row is chosen of how many.
pub(super) fn cursor(model: &Model) -> (Cursor, usize) {
    let none = (Cursor::default(), 0);
    match (model.pane(), &model.opened) {
        (Pane::Experiments, _) => {
            let list = &model.experiments.list;
            (list.cursor, list.rows.len())
        }
        (Pane::Jobs, Some(opened)) => (opened.jobs.cursor, opened.jobs.arranged.rows.len()),
        (Pane::RunServices, Some(opened)) => (opened.services.cursor, opened.services.rows.len()),
        (Pane::Actions, Some(opened)) => (opened.actions.cursor, opened.actions.rows.len()),
        (Pane::Services, _) => (model.services.cursor, model.services.rows.len()),
        (Pane::Warnings, _) => (model.warnings.cursor, model.warnings.rows.len()),
        (Pane::Orphans, _) => (model.orphans.cursor(), model.orphans.len()),
        (Pane::Sheet, _) => (
            model.sheet_cursor,
            sheet(model).map_or(0, |sheet| sheet.rows.len()),
        ),
        (Pane::Runs, _) => match model.fronts.last() {
            Some(Front::Runs(runs)) => {
                let experiment = model.experiments.find(&runs.experiment);
                (runs.cursor, experiment.map_or(0, |e| e.runs.len()))
            }
            _ => none,
        },
        _ => none,
    }
}

/// What the rows are sorted by.
pub(super) fn sorted(model: &Model) -> Option<(Sort, bool)> {
    match (model.pane(), &model.opened) {
        (Pane::Experiments, _) => model.experiments.sort.or(Some((Sort::Status, false))),
        (Pane::Jobs, Some(opened)) => opened.jobs.how.sort.or(Some((Sort::Status, false))),
        (Pane::Orphans, _) => model.orphans.sort.or(Some((Sort::Task, false))),
        _ => None,
    }
}

/// What stands where rows would be.
pub(super) fn nothing(model: &Model) -> (String, Tone) {
    let (is_known, problem, words) = match (model.pane(), &model.opened) {
        (Pane::Experiments, _) => {
            let list = &model.experiments.list;
            (
                list.is_known,
                list.problem.as_deref(),
                "There are no experiments yet.",
            )
        }
        (Pane::Jobs, Some(opened)) => {
            let words = if opened.jobs.search.is_empty() {
                "This run has no jobs."
            } else {
                "No job is like that; c clears the search."
            };
            (opened.jobs.is_known, opened.jobs.problem.as_deref(), words)
        }
        (Pane::RunServices, Some(opened)) => {
            let list = &opened.services;
            (
                list.is_known,
                list.problem.as_deref(),
                "This run has no services.",
            )
        }
        (Pane::Actions, Some(opened)) => {
            let list = &opened.actions;
            (
                list.is_known,
                list.problem.as_deref(),
                "This run offers no actions.",
            )
        }
        (Pane::Services, _) => {
            let list = &model.services;
            (
                list.is_known,
                list.problem.as_deref(),
                "There are no services.",
            )
        }
        (Pane::Warnings, _) => {
            let list = &model.warnings;
            (
                list.is_known,
                list.problem.as_deref(),
                "Nothing has to be looked at.",
            )
        }
        (Pane::Orphans, _) => {
            let words = if model.orphans.shows_finished {
                "Every job on the disk is named by an experiment."
            } else {
                "No job runs astray."
            };
            (model.orphans.is_known(), model.orphans.problem(), words)
        }
        _ => (true, None, "There is nothing here."),
    };
    match (problem, is_known) {
        (Some(problem), _) => (clean(problem), Tone::Bad),
        (None, false) => ("Reading…".to_owned(), Tone::Dim),
        (None, true) => (words.to_owned(), Tone::Dim),
    }
}

/// Whether a row is the head of a group, which has no columns.
pub(super) fn is_head(model: &Model, at: usize) -> bool {
    let opened = model.opened.as_ref().filter(|_| model.pane() == Pane::Jobs);
    let row = opened.and_then(|opened| opened.jobs.arranged.rows.get(at));
    matches!(row, Some(Row::Group(_)))
}

/// The cells of a row.
pub(super) fn cells(model: &Model, at: usize, cells: &mut Vec<Cell>) {
    match (model.pane(), &model.opened) {
        (Pane::Experiments, _) => experiment(model, at, cells),
        (Pane::Jobs, Some(opened)) => match opened.jobs.arranged.rows.get(at) {
            Some(Row::Group(group)) => head(group, cells),
            Some(Row::Job { index, depth }) => {
                if let Some(found) = opened.jobs.arranged.jobs.get(*index as usize) {
                    job(model, found, *depth, cells);
                }
            }
            None => {}
        },
        (Pane::Runs, _) => {
            if let Some(Front::Runs(runs)) = model.fronts.last()
                && let Some(found) = model.experiments.find(&runs.experiment)
                && let Some(found) = found.runs.get(at)
            {
                run(model, found, cells);
            }
        }
        (Pane::RunServices, Some(opened)) => {
            if let Some(found) = opened.services.rows.get(at) {
                let mut description = clean(&found.description);
                let mut tone = Tone::Plain;
                if let Some(error) = &found.error {
                    (description, tone) = (clean(error), Tone::Bad);
                }
                cells.extend([plain(&found.id), (description, tone)]);
                service(model, found, cells);
            }
        }
        (Pane::Services, _) => {
            if let Some(found) = model.services.rows.get(at) {
                cells.extend([plain(&found.run.experiment), plain(&found.id)]);
                service(model, found, cells);
            }
        }
        (Pane::Actions, Some(opened)) => {
            if let Some(found) = opened.actions.rows.get(at) {
                let class = (clean(&found.class), Tone::Dim);
                cells.extend([plain(&found.id), plain(&found.description), class]);
            }
        }
        (Pane::Orphans, _) => orphan(model, at, cells),
        (Pane::Warnings, _) => {
            if let Some(found) = model.warnings.rows.get(at) {
                let labels: Vec<_> = found
                    .actions
                    .iter()
                    .map(|(_, label)| clean(label))
                    .collect();
                let kind = (clean(&found.key), Tone::Warn);
                let actions = (labels.join(", "), Tone::Dim);
                cells.extend([
                    plain(&found.run.experiment),
                    kind,
                    plain(&found.description),
                    actions,
                ]);
            }
        }
        (Pane::Sheet, _) => {
            let row = sheet(model).and_then(|sheet| sheet.rows.get(at));
            cells.extend(row.into_iter().flatten().map(|text| plain(text)));
        }
        _ => {}
    }
}

fn plain(text: &str) -> Cell {
    (clean(text), Tone::Plain)
}

fn experiment(model: &Model, at: usize, cells: &mut Vec<Cell>) {
    let Some(found) = model.experiments.list.rows.get(at) else {
        return;
    };
    cells.push(plain(&found.id));
    let Some(run) = found.runs.first() else {
        return;
    };
    let (status, tone) = marks::run_status(run);
    let lasted = lasting(run.started_at, run.ended_at, model.now);
    cells.extend([
        (clean(&run.key.run), Tone::Dim),
        (found.runs.len().to_string(), Tone::Dim),
        plain(run.host.as_deref().unwrap_or_default()),
        (status, tone),
        (moment(run.started_at, model.offset_secs), Tone::Dim),
        (lasted, Tone::Plain),
        (
            run.carbon.map_or_else(String::new, |c| co2(c.co2_kg)),
            Tone::Dim,
        ),
    ]);
}

fn run(model: &Model, run: &ExperimentRun, cells: &mut Vec<Cell>) {
    let (status, tone) = marks::run_status(run);
    let tags: Vec<_> = run.tags.iter().map(|tag| clean(tag)).collect();
    cells.extend([
        plain(&run.key.run),
        (status, tone),
        (tags.join(", "), Tone::Plain),
        plain(run.host.as_deref().unwrap_or_default()),
        (moment(run.started_at, model.offset_secs), Tone::Dim),
        (
            lasting(run.started_at, run.ended_at, model.now),
            Tone::Plain,
        ),
    ]);
}

fn job(model: &Model, job: &Job, depth: u16, cells: &mut Vec<Cell>) {
    let id = short_id(&job.key.id, 7);
    let (state, tone) = marks::job_state(job);
    let task = format!(
        "{}{}",
        "  ".repeat(usize::from(depth)),
        clean(&job.key.task)
    );
    cells.extend([
        (clean(&id), Tone::Dim),
        (task, Tone::Plain),
        (state, tone),
        match &job.problem {
            Some(problem) => (clean(problem), Tone::Warn),
            None => (tags_text(job), Tone::Plain),
        },
        (moment(job.submitted_at, model.offset_secs), Tone::Dim),
        (
            lasting(job.started_at, job.ended_at, model.now),
            Tone::Plain,
        ),
        (
            job.carbon.map_or_else(String::new, |c| co2(c.co2_kg)),
            Tone::Dim,
        ),
    ]);
}

fn head(group: &Group, cells: &mut Vec<Cell>) {
    let arrow = if group.is_open { "▾" } else { "▸" };
    let label = format!(
        "{}{arrow} {}",
        "  ".repeat(usize::from(group.depth)),
        group.label
    );
    let mut parts = vec![group.count.to_string()];
    for (count, sign) in [(group.running, "▶"), (group.done, "✓"), (group.failed, "✗")] {
        if count > 0 {
            parts.push(format!("{sign}{count}"));
        }
    }
    let tone = if group.failed > 0 {
        Tone::Bad
    } else {
        Tone::Dim
    };
    cells.extend([(label, Tone::Strong), (parts.join(" "), tone)]);
}

fn service(model: &Model, service: &Service, cells: &mut Vec<Cell>) {
    let (state, tone) = marks::service_state(service.state);
    cells.push((state.to_owned(), tone));
    if model.place.is_remote {
        cells.push(sync(model, service));
    }
    cells.push((
        clean(service.url.as_deref().unwrap_or_default()),
        Tone::Accent,
    ));
}

/// `✓ 12:03 → 28s`: when files were fetched, and when they are again.
fn sync(model: &Model, service: &Service) -> Cell {
    let Some(synced) = &service.synced else {
        return (String::new(), Tone::Dim);
    };
    if let Some(problem) = &synced.problem {
        return (format!("✗ {}", clean(problem)), Tone::Bad);
    }
    let last = moment(synced.last, model.offset_secs);
    let last = last.split(' ').nth(1).unwrap_or_default();
    match synced.next {
        None => ("⟳ syncing…".to_owned(), Tone::Busy),
        Some(next) => {
            let wait = next.since(model.now).as_secs();
            (format!("✓ {last} → {wait}s"), Tone::Good)
        }
    }
}

fn orphan(model: &Model, at: usize, cells: &mut Vec<Cell>) {
    let Some(found) = model.orphans.rows().nth(at) else {
        return;
    };
    let (state, tone) = marks::job_state(&found.job);
    let id = short_id(&found.job.key.id, 12);
    cells.extend([
        (state, tone),
        (clean(&id), Tone::Dim),
        plain(&found.job.key.task),
        (found.bytes.map_or_else(String::new, bytes), Tone::Plain),
    ]);
}

fn sheet(model: &Model) -> Option<&cupola_workspace::model::Sheet> {
    match model.tab {
        Tab::Sheet(at) => model.sheets.get(at),
        _ => None,
    }
}

/// As many equal columns as there are.
fn sheet_columns(model: &Model) -> Vec<Column<'_>> {
    let titles = sheet(model).map_or(&[][..], |sheet| &sheet.columns);
    titles
        .iter()
        .map(|title| Column::flexible(title, 6, 1))
        .collect()
}
