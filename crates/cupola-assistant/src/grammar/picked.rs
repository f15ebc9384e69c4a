//! "The log of the best run of alpha", "the last failure", "the running task": which of the runs is meant.

use super::build::{Context, Refused};
use crate::{
    names::{Key, Kind, Names, Pick, Thing},
    words::Sense,
};

impl<N: Names> Context<'_, N> {
    /// The run that is meant where an experiment is named, or was, and one of its runs is spoken of.
    pub(super) fn picked(&self, mut things: Vec<Thing>) -> Result<Vec<Thing>, Refused> {
        let Some(pick) = self.pick() else {
            return Ok(things);
        };
        if things.iter().any(|thing| thing.kind() == Kind::Run) {
            return Ok(things);
        }
        let at = things.iter().position(|one| one.kind() == Kind::Experiment);
        let experiment = match at {
            Some(at) => Some(things.remove(at)),
            None if pick.is_of_all() => self.conversation.meant(&[Kind::Experiment]).cloned(),
            None => Some(self.required(Vec::new(), &[Kind::Experiment])?),
        };
        things.insert(0, picked(pick, experiment.as_ref()));
        Ok(things)
    }

    fn pick(&self) -> Option<Pick> {
        let has = |sense| self.marked.has(sense);
        let place = self.marked.senses().find_map(|(_, sense)| match sense {
            Sense::Nth(place) => Some(place),
            _ => None,
        });
        let words = self.marked.words().iter();
        let mut words = words.map(|word| word.folded.as_str());
        let is_latest = words.any(|word| ["last", "latest", "newest", "recent"].contains(&word));
        let is_of_run = has(Sense::Kind(Kind::Run)) || has(Sense::Failed);
        Some(match place {
            _ if has(Sense::Best) => Pick::Best(place.unwrap_or(1)),
            _ if has(Sense::Worst) => Pick::Worst(place.unwrap_or(1)),
            Some(1) if has(Sense::Failed) => Pick::FirstFailed,
            _ if has(Sense::Failed) => Pick::LastFailed,
            _ if has(Sense::Running) => Pick::Running,
            Some(1) if is_of_run => Pick::First,
            None if is_latest && is_of_run => Pick::Newest,
            _ => return None,
        })
    }
}

/// A run by its part in an experiment, or among all runs.
fn picked(pick: Pick, of: Option<&Thing>) -> Thing {
    let id = of.and_then(|of| match of.key {
        Key::Experiment(id) => Some(id),
        _ => None,
    });
    let of = of.map_or(String::new(), |of| format!(" of {}", of.name));
    Thing::new(Key::Picked(id, pick), format!("the {}{of}", pick.words()))
}
