//! The protocol over the standard streams, a line for a message.

use rmcp::{service::serve_server, transport::stdio};

use crate::{Server, Tools};

/// Why serving ended otherwise than by the far side's going.
#[derive(Debug)]
pub struct StreamsError(String);

impl std::fmt::Display for StreamsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StreamsError {}

/// Serves whoever is at the other end until they go.
pub async fn serve_streams<T: Tools>(tools: T) -> Result<(), StreamsError> {
    let server = Server::new(tools);
    let begun = serve_server(server, stdio()).await;
    let serving = begun.map_err(|error| StreamsError(format!("nobody began to talk: {error}")))?;
    let ended = serving.waiting().await;
    ended
        .map(|_| ())
        .map_err(|error| StreamsError(error.to_string()))
}
