//! Which runs are wanted: in which state, of what, and how many of the newest.

use cupola_domain::counts::State;

use super::{
    Reading, Topic,
    about::LATEST,
    build::{Context, Refused},
    filters,
    negation::Turned,
};
use crate::{
    intent::{Dated, Intent, Opposite, RunsWanted},
    names::{Key, Kind, Names, Thing},
    words::Sense,
};

/// Words that ask whether something is so.
const WHETHER: &[&str] = &["is", "are", "has", "have", "did", "was", "were"];

impl<N: Names> Context<'_, N> {
    pub(super) fn runs(&mut self) -> Result<Intent, Refused> {
        let marked = self.marked;
        let things = self.things(Topic::Runs.kinds(), false, marked.filter.is_empty())?;
        let is_of_run = things.iter().all(|thing| thing.kind() == Kind::Experiment);
        let things = if is_of_run && self.is_latest_run() {
            self.picked(things)?
        } else {
            things
        };
        let first = marked.words().first();
        let asks_whether = first.is_some_and(|word| WHETHER.contains(&word.folded.as_str()));
        if let ([what], true) = (
            things.as_slice(),
            asks_whether && self.says_several_states(),
        ) {
            // "Is alpha running or done?"
            return Ok(Intent::Describe { what: what.clone() });
        }
        let of_states = self.of_states()?;
        let state = of_states.state;
        let is_plain = state.is_none()
            && of_states.opposite.is_none()
            && !of_states.is_lost
            && !of_states.is_left
            && marked.filter.is_empty()
            && marked.period.is_none();
        if let [what] = things.as_slice()
            && what.kind() == Kind::Run
            && (is_plain || matches!(what.key, Key::Picked(..)))
        {
            return Ok(Intent::Describe { what: what.clone() });
        }
        if let ([what], true) = (things.as_slice(), self.asks_whether_done(&of_states)) {
            return Ok(Intent::Describe { what: what.clone() });
        }
        if let Some(before) = self.runs_before(&things) {
            return self.narrowed(before, of_states);
        }
        let of = if things.is_empty() {
            self.spoken_of(Topic::Runs.kinds()).into_iter().collect()
        } else {
            things
        };
        Ok(Intent::ListRuns(RunsWanted {
            of,
            dated: self.dated(&of_states),
            is_own: self.is_mine() || self.says_did_i(),
            newest: self.newest(),
            within: marked.period.clone(),
            filter: filters::typed(&marked.filter, self.names),
            ..of_states
        }))
    }

    /// "What ran today?": what was started then.
    fn dated(&self, of_states: &RunsWanted) -> Dated {
        let is_started = of_states.state.is_none()
            && of_states.opposite.is_none()
            && self.marked.has(Sense::Ran)
            && self.marked.period.is_some();
        if is_started {
            Dated::Started
        } else {
            Dated::ByState
        }
    }

    /// "How many of them failed?": the runs that were counted before, where nothing else is named.
    fn runs_before(&self, things: &[Thing]) -> Option<RunsWanted> {
        let is_of_them = things.is_empty() && self.says(&["them", "those", "these"]);
        match &self.conversation.last {
            Some(Intent::ListRuns(before)) if is_of_them => Some(before.clone()),
            _ => None,
        }
    }

    /// Those of before for which what is said now holds too.
    fn narrowed(&self, before: RunsWanted, now: RunsWanted) -> Result<Intent, Refused> {
        let marked = self.marked;
        let has_state = |one: &RunsWanted| {
            one.state.is_some() || one.opposite.is_some() || one.is_lost || one.is_left
        };
        let is_twice = has_state(&before) && has_state(&now)
            || before.within.is_some() && marked.period.is_some()
            || before.newest.is_some()
            || self.newest().is_some();
        if is_twice {
            // Both would have to hold, and only one can be asked for.
            return Err(Box::new(Reading::NotAnswered(vec!["them".to_owned()])));
        }
        let dated = if before.within.is_some() {
            before.dated
        } else {
            self.dated(&now)
        };
        let filters = [&before.filter, &filters::typed(&marked.filter, self.names)];
        let filters: Vec<&str> = filters
            .into_iter()
            .filter(|one| !one.is_empty())
            .map(String::as_str)
            .collect();
        let filter = match filters.as_slice() {
            [] => String::new(),
            [one] => (*one).to_owned(),
            several => format!("({})", several.join(") and (")),
        };
        Ok(Intent::ListRuns(RunsWanted {
            of: before.of,
            state: before.state.or(now.state),
            opposite: before.opposite.or(now.opposite),
            is_lost: before.is_lost || now.is_lost,
            is_left: before.is_left || now.is_left,
            is_own: before.is_own || self.is_mine() || self.says_did_i(),
            dated,
            newest: None,
            within: before.within.or_else(|| marked.period.clone()),
            filter,
        }))
    }

    /// In which state, or in which not.
    fn of_states(&mut self) -> Result<RunsWanted, Refused> {
        let marked = self.marked;
        let said = self.states_said();
        let is_lost = marked.has(Sense::Lost);
        let said = match said.as_slice() {
            [] => None,
            [(_, one)] if !is_lost || *one == State::Failed => Some(*one),
            [(_, State::Pending), (_, State::Running)]
            | [(_, State::Running), (_, State::Pending)]
                if !is_lost && self.turned().is_none() =>
            {
                return Ok(RunsWanted {
                    is_left: true,
                    ..RunsWanted::default()
                });
            }
            // "Failed or cancelled": one of both would be left out.
            several => {
                let words = several
                    .iter()
                    .map(|(at, _)| marked.words()[*at].text.clone());
                return Err(Box::new(Reading::NotAnswered(words.collect())));
            }
        };
        let Some((turned, words)) = self.turned() else {
            if said.is_some() {
                // "Failed runs that are not done": one of both would be left out.
                self.answers_without(&[Sense::Left])?;
            }
            // "Did all runs succeed?": what counts are those that did not.
            let is_of_all = said.is_some() && !is_lost && self.asks_whether_all();
            return Ok(RunsWanted {
                state: said,
                opposite: is_of_all.then_some(Opposite::Others),
                is_lost,
                is_left: marked.has(Sense::Left),
                ..RunsWanted::default()
            });
        };
        self.used.push(words);
        if let (Turned::Left, Some(period)) = (turned, &marked.period) {
            // "Did not finish yesterday": what was not done then, nobody knows now.
            return Err(Box::new(Reading::NotAnswered(vec![period.words.clone()])));
        }
        let (state, opposite) = match turned {
            Turned::Not(state) => (Some(state), Some(Opposite::Others)),
            Turned::Left => (None, None),
            Turned::Unstarted => (None, Some(Opposite::Unstarted)),
        };
        Ok(RunsWanted {
            state,
            opposite,
            is_lost,
            is_left: turned == Turned::Left,
            ..RunsWanted::default()
        })
    }

    /// The states that are said, each where it stands first.
    pub(super) fn states_said(&self) -> Vec<(usize, State)> {
        let mut said: Vec<(usize, State)> = Vec::new();
        for (at, sense) in self.marked.senses() {
            let state = match sense {
                Sense::Failed => State::Failed,
                Sense::Pending => State::Pending,
                Sense::Completed => State::Completed,
                Sense::Cancelled => State::Cancelled,
                Sense::Running => State::Running,
                _ => continue,
            };
            if said.iter().all(|(_, known)| *known != state) {
                said.push((at, state));
            }
        }
        said
    }

    /// Whether several states are asked for: "pending or running".
    pub(super) fn says_several_states(&self) -> bool {
        self.states_said().len() > 1
    }

    /// "Which runs did I start?": mine.
    fn says_did_i(&self) -> bool {
        let words = self.marked.words().iter().filter(|word| !word.is_quoted);
        let said: Vec<&str> = words.map(|word| word.folded.as_str()).collect();
        said.windows(2).any(|pair| {
            (["did", "have"].contains(&pair[0]) && pair[1] == "i")
                || (pair[0] == "i" && ["started", "ran", "made", "launched"].contains(&pair[1]))
        })
    }

    /// "Did all runs …", "has everything …", "are all of them …"; "at all" and "are all failed runs …" ask for
    /// something else.
    fn asks_whether_all(&self) -> bool {
        let words = self.marked.words();
        let said = |at: usize| words.get(at).map_or("", |word| word.folded.as_str());
        let is_of_them = |at: usize| {
            let skips = ["of", "the", "my", "its", "your", "our"];
            let at = (at..words.len()).find(|at| !skips.contains(&said(*at)));
            at.is_some_and(|at| {
                self.marked.says_at(at, Sense::Kind(Kind::Run))
                    || self.marked.says_at(at, Sense::Pronoun)
            })
        };
        WHETHER.contains(&said(0))
            && match said(1) {
                "everything" => true,
                "all" | "every" => is_of_them(2),
                _ => false,
            }
    }

    /// "Is alpha done?": how it stands, rather than a list.
    fn asks_whether_done(&self, wanted: &RunsWanted) -> bool {
        let first = self.marked.words().first();
        let first = first.map_or("", |word| word.folded.as_str());
        WHETHER.contains(&first)
            && wanted.state == Some(State::Completed)
            && !wanted.is_not()
            && self.marked.period.is_none()
            && self.marked.filter.is_empty()
            && !self.marked.has(Sense::Kind(Kind::Run))
    }

    /// "The last 5 runs": how many of the newest.
    fn newest(&self) -> Option<u32> {
        let words = self.marked.words();
        let is_latest = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| words.get(before));
            before.is_some_and(|word| LATEST.contains(&word.folded.as_str()))
        };
        let is_bound = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| words.get(before));
            before.is_some_and(|word| ["than", "least", "most"].contains(&word.folded.as_str()))
        };
        let is_of_runs = |at: usize| {
            let states = [
                Sense::Failed,
                Sense::Completed,
                Sense::Cancelled,
                Sense::Pending,
            ];
            let run = Sense::Kind(Kind::Run);
            let is_state = states
                .iter()
                .any(|sense| self.marked.says_at(at + 1, *sense));
            self.marked.says_at(at + 1, run) || (is_state && self.marked.says_at(at + 2, run))
        };
        let mut numbers = self.marked.numbers().into_iter();
        let (_, count) =
            numbers.find(|(at, _)| is_latest(*at) || (is_of_runs(*at) && !is_bound(*at)))?;
        (count > 0).then_some(count)
    }

    /// "The last run", "the newest failed run": one, where "the last runs" are several.
    fn is_latest_run(&self) -> bool {
        let words = self.marked.words().iter().enumerate();
        let is_one = |at: usize, said: &str| {
            self.marked.says_at(at, Sense::Kind(Kind::Run)) && !said.ends_with('s')
        };
        let (mut latest, mut one) = (false, false);
        for (at, word) in words.filter(|(_, word)| !word.is_quoted) {
            let said = word.folded.as_str();
            latest |= LATEST.contains(&said) && !self.marked.is_taken(at);
            one |= is_one(at, said);
        }
        let is_first = self.marked.has(Sense::Nth(1));
        let latest = latest || is_first;
        let others = [
            Sense::Completed,
            Sense::Cancelled,
            Sense::Pending,
            Sense::Left,
            Sense::Lost,
        ];
        let is_other = others.iter().any(|sense| self.marked.has(*sense));
        latest && one && !is_other && self.marked.period.is_none() && self.marked.filter.is_empty()
    }
}
