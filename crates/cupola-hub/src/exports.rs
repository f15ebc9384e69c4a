//! Runs, their parameters and their points as tables, written row by row: what is in memory does not
//! grow with what is written.

mod metrics;
mod runs;

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use cupola_domain::{
    field::FieldError,
    ids::{ExperimentId, RunId},
};
use cupola_formats::table::{Cell, Column, Kind, Writer};
use cupola_store::{experiments, listing, selected};

use crate::{Hub, HubError};

pub use cupola_formats::table::Format;
pub use cupola_search::filter::Filter;

/// So many runs are read at once.
const PAGE: u16 = 256;

/// What a table is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// A row a run: how it went, its parameters, its tags, the last value of each series.
    Runs,
    /// A row a parameter.
    Params,
    /// A row a point.
    Metrics,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 3] = [Self::Runs, Self::Params, Self::Metrics];

    /// What it is called in an address and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Params => "params",
            Self::Metrics => "metrics",
        }
    }
}

impl std::str::FromStr for Table {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|table| table.word() == word);
        found.ok_or_else(|| format!("is `{word}`; choose `runs`, `params` or `metrics`"))
    }
}

/// Which runs are written; all of them when nothing is said.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only these.
    pub runs: Vec<RunId>,
    /// Only those of these experiments.
    pub experiments: Vec<ExperimentId>,
    /// Only those that satisfy this, the latest first. Runs that are named are written whatever it says.
    pub filter: Option<Filter>,
}

/// A table that can be written.
#[derive(Debug)]
pub struct Export {
    table: Table,
    selection: Selection,
    /// The runs that are named or that satisfy the filter, in order; none where all are wanted.
    chosen: Option<Vec<RunId>>,
    columns: runs::Columns,
}

/// Where in a selection one is.
#[derive(Debug, Default)]
struct Place {
    experiment: usize,
    after: Option<RunId>,
    chosen: usize,
    is_over: bool,
}

impl Hub {
    /// Looks at what is to be written, so that what cannot be is refused before the first byte.
    pub fn plan_export(&self, table: Table, mut selection: Selection) -> Result<Export, HubError> {
        // One that is named twice is written once.
        let mut named = BTreeSet::new();
        selection.experiments.retain(|id| named.insert(*id));
        let experiments = selection.experiments.clone();
        self.read(move |tx| {
            for id in experiments {
                let found = experiments::find(tx, id)?;
                found.ok_or_else(|| HubError::not_found("experiment", id))?;
            }
            Ok(())
        })?;
        let mut export = Export {
            table,
            chosen: self.choose(&selection)?,
            selection,
            columns: runs::Columns::default(),
        };
        if table == Table::Runs {
            export.columns = self.columns_of(&export)?;
        }
        Ok(export)
    }

    /// Writes a table. An error that comes from `out` is [`HubError::Unavailable`].
    pub fn write_export<W: Write + Send>(
        &self,
        export: &Export,
        format: Format,
        out: W,
    ) -> Result<W, HubError> {
        let columns = match export.table {
            Table::Runs => export.columns.headings(),
            Table::Params => vec![
                Column::new("run_id", Kind::Text),
                Column::new("key", Kind::Text),
                Column::new("value", Kind::Text),
            ],
            Table::Metrics => metrics::headings(),
        };
        let mut writer = Writer::new(format, columns, out).map_err(broken_off)?;
        let mut place = Place::default();
        loop {
            let ids = self.page(export, &mut place)?;
            if ids.is_empty() {
                return writer.finish().map_err(broken_off);
            }
            match export.table {
                Table::Runs => self.write_runs(&ids, &export.columns, &mut writer)?,
                Table::Params => self.write_params(&ids, &mut writer)?,
                Table::Metrics => self.write_metrics(&ids, &mut writer)?,
            }
        }
    }

    /// The runs that a selection names or filters, all as one snapshot has them: a list that moves
    /// while it is written would repeat some and pass over others.
    fn choose(&self, selection: &Selection) -> Result<Option<Vec<RunId>>, HubError> {
        if !selection.runs.is_empty() {
            let named = selection.runs.clone();
            let found = self.read(move |tx| Ok(selected::list(tx, &named)?))?;
            let found: BTreeSet<_> = found.iter().map(|found| found.run.id).collect();
            if let Some(missing) = selection.runs.iter().find(|id| !found.contains(id)) {
                return Err(HubError::not_found("run", missing));
            }
            return Ok(Some(found.into_iter().collect()));
        }
        let Some(filter) = selection.filter.clone() else {
            return Ok(None);
        };
        self.find_runs(selection.experiments.clone(), filter)
            .map(Some)
    }

    /// The next runs of the selection; none when there are no more.
    fn page(&self, export: &Export, place: &mut Place) -> Result<Vec<RunId>, HubError> {
        if let Some(chosen) = &export.chosen {
            let rest = &chosen[place.chosen.min(chosen.len())..];
            let page = &rest[..rest.len().min(usize::from(PAGE))];
            place.chosen += page.len();
            return Ok(page.to_vec());
        }
        loop {
            let experiment = export.selection.experiments.get(place.experiment).copied();
            if place.is_over || (experiment.is_none() && place.experiment > 0) {
                return Ok(Vec::new());
            }
            let after = place.after;
            let ids =
                self.read(move |tx| Ok(listing::list(tx, experiment, after, i64::from(PAGE))?))?;
            place.after = ids.last().copied();
            match (ids.is_empty(), experiment) {
                (false, _) => return Ok(ids),
                (true, Some(_)) => place.experiment += 1,
                (true, None) => place.is_over = true,
            }
        }
    }

    fn write_params<W: Write + Send>(
        &self,
        ids: &[RunId],
        writer: &mut Writer<W>,
    ) -> Result<(), HubError> {
        let wanted = ids.to_vec();
        let params = self.read(move |tx| Ok(selected::params(tx, &wanted)?))?;
        for id in ids {
            let run = id.to_string();
            for (key, value) in params.get(id).into_iter().flatten() {
                let cells = [Cell::Text(&run), Cell::Text(key), Cell::Text(value)];
                writer.row(&cells).map_err(broken_off)?;
            }
        }
        Ok(())
    }
}

/// Whoever reads has gone; nobody is told.
fn broken_off(error: io::Error) -> HubError {
    HubError::Unavailable(format!("the table broke off: {error}"))
}

fn too_many(what: &str, count: usize, max: usize, instead: &str) -> HubError {
    let message = format!(
        "would have {count} columns of {what}; at most {max} fit: export {instead}, which has a \
         row for each"
    );
    HubError::Invalid(vec![FieldError::new("what", message)])
}
