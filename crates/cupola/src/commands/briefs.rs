//! `cupola brief`: what is wanted and what came of it.

use anyhow::Context as _;
use cupola_client::{Client, query::PageFilter};
use cupola_protocol::{
    briefs::{BriefDetail, NewBrief},
    families::{CountsBody, FamilyBody, RankedBody, SummaryBody},
};
use serde_json::{Map, Number, Value};

use crate::{
    cli::{Brief, BriefCreate},
    commands::named::{is_whole_id, only},
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
            let filter = PageFilter {
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
            let client = client(&read.connect)?;
            let id = brief_id_of(&client, &id).await?;
            let detail = client.brief(&id).await?;
            if read.json {
                return output::json(&detail);
            }
            show(&detail)?;
            let waiting = client.experiment(&detail.brief.family.family_id).await?;
            if !waiting.obstacle.is_empty() {
                output::line(&format!("It waits: {}", waiting.obstacle));
            }
            Ok(())
        }
        Brief::Delete { id, connect } => {
            let client = client(&connect)?;
            let id = brief_id_of(&client, &id).await?;
            client.delete_brief(&id).await?;
            output::line(&format!("deleted brief {id} with all that came of it"));
            Ok(())
        }
    }
}

/// Of so many briefs with such a title or id the right one is looked for.
const LISTED: u32 = 1_000;

/// The id of the one brief that `named` means: its id, a part of it, or its title.
pub(crate) async fn brief_id_of(client: &Client, named: &str) -> anyhow::Result<String> {
    if is_whole_id(named) {
        return Ok(named.to_owned());
    }
    let filter = PageFilter {
        search: Some(named.to_owned()),
        per_page: Some(LISTED),
        ..PageFilter::default()
    };
    let found = client.briefs(&filter).await?.items.into_iter();
    let known = found.map(|brief| (brief.brief_id, brief.title));
    only(("brief", "brief"), named, &known.collect::<Vec<_>>())
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
        priority: create.priority.into(),
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
    let BriefDetail {
        brief,
        summary,
        task_price,
        price,
    } = detail;
    let budget = match &brief.budget_credits {
        Some(budget) => format!("{} credits", output::credits(budget)),
        None => "none: whoever wrote it pays for each task".to_owned(),
    };
    output::fields(&[
        ("brief", brief.brief_id.clone()),
        ("family", brief.family.family_id.clone()),
        ("goal", brief.goal.clone()),
        ("template", brief.template.clone()),
        (
            "asks for",
            format!(
                "{} of {} s",
                output::counted(brief.num_tasks.into(), "task"),
                brief.time_budget
            ),
        ),
        ("device class", brief.device_class.clone()),
        ("priority", brief.priority.to_string()),
        ("budget", budget),
        (
            "price",
            format!(
                "{} credits a task, {} for all",
                output::credits(task_price),
                output::credits(price)
            ),
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
    show_summary(summary, &brief.family)
}

/// What the results of a family say.
pub(crate) fn show_summary(summary: &SummaryBody, family: &FamilyBody) -> anyhow::Result<()> {
    let metric = &family.metric_name;
    let Some(best) = &summary.best else {
        output::line(match family.tasks.completed {
            0 => "No results yet.",
            _ => {
                "No result counts yet: what came is being checked, or is no number (`cupola verification list`)."
            }
        });
        return Ok(());
    };
    output::fields(&[
        ("results", summary.counted.to_string()),
        (
            "best",
            format!(
                "{metric} {} by task {}",
                output::number(Some(best.metric_value)),
                best.task_id
            ),
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
            output::number(Some(one.metric_value)),
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
