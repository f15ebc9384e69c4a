//! The models in training as a table in an open format.

use std::io::{self, Write};

use cupola_domain::{cost::Money, time::Timestamp};
use cupola_formats::table::{Cell, Column, Format, Kind, Writer};

use super::{Last, ModelInTraining, Training};

const COLUMNS: [(&str, Kind); 24] = [
    ("key", Kind::Text),
    ("name", Kind::Text),
    ("status", Kind::Text),
    ("status_basis", Kind::Text),
    ("progress_percent", Kind::Number),
    ("progress_basis", Kind::Text),
    ("estimated_end", Kind::Time),
    ("estimated_end_from", Kind::Time),
    ("estimated_end_to", Kind::Time),
    ("hours", Kind::Number),
    ("hours_basis", Kind::Text),
    ("planned_hours", Kind::Number),
    ("cost", Kind::Number),
    ("cost_basis", Kind::Text),
    ("hourly_now", Kind::Number),
    ("samples", Kind::Integer),
    ("samples_bytes", Kind::Integer),
    ("samples_updated", Kind::Time),
    ("evaluation_score", Kind::Number),
    ("evaluated_at", Kind::Time),
    ("samples_per_second", Kind::Number),
    ("tokens_per_second", Kind::Number),
    ("training_loss", Kind::Number),
    ("validation_loss", Kind::Number),
];

impl Training {
    /// Writes a row for each model.
    ///
    /// # Errors
    /// When `out` takes no more.
    pub fn write<W: Write + Send>(&self, format: Format, out: W) -> io::Result<W> {
        let columns = COLUMNS.iter().map(|(name, kind)| Column::new(*name, *kind));
        let mut writer = Writer::new(format, columns.collect(), out)?;
        for model in &self.models {
            writer.row(&cells(model))?;
        }
        writer.finish()
    }
}

fn cells(one: &ModelInTraining) -> [Cell<'_>; 24] {
    let range = one.estimate.and_then(|end| end.range);
    let data = one.data.as_ref();
    [
        Cell::Text(&one.model.key),
        Cell::Text(&one.model.name),
        Cell::Text(one.status.value.as_str()),
        Cell::Text(one.status.basis.as_str()),
        number(one.progress.value),
        basis(one.progress.value.is_some(), one.progress.basis.as_str()),
        time(one.estimate.map(|end| end.at)),
        time(range.map(|(from, _)| from)),
        time(range.map(|(_, to)| to)),
        number(one.hours.value),
        basis(one.hours.value.is_some(), one.hours.basis.as_str()),
        number(one.model.planned_hours),
        number(one.cost.value.map(Money::units)),
        basis(one.cost.value.is_some(), one.cost.basis.as_str()),
        number(one.hourly_now.map(Money::units)),
        integer(data.and_then(|data| data.samples)),
        integer(data.map(|data| data.bytes)),
        time(data.map(|data| data.updated)),
        number(one.evaluation.map(|evaluated| evaluated.score)),
        time(one.evaluation.map(|evaluated| evaluated.at)),
        last(one.throughput.samples.as_ref()),
        last(one.throughput.tokens.as_ref()),
        last(one.losses.training.as_ref()),
        last(one.losses.validation.as_ref()),
    ]
}

fn number(value: Option<f64>) -> Cell<'static> {
    value.map_or(Cell::Missing, Cell::Number)
}

fn last(said: Option<&Last>) -> Cell<'static> {
    number(said.map(|said| said.value))
}

fn integer(value: Option<u64>) -> Cell<'static> {
    value.map_or(Cell::Missing, |value| {
        Cell::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    })
}

fn time(at: Option<Timestamp>) -> Cell<'static> {
    at.map_or(Cell::Missing, |at| Cell::Time(at.millis()))
}

/// Nothing came to be known of what is not known.
fn basis(is_known: bool, word: &'static str) -> Cell<'static> {
    if is_known {
        Cell::Text(word)
    } else {
        Cell::Missing
    }
}
