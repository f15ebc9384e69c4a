//! `cupola task`: one configuration, seed and time budget.

use cupola_client::query::TaskFilter;
use cupola_protocol::tasks::{TaskBody, TaskDetail};
use serde_json::Value;

use crate::{
    cli::Task,
    connection::client,
    output::{self, Table},
};

pub(crate) async fn run(command: Task) -> anyhow::Result<()> {
    match command {
        Task::List {
            family,
            status,
            search,
            sort,
            paging,
            read,
        } => {
            let filter = TaskFilter {
                family_id: family,
                status,
                search,
                sort,
                page: paging.page,
                per_page: paging.per_page,
            };
            let page = client(&read.connect)?.tasks(&filter).await?;
            if read.json {
                return output::json(&page);
            }
            list(&page.items).print("No tasks match.");
            Ok(())
        }
        Task::Show { id, read } => {
            let detail = client(&read.connect)?.task(&id).await?;
            if read.json {
                return output::json(&detail);
            }
            show(&detail);
            Ok(())
        }
        Task::Cancel { id, connect } => {
            show(&client(&connect)?.cancel_task(&id).await?);
            Ok(())
        }
        Task::Retry { id, connect } => {
            show(&client(&connect)?.retry_task(&id).await?);
            Ok(())
        }
    }
}

fn list(tasks: &[TaskBody]) -> Table {
    let mut table = Table::new(&[
        "task",
        "no.",
        "status",
        "value",
        "priority",
        "seeds",
        "worker",
        "completed",
    ]);
    for task in tasks {
        table.row([
            task.task_id.clone(),
            task.number.to_string(),
            status(&task.status, &task.reason),
            output::number(task.value.map(|value| value.0)),
            task.priority.to_string(),
            format!("{:?}", task.seeds),
            output::or_dash(task.assigned_worker_id.as_deref()),
            task.completed_at
                .map_or_else(|| "–".to_owned(), |at| at.to_string()),
        ]);
    }
    table
}

fn show(detail: &TaskDetail) {
    let task = &detail.task;
    output::fields(&[
        ("task", task.task_id.clone()),
        ("family", task.family_id.clone()),
        ("template", detail.template.clone()),
        ("status", status(&task.status, &task.reason)),
        ("config", Value::Object(task.config.clone()).to_string()),
        ("seeds", format!("{:?}", task.seeds)),
        ("time budget", format!("{} s", task.time_budget)),
        ("priority", task.priority.to_string()),
        (
            "waits",
            output::or_dash(Some(&*detail.obstacle).filter(|why| !why.is_empty())),
        ),
        ("value", output::number(task.value.map(|value| value.0))),
    ]);
    if let Some(result) = &detail.result {
        output::fields(&[("result", Value::Object(result.metrics.clone()).to_string())]);
    }
    output::line("");
    let mut table = Table::new(&["run", "attempt", "status", "worker", "started", "finished"]);
    let time = |at: Option<cupola_protocol::time::Time>| {
        at.map_or_else(|| "–".to_owned(), |at| at.to_string())
    };
    for run in &detail.runs {
        table.row([
            run.run_id.clone(),
            run.attempt.to_string(),
            status(&run.status, &run.reason),
            output::or_dash(run.worker_id.as_deref()),
            time(run.started_at),
            time(run.finished_at),
        ]);
    }
    table.print("No runs.");
}

/// `failed (exit code 3)`.
pub(crate) fn status(word: &str, reason: &str) -> String {
    if reason.is_empty() {
        word.to_owned()
    } else {
        format!("{word} ({reason})")
    }
}
