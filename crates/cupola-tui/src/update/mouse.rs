//! Clicks and the wheel. What is where is asked of the layout.

use ratatui::{
    crossterm::event::{MouseButton, MouseEvent, MouseEventKind},
    layout::Position,
};

use super::{back, commands, go_to, lists, questions};
use crate::{
    event::Effect,
    keys::Command,
    model::Model,
    view::{self, Place},
};

/// How many rows a turn of the wheel is.
const WHEEL: isize = 3;

pub(super) fn update(model: &mut Model, event: MouseEvent) -> Vec<Effect> {
    let is_over = model.dialog.is_some() || model.help.is_some();
    match event.kind {
        MouseEventKind::ScrollUp if !is_over => lists::roll(model, -WHEEL),
        MouseEventKind::ScrollDown if !is_over => lists::roll(model, WHEEL),
        MouseEventKind::Down(MouseButton::Left) => {
            model.is_dirty = true;
            return click(model, Position::new(event.column, event.row));
        }
        _ => return Vec::new(),
    }
    model.is_dirty = true;
    Vec::new()
}

fn click(model: &mut Model, at: Position) -> Vec<Effect> {
    if model.help.take().is_some() {
        return Vec::new();
    }
    match view::place_at(model, at) {
        Some(Place::Choice(place)) => questions::answer(model, place),
        _ if model.dialog.is_some() => Vec::new(),
        Some(Place::Tab(tab)) => go_to(model, tab),
        Some(Place::Back) => back(model),
        Some(Place::Sub(sub)) => {
            if let Some(opened) = model.opened.as_mut() {
                opened.sub = sub;
            }
            Vec::new()
        }
        Some(Place::OtherOrphans) => {
            model.orphans.switch();
            Vec::new()
        }
        Some(Place::Column(sort)) => commands::sort_by(model, sort),
        Some(Place::Row(row)) => {
            let Some((cursor, len)) = lists::cursor(model) else {
                return Vec::new();
            };
            let place = cursor.top + row;
            if place >= len {
                return Vec::new();
            }
            if cursor.at == place {
                return commands::update(model, Command::Open);
            }
            cursor.jump(place);
            Vec::new()
        }
        None => Vec::new(),
    }
}
