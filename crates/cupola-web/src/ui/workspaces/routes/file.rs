//! A whole log, to be taken along.

use std::io;

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use cupola_workspace::source::Source;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::{
    params::Params,
    ui::workspaces::{
        log,
        looked::{Looked, NotShown},
    },
};

/// So much is read at once.
const PIECE: u64 = 1 << 20;

/// Pieces that wait for a slow reader.
const PIECES_MAX: usize = 2;

type Pieces = mpsc::Sender<io::Result<Bytes>>;

pub(super) async fn download(looked: Looked, mut params: Params) -> Result<Response, NotShown> {
    let asked = log::Asked::read(&mut params);
    params.finish()?;
    let name = asked.file_name();
    // Whether it is there is said before the answer begins.
    let look = asked.clone();
    let size = looked
        .ask(move |_, source| Ok(source.log(&look.from(Some(0), 1))?.size))
        .await?;
    let (pieces, body) = mpsc::channel(PIECES_MAX);
    tokio::spawn(async move {
        let sent = pieces.clone();
        let read = looked.ask(move |_, source| {
            send(source, &asked, size, &sent);
            Ok(())
        });
        if read.await.is_err() {
            let gone = io::Error::other("the workspace is gone");
            let _ = pieces.send(Err(gone)).await;
        }
    });
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
        (header::CONTENT_DISPOSITION, disposition(&name)),
    ];
    Ok((headers, Body::from_stream(ReceiverStream::new(body))).into_response())
}

/// As much as there was when it was asked for.
fn send(source: &dyn Source, asked: &log::Asked, size: u64, pieces: &Pieces) {
    let mut at = 0;
    while at < size {
        let part = source.log(&asked.from(Some(at), PIECE.min(size - at)));
        let piece = match part {
            // It was written anew: what follows is none of what came.
            Ok(part) if part.offset != at || part.bytes.is_empty() => return,
            Ok(part) => Ok(Bytes::from(part.bytes)),
            Err(error) => Err(io::Error::other(error.to_string())),
        };
        let (length, is_over) = (piece.as_ref().map_or(0, Bytes::len), piece.is_err());
        if pieces.blocking_send(piece).is_err() || is_over {
            return;
        }
        at += length as u64;
    }
}

/// Letters that every system takes in a name.
fn disposition(name: &str) -> HeaderValue {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String = name
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        .unwrap_or(HeaderValue::from_static("attachment"))
}
