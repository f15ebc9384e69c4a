//! From marked words and what was talked about to what is asked for.

use std::ops::Range;

use cupola_domain::{counts::State, objective::Direction};

use super::{
    Asked, Reading, Topic,
    marked::Marked,
    named::{one_of, which},
    picked::best_of,
};
use crate::{
    conversation::Conversation,
    intent::{Action, By, Intent},
    names::{Kind, Names, Thing},
    words::Sense,
};

/// So many can be asked for at once of the best.
pub(super) const COUNT_MAX: u32 = 50;

pub(super) type Refused = Box<Reading>;

/// All that a question is read with.
pub(super) struct Context<'a, N> {
    pub marked: &'a Marked<'a>,
    pub conversation: &'a Conversation,
    pub names: &'a N,
    /// What words in doubt were said to mean.
    pub chosen: &'a [(String, Thing)],
    pub guesses: Vec<(String, Thing)>,
    pub left_out: Vec<String>,
    /// The words that were taken for names.
    pub used: Vec<Range<usize>>,
}

pub(super) const ALL: &[Kind] = &Kind::ALL;
pub(super) const OF_RUNS: &[Kind] = &[Kind::Run, Kind::Experiment, Kind::Worker];
const OF_EXPERIMENTS: &[Kind] = &[Kind::Experiment, Kind::Run, Kind::Worker];

impl Topic {
    /// What it can be about, what is meant first where nothing is said coming first.
    pub(super) const fn kinds(self) -> &'static [Kind] {
        match self {
            Self::Best => &[Kind::Experiment, Kind::Metric],
            Self::Matters => &[Kind::Experiment, Kind::Parameter],
            Self::Curve => &[Kind::Run, Kind::Experiment, Kind::Metric],
            Self::Log => &[Kind::Run, Kind::Experiment],
            Self::Better | Self::Compare | Self::Report => &[Kind::Experiment, Kind::Run],
            Self::WhyFailed | Self::WhyWaiting | Self::Act(Action::Cancel | Action::Retry) => {
                OF_RUNS
            }
            Self::Act(Action::Start) => &[Kind::Experiment],
            Self::Would(_) | Self::WouldSubmit => &[],
            Self::Cost => &[Kind::Run, Kind::Experiment, Kind::Worker, Kind::Person],
            Self::Credits => &[Kind::Person, Kind::Worker, Kind::Experiment],
            Self::Checks => &[Kind::Person, Kind::Worker, Kind::Run, Kind::Experiment],
            Self::Bans => &[Kind::Person, Kind::Worker],
            Self::Changed | Self::Runs | Self::Running => OF_EXPERIMENTS,
            Self::Draft | Self::Submit | Self::Help => &[],
            Self::Status | Self::Describe | Self::Kind(_) => ALL,
            Self::Fact(_) => super::facts::OF_RUN,
        }
    }
}

impl<N: Names> Context<'_, N> {
    pub(super) fn read(mut self, topic: Option<Topic>) -> Result<Asked, Refused> {
        // "What about beta?" asks the same of something else.
        let is_same = self.marked.goes_on() && self.marked.words().len() < 5;
        let topic = topic.filter(|topic| {
            !(is_same && *topic == Topic::Describe && self.conversation.last.is_some())
        });
        if let Some(intent) = self.again()? {
            return Ok(Asked::plain(intent));
        }
        self.answers_one_thing(topic)?;
        let intent = match self.of_draft(topic)? {
            Some(intent) => intent,
            None => match (self.of_facts(topic)?, topic) {
                (Some(intent), _) => intent,
                (None, Some(topic)) => self.intent(topic)?,
                (None, None) => self.without_topic()?,
            },
        };
        self.answers_without_names()?;
        self.answers_without_limits(&intent)?;
        self.answers_without_exceptions(&intent)?;
        Ok(Asked {
            guesses: self.guesses,
            left_out: self.left_out,
            ..Asked::plain(intent)
        })
    }

    fn of_facts(&mut self, topic: Option<Topic>) -> Result<Option<Intent>, Refused> {
        // Of a change every word is looked at anyway.
        if !matches!(topic, None | Some(Topic::Help | Topic::Act(_))) {
            self.answers_without_times()?;
        }
        self.fact(topic)
    }

    /// A name alone, or what goes on from before.
    fn without_topic(&mut self) -> Result<Intent, Refused> {
        let last = self.conversation.last.as_ref();
        let has_place = self.marked.has(Sense::Next)
            || self
                .marked
                .senses()
                .any(|(_, sense)| matches!(sense, Sense::Nth(_)));
        let says_one = self.marked.words().iter().any(|word| word.folded == "one");
        let is_listed = says_one && !self.conversation.listed.is_empty();
        if has_place && !is_listed && matches!(last, Some(Intent::Best { .. })) {
            return self.intent(Topic::Best);
        }
        let period = self.marked.period.clone();
        let period = period.filter(|_| self.marked.spans().is_empty());
        if let Some(intent) = last
            .zip(period)
            .and_then(|(last, period)| last.clone().within(period))
        {
            return Ok(intent);
        }
        if let Some(what) = self.shown_it() {
            return Ok(Intent::Describe { what });
        }
        let is_question = self.marked.goes_on() && last.is_some();
        let things = self
            .things(ALL, false, false)
            .map_err(|refused| match *refused {
                // Nothing is asked and nothing is like what is named: it is no question of ours.
                Reading::Unknown { nearest, .. } if nearest.is_empty() => {
                    Box::new(Reading::NotUnderstood)
                }
                refused => Box::new(refused),
            })?;
        let Some(what) = one_of(things)? else {
            return Err(Box::new(Reading::NotUnderstood));
        };
        let again = last
            .filter(|_| is_question)
            .cloned()
            .and_then(|last| last.about(&what));
        Ok(again.unwrap_or(Intent::Describe { what }))
    }

    /// "Show it": what was told last.
    fn shown_it(&self) -> Option<Thing> {
        let is_shown = self.marked.first_sense() == Some(Sense::Show)
            && self.marked.has(Sense::Pronoun)
            && self.marked.words().len() < 4
            && self.marked.spans().is_empty();
        let last = self.conversation.last.as_ref().filter(|_| is_shown)?;
        match (last, last.subject()) {
            (Intent::Describe { what }, _) => Some(what.clone()),
            (_, Some(of)) if matches!(of.kind(), Kind::Worker | Kind::Person) => Some(of.clone()),
            _ => self
                .conversation
                .meant(&[Kind::Run, Kind::Experiment])
                .cloned(),
        }
    }

    fn intent(&mut self, topic: Topic) -> Result<Intent, Refused> {
        let kinds = topic.kinds();
        Ok(match topic {
            Topic::Help | Topic::Fact(_) => Intent::Help,
            Topic::Draft | Topic::Submit | Topic::WouldSubmit => {
                Intent::Draft(self.conversation.wish.clone().unwrap_or_default())
            }
            Topic::Best => self.best()?,
            Topic::Compare | Topic::Better => self.compared(topic)?,
            Topic::Matters => {
                let things = self.things(kinds, false, false)?;
                let (of, parameters) = split(things, Kind::Parameter);
                let of = self.required(of, &[Kind::Experiment])?;
                Intent::WhatMatters { of, parameters }
            }
            Topic::Curve => self.curve(kinds)?,
            Topic::Log => {
                let things = self.things(kinds, false, false)?;
                let things = self.picked(things)?;
                let of = self.required(things, kinds)?;
                Intent::ShowLog { of }
            }
            Topic::Report => self.report(kinds)?,
            Topic::WhyFailed => self.why(State::Failed)?,
            Topic::WhyWaiting => self.why(State::Pending)?,
            Topic::Act(action) => self.act(action)?,
            Topic::Would(action) => self.would_act(action)?,
            Topic::Cost => self.cost(kinds)?,
            Topic::Credits => Intent::Credits {
                of: self.optional(kinds)?,
                is_own: self.is_own(),
            },
            Topic::Checks => Intent::Checks {
                of: self.optional(kinds)?,
            },
            Topic::Bans => Intent::Bans {
                of: self.optional(kinds)?,
            },
            Topic::Changed => {
                let of = self.optional(kinds)?;
                let within = self.marked.period.clone();
                Intent::WhatChanged { of, within }
            }
            Topic::Running
                if self.is_mine() || self.turned().is_some() || self.says_several_states() =>
            {
                self.runs()?
            }
            Topic::Running => Intent::Running {
                of: self.optional(kinds)?,
            },
            Topic::Runs => self.runs()?,
            Topic::Status => match self.optional(kinds)? {
                Some(what) => Intent::Describe { what },
                None => self.status()?,
            },
            Topic::Describe => Intent::Describe {
                what: self.described()?,
            },
            Topic::Kind(kind) => match self.optional(kinds)? {
                Some(what) => Intent::Describe { what },
                None => self.list(kind)?,
            },
        })
    }

    fn best(&mut self) -> Result<Intent, Refused> {
        let marked = self.marked;
        let things = self.things(Topic::Best.kinds(), false, false)?;
        if things.is_empty() {
            self.answers_without_own()?;
            self.answers_without_those()?;
        }
        if let (Some(intent), true) = (self.of_all(&things), things.is_empty()) {
            return Ok(intent);
        }
        if self.is_of_machines() {
            self.answers_without(&[
                Sense::Kind(Kind::Worker),
                Sense::Kind(Kind::Person),
                Sense::Kind(Kind::Template),
                Sense::Kind(Kind::Model),
            ])?;
        }
        self.answers_without(&[Sense::Failed, Sense::Cancelled, Sense::Lost, Sense::Pending])?;
        let (of, metrics) = split(things, Kind::Metric);
        if let (Some(metric), true) = (metrics.first(), self.is_metric_of_run()) {
            let things = self.picked(of)?;
            let of = self.required(things, &[Kind::Run, Kind::Experiment])?;
            let metrics = vec![metric.clone()];
            return Ok(Intent::ShowCurve { of, metrics });
        }
        let by = self.by(&metrics);
        let of = if matches!(by, By::Objective { .. }) {
            Some(self.required(of, &[Kind::Experiment])?)
        } else {
            of.into_iter()
                .next()
                .or_else(|| self.spoken_of(&[Kind::Experiment]))
        };
        let before = match &self.conversation.last {
            Some(Intent::Best { rank, count, .. }) => rank + count,
            _ => 2,
        };
        let is_used = |at| self.used.iter().any(|used| used.contains(&at));
        let place = marked.senses().find_map(|(at, sense)| match sense {
            Sense::Nth(place) if !is_used(at) => Some(place),
            Sense::Next => Some(before),
            _ => None,
        });
        let number = marked.numbers().first().map(|(_, number)| *number);
        let is_many = marked.has(Sense::Top) || marked.has(Sense::Rank);
        let count = number.unwrap_or(if is_many { 5 } else { 1 });
        Ok(match (place, marked.has(Sense::Compare), of) {
            (None, true, Some(of)) => Intent::CompareBest {
                of,
                count: count.clamp(2, COUNT_MAX),
            },
            (place, _, of) => Intent::Best {
                of,
                by,
                rank: place.unwrap_or(1),
                count: if place.is_some() {
                    1
                } else {
                    count.clamp(1, COUNT_MAX)
                },
            },
        })
    }

    /// Whether it speaks of whoever asks.
    pub(super) fn is_own(&self) -> bool {
        let words = self.marked.words().iter();
        words
            .filter(|word| !word.is_quoted)
            .any(|word| ["my", "mine", "i"].contains(&word.folded.as_str()))
    }

    /// By what the best is the best. A follow-up keeps what was said.
    pub(super) fn by(&self, metrics: &[Thing]) -> By {
        let has = |sense| self.marked.has(sense);
        let is_highest = has(Sense::Highest) || (has(Sense::Worst) && !has(Sense::Lowest));
        let says_end = has(Sense::Highest) || has(Sense::Lowest);
        if let (Some(metric), true) = (metrics.first(), says_end) {
            let name = metric.name.clone();
            return By::Metric { name, is_highest };
        }
        if let Some(metric) = metrics.first() {
            // "The best by accuracy": which way is better, its name says.
            let name = metric.name.clone();
            let direction = Direction::of_name(&name).unwrap_or(Direction::Minimize);
            let is_highest = (direction == Direction::Maximize) != has(Sense::Worst);
            return By::Metric { name, is_highest };
        }
        match &self.conversation.last {
            _ if has(Sense::Cost) => By::Cost { is_highest },
            _ if has(Sense::Duration) => By::Duration { is_highest },
            Some(Intent::Best { by, .. })
                if !says_end
                    && ![Sense::Best, Sense::Worst, Sense::Top, Sense::Rank]
                        .into_iter()
                        .any(has) =>
            {
                by.clone()
            }
            _ => By::Objective {
                is_worst: has(Sense::Worst),
            },
        }
    }

    /// On one thing, or on experiments of which the first is held against the others.
    fn report(&mut self, kinds: &[Kind]) -> Result<Intent, Refused> {
        let mut things = self.things(kinds, false, false)?;
        // "Report on everything" is about no experiment that was talked of, "alpha with nothing" about two.
        let words = self.marked.words().iter().enumerate();
        let mut plain = words.filter(|(at, _)| self.marked.is_plain(*at));
        let all = plain.find(|(_, word)| match word.folded.as_str() {
            "nothing" => true,
            "everything" | "all" | "anything" => things.is_empty(),
            _ => false,
        });
        if let Some((_, word)) = all {
            return Err(Box::new(Reading::NotAnswered(vec![word.text.clone()])));
        }
        let is_experiment = |thing: &Thing| thing.kind() == Kind::Experiment;
        let with = if things.len() > 1 && things.iter().all(is_experiment) {
            things.split_off(1)
        } else {
            Vec::new()
        };
        let on = self.required(things, kinds)?;
        Ok(Intent::Report { on, with })
    }

    fn compared(&mut self, topic: Topic) -> Result<Intent, Refused> {
        let mut these = self.things(topic.kinds(), true, false)?;
        self.answers_without(&[Sense::Cost, Sense::Duration, Sense::Worst])?;
        let is_of_best = self.marked.has(Sense::Best) || self.marked.has(Sense::Top);
        if these.is_empty() && is_of_best && self.marked.has(Sense::Pronoun) {
            // "Compare it with the best": with what was shown.
            let best = self.picked(Vec::new())?.into_iter().next();
            if let (Some(run), Some(best)) = (self.conversation.run.clone(), best) {
                return Ok(Intent::Compare {
                    these: vec![run, best],
                });
            }
        }
        if these.len() < 2 && is_of_best && topic == Topic::Compare {
            return self.best();
        }
        if these.is_empty()
            && let Some(Intent::Compare { these: last }) = &self.conversation.last
        {
            these.clone_from(last);
        }
        if let [only] = these.as_slice() {
            let other = self
                .conversation
                .meant(&[only.kind()])
                .filter(|other| *other != only)
                .cloned();
            // "Is beta better?" asks about beta; "compare with beta" begins with what was spoken of.
            let is_first = topic == Topic::Better && self.stands_before(Sense::Better);
            if let Some(other) = other {
                these.insert(usize::from(is_first), other);
            }
        }
        if is_of_best && these.iter().all(|one| one.kind() == Kind::Experiment) {
            // "Compare the best runs of alpha and beta".
            these = these.iter().map(best_of).collect();
        }
        match these.as_slice() {
            [a, b] if topic == Topic::Better && !self.asks_which() => Ok(Intent::IsBetter {
                a: a.clone(),
                b: b.clone(),
            }),
            [_, _, ..] => Ok(Intent::Compare { these }),
            few => {
                let kind = few.first().map_or(Kind::Experiment, Thing::kind);
                let mut choices = self.names.recent(kind);
                choices.retain(|choice| !few.contains(choice));
                Err(which(kind, choices).into())
            }
        }
    }

    /// Which of several, not whether.
    pub(super) fn asks_which(&self) -> bool {
        let first = self.marked.words().first();
        first.is_some_and(|word| {
            ["which", "what", "who", "how", "by"].contains(&word.folded.as_str())
        })
    }

    /// "Which worker is the slowest?"
    fn is_of_machines(&self) -> bool {
        let words = self.marked.words();
        let at = usize::from(words.first().is_some_and(|word| word.folded == "and"));
        words.get(at).is_some_and(|word| {
            ["which", "what", "whose", "who", "the"].contains(&word.folded.as_str())
        })
    }

    /// "The accuracy of the best run", where "the best by accuracy" asks for another run.
    fn is_metric_of_run(&self) -> bool {
        let best = [Sense::Best, Sense::Worst];
        let best = best
            .into_iter()
            .find_map(|sense| self.marked.place_of(sense));
        let first = self.marked.spans().first().map(|span| span.words.start);
        let has_run = self.marked.has(Sense::Kind(Kind::Run));
        has_run && first.zip(best).is_some_and(|(metric, best)| metric < best)
    }

    fn stands_before(&self, sense: Sense) -> bool {
        let place = self.marked.place_of(sense);
        let first = self.marked.spans().first().map(|span| span.words.start);
        first < place
    }
}

/// Those of one kind apart from the others.
pub(super) fn split(things: Vec<Thing>, kind: Kind) -> (Vec<Thing>, Vec<Thing>) {
    things.into_iter().partition(|thing| thing.kind() != kind)
}
