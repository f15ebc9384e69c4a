//! Experiments held against each other: which is better, and by how much.

use cupola_domain::{ids::ExperimentId, text::excerpt};
use cupola_hub::comparison::{Compared, Verdict};

use super::{Answer, quoted};
use crate::{
    links,
    numbers::{amount, plural},
};

/// Groups of runs held against each other, one for each experiment.
pub(super) fn of_groups(compared: &Compared, ids: &[ExperimentId]) -> Answer {
    let source = links::comparison(ids);
    let name = |at: usize| {
        let label = &compared.grouping.groups[at].label;
        quoted(label.strip_prefix("experiment ").unwrap_or(label))
    };
    let metric = compared.metric_name();
    let Some(pair) = &compared.finding.pair else {
        let text = "They cannot be held against each other: they have the same name, no runs, or no value in common.";
        return Answer::saying(text).link("comparison", source);
    };
    let comparison = &pair.comparison;
    let (a, b) = (name(pair.a), name(pair.b));
    let by = excerpt(&metric);
    let text = match comparison.verdict {
        Verdict::ABetter if compared.is_direction_known() => {
            format!("Yes: by {by}, {a} is better than {b}.")
        }
        Verdict::BBetter if compared.is_direction_known() => {
            format!("No: by {by}, {b} is better than {a}.")
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
    };
    let mut answer = Answer::saying(text);
    for (at, group) in compared.finding.groups.iter().enumerate() {
        let name = name(at);
        answer = answer.count(format!("runs of {name}"), group.count as u64, &source);
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
    answer.link("comparison", source)
}
