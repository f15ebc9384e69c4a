//! From the runs of a family to dots.

use std::fmt::Write as _;

use cupola_domain::{experiment::Experiment, task::Task};
use cupola_hub::{
    Analysis,
    families::FamilyDetail,
    findings::{Domain, Observation},
};
use serde_json::Value;

use super::{
    Plot,
    parts::{Asked, FAILED_MAX, key, place},
};
use crate::ui::{
    components::{Dot, Measure, Opt, Scale, Scatter, X},
    format,
    listing::query,
    paths,
};

/// The choice that is no parameter.
const ORDER: &str = "order";

/// One task of a plot, before it is known whether it is drawn.
#[derive(Clone, Copy)]
enum Shown<'a> {
    Completed(&'a Observation),
    Failed(&'a Task),
}

impl Shown<'_> {
    fn number(&self) -> u32 {
        match self {
            Shown::Completed(observation) => observation.number,
            Shown::Failed(task) => task.number,
        }
    }

    fn setting(&self, parameter: &str) -> Option<&Value> {
        match self {
            Shown::Completed(observation) => observation.config.get(parameter),
            Shown::Failed(task) => task.config.get(parameter),
        }
    }
}

pub(super) fn plot(detail: &FamilyDetail, failed: &[Task], asked: &Asked) -> Plot {
    let FamilyDetail {
        family, analysis, ..
    } = detail;
    let choices = choices(analysis, failed);
    let against = choices.iter().find(|name| **name == asked.against);
    let against = against.map_or(ORDER, String::as_str);
    let (page, on) = place(family, asked.on);
    let query = query(&[("on", on), ("against", against)]);
    Plot {
        key: key(family),
        src: format!("{}?{query}", paths::family(family.id, "/plot")),
        page,
        on,
        route: paths::family(family.id, "/plot"),
        choices: std::iter::once(ORDER)
            .chain(choices.iter().map(String::as_str))
            .map(|name| Opt::new(name, name, against))
            .collect(),
        scatter: scatter(family, analysis, failed, against),
    }
}

/// The parameters that vary.
fn choices(analysis: &Analysis, failed: &[Task]) -> Vec<String> {
    if let Some(space) = &analysis.space {
        let varies = |domain: &Domain| !matches!(domain, Domain::Fixed(_));
        let parameters = space.parameters().iter();
        return parameters
            .filter(|parameter| varies(&parameter.domain))
            .map(|parameter| parameter.name.clone())
            .collect();
    }
    let first = analysis.observations.first().map(|first| &*first.config);
    let first = first.or(failed.first().map(|first| &first.config));
    first.map_or_else(Vec::new, |config| config.keys().cloned().collect())
}

fn scatter(
    family: &Experiment,
    analysis: &Analysis,
    failed: &[Task],
    against: &str,
) -> Option<Scatter> {
    let completed = analysis.observations.iter().map(Shown::Completed);
    let mut shown: Vec<_> = completed.chain(failed.iter().map(Shown::Failed)).collect();
    if shown.is_empty() {
        return None;
    }
    let all = shown.len();
    if against != ORDER {
        shown.retain(|one| one.setting(against).is_some());
    }
    let without = all - shown.len();
    shown.sort_by_key(Shown::number);
    let total = shown.len();
    let is_numeric = shown
        .iter()
        .all(|one| one.setting(against).is_none_or(Value::is_number));
    let best = analysis.summary.best.map(|best| best.number);
    let dots = shown.iter().enumerate().filter_map(|(at, one)| {
        let is_best = best == Some(one.number());
        let is_drawn = is_best || Scatter::is_drawn(at, total);
        is_drawn.then(|| dot(*one, family.metric(), against, is_numeric, is_best))
    });
    let metric = family.metric();
    let scale = scale(analysis, against);
    let mut scatter = Scatter::new(
        (against, scale),
        metric,
        dots.collect(),
        total,
        ("task", "tasks"),
    );
    if without > 0 {
        let tasks = format::counted(without as u64, "task", "tasks");
        scatter.add_note(format!("{tasks} without {against} left out."));
    }
    if failed.len() >= usize::try_from(FAILED_MAX).unwrap_or(usize::MAX) {
        let failed = format::count(failed.len() as u64);
        scatter.add_note(format!("Only the first {failed} failed tasks are marked."));
    }
    Some(scatter)
}

fn scale(analysis: &Analysis, against: &str) -> Scale {
    let parameter = analysis.space.as_ref().and_then(|s| s.find(against));
    match parameter.map(|parameter| &parameter.domain) {
        Some(Domain::LogUniform { .. }) => Scale::Log,
        _ => Scale::Linear,
    }
}

fn dot(one: Shown<'_>, metric: &str, against: &str, is_numeric: bool, is_best: bool) -> Dot {
    let setting = one.setting(against);
    let number = one.number();
    let x = match setting {
        None => X::Number(number.into()),
        Some(value) if is_numeric => X::Number(value.as_f64().unwrap_or(f64::NAN)),
        Some(value) => X::Word(format::json(value)),
    };
    let (task, y, mut title) = match one {
        Shown::Completed(observation) => {
            let value = Measure::from(observation.value).text;
            let mut title = format!("task {number}: {metric} {value}");
            if !observation.provenance.counts() {
                let _ = write!(title, " ({})", observation.provenance);
            }
            (observation.task, observation.value, title)
        }
        Shown::Failed(task) => {
            let title = format!("task {number}: failed, {}", task.state.reason());
            (task.id, None, title)
        }
    };
    if let Some(setting) = setting {
        let _ = write!(title, ", {against} {}", format::json(setting));
    }
    Dot {
        x,
        y,
        href: paths::task(task, ""),
        title,
        is_best,
        ..Dot::default()
    }
}
