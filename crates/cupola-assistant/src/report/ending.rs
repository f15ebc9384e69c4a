//! What failed, what it cost, how it can be done again, and what to do next.

use std::collections::BTreeMap;

use cupola_domain::run::{Outcome, RunState};
use cupola_hub::{HubError, run_search::RunFound, runs::RunDetail, verification::Proof};
use cupola_report::{Block, Column, Put as _, Quote, Said, Section, Table};
use cupola_search::compare::Verdict;
use serde_json::Value;

use super::{Facts, Subject, left_out, repeats::Group, section};
use crate::{
    facts, links,
    numbers::{self, amount, plural},
};

/// So many failed runs, the latest, are put into groups.
const FAILED_MAX: u32 = 200;

/// Groups that are told.
const REASONS: usize = 5;

/// How each thing of an environment is called.
const ENVIRONMENT: [(&str, &str); 4] = [
    ("/sandbox/level", "Sandbox of the best"),
    ("/machine/platform", "Platform of the best"),
    ("/machine/python/version", "Python there"),
    ("/machine/python/torch", "PyTorch there"),
];

/// Groups of runs that failed for the same reason.
pub(super) fn failures(one: &Subject<'_>) -> Result<Section, HubError> {
    let failed = facts::failed(one.hub, one.standing.experiment.id, FAILED_MAX)?;
    let (tasks, diverged) = (one.counts().failed, one.standing.not_finite);
    if failed.is_empty() && tasks == 0 {
        let mut text = "No run failed.".to_owned();
        if diverged > 0 {
            text.put(format_args!(" {} not finite.", said_diverged(diverged)));
        }
        return Ok(section(
            "What failed",
            vec![Block::Paragraph(one.here(text))],
        ));
    }
    let mut reasons: BTreeMap<String, Vec<&RunFound>> = BTreeMap::new();
    for found in &failed {
        reasons.entry(reason(found)).or_default().push(found);
    }
    let mut reasons: Vec<(String, Vec<&RunFound>)> = reasons.into_iter().collect();
    reasons.sort_by(|(a, x), (b, y)| y.len().cmp(&x.len()).then(a.cmp(b)));
    let mut text = format!("{} failed for good", plural(tasks, "task"));
    let of = match failed.len() {
        count if count == FAILED_MAX as usize => format!("the latest {count}"),
        count => plural(count as u64, "attempt"),
    };
    text.put(format_args!(
        "; of {of} that failed, these are the reasons."
    ));
    if diverged > 0 {
        text.put(format_args!(" {} not finite.", said_diverged(diverged)));
    }
    let mut blocks = vec![Block::Paragraph(one.here(text))];
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    for (reason, runs) in reasons.iter().take(REASONS) {
        let first = runs[0];
        rows.push(vec![
            Said::new(reason),
            Said::new(runs.len().to_string()),
            Said::at(
                format!("task {}", first.task_number),
                links::run(first.run.id),
            ),
        ]);
        lines.extend(last_line(one, first)?);
    }
    blocks.push(Block::Table(Table {
        caption: "Reasons, as programs and workers gave them".to_owned(),
        columns: vec![
            Column::words("Reason"),
            Column::numbers("Runs"),
            Column::words("The latest"),
        ],
        rows,
        note: left_out(reasons.len(), REASONS, "reason"),
    }));
    blocks.extend(lines);
    Ok(section("What failed", blocks))
}

fn said_diverged(count: usize) -> String {
    match count {
        1 => "1 value is".to_owned(),
        count => format!("{count} values are"),
    }
}

fn reason(found: &RunFound) -> String {
    match &found.run.state {
        RunState::Finished {
            outcome: Outcome::Failed(failure),
            ..
        } => failure.reason(),
        state => state.reason(),
    }
}

/// What the program of a run wrote last.
fn last_line(one: &Subject<'_>, found: &RunFound) -> Result<Option<Block>, HubError> {
    let tail = facts::tail(one.hub, found.run.id)?;
    let last = tail.iter().rev().find(|line| !line.text.trim().is_empty());
    Ok(last.map(|line| {
        Block::Quote(Quote {
            of: format!("the last line of the log of task {}", found.task_number),
            said: Said::at(&line.text, links::run(found.run.id)),
        })
    }))
}

pub(super) fn cost(one: &Subject<'_>) -> Result<Section, HubError> {
    let spending = one.hub.spending(&one.standing.experiment, one.brief())?;
    let (total, cost) = (&spending.total, spending.total.cost());
    let costs = |text: String| Said::at(text, links::COSTS);
    let mut facts = Facts::default();
    facts.add("Runs that ended", one.here(total.runs.to_string()));
    facts.add("Time of machines", costs(numbers::duration(total.time)));
    if cost.money.is_some() {
        let money = format!("{} {}", total.money, spending.currency);
        facts.add("Money", costs(money));
    }
    if let Some(energy) = cost.energy_wh {
        facts.add("Energy", costs(format!("{} Wh", amount(energy))));
    }
    if let Some(carbon) = cost.carbon_g {
        facts.add("CO2", costs(format!("{} g", amount(carbon))));
    }
    if let Some(brief) = one.brief()
        && let Some(spent) = one.hub.brief_spending(brief.id)?
    {
        let text = format!("{} of {} credits", spent.spent, spent.budget);
        facts.add("Of its budget", one.here(text));
    }
    let (runs, time) = (plural(total.runs, "run"), numbers::duration(total.time));
    let text = match cost.money {
        Some(money) => {
            let currency = &spending.currency;
            format!("{money} {currency} for {runs} that took {time} of machines.")
        }
        None => format!("No price is known for the {time} of machines that {runs} took."),
    };
    let mut blocks = vec![Block::Paragraph(costs(text)), facts.block()];
    if cost.money.is_some() && total.priced < total.time {
        let text = "Part of that time has no price, so the money is less than it all cost.";
        blocks.push(Block::Paragraph(costs(text.to_owned())));
    }
    Ok(section("Cost", blocks))
}

pub(super) fn reproducibility(one: &Subject<'_>) -> Section {
    let experiment = &one.standing.experiment;
    let mut facts = Facts::default();
    if experiment.is_logged() {
        facts.add("Code", one.here("not known: clients logged these runs"));
    } else {
        let hash = &experiment.code_hash;
        facts.add("Code", Said::at(hash, format!("/code/{hash}")));
        if let Ok(code) = one.hub.find_code(hash) {
            facts.add(
                "Command",
                Said::at(code.command.join(" "), format!("/code/{hash}")),
            );
        }
    }
    facts.add("Seeds", one.here(seeds(one)));
    if let Some(best) = one.run_of_best() {
        let said = best.run.environment.as_deref();
        let said: Value = said.and_then(|text| text.parse().ok()).unwrap_or_default();
        for (at, name) in ENVIRONMENT {
            let value = said.pointer(at).and_then(Value::as_str);
            let value = value.unwrap_or_default();
            facts.add(name, Said::at(value, links::run(best.run.id)));
        }
    }
    facts.add("Checks", checks(one));
    if let Some(family) = &one.family
        && !family.analysis.repeats.is_empty()
    {
        let all = family.analysis.repeats.len();
        let same = family
            .analysis
            .repeats
            .iter()
            .filter(|one| one.reproducible);
        let text = format!(
            "{} of {} with the same configuration and seed gave the same within {}",
            same.count(),
            plural(all as u64, "group"),
            cupola_search::repro::TOLERANCE
        );
        facts.add("Repeats", one.here(text));
    }
    let text = "Each task keeps its configuration and seed; each run the code that it ran and its surroundings.";
    let blocks = vec![facts.block(), Block::Paragraph(one.here(text))];
    section("Reproducibility", blocks)
}

fn seeds(one: &Subject<'_>) -> String {
    if let Some(brief) = one.brief() {
        let seed = brief.wanted.study_seed;
        return format!("one for each task, drawn from study seed {seed}");
    }
    let said = one.standing.ranked.iter().map(|run| run.seed.as_deref());
    let mut seeds: Vec<&str> = said.flatten().collect();
    seeds.sort_unstable();
    seeds.dedup();
    match (seeds.as_slice(), one.standing.experiment.setup.seed) {
        ([], Some(seed)) => format!("{seed} for the next run"),
        ([], None) => "each task its own".to_owned(),
        ([seed], _) => format!("{seed} of every run with a value"),
        (several, _) => format!("{} different ones of the runs with a value", several.len()),
    }
}

/// Of the best few, how many were found right by a second run.
fn checks(one: &Subject<'_>) -> Said {
    let is_confirmed = |detail: &&RunDetail| matches!(detail.proof, Some(Proof::Confirmed(_)));
    let confirmed = one.top.iter().filter(is_confirmed).count();
    match one.top.len() {
        0 => Said::default(),
        looked => Said::at(
            format!("{confirmed} of the best {looked} confirmed by a second run"),
            links::VERIFICATION,
        ),
    }
}

/// What follows from the data, and nothing else.
pub(super) fn next_steps(one: &Subject<'_>, seeds: &[Group]) -> Option<Section> {
    let mut steps = Vec::new();
    if one.left() > 0 {
        steps.push(format!(
            "Wait for the {} that {} not ended.",
            plural(one.left(), "task"),
            if one.left() == 1 { "has" } else { "have" }
        ));
    }
    if one.counts().failed > 0 {
        steps.push(format!(
            "Look into the {} that failed before more are run.",
            one.counts().failed
        ));
    }
    match seeds.get(1).and_then(|second| second.against_first.as_ref()) {
        Some(comparison) => {
            if let Verdict::Undecided { more_seeds } = comparison.verdict {
                steps.push(more(more_seeds));
            }
        }
        None if seeds.is_empty() && one.standing.ranked.len() > 1 => steps.push(
            "Run the best configuration again with other seeds, to see whether it is better by more than noise."
                .to_owned(),
        ),
        None => {}
    }
    let items: Vec<Said> = steps.into_iter().map(|step| one.here(step)).collect();
    (!items.is_empty()).then(|| section("Next steps", vec![Block::List { items }]))
}

/// What is needed to tell two configurations apart.
pub(super) fn more(seeds: Option<u32>) -> String {
    match seeds {
        Some(seeds) => format!(
            "Run {} on each side: the first two are not separable, and that would show their difference, if it is real, with a chance of 80 %.",
            numbers::plural(u64::from(seeds), "more seed")
        ),
        None => "The first two are not separable, and no number of seeds worth running would tell them apart.".to_owned(),
    }
}
