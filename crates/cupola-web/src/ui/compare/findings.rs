//! What the numbers say, in words.

use cupola_domain::objective::Direction;
use cupola_hub::comparison::{
    Compared, DirectionFrom, Importance, Importances, Pair, Test, Verdict,
};

use super::colours;
use crate::{
    compared::verdict_text,
    ui::{components::Measure, format},
};

/// Two groups held against each other.
#[derive(Debug, Clone, Default)]
pub struct VerdictCard {
    /// The verdict, or why there is none.
    pub text: String,
    /// `good`, `warning` or `quiet`.
    pub tone: &'static str,
    /// Difference, interval, test and chance.
    pub facts: Vec<(&'static str, String)>,
    /// What should be known of it.
    pub notes: Vec<String>,
}

/// A group and what it comes to.
#[derive(Debug, Clone)]
pub struct GroupLine {
    /// What its runs have in common.
    pub label: String,
    /// The class of its colour.
    pub colour: String,
    /// How many runs.
    pub runs: u64,
    /// How many different seeds they have.
    pub seeds: u64,
    /// How many values count.
    pub counted: u64,
    /// Their mean.
    pub mean: Measure,
    /// `1.2 to 1.4`
    pub interval: String,
    /// Whether no other mean is better.
    pub is_best: bool,
}

/// A parameter and what it explains.
#[derive(Debug, Clone)]
pub struct ImportanceLine {
    /// The parameter.
    pub parameter: String,
    /// From 0 to 1, for the bar.
    pub share: f64,
    /// The same in per cent.
    pub alone: String,
    /// What as many levels would explain by chance.
    pub by_chance: String,
    /// What would be lost without it.
    pub beside: String,
    /// `3 values, 24 runs`
    pub about: String,
    /// Whether it may be noise.
    pub is_noise: bool,
}

pub(super) fn verdict(compared: &Compared) -> VerdictCard {
    if compared.metric.is_none() {
        return quiet("There is nothing to judge the runs by yet: none has a metric or a result.");
    }
    if compared.grouping.by.is_empty() {
        return quiet(
            "Choose above what puts runs into groups, a parameter for instance: then two groups are \
             held against each other over their seeds.",
        );
    }
    let Some(pair) = &compared.finding.pair else {
        return quiet("All runs are in one group; a verdict needs two.");
    };
    let comparison = &pair.comparison;
    let groups = &compared.grouping.groups;
    VerdictCard {
        text: verdict_text(compared, comparison, (&groups[pair.a], &groups[pair.b])),
        tone: match comparison.verdict {
            Verdict::ABetter | Verdict::BBetter => "good",
            Verdict::Undecided { .. } => "warning",
        },
        facts: facts(pair),
        notes: notes(compared, pair),
    }
}

fn quiet(text: &str) -> VerdictCard {
    VerdictCard {
        text: text.to_owned(),
        tone: "quiet",
        ..VerdictCard::default()
    }
}

fn facts(pair: &Pair) -> Vec<(&'static str, String)> {
    let comparison = &pair.comparison;
    let mut facts = Vec::new();
    if let Some(difference) = comparison.difference {
        facts.push(("Difference", format::number(difference)));
    }
    if let Some((low, high)) = comparison.interval_95 {
        let text = format!("{} to {}", format::number(low), format::number(high));
        facts.push(("95 % interval", text));
    }
    if let Some(p) = comparison.p_value {
        let test = match comparison.test {
            Test::Welch => "Welch’s t, of the means",
            Test::MannWhitney => "Mann and Whitney’s, of the ranks: the values are not normal",
        };
        facts.push(("Test", test.to_owned()));
        facts.push(("Chance of it without a difference", chance(p)));
    }
    facts
}

fn chance(p: f64) -> String {
    if p < 0.0001 {
        "below 0.01 %".to_owned()
    } else {
        format!("{} %", format::tick((p * 1e4).round() / 100.0))
    }
}

/// Which values are better.
pub(super) const fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Minimize => "lower",
        Direction::Maximize => "higher",
    }
}

fn notes(compared: &Compared, pair: &Pair) -> Vec<String> {
    let mut notes = Vec::new();
    match (compared.direction_from, compared.direction) {
        (DirectionFrom::Said, _) => {}
        (DirectionFrom::Name, direction) => notes.push(format!(
            "Nobody said which way is better: {} is, by the metric’s name.",
            way(direction)
        )),
        (DirectionFrom::Nobody, _) => notes.push(
            "Nobody said which way is better, so none is called so; choose it above.".to_owned(),
        ),
    }
    let groups = &compared.grouping.groups;
    let both = [
        (&groups[pair.a], &pair.comparison.a),
        (&groups[pair.b], &pair.comparison.b),
    ];
    for (group, counted) in both {
        if group.seeds < group.members.len() && counted.count > 1 {
            notes.push(format!(
                "“{}” has {} of {}: runs of one seed are no independent trials.",
                group.label,
                format::counted(group.members.len() as u64, "run", "runs"),
                format::counted(group.seeds as u64, "seed", "seeds"),
            ));
        }
        if counted.not_finite > 0 {
            let runs = format::counted(counted.not_finite as u64, "run", "runs");
            notes.push(format!(
                "{runs} of “{}” diverged and do not count.",
                group.label
            ));
        }
    }
    if groups.len() > 2 {
        notes.push(format!(
            "These are 2 of {} groups: of many pairs without a difference, one in twenty looks as \
             if it had one.",
            groups.len()
        ));
    }
    notes
}

pub(super) fn groups(compared: &Compared) -> Vec<GroupLine> {
    let means = &compared.finding.groups;
    let direction = compared.direction;
    let is_best = |mean: Option<f64>| {
        mean.is_some_and(|mean| {
            let others = means.iter().filter_map(|group| group.mean);
            !others
                .into_iter()
                .any(|other| direction.is_better(other, mean))
        })
    };
    let groups = compared.grouping.groups.iter().enumerate();
    groups
        .zip(means)
        .map(|((place, group), mean)| GroupLine {
            label: group.label.clone(),
            colour: colours::at(place),
            runs: group.members.len() as u64,
            seeds: group.seeds as u64,
            counted: mean.count as u64,
            mean: mean.mean.into(),
            interval: mean.mean_95.map_or_else(
                || format::NOTHING.to_owned(),
                |(low, high)| format!("{} to {}", format::number(low), format::number(high)),
            ),
            is_best: compared.is_direction_known() && is_best(mean.mean) && means.len() > 1,
        })
        .collect()
}

pub(super) fn importance(found: &Importances) -> Vec<ImportanceLine> {
    found.parameters.iter().map(importance_line).collect()
}

fn importance_line(one: &Importance) -> ImportanceLine {
    let unknown = || format::NOTHING.to_owned();
    let share = |effect: Option<f64>| effect.map_or_else(unknown, format::percent);
    ImportanceLine {
        parameter: one.parameter.clone(),
        share: one.alone.map_or(0.0, |effect| effect.share),
        alone: share(one.alone.map(|effect| effect.share)),
        by_chance: share(one.alone.map(|effect| effect.share_by_chance)),
        beside: share(one.beside_others),
        about: format!(
            "{}, {}",
            format::counted(one.levels as u64, "value", "values or ranges"),
            format::counted(one.count as u64, "run", "runs")
        ),
        is_noise: one.alone.is_none_or(|effect| effect.p_value >= 0.05),
    }
}

/// What the shares mean and on what they stand.
pub(super) fn importance_note(found: &Importances) -> String {
    let runs = format::counted(found.count as u64, "run", "runs");
    let meaning = format!(
        "The share of the variance over {runs} that goes along with a parameter by itself, beside \
         what as many values would explain by chance; and what would be lost without it when all \
         others are known."
    );
    match found.together {
        Some(together) => format!(
            "{meaning} All of them together explain {} ({} by chance), interactions left out.",
            format::percent(together.share),
            format::percent(together.share_by_chance)
        ),
        None => format!("{meaning} There are too few runs to tell the parameters apart."),
    }
}
