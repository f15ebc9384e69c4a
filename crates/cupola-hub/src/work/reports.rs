//! What a program says while it runs: each report is taken once.

use std::collections::BTreeMap;

use cupola_domain::{
    event::Event,
    field::FieldError,
    ids::{RunId, TokenId},
    labels::check_param,
    metric::{Point, is_name},
    progress::Progress,
    result::Kept,
    run::Lease,
    stopping::Stopping,
    text::storable,
    time::Timestamp,
};
use cupola_store::{Tx, events, params, results, runs, series};

use super::{RESULTS_MAX, Report, had_lease, intake::append_log};
use crate::{Hub, HubError, run_results::kept};

/// A report with more pieces than this is refused.
const PIECES_MAX: usize = 10_000;

impl Hub {
    /// Takes a report. One that was taken before changes nothing; one from the future is refused.
    pub fn take_report(
        &self,
        token: TokenId,
        run: RunId,
        lease: Lease,
        report: Report,
    ) -> Result<(), HubError> {
        self.check_worker(token, lease.worker)?;
        if pieces(&report) > PIECES_MAX {
            let message = format!("a report may have at most {PIECES_MAX} pieces");
            return Err(HubError::Conflict(message));
        }
        let (kept, now) = (kept(&report.results)?, self.now());
        self.write(move |tx| take_report(tx, run, lease, (&report, &kept), now))?;
        // What is said is said by somebody who lives: no run is lost before its last words.
        let mut live = self.live();
        // Who said goodbye is gone, whatever arrives after that.
        if let Some(worker) = live.workers.get_mut(&lease.worker)
            && worker.left_at.is_none()
        {
            worker.last_seen = worker.last_seen.max(now);
        }
        Ok(())
    }
}

fn take_report(
    tx: &mut Tx,
    id: RunId,
    lease: Lease,
    (report, kept): (&Report, &[(String, Kept)]),
    now: Timestamp,
) -> Result<(), HubError> {
    let was = runs::find_intake(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
    let run = runs::find(tx, id)?.ok_or_else(|| HubError::not_found("run", id))?;
    if !had_lease(&run, lease) {
        let message = format!("the lease with epoch {} is not current", lease.epoch);
        return Err(HubError::StaleLease(message));
    }
    if report.seq < was.report_next {
        return Ok(());
    }
    if report.seq > was.report_next {
        let message = format!(
            "report {} came where {} was next",
            report.seq, was.report_next
        );
        return Err(HubError::Conflict(message));
    }
    if run.state.lease().is_none() {
        let message = format!("run `{id}` has ended; it takes no more reports");
        return Err(HubError::StaleLease(message));
    }
    let mut intake = runs::Intake {
        report_next: was.report_next + 1,
        ..was.clone()
    };
    append_log(tx, id, &report.log, &mut intake)?;
    runs::save_intake(tx, id, &was, &intake)?;
    if !report.log.is_empty() {
        events::record(tx, Event::LogAppended(id));
    }
    // What is no name is passed over, for a refused report would come again for ever; the worker said so.
    let named = by_series(report).into_iter();
    for (name, points) in named.filter(|(name, _)| is_name(name)) {
        series::append(tx, id, &name, &points)?;
    }
    if !report.metrics.is_empty() {
        events::record(tx, Event::MetricsAppended(id, run.experiment));
    }
    save_results(tx, id, kept, now)?;
    save_params(tx, id, &report.params)?;
    if let Some(levels) = &report.progress {
        let progress = Progress::after(run.progress.as_ref(), levels.clone(), now);
        runs::save_progress(tx, id, lease.epoch, &progress)?;
    }
    if let Some((step, next)) = report.stopping {
        let next_at = next.map(|next| now.plus(next));
        runs::save_stopping(tx, id, lease.epoch, Stopping { step, next_at })?;
    }
    let is_told = !report.results.is_empty() || !report.params.is_empty();
    if report.progress.is_some() || report.stopping.is_some() || is_told {
        events::record(tx, Event::RunChanged(id, run.task));
    }
    Ok(())
}

fn pieces(report: &Report) -> usize {
    report.log.len() + report.metrics.len() + report.results.len() + report.params.len()
}

/// Notes what the program says of its configuration. What the run was made with stands.
fn save_params(tx: &mut Tx, id: RunId, said: &[(String, String)]) -> Result<(), HubError> {
    let fits = |(key, value): &&(String, String)| check_param(key, value).is_ok();
    let said: Vec<_> = said.iter().filter(fits).cloned().collect();
    params::save(tx, id, &said)?;
    Ok(())
}

/// Notes results, unless the run has too many with them.
fn save_results(
    tx: &mut Tx,
    id: RunId,
    kept: &[(String, Kept)],
    now: Timestamp,
) -> Result<(), HubError> {
    if kept.is_empty() {
        return Ok(());
    }
    results::save(tx, id, kept, now)?;
    let total = usize::try_from(results::count(tx, id)?).unwrap_or(usize::MAX);
    if total <= RESULTS_MAX {
        return Ok(());
    }
    let message = format!("run `{id}` would have {total}; a run may have at most {RESULTS_MAX}");
    Err(HubError::Invalid(vec![FieldError::new("results", message)]))
}

/// A report's points by series: a program may name one several times.
fn by_series(report: &Report) -> BTreeMap<String, Vec<Point>> {
    let mut series: BTreeMap<String, Vec<Point>> = BTreeMap::new();
    for (name, points) in &report.metrics {
        series
            .entry(storable(name).into_owned())
            .or_default()
            .extend(points);
    }
    series
}
