//! A report on an experiment in Markdown, of the same facts as the answers. What people and programs
//! wrote is escaped, so that it can shape no part of the page.

use std::fmt::Write as _;

use cupola_domain::{counts::State, date, ids::ExperimentId};
use cupola_hub::{
    Hub, HubError,
    comparison::{Importance, Question, Selection},
};

use crate::{
    facts::{self, Standing},
    links,
    numbers::{self, amount},
};

/// How many of the best stand in the table.
const TOP: usize = 5;

/// How many failures are told one by one.
const FAILURES: u32 = 5;

/// Characters of a goal or a reason.
const TEXT_CHARS_MAX: usize = 1_000;

/// The report.
pub fn markdown(hub: &Hub, id: ExperimentId) -> Result<String, HubError> {
    let standing = facts::standing(hub, id)?;
    let mut text = String::new();
    header(&mut text, hub, &standing);
    setup(&mut text, hub, &standing)?;
    results(&mut text, hub, &standing)?;
    importance(&mut text, hub, id)?;
    failures(&mut text, hub, &standing)?;
    costs(&mut text, hub, &standing)?;
    reproducibility(&mut text, &standing);
    next_steps(&mut text, &standing);
    Ok(text)
}

fn header(text: &mut String, hub: &Hub, standing: &Standing) {
    let experiment = &standing.experiment;
    let title = standing
        .brief
        .as_ref()
        .map_or(&experiment.name, |(title, _)| title);
    line(text, &format!("# {}\n", escaped(title)));
    let at = date::text(hub.now().millis()).unwrap_or_default();
    line(
        text,
        &format!(
            "As of {at}. [{}]({})\n",
            escaped(&experiment.name),
            links::experiment(experiment)
        ),
    );
    if let Some((_, goal)) = &standing.brief {
        line(text, &format!("## Question\n\n{}\n", escaped(goal)));
    } else if !experiment.description.is_empty() {
        line(
            text,
            &format!("## Question\n\n{}\n", escaped(&experiment.description)),
        );
    }
}

fn setup(text: &mut String, hub: &Hub, standing: &Standing) -> Result<(), HubError> {
    let experiment = &standing.experiment;
    line(text, "## Set-up\n");
    line(
        text,
        &format!("- Template: {}", escaped(&experiment.template)),
    );
    line(
        text,
        &format!(
            "- Time budget per task: {}",
            numbers::duration(experiment.setup.time_budget)
        ),
    );
    let counts = &experiment.counts;
    let states: Vec<String> = State::ALL
        .iter()
        .map(|state| format!("{} {state}", counts.of(*state)))
        .collect();
    line(
        text,
        &format!("- Tasks: {} ({})", counts.total(), states.join(", ")),
    );
    if let Some(objective) = &standing.objective {
        line(
            text,
            &format!(
                "- Objective: {} ({})",
                escaped(&objective.metric),
                objective.direction.as_str()
            ),
        );
    }
    if experiment.origin.brief().is_some()
        && let Some(brief) = hub.family_detail(experiment.id)?.brief
    {
        for (name, expression) in &brief.wanted.space {
            line(
                text,
                &format!(
                    "- Searched: {} = {}",
                    escaped(name),
                    escaped(&expression.to_string())
                ),
            );
        }
    }
    line(text, "");
    Ok(())
}

fn results(text: &mut String, hub: &Hub, standing: &Standing) -> Result<(), HubError> {
    line(text, "## Results\n");
    let (Some(objective), Some(best)) = (&standing.objective, standing.ranked.first()) else {
        line(text, "No run has a value of an objective yet.\n");
        return Ok(());
    };
    let metric = escaped(&objective.metric);
    let count = standing.ranked.len();
    line(
        text,
        &format!(
            "The best {metric} is {} (task {}).",
            amount(best.value),
            best.number
        ),
    );
    if let (Some(mean), Some(std), Some(median)) = (standing.mean, standing.std, standing.median) {
        let (mean, std, median) = (amount(mean), amount(std), amount(median));
        line(
            text,
            &format!(
                "Of {count} values the mean is {mean}, the deviation {std}, the median {median}."
            ),
        );
    }
    if standing.not_finite + standing.not_measured > 0 {
        let (not_finite, not_measured) = (standing.not_finite, standing.not_measured);
        line(
            text,
            &format!("Left out: {not_finite} not finite, {not_measured} not measured."),
        );
    }
    line(
        text,
        &format!("\n| | {metric} | Run | Configuration |\n|---|---|---|---|"),
    );
    for (at, placed) in standing.ranked.iter().take(TOP).enumerate() {
        let run = facts::run_of(hub, placed)?;
        let config: Vec<String> = placed
            .config
            .iter()
            .map(|(key, value)| format!("{} {}", escaped(key), escaped(&value.to_string())))
            .collect();
        let row = format!(
            "| {} | {} | [task {}]({}) | {} |",
            at + 1,
            amount(placed.value),
            placed.number,
            links::run(run),
            config.join(", ")
        );
        line(text, &row);
    }
    line(text, "");
    Ok(())
}

fn importance(text: &mut String, hub: &Hub, id: ExperimentId) -> Result<(), HubError> {
    let selection = Selection {
        experiments: vec![id],
        ..Selection::default()
    };
    let compared = hub.comparison(&selection, &Question::default())?;
    let found: Vec<&Importance> = compared
        .finding
        .importance
        .parameters
        .iter()
        .filter(|one| one.alone.is_some())
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    line(
        text,
        "## What mattered\n\n| Parameter | Share of the variance | By chance | p |\n|---|---|---|---|",
    );
    for one in found.iter().take(TOP) {
        if let Some(effect) = one.alone {
            let row = format!(
                "| {} | {} % | {} % | {} |",
                escaped(&one.parameter),
                numbers::percent(effect.share),
                numbers::percent(effect.share_by_chance),
                amount(effect.p_value)
            );
            line(text, &row);
        }
    }
    line(text, "");
    Ok(())
}

fn failures(text: &mut String, hub: &Hub, standing: &Standing) -> Result<(), HubError> {
    line(text, "## What failed\n");
    let failed = facts::failed(hub, standing.experiment.id, FAILURES)?;
    if failed.is_empty() {
        line(text, "Nothing.\n");
        return Ok(());
    }
    line(
        text,
        &format!(
            "{} tasks failed. The latest runs that did:\n",
            standing.experiment.counts.failed
        ),
    );
    for found in failed {
        let reason = escaped(&found.run.reason());
        line(
            text,
            &format!(
                "- [task {}]({}): {reason}",
                found.task_number,
                links::run(found.run.id)
            ),
        );
    }
    line(text, "");
    Ok(())
}

fn costs(text: &mut String, hub: &Hub, standing: &Standing) -> Result<(), HubError> {
    let spending = hub.experiment_detail(standing.experiment.id)?.spending;
    line(text, "## Cost\n");
    let total = &spending.total;
    let hours = amount(total.time.as_secs_f64() / 3_600.0);
    line(
        text,
        &format!(
            "{} {} for {} runs that took {hours} h of machines.",
            total.money, spending.currency, total.runs
        ),
    );
    if total.priced < total.time {
        line(text, "Part of that time has no price.");
    }
    line(text, "");
    Ok(())
}

fn reproducibility(text: &mut String, standing: &Standing) {
    let experiment = &standing.experiment;
    line(text, "## Reproducibility\n");
    line(
        text,
        &format!("- Code: `{}`", escaped(&experiment.code_hash)),
    );
    line(
        text,
        "- Each task keeps its configuration and seed; each run the code that it ran and its surroundings.\n",
    );
}

fn next_steps(text: &mut String, standing: &Standing) {
    let counts = &standing.experiment.counts;
    let mut steps = Vec::new();
    if counts.pending + counts.running > 0 {
        steps.push(format!(
            "Wait for the {} tasks that have not ended.",
            counts.pending + counts.running
        ));
    }
    if counts.failed > 0 {
        steps.push(format!(
            "Look into the {} that failed before more are run.",
            counts.failed
        ));
    }
    if standing.ranked.len() > 1 {
        steps.push("Run the best configuration again with other seeds, to see whether it is better by more than noise.".to_owned());
    }
    if steps.is_empty() {
        return;
    }
    line(text, "## Next steps\n");
    for step in steps {
        line(text, &format!("- {step}"));
    }
}

fn line(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("a text takes more text");
}

/// A text of others on one line, in which nothing is Markdown or HTML.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars().take(TEXT_CHARS_MAX) {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            c if c.is_control() || c.is_whitespace() => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '(' | ')' | '#' | '|' | '!' | '~' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_others_wrote_shapes_nothing() {
        assert_eq!(escaped("a\n# b"), "a \\# b");
        assert_eq!(escaped("<script>|`x`"), "&lt;script&gt;\\|\\`x\\`");
        assert_eq!(escaped("[x](javascript:1)"), "\\[x\\]\\(javascript:1\\)");
        assert_eq!(escaped(&"x".repeat(2_000)).len(), 1_000);
    }
}
