//! `cupola mcp`: the tools of a hub on the standard streams, where nothing but the protocol is written.

use anyhow::Context as _;
use cupola_client::{Client, Error};
use cupola_mcp::Tools;
use cupola_protocol::assistant::{ToolBody, ToolCall};
use serde_json::{Map, Value};

use crate::{cli::Connect, connection::client};

pub(crate) async fn run(connect: &Connect) -> anyhow::Result<()> {
    let tools = FarTools(client(connect)?);
    let served = cupola_mcp::serve_streams(tools).await;
    served.context("`cupola mcp` is started by an assistant, which talks to it in MCP")
}

/// The tools of a hub that is reached as by every other command.
struct FarTools(Client);

impl Tools for FarTools {
    async fn list(&self) -> Result<Vec<ToolBody>, String> {
        let listed = self.0.tools().await;
        listed.map(|tools| tools.items).map_err(|why| words(&why))
    }

    async fn call(&self, name: String, arguments: Map<String, Value>) -> Result<Value, String> {
        let called = self.0.call_tool(&name, &ToolCall { arguments }).await;
        called
            .map(|answer| answer.result)
            .map_err(|why| words(&why))
    }

    fn hub_url(&self) -> Option<String> {
        Some(self.0.base_url().to_owned())
    }
}

/// What a refusal says, each wrong argument with its remedy.
fn words(error: &Error) -> String {
    match error {
        Error::Refused { problem, .. } if problem.errors.is_empty() => problem.title.clone(),
        Error::Refused { problem, .. } => {
            let fields = problem.errors.iter();
            let each = fields.map(|of| format!("`{}`: {}", of.field, of.message));
            each.collect::<Vec<_>>().join("; ")
        }
        Error::Unreachable(_) => format!("{error}; `cupola up` starts one"),
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use cupola_protocol::problem::{FieldProblem, Problem};

    use super::*;

    #[test]
    fn a_refusal_names_what_is_wrong() {
        let field = |field: &str, message: &str| FieldProblem {
            field: field.to_owned(),
            message: message.to_owned(),
        };
        let refused = |errors| Error::Refused {
            status: 422,
            problem: Problem {
                r#type: "invalid".to_owned(),
                status: 422,
                title: "two fields are wrong".to_owned(),
                errors,
            },
        };
        assert_eq!(words(&refused(Vec::new())), "two fields are wrong");
        let errors = vec![field("id", "is missing"), field("x", "is no argument")];
        assert_eq!(
            words(&refused(errors)),
            "`id`: is missing; `x`: is no argument"
        );
    }
}
