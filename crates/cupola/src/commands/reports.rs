//! `cupola report`.

use std::path::Path;

use cupola_client::{Client, Download};
use cupola_protocol::reports::{NewReport, NewReportSchedule, ReportScheduleBody};

use crate::{
    cli::{Connect, Read, Report, ReportForm, ReportFormat},
    commands::{artifacts, named},
    connection::client,
    output::{self, Table},
};

pub(crate) async fn run(command: Report) -> anyhow::Result<()> {
    match command {
        Report::Write {
            subject,
            with,
            form,
            keep,
            connect,
        } => write(subjects(subject, with), &form, keep, &connect).await,
        Report::List(read) => kept_ones(&read).await,
        Report::Show { id, form, read } => {
            let client = client(&read.connect)?;
            let id = report_id(&client, &id).await?;
            if read.json {
                return output::json(&client.kept_report(&id).await?);
            }
            kept(&client, &id, &form).await
        }
        Report::Delete { id, connect } => {
            let client = client(&connect)?;
            client
                .delete_report(&report_id(&client, &id).await?)
                .await?;
            output::line("deleted the report");
            Ok(())
        }
        Report::Schedule {
            subject,
            with,
            every,
            when_done: _,
            read,
        } => {
            let new = NewReportSchedule {
                subjects: subjects(subject, with),
                every: every.unwrap_or_else(|| "done".to_owned()),
            };
            let made = client(&read.connect)?.create_report_schedule(&new).await?;
            if read.json {
                return output::json(&made);
            }
            list(vec![made]);
            Ok(())
        }
        Report::Schedules(read) => {
            let schedules = client(&read.connect)?.report_schedules().await?;
            if read.json {
                return output::json(&schedules);
            }
            list(schedules);
            Ok(())
        }
        Report::Unschedule { id, connect } => {
            let client = client(&connect)?;
            let known = client.report_schedules().await?.into_iter();
            let known: Vec<_> = known.map(|one| (one.schedule_id, String::new())).collect();
            let id = named::only(("schedule", "report"), &id, &known)?;
            client.delete_report_schedule(&id).await?;
            output::line("deleted the schedule; what it made stays");
            Ok(())
        }
    }
}

async fn kept_ones(read: &Read) -> anyhow::Result<()> {
    let reports = client(&read.connect)?.reports().await?;
    if read.json {
        return output::json(&reports);
    }
    let mut table = Table::new(&["report", "title", "made", "by"]);
    for report in reports {
        let made = report.made_at.to_string();
        table.row([report.report_id, report.title, made, report.author]);
    }
    table.print("No reports are kept.");
    Ok(())
}

fn subjects(first: String, others: Vec<String>) -> Vec<String> {
    std::iter::once(first).chain(others).collect()
}

async fn write(
    subjects: Vec<String>,
    form: &ReportForm,
    keep: bool,
    connect: &Connect,
) -> anyhow::Result<()> {
    let client = client(connect)?;
    if !keep {
        let report = client.report_now(&subjects, form.format.word()).await?;
        return save(report, form.output.as_deref()).await;
    }
    let made = client.keep_report(&NewReport { subjects }).await?;
    output::remark(&format!(
        "kept as {}: {}/reports/{}",
        made.report_id,
        client.base_url(),
        made.report_id
    ));
    kept(&client, &made.report_id, form).await
}

/// Prints or saves a report that is kept.
async fn kept(client: &Client, id: &str, form: &ReportForm) -> anyhow::Result<()> {
    if form.format != ReportFormat::Json {
        let file = client.report_file(id, form.format.word()).await?;
        return save(file, form.output.as_deref()).await;
    }
    let document = client.kept_report(id).await?.document;
    match form
        .output
        .as_deref()
        .filter(|path| path.as_os_str() != "-")
    {
        None => output::json(&document),
        Some(path) => Ok(std::fs::write(path, serde_json::to_vec(&document)?)?),
    }
}

/// Writes a report where it is wanted.
async fn save(mut report: Download, to: Option<&Path>) -> anyhow::Result<()> {
    match to.filter(|path| path.as_os_str() != "-") {
        None => {
            artifacts::copy(&mut report, &mut std::io::stdout().lock()).await?;
        }
        Some(path) => {
            let bytes = artifacts::keep(&mut report, path).await?;
            let shown = output::clean(&path.to_string_lossy());
            output::note(&format!("{bytes} bytes in {shown}"));
        }
    }
    Ok(())
}

async fn report_id(client: &Client, called: &str) -> anyhow::Result<String> {
    if named::is_whole_id(called) {
        return Ok(called.to_owned());
    }
    let known = client.reports().await?.into_iter();
    let known: Vec<_> = known.map(|one| (one.report_id, one.title)).collect();
    named::only(("report", "report"), called, &known)
}

fn list(schedules: Vec<ReportScheduleBody>) {
    let mut table = Table::new(&["schedule", "about", "every", "due", "by", "last"]);
    for one in schedules {
        let due = one.due_at.to_string();
        let about = if one.about.is_empty() {
            one.experiment_ids
        } else {
            one.about
        };
        table.row([
            one.schedule_id,
            about.join(", "),
            one.every,
            due,
            one.author,
            one.note,
        ]);
    }
    table.print("No schedules.");
}
