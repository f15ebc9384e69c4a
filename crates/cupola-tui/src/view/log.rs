//! A log: only the lines that are seen, with the colours that their program gave them.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    widgets::{Clear, Widget as _},
};

use crate::{
    model::LogView,
    text::{clean, width},
    theme::{Theme, Tone},
};

pub(super) fn view(log: &LogView, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let room = usize::from(area.width);
    if log.buffer.len() == 0 {
        let (words, tone) = match (&log.problem, log.is_known) {
            (Some(problem), _) => (clean(problem), Tone::Bad),
            (None, false) => ("Reading…".to_owned(), Tone::Dim),
            (None, true) => ("Nothing was written here yet.".to_owned(), Tone::Dim),
        };
        if area.height > 0 {
            buffer.set_stringn(
                area.x + 1,
                area.y,
                words,
                room.saturating_sub(2),
                theme.of(tone),
            );
        }
        return;
    }
    let seen = (log.top..log.buffer.len()).take(usize::from(area.height));
    for (y, at) in (area.y..).zip(seen) {
        line(log, at, theme, buffer, Rect::new(area.x, y, area.width, 1));
    }
    if let Some(problem) = &log.problem
        && area.height > 0
    {
        // Beside a line it would read as a part of it.
        let row = Rect { height: 1, ..area };
        Clear.render(row, buffer);
        let words = format!(" {}; this is what was read before", clean(problem));
        buffer.set_stringn(area.x, area.y, words, room, theme.of(Tone::Bad));
    }
}

fn line(log: &LogView, at: usize, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let mut skipped = 0;
    let mut goes_on = false;
    let mut x = area.x;
    for span in log.buffer.line(at) {
        let letters: Vec<char> = span.text.chars().collect();
        let from = log.left.saturating_sub(skipped).min(letters.len());
        skipped += letters.len();
        let shown: String = letters[from..].iter().collect();
        if shown.is_empty() {
            continue;
        }
        let room = usize::from(area.right().saturating_sub(x));
        goes_on |= usize::from(width(&shown)) > room;
        (x, _) = buffer.set_stringn(x, area.y, shown, room, style(span.style, theme));
    }
    if goes_on && area.width > 0 {
        buffer.set_stringn(area.right() - 1, area.y, "›", 1, theme.of(Tone::Dim));
    }
    let Some(find) = &log.find else {
        return;
    };
    if log.left == 0 {
        mark(&log.buffer.text(at), &find.text, theme, buffer, area);
    }
    if find.at == Some(at) {
        buffer.set_style(area, Style::new().add_modifier(Modifier::UNDERLINED));
    }
}

/// Shows where in a line a text was found.
fn mark(line: &str, wanted: &str, theme: Theme, buffer: &mut Buffer, area: Rect) {
    let (line, wanted) = (line.to_lowercase(), wanted.to_lowercase());
    for (place, found) in line.match_indices(&wanted) {
        let x = area.x.saturating_add(width(&line[..place]));
        let wide = width(found).min(area.right().saturating_sub(x));
        if x < area.right() {
            buffer.set_style(Rect::new(x, area.y, wide, 1), theme.of(Tone::Found));
        }
    }
}

fn style(written: cupola_domain::terminal::Style, theme: Theme) -> Style {
    let mut style = Style::new();
    if let Some(colour) = written.colour.and_then(|index| theme.written(index)) {
        style = style.fg(colour);
    }
    if let Some(ground) = written.ground.and_then(|index| theme.written(index)) {
        style = style.bg(ground);
    }
    if written.is_bold {
        style = style.add_modifier(Modifier::BOLD);
    }
    style
}
