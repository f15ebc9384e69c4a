//! What a key asks for, by what has the focus.

use std::path::Path;

use cupola_workspace::{
    model::{RunKey, Service},
    source::{Action, LogOf},
};

use super::{back, everything, go_to, jobs, lists, logs, questions};
use crate::{
    event::Effect,
    keys::{Command, Sort},
    model::{Front, LogView, Model, Pane, RunsOf, Sub, Tab},
    text::clean,
};

pub(super) fn update(model: &mut Model, command: Command) -> Vec<Effect> {
    if model.help.is_some() {
        return in_help(model, command);
    }
    if let Some(effects) = anywhere(model, command) {
        return effects;
    }
    if lists::moved(model, command) {
        return Vec::new();
    }
    match model.pane() {
        Pane::Experiments => experiments(model, command),
        Pane::Jobs => job(model, command),
        Pane::Details => job(model, command),
        Pane::Services | Pane::RunServices => service(model, command),
        Pane::Actions => action(model, command),
        Pane::Orphans => orphan(model, command),
        Pane::Warnings => questions::about_warning(model, command),
        Pane::Log | Pane::WorkspaceLog => logs::command(model, command),
        Pane::Runs => runs(model, command),
        Pane::Chart => chart(model, command),
        Pane::Sheet => Vec::new(),
    }
}

fn in_help(model: &mut Model, command: Command) -> Vec<Effect> {
    let page = usize::from(model.size.1.saturating_sub(6));
    let top = model.help.unwrap_or_default();
    model.help = match command {
        Command::Up => Some(top.saturating_sub(1)),
        Command::Down => Some(top + 1),
        Command::PageUp => Some(top.saturating_sub(page)),
        Command::PageDown => Some(top + page),
        Command::First => Some(0),
        _ => None,
    };
    Vec::new()
}

/// What means the same wherever one looks.
fn anywhere(model: &mut Model, command: Command) -> Option<Vec<Effect>> {
    let is_log = matches!(model.pane(), Pane::Log | Pane::WorkspaceLog);
    let effects = match command {
        Command::Quit => vec![Effect::Quit],
        Command::Back => back(model),
        Command::Help => {
            model.help = Some(0);
            Vec::new()
        }
        Command::Refresh if !is_log => {
            let mut effects = vec![Effect::Refresh];
            effects.extend(everything(model));
            effects
        }
        Command::ShowJobs => {
            if let (Tab::Monitor, Some(opened)) = (model.tab, model.opened.as_mut()) {
                opened.sub = Sub::Jobs;
            }
            go_to(model, Tab::Monitor)
        }
        Command::ShowServices => {
            match (model.tab, model.opened.as_mut(), model.fronts.is_empty()) {
                (Tab::Monitor, Some(opened), true) => {
                    opened.sub = Sub::Services;
                    Vec::new()
                }
                _ => go_to(model, Tab::Services),
            }
        }
        Command::ShowLog if model.place.is_hub => {
            model.complain("a hub's own log is on its stderr");
            Vec::new()
        }
        Command::ShowLog => go_to(model, Tab::Log),
        Command::NextTab => turn(model, 1),
        Command::PreviousTab => turn(model, -1),
        _ => return None,
    };
    Some(effects)
}

/// The next tab; within an experiment first what it has.
fn turn(model: &mut Model, by: isize) -> Vec<Effect> {
    const SUBS: [Sub; 3] = [Sub::Jobs, Sub::Services, Sub::Actions];
    if let (Tab::Monitor, Some(opened), true) =
        (model.tab, model.opened.as_mut(), model.fronts.is_empty())
    {
        let place = SUBS.iter().position(|sub| *sub == opened.sub);
        let next = place.unwrap_or_default().checked_add_signed(by);
        if let Some(sub) = next.and_then(|next| SUBS.get(next)) {
            opened.sub = *sub;
            return Vec::new();
        }
    }
    let tabs = model.tabs();
    let place = tabs.iter().position(|(tab, _)| *tab == model.tab);
    let place = place.unwrap_or_default() + tabs.len();
    let next = place.saturating_add_signed(by) % tabs.len();
    go_to(model, tabs[next].0)
}

fn experiments(model: &mut Model, command: Command) -> Vec<Effect> {
    if let Command::SortBy(sort) = command {
        model.experiments.sort_by(sort);
        return Vec::new();
    }
    let Some(chosen) = model.experiments.list.selected() else {
        return Vec::new();
    };
    let (id, path) = (chosen.id.clone(), chosen.path.clone());
    let latest = chosen.runs.first().map(|run| run.key.clone());
    match command {
        Command::Open => match latest {
            Some(run) => jobs::open(model, run, false),
            None => Vec::new(),
        },
        Command::ShowRuns => {
            let cursor = crate::model::Cursor::default();
            model.fronts.push(Front::Runs(RunsOf {
                experiment: id,
                cursor,
            }));
            Vec::new()
        }
        Command::CopyPath => copy_path(model, &path),
        Command::Delete => questions::delete_experiment(model, &id),
        Command::KillAll => match latest {
            Some(run) => questions::kill_running_of(model, &run),
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn job(model: &mut Model, command: Command) -> Vec<Effect> {
    let found = model.job();
    match (command, found) {
        (Command::Kill, Some((key, _))) => questions::kill(model, key),
        (Command::Delete, Some((key, _))) => questions::delete(model, key),
        (Command::Start, Some((key, _))) => questions::start(model, key),
        (Command::CopyPath, Some((_, path))) => copy_path(model, &path),
        (Command::Search, _) => super::bars::open(model),
        (command, _) => jobs::command(model, command),
    }
}

fn service(model: &mut Model, command: Command) -> Vec<Effect> {
    let listing = match (model.pane(), model.opened.as_ref()) {
        (Pane::RunServices, Some(opened)) => &opened.services,
        _ => &model.services,
    };
    let Some(Service { run, id, url, .. }) = listing.selected() else {
        return Vec::new();
    };
    let (run, id, url) = (run.clone(), id.clone(), url.clone());
    match command {
        Command::Start => vec![Effect::Act(vec![Action::StartService(run, id)])],
        Command::Stop => vec![Effect::Act(vec![Action::StopService(run, id)])],
        Command::CopyUrl => {
            if url.is_none() {
                model.complain(format!("`{}` has no URL: it does not run", clean(&id)));
            }
            url.map(Effect::Copy).into_iter().collect()
        }
        Command::Logs => {
            let streams = ["stdout", "stderr"]
                .map(|name| (name.to_owned(), None))
                .into();
            let title = format!("service {id}");
            let of = LogOf::Service(run, id);
            let view = LogView::new(of, title, streams, model.place.is_remote);
            model.fronts.push(Front::Log(Box::new(view)));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn action(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(opened) = model.opened.as_ref().filter(|_| command == Command::Open) else {
        return Vec::new();
    };
    match opened.actions.selected() {
        Some(action) => {
            let (run, action) = (opened.run.clone(), action.clone());
            questions::execute(model, run, &action)
        }
        None => Vec::new(),
    }
}

fn orphan(model: &mut Model, command: Command) -> Vec<Effect> {
    match (command, model.job()) {
        (Command::SortBy(sort), _) => model.orphans.sort_by(sort),
        (Command::NextStream, _) => model.orphans.switch(),
        (Command::Kill, Some((key, _))) => return questions::kill(model, key),
        (Command::Delete, Some((key, _))) => return questions::delete(model, key),
        (Command::CopyPath, Some((_, path))) => return copy_path(model, &path),
        (Command::KillAll, _) => return questions::kill_strays(model),
        (Command::DeleteAll, _) => return questions::delete_orphans(model),
        _ => {}
    }
    Vec::new()
}

fn runs(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(Front::Runs(runs)) = model.fronts.last() else {
        return Vec::new();
    };
    let experiment = model.experiments.find(&runs.experiment);
    let run = experiment.and_then(|experiment| experiment.runs.get(runs.cursor.at));
    let Some(run) = run else {
        return Vec::new();
    };
    let (key, path, is_past): (RunKey, _, _) =
        (run.key.clone(), run.path.clone(), runs.cursor.at > 0);
    match command {
        Command::Open => {
            model.tab = Tab::Monitor;
            jobs::open(model, key, is_past)
        }
        Command::CopyPath => copy_path(model, &path),
        Command::Delete => questions::delete_run(model, &key),
        _ => Vec::new(),
    }
}

fn chart(model: &mut Model, command: Command) -> Vec<Effect> {
    let Some(Front::Chart(chart)) = model.fronts.last_mut() else {
        return Vec::new();
    };
    let count = match &chart.found {
        Some(Ok(series)) => series.len(),
        _ => 0,
    };
    match command {
        Command::Left => chart.shown = chart.shown.saturating_sub(1),
        Command::Right => chart.shown = (chart.shown + 1).min(count.saturating_sub(1)),
        _ => {}
    }
    Vec::new()
}

/// A click on the head of a column sorts by it.
pub(super) fn sort_by(model: &mut Model, sort: Sort) -> Vec<Effect> {
    update(model, Command::SortBy(sort))
}

fn copy_path(model: &mut Model, path: &Path) -> Vec<Effect> {
    let text = path.display().to_string();
    model.say(format!("copied {}", clean(&text)));
    vec![Effect::Copy(text)]
}
