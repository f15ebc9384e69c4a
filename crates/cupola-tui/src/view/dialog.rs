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

pub(super) fn view(dialog: &Dialog, theme: Theme, buffer: &mut Buffer, body: Rect) {
    let area = area(dialog, body);
    Clear.render(area, buffer);
    let block = Block::bordered()
        .title(format!(" {} ", dialog.title))
        .border_style(theme.of(Tone::Warn));
    let inner = block.inner(area);
    block.render(area, buffer);
    let wide = inner.width.saturating_sub(2);
    for (y, line) in (inner.y..inner.bottom()).zip(&dialog.lines) {
        put(buffer, (inner.x + 1, y), wide, line, theme, Tone::Plain);
    }
    for (at, choice) in dialog.choices.iter().enumerate() {
        let place = choice_area(dialog, area, at);
        if place.y >= inner.bottom() {
            break;
        }
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

/// Which answer is at a place.
pub(super) fn choice_at(dialog: &Dialog, body: Rect, at: Position) -> Option<usize> {
    let area = area(dialog, body);
    (0..dialog.choices.len()).find(|place| choice_area(dialog, area, *place).contains(at))
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

fn choice_area(dialog: &Dialog, area: Rect, at: usize) -> Rect {
    let above = u16::try_from(dialog.lines.len() + 2 + at).unwrap_or(u16::MAX);
    let x = area.x + 1.min(area.width);
    Rect::new(
        x,
        area.y.saturating_add(above),
        area.width.saturating_sub(2),
        1,
    )
}
