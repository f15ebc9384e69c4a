//! `cupola alert target` and `cupola alert messages`

use std::io::Read as _;

use anyhow::Context as _;
use cupola_client::Client;
use cupola_protocol::alerts::{AlertTargetBody, NewAlertTarget};

use crate::{
    cli::{AlertTarget as Target, Read},
    connection::client,
    output::{self, Table},
};

pub(super) async fn run(command: Target) -> anyhow::Result<()> {
    match command {
        Target::List(read) => {
            let targets = client(&read.connect)?.alert_targets().await?;
            if read.json {
                return output::json(&targets);
            }
            list(targets);
            Ok(())
        }
        Target::Create {
            name,
            kind,
            address,
            read,
        } => {
            let new = NewAlertTarget {
                name,
                kind,
                address: given(address)?,
                secret: None,
            };
            let created = client(&read.connect)?.create_alert_target(&new).await?;
            if read.json {
                return output::json(&created);
            }
            list(vec![created.target]);
            if let Some(secret) = created.secret {
                output::line(&format!("secret: {secret} (shown this once)"));
            }
            Ok(())
        }
        Target::Test { target, connect } => {
            let client = client(&connect)?;
            let target = find(&client, &target).await?;
            client.test_alert_target(&target.target_id).await?;
            let name = target.name;
            output::line(&format!(
                "a test is on its way to {name}; `cupola alert messages` says what became of it"
            ));
            Ok(())
        }
        Target::Delete { target, connect } => {
            let client = client(&connect)?;
            let target = find(&client, &target).await?;
            client.delete_alert_target(&target.target_id).await?;
            output::line(&format!("deleted the target {}", target.name));
            Ok(())
        }
    }
}

pub(super) async fn messages(read: Read) -> anyhow::Result<()> {
    let deliveries = client(&read.connect)?.alert_deliveries().await?;
    if read.json {
        return output::json(&deliveries);
    }
    let mut table = Table::new(&["message", "to", "state", "when", "attempts", "problem"]);
    for delivery in deliveries {
        table.row([
            delivery.title,
            delivery.target,
            delivery.state,
            delivery.state_at.to_string(),
            delivery.attempts.to_string(),
            delivery.problem,
        ]);
    }
    table.print("No messages.");
    Ok(())
}

/// An address as it was given, or from stdin, where no other program sees it.
fn given(address: String) -> anyhow::Result<String> {
    if address != "-" {
        return Ok(address);
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("failed to read the address from stdin")?;
    Ok(text.trim().to_owned())
}

async fn find(client: &Client, named: &str) -> anyhow::Result<AlertTargetBody> {
    let targets = client.alert_targets().await?.into_iter();
    let mut found = targets.filter(|target| target.name == named || target.target_id == named);
    found.next().with_context(|| {
        format!("there is no target `{named}`; `cupola alert target list` names them")
    })
}

fn list(targets: Vec<AlertTargetBody>) {
    let mut table = Table::new(&["target", "kind", "address", "made by"]);
    for target in targets {
        table.row([target.name, target.kind, target.shown, target.author]);
    }
    table.print("No targets.");
}
