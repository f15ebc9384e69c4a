//! `cupola run`: one attempt at a task.

use std::time::Duration;

use cupola_client::{Client, query::LogFilter};
use serde_json::Value;

use crate::{
    cli::Run,
    commands::{artifacts, tasks::status},
    connection::client,
    output,
};

/// How often a log that is followed is asked for.
const FOLLOW_PERIOD: Duration = Duration::from_millis(300);

pub(crate) async fn run(command: Run) -> anyhow::Result<()> {
    match command {
        Run::Show { id, read } => {
            let detail = client(&read.connect)?.run(&id).await?;
            if read.json {
                return output::json(&detail);
            }
            let run = &detail.run;
            let progress = run.progress.map_or_else(
                || "–".to_owned(),
                |fraction| format!("{:.0} % {}", fraction * 100.0, run.progress_message),
            );
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
                ("log", format!("{} bytes", detail.log_bytes)),
            ]);
            Ok(())
        }
        Run::Logs {
            id,
            follow,
            raw,
            connect,
        } => {
            let client = client(&connect)?;
            if raw {
                output::raw(&client.run_log_raw(&id).await?);
                return Ok(());
            }
            print_log(&client, &id, follow).await
        }
        Run::Cancel { id, connect } => {
            let run = client(&connect)?.cancel_run(&id).await?;
            output::line(&format!("run {id} is {}", status(&run.status, &run.reason)));
            Ok(())
        }
        Run::Retry { id, connect } => {
            let run = client(&connect)?.retry_run(&id).await?;
            output::line(&format!(
                "run {} is {}",
                run.run_id,
                status(&run.status, &run.reason)
            ));
            Ok(())
        }
        Run::Artifacts { id, read } => artifacts::list(&id, &read).await,
        Run::Download {
            id,
            name,
            output,
            connect,
        } => artifacts::download(&id, &name, output, &connect).await,
    }
}

async fn print_log(client: &Client, id: &str, follow: bool) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let part = client
            .run_log(
                id,
                &LogFilter {
                    after: Some(after),
                    limit: None,
                },
            )
            .await?;
        for line in &part.lines {
            output::line(&output::clean(&line.text));
        }
        let is_more = part.next > after;
        after = part.next;
        if part.complete || (!follow && !is_more) {
            return Ok(());
        }
        if !is_more {
            tokio::time::sleep(FOLLOW_PERIOD).await;
        }
    }
}
