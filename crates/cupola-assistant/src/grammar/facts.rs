//! Questions that one look at the hub answers: of what, and what is measured of it.

use cupola_domain::counts::State;

use super::{
    Reading, Topic,
    about::{About, LATEST},
    build::{COUNT_MAX, Context, Refused},
    marked::Span,
};
use crate::{
    fact::{Averaged, Deed, Fact},
    intent::{Intent, RunsWanted, Spent},
    names::{How, Kind, Names, Thing},
    words::Sense,
};

pub(super) const OF_RUN: &[Kind] = &[Kind::Run, Kind::Experiment];

/// A question with more names than this asks for more than a value.
const MEASURED_SPANS_MAX: usize = 5;

/// So many runs are told where they are put in order.
const SORTED: u32 = 5;

impl<N: Names> Context<'_, N> {
    /// What one look answers, or what is measured of something.
    pub(super) fn fact(&mut self, topic: Option<Topic>) -> Result<Option<Intent>, Refused> {
        let Some(Topic::Fact(about)) = topic else {
            if let Some(intent) = self.experiments_in(topic)? {
                return Ok(Some(intent));
            }
            if let Some(intent) = self.workers_in(topic)? {
                return Ok(Some(intent));
            }
            return match self.spenders(topic)? {
                None => self.measured(topic),
                found => Ok(found),
            };
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
            About::Mean => self.mean()?,
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
            About::When(what) => self.timed(what)?,
            About::Maker => {
                let kinds = &[Kind::Experiment, Kind::Run, Kind::Worker];
                let things = self.things(kinds, false, false)?;
                let of = self.required(things, kinds)?;
                Fact::Maker { of }
            }
            About::Alerts => Fact::Alerts,
            About::Nothing => Fact::Nothing,
            About::Elsewhere(what) => return Ok(Some(Intent::Fact(self.elsewhere(what)))),
        };
        self.answers_without_places()?;
        Ok(Some(Intent::Fact(fact)))
    }

    /// What a page or a command does, to what is named, if anything is.
    fn elsewhere(&mut self, what: Deed) -> Fact {
        let kinds = &[
            Kind::Experiment,
            Kind::Run,
            Kind::Worker,
            Kind::Person,
            Kind::Model,
            Kind::Template,
        ];
        let named = self.things(kinds, false, false);
        let is_sure = self.guesses.is_empty()
            && self.left_out.iter().all(|word| !self.is_name(word))
            && !self.says_exception();
        // A command with the name of something else would do harm.
        let on = match named.as_deref() {
            Ok([only]) if is_sure => Some(only.clone()),
            Ok([]) if is_sure => self.spoken_of(kinds),
            _ => None,
        };
        self.left_out.clear();
        self.guesses.clear();
        Fact::Elsewhere { what, on }
    }

    /// "Which experiment cost the most", "who spent the least".
    fn spenders(&mut self, topic: Option<Topic>) -> Result<Option<Intent>, Refused> {
        let has = |sense| self.marked.has(sense);
        let says = |known: &str| self.marked.words().iter().any(|word| word.folded == known);
        let is_people = has(Sense::Kind(Kind::Person)) || says("who");
        let is_most = has(Sense::Highest) || says("most");
        let is_least = has(Sense::Lowest) || says("least");
        let is_asked = matches!(topic, Some(Topic::Cost | Topic::Best)) && has(Sense::Cost);
        // "Cost by person": each of them.
        let is_apart = says("by") || says("per");
        let is_of = is_people || has(Sense::Kind(Kind::Experiment));
        let is_alone =
            self.marked.spans().is_empty() && !has(Sense::Kind(Kind::Run)) && !has(Sense::Pronoun);
        if !(is_asked
            && is_of
            && (is_most || is_least || is_apart)
            && is_alone
            && self.spent() == Spent::Money)
        {
            return Ok(None);
        }
        let is_today = match &self.marked.period {
            None => false,
            Some(period) if period.words == "today" => true,
            Some(period) => return Err(Box::new(Reading::NotAnswered(vec![period.words.clone()]))),
        };
        Ok(Some(Intent::Fact(Fact::Spenders {
            is_people,
            is_highest: !is_least,
            is_today,
        })))
    }

    /// A run or an experiment: what is named, what its words pick, or what was spoken of.
    pub(super) fn one_of_runs(&mut self) -> Result<Thing, Refused> {
        let things = self.things(OF_RUN, false, false)?;
        let has = |sense| self.marked.has(sense);
        let words = self.marked.words().iter();
        let said = words.clone().map(|word| word.folded.as_str());
        let all: Vec<_> = said
            .filter(|word| ["everything", "everyone", "all", "anything"].contains(word))
            .collect();
        if let (Some(all), true) = (all.first(), things.is_empty()) {
            return Err(Box::new(Reading::NotAnswered(vec![(*all).to_owned()])));
        }
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
                state: Some(State::Failed),
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
        let chosen = self.chosen.iter().find(|(term, _)| term.is_empty());
        let listed = &self.conversation.listed;
        let of = match (chosen, self.conversation.last.as_ref()) {
            (Some((_, thing)), _) => Some(thing.clone()),
            (None, Some(Intent::ListRuns(_) | Intent::Fact(Fact::Problems { .. })))
                if listed.len() > 1 =>
            {
                return Err(super::named::which(listed[0].kind(), listed.clone()).into());
            }
            (None, Some(Intent::WhyFailed { of } | Intent::WhyWaiting { of })) => Some(of.clone()),
            (
                None,
                Some(
                    Intent::ListRuns(_)
                    | Intent::Describe { .. }
                    | Intent::ShowLog { .. }
                    | Intent::Fact(Fact::Timing { .. } | Fact::Problems { .. }),
                ),
            ) => self.conversation.meant(OF_RUN).cloned(),
            (None, _) => None,
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

    /// "The loss of task 3", "the loss of alpha", "the lr of the best run": a metric or a parameter that is
    /// named in full, and of what.
    fn measured(&mut self, topic: Option<Topic>) -> Result<Option<Intent>, Refused> {
        let marked = self.marked;
        let spans = marked.spans();
        let is_one_of = |kinds: &[Kind]| {
            let mut texts = spans.iter().map(|span| span.text.as_str());
            texts.any(|text| !self.names.find(How::Folded, text, kinds).is_empty())
        };
        if !self.may_be_measured(topic) || spans.len() > MEASURED_SPANS_MAX {
            return Ok(None);
        }
        let is_of_best = topic == Some(Topic::Best);
        let attributes: &[Kind] = if is_of_best {
            &[Kind::Parameter]
        } else {
            &[Kind::Metric, Kind::Parameter]
        };
        if !is_one_of(attributes) {
            return Ok(None);
        }
        let kinds = &[Kind::Run, Kind::Experiment, Kind::Metric, Kind::Parameter];
        let things = self.things(kinds, false, false)?;
        let is_attribute = |thing: &Thing| matches!(thing.kind(), Kind::Metric | Kind::Parameter);
        let (attributes, of): (Vec<_>, Vec<_>) = things.into_iter().partition(is_attribute);
        let of = self.picked(of)?.into_iter().next();
        let of = of.or_else(|| {
            let it = marked.has(Sense::Pronoun);
            self.conversation.meant(OF_RUN).filter(|_| it).cloned()
        });
        let (Some(of), [attribute]) = (of, attributes.as_slice()) else {
            self.used.clear();
            self.guesses.clear();
            self.left_out.clear();
            return Ok(None);
        };
        let is_metric = attribute.kind() == Kind::Metric;
        if is_metric && self.is_sorted_by(&spans) {
            let by = self.by(&attributes);
            let (rank, count) = (1, SORTED);
            let of = Some(of).filter(|of| of.kind() == Kind::Experiment);
            return Ok(Some(Intent::Best {
                of,
                by,
                rank,
                count,
            }));
        }
        let metric = attribute.clone();
        Ok(Some(Intent::Fact(
            if is_metric && of.kind() == Kind::Experiment {
                let metric = Some(metric);
                let what = Averaged::Values;
                Fact::Mean { of, metric, what }
            } else {
                Fact::Value { of, metric }
            },
        )))
    }

    /// Whether nothing else is asked than what somebody reads off a run.
    fn may_be_measured(&self, topic: Option<Topic>) -> bool {
        let has = |sense| self.marked.has(sense);
        let may_be = match topic {
            None | Some(Topic::Runs | Topic::Describe) => true,
            Some(Topic::Kind(kind)) => {
                matches!(kind, Kind::Run | Kind::Metric | Kind::Parameter)
            }
            Some(Topic::Best) => {
                let many = [Sense::Top, Sense::Highest, Sense::Lowest, Sense::Cost];
                !many.iter().any(|sense| has(*sense))
            }
            _ => false,
        };
        let states = [
            Sense::Failed,
            Sense::Pending,
            Sense::Completed,
            Sense::Cancelled,
            Sense::Left,
            Sense::Lost,
        ];
        let is_plain = self.marked.filter.is_empty() && self.marked.period.is_none();
        may_be && is_plain && !states.iter().any(|sense| has(*sense))
    }

    /// "The runs of alpha by loss": one after the other.
    fn is_sorted_by(&self, spans: &[Span]) -> bool {
        let words = self.marked.words();
        spans.iter().any(|span| {
            let before = span.words.start.checked_sub(1);
            before.is_some_and(|at| words[at].folded == "by")
        })
    }

    /// The best of everything, or the quickest of the workers, where nothing is named.
    pub(super) fn of_all(&self, things: &[Thing]) -> Option<Intent> {
        let has = |sense| self.marked.has(sense);
        let last = self.conversation.last.as_ref().and_then(Intent::subject);
        let is_worker = last.is_some_and(|last| last.kind() == Kind::Worker);
        let of_worker = has(Sense::Kind(Kind::Worker)) || (is_worker && has(Sense::Pronoun));
        if of_worker && has(Sense::Duration) && !has(Sense::Kind(Kind::Run)) {
            let is_slowest = has(Sense::Highest);
            return Some(Intent::Fact(Fact::Speed { is_slowest }));
        }
        let words = self.marked.words().iter().filter(|word| !word.is_quoted);
        let said: Vec<&str> = words.map(|word| word.folded.as_str()).collect();
        let says = |known: &[&str]| said.iter().any(|word| known.contains(word));
        let of_all = [
            "ever",
            "overall",
            "everything",
            "across",
            "anywhere",
            "experiments",
            "families",
            "briefs",
            "campaigns",
        ];
        let asks_which = self.asks_which() && has(Sense::Kind(Kind::Experiment));
        let best_one = said
            .windows(2)
            .any(|pair| pair[0] == "best" && ["experiment", "family", "brief"].contains(&pair[1]));
        let all = said.windows(2).any(|pair| pair == ["of", "all"]);
        let is_alone = has(Sense::Rank) && self.spoken_of(&[Kind::Experiment]).is_none();
        let is_plain = !(has(Sense::Worst)
            || has(Sense::Lowest)
            || has(Sense::Highest)
            || has(Sense::Cost)
            || has(Sense::Pronoun));
        let is_of_all = says(&of_all) || all || asks_which || best_one || is_alone;
        let number = self.marked.numbers().first().map(|(_, number)| *number);
        let is_many = has(Sense::Top) || has(Sense::Rank);
        let count = number
            .unwrap_or(if is_many { 5 } else { 1 })
            .clamp(1, COUNT_MAX);
        (is_of_all && is_plain && !self.is_mine() && things.is_empty())
            .then_some(Intent::Fact(Fact::BestOfAll { count }))
    }
}
