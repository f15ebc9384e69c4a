//! Which run is meant: by its id, its number, or its part in an experiment.

use cupola_domain::{
    ids::{ExperimentId, RunId},
    text::excerpt,
};
use cupola_hub::{
    HubError,
    run_search::{Columns, RunSearch, filter},
};

use super::{Desk, quoted};
use crate::{
    facts,
    names::{Key, Pick, Thing},
    tools::run_of_task,
};

/// Failures of which the last is looked for.
const FAILURES_MAX: u32 = 100;

impl Desk<'_> {
    /// The run that a thing is, or is the latest of.
    pub(super) fn run_of(&self, thing: &Thing) -> Result<RunId, HubError> {
        match &thing.key {
            Key::Run(id) => Ok(*id),
            Key::Numbered(experiment, number) => run_of_task(self.hub, *experiment, *number),
            Key::Picked(of, pick) => self.picked(*of, *pick, &thing.name),
            Key::Experiment(id) => {
                // What waits has written nothing: what runs now comes first, then what was begun last.
                for state in ["state = running", "state != pending", ""] {
                    if let Some(run) = self.newest(Some(*id), state)? {
                        return Ok(run);
                    }
                }
                let message = format!("{} has no runs", quoted(&thing.name));
                Err(HubError::Conflict(message))
            }
            _ => Err(HubError::Conflict(format!(
                "a {} has no log and no curves",
                thing.kind()
            ))),
        }
    }

    /// The run that has this part in an experiment, or among all.
    fn picked(&self, of: Option<ExperimentId>, pick: Pick, name: &str) -> Result<RunId, HubError> {
        let found = match (pick, of) {
            (Pick::Best(place) | Pick::Worst(place), Some(id)) => {
                let standing = facts::standing(self.hub, id)?;
                let from = (place as usize).saturating_sub(1);
                let placed = match pick {
                    Pick::Best(_) => standing.ranked.get(from),
                    _ => standing.from_worst().get(from).copied(),
                };
                placed
                    .map(|placed| facts::run_of(self.hub, placed))
                    .transpose()?
            }
            (Pick::Best(_) | Pick::Worst(_), None) => None,
            (Pick::First, of) => self.first(of, "")?,
            (Pick::Newest, of) => self.newest(of, "")?,
            (Pick::FirstFailed, of) => self.first(of, facts::FAILED)?,
            (Pick::LastFailed, of) => {
                let of: Vec<_> = of.into_iter().collect();
                let failures = facts::failures(self.hub, &of, "", FAILURES_MAX)?;
                failures.runs.first().map(|found| found.run.id)
            }
            (Pick::Running, of) => self.newest(of, "state = running")?,
        };
        let name = name.strip_prefix("the ").unwrap_or(name);
        found.ok_or_else(|| HubError::Conflict(format!("there is no {}", excerpt(name))))
    }

    fn newest(&self, of: Option<ExperimentId>, filter: &str) -> Result<Option<RunId>, HubError> {
        let found = self.search(filter, of.into_iter().collect(), 1)?;
        Ok(found.runs.first().map(|found| found.run.id))
    }

    fn first(&self, of: Option<ExperimentId>, filter: &str) -> Result<Option<RunId>, HubError> {
        let wrong = |error: filter::FilterError| HubError::Internal(error.into());
        let found = self.hub.search_runs(RunSearch {
            experiments: of.into_iter().collect(),
            filter: filter::Filter::parse(filter).map_err(wrong)?,
            columns: Columns::These(Vec::new()),
            order: filter::Order::parse("created asc").map_err(wrong)?,
            limit: 1,
            ..RunSearch::default()
        })?;
        Ok(found.runs.first().map(|found| found.run.id))
    }
}
