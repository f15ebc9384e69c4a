//! `cupola alert rule`

use anyhow::Context as _;
use cupola_client::Client;
use cupola_protocol::alerts::{AlertRuleBody, NewAlertRule};

use crate::{
    cli::{AlertHow, AlertRule as Rule, Read},
    connection::client,
    output::{self, Table},
};

pub(super) async fn run(command: Rule) -> anyhow::Result<()> {
    match command {
        Rule::List(read) => {
            let rules = client(&read.connect)?.alert_rules().await?;
            if read.json {
                return output::json(&rules);
            }
            list(rules);
            Ok(())
        }
        Rule::Create {
            name,
            condition,
            how,
            read,
        } => {
            let new = NewAlertRule {
                name,
                condition,
                repeat_mins: how.repeat,
                targets: how.targets,
            };
            let rule = client(&read.connect)?.create_alert_rule(&new).await?;
            if read.json {
                return output::json(&rule);
            }
            list(vec![rule]);
            Ok(())
        }
        Rule::Edit {
            rule,
            name,
            condition,
            how,
            read,
        } => edit(&rule, (name, condition, how), read).await,
        Rule::Mute {
            rule,
            minutes,
            connect,
        } => {
            let client = client(&connect)?;
            let rule = find(&client, &rule).await?;
            let rule = client.mute_alert_rule(&rule.rule_id, minutes).await?;
            output::line(&match rule.muted_until {
                Some(until) => format!("{}: nobody is told until {until}", rule.name),
                None => format!("{}: speaks again", rule.name),
            });
            Ok(())
        }
        Rule::Close { rule, connect } => {
            let client = client(&connect)?;
            let rule = find(&client, &rule).await?;
            let closed = client.resolve_alerts_of(&rule.rule_id).await?.resolved;
            output::line(&format!("{}: {closed} closed", rule.name));
            Ok(())
        }
        Rule::Delete { rule, connect } => {
            let client = client(&connect)?;
            let rule = find(&client, &rule).await?;
            client.delete_alert_rule(&rule.rule_id).await?;
            output::line(&format!("deleted the rule {}", rule.name));
            Ok(())
        }
    }
}

/// Changes what is named; the rest stays.
async fn edit(
    rule: &str,
    (name, condition, how): (Option<String>, Option<String>, AlertHow),
    read: Read,
) -> anyhow::Result<()> {
    let client = client(&read.connect)?;
    let was = find(&client, rule).await?;
    let new = NewAlertRule {
        name: name.unwrap_or(was.name),
        condition: condition.unwrap_or(was.condition),
        repeat_mins: how.repeat.or(Some(was.repeat_mins)),
        targets: if how.targets.is_empty() {
            was.targets
        } else {
            how.targets
        },
    };
    let rule = client.edit_alert_rule(&was.rule_id, &new).await?;
    if read.json {
        return output::json(&rule);
    }
    list(vec![rule]);
    Ok(())
}

async fn find(client: &Client, named: &str) -> anyhow::Result<AlertRuleBody> {
    let rules = client.alert_rules().await?.into_iter();
    let mut found = rules.filter(|rule| rule.name == named || rule.rule_id == named);
    found
        .next()
        .with_context(|| format!("there is no rule `{named}`; `cupola alert rule list` names them"))
}

fn list(rules: Vec<AlertRuleBody>) {
    let mut table = Table::new(&[
        "rule",
        "condition",
        "tells",
        "minutes between",
        "muted until",
    ]);
    for rule in rules {
        let muted = rule.muted_until.map(|until| until.to_string());
        table.row([
            rule.name,
            rule.condition,
            rule.targets.join(", "),
            rule.repeat_mins.to_string(),
            muted.unwrap_or_default(),
        ]);
    }
    table.print("No rules.");
}
