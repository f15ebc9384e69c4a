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
    match method {
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
        _ => list(session, id, method, asked),
    }
}

fn list<W: Write + Send>(
    session: &Session<'_, W>,
    id: &Value,
    method: &str,
    asked: Asked,
) -> Answer {
    let source = &*session.server.source;
    let run = asked.run.map(Into::into);
    let sent = match method {
        "experiments" => session.rows::<ExperimentBody, _>(id, source.experiments()?),
        "jobs" => {
            let jobs = source.jobs(run.as_ref())?;
            session.rows::<JobBody, _>(id, jobs.iter().map(|job| &**job))
        }
        "dependencies" => {
            let keys = |needs: Vec<_>| needs.into_iter().map(KeyBody::from).collect::<Vec<_>>();
            let rows = source.dependencies(&needed(run, "run")?)?.into_iter();
            let rows = rows.map(|(job, needs)| (KeyBody::from(job), keys(needs)));
            session.rows::<(KeyBody, Vec<KeyBody>), _>(id, rows)
        }
        "services" => session.rows::<ServiceBody, _>(id, source.services(run.as_ref())?),
        "actions" => {
            let actions = source.actions(&needed(run, "run")?)?;
            session.rows::<ExperimentActionBody, _>(id, actions)
        }
        "orphans" => session.rows::<OrphanBody, _>(id, source.orphans(asked.with_sizes)?),
        "warnings" => session.rows::<WarningBody, _>(id, source.warnings()?),
        "series" => {
            let job = needed(asked.job, "job")?.into();
            let series = source.series(&job, needed(asked.width, "width")?)?;
            session.rows::<SeriesBody, _>(id, series)
        }
        "sheets" => session.rows::<SheetBody, _>(id, source.sheets()?),
        other => {
            let why = format!("unknown method `cupola.{other}`");
            return Err(Failure::new(rpc::METHOD_NOT_FOUND, why));
        }
    };
    Ok(rpc::raw(&sent))
}

impl<W: Write + Send> Session<'_, W> {
    /// Sends `rows` in parts, as bodies, and says how many there were.
    fn rows<B, I>(&self, id: &Value, rows: I) -> usize
    where
        B: Serialize + From<I::Item>,
        I: IntoIterator,
    {
        let mut rows = rows.into_iter().map(B::from).peekable();
        let mut sent = 0;
        while rows.peek().is_some() {
            let part: Vec<B> = rows.by_ref().take(ROWS_MAX).collect();
            sent += part.len();
            let body = PartBody {
                of: id.clone(),
                rows: part,
            };
            self.send(&Message::notification("cupola.part", &body));
        }
        sent
    }
}

fn needed<T>(field: Option<T>, name: &str) -> Result<T, Failure> {
    field.ok_or_else(|| Failure::new(rpc::INVALID_PARAMS, format!("`{name}` is required")))
}
