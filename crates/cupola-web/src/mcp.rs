//! `/mcp`: the tools for assistants of other people's, behind the same doors as everything else.
//!
//! No sessions are kept: each message shows its token anew, and what it may do is decided anew.

use axum::{
    body::Body,
    extract::{Request, State},
    http::header,
    response::Response,
};
use cupola_assistant::tools;
use cupola_domain::access::{Principal, Role};
use cupola_mcp::Tools;
use cupola_protocol::assistant::ToolBody;
use serde_json::{Map, Value};

use crate::{
    api::{assistant, body},
    auth::{Access, Viewer},
    error::{Refused, problem_of},
    router::Routes,
    state::Web,
};

pub(crate) fn routes() -> Routes {
    // Which role it takes, each tool says.
    Routes::new().post("/mcp", Access::Role(Role::Viewer), talk)
}

async fn talk(
    State(web): State<Web>,
    Viewer(who): Viewer,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, content) = request.into_parts();
    let content = Request::from_parts(parts.clone(), content);
    let content = body::read(content, &web).await?;
    let host = parts.headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok());
    let scheme = if web.settings.is_tls { "https" } else { "http" };
    let tools = HubTools {
        url: host.map(|host| format!("{scheme}://{host}")),
        web,
        who,
    };
    let answer = cupola_mcp::answer(tools, axum::http::Request::from_parts(parts, content)).await;
    Ok(answer.map(Body::new))
}

/// The hub's tools, as one caller has them.
struct HubTools {
    web: Web,
    who: Principal,
    url: Option<String>,
}

impl Tools for HubTools {
    async fn list(&self) -> Result<Vec<ToolBody>, String> {
        Ok(assistant::tools_for(self.who.role))
    }

    async fn call(&self, name: String, arguments: Map<String, Value>) -> Result<Value, String> {
        let called = assistant::called(&self.web, &self.who, name, arguments).await;
        called.map_err(|refused| match refused {
            tools::Refused::Hub(error) => problem_of(&error).title,
            refused => refused.to_string(),
        })
    }

    fn hub_url(&self) -> Option<String> {
        self.url.clone()
    }
}
