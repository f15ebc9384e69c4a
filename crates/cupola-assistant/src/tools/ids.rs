//! What arguments name: an id, or a name that only one thing has.

use std::str::FromStr;

use cupola_domain::{
    ids::{ExperimentId, RunId, WorkerId},
    text::excerpt,
};
use cupola_hub::{
    Hub, HubError,
    run_search::{Columns, RunSearch, filter::Filter},
};

use super::{Desk, Refused};
use crate::{
    index::{HubNames, Index},
    names::{How, Key, Kind, Names as _},
};

impl Desk<'_> {
    pub(super) fn experiment(&self, called: &str) -> Result<ExperimentId, Refused> {
        experiment_called(self.hub, self.index, called)
    }

    pub(super) fn worker(&self, called: &str) -> Result<WorkerId, Refused> {
        self.named(called, Kind::Worker, |key| match key {
            Key::Worker(id) => Some(id),
            _ => None,
        })
    }

    /// `EXPERIMENT #NUMBER` is the latest run of that task.
    pub(super) fn run(&self, called: &str) -> Result<RunId, Refused> {
        if let Some((name, number)) = called.rsplit_once('#')
            && let Ok(number) = number.trim().parse::<u32>()
            && !name.trim().is_empty()
        {
            let experiment = self.experiment(name.trim())?;
            return Ok(run_of_task(self.hub, experiment, number)?);
        }
        self.named(called, Kind::Run, |key| match key {
            Key::Run(id) => Some(id),
            _ => None,
        })
    }

    fn named<I: FromStr>(
        &self,
        called: &str,
        kind: Kind,
        id: impl Fn(Key) -> Option<I>,
    ) -> Result<I, Refused> {
        named(self.hub, self.index, (called, kind), id)
    }
}

/// The experiment of an id or a name; whether there is one of that id is not looked at.
pub fn experiment_called(hub: &Hub, index: &Index, called: &str) -> Result<ExperimentId, Refused> {
    named(hub, index, (called, Kind::Experiment), |key| match key {
        Key::Experiment(id) => Some(id),
        _ => None,
    })
}

fn named<I: FromStr>(
    hub: &Hub,
    index: &Index,
    (called, kind): (&str, Kind),
    id: impl Fn(Key) -> Option<I>,
) -> Result<I, Refused> {
    if let Ok(id) = called.trim().parse() {
        return Ok(id);
    }
    let is_outdated = index.is_outdated(hub)?;
    let mut found = look_up(&index.names(hub)?, called, kind)?;
    if found.is_none() && is_outdated {
        found = look_up(&index.names_anew(hub)?, called, kind)?;
    }
    if let Some(id) = found.and_then(id) {
        return Ok(id);
    }
    Err(Refused::Hub(HubError::not_found(
        kind.as_str(),
        excerpt(called),
    )))
}

fn look_up(names: &HubNames<'_>, called: &str, kind: Kind) -> Result<Option<Key>, Refused> {
    for how in [How::Exact, How::Folded, How::Id] {
        let mut found = names.find(how, called, &[kind]);
        if found.len() > 1 {
            let message = format!("several are called `{}`; give the id", excerpt(called));
            return Err(Refused::Hub(HubError::Conflict(message)));
        }
        if let Some(thing) = found.pop() {
            return Ok(Some(thing.key));
        }
    }
    Ok(None)
}

/// The latest attempt at a task.
pub(crate) fn run_of_task(
    hub: &Hub,
    experiment: ExperimentId,
    number: u32,
) -> Result<RunId, HubError> {
    let filter = Filter::parse(&format!("task = {number}"));
    let search = RunSearch {
        experiments: vec![experiment],
        filter: filter.unwrap_or_default(),
        columns: Columns::These(Vec::new()),
        limit: 1,
        ..RunSearch::default()
    };
    let found = hub.search_runs(search)?.runs.into_iter().next();
    found
        .map(|found| found.run.id)
        .ok_or_else(|| HubError::not_found("task", number))
}
