//! What can be chosen of what the runs have.

use cupola_hub::{
    charts::Across,
    comparison::{Cell, Column, Compared, DirectionFrom, Of},
};

use super::{asked::Asked, findings::way, show::Controls};
use crate::ui::components::Opt;

/// Longer lists of choices help nobody.
const CHOICES_MAX: usize = 200;

/// Smoothing in per mille.
const SMOOTHING: [u32; 5] = [0, 500, 800, 900, 970];

/// What the runs have, and in what they differ.
pub(super) struct Known {
    /// Columns in which not all runs have the same.
    pub(super) varying: Vec<Column>,
    /// Columns in which some run has a number.
    pub(super) numeric: Vec<Column>,
    /// All of them: parameters, metrics, results, tags, and what every run has.
    pub(super) all: Vec<Column>,
}

impl Known {
    pub(super) fn of(compared: &Compared) -> Self {
        let all = all(compared);
        let varies = |column: &&Column| {
            let mut cells = compared.runs.iter().map(|one| column.cell(one));
            let first = cells.next();
            first.is_some_and(|first| cells.any(|cell| cell.order(&first).is_ne()))
        };
        let has_number = |column: &&Column| {
            let mut cells = compared.runs.iter().map(|one| column.cell(one));
            cells.any(|cell| matches!(cell, Cell::Number(_)))
        };
        Self {
            varying: all.iter().filter(varies).cloned().collect(),
            numeric: all.iter().filter(has_number).cloned().collect(),
            all,
        }
    }

    pub(super) fn varies(&self, column: &Column) -> bool {
        self.varying.contains(column)
    }

    fn is_numeric(&self, column: &Column) -> bool {
        self.numeric.contains(column)
    }
}

fn all(compared: &Compared) -> Vec<Column> {
    let names = &compared.names;
    let read = |name: &&String| {
        compared
            .runs
            .iter()
            .any(|one| one.metrics.contains_key(*name))
    };
    let known = |name: &&String| {
        compared
            .runs
            .iter()
            .any(|one| one.results.contains_key(*name))
    };
    let params = names.params.iter().map(|name| Column::Param(name.clone()));
    let metrics = names.metrics.iter().filter(read);
    let metrics = metrics.map(|name| Column::Metric(name.clone(), Of::Last));
    let results = names
        .results
        .iter()
        .filter(known)
        .map(|name| Column::Result(name.clone()));
    let tags = names.tags.iter().map(|name| Column::Tag(name.clone()));
    let own = [
        Column::Objective,
        Column::Duration,
        Column::Cost,
        Column::Seed,
        Column::State,
        Column::Experiment,
    ];
    params
        .chain(metrics)
        .chain(results)
        .chain(tags)
        .chain(own)
        .collect()
}

/// The form of the page.
pub(super) fn controls(
    asked: &Asked,
    compared: &Compared,
    known: &Known,
    series: &str,
) -> Controls {
    let by = &asked.runs.question.by;
    let pair = compared.finding.pair.as_ref();
    let metric = text(compared.metric.as_ref());
    let (x, y) = super::pictures::scatter_axes(asked, compared, known);
    Controls {
        hidden: asked.hidden(),
        metrics: named(options(judges(known), &metric), compared),
        better: betters(asked, compared),
        by: by_options(known, by.first(), "each run by itself"),
        and_by: by_options(known, by.get(1), "–"),
        a: group_options(compared, pair.map(|pair| pair.a)),
        b: group_options(compared, pair.map(|pair| pair.b)),
        curves: curves(compared, series),
        axes: axes(asked.runs.overlay.axis),
        is_log: asked.is_log,
        smoothing: smoothing(asked.smoothing),
        x: options(
            known.all.iter().filter(|c| is_drawn(known, c)).cloned(),
            &text(x.as_ref()),
        ),
        y: named(options(judges(known), &text(y.as_ref())), compared),
        parallel: parallel(asked, compared, known),
    }
}

/// The objective stands by the name of its metric too.
fn named(mut options: Vec<Opt>, compared: &Compared) -> Vec<Opt> {
    let objective = compared
        .experiments
        .iter()
        .find_map(|one| one.objective.as_ref());
    let is_objective = |option: &&mut Opt| option.value == Column::Objective.to_string();
    if let (Some(option), Some(objective)) = (options.iter_mut().find(is_objective), objective) {
        option.label = format!("objective: {}", objective.metric);
    }
    options
}

fn text(column: Option<&Column>) -> String {
    column.map(ToString::to_string).unwrap_or_default()
}

fn is_drawn(known: &Known, column: &Column) -> bool {
    known.is_numeric(column) || known.varies(column)
}

/// Whatever has numbers, values before settings; of series also their extremes.
fn judges(known: &Known) -> impl Iterator<Item = Column> {
    let is_setting = |c: &Column| matches!(c, Column::Param(_) | Column::Tag(_) | Column::Seed);
    let values = known.numeric.iter().filter(move |c| !is_setting(c));
    let with_extremes = values.flat_map(|column| match column {
        Column::Metric(name, _) => [Of::Last, Of::Min, Of::Max]
            .map(|of| Column::Metric(name.clone(), of))
            .to_vec(),
        column => vec![column.clone()],
    });
    let settings = known.numeric.iter().filter(move |c| is_setting(c)).cloned();
    with_extremes.chain(settings)
}

/// Choices by their text; one that is chosen and unknown stands among them.
fn options(columns: impl Iterator<Item = Column>, chosen: &str) -> Vec<Opt> {
    let texts = columns.map(|column| column.to_string()).take(CHOICES_MAX);
    let mut options: Vec<Opt> = texts
        .map(|text| Opt::new(text.clone(), text, chosen))
        .collect();
    if !chosen.is_empty() && !options.iter().any(|option| option.is_selected) {
        options.push(Opt::new(
            chosen,
            format!("{chosen} (no run has it)"),
            chosen,
        ));
    }
    options
}

fn by_options(known: &Known, chosen: Option<&Column>, none: &str) -> Vec<Opt> {
    let chosen = text(chosen);
    let is_setting = |c: &&Column| {
        let is_value = matches!(
            c,
            Column::Metric(..) | Column::Objective | Column::Duration | Column::Cost | Column::Seed
        );
        !is_value && known.varies(c)
    };
    let first = Opt::new("", none, &chosen);
    let rest = options(known.all.iter().filter(is_setting).cloned(), &chosen);
    [vec![first], rest].concat()
}

fn betters(asked: &Asked, compared: &Compared) -> Vec<Opt> {
    let chosen = super::asked::better(asked.runs.question.direction);
    let word = way(compared.direction);
    let own = match compared.direction_from {
        DirectionFrom::Said if chosen.is_empty() => format!("as the objective: {word}"),
        DirectionFrom::Name => format!("by its name: {word}"),
        _ => "not said".to_owned(),
    };
    vec![
        Opt::new("", own, chosen),
        Opt::new("lower", "lower is better", chosen),
        Opt::new("higher", "higher is better", chosen),
    ]
}

fn group_options(compared: &Compared, chosen: Option<usize>) -> Vec<Opt> {
    let Some(chosen) = chosen else {
        return Vec::new();
    };
    let groups = &compared.grouping.groups;
    let chosen = &groups[chosen].label;
    groups
        .iter()
        .map(|group| Opt::new(&group.label, &group.label, chosen))
        .collect()
}

fn curves(compared: &Compared, series: &str) -> Vec<Opt> {
    let names = compared.names.metrics.iter().take(CHOICES_MAX);
    let mut options: Vec<Opt> = names.map(|name| Opt::new(name, name, series)).collect();
    if !series.is_empty() && !options.iter().any(|option| option.is_selected) {
        options.push(Opt::new(series, series, series));
    }
    options
}

fn axes(chosen: Across) -> Vec<Opt> {
    let chosen = chosen.as_str();
    [
        ("step", "step"),
        ("time", "time of day"),
        ("relative", "time since the start"),
        ("cost", "cost"),
    ]
    .map(|(value, label)| Opt::new(value, label, chosen))
    .to_vec()
}

fn smoothing(chosen: u32) -> Vec<Opt> {
    let mut all = SMOOTHING.to_vec();
    if !all.contains(&chosen) {
        all.push(chosen);
    }
    let label = |per_mille: u32| match per_mille {
        0 => "none".to_owned(),
        some => format!("0.{}", format!("{some:03}").trim_end_matches('0')),
    };
    let chosen = chosen.to_string();
    all.into_iter()
        .map(|one| Opt::new(one.to_string(), label(one), &chosen))
        .collect()
}

fn parallel(asked: &Asked, compared: &Compared, known: &Known) -> Vec<Opt> {
    let chosen = super::pictures::parallel_axes(asked, compared, known);
    let shown = known.all.iter().filter(|column| known.varies(column));
    shown
        .take(CHOICES_MAX)
        .map(|column| Opt {
            value: column.to_string(),
            label: column.to_string(),
            is_selected: chosen.contains(column),
        })
        .collect()
}
