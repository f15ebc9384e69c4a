//! Configurations and results, a row a run.

use cupola_hub::comparison::{Cell, Column, Compared, ComparedRun, Of};

use super::{asked::Asked, choices::Known, colours};
use crate::ui::{
    components::{Badge, Id, Link, Pager},
    format,
    listing::{ROWS, Slice},
    paths,
};

/// More columns than this help nobody.
const COLUMNS_MAX: usize = 40;

/// The table.
#[derive(Debug, Clone)]
pub struct Table {
    /// What stands in the columns.
    pub headers: Vec<Header>,
    /// One page of runs.
    pub lines: Vec<Line>,
    /// Where one is.
    pub pager: Pager,
    /// The same with all columns, or only with those that differ.
    pub turned: String,
    /// Whether all columns are shown.
    pub is_all: bool,
    /// What is left out.
    pub notes: Vec<String>,
}

/// A column's head.
#[derive(Debug, Clone)]
pub struct Header {
    /// The column's name.
    pub label: String,
    /// Its whole name.
    pub title: String,
    /// Where the table is sorted by it.
    pub href: String,
    /// `ascending`, `descending`, or empty.
    pub sorted: &'static str,
    /// Whether its cells are numbers.
    pub is_numeric: bool,
    /// Whether the runs are not all the same in it.
    pub differs: bool,
}

/// One run.
#[derive(Debug, Clone)]
pub struct Line {
    /// The run.
    pub id: Id,
    /// `task 7`, or what its client calls it.
    pub label: String,
    /// What it belongs to.
    pub experiment: Link,
    /// The class of its colour; empty for none.
    pub colour: String,
    /// Its state.
    pub badge: Badge,
    /// Whether no other is better.
    pub is_best: bool,
    /// One for each column.
    pub cells: Vec<TableCell>,
}

/// What a run has in a column.
#[derive(Debug, Clone)]
pub struct TableCell {
    /// Short.
    pub text: String,
    /// Exactly; empty where there is nothing.
    pub exact: String,
    /// Whether it is a number.
    pub is_numeric: bool,
}

pub(super) fn table(asked: &Asked, compared: &Compared, known: &Known) -> Table {
    let columns = columns(asked, compared, known);
    let omitted = columns.len().saturating_sub(COLUMNS_MAX);
    let shown = &columns[..columns.len().min(COLUMNS_MAX)];
    let order = order(asked, compared);
    let pages = order.len().div_ceil(ROWS as usize).max(1);
    let page = usize::try_from(asked.page).unwrap_or(pages).clamp(1, pages);
    let rows = order
        .iter()
        .skip((page - 1) * ROWS as usize)
        .take(ROWS as usize);
    let colours = colours::of_runs(compared);
    let turned = Asked {
        is_all: !asked.is_all,
        page: 1,
        ..asked.clone()
    };
    Table {
        headers: shown
            .iter()
            .map(|column| header(asked, known, column))
            .collect(),
        lines: rows
            .map(|at| line(compared, *at, &colours[*at], shown))
            .collect(),
        pager: pager(asked, order.len(), page),
        turned: format!("{}#table", turned.page()),
        is_all: asked.is_all,
        notes: (omitted > 0)
            .then(|| format!("{omitted} more columns are left out: there are too many to read."))
            .into_iter()
            .collect(),
    }
}

fn pager(asked: &Asked, total: usize, page: usize) -> Pager {
    let slice = Slice {
        found: (),
        total: total as u64,
        page: page as u64,
    };
    Pager::new(slice.page, ROWS.into(), slice.total, |page| {
        let other = Asked {
            page,
            ..asked.clone()
        };
        format!("{}#table", other.page())
    })
}

/// Where the runs differ, and what they are judged by; or all there is.
fn columns(asked: &Asked, compared: &Compared, known: &Known) -> Vec<Column> {
    let metric = compared.metric.clone();
    let has_it = |column: &Column| {
        compared
            .runs
            .iter()
            .any(|one| column.cell(one) != Cell::Nothing)
    };
    let own = |column: &Column| match column {
        Column::State | Column::Experiment => false,
        Column::Metric(..)
        | Column::Result(_)
        | Column::Objective
        | Column::Duration
        | Column::Cost => has_it(column),
        column => asked.is_all || known.varies(column),
    };
    let rest = known
        .all
        .iter()
        .filter(|column| own(column) && Some(*column) != metric.as_ref());
    let mut columns: Vec<Column> = metric.iter().cloned().collect();
    columns.extend(rest.cloned());
    if asked.is_all {
        let extremes = compared
            .names
            .metrics
            .iter()
            .flat_map(|name| [Of::Min, Of::Max].map(|of| Column::Metric(name.clone(), of)));
        columns.extend(extremes.filter(has_it).take(COLUMNS_MAX));
    }
    columns
}

/// The places of the runs, sorted. Those that have nothing come last either way.
fn order(asked: &Asked, compared: &Compared) -> Vec<usize> {
    let mut order: Vec<usize> = (0..compared.runs.len()).collect();
    let Some(sort) = &asked.sort else {
        if asked.is_descending {
            order.reverse();
        }
        return order;
    };
    let cells: Vec<Cell> = compared.runs.iter().map(|one| sort.cell(one)).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&cells[*a], &cells[*b]);
        let is_nothing = |cell: &Cell| *cell == Cell::Nothing;
        let by_value = if asked.is_descending {
            b.order(a)
        } else {
            a.order(b)
        };
        is_nothing(a).cmp(&is_nothing(b)).then(by_value)
    });
    order
}

fn header(asked: &Asked, known: &Known, column: &Column) -> Header {
    let is_current = asked.sort.as_ref() == Some(column);
    let other = Asked {
        sort: Some(column.clone()),
        is_descending: is_current && !asked.is_descending,
        page: 1,
        ..asked.clone()
    };
    Header {
        label: column.name(),
        title: column.to_string(),
        href: format!("{}#table", other.page()),
        sorted: match (is_current, asked.is_descending) {
            (false, _) => "",
            (true, true) => "descending",
            (true, false) => "ascending",
        },
        is_numeric: known.numeric.contains(column) || matches!(column, Column::Metric(..)),
        differs: known.varies(column),
    }
}

fn line(compared: &Compared, at: usize, colour: &str, columns: &[Column]) -> Line {
    let one = &compared.runs[at];
    Line {
        id: one.run.id.into(),
        label: one.label(),
        experiment: experiment(compared, one),
        colour: colour.to_owned(),
        badge: Badge::state(one.run.state.word(), one.run.reason()),
        is_best: compared.finding.best == Some(at),
        cells: columns.iter().map(|column| cell(column, one)).collect(),
    }
}

pub(super) fn experiment(compared: &Compared, one: &ComparedRun) -> Link {
    let found = compared
        .experiments
        .iter()
        .find(|e| e.id == one.run.experiment);
    found.map_or_else(
        || Link::new(&one.experiment, paths::experiment(one.run.experiment, "")),
        crate::ui::present::family_link,
    )
}

/// Settings stand as they were said, values as they are read.
fn cell(column: &Column, one: &ComparedRun) -> TableCell {
    let cell = column.cell(one);
    let is_setting = matches!(column, Column::Param(_) | Column::Tag(_) | Column::Seed);
    TableCell {
        text: match &cell {
            Cell::Number(number) if is_setting => format::tick(*number),
            Cell::Number(number) => format::number(*number),
            Cell::Text(text) => text.clone(),
            Cell::Nothing => format::NOTHING.to_owned(),
        },
        exact: cell.text(),
        is_numeric: matches!(cell, Cell::Number(_)),
    }
}
