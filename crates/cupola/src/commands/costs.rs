//! `cupola cost` and `cupola budget`.

use anyhow::{Context as _, bail, ensure};
use clap::ValueEnum as _;
use cupola_client::{
    Client,
    query::{CostFilter, PageFilter},
};
use cupola_protocol::costs::{BudgetBody, CostTotalBody, CostsBody, NewBudget};

use super::experiments;
use crate::{
    cli::{Budget, BudgetSettings, Cost},
    connection::client,
    output::{self, Table},
};

/// Every budget fits on one page.
const PAGE: u32 = 1_000;

pub(crate) async fn cost(command: Cost) -> anyhow::Result<()> {
    let by = command.by.to_possible_value();
    let filter = CostFilter {
        by: by.map(|by| by.get_name().to_owned()),
        days: command.days,
    };
    let costs = client(&command.read.connect)?.costs(&filter).await?;
    if command.read.json {
        return output::json(&costs);
    }
    show(&costs, command.daily);
    Ok(())
}

fn show(costs: &CostsBody, is_daily: bool) {
    let currency = &costs.currency;
    let mut table = Table::new(&[&costs.by, "running", "hours", "rate/hour", "cost", "energy"]);
    for of in &costs.subjects {
        let name = match (of.subject.as_str(), &of.name) {
            ("", _) if costs.by == "all" => "all runs".to_owned(),
            ("", _) => format!("no {}", costs.by),
            (_, Some(name)) => name.clone(),
            (id, None) => format!("deleted {id}"),
        };
        table.row(row(name, of.running, &of.total));
    }
    if let Some(others) = &costs.others {
        let name = match others.count {
            1 => "1 other".to_owned(),
            count => format!("{count} others"),
        };
        table.row(row(name, others.running, &others.total));
    }
    table.row(row("Total".to_owned(), costs.running, &costs.total));
    table.print("Nothing has run.");
    if is_daily {
        let mut days = Table::new(&["day", "hours", "cost"]);
        for day in &costs.days {
            let hours = format!("{:.2}", day.total.hours);
            days.row([day.day.clone(), hours, output::number(day.total.cost)]);
        }
        output::line("");
        days.print("No days.");
    }
    let burn = format!("{:.4} {currency} an hour now", costs.hourly_now);
    match costs.unpriced {
        0 => output::line(&burn),
        unpriced => output::line(&format!("{burn}, and {unpriced} running without a price")),
    }
}

fn row(name: String, running: u64, total: &CostTotalBody) -> [String; 6] {
    let energy = total.energy_wh.map(|energy| format!("{energy:.1} Wh"));
    [
        name,
        running.to_string(),
        format!("{:.2}", total.hours),
        output::number(total.hourly),
        output::number(total.cost),
        output::or_dash(energy.as_deref()),
    ]
}

pub(crate) async fn budget(command: Budget) -> anyhow::Result<()> {
    match command {
        Budget::List(read) => {
            let page = client(&read.connect)?.budgets(&all()).await?;
            if read.json {
                return output::json(&page);
            }
            list(&page.items);
            Ok(())
        }
        Budget::Show { budget, read } => {
            let found = find(&client(&read.connect)?, &budget).await?;
            one(&found, read.json)
        }
        Budget::Create {
            scope,
            subject,
            settings,
            read,
        } => {
            let limit = settings
                .limit
                .context("`--limit` says how much; it is missing")?;
            check_limit(limit)?;
            let client = client(&read.connect)?;
            let subject = match scope.as_str() {
                "experiment" => experiments::id_of(&client, &subject).await?,
                _ => subject,
            };
            let new = NewBudget {
                name: settings.name.unwrap_or_default(),
                scope,
                subject,
                limit,
                period: settings.period.unwrap_or_default(),
                hard: settings.hard.unwrap_or(false),
            };
            let made = client.create_budget(&new).await?;
            one(&made, read.json)
        }
        Budget::Edit {
            budget,
            settings,
            read,
        } => {
            settings.limit.map_or(Ok(()), check_limit)?;
            let client = client(&read.connect)?;
            let before = find(&client, &budget).await?;
            let id = before.budget_id.clone();
            let changed = changed(before, settings);
            one(&client.edit_budget(&id, &changed).await?, read.json)
        }
        Budget::Delete { budget, connect } => {
            let client = client(&connect)?;
            let found = find(&client, &budget).await?;
            client.delete_budget(&found.budget_id).await?;
            let name = found.name;
            output::line(&format!("deleted {name}: what it kept back goes on"));
            Ok(())
        }
    }
}

fn all() -> PageFilter {
    PageFilter {
        per_page: Some(PAGE),
        ..PageFilter::default()
    }
}

/// The one budget that is called so.
async fn find(client: &Client, named: &str) -> anyhow::Result<BudgetBody> {
    let budgets = client.budgets(&all()).await?.items;
    only(named, budgets)
}

fn only(named: &str, mut budgets: Vec<BudgetBody>) -> anyhow::Result<BudgetBody> {
    budgets.retain(|budget| budget.budget_id == named || budget.name == named);
    match budgets.len() {
        0 => bail!("there is no budget `{named}`; `cupola budget list` names them"),
        1 => Ok(budgets.remove(0)),
        several => bail!(
            "{several} budgets are called `{named}`; say the id, for instance `{}`",
            budgets[0].budget_id
        ),
    }
}

/// JSON has no other numbers, so the hub could not say what is wrong with them.
fn check_limit(limit: f64) -> anyhow::Result<()> {
    ensure!(
        limit.is_finite() && limit >= 0.0,
        "`--limit` is {limit}; say an amount of at least 0"
    );
    Ok(())
}

/// What is not given stays as it is.
fn changed(before: BudgetBody, settings: BudgetSettings) -> NewBudget {
    NewBudget {
        name: settings.name.unwrap_or(before.name),
        scope: before.scope,
        subject: before.subject,
        limit: settings.limit.unwrap_or(before.limit),
        period: settings.period.unwrap_or(before.period),
        hard: settings.hard.unwrap_or(before.hard),
    }
}

fn list(budgets: &[BudgetBody]) {
    let mut table = Table::new(&["budget", "name", "of", "spent", "limit", "hard", "state"]);
    for budget in budgets {
        table.row([
            budget.budget_id.clone(),
            budget.name.clone(),
            scope(budget),
            output::number(Some(budget.spent)),
            limit(budget),
            hard(budget),
            state(budget),
        ]);
    }
    table.print("No budgets.");
}

fn one(budget: &BudgetBody, is_json: bool) -> anyhow::Result<()> {
    if is_json {
        return output::json(budget);
    }
    output::fields(&[
        ("budget", budget.budget_id.clone()),
        ("name", budget.name.clone()),
        ("of", scope(budget)),
        ("limit", limit(budget)),
        ("hard", hard(budget)),
        (
            "spent",
            format!("{:.4} ({:.0} %)", budget.spent, budget.percent),
        ),
        ("state", state(budget)),
        ("author", budget.author.clone()),
        ("created", budget.created_at.to_string()),
    ]);
    Ok(())
}

fn scope(budget: &BudgetBody) -> String {
    let subject = budget.subject_name.as_ref().unwrap_or(&budget.subject);
    match budget.scope.as_str() {
        "all" => "all runs".to_owned(),
        kind => format!("{kind} {subject}"),
    }
}

fn limit(budget: &BudgetBody) -> String {
    let each = match budget.period.as_str() {
        "month" => " a month",
        "day" => " a day",
        _ => "",
    };
    format!("{:.4} {}{each}", budget.limit, budget.currency)
}

fn hard(budget: &BudgetBody) -> String {
    if budget.hard { "yes" } else { "no" }.to_owned()
}

fn state(budget: &BudgetBody) -> String {
    match budget.level {
        _ if budget.is_stopping => "spent: starts nothing".to_owned(),
        100 => "spent".to_owned(),
        0 => "within".to_owned(),
        level => format!("over {level} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: &str, name: &str) -> BudgetBody {
        let body = serde_json::json!({
            "budget_id": id, "name": name, "scope": "all", "subject": "", "subject_name": null,
            "limit": 1.0, "currency": "USD", "period": "total", "since": null, "hard": true,
            "spent": 0.0, "percent": 0.0, "level": 0, "is_stopping": false, "author": "ada",
            "created_at": "2026-11-20T00:00:00Z", "updated_at": "2026-11-20T00:00:00Z",
        });
        serde_json::from_value(body).unwrap()
    }

    #[test]
    fn a_budget_is_called_by_its_name_or_its_id() {
        let budgets = || vec![named("1", "cap"), named("2", "two"), named("3", "two")];
        let check = |called: &str, expected: Result<&str, &str>| {
            let found = only(called, budgets()).map(|budget| budget.budget_id);
            let found = found.map_err(|error| error.to_string());
            let (id, error) = (found.as_ref().ok(), found.as_ref().err());
            assert_eq!(id.map(String::as_str), expected.ok(), "{called}");
            assert_eq!(error.map(String::as_str), expected.err(), "{called}");
        };
        check("cap", Ok("1"));
        check("3", Ok("3"));
        check(
            "ca",
            Err("there is no budget `ca`; `cupola budget list` names them"),
        );
        check(
            "two",
            Err("2 budgets are called `two`; say the id, for instance `2`"),
        );
    }

    #[test]
    fn a_limit_is_an_amount() {
        let check = |limit, expected: &str| {
            let refused = check_limit(limit).err().map(|error| error.to_string());
            assert_eq!(refused.unwrap_or_default(), expected);
        };
        check(0.5, "");
        check(f64::NAN, "`--limit` is NaN; say an amount of at least 0");
        check(-5.0, "`--limit` is -5; say an amount of at least 0");
    }
}
