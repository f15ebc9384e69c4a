//! Tasks that only the hub's own machines are given, and why they wait.

use cupola_domain::{
    experiment::Experiment,
    ids::ExperimentId,
    task::{Task, TaskState},
};
use cupola_store::{tasks, verification as rows};

use super::again::is_again;
use crate::{Hub, HubError, scheduling::needs_of};

impl Hub {
    /// Why a task is not leased as things are; empty where somebody could take it, or it does not wait. What
    /// waits for another task says so itself.
    pub(crate) fn obstacle_of_task(
        &self,
        task: &Task,
        experiment: &Experiment,
    ) -> Result<String, HubError> {
        if task.state != TaskState::Pending || task.waiting_for.is_some() {
            return Ok(String::new());
        }
        if let Some(why) = self.kept_reason(task)? {
            return Ok(why);
        }
        let id = task.id;
        let needs = self.read(move |tx| needs_of(tx, id))?;
        let needs = needs.unwrap_or_else(|| experiment.needs.clone());
        let why = self.obstacle_to(experiment, &needs)?;
        if why.is_empty() {
            return Ok(self.room_awaited_by(id));
        }
        Ok(why)
    }

    /// Why a task waits that only own machines are given; none of any other, nor of one that waits for credits
    /// or a budget as any other does.
    fn kept_reason(&self, task: &Task) -> Result<Option<String>, HubError> {
        if task.is_withheld {
            return Ok(None);
        }
        let id = task.id;
        let found = self.read(move |tx| {
            let Some(side) = rows::find_awaited(tx, id)? else {
                return Ok(None);
            };
            let audit = rows::find(tx, side.audit)?;
            let kept = audit.filter(|audit| is_again(audit, &side));
            Ok(kept.zip(tasks::find_needs(tx, id)?))
        })?;
        let Some((audit, needs)) = found else {
            return Ok(None);
        };
        let note = &audit.note;
        let why = format!(
            "only the hub's own machines are given it, since nobody else is believed: {note}"
        );
        if self.has_referee(&[needs])? {
            return Ok(Some(why));
        }
        Ok(Some(format!("{why}; {}", self.no_referee())))
    }

    /// That tasks of an experiment wait for an own machine that is not there; empty where they need not.
    pub(crate) fn kept_obstacle(&self, experiment: ExperimentId) -> Result<String, HubError> {
        let kept = self.read(move |tx| Ok(rows::count_kept(tx, experiment)?))?;
        let mut count = 0;
        for (needs, tasks) in kept {
            if !self.has_referee(&[needs])? {
                count += tasks;
            }
        }
        Ok(match count {
            0 => String::new(),
            1 => format!(
                "one task is given to the hub's own machines alone, and {}",
                self.no_referee()
            ),
            _ => format!(
                "{count} tasks are given to the hub's own machines alone, and {}",
                self.no_referee()
            ),
        })
    }
}
