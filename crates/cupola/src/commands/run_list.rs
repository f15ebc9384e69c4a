//! `cupola run list`: runs as a table, with the columns that were asked for.

use cupola_client::query::RunFilter;
use cupola_protocol::runs::{FoundRunBody, FoundRunsBody, MetricBody};
use cupola_search::filter::{Field, Statistic};

use crate::{
    cli::Read,
    commands::{experiments::id_of, tasks::status},
    connection::client,
    output::{self, Table},
};

/// The runs that are asked for, of these experiments if any is named.
pub(crate) async fn list(
    mut asked: RunFilter,
    experiments: &[String],
    read: &Read,
) -> anyhow::Result<()> {
    let fields = Field::parse_list(asked.columns.as_deref().unwrap_or_default())
        .map_err(|error| anyhow::anyhow!("--columns: {error}"))?;
    if asked.columns.is_none() && !read.json {
        // A table shows no more than its columns.
        asked.columns = Some("id".to_owned());
    }
    let client = client(&read.connect)?;
    let mut ids = Vec::new();
    for named in experiments {
        ids.push(id_of(&client, named).await?);
    }
    asked.experiments = (!ids.is_empty()).then(|| ids.join(","));
    let found = client.runs(&asked).await?;
    if read.json {
        return output::json(&found);
    }
    table(&found, &fields).print("No runs match.");
    Ok(())
}

fn table(found: &FoundRunsBody, columns: &[Field]) -> Table {
    let names: Vec<_> = columns.iter().map(ToString::to_string).collect();
    let fixed = ["run", "experiment", "task", "status"];
    let headings: Vec<_> = fixed
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    let mut table = Table::new(&headings);
    for run in &found.items {
        let fixed = [
            run.run.run_id.clone(),
            run.experiment_name.clone(),
            run.task_number.to_string(),
            status(&run.run.status, &run.run.reason),
        ];
        let shown = columns.iter().map(|field| value(run, field));
        table.row(fixed.into_iter().chain(shown));
    }
    table
}

fn value(run: &FoundRunBody, field: &Field) -> String {
    match field {
        Field::Param(key) => output::or_dash(run.params.get(key).map(String::as_str)),
        Field::Tag(key) => output::or_dash(run.tags.get(key).map(String::as_str)),
        Field::Metric(name, statistic) => {
            let metric = run.metrics.get(name);
            output::number(metric.and_then(|metric| of(metric, *statistic)))
        }
        Field::Attribute(attribute) => attribute_of(run, attribute.as_str()),
    }
}

fn of(metric: &MetricBody, statistic: Statistic) -> Option<f64> {
    match statistic {
        Statistic::Last => metric.value.map(|value| value.0),
        Statistic::Min => metric.min,
        Statistic::Max => metric.max,
    }
}

/// What the answer says of the run under this name.
fn attribute_of(run: &FoundRunBody, name: &str) -> String {
    let time = |at: Option<cupola_protocol::time::Time>| {
        output::or_dash(at.map(|at| at.to_string()).as_deref())
    };
    let body = &run.run;
    match name {
        "id" => body.run_id.clone(),
        "name" => output::or_dash(Some(run.name.as_str()).filter(|name| !name.is_empty())),
        "state" => body.status.clone(),
        "experiment" => run.experiment_name.clone(),
        "task" => run.task_number.to_string(),
        "attempt" => body.attempt.to_string(),
        "worker" => output::or_dash(body.worker_id.as_deref()),
        "created" => time(Some(body.created_at)),
        "started" => time(body.started_at),
        "finished" => time(body.finished_at),
        "failure" => output::or_dash(Some(body.reason.as_str()).filter(|r| !r.is_empty())),
        _ => "–".to_owned(),
    }
}
