//! What runs wrote: logs and curves.

use cupola_domain::{ids::RunId, text::excerpt};
use cupola_hub::{
    HubError,
    charts::Shown,
    logs::{From as LogFrom, LogQuery},
};

use super::{Answer, Chart, Desk, quoted};
use crate::{
    facts, links,
    names::{Key, Thing},
    numbers::{amount, plural},
};

/// Lines of a log.
const LINES: usize = 20;

/// Columns of a small chart.
const COLUMNS: u32 = 60;

impl Desk<'_> {
    pub(super) fn log(&self, of: &Thing) -> Result<Answer, HubError> {
        let run = self.run_of(of)?;
        let source = links::run(run);
        let part = self.hub.run_log(
            run,
            LogQuery {
                from: LogFrom::Last,
                limit: LINES,
                line_bytes: 1_000,
                ..LogQuery::default()
            },
        )?;
        let total = u64::try_from(part.levels.total()).unwrap_or(0);
        let name = match of.key {
            // Which of its runs was taken is said.
            Key::Experiment(_) | Key::Picked(..) => {
                let detail = self.hub.run_detail(run)?;
                let experiment = self.called(detail.experiment.id, &detail.experiment.name);
                format!("task {} of {experiment}", detail.task.number)
            }
            _ => quoted(&of.name),
        };
        let which = match of.key {
            Key::Picked(_, pick) => format!("The log of the {},", pick.words()),
            _ => "The log of".to_owned(),
        };
        let text = match total {
            0 => format!("{which} {name} has no lines."),
            total => format!(
                "{which} {name} has {}; the last {} are quoted.",
                plural(total, "line"),
                part.lines.len()
            ),
        };
        let mut answer = Answer::saying(text).count("lines", total, &source);
        answer.quoted = part
            .lines
            .iter()
            .map(|line| cupola_domain::text::storable(&line.text).into_owned())
            .collect();
        Ok(answer.link("the log", source).showing(run))
    }

    pub(super) fn curve(&self, of: &Thing, metrics: &[Thing]) -> Result<Answer, HubError> {
        let (run, which) = self.run_with_curves(of)?;
        let detail = self.hub.run_detail(run)?;
        let source = links::run(run);
        let objective = detail
            .experiment
            .objective
            .as_ref()
            .map(|objective| objective.metric.clone());
        let metric = match metrics.first() {
            Some(thing) => Some(thing.name.clone()),
            None => objective
                .filter(|metric| detail.series.contains(metric))
                .or_else(|| detail.series.first().cloned()),
        };
        let name = called(of, which);
        let nothing = |what: &str| {
            Answer::saying(format!("{name} has no curve{what}."))
                .link("the run", source.clone())
                .showing(run)
        };
        let Some(metric) = metric else {
            return Ok(nothing(""));
        };
        let shown = Shown {
            columns: COLUMNS,
            ..Shown::default()
        };
        let charts = self
            .hub
            .run_charts(run, vec![(metric.clone(), None)], shown)?;
        let Some(chart) = charts.charts.into_iter().next() else {
            return Ok(nothing(&format!(" of {}", quoted(&metric))));
        };
        let points: Vec<(i64, f64)> = chart
            .entries
            .iter()
            .map(|entry| (entry.last.step, entry.last.value))
            .collect();
        let series = &chart.series;
        let mut answer = Answer::saying(format!(
            "{} of {name} has {}.",
            quoted(&metric),
            plural(series.points, "point")
        ));
        if let (Some(last), Some(min), Some(max)) = (series.last, series.min, series.max) {
            answer.text = format!(
                "{} of {name} is {} at step {}; it was between {} and {}.",
                quoted(&metric),
                amount(last.value),
                last.step,
                amount(min),
                amount(max)
            );
            answer = answer
                .number("last", last.value, "", &source)
                .number("least", min, "", &source)
                .number("largest", max, "", &source);
            #[expect(clippy::cast_precision_loss, reason = "a step to be shown")]
            let step = last.step as f64;
            answer = answer.number("step", step, "", &source);
        }
        answer = answer.count("points", series.points, &source);
        answer.chart = Some(Chart {
            metric,
            source: source.clone(),
            points,
        });
        Ok(answer.link("the run", source).showing(run))
    }

    /// Of an experiment the best run, or the newest where none is best.
    fn run_with_curves(&self, of: &Thing) -> Result<(RunId, &'static str), HubError> {
        let Key::Experiment(id) = of.key else {
            return Ok((self.run_of(of)?, ""));
        };
        match facts::standing(self.hub, id)?.ranked.first() {
            Some(best) => Ok((facts::run_of(self.hub, best)?, "the best run of ")),
            None => Ok((self.run_of(of)?, "the newest run of ")),
        }
    }
}

/// A run in a sentence.
fn called(of: &Thing, which: &str) -> String {
    match of.key {
        Key::Picked(..) => excerpt(&of.name),
        _ => format!("{which}{}", quoted(&of.name)),
    }
}
