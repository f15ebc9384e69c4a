//! What made the difference.

use cupola_domain::text::excerpt;
use cupola_hub::{HubError, comparison::Importance};

use super::{Answer, Desk, quoted, standing::experiment_of};
use crate::{
    links,
    names::Thing,
    numbers::{amount, percent, plural},
};

/// Parameters that are told.
const TOLD_MAX: usize = 8;

/// A share that could be chance where p is above this.
const LEVEL: f64 = 0.05;

impl Desk<'_> {
    pub(super) fn matters(&self, of: &Thing, parameters: &[Thing]) -> Result<Answer, HubError> {
        let id = experiment_of(of)?;
        let (metric, importance) = self.hub.importance(id)?;
        let experiment = self.hub.experiment_detail(id)?.experiment;
        let (source, shown) = if experiment.origin.brief().is_some() {
            (links::experiment(&experiment), quoted(&of.name))
        } else {
            let shown = format!("comparison of {}", quoted(&of.name));
            (links::comparison(&[id]), shown)
        };
        let is_wanted = |one: &&Importance| {
            parameters.is_empty() || parameters.iter().any(|thing| thing.name == one.parameter)
        };
        let wanted = importance.parameters.iter().filter(is_wanted);
        let (mut found, untold): (Vec<_>, Vec<_>) = wanted.partition(|one| one.alone.is_some());
        let untold = untold.into_iter().map(untold_because).take(TOLD_MAX);
        let name = quoted(&of.name);
        let metric = quoted(&metric);
        // What chance did not do comes first in the sentence; the list falls by the share.
        let is_clear = |one: &&&Importance| one.alone.is_some_and(|effect| effect.p_value < LEVEL);
        let clear = found.iter().find(is_clear).copied();
        let share = |one: &Importance| one.alone.map_or(0.0, |effect| effect.share);
        found.sort_by(|a, b| share(b).total_cmp(&share(a)));
        let first = clear.or(found.first().copied());
        let first = first.and_then(|one| Some((one, one.alone?)));
        let Some((first, effect)) = first else {
            let total = experiment.counts.total();
            let text = match parameters {
                [] => format!(
                    "Of {name} it cannot be told which parameter matters: too few of its {} have a value or differ in parameters.",
                    plural(total, "run")
                ),
                some => format!(
                    "Of {name} it cannot be told whether {} matters: its runs do not differ in it, or each value occurs once.",
                    quoted(&some[0].name)
                ),
            };
            let mut answer = Answer::saying(text).count("runs", total, &source);
            answer.detail.extend(untold);
            return Ok(answer.link(shown, source));
        };
        let text = effect_in_words(
            (&name, &metric),
            first,
            (effect.share, effect.p_value),
            !parameters.is_empty(),
        );
        let mut answer = found
            .iter()
            .take(TOLD_MAX)
            .fold(Answer::saying(text), |answer, one| {
                share_of(answer, one, &source)
            });
        answer.detail.extend(untold);
        Ok(answer
            .count("runs with a value", importance.count as u64, &source)
            .link(shown, source))
    }
}

/// What one parameter explains, in a sentence; as an answer where somebody asked of it.
fn effect_in_words(
    (name, metric): (&str, &str),
    first: &Importance,
    (share, p_value): (f64, f64),
    is_asked: bool,
) -> String {
    let share = percent(share);
    let is_clear = p_value < LEVEL;
    match (is_asked, is_clear) {
        (false, true) => format!(
            "In {name}, {} matters most: it explains {share} % of the variance of {metric}.",
            quoted(&first.parameter)
        ),
        (true, true) => format!(
            "Yes: in {name}, {} explains {share} % of the variance of {metric}.",
            quoted(&first.parameter)
        ),
        (false, false) => format!(
            "In {name} no parameter is clearly seen to matter; {} explains most of the variance of {metric} ({share} %), which chance could have done.",
            quoted(&first.parameter)
        ),
        (true, false) => format!(
            "It is not seen: in {name}, {} explains {share} % of the variance of {metric}, which chance could have done.",
            quoted(&first.parameter)
        ),
    }
}

/// Why nothing is said of a parameter.
fn untold_because(one: &Importance) -> String {
    let why = if one.levels < 2 {
        "all runs have the same value"
    } else if one.levels >= one.count {
        "each value occurs once"
    } else {
        "too few values occur more than once"
    };
    format!("{} cannot be told: {why}.", quoted(&one.parameter))
}

/// What one parameter explains.
fn share_of(answer: Answer, one: &Importance, source: &str) -> Answer {
    let Some(effect) = one.alone else {
        return answer;
    };
    let parameter = excerpt(&one.parameter);
    let (share, chance) = (percent(effect.share), percent(effect.share_by_chance));
    let (p, levels, runs) = (amount(effect.p_value), one.levels, one.count);
    answer
        .more(format!(
            "{parameter}: {share} % (by chance {chance} %, p {p}, {levels} levels, {runs} runs)"
        ))
        .number(
            format!("share of {parameter}"),
            effect.share * 100.0,
            "%",
            source,
        )
        .number(format!("p of {parameter}"), effect.p_value, "", source)
}
