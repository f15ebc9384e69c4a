//! The models as files to be kept.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use cupola_domain::{cost::Money, time::Timestamp};
use cupola_formats::table::{Cell, Column, Format, Kind, Writer};
use cupola_hub::{Hub, training::Training};
use cupola_protocol::{
    afs::{Export, ModelStatus, SessionTotals},
    time::Time,
};

use super::{Answer, internal, models};
use crate::{
    auth::Viewer,
    state::{Web, hub_call},
};

/// The headings that such programs wrote, in their order.
const COLUMNS: [(&str, Kind); 9] = [
    ("Model Name", Kind::Text),
    ("Status", Kind::Text),
    ("Progress %", Kind::Text),
    ("GPU Hours", Kind::Number),
    ("Cost/Hour", Kind::Number),
    ("Total Cost", Kind::Number),
    ("Training Samples", Kind::Integer),
    ("File Size (MB)", Kind::Number),
    ("Evaluation Score", Kind::Text),
];

/// In place of a score where there is none; 0 is a score.
const NO_SCORE: &str = "N/A";

pub(super) async fn csv(State(web): State<Web>, _: Viewer) -> Answer {
    let training = hub_call(&web, Hub::training).await?;
    let table = table(&training).map_err(internal)?;
    Ok(attachment(table, Format::Csv, web.hub.now()))
}

pub(super) async fn json(State(web): State<Web>, _: Viewer) -> Answer {
    let training = hub_call(&web, Hub::training).await?;
    let (session, now) = (&training.session, web.hub.now());
    let export = Export {
        timestamp: now.into(),
        training_status: SessionTotals {
            session_start: session.started.into(),
            total_cost: session.cost.map(Money::units),
            models_completed: session.completed,
            models_in_progress: session.in_progress,
            models_pending: session.pending,
        },
        models: training.models.iter().map(models::status).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&export).map_err(internal)?;
    bytes.push(b'\n');
    Ok(attachment(bytes, Format::Json, now))
}

fn table(training: &Training) -> std::io::Result<Vec<u8>> {
    let columns = COLUMNS.map(|(name, kind)| Column::new(name, kind));
    let mut table = Writer::new(Format::Csv, columns.into(), Vec::new())?;
    for one in &training.models {
        row(&mut table, &models::status(one))?;
    }
    table.finish()
}

fn row(table: &mut Writer<Vec<u8>>, one: &ModelStatus) -> std::io::Result<()> {
    let number = |value: Option<f64>| value.map_or(Cell::Missing, Cell::Number);
    let progress = one.progress.map(|progress| progress.to_string());
    let samples = one.training_samples.map(i64::try_from);
    let score = one.evaluation_score.map(|score| score.to_string());
    table.row(&[
        Cell::Text(&one.name),
        Cell::Text(&one.status),
        progress.as_deref().map_or(Cell::Missing, Cell::Text),
        number(one.gpu_hours),
        number(one.cost_per_hour),
        number(one.total_cost),
        samples.map_or(Cell::Missing, |it| Cell::Integer(it.unwrap_or(i64::MAX))),
        Cell::Number(one.file_size_mb),
        Cell::Text(score.as_deref().unwrap_or(NO_SCORE)),
    ])
}

/// Named by the moment: `afs-dashboard-20261120-223000.csv`.
fn attachment(bytes: Vec<u8>, format: Format, now: Timestamp) -> Response {
    let digits: String = Time(now)
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    let (day, time) = (digits.get(..8), digits.get(8..14));
    let (day, time) = (day.unwrap_or_default(), time.unwrap_or_default());
    let word = format.word();
    let disposition = format!("attachment; filename=\"afs-dashboard-{day}-{time}.{word}\"");
    let kind = match format {
        Format::Csv => "text/csv; charset=utf-8",
        _ => "application/json",
    };
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}
