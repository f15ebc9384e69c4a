//! The lines above the rows.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
};

use super::{layout::Head, marks};
use crate::{
    model::{Bar, Front, LogView, Model, Opened, Sub},
    text::{bytes, clean, width},
    theme::{Theme, Tone},
};

/// So much is shown of what is searched in a log.
const SOUGHT_CHARS: usize = 20;

/// Draws one; says where the cursor stands if something is typed there.
pub(super) fn view(
    model: &Model,
    theme: Theme,
    buffer: &mut Buffer,
    area: Rect,
    head: Head,
) -> Option<Position> {
    let mut put = |text: &str, tone: Tone| {
        let room = usize::from(area.width.saturating_sub(2));
        buffer.set_stringn(area.x + 1, area.y, text, room, theme.of(tone));
    };
    match (head, &model.opened) {
        (Head::Experiment, Some(opened)) => experiment(model, opened, theme, buffer, area),
        (Head::Subs, Some(_)) => subs(model, theme, buffer, area),
        (Head::Past, Some(opened)) => put(
            &format!(
                "This is the run {}; there is a later one.",
                clean(&opened.run.run)
            ),
            Tone::Warn,
        ),
        (Head::Search, Some(opened)) => return search(opened, theme, buffer, area),
        (Head::OrphanLists, _) => {
            let (stray, finished) = model.orphans.counts();
            let (stray, finished) = (
                format!("Stray, running ({stray})"),
                format!("Finished ({finished})"),
            );
            let is_finished = model.orphans.shows_finished;
            let labels = [(stray, !is_finished), (finished, is_finished)];
            choices(&labels, theme, buffer, area);
        }
        (Head::Log, _) => {
            if let Some(log) = model.log() {
                log_title(model, log, theme, buffer, area);
            }
        }
        (Head::LogSearch, _) => {
            let bar = model.log().and_then(|log| log.bar.as_ref())?;
            return Some(typed("search: ", bar, theme, buffer, area));
        }
        (Head::Details, _) => put("◂ A job (Esc goes back)", Tone::Strong),
        (Head::Runs, _) => {
            if let Some(Front::Runs(runs)) = model.fronts.last() {
                put(
                    &format!("◂ Runs of {} (Esc goes back)", clean(&runs.experiment)),
                    Tone::Strong,
                );
            }
        }
        (Head::Chart, _) => {
            if let Some(Front::Chart(chart)) = model.fronts.last() {
                put(
                    &format!("◂ Metrics of {}", clean(&chart.key.task)),
                    Tone::Strong,
                );
            }
        }
        _ => {}
    }
    None
}

/// Which of an experiment's parts a place belongs to.
pub(super) fn sub_at(model: &Model, area: Rect, at: Position) -> Option<Sub> {
    let mut x = area.x + 1;
    for (label, sub) in sub_labels(model) {
        let wide = width(&label) + 2;
        if (x..x + wide).contains(&at.x) {
            return Some(sub);
        }
        x += wide + 1;
    }
    None
}

fn sub_labels(model: &Model) -> [(String, Sub); 3] {
    let opened = model.opened.as_ref();
    let (services, actions) = opened.map_or((0, 0), |opened| {
        (opened.services.rows.len(), opened.actions.rows.len())
    });
    let counted = |name: &str, count: usize| match count {
        0 => name.to_owned(),
        count => format!("{name} ({count})"),
    };
    [
        ("Jobs".to_owned(), Sub::Jobs),
        (counted("Services", services), Sub::Services),
        (counted("Actions", actions), Sub::Actions),
    ]
}

fn experiment(model: &Model, opened: &Opened, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let room = usize::from(area.width.saturating_sub(1));
    let name = format!("◂ {}", clean(&opened.run.experiment));
    let (x, y) = buffer.set_stringn(area.x + 1, area.y, name, room, theme.of(Tone::Strong));
    let experiment = model.experiments.find(&opened.run.experiment);
    let run = experiment.and_then(|e| e.runs.iter().find(|run| run.key == opened.run));
    let Some(run) = run else {
        return;
    };
    let (status, tone) = marks::run_status(run);
    let left = |x: u16| usize::from(area.right().saturating_sub(x));
    let (x, _) = buffer.set_stringn(x + 2, y, status, left(x + 2), theme.of(tone));
    let shown = opened.jobs.arranged.shown;
    let total = opened.jobs.arranged.jobs.len();
    let count = if shown == total {
        format!("{total} jobs")
    } else {
        format!("{shown} of {total} jobs")
    };
    let more = match &run.problem {
        Some(problem) => format!("{count}  {}", clean(problem)),
        None => format!("{count}  (Esc or a click here goes back)"),
    };
    buffer.set_stringn(x + 2, y, more, left(x + 2), theme.of(Tone::Dim));
}

fn subs(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let now = model.opened.as_ref().map(|opened| opened.sub);
    let labels = sub_labels(model).map(|(label, sub)| (label, Some(sub) == now));
    choices(&labels, theme, buffer, area);
}

fn choices(labels: &[(String, bool)], theme: Theme, buffer: &mut Buffer, area: Rect) {
    let mut x = area.x + 1;
    for (label, is_chosen) in labels {
        let style = if *is_chosen {
            theme.of(Tone::Accent).patch(theme.selected())
        } else {
            theme.of(Tone::Dim)
        };
        let room = usize::from(area.right().saturating_sub(x));
        let (end, _) = buffer.set_stringn(x, area.y, format!(" {label} "), room, style);
        x = end + 1;
    }
}

fn search(opened: &Opened, theme: Theme, buffer: &mut Buffer, area: Rect) -> Option<Position> {
    let Some(bar) = &opened.jobs.bar else {
        let text = format!(
            "Filter: {}  (/ to edit, c to clear)",
            clean(&opened.jobs.search)
        );
        let room = usize::from(area.width.saturating_sub(2));
        buffer.set_stringn(area.x + 1, area.y, text, room, theme.of(Tone::Warn));
        return None;
    };
    Some(typed("/ ", bar, theme, buffer, area))
}

/// A line that is typed; what does not fit is left out in front of the cursor.
fn typed(label: &str, bar: &Bar, theme: Theme, buffer: &mut Buffer, area: Rect) -> Position {
    let room = usize::from(area.width.saturating_sub(2));
    let (x, y) = buffer.set_stringn(area.x + 1, area.y, label, room, theme.of(Tone::Accent));
    let room = area.right().saturating_sub(x + 1);
    let mut from = 0;
    while width(&bar.text[from..bar.at]) >= room.max(1) {
        from += bar.text[from..].chars().next().map_or(1, char::len_utf8);
    }
    let shown = &bar.text[from..];
    buffer.set_stringn(x, y, shown, usize::from(room), theme.of(Tone::Plain));
    Position::new(x + width(&bar.text[from..bar.at]), y)
}

fn log_title(model: &Model, log: &LogView, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let room = usize::from(area.width.saturating_sub(2));
    let title = clean(&log.title);
    let (mut x, y) = buffer.set_stringn(area.x + 1, area.y, title, room, theme.of(Tone::Strong));
    let left = |x: u16| usize::from(area.right().saturating_sub(x));
    if log.streams.len() > 1 {
        for (at, (name, _)) in log.streams.iter().enumerate() {
            let style = if at == log.stream {
                theme.of(Tone::Accent).patch(theme.selected())
            } else {
                theme.of(Tone::Dim)
            };
            let mark = if log.unread == Some(at) { "*" } else { "" };
            let label = format!(" {name}{mark} ");
            let (end, _) = buffer.set_stringn(x + 1, y, label, left(x + 1), style);
            x = end;
        }
    }
    let state = if log.is_followed {
        "following".to_owned()
    } else {
        format!("{}%  paused, f follows", log.percent())
    };
    let sync = if !log.is_remote || log.is_of_said() {
        String::new()
    } else if log.is_asked {
        "  ⟳ syncing…".to_owned()
    } else {
        let wait = log.next_at.since(model.now).as_secs();
        format!("  ✓ next sync: {wait}s")
    };
    let sought = log.find.as_ref().map_or_else(String::new, |find| {
        let sought: String = clean(&find.text).chars().take(SOUGHT_CHARS).collect();
        format!("/{sought}  ")
    });
    let word = format!("{sought}{}  {state}{sync} ", bytes(log.buffer.size()));
    let at = area.right().saturating_sub(width(&word)).max(x + 1);
    buffer.set_stringn(at, y, word, left(at), theme.of(Tone::Dim));
}
