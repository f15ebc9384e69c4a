//! Opening experiments, and what is done with their jobs.

use std::{collections::HashMap, sync::Arc};

use cupola_workspace::{
    model::{Job, JobKey, LogFile, RunKey},
    source::LogOf,
};

use crate::{
    event::{Arranged, Ask, Effect},
    keys::Command,
    model::{Chart, Details, Front, How, LogView, Model, Opened, Row, Sub},
    text::short_id,
};

/// Shows the jobs of a run.
pub(super) fn open(model: &mut Model, run: RunKey, is_past: bool) -> Vec<Effect> {
    model.fronts.clear();
    model.opened = Some(Opened::new(run.clone(), is_past));
    let mut effects = load(model);
    effects.push(Effect::Load(Ask::Services(Some(run.clone()))));
    effects.push(Effect::Load(Ask::Actions(run)));
    effects
}

/// Reads the jobs of the run that is shown.
pub(super) fn load(model: &Model) -> Vec<Effect> {
    let opened = model.opened.as_ref();
    let ask = opened.map(|opened| Ask::Jobs(opened.run.clone(), Arc::clone(&opened.jobs.how)));
    ask.map(Effect::Load).into_iter().collect()
}

/// An experiment that was started again is shown by its new run, unless an old one was asked for.
pub(super) fn follow_latest(model: &mut Model) -> Vec<Effect> {
    let Some(opened) = model.opened.as_ref() else {
        return Vec::new();
    };
    let experiment = model.experiments.find(&opened.run.experiment);
    let Some(latest) = experiment.and_then(|experiment| experiment.runs.first()) else {
        return Vec::new();
    };
    if opened.is_past || latest.key == opened.run {
        return Vec::new();
    }
    let (latest, sub) = (latest.key.clone(), opened.sub);
    let how = Arc::clone(&opened.jobs.how);
    let search = opened.jobs.search.clone();
    let mut next = Opened::new(latest.clone(), false);
    next.sub = sub;
    next.jobs.how = how;
    next.jobs.search = search;
    model.opened = Some(next);
    let mut effects = load(model);
    effects.push(Effect::Load(Ask::Services(Some(latest.clone()))));
    effects.push(Effect::Load(Ask::Actions(latest)));
    effects
}

/// Jobs as they were asked for; arranged again if they are wanted otherwise by now.
pub(super) fn arranged(opened: &mut Opened, arranged: Arranged) -> Vec<Effect> {
    let is_wanted = arranged.how == opened.jobs.how;
    opened.jobs.take(arranged);
    if is_wanted {
        return Vec::new();
    }
    vec![opened.show(|_| ())]
}

/// The same unless other jobs were read meanwhile: then those are arranged so.
pub(super) fn rearranged(opened: &mut Opened, found: Arranged) -> Vec<Effect> {
    if Arc::ptr_eq(&found.jobs, &opened.jobs.arranged.jobs) {
        return arranged(opened, found);
    }
    vec![opened.show(|_| ())]
}

/// What a key asks for in the table of jobs and in details.
pub(super) fn command(model: &mut Model, command: Command) -> Vec<Effect> {
    match command {
        Command::Open => return enter(model),
        Command::Logs => return logs(model),
        Command::Chart => return chart(model),
        _ => {}
    }
    let Some(opened) = model.opened.as_mut() else {
        return Vec::new();
    };
    let effect = match command {
        Command::SortBy(sort) => opened.sort_by(sort),
        Command::Tree => opened.show(|how| {
            if how.levels.is_empty() {
                how.cycle();
            } else {
                how.is_tree = !how.is_tree;
            }
        }),
        Command::Grouping => opened.show(How::cycle),
        Command::Toggle(level) => opened.show(|how| how.toggle(level)),
        Command::ExpandAll | Command::CollapseAll => opened.show(|how| {
            how.others.clear();
            how.are_closed = command == Command::CollapseAll;
        }),
        Command::Left | Command::Right => return fold(opened, command == Command::Right),
        Command::ClearSearch => return opened.search("").into_iter().collect(),
        _ => return Vec::new(),
    };
    vec![effect]
}

/// Shows what is known of a job.
pub(super) fn details(model: &mut Model, key: JobKey) -> Vec<Effect> {
    let details = Details {
        key: key.clone(),
        found: None,
        needs: HashMap::new(),
        top: 0,
    };
    model.fronts.push(Front::Details(Box::new(details)));
    vec![Effect::Load(Ask::Details(key))]
}

/// The folders that logs are in are those of their jobs; which streams there are is known.
pub(super) fn log_of(job: &Job, is_remote: bool) -> LogView {
    let script = job.key.task.rsplit('.').next().unwrap_or_default();
    let stream = |name: &str, ending: &str| {
        let path = job.path.join(format!("{script}.{ending}"));
        (name.to_owned(), Some(path))
    };
    let streams = vec![stream("stdout", "out"), stream("stderr", "err")];
    let id = short_id(&job.key.id, 7);
    let title = format!("{} {id}", job.key.task);
    LogView::new(LogOf::Job(job.key.clone()), title, streams, is_remote)
}

fn enter(model: &mut Model) -> Vec<Effect> {
    let Some(opened) = model.opened.as_mut() else {
        return Vec::new();
    };
    match opened.jobs.row() {
        Some(Row::Group(group)) => {
            let (path, is_open) = (group.path.clone(), group.is_open);
            vec![opened.show(|how| how.set_open(&path, !is_open))]
        }
        Some(Row::Job { .. }) => match opened.jobs.selected().map(|job| job.key.clone()) {
            Some(key) => details(model, key),
            None => Vec::new(),
        },
        None => Vec::new(),
    }
}

/// Opens or closes the group that is chosen, or that the chosen job is in.
fn fold(opened: &mut Opened, is_open: bool) -> Vec<Effect> {
    let Some((place, group)) = opened.jobs.group() else {
        return Vec::new();
    };
    if group.is_open == is_open {
        return Vec::new();
    }
    let path = group.path.clone();
    opened.jobs.cursor.jump(place);
    vec![opened.show(|how| how.set_open(&path, is_open))]
}

fn logs(model: &mut Model) -> Vec<Effect> {
    let is_remote = model.place.is_remote;
    let found = match model.fronts.last() {
        Some(Front::Details(details)) => {
            details.found.as_ref().and_then(|found| found.as_ref().ok())
        }
        _ => None,
    };
    let view = if let Some(found) = found {
        let mut view = log_of(&found.job, is_remote);
        if !found.logs.is_empty() {
            let stream = |log: &LogFile| (log.name.clone(), Some(log.path.clone()));
            view.streams = found.logs.iter().map(stream).collect();
        }
        Some(view)
    } else {
        // Whoever types faster than details are read means the job that was chosen.
        let opened = model
            .opened
            .as_ref()
            .filter(|opened| opened.sub == Sub::Jobs);
        let job = opened.and_then(|opened| opened.jobs.selected());
        job.map(|job| log_of(job, is_remote))
    };
    if let Some(view) = view {
        // What is seen asks for itself.
        model.fronts.push(Front::Log(Box::new(view)));
    }
    Vec::new()
}

fn chart(model: &mut Model) -> Vec<Effect> {
    let Some((key, _)) = model.job() else {
        return Vec::new();
    };
    model.fronts.push(Front::Chart(Chart {
        key: key.clone(),
        found: None,
        shown: 0,
    }));
    vec![Effect::Load(Ask::Series(key))]
}
