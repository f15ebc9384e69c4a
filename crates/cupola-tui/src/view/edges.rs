//! The first and the last lines.

use cupola_workspace::source::Connection;
use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Clear, Widget as _},
};

use super::{layout::Regions, tables::put};
use crate::{
    keys,
    model::{Model, Pane, Tab},
    text::{clean, lines, short_ids, width},
    theme::{Theme, Tone},
};

/// What is said takes so many lines at most.
const NOTICE_LINES: usize = 3;

/// So much of an id is shown in what is said, as in tables.
const SHOWN_OF_IDS: usize = 7;

pub(super) fn title(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) {
    buffer.set_style(area, theme.edge());
    let bold = theme.edge().patch(theme.of(Tone::Strong));
    let (x, y) = buffer.set_stringn(area.x + 1, area.y, "Cupola", usize::from(area.width), bold);
    let title = format!(" {}", clean(&model.place.title));
    let room = usize::from(area.width.saturating_sub(x));
    let (end, _) = buffer.set_stringn(x, y, title, room, theme.edge());
    let (sign, word, tone) = match &model.connection {
        Connection::Live => match &model.running {
            Some(what) => ("●", clean(what), Tone::Good),
            None => ("●", "live".to_owned(), Tone::Good),
        },
        Connection::Away { why, next } => {
            let word = format!("away: {}; again in {}s", clean(why), next.as_secs());
            ("○", word, Tone::Bad)
        }
    };
    let word = format!("{sign} {word} ");
    let x = area.right().saturating_sub(width(&word)).max(end + 1);
    let room = usize::from(area.right().saturating_sub(x));
    buffer.set_stringn(x, y, word, room, theme.edge().patch(theme.of(tone)));
}

pub(super) fn tabs(model: &Model, theme: Theme, buffer: &mut Buffer, regions: &Regions) {
    for (area, tab, label) in &regions.tabs {
        let style = if *tab == model.tab {
            theme.of(Tone::Accent).patch(theme.selected())
        } else if matches!(tab, Tab::Warnings) && !model.warnings.rows.is_empty() {
            theme.of(Tone::Warn)
        } else {
            theme.of(Tone::Dim)
        };
        buffer.set_stringn(area.x, area.y, label, usize::from(area.width), style);
    }
}

/// What is wrong with what is typed, or what was said last: over the rows above where one line is
/// too short for it.
pub(super) fn notice(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let typed = model.opened.as_ref().filter(|_| model.pane() == Pane::Jobs);
    let typed = typed.and_then(|opened| opened.jobs.bar.as_ref()?.problem.as_deref());
    let said = model.notice.as_ref();
    let (text, is_bad) = match (typed, said) {
        (Some(problem), _) => (problem, true),
        (None, Some(notice)) => (notice.text.as_str(), notice.is_bad),
        (None, None) => return,
    };
    let tone = if is_bad { Tone::Bad } else { Tone::Good };
    let room = area.width.saturating_sub(2);
    let most = NOTICE_LINES.min(usize::from(area.y));
    let lines = lines(&short_ids(&clean(text), SHOWN_OF_IDS), room, most.max(1));
    let above = u16::try_from(lines.len()).unwrap_or(1).saturating_sub(1);
    for (y, line) in (area.y - above..).zip(&lines) {
        let row = Rect { y, ..area };
        Clear.render(row, buffer);
        put(buffer, (area.x + 1, y), room, line.trim_end(), theme, tone);
    }
}

/// As many keys as there is room for; how to see all of them stands on the right.
pub(super) fn keys(model: &Model, theme: Theme, buffer: &mut Buffer, area: Rect) {
    const HELP: &str = "? help";
    buffer.set_style(area, theme.edge());
    let bold = theme.edge().patch(theme.of(Tone::Accent));
    let end = area.right().saturating_sub(width(HELP) + 1);
    let mut x = area.x + 1;
    for (key, word) in keys::bar(model.pane().contexts()) {
        let key = key.to_string();
        let wide = width(&key) + 1 + width(word);
        if x + wide >= end {
            break;
        }
        let (next, _) = buffer.set_stringn(x, area.y, key, 8, bold);
        let (next, _) = buffer.set_stringn(next + 1, area.y, word, 30, theme.edge());
        x = next + 2;
    }
    let room = usize::from(area.right().saturating_sub(end));
    buffer.set_stringn(end, area.y, HELP, room, bold);
}
