//! What another Cupola asks.

use std::io::Write;

use cupola_workspace::source::LogAsked;
use serde::Serialize;
use serde_json::{Value, value::RawValue};

use super::{Session, read_params};
use crate::{
    rpc::{self, Failure, Message},
    wire::ours::{
        Asked, DetailsBody, ExperimentActionBody, ExperimentBody, JobBody, KeyBody, LogPartBody,
        OrphanBody, PartBody, SeriesBody, ServiceBody, SheetBody, WarningBody,
    },
};

/// So many rows travel in one frame: some hundred kilobytes.
const ROWS_MAX: usize = 500;

/// The most of a log that travels in one frame.
const LOG_BYTES_MAX: u64 = 4 << 20;

type Answer = Result<Box<RawValue>, Failure>;

/// Answers the request `id`; lists go out in parts before their answer.
pub(super) fn answer<W: Write + Send>(
    session: &Session<'_, W>,
    id: &Value,
    method: &str,
    params: &RawValue,
) -> Answer {
    let source = &*session.server.source;
    let asked: Asked = read_params(params)?;
    let run = asked.run.map(Into::into);
    match method {
        "experiments" => {
            let rows = source.experiments()?.into_iter().map(ExperimentBody::from);
            Ok(session.rows(id, rows))
        }
        "jobs" => {
            let jobs = source.jobs(run.as_ref())?;
            Ok(session.rows(id, jobs.iter().map(|job| JobBody::from(&**job))))
        }
        "dependencies" => {
            let rows = source.dependencies(&needed(run, "run")?)?.into_iter();
            let keys = |needs: Vec<_>| needs.into_iter().map(Into::into).collect::<Vec<KeyBody>>();
            let rows = rows.map(|(job, needs)| (KeyBody::from(job), keys(needs)));
            Ok(session.rows(id, rows))
        }
        "services" => {
            let rows = source.services(run.as_ref())?.into_iter();
            Ok(session.rows(id, rows.map(ServiceBody::from)))
        }
        "actions" => {
            let rows = source.actions(&needed(run, "run")?)?.into_iter();
            Ok(session.rows(id, rows.map(ExperimentActionBody::from)))
        }
        "orphans" => {
            let rows = source.orphans(asked.with_sizes)?.into_iter();
            Ok(session.rows(id, rows.map(OrphanBody::from)))
        }
        "warnings" => {
            let rows = source.warnings()?.into_iter().map(WarningBody::from);
            Ok(session.rows(id, rows))
        }
        "series" => {
            let job = needed(asked.job, "job")?.into();
            let rows = source.series(&job, needed(asked.width, "width")?)?;
            Ok(session.rows(id, rows.into_iter().map(SeriesBody::from)))
        }
        "sheets" => {
            let rows = source.sheets()?.into_iter().map(SheetBody::from);
            Ok(session.rows(id, rows))
        }
        "job" => {
            let details = source.job(&needed(asked.job, "job")?.into())?;
            Ok(rpc::raw(&DetailsBody::from(details)))
        }
        "log" => {
            let mut log = LogAsked::from(needed(asked.log, "log")?);
            log.bytes = log.bytes.min(LOG_BYTES_MAX);
            Ok(rpc::raw(&LogPartBody::from(source.log(&log)?)))
        }
        "act" => {
            let action = needed(asked.action, "action")?.into();
            Ok(rpc::raw(&source.act(&action)?))
        }
        "refresh" => {
            source.refresh();
            Ok(rpc::raw(&()))
        }
        other => Err(Failure::new(
            rpc::METHOD_NOT_FOUND,
            format!("unknown method `cupola.{other}`"),
        )),
    }
}

impl<W: Write + Send> Session<'_, W> {
    /// Sends `rows` in parts, and answers how many there were.
    fn rows<T: Serialize>(&self, id: &Value, rows: impl Iterator<Item = T>) -> Box<RawValue> {
        let mut rows = rows.peekable();
        let mut sent = 0;
        while rows.peek().is_some() {
            let part: Vec<T> = rows.by_ref().take(ROWS_MAX).collect();
            sent += part.len();
            let body = PartBody {
                of: id.clone(),
                rows: part,
            };
            self.send(&Message::notification("cupola.part", &body));
        }
        rpc::raw(&sent)
    }
}

fn needed<T>(field: Option<T>, name: &str) -> Result<T, Failure> {
    field.ok_or_else(|| Failure::new(rpc::INVALID_PARAMS, format!("`{name}` is required")))
}
