//! "The log of the best run of alpha", "the last failure", "the running task": which of the runs is meant.

use cupola_domain::counts::State;

use super::{
    Reading,
    build::{Context, OF_RUNS, Refused, split},
    named::one_of,
};
use crate::{
    intent::{Intent, RunsWanted, Spent},
    names::{How, Key, Kind, Names, Pick, Thing},
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
            None if pick.is_of_all() => {
                self.answers_without_own()?;
                self.conversation.meant(&[Kind::Experiment]).cloned()
            }
            None => Some(self.required(Vec::new(), &[Kind::Experiment])?),
        };
        things.insert(0, picked(pick, experiment.as_ref()));
        Ok(things)
    }

    /// What was spent, of what and when.
    pub(super) fn cost(&mut self, kinds: &[Kind]) -> Result<Intent, Refused> {
        let of = self.cost_of(kinds)?;
        self.answers_without_numbers()?;
        Ok(Intent::Cost {
            is_own: of.is_none() && self.is_own(),
            of,
            within: self.marked.period.clone(),
            what: self.spent(),
        })
    }

    /// Points of a run, and of which metrics.
    pub(super) fn curve(&mut self, kinds: &[Kind]) -> Result<Intent, Refused> {
        let things = self.things(kinds, false, false)?;
        let things = self.picked(things)?;
        let (of, metrics) = split(things, Kind::Metric);
        if let (true, Some(term)) = (metrics.is_empty(), self.left_out.first()) {
            // "Plot the loss": another curve would be another answer.
            let kinds = vec![Kind::Metric];
            let nearest = self.names.find(How::Far, term, &kinds);
            let term = term.clone();
            return Err(Box::new(Reading::Unknown {
                term,
                kinds,
                nearest,
            }));
        }
        let of = self.required(of, &kinds[..2])?;
        Ok(Intent::ShowCurve { of, metrics })
    }

    /// What has no result, and why: what is named, or all of it where only runs are spoken of.
    pub(super) fn why(&mut self, state: State) -> Result<Intent, Refused> {
        let kinds = OF_RUNS;
        let things = self.things(kinds, false, false)?;
        let wanted = RunsWanted {
            state: Some(state),
            within: self.marked.period.clone(),
            ..RunsWanted::default()
        };
        let is_chosen = !things.is_empty() || !self.chosen.is_empty();
        if !is_chosen && !self.marked.has(Sense::Pronoun) && self.speaks_of_several() {
            return Ok(Intent::ListRuns(wanted));
        }
        let words = self.marked.words().iter();
        let mut words = words.map(|word| word.folded.as_str());
        let is_one = words.any(|word| ["first", "last", "latest", "newest"].contains(&word));
        if state == State::Pending {
            let of = self.required(things, kinds)?;
            return Ok(Intent::WhyWaiting { of });
        }
        let things = if is_one { self.picked(things)? } else { things };
        let of = self.required(things, kinds)?;
        Ok(Intent::WhyFailed { of })
    }

    /// "Runs", "anything", "there": no single one is meant.
    fn speaks_of_several(&self) -> bool {
        let words = self.marked.words().iter().enumerate();
        let mut words = words.filter(|(_, word)| !word.is_quoted);
        words.any(|(at, word)| {
            let said = word.folded.as_str();
            let is_run = self.marked.says_at(at, Sense::Kind(Kind::Run)) && said.ends_with('s');
            is_run || ["there", "anything", "something", "things", "nothing"].contains(&said)
        })
    }

    /// Of what the costs are. "The best run" is one; other words that choose runs are not taken.
    fn cost_of(&mut self, kinds: &[Kind]) -> Result<Option<Thing>, Refused> {
        let has_run = self.marked.has(Sense::Kind(Kind::Run));
        let things = self.things(kinds, false, !has_run)?;
        let is_one = has_run && !self.speaks_of_several();
        let things = if is_one { self.picked(things)? } else { things };
        let of = one_of(things)?.or_else(|| self.spoken_of(kinds));
        let is_picked = matches!(
            of,
            Some(Thing {
                key: Key::Picked(..),
                ..
            })
        );
        if !is_picked {
            self.answers_without(&[
                Sense::Failed,
                Sense::Completed,
                Sense::Pending,
                Sense::Cancelled,
                Sense::Lost,
                Sense::Left,
                Sense::Best,
                Sense::Worst,
                Sense::Mean,
            ])?;
        }
        Ok(of)
    }

    pub(super) fn spent(&self) -> Spent {
        let words = self.marked.words().iter();
        let mut found = words.filter_map(|word| match word.folded.as_str() {
            "energy" | "electricity" | "kwh" => Some(Spent::Energy),
            "co2" | "carbon" | "emissions" => Some(Spent::Carbon),
            _ => None,
        });
        found.next().unwrap_or(Spent::Money)
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

/// The best run of an experiment.
pub(super) fn best_of(experiment: &Thing) -> Thing {
    picked(Pick::Best(1), Some(experiment))
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
