//! The keys, as their table has them.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    widgets::{Block, Clear, Widget as _},
};

use super::tables::put;
use crate::{
    keys::{BINDINGS, Context},
    theme::{Theme, Tone},
};

/// How wide the keys' column is.
const KEYS: u16 = 14;

pub(super) fn view(top: usize, theme: Theme, buffer: &mut Buffer, body: Rect) {
    let width = body.width.min(72);
    let area = Rect {
        x: body.x + (body.width - width) / 2,
        width,
        ..body
    };
    Clear.render(area, buffer);
    let block = Block::bordered()
        .title(" Keys (↑↓ scroll, any other closes) ")
        .border_style(theme.of(Tone::Accent));
    let inner = block.inner(area);
    block.render(area, buffer);
    let lines = lines();
    for (y, (keys, words)) in (inner.y..inner.bottom()).zip(lines.iter().skip(top)) {
        let wide = inner.width.saturating_sub(1);
        if keys.is_empty() {
            put(buffer, (inner.x + 1, y), wide, words, theme, Tone::Strong);
            continue;
        }
        put(buffer, (inner.x + 2, y), KEYS, keys, theme, Tone::Accent);
        let room = wide.saturating_sub(KEYS + 2);
        put(
            buffer,
            (inner.x + KEYS + 2, y),
            room,
            words,
            theme,
            Tone::Plain,
        );
    }
}

pub(super) fn len() -> usize {
    lines().len()
}

pub(super) fn height(body: Rect) -> usize {
    usize::from(body.height.saturating_sub(2))
}

fn lines() -> Vec<(String, &'static str)> {
    let mut lines: Vec<(String, &'static str)> = Vec::new();
    let mut last: Option<Context> = None;
    for binding in BINDINGS {
        if last != Some(binding.context) {
            if last.is_some() {
                lines.push((String::new(), ""));
            }
            lines.push((String::new(), binding.context.title()));
            last = Some(binding.context);
        }
        let keys: Vec<_> = binding.keys.iter().map(ToString::to_string).collect();
        lines.push((keys.join(" "), binding.help));
    }
    lines
}
