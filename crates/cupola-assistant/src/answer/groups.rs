//! Experiments held against each other: which is better, and by how much.

use cupola_domain::{ids::ExperimentId, text::excerpt};
use cupola_hub::comparison::{Compared, Verdict};

use super::{Answer, Desk, quoted};
use crate::{
    judged, links,
    numbers::{amount, plural},
};

impl Desk<'_> {
    /// Groups of runs held against each other, one for each experiment.
    pub(super) fn of_groups(
        &self,
        compared: &Compared,
        ids: &[ExperimentId],
        is_asked: bool,
    ) -> Answer {
        let called = |label: &str| {
            let name = label.strip_prefix("experiment ").unwrap_or(label);
            let mut experiments = compared.experiments.iter();
            match experiments.find(|one| one.name == name) {
                Some(one) => self.called(one.id, name),
                None => quoted(name),
            }
        };
        let labels = compared.grouping.groups.iter();
        let names: Vec<_> = labels.map(|group| called(&group.label)).collect();
        of_named(compared, ids, &names, is_asked)
    }
}

fn of_named(compared: &Compared, ids: &[ExperimentId], names: &[String], is_asked: bool) -> Answer {
    let source = links::comparison(ids);
    let name = |at: usize| names[at].as_str();
    let metric = compared.metric_name();
    let Some(pair) = &compared.finding.pair else {
        let text = "They cannot be held against each other: they have the same name, no runs, or no value in common.";
        return Answer::saying(text).link("comparison", source);
    };
    let comparison = &pair.comparison;
    let (a, b) = (name(pair.a), name(pair.b));
    let by = excerpt(&metric);
    let apart = judged::apart(compared);
    let is_flat = comparison
        .interval_95
        .is_some_and(|(low, high)| low.total_cmp(&high).is_eq());
    let text = match &apart {
        Some(_) => apart_in_words(a, b),
        None if is_flat && comparison.difference == Some(0.0) => {
            format!("By {by}, {a} and {b} are the same: all their values are equal.")
        }
        None => verdict(compared, &by, (a, b), is_asked),
    };
    let mut answer = Answer::saying(text);
    for (at, group) in compared.finding.groups.iter().enumerate() {
        let name = name(at);
        answer = answer.count(format!("runs of {name}"), group.count as u64, &source);
        answer
            .detail
            .extend((group.mean.is_none()).then(|| format!("{name}: no run with a value of {by}")));
        if let Some(mean) = group.mean {
            let within = group.mean_95.map_or(String::new(), |(low, high)| {
                format!(" (95 %: {} to {})", amount(low), amount(high))
            });
            answer = answer
                .more(format!(
                    "{name}: mean {}{within} of {}",
                    amount(mean),
                    plural(group.count as u64, "run")
                ))
                .number(format!("mean of {name}"), mean, "", &source);
            if let Some((low, high)) = group.mean_95 {
                answer = answer
                    .number(format!("mean of {name}, low"), low, "", &source)
                    .number(format!("mean of {name}, high"), high, "", &source);
            }
        }
    }
    if let Some(difference) = comparison.difference {
        answer = answer
            .number("difference", difference, "", &source)
            .more(format!("The difference is {}.", amount(difference)));
    }
    if let Some(p) = comparison.p_value {
        answer = answer.number("p", p, "", &source);
    }
    if let Some(apart) = apart {
        answer
            .numbers
            .retain(|number| !["difference", "p"].contains(&number.name.as_str()));
        answer
            .detail
            .retain(|line| !line.starts_with("The difference is"));
        answer = answer.more(sentence(&apart));
    } else if is_flat {
        answer = answer.more(
            "On each side all values are the same, so nothing is known of noise: other seeds would show it.",
        );
    }
    answer.link("comparison", source)
}

fn apart_in_words(a: &str, b: &str) -> String {
    format!("Nothing is said about better: {a} and {b} are judged by different things.")
}

/// Which is better, in a sentence; the answer to "is a better than b?" where that was asked.
fn verdict(compared: &Compared, by: &str, (a, b): (&str, &str), is_asked: bool) -> String {
    let Some(pair) = &compared.finding.pair else {
        return String::new();
    };
    let (yes, no) = if is_asked {
        ("Yes: by", "No: by")
    } else {
        ("By", "By")
    };
    match pair.comparison.verdict {
        Verdict::ABetter if compared.is_direction_known() => {
            format!("{yes} {by}, {a} is better than {b}.")
        }
        Verdict::BBetter if compared.is_direction_known() => {
            format!("{no} {by}, {b} is better than {a}.")
        }
        Verdict::ABetter | Verdict::BBetter => {
            format!("By {by}, {a} and {b} differ; which way is better, nobody said.")
        }
        Verdict::Undecided {
            more_seeds: Some(seeds),
        } => {
            format!(
                "It cannot be told: by {by}, noise could have made the difference between {a} and {b}; about {} more on each side would show it.",
                plural(u64::from(seeds), "run")
            )
        }
        Verdict::Undecided { more_seeds: None } => format!(
            "It cannot be told: by {by}, noise could have made the difference between {a} and {b}."
        ),
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars
        .next()
        .map_or(String::new(), |first| first.to_uppercase().collect());
    format!("{first}{}.", chars.as_str())
}
