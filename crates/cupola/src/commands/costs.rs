//! `cupola cost` and `cupola budget`.

use anyhow::Context as _;
use clap::ValueEnum as _;
use cupola_client::query::{CostFilter, PageFilter};
use cupola_protocol::costs::{BudgetBody, CostTotalBody, CostsBody, NewBudget};

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
            ("", _) => format!("no {}", costs.by),
            (_, Some(name)) => name.clone(),
            (id, None) => format!("deleted {id}"),
        };
        table.row(row(name, of.running, &of.total));
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
            let filter = PageFilter {
                per_page: Some(PAGE),
                ..PageFilter::default()
            };
            let page = client(&read.connect)?.budgets(&filter).await?;
            if read.json {
                return output::json(&page);
            }
            list(&page.items);
            Ok(())
        }
        Budget::Show { id, read } => {
            let found = client(&read.connect)?.budget(&id).await?;
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
            let new = NewBudget {
                name: settings.name.unwrap_or_default(),
                scope,
                subject,
                limit,
                period: settings.period.unwrap_or_default(),
                hard: settings.hard.unwrap_or(false),
            };
            let made = client(&read.connect)?.create_budget(&new).await?;
            one(&made, read.json)
        }
        Budget::Edit { id, settings, read } => {
            let client = client(&read.connect)?;
            let changed = changed(client.budget(&id).await?, settings);
            one(&client.edit_budget(&id, &changed).await?, read.json)
        }
        Budget::Delete { id, connect } => {
            client(&connect)?.delete_budget(&id).await?;
            output::line(&format!("deleted {id}: what it kept back goes on"));
            Ok(())
        }
    }
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
    let mut table = Table::new(&["budget", "name", "of", "spent", "limit", "state"]);
    for budget in budgets {
        table.row([
            budget.budget_id.clone(),
            budget.name.clone(),
            scope(budget),
            output::number(Some(budget.spent)),
            limit(budget),
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

fn state(budget: &BudgetBody) -> String {
    match budget.level {
        _ if budget.is_stopping => "spent: starts nothing".to_owned(),
        100 => "spent".to_owned(),
        0 => "within".to_owned(),
        level => format!("over {level} %"),
    }
}
