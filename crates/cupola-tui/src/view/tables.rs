//! Tables: columns that fit, heads that sort, and only the rows that are seen.

use std::borrow::Cow;

use ratatui::{buffer::Buffer, layout::Rect, style::Modifier};

use super::{layout::Regions, rows};
use crate::{
    keys::Sort,
    model::Model,
    text,
    theme::{Theme, Tone},
};

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column<'a> {
    pub(super) title: &'a str,
    /// In columns of the screen; of a flexible one the least.
    pub(super) width: u16,
    /// Its share of what is left; none where it is as wide as it is.
    pub(super) share: u16,
    /// The highest goes first where there is no room for all.
    pub(super) gone: u8,
    pub(super) sort: Option<Sort>,
    /// Whether the end of a text says more than its beginning.
    pub(super) keeps_end: bool,
}

/// A cell: a text and what it means.
pub(super) type Cell = (String, Tone);

/// What is between columns.
const GAP: u16 = 1;

impl<'a> Column<'a> {
    /// As wide as it is.
    pub(super) const fn fixed(title: &'a str, width: u16) -> Self {
        Self {
            title,
            width,
            share: 0,
            gone: 0,
            sort: None,
            keeps_end: false,
        }
    }

    /// So wide at least, and a share of what is left.
    pub(super) const fn flexible(title: &'a str, width: u16, share: u16) -> Self {
        Self {
            share,
            ..Self::fixed(title, width)
        }
    }

    pub(super) const fn sorts(self, sort: Sort) -> Self {
        Self {
            sort: Some(sort),
            ..self
        }
    }

    pub(super) const fn keeps_end(self) -> Self {
        Self {
            keeps_end: true,
            ..self
        }
    }

    pub(super) const fn gone(self, gone: u8) -> Self {
        Self { gone, ..self }
    }
}

pub(super) fn has_columns(model: &Model) -> bool {
    rows::columns(model).is_some()
}

/// What a click on the heads sorts by.
pub(super) fn column_at(model: &Model, x: u16) -> Option<Sort> {
    let columns = rows::columns(model)?;
    let places = places(&columns, model.size.0);
    let (at, _) = places
        .iter()
        .enumerate()
        .find(|(_, place)| place.is_some_and(|(from, wide)| (from..from + wide).contains(&x)))?;
    columns[at].sort
}

pub(super) fn view(model: &Model, theme: Theme, buffer: &mut Buffer, regions: &Regions) {
    let Some(columns) = rows::columns(model) else {
        return;
    };
    let places = places(&columns, regions.rows.width);
    if let Some(area) = regions.header {
        heads(model, &columns, &places, theme, buffer, area);
    }
    let area = regions.rows;
    let (cursor, len) = rows::cursor(model);
    if len == 0 {
        let (text, tone) = rows::nothing(model);
        let room = usize::from(area.width.saturating_sub(2));
        if area.height > 0 {
            buffer.set_stringn(area.x + 1, area.y, text, room, theme.of(tone));
        }
        return;
    }
    let seen = (cursor.top..len).take(usize::from(area.height));
    for (y, at) in (area.y..).zip(seen) {
        if at == cursor.at {
            buffer.set_style(Rect::new(area.x, y, area.width, 1), theme.selected());
        }
        let mut cells = Vec::with_capacity(columns.len());
        rows::cells(model, at, &mut cells);
        if rows::is_head(model, at) {
            along(
                buffer,
                Rect::new(area.x + 1, y, area.width.saturating_sub(2), 1),
                &cells,
                theme,
            );
            continue;
        }
        for (((text, tone), place), column) in cells.iter().zip(&places).zip(&columns) {
            let Some((x, wide)) = *place else { continue };
            if column.keeps_end {
                put(buffer, (x, y), wide, &end_of(text, wide), theme, *tone);
            } else {
                put(buffer, (x, y), wide, text, theme, *tone);
            }
        }
    }
    scrollbar(buffer, area, cursor.top, len, theme);
}

/// A text that is cut with an ellipsis.
pub(super) fn put(
    buffer: &mut Buffer,
    (x, y): (u16, u16),
    wide: u16,
    text: &str,
    theme: Theme,
    tone: Tone,
) {
    let style = theme.of(tone);
    if text::width(text) <= wide {
        buffer.set_stringn(x, y, text, usize::from(wide), style);
        return;
    }
    let (end, _) = buffer.set_stringn(x, y, text, usize::from(wide.saturating_sub(1)), style);
    buffer.set_stringn(end, y, "…", 1, style);
}

/// As much of a text's end as there is room for.
fn end_of(text: &str, wide: u16) -> Cow<'_, str> {
    if text::width(text) <= wide {
        return Cow::Borrowed(text);
    }
    let mut rest = text;
    while text::width(rest) >= wide && !rest.is_empty() {
        rest = &rest[rest.chars().next().map_or(0, char::len_utf8)..];
    }
    Cow::Owned(format!("…{rest}"))
}

/// Texts behind each other, whatever the columns.
fn along(buffer: &mut Buffer, area: Rect, cells: &[Cell], theme: Theme) {
    let mut x = area.x;
    for (text, tone) in cells {
        let room = area.right().saturating_sub(x);
        put(buffer, (x, area.y), room, text, theme, *tone);
        x = x
            .saturating_add(text::width(text))
            .saturating_add(2)
            .min(area.right());
    }
}

fn heads(
    model: &Model,
    columns: &[Column<'_>],
    places: &[Option<(u16, u16)>],
    theme: Theme,
    buffer: &mut Buffer,
    area: Rect,
) {
    let sorted = rows::sorted(model);
    for (column, place) in columns.iter().zip(places) {
        let Some((x, wide)) = *place else { continue };
        let arrow = match sorted {
            Some((sort, is_turned)) if column.sort == Some(sort) => {
                if is_turned {
                    "▲"
                } else {
                    "▼"
                }
            }
            _ => "",
        };
        let style = theme.of(Tone::Dim).add_modifier(Modifier::UNDERLINED);
        let title = format!("{}{arrow}", column.title);
        buffer.set_stringn(x, area.y, title, usize::from(wide), style);
    }
}

/// Where each column begins and how wide it is; none where there is no room for it.
fn places(columns: &[Column<'_>], width: u16) -> Vec<Option<(u16, u16)>> {
    let room = width.saturating_sub(2);
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let least = |shown: &[usize]| {
        let wide: u16 = shown.iter().map(|at| columns[*at].width + GAP).sum();
        wide.saturating_sub(GAP)
    };
    while least(&shown) > room && shown.len() > 1 {
        let farthest = shown
            .iter()
            .enumerate()
            .max_by_key(|(place, at)| (columns[**at].gone, *place));
        let place = farthest.map_or(0, |(place, _)| place);
        shown.remove(place);
    }
    let left = room.saturating_sub(least(&shown));
    let shares: u16 = shown.iter().map(|at| columns[*at].share).sum();
    let mut places = vec![None; columns.len()];
    let mut x = 1;
    for at in shown {
        let column = &columns[at];
        let more = match shares {
            0 => 0,
            shares => u32::from(left) * u32::from(column.share) / u32::from(shares),
        };
        let wide = column.width + u16::try_from(more).unwrap_or(0);
        places[at] = Some((x, wide.min(room)));
        x += wide + GAP;
    }
    places
}

/// Where in a long list one is.
fn scrollbar(buffer: &mut Buffer, area: Rect, top: usize, len: usize, theme: Theme) {
    let height = usize::from(area.height);
    if len <= height || height == 0 {
        return;
    }
    let thumb = (height * height / len).max(1);
    let from = top * (height - thumb) / (len - height).max(1);
    let x = area.right().saturating_sub(1);
    for at in from..(from + thumb).min(height) {
        let y = area.y + u16::try_from(at).unwrap_or(0);
        buffer.set_stringn(x, y, "┃", 1, theme.of(Tone::Dim));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: u16, expected: &[Option<(u16, u16)>]) {
        let columns = [
            Column::flexible("a", 10, 1),
            Column::fixed("b", 5).gone(2),
            Column::fixed("c", 8).gone(1),
        ];
        assert_eq!(places(&columns, width), expected, "{width}");
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        check(40, &[Some((1, 23)), Some((25, 5)), Some((31, 8))]);
        check(27, &[Some((1, 10)), Some((12, 5)), Some((18, 8))]);
        check(26, &[Some((1, 15)), None, Some((17, 8))]);
        check(15, &[Some((1, 13)), None, None]);
        check(5, &[Some((1, 3)), None, None]);
    }
}
