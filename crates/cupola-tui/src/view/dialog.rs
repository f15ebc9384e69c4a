//! A question in the middle of the screen.

use ratatui::{
    buffer::Buffer,
    layout::{Position, Rect},
    widgets::{Block, Clear, Widget as _},
};

use super::tables::put;
use crate::{
    model::Dialog,
    text::width,
    theme::{Theme, Tone},
};

/// A choice of fewer columns cannot be read.
const WIDTH_MIN: u16 = 8;

pub(super) fn view(dialog: &Dialog, theme: Theme, buffer: &mut Buffer, body: Rect) {
    let area = area(dialog, body);
    Clear.render(area, buffer);
    let block = Block::bordered()
        .title(format!(" {} ", dialog.title))
        .border_style(theme.of(Tone::Warn));
    let inner = block.inner(area);
    block.render(area, buffer);
    let wide = inner.width.saturating_sub(2);
    let lines = dialog.lines.iter().take(room(dialog, area).0);
    for (y, line) in (inner.y..inner.bottom()).zip(lines) {
        put(buffer, (inner.x + 1, y), wide, line, theme, Tone::Plain);
    }
    for (at, choice) in dialog.choices.iter().enumerate() {
        let Some(place) = choice_area(dialog, area, at) else {
            continue;
        };
        let is_chosen = at == dialog.chosen;
        if is_chosen {
            buffer.set_style(place, theme.selected());
        }
        let sign = if is_chosen { "▸ " } else { "  " };
        let text = format!("{sign}{}", choice.label);
        let tone = if at == 0 { Tone::Plain } else { Tone::Warn };
        put(buffer, (place.x, place.y), place.width, &text, theme, tone);
    }
}

/// Whether what is chosen can be seen.
pub(super) fn shows_chosen(dialog: &Dialog, body: Rect) -> bool {
    let place = choice_area(dialog, area(dialog, body), dialog.chosen);
    place.is_some_and(|place| place.width >= WIDTH_MIN)
}

/// Which answer is at a place.
pub(super) fn choice_at(dialog: &Dialog, body: Rect, at: Position) -> Option<usize> {
    let area = area(dialog, body);
    let is_there =
        |choice: &usize| choice_area(dialog, area, *choice).is_some_and(|place| place.contains(at));
    (0..dialog.choices.len()).find(is_there)
}

fn area(dialog: &Dialog, body: Rect) -> Rect {
    let longest = dialog.lines.iter().map(String::as_str);
    let labels = dialog.choices.iter().map(|choice| choice.label.as_str());
    let longest = longest
        .chain(labels)
        .chain([dialog.title.as_str()])
        .map(width)
        .max();
    let wide = (longest.unwrap_or(0) + 6)
        .clamp(24, body.width.max(24))
        .min(body.width);
    let high = u16::try_from(dialog.lines.len() + dialog.choices.len() + 3).unwrap_or(u16::MAX);
    let high = high.min(body.height);
    Rect::new(
        body.x + (body.width - wide) / 2,
        body.y + (body.height - high) / 2,
        wide,
        high,
    )
}

/// How many lines and how many choices there is room for: choices come first.
fn room(dialog: &Dialog, area: Rect) -> (usize, usize) {
    let rows = usize::from(area.height.saturating_sub(2));
    let choices = dialog.choices.len().min(rows);
    let lines = dialog.lines.len().min((rows - choices).saturating_sub(1));
    (lines, choices)
}

/// Where a choice is, if it is seen; the chosen one is wherever there is room for one.
fn choice_area(dialog: &Dialog, area: Rect, at: usize) -> Option<Rect> {
    let (lines, choices) = room(dialog, area);
    let first = (dialog.chosen + 1).saturating_sub(choices);
    let row = at.checked_sub(first).filter(|row| *row < choices)?;
    let rows = usize::from(area.height.saturating_sub(2));
    // Between lines and choices one row is empty, where there is room for it.
    let above = lines + (rows - lines - choices).min(1) + row;
    let y = area.y + 1 + u16::try_from(above).ok()?;
    Some(Rect::new(area.x + 1, y, area.width.saturating_sub(2), 1))
}
