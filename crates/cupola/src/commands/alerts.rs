//! `cupola alert`: what is wrong, and who is told.

mod rules;
mod targets;

use cupola_protocol::alerts::AlertBody;

use crate::{
    cli::Alert,
    connection::client,
    output::{self, Table},
};

/// The states of what is not resolved.
const UNRESOLVED: &str = "open,acknowledged";

pub(crate) async fn run(command: Alert) -> anyhow::Result<()> {
    match command {
        Alert::List { state, all, read } => {
            let unresolved = (!all).then(|| UNRESOLVED.to_owned());
            let state = state.or(unresolved);
            let alerts = client(&read.connect)?.alerts(state.as_deref()).await?;
            if read.json {
                return output::json(&alerts);
            }
            list(alerts);
            Ok(())
        }
        Alert::Show { id, read } => {
            let detail = client(&read.connect)?.alert(&id).await?;
            if read.json {
                return output::json(&detail);
            }
            list(vec![detail.alert]);
            let mut table = Table::new(&["when", "became", "why"]);
            for change in detail.history {
                table.row([change.at.to_string(), change.state, change.text]);
            }
            table.print("No history.");
            Ok(())
        }
        Alert::Ack { id, connect } => {
            let detail = client(&connect)?.acknowledge_alert(&id).await?;
            let alert = detail.alert;
            output::line(&format!(
                "{}: {} {}",
                alert.label, alert.state, alert.reason
            ));
            Ok(())
        }
        Alert::Close { id, connect } => {
            let detail = client(&connect)?.resolve_alert(&id).await?;
            let alert = detail.alert;
            output::line(&format!(
                "{}: {}, {}",
                alert.label, alert.state, alert.reason
            ));
            Ok(())
        }
        Alert::Rule(command) => rules::run(command).await,
        Alert::Target(command) => targets::run(command).await,
        Alert::Messages(read) => targets::messages(read).await,
    }
}

fn list(alerts: Vec<AlertBody>) {
    let mut table = Table::new(&["alert", "state", "about", "found", "rule", "since"]);
    for alert in alerts {
        let opened = alert.opened_at.to_string();
        table.row([
            alert.alert_id,
            alert.state,
            alert.label,
            alert.text,
            alert.rule,
            opened,
        ]);
    }
    table.print("No alerts.");
}
