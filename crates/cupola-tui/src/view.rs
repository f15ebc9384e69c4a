//! What is seen.
//!
//! ```text
//! title: what is watched                     connection     ← edges
//! Monitor  Services (1)  Orphans (2/3)  Warnings  Log       ← edges
//! ◂ experiment, sub-tabs, banners, titles                   ← heads
//! heads of columns, rows; or a text; or a chart             ← tables, details, log, chart
//! what was said last                                        ← edges
//! keys                                                      ← edges
//! ```

mod chart;
mod details;
mod dialog;
mod edges;
mod heads;
mod help;
mod layout;
mod log;
mod marks;
mod rows;
mod tables;

use ratatui::{Frame, layout::Position};

use crate::{
    model::{Front, Model, Pane},
    theme::Theme,
};

pub(crate) use layout::{Place, place_at};

/// Draws all that is seen, if the screen is as large as it is known to be; else nothing, for that
/// may lie beside it.
pub(crate) fn view(model: &Model, theme: Theme, frame: &mut Frame<'_>) {
    if (frame.area().width, frame.area().height) != model.size {
        return;
    }
    let regions = layout::regions(model);
    let mut cursor: Option<Position> = None;
    let buffer = frame.buffer_mut();
    edges::title(model, theme, buffer, regions.title);
    edges::tabs(model, theme, buffer, &regions);
    for (area, head) in &regions.heads {
        cursor = heads::view(model, theme, buffer, *area, *head).or(cursor);
    }
    match model.fronts.last() {
        Some(Front::Details(found)) => details::view(model, found, theme, buffer, regions.rows),
        Some(Front::Log(found)) => log::view(found, theme, buffer, regions.rows),
        Some(Front::Chart(found)) => chart::view(found, theme, buffer, regions.rows),
        _ if model.pane() == Pane::WorkspaceLog => {
            log::view(&model.workspace_log, theme, buffer, regions.rows);
        }
        _ => tables::view(model, theme, buffer, &regions),
    }
    edges::notice(model, theme, buffer, regions.notice);
    edges::keys(model, theme, buffer, regions.keys);
    if let Some(top) = model.help {
        help::view(top, theme, buffer, regions.body);
    }
    if let Some(found) = &model.dialog {
        dialog::view(found, theme, buffer, regions.body);
    }
    if let (Some(position), None, None) = (cursor, &model.dialog, model.help) {
        frame.set_cursor_position(position);
    }
}

/// How many rows or lines are seen.
pub(crate) fn height(model: &Model) -> usize {
    usize::from(layout::regions(model).rows.height)
}

/// Whether the answer that is chosen is seen, where something is asked.
pub(crate) fn shows_chosen(model: &Model) -> bool {
    let body = layout::regions(model).body;
    let dialog = model.dialog.as_ref();
    dialog.is_none_or(|dialog| dialog::shows_chosen(dialog, body))
}

/// The last first line of the help that makes sense.
pub(crate) fn help_top_max(model: &Model) -> usize {
    help::len().saturating_sub(help::height(layout::regions(model).body))
}

/// How many lines the details that are looked at have.
pub(crate) fn details_len(model: &Model) -> usize {
    match model.fronts.last() {
        Some(Front::Details(found)) => details::len(model, found),
        _ => 0,
    }
}
