//! Questions that one look at the hub answers: of what, and what is measured of it.

use super::{
    Reading, Topic,
    about::{About, LATEST},
    build::{Context, Refused, split},
    marked::Span,
};
use crate::{
    fact::Fact,
    intent::{Intent, RunsWanted},
    names::{How, Kind, Names, Thing},
    words::Sense,
};

pub(super) const OF_RUN: &[Kind] = &[Kind::Run, Kind::Experiment];

/// So many runs are told where they are put in order.
const SORTED: u32 = 5;

impl<N: Names> Context<'_, N> {
    /// What one look answers, or what is measured of something.
    pub(super) fn fact(&mut self, topic: Option<Topic>) -> Result<Option<Intent>, Refused> {
        let Some(Topic::Fact(about)) = topic else {
            return self.measured(topic);
        };
        let fact = match about {
            About::Problems => return self.problems().map(Some),
            About::Deeds => return self.deeds().map(Some),
            About::Why => return self.why_alone().map(Some),
            About::Latest => {
                let of = self.optional(&[Kind::Experiment])?;
                self.answers_without_own()?;
                Fact::Latest { of }
            }
            About::Mean => {
                let things = self.things(&[Kind::Experiment, Kind::Metric], false, false)?;
                let (of, metrics) = split(things, Kind::Metric);
                let of = self.required(of, &[Kind::Experiment])?;
                let metric = metrics.into_iter().next();
                Fact::Mean { of, metric }
            }
            About::Config => Fact::Config {
                of: self.one_of_runs()?,
            },
            About::Seeds => Fact::Seeds {
                of: self.one_of_runs()?,
            },
            About::WhyCancelled => {
                let things = self.things(OF_RUN, false, false)?;
                let of = self.required(things, OF_RUN)?;
                Fact::WhyCancelled { of }
            }
            About::When(what) => {
                let of = self.one_of_runs()?;
                Fact::Timing { of, what }
            }
            About::Elsewhere(what) => {
                let kinds = &[
                    Kind::Experiment,
                    Kind::Run,
                    Kind::Worker,
                    Kind::Person,
                    Kind::Model,
                ];
                let named = self.things(kinds, false, false).unwrap_or_default();
                let on = named.into_iter().next().or_else(|| self.spoken_of(kinds));
                self.left_out.clear();
                self.guesses.clear();
                Fact::Elsewhere { what, on }
            }
        };
        Ok(Some(Intent::Fact(fact)))
    }

    /// A run or an experiment: what is named, what its words pick, or what was spoken of.
    fn one_of_runs(&mut self) -> Result<Thing, Refused> {
        let things = self.things(OF_RUN, false, false)?;
        let has = |sense| self.marked.has(sense);
        let words = self.marked.words().iter();
        let is_latest = words
            .map(|word| word.folded.as_str())
            .any(|word| LATEST.contains(&word));
        let is_run =
            has(Sense::Kind(Kind::Run)) || has(Sense::Best) || has(Sense::Worst) || is_latest;
        let things = if is_run { self.picked(things)? } else { things };
        self.required(things, OF_RUN)
    }

    /// Of something named only what failed of it is told.
    fn problems(&mut self) -> Result<Intent, Refused> {
        let of = self.optional(&[Kind::Experiment, Kind::Run, Kind::Worker])?;
        self.answers_without_own()?;
        let within = self.marked.period.clone();
        Ok(match of {
            Some(of) if of.kind() == Kind::Worker => Intent::Describe { what: of },
            Some(of) if within.is_some() => Intent::ListRuns(RunsWanted {
                of: vec![of],
                state: Some(cupola_domain::counts::State::Failed),
                within,
                ..RunsWanted::default()
            }),
            Some(of) => Intent::WhyFailed { of },
            None => Intent::Fact(Fact::Problems { within }),
        })
    }

    fn deeds(&mut self) -> Result<Intent, Refused> {
        let within = self.marked.period.clone();
        let things = self.things(
            &[Kind::Person, Kind::Experiment, Kind::Worker],
            false,
            false,
        )?;
        let of = things.into_iter().next();
        let is_person = of.as_ref().is_none_or(|of| of.kind() == Kind::Person);
        if is_person && (of.is_some() || self.is_own()) {
            return Ok(Intent::Fact(Fact::Deeds { of, within }));
        }
        Ok(Intent::WhatChanged { of, within })
    }

    /// "Why?" about what was told last.
    fn why_alone(&mut self) -> Result<Intent, Refused> {
        use cupola_domain::counts::State;
        let chosen = self.chosen.iter().find(|(term, _)| term.is_empty());
        let listed = &self.conversation.listed;
        let of = match (chosen, self.conversation.last.as_ref()) {
            (Some((_, thing)), _) => Some(thing.clone()),
            (None, Some(Intent::ListRuns(_) | Intent::Fact(Fact::Problems { .. })))
                if listed.len() > 1 =>
            {
                return Err(super::named::which(listed[0].kind(), listed.clone()));
            }
            (None, Some(Intent::WhyFailed { of } | Intent::WhyWaiting { of })) => Some(of.clone()),
            (None, Some(_)) => self.conversation.meant(OF_RUN).cloned(),
            (None, None) => None,
        };
        let waits = matches!(
            self.conversation.last,
            Some(
                Intent::ListRuns(RunsWanted {
                    state: Some(State::Pending),
                    ..
                }) | Intent::WhyWaiting { .. }
            )
        );
        match of {
            Some(of) if waits => Ok(Intent::WhyWaiting { of }),
            Some(of) => Ok(Intent::WhyFailed { of }),
            None => Err(Box::new(Reading::NotUnderstood)),
        }
    }

    /// "The loss of task 3", "the loss of alpha": a metric that is named in full, and of what.
    fn measured(&mut self, topic: Option<Topic>) -> Result<Option<Intent>, Refused> {
        let may_be = matches!(
            topic,
            None | Some(Topic::Runs | Topic::Describe | Topic::Kind(Kind::Run | Kind::Metric))
        );
        let marked = self.marked;
        let states = [
            Sense::Failed,
            Sense::Pending,
            Sense::Completed,
            Sense::Cancelled,
            Sense::Left,
            Sense::Lost,
        ];
        let is_plain = marked.filter.is_empty()
            && marked.period.is_none()
            && !states.iter().any(|sense| marked.has(*sense));
        let spans = marked.spans();
        let is_metric = |text: &str| {
            !self
                .names
                .find(How::Folded, text, &[Kind::Metric])
                .is_empty()
        };
        if !(may_be
            && is_plain
            && spans.len() < 6
            && spans.iter().any(|span| is_metric(&span.text)))
        {
            return Ok(None);
        }
        let kinds = &[Kind::Run, Kind::Experiment, Kind::Metric];
        let things = self.things(kinds, false, false)?;
        let (of, mut metrics) = split(things, Kind::Metric);
        let of = self.picked(of)?;
        let of = match of.into_iter().next() {
            Some(of) => Some(of),
            None if marked.has(Sense::Pronoun) => self.conversation.meant(OF_RUN).cloned(),
            None => None,
        };
        let (Some(of), false) = (of, metrics.is_empty()) else {
            self.used.clear();
            self.guesses.clear();
            self.left_out.clear();
            return Ok(None);
        };
        if self.is_sorted_by(&spans) {
            let by = self.by(&metrics);
            let (rank, count) = (1, SORTED);
            let of = Some(of).filter(|of| of.kind() == Kind::Experiment);
            return Ok(Some(Intent::Best {
                of,
                by,
                rank,
                count,
            }));
        }
        let metric = metrics.remove(0);
        Ok(Some(Intent::Fact(if of.kind() == Kind::Run {
            Fact::Value { of, metric }
        } else {
            let metric = Some(metric);
            Fact::Mean { of, metric }
        })))
    }

    /// "The runs of alpha by loss": one after the other.
    fn is_sorted_by(&self, spans: &[Span]) -> bool {
        let words = self.marked.words();
        spans.iter().any(|span| {
            let before = span.words.start.checked_sub(1);
            before.is_some_and(|at| words[at].folded == "by")
        })
    }

    /// Whether it is about what belongs to whoever asks.
    pub(super) fn is_mine(&self) -> bool {
        let words = self.marked.words().iter();
        words
            .filter(|word| !word.is_quoted)
            .any(|word| ["my", "mine"].contains(&word.folded.as_str()))
    }

    /// Refuses "my" where it would be left out.
    pub(super) fn answers_without_own(&self) -> Result<(), Refused> {
        if self.is_mine() {
            return Err(Box::new(Reading::NotAnswered(vec!["my".to_owned()])));
        }
        Ok(())
    }

    /// All of a kind, or what whoever asks has of it; the newest alone where that is asked for.
    pub(super) fn list(&mut self, kind: Kind) -> Result<Intent, Refused> {
        let words = self.marked.words().iter().filter(|word| !word.is_quoted);
        let said: Vec<&str> = words.map(|word| word.folded.as_str()).collect();
        let says = |known: &[&str]| said.iter().any(|word| known.contains(word));
        let is_own = self.is_mine();
        let one = match kind {
            Kind::Experiment => &[
                "experiment",
                "brief",
                "family",
                "campaign",
                "study",
                "project",
            ][..],
            Kind::Template => &["template", "program"],
            Kind::Model => &["model"],
            _ => &[],
        };
        if says(LATEST) && says(one) && !is_own {
            let newest = self.names.recent(kind).into_iter().next();
            if let Some(what) = newest {
                return Ok(Intent::Describe { what });
            }
        }
        Ok(match kind {
            Kind::Experiment if says(&["brief", "briefs"]) => Intent::Fact(Fact::Briefs { is_own }),
            Kind::Experiment | Kind::Worker if is_own => Intent::Fact(Fact::Own { kind }),
            Kind::Worker => Intent::Workers,
            kind => {
                self.answers_without_own()?;
                Intent::List { kind }
            }
        })
    }
}
