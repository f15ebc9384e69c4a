//! What happens changes the model; what is to be done besides is given back.

mod answers;
mod bars;
mod commands;
mod jobs;
mod lists;
mod logs;
mod mouse;
mod questions;

use cupola_domain::time::Timestamp;
use cupola_workspace::source::{Change, Connection, LogOf};
use ratatui::crossterm::event::{KeyEvent, KeyEventKind};

use crate::{
    event::{Ask, Effect, Event},
    keys,
    model::{Front, Model, Pane, Tab},
};

/// What is read first.
pub(crate) fn start() -> Vec<Effect> {
    let asks = [
        Ask::Experiments,
        Ask::Services(None),
        Ask::Warnings,
        Ask::Orphans,
        Ask::Sheets,
    ];
    asks.map(Effect::Load).into()
}

/// Takes note of what happened; says what is to be done.
pub(crate) fn update(model: &mut Model, event: Event) -> Vec<Effect> {
    let mut effects = match event {
        Event::Tick(now) => return tick(model, now),
        Event::Key(event) => key(model, event),
        Event::Mouse(event) => mouse::update(model, event),
        Event::Paste(text) => bars::paste(model, &text),
        Event::Resized(width, height) => {
            model.size = (width, height);
            model.is_dirty = true;
            Vec::new()
        }
        Event::Changed(change) => changed(model, change),
        Event::Answered(answer) => answers::update(model, answer),
        Event::Said(text) => {
            model.say(text);
            model.is_dirty = true;
            orphans_again(model)
        }
        Event::Failed(text) => {
            model.complain(text);
            model.is_dirty = true;
            orphans_again(model)
        }
    };
    lists::settle(model);
    effects.extend(logs::wanted(model));
    effects
}

/// Nobody tells of changes to what nothing names: it is read again when something was done.
fn orphans_again(model: &Model) -> Vec<Effect> {
    let is_seen = model.pane() == Pane::Orphans;
    is_seen
        .then_some(Effect::Load(Ask::Orphans))
        .into_iter()
        .collect()
}

fn key(model: &mut Model, event: KeyEvent) -> Vec<Effect> {
    if event.kind == KeyEventKind::Release {
        return Vec::new();
    }
    model.is_dirty = true;
    if keys::quits_anywhere(event) {
        return vec![Effect::Quit];
    }
    if model.dialog.is_some() {
        return questions::key(model, event);
    }
    if bars::is_open(model) {
        return bars::key(model, event);
    }
    if let Some(command) = keys::command(model.pane().contexts(), event) {
        return commands::update(model, command);
    }
    model.help = None;
    Vec::new()
}

/// The clock went on. Drawn again only if that shows.
fn tick(model: &mut Model, now: Timestamp) -> Vec<Effect> {
    let is_next_second = now.millis() / 1000 != model.now.millis() / 1000;
    model.now = now;
    if model
        .notice
        .as_ref()
        .is_some_and(|notice| notice.until <= now)
    {
        model.notice = None;
        model.is_dirty = true;
    }
    model.is_dirty |= is_next_second && model.is_moving();
    let mut effects = logs::due(model);
    // How the process of a job does, and what it measures, is nobody's event.
    let is_time = is_next_second && now.millis() / 1000 % 5 == 0;
    effects.extend(match model.fronts.last().filter(|_| is_time) {
        Some(Front::Details(details)) => Some(Effect::Load(Ask::Details(details.key.clone()))),
        Some(Front::Chart(chart)) => Some(Effect::Load(Ask::Series(chart.key.clone()))),
        _ => None,
    });
    effects
}

fn changed(model: &mut Model, change: Change) -> Vec<Effect> {
    match change {
        Change::Experiment(id) => {
            let mut effects = vec![Effect::Load(Ask::Experiments)];
            if model.run().is_some_and(|run| run.experiment == id) {
                effects.extend(jobs::load(model));
            }
            effects
        }
        Change::Job(key) => {
            let mut effects = vec![Effect::Load(Ask::Experiments)];
            effects.extend(jobs::load(model));
            effects.extend(orphans_again(model));
            if let Some(Front::Details(details)) = model.fronts.last()
                && details.key == key
            {
                effects.push(Effect::Load(Ask::Details(key)));
            }
            effects
        }
        Change::Log(key) => logs::grown(model, &LogOf::Job(key)),
        Change::Services => {
            let run = model.run().cloned();
            let mut effects = vec![Effect::Load(Ask::Services(None))];
            effects.extend(run.map(|run| Effect::Load(Ask::Services(Some(run)))));
            effects
        }
        Change::Warnings => vec![Effect::Load(Ask::Warnings)],
        Change::Said => logs::said(model),
        Change::All => everything(model),
        Change::Connection(connection) => {
            model.is_dirty |= model.connection != connection;
            let is_back = model.connection != connection && connection == Connection::Live;
            model.connection = connection;
            if is_back {
                everything(model)
            } else {
                Vec::new()
            }
        }
    }
}

/// Reads all that is seen, and what the tabs count.
pub(super) fn everything(model: &mut Model) -> Vec<Effect> {
    let mut effects = start();
    effects.extend(jobs::load(model));
    if let Some(run) = model.run() {
        effects.push(Effect::Load(Ask::Services(Some(run.clone()))));
        effects.push(Effect::Load(Ask::Actions(run.clone())));
    }
    for front in &model.fronts {
        match front {
            Front::Details(details) => {
                effects.push(Effect::Load(Ask::Details(details.key.clone())));
            }
            Front::Chart(chart) => effects.push(Effect::Load(Ask::Series(chart.key.clone()))),
            Front::Log(_) | Front::Runs(_) => {}
        }
    }
    if let Some(log) = model.log_mut() {
        effects.push(Effect::Load(Ask::Log(log.more())));
    }
    effects
}

/// Goes to a tab; what lay over the last one is closed.
pub(super) fn go_to(model: &mut Model, tab: Tab) -> Vec<Effect> {
    model.fronts.clear();
    model.tab = tab;
    match tab {
        Tab::Log => {
            let log = &mut model.workspace_log;
            let asked = match log.unread.take() {
                Some(stream) if stream != log.stream => log.show_stream(stream),
                _ => log.more(),
            };
            vec![Effect::Load(Ask::Log(asked))]
        }
        Tab::Orphans => vec![Effect::Load(Ask::Orphans)],
        Tab::Sheet(_) => vec![Effect::Load(Ask::Sheets)],
        Tab::Monitor | Tab::Services | Tab::Warnings => Vec::new(),
    }
}

/// Closes what is on top.
pub(super) fn back(model: &mut Model) -> Vec<Effect> {
    if model.fronts.pop().is_some() {
        return Vec::new();
    }
    match model.pane() {
        Pane::Jobs | Pane::RunServices | Pane::Actions => model.opened = None,
        Pane::Experiments => {}
        _ => model.tab = Tab::Monitor,
    }
    Vec::new()
}
