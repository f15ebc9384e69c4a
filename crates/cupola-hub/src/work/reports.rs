//! What a program says while it runs: each report is taken once.

use std::collections::BTreeMap;

use cupola_domain::{
    event::Event,
    ids::{RunId, TokenId},
    metric::Point,
    progress::Progress,
    result::Kept,
    run::Lease,
    stopping::Stopping,
    text::storable,
    time::Timestamp,
};
use cupola_store::{Tx, events, logs, metrics, results, runs};

use super::{LogPiece, Report, had_lease};
use crate::{Hub, HubError, run_results::kept};

/// A report with more pieces than this is refused.
const PIECES_MAX: usize = 10_000;

/// A log is kept in chunks of at most this size.
const CHUNK_BYTES_MAX: usize = 64 << 10;

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
        if report.log.len() + report.metrics.len() + report.results.len() > PIECES_MAX {
            let message = format!("a report may have at most {PIECES_MAX} pieces");
            return Err(HubError::Conflict(message));
        }
        let (kept, now) = (kept(&report.results)?, self.now());
        self.write(move |tx| take_report(tx, run, lease, (&report, &kept), now))
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
        ..was
    };
    append_log(tx, id, &report.log, &mut intake)?;
    runs::save_intake(tx, id, &was, &intake)?;
    for (name, points) in by_series(report) {
        metrics::insert(tx, id, &name, report.seq, &points)?;
    }
    if !report.metrics.is_empty() {
        events::record(tx, Event::MetricsAppended(id, run.experiment));
    }
    results::save(tx, id, kept, now)?;
    if let Some(levels) = &report.progress {
        let progress = Progress::after(run.progress.as_ref(), levels.clone(), now);
        runs::save_progress(tx, id, &progress)?;
    }
    if let Some((step, next)) = report.stopping {
        let next_at = next.map(|next| now.plus(next));
        runs::save_stopping(tx, id, Stopping { step, next_at })?;
    }
    if report.progress.is_some() || report.stopping.is_some() || !report.results.is_empty() {
        events::record(tx, Event::RunChanged(id, run.task));
    }
    Ok(())
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

fn append_log(
    tx: &mut Tx,
    id: RunId,
    pieces: &[LogPiece],
    intake: &mut runs::Intake,
) -> Result<(), HubError> {
    for piece in pieces {
        let mut omitted = piece.omitted.max(0);
        for body in chunks_of(&piece.bytes) {
            let chunk = logs::Chunk {
                number: intake.log_chunks,
                stream: storable(&piece.stream).into_owned(),
                at: piece.at,
                first_line: intake.log_lines + 1,
                omitted: std::mem::take(&mut omitted),
                body: body.to_vec(),
            };
            logs::insert(tx, id, &chunk)?;
            intake.log_chunks += 1;
            intake.log_lines += lines_of(body);
            intake.log_bytes += i64::try_from(body.len()).unwrap_or(i64::MAX);
            intake.log_omitted = intake.log_omitted.saturating_add(chunk.omitted);
        }
    }
    if !pieces.is_empty() {
        events::record(tx, Event::LogAppended(id));
    }
    Ok(())
}

/// Bytes cut into pieces that an answer can hold many of, at the ends of lines where there are any.
/// No bytes are one empty piece: it carries the mark that some were left out.
fn chunks_of(bytes: &[u8]) -> Vec<&[u8]> {
    let mut rest = bytes;
    let mut chunks = Vec::new();
    while rest.len() > CHUNK_BYTES_MAX {
        let end = rest[..CHUNK_BYTES_MAX]
            .iter()
            .rposition(|byte| *byte == b'\n');
        let (chunk, after) = rest.split_at(end.map_or(CHUNK_BYTES_MAX, |end| end + 1));
        chunks.push(chunk);
        rest = after;
    }
    if !rest.is_empty() || chunks.is_empty() {
        chunks.push(rest);
    }
    chunks
}

/// How many lines these bytes make: an unfinished last one counts.
fn lines_of(bytes: &[u8]) -> i64 {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').count();
    i64::try_from(lines).unwrap_or(i64::MAX)
}
