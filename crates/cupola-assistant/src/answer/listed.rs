//! Runs that are asked for: how many, and which.

use cupola_domain::{counts::State, experiment::Experiment, ids::ExperimentId, text::excerpt};
use cupola_hub::HubError;

use super::{
    Answer, Desk, quoted,
    times::moment,
    work::{COUNTED_MAX, tried_again},
};
use crate::{
    facts::{self, Failures},
    intent::{Dated, RunsWanted},
    links,
    names::{Key, Thing},
    numbers::{amount, plural},
    period::Period,
};

/// Experiments of one person whose runs are looked for: the newest.
const OWN_MAX: usize = 200;

impl Desk<'_> {
    pub(super) fn runs(&self, wanted: &RunsWanted) -> Result<Answer, HubError> {
        let mut experiments = Vec::new();
        let mut conditions = Vec::new();
        let mut source = links::RUNS.to_owned();
        let mut all_own = 0;
        for thing in &wanted.of {
            let (ids, also, page) = self.scope(Some(thing))?;
            experiments.extend(ids);
            conditions.extend(also.strip_prefix(" and ").map(str::to_owned));
            source = page;
        }
        if wanted.is_own {
            let own = self.own_experiments()?.into_iter().map(|one| one.id);
            experiments = own
                .filter(|id| experiments.is_empty() || experiments.contains(id))
                .collect();
            all_own = experiments.len();
            experiments.truncate(OWN_MAX);
            if experiments.is_empty() {
                let text = "No experiment of yours is meant, and so no run of yours.";
                return Ok(Answer::saying(text)
                    .count("runs", 0, &source)
                    .link("runs", source));
            }
        }
        conditions.extend(states_of(wanted));
        conditions.extend(
            wanted
                .within
                .iter()
                .flat_map(|period| within(wanted, period)),
        );
        if !wanted.filter.is_empty() {
            conditions.push(format!("({})", wanted.filter));
        }
        let limit = wanted.newest.unwrap_or(COUNTED_MAX).clamp(1, COUNTED_MAX);
        let found = self.found(wanted, &conditions, &experiments, limit)?;
        let count = match wanted.newest {
            Some(_) => found.runs.len() as u64,
            None => found.count,
        };
        let text = counted(wanted, count, wanted.newest.is_some() || found.is_all);
        let mut answer = Answer::saying(text).count("runs", count, &source);
        if found.lost > 0 {
            answer = answer.more(tried_again(found.lost)).count(
                "attempts lost and tried again",
                found.lost,
                &source,
            );
        }
        if all_own > OWN_MAX {
            answer = answer.more(format!(
                "Looked at are your newest {OWN_MAX} experiments of {all_own}."
            ));
        }
        answer = self.with_share(answer, wanted)?;
        if wanted.is_not() && wanted.within.is_some() {
            answer = answer.more("Counted are the runs that were made in that time.");
        }
        if wanted.state == Some(State::Pending) && !wanted.is_not() {
            answer = self.obstacles(answer, &found.runs)?;
        }
        Ok(self.listed(answer, &found.runs).link("runs", source))
    }

    fn found(
        &self,
        wanted: &RunsWanted,
        conditions: &[String],
        experiments: &[ExperimentId],
        limit: u32,
    ) -> Result<Failures, HubError> {
        if is_of_failures(wanted) {
            return facts::failures(self.hub, experiments, &conditions.join(" and "), limit);
        }
        let found = self.search(&conditions.join(" and "), experiments.to_vec(), limit)?;
        Ok(Failures {
            count: found.total.unwrap_or(found.runs.len() as u64),
            is_all: found.total.is_some() || !found.has_more,
            runs: found.runs,
            lost: 0,
        })
    }

    /// All of the experiments that are meant, with the page that shows them; none where something else is.
    fn whole(&self, of: &[Thing]) -> Result<Option<(Vec<Experiment>, String)>, HubError> {
        if of.is_empty() {
            let known = self.hub.known_experiments()?.into_iter();
            let there = known.filter(|known| known.deleted_at.is_none() && known.bin_of.is_none());
            let all = there.map(|known| known.experiment).collect();
            return Ok(Some((all, links::EXPERIMENTS.to_owned())));
        }
        let mut experiments = Vec::new();
        for thing in of {
            let Key::Experiment(id) = thing.key else {
                return Ok(None);
            };
            experiments.push(self.hub.experiment_detail(id)?.experiment);
        }
        let source = match experiments.as_slice() {
            [only] => links::experiment(only),
            _ => links::EXPERIMENTS.to_owned(),
        };
        Ok(Some((experiments, source)))
    }

    /// Which part of the tasks of experiments ended so, where nothing else was asked.
    fn with_share(&self, answer: Answer, wanted: &RunsWanted) -> Result<Answer, HubError> {
        let is_plain = wanted.filter.is_empty()
            && wanted.within.is_none()
            && wanted.newest.is_none()
            && !(wanted.is_own || wanted.is_lost || wanted.is_not());
        let state = wanted.state.filter(|state| is_plain && state.is_terminal());
        let Some(state) = state else {
            return Ok(answer);
        };
        let Some((experiments, source)) = self.whole(&wanted.of)? else {
            return Ok(answer);
        };
        let counts = experiments.iter().map(|one| one.counts);
        let (some, all) = counts.fold((0, 0), |(some, all), counts| {
            (some + counts.of(state), all + counts.total())
        });
        if all == 0 {
            return Ok(answer);
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "no experiment has so many tasks"
        )]
        let share = 100.0 * some as f64 / all as f64;
        let text = format!(
            "Of {} {some} {state}: {} %.",
            plural(all, "task"),
            amount(share)
        );
        let name = format!("share of tasks {state}");
        Ok(answer.more(text).number(name, share, "%", &source))
    }
}

/// Whether failures are asked for, of which attempts that were only lost are none.
fn is_of_failures(wanted: &RunsWanted) -> bool {
    wanted.state == Some(State::Failed) && !wanted.is_lost && !wanted.is_not()
}

/// What must hold of the states of runs.
fn states_of(wanted: &RunsWanted) -> Vec<String> {
    let mut conditions = Vec::new();
    if let Some(state) = wanted.state.filter(|_| !is_of_failures(wanted)) {
        let sign = if wanted.is_not() { "!=" } else { "=" };
        conditions.push(format!("state {sign} {state}"));
    }
    let left = "(state = pending or state = running)".to_owned();
    conditions.extend(wanted.is_left.then_some(left));
    conditions.extend(wanted.is_lost.then(|| "failure = lost".to_owned()));
    let unstarted = || "started is missing".to_owned();
    conditions.extend(wanted.is_unstarted().then(unstarted));
    conditions
}

/// "17 runs did not fail": the opposite of a state, or what was never begun.
fn counted_without(wanted: &RunsWanted, count: u64, (of, rest): (&str, &str)) -> Option<String> {
    let is_one = count == 1;
    if wanted.is_unstarted() {
        let verb = if is_one { "was" } else { "were" };
        return Some(match count {
            0 => format!("There is no run{of}{rest} that was never started."),
            count => format!("{}{of} {verb} never started{rest}.", plural(count, "run")),
        });
    }
    let verb = match wanted.state.filter(|_| wanted.is_not())? {
        State::Failed => "did not fail",
        State::Completed => "did not complete",
        State::Cancelled if is_one => "was not cancelled",
        State::Cancelled => "were not cancelled",
        State::Running if is_one => "is not running",
        State::Running => "are not running",
        State::Pending if is_one => "does not wait",
        State::Pending => "do not wait",
    };
    Some(match count {
        0 => format!("There is no run{of}{rest} that {verb}."),
        count => format!("{}{of} {verb}{rest}.", plural(count, "run")),
    })
}

/// How many runs are what was asked for, in a sentence; there may be more where not all were counted.
fn counted(wanted: &RunsWanted, count: u64, is_all: bool) -> String {
    let is_started = wanted.dated == Dated::Started;
    let latest = if wanted.newest.is_some() && count > 0 {
        "The newest "
    } else {
        ""
    };
    let at_least = if is_all { "" } else { "At least " };
    let of: Vec<_> = wanted.of.iter().map(|thing| quoted(&thing.name)).collect();
    let of = match (of.is_empty(), wanted.is_own) {
        (true, false) => String::new(),
        (true, true) => " of yours".to_owned(),
        (false, is_own) => {
            let own = if is_own { " of yours" } else { "" };
            format!("{own} of {}", of.join(" and "))
        }
    };
    let filter = if wanted.filter.is_empty() {
        String::new()
    } else {
        format!(" with {}", quoted(&wanted.filter))
    };
    let when = wanted.within.as_ref().map_or(String::new(), |period| {
        format!(" {}", excerpt(&period.words))
    });
    if let Some(text) = counted_without(wanted, count, (&of, &format!("{filter}{when}"))) {
        return if is_all {
            text
        } else {
            format!("At least {text}")
        };
    }
    let state = match (wanted.is_lost, wanted.state) {
        (true, _) => " lost with their worker".to_owned(),
        (false, None) if wanted.is_left => " left".to_owned(),
        (false, None) if is_started => " started".to_owned(),
        (false, state) => state.map_or(String::new(), |state| format!(" {state}")),
    };
    let noun = if count == 1 { "run" } else { "runs" };
    let count_text = if count == 0 {
        "No".to_owned()
    } else {
        format!("{latest}{at_least}{count}")
    };
    let verb = match (wanted.state, count) {
        (Some(State::Failed), _) if !wanted.is_lost => "",
        (Some(State::Completed), _) if wanted.within.is_some() => "",
        (Some(State::Cancelled), 1) if wanted.within.is_some() => " was",
        (Some(State::Cancelled), _) if wanted.within.is_some() => " were",
        (None, 1) if is_started => " was",
        (None, _) if is_started => " were",
        (_, 1) => " is",
        _ => " are",
    };
    if state.is_empty() {
        format!("{count_text} {noun}{of}{filter}{when}.")
    } else {
        format!("{count_text} {noun}{of}{filter}{verb}{state}{when}.")
    }
}

/// By its end for what has ended, else by its making.
fn within(wanted: &RunsWanted, period: &Period) -> Vec<String> {
    let has_ended = wanted.state.is_some_and(State::is_terminal) && !wanted.is_not();
    let field = match (has_ended, wanted.dated) {
        (true, _) => "finished",
        (false, Dated::Started) => "started",
        (false, Dated::ByState) => "created",
    };
    let from = period
        .from
        .map(|from| format!("{field} >= {}", moment(from)));
    let until = period
        .until
        .map(|until| format!("{field} < {}", moment(until)));
    from.into_iter().chain(until).collect()
}
