//! Scatter and parallel coordinates.

use cupola_hub::comparison::{Cell, Column, Compared, ComparedRun};

use super::{asked::Asked, choices::Known, colours};
use crate::ui::{
    components::{Dot, Parallel, Scale, Scatter, Strand, X},
    format, paths,
};

/// Axes of parallel coordinates that are chosen unasked.
const AXES: usize = 6;

/// More than this is a thicket.
const AXES_MAX: usize = 12;

/// What the scatter is drawn of: what is asked for, or the most important parameter and the metric.
pub(super) fn scatter_axes(
    asked: &Asked,
    compared: &Compared,
    known: &Known,
) -> (Option<Column>, Option<Column>) {
    let important = compared.finding.importance.parameters.first();
    let important = important.map(|one| Column::Param(one.parameter.clone()));
    let varying = || known.varying.iter().find(|c| matches!(c, Column::Param(_)));
    let x = asked.x.clone().or(important).or_else(|| varying().cloned());
    let y = asked.y.clone().or_else(|| compared.metric.clone());
    (x.or(Some(Column::Duration)), y)
}

/// What parallel coordinates are drawn of: what is asked for, or the parameters that vary and the
/// metric.
pub(super) fn parallel_axes(asked: &Asked, compared: &Compared, known: &Known) -> Vec<Column> {
    if !asked.axes.is_empty() {
        return asked.axes.iter().take(AXES_MAX).cloned().collect();
    }
    let importance = compared.finding.importance.parameters.iter();
    let mut axes: Vec<Column> = importance
        .map(|one| Column::Param(one.parameter.clone()))
        .filter(|column| known.varies(column))
        .take(AXES)
        .collect();
    axes.extend(compared.metric.clone());
    axes
}

pub(super) fn scatter(asked: &Asked, compared: &Compared, known: &Known) -> Option<Scatter> {
    let (Some(x), Some(y)) = scatter_axes(asked, compared, known) else {
        return None;
    };
    let colours = colours::of_runs(compared);
    let total = compared.runs.len();
    let has_x = |one: &ComparedRun| x.cell(one) != Cell::Nothing;
    let without = compared.runs.iter().filter(|one| !has_x(one)).count();
    let dots = compared.runs.iter().enumerate().filter_map(|(at, one)| {
        let is_best = compared.finding.best == Some(at);
        let is_drawn = has_x(one) && (is_best || Scatter::is_drawn(at, total));
        is_drawn.then(|| dot(one, (&x, &y), is_best, &colours[at]))
    });
    let numbers = compared.runs.iter().filter_map(|one| x.cell(one).finite());
    let labels = (x.to_string(), y.to_string());
    let mut scatter = Scatter::new(
        (&labels.0, scale(numbers)),
        &labels.1,
        dots.collect(),
        total - without,
        ("run", "runs"),
    );
    if without > 0 {
        let runs = format::counted(without as u64, "run", "runs");
        scatter.add_note(format!("{runs} without {x} left out."));
    }
    (total > without).then_some(scatter)
}

fn scale(numbers: impl Iterator<Item = f64>) -> Scale {
    let (least, greatest) = numbers.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| {
        (a.min(x), b.max(x))
    });
    Scale::of(least, greatest)
}

fn dot(one: &ComparedRun, (x, y): (&Column, &Column), is_best: bool, colour: &str) -> Dot {
    let (at, height) = (x.cell(one), y.cell(one));
    let said = |column: &Column, cell: &Cell| match cell {
        Cell::Number(number) => format!("{column} {}", format::number(*number)),
        Cell::Text(text) => format!("{column} {text}"),
        Cell::Nothing => format!("no {column}"),
    };
    Dot {
        title: format!("{}: {}, {}", one.label(), said(x, &at), said(y, &height)),
        x: place(at).unwrap_or_default(),
        y: height.finite(),
        href: paths::run(one.run.id, ""),
        is_best,
        colour: colour.to_owned(),
        run: one.run.id.to_string(),
    }
}

fn place(cell: Cell) -> Option<X> {
    match cell {
        Cell::Number(number) => Some(X::Number(number)),
        Cell::Text(text) => Some(X::Word(text)),
        Cell::Nothing => None,
    }
}

pub(super) fn parallel(asked: &Asked, compared: &Compared, known: &Known) -> Option<Parallel> {
    let axes = parallel_axes(asked, compared, known);
    if axes.len() < 2 || compared.runs.len() < 2 {
        return None;
    }
    let metric = compared.metric.as_ref();
    let strands: Vec<Strand> = compared
        .runs
        .iter()
        .map(|one| Strand {
            values: axes.iter().map(|column| place(column.cell(one))).collect(),
            run: one.run.id.to_string(),
            href: paths::run(one.run.id, ""),
            title: one.label(),
            shade: metric.and_then(|metric| one.counted(metric)),
        })
        .collect();
    let names: Vec<String> = axes.iter().map(ToString::to_string).collect();
    let by = metric.map(ToString::to_string).unwrap_or_default();
    Some(Parallel::new(&names, &strands, &by, &asked.brush))
}
