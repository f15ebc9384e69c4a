//! Several experiments: the first held against each of the others.

use cupola_domain::objective::Objective;
use cupola_hub::HubError;
use cupola_report::{Block, Column, Said, Section, Table};
use cupola_search::{
    compare::{Comparison, Test, Verdict, compare},
    stats::Moments,
};

use super::{Subject, ending, interval, plots, section};
use crate::{
    judged, links,
    numbers::{amount, duration, plural},
};

/// The title and the sections.
pub(super) fn sections(several: &[Subject<'_>]) -> Result<(String, Vec<Section>), HubError> {
    let names: Vec<&str> = several.iter().map(name).collect();
    let title = names.join(" against ");
    let common = common(several);
    let href = address(several);
    let mut sections = vec![question(common, &href), setup(several)];
    let against = match common {
        Some(objective) => against(several, objective),
        None => Vec::new(),
    };
    sections.push(results(several, common, &against, &href));
    sections.push(failures(several));
    sections.push(costs(several)?);
    sections.push(reproducibility(several));
    sections.extend(next_steps(several, &against, &href));
    Ok((title, sections))
}

fn name<'a>(one: &'a Subject<'_>) -> &'a str {
    &one.name
}

fn address(several: &[Subject<'_>]) -> String {
    let ids: Vec<_> = several
        .iter()
        .map(|one| one.standing.experiment.id)
        .collect();
    links::comparison(&ids)
}

/// What all of them are judged by; none where that is not the same.
fn common<'a>(several: &'a [Subject<'_>]) -> Option<&'a Objective> {
    let first = several.first()?.standing.objective.as_ref()?;
    let is_same = |one: &Subject<'_>| judged::is_same(one.standing.objective.as_ref(), Some(first));
    several.iter().all(is_same).then_some(first)
}

fn question(common: Option<&Objective>, href: &str) -> Section {
    let text = match common {
        Some(objective) => format!(
            "Which is better by {} ({})?",
            objective.metric,
            objective.direction.as_str()
        ),
        None => "They are not judged by the same objective, so none is called better than another."
            .to_owned(),
    };
    section("Question", vec![Block::Paragraph(Said::at(text, href))])
}

fn setup(several: &[Subject<'_>]) -> Section {
    let rows = several.iter().map(|one| {
        let experiment = &one.standing.experiment;
        vec![
            one.link(),
            Said::at(&experiment.template, links::template(&experiment.template)),
            one.here(one.tasks()),
            one.here(duration(experiment.setup.time_budget)),
            Said::new(experiment.kept_class().unwrap_or("any")),
        ]
    });
    let table = Table {
        caption: "What is compared".to_owned(),
        columns: vec![
            Column::words("Experiment"),
            Column::words("Template"),
            Column::words("Tasks"),
            Column::words("Time budget of a task"),
            Column::words("Device class"),
        ],
        rows: rows.collect(),
        note: String::new(),
    };
    section("Set-up", vec![Block::Table(table)])
}

/// The first held against each other one.
fn against(several: &[Subject<'_>], objective: &Objective) -> Vec<Comparison> {
    let values = |one: &Subject<'_>| -> Vec<f64> {
        let ranked = one.standing.ranked.iter();
        ranked.map(|placed| placed.value).collect()
    };
    let Some((first, others)) = several.split_first() else {
        return Vec::new();
    };
    let first = values(first);
    let others = others.iter();
    others
        .map(|other| compare(&first, &values(other), objective.direction))
        .collect()
}

fn results(
    several: &[Subject<'_>],
    common: Option<&Objective>,
    against: &[Comparison],
    href: &str,
) -> Section {
    let mut blocks = Vec::new();
    if let [only] = against {
        blocks.push(Block::Paragraph(Said::at(verdict(several, only), href)));
    }
    let rows = several.iter().map(|one| {
        let values = one.standing.ranked.iter().map(|placed| placed.value);
        let moments: Moments = values.collect();
        let best = one.standing.ranked.first();
        vec![
            one.link(),
            one.here(moments.count().to_string()),
            one.here(moments.mean().map(amount).unwrap_or_default()),
            Said::new(moments.mean_95().map_or_else(String::new, interval)),
            one.here(best.map(|best| amount(best.value)).unwrap_or_default()),
            Said::new(one.standing.not_finite.to_string()),
        ]
    });
    blocks.push(Block::Table(Table {
        caption: match common {
            Some(objective) => format!("{} of each", objective.metric),
            None => "The objective of each, which is not the same".to_owned(),
        },
        columns: vec![
            Column::words("Experiment"),
            Column::numbers("Values"),
            Column::numbers("Mean"),
            Column::words("95 % interval of the mean"),
            Column::numbers("Best"),
            Column::numbers("Diverged"),
        ],
        rows: rows.collect(),
        note: "Intervals are by Student's t over the values. Values that diverged (not finite) or that nobody measured are in none of these.".to_owned(),
    }));
    if !against.is_empty() {
        blocks.push(differences(several, against, href));
    }
    if let Some(objective) = common {
        blocks.extend(plots::race(several, &objective.metric, objective.direction));
    }
    section("Results", blocks)
}

/// Which of two is better, in a sentence.
fn verdict(several: &[Subject<'_>], comparison: &Comparison) -> String {
    let (a, b) = (name(&several[0]), name(&several[1]));
    if comparison.p_value.is_none() {
        return format!(
            "{a} and {b} have too few values to be compared; two of each are the least."
        );
    }
    match comparison.verdict {
        Verdict::ABetter => format!("{a} is better than {b} by more than noise."),
        Verdict::BBetter => format!("{b} is better than {a} by more than noise."),
        Verdict::Undecided { .. } => {
            format!("{a} and {b} are not separable: noise could have made their difference.")
        }
    }
}

fn differences(several: &[Subject<'_>], against: &[Comparison], href: &str) -> Block {
    let first = name(&several[0]);
    let rows = several.iter().skip(1).zip(against).map(|(other, found)| {
        let word = match found.verdict {
            _ if found.p_value.is_none() => "too few values".to_owned(),
            Verdict::ABetter => format!("{first} is better"),
            Verdict::BBetter => format!("{} is better", name(other)),
            Verdict::Undecided { .. } => "not separable".to_owned(),
        };
        let test = match found.test {
            Test::Welch => "Welch's t",
            Test::MannWhitney => "ranks (Mann and Whitney)",
        };
        vec![
            other.link(),
            Said::at(found.difference.map(amount).unwrap_or_default(), href),
            Said::new(found.interval_95.map_or_else(String::new, interval)),
            Said::new(found.p_value.map(amount).unwrap_or_default()),
            Said::new(if found.p_value.is_some() { test } else { "" }),
            Said::new(word),
        ]
    });
    let mut note = "By ranks the difference is the middle of all differences between two values (Hodges and Lehmann). Called better at the 5 % level.".to_owned();
    if against.len() > 1 {
        note.push_str(" p is not corrected for how many are held against the first.");
    }
    Block::Table(Table {
        caption: format!("{first} less each other one"),
        columns: vec![
            Column::words("Against"),
            Column::numbers("Difference"),
            Column::words("95 % interval"),
            Column::numbers("p"),
            Column::words("Test"),
            Column::words("Verdict"),
        ],
        rows: rows.collect(),
        note,
    })
}

fn failures(several: &[Subject<'_>]) -> Section {
    let items = several.iter().map(|one| {
        let failed = plural(one.counts().failed, "task");
        one.here(format!("{}: {failed} failed.", name(one)))
    });
    let items = items.collect();
    section("What failed", vec![Block::List { items }])
}

fn costs(several: &[Subject<'_>]) -> Result<Section, HubError> {
    let mut rows = Vec::new();
    for one in several {
        let spending = one.hub.spending(&one.standing.experiment, None)?;
        let cost = spending.total.cost();
        let costs = |text: String| Said::at(text, links::COSTS);
        let money = cost
            .money
            .map(|money| format!("{money} {}", spending.currency));
        rows.push(vec![
            one.link(),
            one.here(spending.total.runs.to_string()),
            costs(amount(spending.total.hours())),
            costs(money.unwrap_or_else(|| "no price".to_owned())),
            costs(cost.energy_wh.map(amount).unwrap_or_default()),
        ]);
    }
    let table = Table {
        caption: "What each took".to_owned(),
        columns: vec![
            Column::words("Experiment"),
            Column::numbers("Runs"),
            Column::numbers("Hours of machines"),
            Column::numbers("Money"),
            Column::numbers("Energy in Wh"),
        ],
        rows,
        note: String::new(),
    };
    Ok(section("Cost", vec![Block::Table(table)]))
}

fn reproducibility(several: &[Subject<'_>]) -> Section {
    let items = several.iter().map(|one| {
        let experiment = &one.standing.experiment;
        if experiment.is_logged() {
            return one.here(format!(
                "{}: logged by a client, its code is not known.",
                name(one)
            ));
        }
        let hash = &experiment.code_hash;
        Said::at(
            format!("{}: code {hash}.", name(one)),
            format!("/code/{hash}"),
        )
    });
    let mut items: Vec<Said> = items.collect();
    items.push(Said::new(
        "Each task keeps its configuration and seed; each run the code that it ran and its surroundings.",
    ));
    section("Reproducibility", vec![Block::List { items }])
}

fn next_steps(several: &[Subject<'_>], against: &[Comparison], href: &str) -> Option<Section> {
    let mut items = Vec::new();
    for one in several.iter().filter(|one| one.left() > 0) {
        let left = plural(one.left(), "task");
        items.push(one.here(format!("Wait for {left} of {}.", name(one))));
    }
    if let [only] = against
        && only.p_value.is_some()
        && let Verdict::Undecided { more_seeds } = only.verdict
    {
        items.push(Said::at(ending::more(more_seeds), href));
    }
    (!items.is_empty()).then(|| section("Next steps", vec![Block::List { items }]))
}
