//! A row a run.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    io::Write,
};

use cupola_domain::{
    cost::Money,
    ids::{ExperimentId, RunId},
    run::{Outcome, RunState},
    time::Timestamp,
};
use cupola_formats::table::{Cell, Column, Kind, Writer};
use cupola_store::{
    Tx, experiments,
    selected::{self, Labels, Selected},
    series,
};

use super::{Export, Place, broken_off, too_many};
use crate::{Hub, HubError};

/// A wider table serves nobody.
const COLUMNS_MAX: usize = 1_000;

/// One run with more series has too many for a table already.
const NAMES_MAX: i64 = 1_001;

/// What every row has.
const FIXED: [(&str, Kind); 18] = [
    ("run_id", Kind::Text),
    ("name", Kind::Text),
    ("experiment_id", Kind::Text),
    ("experiment", Kind::Text),
    ("task_id", Kind::Text),
    ("number", Kind::Integer),
    ("attempt", Kind::Integer),
    ("seed", Kind::Integer),
    ("state", Kind::Text),
    ("reason", Kind::Text),
    ("worker_id", Kind::Text),
    ("provenance", Kind::Text),
    ("objective", Kind::Number),
    ("created_at", Kind::Time),
    ("started_at", Kind::Time),
    ("finished_at", Kind::Time),
    ("wall_time_secs", Kind::Number),
    ("cost", Kind::Number),
];

/// The columns that depend on what there is.
#[derive(Debug, Default)]
pub(super) struct Columns {
    params: BTreeSet<String>,
    tags: BTreeSet<String>,
    metrics: BTreeSet<String>,
}

/// All that the rows of some runs need.
struct Page {
    selected: BTreeMap<RunId, Selected>,
    params: BTreeMap<RunId, Labels>,
    tags: BTreeMap<RunId, Labels>,
    metrics: BTreeMap<RunId, BTreeMap<String, f64>>,
    costs: BTreeMap<RunId, Money>,
    experiments: BTreeMap<ExperimentId, String>,
}

impl Columns {
    pub(super) fn headings(&self) -> Vec<Column> {
        let fixed = FIXED.iter().map(|(name, kind)| Column::new(*name, *kind));
        let named = |prefix: &'static str, kind: Kind| {
            move |name: &String| Column::new(format!("{prefix}.{name}"), kind)
        };
        fixed
            .chain(self.params.iter().map(named("params", Kind::Text)))
            .chain(self.tags.iter().map(named("tags", Kind::Text)))
            .chain(self.metrics.iter().map(named("metrics", Kind::Number)))
            .collect()
    }

    fn check(&self) -> Result<(), HubError> {
        for (what, names, instead) in [
            ("parameters", &self.params, "`params`"),
            ("tags", &self.tags, "fewer runs"),
            ("metrics", &self.metrics, "`metrics`"),
        ] {
            if names.len() > COLUMNS_MAX {
                return Err(too_many(what, names.len(), COLUMNS_MAX, instead));
            }
        }
        Ok(())
    }
}

impl Hub {
    /// Which columns the table has: one look at all of its runs.
    pub(super) fn columns_of(&self, export: &Export) -> Result<Columns, HubError> {
        let (mut columns, mut place) = (Columns::default(), Place::default());
        loop {
            let ids = self.page(export, &mut place)?;
            if ids.is_empty() {
                return Ok(columns);
            }
            let (params, tags, metrics) = self.read(move |tx| {
                let mut metrics = BTreeSet::new();
                for id in &ids {
                    metrics.extend(series::list_names(tx, *id, NAMES_MAX)?);
                }
                let params = selected::params(tx, &ids)?;
                Ok((params, selected::tags(tx, &ids)?, metrics))
            })?;
            let keys = |labels: BTreeMap<RunId, Labels>| {
                labels.into_values().flat_map(BTreeMap::into_keys)
            };
            columns.params.extend(keys(params));
            columns.tags.extend(keys(tags));
            columns.metrics.extend(metrics);
            columns.check()?;
        }
    }

    pub(super) fn write_runs<W: Write + Send>(
        &self,
        ids: &[RunId],
        columns: &Columns,
        writer: &mut Writer<W>,
    ) -> Result<(), HubError> {
        let (wanted, names) = (ids.to_vec(), columns.metrics.iter().cloned().collect());
        let page = self.read(move |tx| load(tx, &wanted, names))?;
        // One that was deleted meanwhile is left out.
        for selected in ids.iter().filter_map(|id| page.selected.get(id)) {
            page.write(selected, columns, writer)?;
        }
        Ok(())
    }
}

fn load(tx: &mut Tx, ids: &[RunId], names: Vec<String>) -> Result<Page, HubError> {
    let mut selected = BTreeMap::new();
    let mut experiments = BTreeMap::new();
    for found in selected::list(tx, ids)? {
        let id = found.run.experiment;
        if let Entry::Vacant(place) = experiments.entry(id) {
            let experiment = experiments::find(tx, id)?;
            let name = experiment.map(|experiment| experiment.name);
            place.insert(name.unwrap_or_default());
        }
        selected.insert(found.run.id, found);
    }
    let mut metrics: BTreeMap<RunId, BTreeMap<String, f64>> = BTreeMap::new();
    for series in selected::series(tx, ids, &names)? {
        if let Some((run, last)) = series.owner.run().zip(series.last) {
            metrics
                .entry(run)
                .or_default()
                .insert(series.name, last.value);
        }
    }
    Ok(Page {
        params: selected::params(tx, ids)?,
        tags: selected::tags(tx, ids)?,
        costs: selected::costs(tx, ids)?,
        selected,
        metrics,
        experiments,
    })
}

impl Page {
    fn write<W: Write + Send>(
        &self,
        selected: &Selected,
        columns: &Columns,
        writer: &mut Writer<W>,
    ) -> Result<(), HubError> {
        let run = &selected.run;
        let ids = [
            run.id.to_string(),
            run.experiment.to_string(),
            run.task.to_string(),
        ];
        let worker = run.worker.map(|worker| worker.to_string());
        let reason = match &run.state {
            RunState::Finished {
                outcome: Outcome::Failed(failure),
                ..
            } => Some(failure.reason()),
            _ => None,
        };
        let experiment = self.experiments.get(&run.experiment);
        let time = |at: Option<Timestamp>| at.map_or(Cell::Missing, |at| Cell::Time(at.millis()));
        let wall_time = run.wall_time.map(|time| time.as_secs_f64());
        let mut cells = vec![
            Cell::Text(&ids[0]),
            Cell::Text(&run.name),
            Cell::Text(&ids[1]),
            text(experiment),
            Cell::Text(&ids[2]),
            Cell::Integer(selected.number.into()),
            Cell::Integer(run.attempt.into()),
            selected.seed.map_or(Cell::Missing, Cell::Integer),
            Cell::Text(run.state.word().as_str()),
            text(reason.as_ref()),
            text(worker.as_ref()),
            Cell::Text(run.provenance.as_str()),
            number(selected.value),
            Cell::Time(run.created_at.millis()),
            time(run.started_at),
            time(run.finished_at),
            number(wall_time),
            number(self.costs.get(&run.id).map(|cost| cost.units())),
        ];
        let (params, tags) = (self.params.get(&run.id), self.tags.get(&run.id));
        let metrics = self.metrics.get(&run.id);
        let label = |labels: Option<&Labels>, key: &String| {
            labels.and_then(|labels| labels.get(key)).cloned()
        };
        let labels: Vec<Option<String>> = (columns.params.iter().map(|key| label(params, key)))
            .chain(columns.tags.iter().map(|key| label(tags, key)))
            .collect();
        cells.extend(labels.iter().map(|label| text(label.as_ref())));
        let metric = |name: &String| metrics.and_then(|metrics| metrics.get(name)).copied();
        cells.extend(columns.metrics.iter().map(|name| number(metric(name))));
        writer.row(&cells).map_err(broken_off)
    }
}

fn text(text: Option<&String>) -> Cell<'_> {
    text.map_or(Cell::Missing, |text| Cell::Text(text))
}

fn number(number: Option<f64>) -> Cell<'static> {
    number.map_or(Cell::Missing, Cell::Number)
}
