//! From what a worker sends to what the hub takes. A worker is believed nothing that has a shape.

use std::time::Duration;

use cupola_domain::{
    field::FieldError,
    ids::WorkerId,
    metric::Point,
    progress::Levels,
    provenance::Provenance,
    run::{Failure, Lease, Outcome},
    stopping::StopStep,
    telemetry::Sample,
};
use cupola_hub::{work, workers::Paused};
use cupola_protocol::{
    desk::RestingBody,
    runs::ProgressLevelBody,
    telemetry::SampleBody,
    work::{Finished, Heartbeat, Held, LogPiece, MetricPiece, Registration, Report, StoppingBody},
};
use serde_json::{Map, Value};

/// Names of machines, sessions, series and results are shown to people.
const NAME_CHARS_MAX: usize = 200;

/// No machine has more graphics processors.
const GPUS_MAX: usize = 64;

/// A worker that has more than this is no machine.
const HELD_MAX: usize = 1024;

type Errors = Vec<FieldError>;

fn one(field: &str, message: impl Into<String>) -> Errors {
    vec![FieldError::new(field, message)]
}

fn check_name(field: &str, text: &str) -> Result<(), Errors> {
    if text.is_empty() {
        return Err(one(field, "is empty"));
    }
    check_chars(field, text, NAME_CHARS_MAX)
}

fn check_chars(field: &str, text: &str, chars_max: usize) -> Result<(), Errors> {
    let chars = text.chars().count();
    if chars > chars_max {
        let message = format!("has {chars} characters; at most {chars_max} fit");
        return Err(one(field, message));
    }
    Ok(())
}

pub(super) fn registration(body: Registration) -> Result<work::Registration, Errors> {
    check_name("name", &body.name)?;
    check_name("session", &body.session)?;
    let machine = &body.capabilities;
    for (field, text) in [
        ("version", &body.version),
        ("place", &body.place),
        ("capabilities.hostname", &machine.hostname),
        ("capabilities.platform", &machine.platform),
        ("capabilities.cpu_model", &machine.cpu_model),
    ] {
        check_chars(field, text, NAME_CHARS_MAX)?;
    }
    for (at, gpu) in machine.gpus.iter().enumerate() {
        check_chars(
            &format!("capabilities.gpus.{at}.name"),
            &gpu.name,
            NAME_CHARS_MAX,
        )?;
    }
    if machine.gpus.len() > GPUS_MAX {
        let message = format!("has more than {GPUS_MAX}");
        return Err(one("capabilities.gpus", message));
    }
    let id = match body.worker_id.as_deref() {
        Some(text) => Some(worker_id(text)?),
        None => None,
    };
    Ok(work::Registration {
        id,
        name: body.name,
        session: body.session,
        place: body.place,
        slots: body.slots,
        version: body.version,
        capabilities: body.capabilities.into(),
    })
}

fn worker_id(text: &str) -> Result<WorkerId, Errors> {
    text.parse()
        .map_err(|error: cupola_domain::ids::InvalidId| one("worker_id", error.to_string()))
}

pub(in crate::api) fn lease(worker: &str, epoch: i64) -> Result<Lease, Errors> {
    Ok(Lease {
        worker: worker_id(worker)?,
        epoch,
    })
}

pub(super) fn samples(bodies: &[SampleBody]) -> Result<Vec<Sample>, Errors> {
    let read = |(at, body): (usize, &SampleBody)| {
        let values = body
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), *value));
        Sample::read(at, body.number, body.age_millis, values)
    };
    let read: Result<Vec<_>, _> = bodies.iter().enumerate().map(read).collect();
    read.map_err(|error| vec![error])
}

pub(super) fn wait(secs: f64) -> Result<Duration, Errors> {
    seconds("wait_secs", secs)
}

fn seconds(field: &str, secs: f64) -> Result<Duration, Errors> {
    Duration::try_from_secs_f64(secs)
        .map_err(|_| one(field, format!("is {secs}; say seconds from 0 on")))
}

pub(super) fn holding(held: &[Held]) -> Result<Vec<work::Held>, Errors> {
    if held.len() > HELD_MAX {
        return Err(one("holding", format!("has more than {HELD_MAX} runs")));
    }
    let read = |(at, held): (usize, &Held)| match held.run_id.parse() {
        Ok(run) => Ok((run, held.epoch)),
        Err(error) => Err(one(&format!("holding.{at}.run_id"), format!("{error}"))),
    };
    held.iter().enumerate().map(read).collect()
}

pub(super) fn beat(beat: Heartbeat) -> Result<work::Beat, Errors> {
    let paused = |resting: RestingBody| -> Result<Paused, Errors> {
        check_name("resting.why", &resting.why)?;
        Ok(Paused {
            why: resting.why,
            until: resting.until.map(|until| until.0),
        })
    };
    Ok(work::Beat {
        holding: holding(&beat.holding)?,
        returning: holding(&beat.returning)?,
        paused: beat.resting.map(paused).transpose()?,
    })
}

pub(super) fn report(report: Report) -> Result<work::Report, Errors> {
    let seq = i64::try_from(report.seq).map_err(|_| one("seq", "is too large"))?;
    let log = report.log.into_iter().enumerate();
    Ok(work::Report {
        seq,
        log: log.map(log_piece).collect::<Result<_, _>>()?,
        metrics: report.metrics.into_iter().map(metric_piece).collect(),
        progress: (!report.progress.is_empty())
            .then(|| progress(&report.progress))
            .transpose()?,
        stopping: report.stopping.as_ref().map(stopping).transpose()?,
        results: report.results,
        params: params(report.params)?,
    })
}

fn params(said: Map<String, Value>) -> Result<Vec<(String, String)>, Errors> {
    let param = |(key, value): (String, Value)| match value {
        Value::String(text) => Ok((key, text)),
        _ => Err(one(&format!("params.{key}"), "is no text")),
    };
    said.into_iter().map(param).collect()
}

fn log_piece((at, piece): (usize, LogPiece)) -> Result<work::LogPiece, Errors> {
    check_name(&format!("log.{at}.stream"), &piece.stream)?;
    let bytes = piece
        .decoded()
        .ok_or_else(|| one(&format!("log.{at}.bytes"), "is not base 64"))?;
    Ok(work::LogPiece {
        at: piece.at.0,
        bytes,
        omitted: i64::try_from(piece.omitted)
            .map_err(|_| one(&format!("log.{at}.omitted"), "is too large"))?,
        stream: piece.stream,
    })
}

/// Programs choose the names, and a report is refused as a whole: the hub passes over what is none.
fn metric_piece(piece: MetricPiece) -> (String, Vec<Point>) {
    let point = |(step, time_millis, value): (i64, i64, cupola_protocol::number::Number)| Point {
        step,
        time_millis,
        value: value.0,
    };
    (piece.name, piece.points.into_iter().map(point).collect())
}

fn progress(levels: &[ProgressLevelBody]) -> Result<Levels, Errors> {
    let level = |(at, level): (usize, &ProgressLevelBody)| {
        let refused = || one(&format!("progress.{at}"), "is no number of a number");
        level.level().ok_or_else(refused)
    };
    levels.iter().enumerate().map(level).collect()
}

fn stopping(body: &StoppingBody) -> Result<(StopStep, Option<Duration>), Errors> {
    let step = stop_step("stopping.step", &body.step)?;
    let next = body
        .next_secs
        .map(|secs| seconds("stopping.next_secs", secs));
    Ok((step, next.transpose()?))
}

fn stop_step(field: &str, word: &str) -> Result<StopStep, Errors> {
    word.parse().map_err(|()| {
        let message = format!("is `{word}`; say `asked`, `terminated` or `killed`");
        one(field, message)
    })
}

pub(super) fn finish(body: Finished) -> Result<work::Finish, Errors> {
    let outcome = match body.outcome.as_str() {
        "completed" => Outcome::Completed,
        "cancelled" => Outcome::Cancelled,
        "failed" => Outcome::Failed(failure(&body.failure, &body.failure_detail)?),
        other => {
            let message = format!("is `{other}`; say `completed`, `failed` or `cancelled`");
            return Err(one("outcome", message));
        }
    };
    let provenance = match body.provenance.as_deref() {
        None | Some("measured") => Provenance::Measured,
        Some("simulated") => Provenance::Simulated,
        Some(other) => {
            let message = format!("is `{other}`; say `measured` or `simulated`");
            return Err(one("provenance", message));
        }
    };
    Ok(work::Finish {
        outcome,
        results: body.results,
        stop: body
            .stop
            .as_deref()
            .map(|word| stop_step("stop", word))
            .transpose()?,
        wall_time: seconds("wall_time_secs", body.wall_time_secs)?,
        environment: (!body.environment.is_empty())
            .then(|| serde_json::Value::Object(body.environment).to_string()),
        provenance,
    })
}

/// A worker cannot say of itself that it is lost, nor that a run never started.
fn failure(kind: &str, detail: &str) -> Result<Failure, Errors> {
    match Failure::from_parts(kind, detail) {
        Some(Failure::Lost | Failure::Dependency(_) | Failure::Poison(_)) | None => Err(one(
            "failure",
            format!(
                "is `{kind}` with `{detail}`; say `spawn_failed`, `exit_code`, `signal`, \
                 `timed_out`, `bad_output`, `reported` or `not_prepared`, and what goes with it"
            ),
        )),
        Some(failure) => Ok(failure),
    }
}
