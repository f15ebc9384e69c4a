//! From runs held against each other to what the page shows.

use cupola_domain::counts::State;
use cupola_hub::{
    comparison::{Column, Compared},
    experiments::ExperimentRow,
};
use cupola_protocol::paths::api;

use super::{
    Beside,
    asked::Asked,
    choices::{self, Known},
    colours::{self, SINGLE_MAX},
    findings, pictures,
    show::{Chart, Empty, LegendEntry, View},
    table,
};
use crate::ui::{components::Opt, format, paths, present::family_link};

/// So many running runs are followed one by one.
const FOLLOWED_MAX: usize = 50;

pub(super) fn view(asked: &Asked, compared: &Compared, beside: Option<Beside>) -> View {
    let known = Known::of(compared);
    let series = series(asked, compared);
    let has_runs = !compared.runs.is_empty();
    View {
        key: key(compared),
        src: asked.address(paths::COMPARE_VIEW),
        about: about(asked, compared),
        experiments: compared
            .experiments
            .iter()
            .take(10)
            .map(family_link)
            .collect(),
        controls: has_runs.then(|| choices::controls(asked, compared, &known, &series)),
        empty: None,
        chart: (has_runs && !series.is_empty()).then(|| chart(asked, compared, series)),
        verdict: findings::verdict(compared),
        groups: findings::groups(compared),
        importance: findings::importance(&compared.finding.importance),
        importance_note: findings::importance_note(&compared.finding.importance),
        parallel: pictures::parallel(asked, compared, &known),
        scatter: pictures::scatter(asked, compared, &known),
        table: has_runs.then(|| table::table(asked, compared, &known)),
        beside,
    }
}

/// What stands there while there are no runs.
pub(super) fn empty(asked: &Asked, compared: &Compared, latest: &[ExperimentRow]) -> Empty {
    let option = |row: &ExperimentRow| {
        let experiment = &row.experiment;
        Opt::new(experiment.id.to_string(), &experiment.name, "")
    };
    let missing = compared.missing.len() as u64;
    let (title, text) = if missing > 0 {
        let runs = format::counted(missing, "run", "runs");
        let text = format!("{runs} named in the address are not there, or not any more.");
        ("These runs are not there", text)
    } else if asked.runs.selection.is_empty() {
        let text = "Choose an experiment here, or mark runs in any list of runs and press Compare.";
        ("Nothing is compared yet", text.to_owned())
    } else {
        (
            "There are no runs yet",
            "They stand here as soon as there are some.".to_owned(),
        )
    };
    Empty {
        title: title.to_owned(),
        text,
        experiments: latest.iter().map(option).collect(),
    }
}

/// The experiments, and the runs that are not over; the list of experiments while there are none.
fn key(compared: &Compared) -> String {
    if compared.experiments.is_empty() {
        return "experiments".to_owned();
    }
    let experiments = compared.experiments.iter();
    let experiments = experiments.map(|one| format!("experiment:{}", one.id));
    let is_over = |state| matches!(state, State::Completed | State::Failed | State::Cancelled);
    let open = compared
        .runs
        .iter()
        .filter(|one| !is_over(one.run.state.word()));
    let runs = open
        .take(FOLLOWED_MAX)
        .map(|one| format!("run:{}", one.run.id));
    experiments.chain(runs).collect::<Vec<_>>().join(",")
}

/// How many runs, and what is left out.
fn about(asked: &Asked, compared: &Compared) -> Vec<String> {
    let shown = compared.runs.len() as u64;
    let finding = &compared.finding;
    let mut about = vec![format::counted(shown, "run", "runs")];
    if asked.runs.selection.filter.is_some() {
        about.push("chosen by a filter".to_owned());
    }
    if compared.total > shown {
        about.push(format!(
            "the first of {}: more are not compared at once",
            format::count(compared.total)
        ));
    }
    let mut say = |number: usize, what: &str| {
        if number > 0 {
            about.push(format!("{} {what}", format::count(number as u64)));
        }
    };
    say(compared.missing.len(), "named and not there");
    say(finding.not_finite, "diverged");
    say(finding.not_measured, "not measured and never counted");
    say(compared.grouping.omitted, "groups too many, left out");
    about
}

/// The series that is drawn: what is asked for, else that of the metric, else the most common one.
fn series(asked: &Asked, compared: &Compared) -> String {
    let asked = &asked.runs.overlay.series;
    if !asked.is_empty() {
        return asked.clone();
    }
    let names = &compared.names.metrics;
    let objective = compared
        .experiments
        .iter()
        .find_map(|one| one.objective.as_ref());
    let of_metric = match &compared.metric {
        Some(Column::Metric(name, _) | Column::Result(name)) => Some(name.as_str()),
        Some(Column::Objective) => objective.map(|objective| objective.metric.as_str()),
        _ => None,
    };
    let known = of_metric.filter(|name| names.iter().any(|known| known == name));
    let first = names.first().map(String::as_str);
    known.or(first).unwrap_or_default().to_owned()
}

fn chart(asked: &Asked, compared: &Compared, series: String) -> Chart {
    let open = compared
        .runs
        .iter()
        .filter(|one| one.run.state.word() == State::Running);
    let keys = open
        .take(FOLLOWED_MAX)
        .map(|one| format!("metrics:{}", one.run.id));
    let (kind, legend) = legend(asked, compared);
    Chart {
        src: asked.curves(api::COMPARE_CURVES, &series),
        key: keys.collect::<Vec<_>>().join(","),
        series,
        is_log: asked.is_log,
        smoothing: format!("{}", f64::from(asked.smoothing) / 1000.0),
        kind,
        legend,
    }
}

fn legend(asked: &Asked, compared: &Compared) -> (&'static str, Vec<LegendEntry>) {
    let entry = |(place, label): (usize, String)| LegendEntry {
        place,
        label,
        colour: colours::at(place),
        is_shown: !asked.hidden.contains(&place),
    };
    if !compared.grouping.by.is_empty() {
        let labels = compared
            .grouping
            .groups
            .iter()
            .map(|group| group.label.clone());
        return ("groups", labels.enumerate().map(entry).collect());
    }
    if compared.runs.len() > SINGLE_MAX {
        return ("many", Vec::new());
    }
    let labels = compared
        .runs
        .iter()
        .map(|one| format!("{} {}", one.label(), one.run.id.short()));
    ("runs", labels.enumerate().map(entry).collect())
}
