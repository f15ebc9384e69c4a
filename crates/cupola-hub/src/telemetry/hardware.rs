//! What a run's machine did while the run was there: the worker's series within the run's time.

use cupola_domain::{
    ids::{RunId, WorkerId},
    telemetry::Quantity,
    time::Timestamp,
};
use cupola_series::{chart::Axis, summary::Summary};
use cupola_store::{
    StoreError, Tx, runs,
    series::{self, Asked},
};

use super::{energy, speed, speed::Speed};
use crate::{Hub, HubError};

/// A worker has fewer quantities than this.
const NAMES_MAX: i64 = 1_000;

/// What a run's machine did meanwhile.
#[derive(Debug, Clone)]
pub struct RunHardware {
    /// Who has or had it; none before that, and where a client logs it.
    pub worker: Option<WorkerId>,
    /// From the program's start to its end, or to now. Other runs of the worker count as well.
    pub span: Option<(Timestamp, Timestamp)>,
    /// What was measured in that time.
    pub quantities: Vec<(Quantity, Summary)>,
    /// What was taken in that time, as far as it was measured.
    pub watt_hours: Option<f64>,
    /// What the program last said of its speed.
    pub speed: Option<Speed>,
}

impl Hub {
    /// What a run's machine did while the run was there.
    pub fn run_hardware(&self, id: RunId) -> Result<RunHardware, HubError> {
        let now = self.now();
        self.read(move |tx| {
            let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
            let span = run
                .started_at
                .map(|from| (from, run.finished_at.unwrap_or(now)));
            let mut found = RunHardware {
                worker: run.worker,
                span,
                quantities: Vec::new(),
                watt_hours: None,
                speed: speed::find(tx, id)?,
            };
            if let Some((worker, (from, to))) = run.worker.zip(span) {
                found.quantities = quantities(tx, worker, from, to)?;
                found.watt_hours = energy::find(tx, worker, from, to)?;
            }
            Ok(found)
        })
    }
}

fn quantities(
    tx: &mut Tx,
    worker: WorkerId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Quantity, Summary)>, StoreError> {
    let asked = Asked {
        axis: Axis::Time,
        from: Some(from.millis()),
        to: Some(to.millis()),
        columns: 1,
    };
    let mut found = Vec::new();
    for series in series::list(tx, worker, "", NAMES_MAX)? {
        let Ok(quantity) = series.name.parse::<Quantity>() else {
            continue;
        };
        let chart = series::chart(tx, &series, asked)?;
        let within = chart.entries.into_iter().reduce(Summary::and);
        found.extend(within.map(|within| (quantity, within)));
    }
    found.sort_by_key(|(quantity, _)| *quantity);
    Ok(found)
}
