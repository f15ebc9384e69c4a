//! What came out: the best, how all of them lie, repeats, plots, and what mattered.

use cupola_hub::{HubError, comparison::Importance, verification::Proof};
use cupola_report::{Block, Column, Put as _, Said, Section, Table};
use cupola_search::stats::Moments;

use super::{Subject, configuration, interval, left_out, plots, repeats, section};
use crate::{
    facts, links,
    numbers::{amount, percent, plural},
};

/// Parameters whose share is told.
const MATTERED: usize = 10;

pub(super) fn results(one: &Subject<'_>, seeds: &[repeats::Group]) -> Result<Section, HubError> {
    let mut blocks = Vec::new();
    let standing = &one.standing;
    let (Some(objective), false) = (&standing.objective, standing.ranked.is_empty()) else {
        blocks.push(Block::Paragraph(one.here(nothing(one))));
        blocks.extend(excluded(one));
        return Ok(section("Results", blocks));
    };
    blocks.push(Block::Paragraph(best(one)?));
    blocks.extend(claimed(one));
    blocks.push(Block::Paragraph(one.here(spread(one))));
    blocks.extend(excluded(one));
    blocks.push(top(one, &objective.metric));
    blocks.extend(repeats::blocks(one, seeds));
    blocks.extend(plots::by_task(one));
    blocks.extend(plots::curves(one)?);
    Ok(section("Results", blocks))
}

/// How much of the variance each parameter explains, where that can be said.
pub(super) fn importance(one: &Subject<'_>) -> Result<Option<Section>, HubError> {
    let id = one.standing.experiment.id;
    let (metric, importance) = one.hub.importance(id)?;
    let all = &importance.parameters;
    let found: Vec<&Importance> = all.iter().filter(|one| one.alone.is_some()).collect();
    if found.is_empty() {
        return Ok(None);
    }
    // A family's page cuts what was searched into the same ranges.
    let source = match one.family {
        Some(_) => one.href.clone(),
        None => links::comparison(&[id]),
    };
    let rows = found.iter().take(MATTERED).filter_map(|one| {
        let effect = one.alone?;
        Some(vec![
            Said::new(&one.parameter),
            Said::at(format!("{} %", percent(effect.share)), source.as_str()),
            Said::new(format!("{} %", percent(effect.share_by_chance))),
            Said::new(amount(effect.p_value)),
        ])
    });
    let table = Table {
        caption: format!(
            "How much of the variance of {} values of {metric} each parameter explains by itself",
            importance.count
        ),
        columns: vec![
            Column::words("Parameter"),
            Column::numbers("Share"),
            Column::numbers("By chance"),
            Column::numbers("p"),
        ],
        rows: rows.collect(),
        note: left_out(found.len(), MATTERED, "parameter"),
    };
    Ok(Some(section("What mattered", vec![Block::Table(table)])))
}

fn nothing(one: &Subject<'_>) -> String {
    match &one.standing.objective {
        None => {
            "Nothing says what the runs are judged by, so none of them is called best.".to_owned()
        }
        Some(objective) => format!("No run has a value of {} yet.", objective.metric),
    }
}

/// The best of those that may be called so.
fn best(one: &Subject<'_>) -> Result<Said, HubError> {
    let standing = &one.standing;
    let metric = standing.experiment.metric();
    let Some(best) = one.called_best() else {
        let text = format!("No value of {metric} may be called best before it is checked.");
        return Ok(one.here(text));
    };
    let run = match one.run_of_best() {
        Some(detail) => detail.run.id,
        None => facts::run_of(one.hub, best)?,
    };
    let mut text = format!(
        "The best {metric} is {} (task {}).",
        amount(best.value),
        best.number
    );
    if let Some(baseline) = standing.experiment.baseline {
        let objective = standing.objective.as_ref();
        let is_beaten = objective.is_some_and(|o| o.direction.is_better(best.value, baseline));
        let word = if is_beaten { "better" } else { "not better" };
        text.put(format_args!(
            " That is {word} than the baseline {}.",
            amount(baseline)
        ));
    }
    Ok(Said::at(text, links::run(run)))
}

/// A value that would be the best and is being checked.
fn claimed(one: &Subject<'_>) -> Option<Block> {
    let (check, value) = one.family.as_ref()?.analysis.claimed?;
    let text = format!(
        "A better value, {}, is being checked; until then it is not called best.",
        amount(value)
    );
    Some(Block::Paragraph(Said::at(text, links::check(check))))
}

fn spread(one: &Subject<'_>) -> String {
    let standing = &one.standing;
    let moments: Moments = standing.ranked.iter().map(|placed| placed.value).collect();
    let count = plural(moments.count() as u64, "value");
    let mut text = format!("Of {count}, whatever the configuration");
    if let Some(mean) = standing.mean {
        text.put(format_args!(", the mean is {}", amount(mean)));
    }
    match moments.mean_95() {
        Some(range) => text.put(format_args!(
            " (95 % interval {}, by Student's t over {} runs)",
            interval(range),
            moments.count()
        )),
        None => text.push_str(" (one value has no interval)"),
    }
    if let Some(deviation) = moments.deviation_sample() {
        // Of the sample, as the interval has it.
        text.put(format_args!(", the deviation {}", amount(deviation)));
    }
    if let Some(median) = standing.median {
        text.put(format_args!(", the median {}", amount(median)));
    }
    text.push('.');
    text
}

fn excluded(one: &Subject<'_>) -> Option<Block> {
    let standing = &one.standing;
    let (not_finite, not_measured) = (standing.not_finite, standing.not_measured);
    let mut texts = Vec::new();
    if not_finite + not_measured > 0 {
        texts.push(format!(
            "Left out: {} that diverged (not finite), {not_measured} that nobody measured.",
            plural(not_finite as u64, "value")
        ));
    }
    if standing.not_read > 0 {
        texts.push(facts::not_read(standing.not_read));
    }
    if texts.is_empty() {
        return None;
    }
    let text = texts.join(" ");
    Some(Block::Paragraph(one.here(text)))
}

fn top(one: &Subject<'_>, metric: &str) -> Block {
    let best = one.standing.ranked.iter().zip(&one.top);
    let rows: Vec<Vec<Said>> = best
        .enumerate()
        .map(|(at, (placed, detail))| {
            let run = links::run(detail.run.id);
            let check = match detail.proof {
                None => Said::new("not checked"),
                Some(proof) => Said::at(proof_word(proof), links::check(proof.audit())),
            };
            vec![
                Said::new((at + 1).to_string()),
                Said::at(amount(placed.value), run.as_str()),
                Said::at(format!("task {}", placed.number), run),
                Said::new(detail.task.seed.to_string()),
                check,
                Said::new(configuration(&placed.config)),
            ]
        })
        .collect();
    Block::Table(Table {
        caption: format!("The best {} of {}", rows.len(), one.standing.ranked.len()),
        columns: vec![
            Column::numbers("Rank"),
            Column::numbers(metric),
            Column::words("Run"),
            Column::numbers("Seed"),
            Column::words("Check"),
            Column::words("Configuration"),
        ],
        rows,
        note: String::new(),
    })
}

fn proof_word(proof: Proof) -> &'static str {
    match proof {
        Proof::Confirmed(_) => "confirmed",
        Proof::InCheck(_) => "being checked",
        Proof::Rejected(_) => "found wrong",
        Proof::Undecided(_) => "undecided",
    }
}
