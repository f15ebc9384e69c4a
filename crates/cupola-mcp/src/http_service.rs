//! The protocol over HTTP. Who may come in, from where and with how much was decided before.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Full, combinators::BoxBody};
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};

use crate::{Server, Tools};

/// The body of an answer.
pub type Body = BoxBody<Bytes, Infallible>;

/// Answers one message. Each stands for itself: there is no session that could be taken over, outlive its
/// token, or be kept by the thousand.
pub async fn answer<T: Tools>(tools: T, request: Request<Bytes>) -> Response<Body> {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        // The hub knows its own names, and has compared them.
        .disable_allowed_hosts();
    let server = Server::new(tools);
    let sessions = Arc::new(NeverSessionManager::default());
    let service = StreamableHttpService::new(move || Ok(server.clone()), sessions, config);
    service.handle(request.map(Full::new)).await
}
