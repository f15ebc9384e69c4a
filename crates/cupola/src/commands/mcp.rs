//! `cupola mcp`: the tools of a hub on the standard streams, where nothing but the protocol is written.

use anyhow::Context as _;
use cupola_client::{Client, Error};
use cupola_mcp::Tools;
use cupola_protocol::assistant::{ToolBody, ToolCall};
use serde_json::{Map, Value};

use crate::{cli::Mcp, connection::client};

pub(crate) async fn run(mcp: &Mcp) -> anyhow::Result<()> {
    let tools = FarTools {
        client: client(&mcp.connect)?,
        // The token of this machine's command line is the administrator's: an assistant gets it to read.
        may_change: mcp.allow_changes || mcp.connect.token.is_some(),
    };
    let served = cupola_mcp::serve_streams(tools).await;
    served.context("`cupola mcp` is started by an assistant, which talks to it in MCP")
}

/// The tools of a hub that is reached as by every other command.
struct FarTools {
    client: Client,
    /// Whether tools that change something may be called.
    may_change: bool,
}

impl FarTools {
    async fn listed(&self) -> Result<Vec<ToolBody>, String> {
        let listed = self.client.tools().await;
        listed.map(|tools| tools.items).map_err(|why| words(&why))
    }
}

/// Refuses what changes something.
fn only_reads(known: &[ToolBody], name: &str) -> Result<(), String> {
    let is_called =
        |tool: &&ToolBody| tool.name == name || tool.aliases.iter().any(|of| of == name);
    match known.iter().find(is_called) {
        Some(tool) if tool.is_change => Err(format!(
            "`{name}` changes something, and this `cupola mcp` only reads: start it with \
             `--allow-changes`, or with a token of its own"
        )),
        _ => Ok(()),
    }
}

impl Tools for FarTools {
    async fn list(&self) -> Result<Vec<ToolBody>, String> {
        let mut listed = self.listed().await?;
        for tool in &mut listed {
            tool.is_allowed &= self.may_change || !tool.is_change;
        }
        Ok(listed)
    }

    async fn call(&self, name: String, arguments: Map<String, Value>) -> Result<Value, String> {
        if !self.may_change {
            only_reads(&self.listed().await?, &name)?;
        }
        let called = self.client.call_tool(&name, &ToolCall { arguments }).await;
        called
            .map(|answer| answer.result)
            .map_err(|why| words(&why))
    }

    fn hub_url(&self) -> Option<String> {
        Some(self.client.base_url().to_owned())
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
    fn who_only_reads_calls_nothing_that_changes() {
        let tool = |name: &str, is_change| ToolBody {
            name: name.to_owned(),
            aliases: vec![format!("{name}_alias")],
            is_change,
            ..ToolBody::default()
        };
        let known = [tool("look", false), tool("stop", true)];
        for (name, is_good) in [
            ("look", true),
            ("look_alias", true),
            ("stop", false),
            ("stop_alias", false),
            // The hub says that there is none.
            ("no such", true),
        ] {
            let checked = only_reads(&known, name);
            assert_eq!(checked.is_ok(), is_good, "{name}: {checked:?}");
            if let Err(why) = checked {
                assert!(why.contains("--allow-changes"), "{why}");
            }
        }
    }

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
