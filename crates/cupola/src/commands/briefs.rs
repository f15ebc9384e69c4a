//! `cupola brief`: what is wanted and what came of it.

use anyhow::Context as _;
use cupola_protocol::{
    briefs::{BriefDetail, NewBrief},
    families::{CountsBody, RankedBody, SummaryBody},
};
use serde_json::{Map, Number, Value};

use crate::{
    cli::{Brief, BriefCreate},
    connection::client,
    output::{self, Table},
};

pub(crate) async fn run(command: Brief) -> anyhow::Result<()> {
    match command {
        Brief::Create(create) => create_brief(*create).await,
        Brief::List {
            search,
            paging,
            read,
        } => {
            let filter = cupola_client::query::PageFilter {
                search,
                page: paging.page,
                per_page: paging.per_page,
            };
            let page = client(&read.connect)?.briefs(&filter).await?;
            if read.json {
                return output::json(&page);
            }
            let mut table =
                Table::new(&["brief", "title", "status", "done", "hardware", "created"]);
            for brief in page.items {
                table.row([
                    brief.brief_id,
                    brief.title,
                    brief.family.status,
                    done(&brief.family.tasks),
                    brief.hardware,
                    brief.created_at.to_string(),
                ]);
            }
            table.print(
                "No briefs yet. Write one: cupola brief create \"find the best small model\"",
            );
            Ok(())
        }
        Brief::Show { id, read } => {
            let detail = client(&read.connect)?.brief(&id).await?;
            if read.json {
                output::json(&detail)
            } else {
                show(&detail)
            }
        }
        Brief::Delete { id, connect } => {
            client(&connect)?.delete_brief(&id).await?;
            output::line(&format!("deleted brief {id} with all that came of it"));
            Ok(())
        }
    }
}

async fn create_brief(create: BriefCreate) -> anyhow::Result<()> {
    let fraction = |x: f64| Number::from_f64(x).context("a number must be finite");
    let brief = NewBrief {
        title: create.title.unwrap_or_default(),
        goal: create.goal,
        constraints: String::new(),
        template: create.template,
        budget_credits: create.budget.map(fraction).transpose()?,
        hardware: create.hardware,
        device_class: create.device_class,
        num_tasks: create.tasks.into(),
        time_budget: fraction(create.time_budget)?,
        sampler: create.sampler,
        study_seed: create.study_seed.into(),
        space: space(&create.set)?,
    };
    let detail = client(&create.read.connect)?.create_brief(&brief).await?;
    if create.read.json {
        output::json(&detail)
    } else {
        show(&detail)
    }
}

/// `--set name=expression` pairs as the space of a brief.
fn space(pairs: &[String]) -> anyhow::Result<Map<String, Value>> {
    pairs
        .iter()
        .map(|pair| {
            let (name, expression) = pair.split_once('=').with_context(|| {
                format!("`{pair}` is not NAME=EXPRESSION, for instance n_layers=2")
            })?;
            Ok((name.trim().to_owned(), Value::from(expression.trim())))
        })
        .collect()
}

fn show(detail: &BriefDetail) -> anyhow::Result<()> {
    let BriefDetail { brief, summary } = detail;
    output::fields(&[
        ("brief", brief.brief_id.clone()),
        ("family", brief.family.family_id.clone()),
        ("goal", brief.goal.clone()),
        ("template", brief.template.clone()),
        (
            "asks for",
            format!("{} tasks of {} s", brief.num_tasks, brief.time_budget),
        ),
        (
            "sampler",
            format!("{} (sequence {})", brief.sampler, brief.study_seed),
        ),
        (
            "status",
            format!("{}, {}", brief.family.status, done(&brief.family.tasks)),
        ),
    ]);
    show_summary(summary, &brief.family.metric_name)
}

/// What the results of a family say.
pub(crate) fn show_summary(summary: &SummaryBody, metric: &str) -> anyhow::Result<()> {
    let Some(best) = &summary.best else {
        output::line("No results yet.");
        return Ok(());
    };
    output::fields(&[
        ("results", summary.counted.to_string()),
        (
            "best",
            format!("{metric} {:.4} by task {}", best.metric_value, best.task_id),
        ),
        (
            "mean",
            format!(
                "{} ± {}",
                output::number(summary.mean),
                output::number(summary.std)
            ),
        ),
        ("config", serde_json::to_string(&best.config)?),
    ]);
    output::line("");
    ranked(&summary.top_configs, metric).print("");
    Ok(())
}

fn ranked(top: &[RankedBody], metric: &str) -> Table {
    let mut table = Table::new(&["rank", metric, "seeds", "task", "config"]);
    for one in top {
        table.row([
            one.rank.to_string(),
            format!("{:.4}", one.metric_value),
            format!("{:?}", one.seeds),
            one.task_id.clone(),
            Value::Object(one.config.clone()).to_string(),
        ]);
    }
    table
}

/// `8 completed, 1 failed / 10 total`.
pub(crate) fn done(tasks: &CountsBody) -> String {
    let cancelled = match tasks.cancelled {
        0 => String::new(),
        n => format!(", {n} cancelled"),
    };
    format!(
        "{} completed, {} failed{cancelled} / {} total",
        tasks.completed, tasks.failed, tasks.total
    )
}
