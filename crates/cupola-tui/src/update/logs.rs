//! Logs that are looked at.

use cupola_workspace::source::{LogAsked, LogOf, LogPart, SAID, SourceError};

use super::bars;
use crate::{
    event::{Ask, Effect},
    keys::Command,
    model::{Model, Pane, Sought, Way},
    view,
};

/// So many lines are copied; terminals take no more than some.
const COPIED_LINES: usize = 500;

/// What the log that is looked at must have read for what is seen.
pub(super) fn wanted(model: &mut Model) -> Option<Effect> {
    let height = view::height(model);
    let asked = model.log_mut()?.wants(height)?;
    Some(Effect::Load(Ask::Log(asked)))
}

/// What is looked at from time to time whether or not somebody says that it grew.
pub(super) fn due(model: &mut Model) -> Vec<Effect> {
    let now = model.now;
    match model.log_mut() {
        Some(log) if log.is_due(now) => vec![Effect::Load(Ask::Log(log.more()))],
        _ => Vec::new(),
    }
}

/// Somebody said that a log grew.
pub(super) fn grown(model: &mut Model, of: &LogOf) -> Vec<Effect> {
    match model.log_mut() {
        Some(log) if log.of == *of && !log.is_asked => {
            vec![Effect::Load(Ask::Log(log.more()))]
        }
        _ => Vec::new(),
    }
}

/// The far side said something: it is shown where somebody looks, else marked.
pub(super) fn said(model: &mut Model) -> Vec<Effect> {
    let is_seen = model.pane() == Pane::WorkspaceLog;
    let log = &mut model.workspace_log;
    if is_seen && log.is_of_said() {
        return vec![Effect::Load(Ask::Log(log.more()))];
    }
    let unread = log.streams.iter().position(|(name, _)| name == SAID);
    model.is_dirty |= log.unread != unread;
    log.unread = unread;
    Vec::new()
}

pub(super) fn answered(
    model: &mut Model,
    asked: &LogAsked,
    result: Result<LogPart, SourceError>,
) -> Vec<Effect> {
    let (height, now) = (view::height(model), model.now);
    let is_seen = model.pane() == Pane::WorkspaceLog;
    if asked.of == LogOf::Workspace && !is_seen {
        let log = &mut model.workspace_log;
        if log.take(asked, result, height, now) {
            log.unread = Some(log.stream);
            model.is_dirty = true;
        }
        return Vec::new();
    }
    let Some(log) = model.log_mut() else {
        return Vec::new();
    };
    let is_changed = log.take(asked, result, height, now);
    let going = log.find.as_ref().and_then(|find| find.going);
    model.is_dirty |= is_changed;
    match going {
        Some(way) => seek(model, way),
        None => Vec::new(),
    }
}

pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    let height = view::height(model);
    let Some(log) = model.log_mut() else {
        return Vec::new();
    };
    let asked = match command {
        Command::Refresh => Some(log.more()),
        Command::First => log.first(),
        Command::Last => log.last(height),
        Command::Follow => log.follow(height),
        Command::NextStream => Some(log.next_stream()),
        Command::Search => return bars::open(model),
        Command::FindNext => return seek(model, Way::Forward),
        Command::FindPrevious => return seek(model, Way::Backward),
        Command::CopyText => {
            let from = log.buffer.len().saturating_sub(COPIED_LINES);
            let lines: Vec<_> = (from..log.buffer.len())
                .map(|at| log.buffer.text(at))
                .collect();
            let text = lines.join("\n");
            model.say(format!("copied {} lines", lines.len()));
            return vec![Effect::Copy(text)];
        }
        Command::Save => {
            let name = format!("{}.{}.log", file_name(&log.title), log.stream_name());
            return vec![Effect::Save(name.into(), log.buffer.bytes().to_vec())];
        }
        _ => None,
    };
    asked
        .map(|asked| Effect::Load(Ask::Log(asked)))
        .into_iter()
        .collect()
}

/// Goes to the next place with what is searched, reading on where it must.
pub(super) fn seek(model: &mut Model, way: Way) -> Vec<Effect> {
    let height = view::height(model);
    let Some(log) = model.log_mut() else {
        return Vec::new();
    };
    let sought = log.seek(way, height);
    model.is_dirty = true;
    match sought {
        Sought::Found => Vec::new(),
        Sought::Further(asked) => vec![Effect::Load(Ask::Log(asked))],
        Sought::Nowhere => {
            model.complain(match way {
                Way::Forward => "nothing more is found below",
                Way::Backward => "nothing more is found above",
            });
            Vec::new()
        }
    }
}

/// Letters and digits of a title.
fn file_name(title: &str) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '-'
        }
    };
    title
        .trim_start_matches('.')
        .chars()
        .map(letter)
        .take(80)
        .collect()
}
