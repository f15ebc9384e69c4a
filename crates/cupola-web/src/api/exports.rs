//! Tables in open formats, written while they are read.

use std::io::{self, Write};

use axum::{
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use cupola_domain::{access::Role, field::FieldError};
use cupola_hub::exports::{Filter, Format, Selection, Table};
use cupola_protocol::paths::api;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::{
    auth::{Access, Viewer},
    error::Refused,
    params::Params,
    router::Routes,
    state::{Web, hub_call},
};

/// Bytes that are sent together.
const BLOCK_BYTES: usize = 256 << 10;

/// So many things may be named in one address.
const NAMED_MAX: usize = 1_000;

pub(super) fn routes() -> Routes {
    Routes::new().get(api::EXPORT, Access::Role(Role::Viewer), export)
}

async fn export(
    State(web): State<Web>,
    _: Viewer,
    Path(what): Path<String>,
    params: Params,
) -> Result<Response, Refused> {
    answer(web, &what, params).await
}

/// The same for a page: `what` says which table, that of runs unless it is said.
pub(crate) async fn exported(
    State(web): State<Web>,
    _: Viewer,
    params: Params,
) -> Result<Response, Refused> {
    let what = params.text("what").to_owned();
    let what = if what.is_empty() { "runs" } else { &what };
    answer(web, what, params).await
}

async fn answer(web: Web, what: &str, mut params: Params) -> Result<Response, Refused> {
    let table: Option<Table> = match what.parse() {
        Ok(table) => Some(table),
        Err(reason) => {
            params.refuse(FieldError::new("what", reason));
            None
        }
    };
    let word = params.text("format");
    let format = Format::from_word(if word.is_empty() { "csv" } else { word });
    if format.is_none() {
        let message = format!("is `{word}`; choose `csv`, `json`, `jsonl` or `parquet`");
        params.refuse(FieldError::new("format", message));
    }
    let selection = Selection {
        runs: listed(&mut params, "runs"),
        experiments: listed(&mut params, "experiments"),
        filter: filter(&mut params),
    };
    params.finish()?;
    let (Some(table), Some(format)) = (table, format) else {
        unreachable!("what is wrong was refused");
    };
    let export = hub_call(&web, move |hub| hub.plan_export(table, selection)).await?;
    let (blocks, stream) = mpsc::channel(2);
    let hub = web.hub().clone();
    tokio::task::spawn_blocking(move || {
        let out = Blocks {
            block: Vec::with_capacity(BLOCK_BYTES),
            blocks: blocks.clone(),
        };
        if let Err(error) = hub.write_export(&export, format, out) {
            // The answer breaks off, so that nobody takes it for whole.
            tracing::debug!(%error, "an export broke off");
            let _ = blocks.blocking_send(Err(io::Error::other(error)));
        }
    });
    let mut response = Body::from_stream(ReceiverStream::new(stream)).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static(format.media_type());
    headers.insert(header::CONTENT_TYPE, kind);
    let name = format!("cupola-{}.{}", table.word(), format.word());
    let disposition = format!("attachment; filename=\"{name}\"");
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    Ok(response)
}

fn filter(params: &mut Params) -> Option<Filter> {
    match Filter::parse(params.text("filter")) {
        Ok(filter) => filter,
        Err(error) => {
            params.refuse(FieldError::new("filter", error.to_string()));
            None
        }
    }
}

/// Ids with commas between.
fn listed<T: std::str::FromStr<Err: std::fmt::Display>>(
    params: &mut Params,
    name: &'static str,
) -> Vec<T> {
    let text = params.text(name).to_owned();
    let ids: Vec<&str> = text.split(',').filter(|id| !id.is_empty()).collect();
    if ids.len() > NAMED_MAX {
        let message = format!("names {}; at most {NAMED_MAX} fit", ids.len());
        params.refuse(FieldError::new(name, message));
        return Vec::new();
    }
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        match id.parse::<T>() {
            Ok(id) => found.push(id),
            Err(error) => params.refuse(FieldError::new(name, error.to_string())),
        }
    }
    found
}

/// Bytes on their way to whoever asked, in blocks; waits for a reader who is slow.
struct Blocks {
    block: Vec<u8>,
    blocks: mpsc::Sender<io::Result<Bytes>>,
}

impl Write for Blocks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.block.extend_from_slice(bytes);
        if self.block.len() >= BLOCK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.block.is_empty() {
            return Ok(());
        }
        let block = std::mem::replace(&mut self.block, Vec::with_capacity(BLOCK_BYTES));
        let sent = self.blocks.blocking_send(Ok(block.into()));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}
