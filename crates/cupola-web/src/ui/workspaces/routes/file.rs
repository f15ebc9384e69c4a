//! A whole log, to be taken along.

use std::io;

use axum::response::Response;
use cupola_workspace::source::{Source, SourceError};

use crate::{
    api,
    params::Params,
    ui::workspaces::{
        log,
        looked::{Looked, NotShown},
    },
};

/// So much is read at once.
const PIECE: u64 = 1 << 20;

/// Bytes of a file, and where the next ones begin, if there are any.
type Piece = (Option<u64>, Vec<u8>);

pub(super) async fn download(looked: Looked, mut params: Params) -> Result<Response, NotShown> {
    let asked = log::Asked::read(&mut params);
    params.finish()?;
    let name = in_plain_letters(&asked.file_name());
    // Whether it is there is said before the answer begins.
    let first = asked.clone();
    let (size, first) = looked.ask(move |_, source| begin(source, &first)).await?;
    let body = api::going_on(first, move |at| {
        let (looked, asked) = (looked.clone(), asked.clone());
        async move {
            let piece = looked.ask(move |_, source| piece(source, &asked, at, size));
            let gone = |_| io::Error::other("the file is gone, or another one");
            piece.await.map_err(gone)
        }
    });
    Ok(api::as_download(body, "text/plain; charset=utf-8", &name))
}

/// How much there is now, which is what is sent, and the beginning of it.
fn begin(source: &dyn Source, asked: &log::Asked) -> Result<(u64, Piece), SourceError> {
    let part = source.log(&asked.from(Some(0), PIECE))?;
    let end = part.bytes.len() as u64;
    let next = (0 < end && end < part.size).then_some(end);
    Ok((part.size, (next, part.bytes)))
}

fn piece(
    source: &dyn Source,
    asked: &log::Asked,
    at: u64,
    size: u64,
) -> Result<Piece, SourceError> {
    let part = source.log(&asked.from(Some(at), PIECE.min(size - at)))?;
    if part.offset != at || part.bytes.is_empty() || part.size < size {
        let words = "it was written anew: what follows is none of what came";
        return Err(SourceError::Refused(words.to_owned()));
    }
    let end = at + part.bytes.len() as u64;
    Ok(((end < size).then_some(end), part.bytes))
}

/// Letters that every system takes in a name.
fn in_plain_letters(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    name.chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect()
}
