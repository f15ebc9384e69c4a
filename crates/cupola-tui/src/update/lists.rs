//! Moving in whatever has rows.

use crate::{
    keys::Command,
    model::{Cursor, Front, Model, Pane},
    view,
};

/// How far the arrows go sideways in a log.
const SIDEWAYS: usize = 8;

/// Moves, if that is what was asked for.
pub(super) fn moved(model: &mut Model, command: Command) -> bool {
    let page = isize::try_from(view::height(model)).unwrap_or(1).max(1);
    let by = match command {
        Command::Up => -1,
        Command::Down => 1,
        Command::PageUp => -page,
        Command::PageDown => page,
        Command::First => isize::MIN,
        Command::Last => isize::MAX,
        Command::Left | Command::Right => return sideways(model, command == Command::Right),
        _ => return false,
    };
    // The ends of a log may have to be read first.
    if model.log().is_some() && matches!(command, Command::First | Command::Last) {
        return false;
    }
    step(model, by);
    true
}

/// Moves by so many rows or lines.
pub(super) fn step(model: &mut Model, by: isize) {
    let height = view::height(model);
    if let Some(log) = model.log_mut() {
        log.scroll(by, height);
    } else if let Some(Front::Details(details)) = model.fronts.last_mut() {
        details.top = details.top.saturating_add_signed(by);
    } else if let Some((cursor, len)) = cursor(model) {
        cursor.step(by, len);
    }
}

/// Turns the wheel.
pub(super) fn roll(model: &mut Model, by: isize) {
    let height = view::height(model);
    if model.log().is_some() || model.pane() == Pane::Details {
        step(model, by);
    } else if let Some((cursor, len)) = cursor(model) {
        cursor.roll(by, len, height);
    }
}

/// Keeps what is chosen in sight, whatever happened.
pub(super) fn settle(model: &mut Model) {
    let height = view::height(model);
    if let Some(top) = model.help {
        model.help = Some(top.min(view::help_top_max(model)));
    }
    if let Some(log) = model.log_mut() {
        log.settle(height);
    } else if model.pane() == Pane::Details {
        let lines = view::details_len(model);
        if let Some(Front::Details(details)) = model.fronts.last_mut() {
            details.top = details.top.min(lines.saturating_sub(height));
        }
    } else if let Some((cursor, len)) = cursor(model) {
        cursor.settle(len, height);
    }
}

/// Which row is chosen of how many.
pub(super) fn cursor(model: &mut Model) -> Option<(&mut Cursor, usize)> {
    let pane = model.pane();
    if let Some(Front::Runs(runs)) = model.fronts.last_mut() {
        let experiment = model.experiments.find(&runs.experiment);
        return Some((&mut runs.cursor, experiment.map_or(0, |e| e.runs.len())));
    }
    let opened = model.opened.as_mut();
    Some(match (pane, opened) {
        (Pane::Experiments, _) => {
            let list = &mut model.experiments.list;
            (&mut list.cursor, list.rows.len())
        }
        (Pane::Jobs, Some(opened)) => {
            let jobs = &mut opened.jobs;
            (&mut jobs.cursor, jobs.arranged.rows.len())
        }
        (Pane::RunServices, Some(opened)) => {
            (&mut opened.services.cursor, opened.services.rows.len())
        }
        (Pane::Actions, Some(opened)) => (&mut opened.actions.cursor, opened.actions.rows.len()),
        (Pane::Services, _) => (&mut model.services.cursor, model.services.rows.len()),
        (Pane::Warnings, _) => (&mut model.warnings.cursor, model.warnings.rows.len()),
        (Pane::Orphans, _) => {
            let len = model.orphans.len();
            (model.orphans.cursor_mut(), len)
        }
        (Pane::Sheet, _) => {
            let crate::model::Tab::Sheet(at) = model.tab else {
                return None;
            };
            let rows = model.sheets.get(at).map_or(0, |sheet| sheet.rows.len());
            (&mut model.sheet_cursor, rows)
        }
        _ => return None,
    })
}

fn sideways(model: &mut Model, is_right: bool) -> bool {
    let Some(log) = model.log_mut() else {
        return false;
    };
    log.left = if is_right {
        log.left + SIDEWAYS
    } else {
        log.left.saturating_sub(SIDEWAYS)
    };
    true
}
