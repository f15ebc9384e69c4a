//! `cupola run` with a command: one attempt at a task.

use std::time::Duration;

use anyhow::ensure;
use cupola_client::{
    Client,
    query::{LogsFilter, RunFilter},
};
use cupola_protocol::{logs::LogEntry, runs::RunBody};
use serde_json::Value;

use crate::{
    cli::{Read, RunCommand, Workdir},
    commands::{
        artifacts,
        run_id::run_id_of,
        run_list,
        tasks::status,
        workspaces::{self, JobsAsked, LogAsked},
    },
    connection::client,
    output,
};

/// How often a log that is followed is asked for.
const FOLLOW_PERIOD: Duration = Duration::from_millis(300);

pub(crate) async fn run(command: RunCommand) -> anyhow::Result<()> {
    let Some(command) = in_workspace(command)? else {
        return Ok(());
    };
    match command {
        RunCommand::List {
            filter,
            order,
            columns,
            experiment,
            paging,
            read,
            ..
        } => {
            let asked = RunFilter {
                filter,
                order,
                columns,
                experiments: None,
                page: paging.page,
                per_page: paging.per_page,
            };
            run_list::list(asked, &experiment, &read).await
        }
        RunCommand::Show { id, read, .. } => show(&id, &read).await,
        RunCommand::Logs {
            id,
            follow,
            level,
            grep,
            raw,
            connect,
            ..
        } => {
            let client = client(&connect)?;
            let id = run_id_of(&client, &id).await?;
            if raw {
                output::raw(&client.run_log_raw(&id).await?);
                return Ok(());
            }
            let filter = LogsFilter {
                level,
                text: grep,
                ..LogsFilter::default()
            };
            print_log(&client, &id, filter, follow).await
        }
        RunCommand::Cancel { id, connect } => {
            let client = client(&connect)?;
            let run = client.cancel_run(&run_id_of(&client, &id).await?).await?;
            told(&run);
            Ok(())
        }
        RunCommand::Retry { id, connect } => {
            let client = client(&connect)?;
            let run = client.retry_run(&run_id_of(&client, &id).await?).await?;
            told(&run);
            Ok(())
        }
        RunCommand::Artifacts { id, read } => artifacts::list(&id, &read).await,
        RunCommand::Download {
            id,
            name,
            output,
            connect,
        } => artifacts::download(&id, &name, output, &connect).await,
    }
}

/// Says what became of a run.
fn told(run: &RunBody) {
    let status = status(&run.status, &run.reason);
    output::line(&format!("run {} is {status}", run.run_id));
}

/// Carries out what is asked of a workspace; gives back what is asked of a hub.
fn in_workspace(command: RunCommand) -> anyhow::Result<Option<RunCommand>> {
    match command {
        RunCommand::List {
            filter,
            order,
            columns,
            experiment,
            orphans,
            workdir: Workdir {
                workdir: Some(workdir),
            },
            paging,
            read,
        } => {
            ensure!(
                order.is_none() && columns.is_none(),
                "--order and --columns need a hub"
            );
            let asked = JobsAsked {
                filter,
                experiments: experiment,
                orphans,
                paging,
                json: read.json,
            };
            workspaces::jobs(&workdir, &asked)
        }
        RunCommand::Show {
            id,
            workdir: Workdir {
                workdir: Some(workdir),
            },
            read,
        } => workspaces::job(&workdir, &id, read.json),
        RunCommand::Logs {
            id,
            workdir: Workdir {
                workdir: Some(workdir),
            },
            stream,
            follow,
            level,
            grep,
            raw,
            connect: _,
        } => {
            ensure!(
                level.is_none(),
                "--level needs a hub: streams on disk have no levels"
            );
            let asked = LogAsked {
                stream: stream.unwrap_or_else(|| "stdout".to_owned()),
                follow,
                grep,
                raw,
            };
            workspaces::logs(&workdir, &id, &asked)
        }
        command => return Ok(Some(command)),
    }?;
    Ok(None)
}

async fn show(id: &str, read: &Read) -> anyhow::Result<()> {
    let client = client(&read.connect)?;
    let detail = client.run(&run_id_of(&client, id).await?).await?;
    if read.json {
        return output::json(&detail);
    }
    let run = &detail.run;
    let progress = run.progress.map_or_else(
        || "–".to_owned(),
        |fraction| format!("{:.0} % {}", fraction * 100.0, run.progress_message),
    );
    let tags = detail
        .tags
        .iter()
        .map(|(key, value)| format!("{key}={value}"));
    let tags: Vec<_> = tags.collect();
    output::fields(&[
        ("run", run.run_id.clone()),
        ("task", run.task_id.clone()),
        ("attempt", run.attempt.to_string()),
        ("status", status(&run.status, &run.reason)),
        ("worker", output::or_dash(run.worker_id.as_deref())),
        ("progress", progress),
        ("code", detail.code_hash.clone()),
        ("config", Value::Object(detail.config.clone()).to_string()),
        ("results", Value::Object(detail.results.clone()).to_string()),
        ("series", detail.series.join(", ")),
        ("tags", tags.join(", ")),
        ("log", format!("{} bytes", detail.log_bytes)),
    ]);
    Ok(())
}

async fn print_log(
    client: &Client,
    id: &str,
    mut filter: LogsFilter,
    follow: bool,
) -> anyhow::Result<()> {
    loop {
        let part = client.run_logs(id, &filter).await?;
        for line in &part.lines {
            output::line(&output::clean(&shown(line)));
        }
        filter.from = Some(format!("after:{}", part.to));
        if part.complete || (!follow && part.end) {
            return Ok(());
        }
        if part.end {
            tokio::time::sleep(FOLLOW_PERIOD).await;
        }
    }
}

/// A program's line as it is; an entry with its level and its fields.
fn shown(line: &LogEntry) -> String {
    let gap = match line.omitted {
        0 => String::new(),
        bytes => format!("[{bytes} bytes left out]\n"),
    };
    let text = match (line.stream.as_str(), line.fields.is_empty()) {
        ("log", true) => format!("[{}] {}", line.level, line.text),
        ("log", false) => {
            let fields = Value::Object(line.fields.clone());
            format!("[{}] {} {fields}", line.level, line.text)
        }
        _ => line.text.clone(),
    };
    let cut = if line.cut {
        format!(" [cut: {} bytes in all]", line.bytes)
    } else {
        String::new()
    };
    format!("{gap}{text}{cut}")
}
