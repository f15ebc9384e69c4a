//! When things were, how long they took, and what they come to on average.

use super::{
    Reading,
    about::{UNITS, per_run},
    build::{Context, Refused, split},
};
use crate::{
    fact::{Averaged, Fact, Timing},
    intent::Spent,
    names::{How, Kind, Names},
    words::Sense,
};

impl<N: Names> Context<'_, N> {
    /// "What is the average loss of alpha?"
    pub(super) fn mean(&mut self) -> Result<Fact, Refused> {
        let things = self.things(&[Kind::Experiment, Kind::Metric], false, false)?;
        self.answers_without(&[
            Sense::Best,
            Sense::Worst,
            Sense::Top,
            Sense::Failed,
            Sense::Cancelled,
            Sense::Running,
        ])?;
        if let Some(at) = per_run(self.marked) {
            self.used.push(at..at + 1);
        }
        let (of, metrics) = split(things, Kind::Metric);
        let of = self.required(of, &[Kind::Experiment])?;
        if let [_, second, ..] = metrics.as_slice() {
            return Err(Box::new(Reading::NotAnswered(vec![second.name.clone()])));
        }
        let metric = metrics.into_iter().next();
        let what = self.averaged()?;
        // The mean of the objective is no answer to the mean of something that nobody knows.
        if let (Averaged::Values, None, Some(term)) = (what, &metric, self.left_out.first()) {
            return Err(Box::new(Reading::Unknown {
                nearest: self.names.find(How::Far, term, &[Kind::Metric]),
                term: term.clone(),
                kinds: vec![Kind::Metric],
            }));
        }
        Ok(Fact::Mean { of, metric, what })
    }

    /// "When did alpha start?", "how long do runs of alpha take?"
    pub(super) fn timed(&mut self, what: Timing) -> Result<Fact, Refused> {
        let of = self.one_of_runs()?;
        // "How many hours did alpha take?" is told in whatever unit fits.
        self.left_out.retain(|word| !UNITS.contains(&word.as_str()));
        self.answers_without(&[Sense::Log, Sense::Curve, Sense::Pending, Sense::Top])?;
        if what == Timing::Ended && of.kind() == Kind::Experiment {
            self.answers_without(&[Sense::Failed])?;
        }
        self.answers_without_numbers()?;
        let is_of_runs =
            self.marked.has(Sense::Kind(Kind::Run)) || self.marked.has(Sense::Duration);
        if what == Timing::Took && of.kind() == Kind::Experiment && is_of_runs {
            let what = Averaged::Duration;
            let metric = None;
            return Ok(Fact::Mean { of, metric, what });
        }
        Ok(Fact::Timing { of, what })
    }

    /// Of what a mean is asked for.
    fn averaged(&self) -> Result<Averaged, Refused> {
        let has = |sense| self.marked.has(sense);
        if has(Sense::Cost) && self.spent() != Spent::Money {
            return Err(Box::new(Reading::NotAnswered(vec!["average".to_owned()])));
        }
        Ok(match () {
            () if has(Sense::Cost) => Averaged::Cost,
            () if has(Sense::Duration) => Averaged::Duration,
            () => Averaged::Values,
        })
    }
}
