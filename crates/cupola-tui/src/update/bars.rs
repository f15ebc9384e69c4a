//! Lines that are typed: what jobs and logs are searched for.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::logs;
use crate::{
    event::Effect,
    model::{Bar, Find, Model, Pane, Way},
};

/// Begins to type.
pub(super) fn open(model: &mut Model) -> Vec<Effect> {
    if let Some(log) = model.log_mut() {
        let before = log.find.as_ref().map_or("", |find| find.text.as_str());
        log.bar = Some(Bar::new(before));
    } else if model.pane() == Pane::Jobs
        && let Some(opened) = model.opened.as_mut()
    {
        opened.jobs.bar = Some(Bar::new(&opened.jobs.search));
    }
    Vec::new()
}

/// Whether something is typed.
pub(super) fn is_open(model: &mut Model) -> bool {
    bar(model).is_some()
}

pub(super) fn key(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    let is_ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    let Some(bar) = bar(model) else {
        return Vec::new();
    };
    match event.code {
        KeyCode::Enter => return close(model),
        KeyCode::Esc => return give_up(model),
        KeyCode::Char('u') if is_ctrl => {
            bar.text.clear();
            bar.at = 0;
        }
        KeyCode::Char('a') if is_ctrl => bar.at = 0,
        KeyCode::Char('e') if is_ctrl => bar.at = bar.text.len(),
        KeyCode::Char(c) if !is_ctrl => bar.insert(c.encode_utf8(&mut [0; 4])),
        KeyCode::Backspace => bar.erase(),
        KeyCode::Delete => bar.erase_next(),
        KeyCode::Left => bar.left(),
        KeyCode::Right => bar.right(),
        KeyCode::Home => bar.at = 0,
        KeyCode::End => bar.at = bar.text.len(),
        _ => return Vec::new(),
    }
    typed(model)
}

pub(super) fn paste(model: &mut Model, text: &str) -> Vec<Effect> {
    model.is_dirty = true;
    match bar(model) {
        Some(bar) => {
            bar.insert(text);
            typed(model)
        }
        None => Vec::new(),
    }
}

/// What is typed holds at once, where jobs are searched.
fn typed(model: &mut Model) -> Vec<Effect> {
    if model.log().is_some() {
        return Vec::new();
    }
    let Some(opened) = model.opened.as_mut() else {
        return Vec::new();
    };
    let text = opened.jobs.bar.as_ref().map(|bar| bar.text.clone());
    text.and_then(|text| opened.search(&text))
        .into_iter()
        .collect()
}

fn close(model: &mut Model) -> Vec<Effect> {
    if let Some(log) = model.log_mut() {
        let text = log.bar.take().map(|bar| bar.text).unwrap_or_default();
        log.find = (!text.is_empty()).then_some(Find {
            text,
            at: None,
            going: None,
        });
        if log.find.is_some() {
            return logs::seek(model, Way::Forward);
        }
    } else if let Some(opened) = model.opened.as_mut() {
        // What makes no sense is kept open, so that it can be mended.
        let is_wrong = |bar: &Bar| bar.problem.is_some();
        if !opened.jobs.bar.as_ref().is_some_and(is_wrong) {
            opened.jobs.bar = None;
        }
    }
    Vec::new()
}

fn give_up(model: &mut Model) -> Vec<Effect> {
    if let Some(log) = model.log_mut() {
        log.bar = None;
    } else if let Some(opened) = model.opened.as_mut()
        && let Some(bar) = opened.jobs.bar.take()
    {
        return opened.search(&bar.before).into_iter().collect();
    }
    Vec::new()
}

fn bar(model: &mut Model) -> Option<&mut Bar> {
    if model.log().is_some() {
        return model.log_mut()?.bar.as_mut();
    }
    match model.pane() {
        Pane::Jobs => model.opened.as_mut()?.jobs.bar.as_mut(),
        _ => None,
    }
}
