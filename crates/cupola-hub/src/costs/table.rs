//! Costs as a table in open formats.

use cupola_domain::cost::{Kind as By, Money};
use cupola_formats::table::{Cell, Column, Format, Kind, Writer};

use super::Costs;
use crate::HubError;

/// A row for each subject, the dearest first, and one for all together.
pub fn write_table(costs: &Costs, by: By, format: Format) -> Result<Vec<u8>, HubError> {
    let columns = vec![
        Column::new(by.as_str(), Kind::Text),
        Column::new("name", Kind::Text),
        Column::new("runs", Kind::Integer),
        Column::new("hours", Kind::Number),
        Column::new("rate_per_hour", Kind::Number),
        Column::new("cost", Kind::Number),
        Column::new("energy_wh", Kind::Number),
        Column::new("carbon_g", Kind::Number),
    ];
    let broken = |error: std::io::Error| HubError::Internal(error.into());
    let mut writer = Writer::new(format, columns, Vec::new()).map_err(broken)?;
    let subjects = costs.subjects.iter();
    let subjects = subjects.map(|of| (of.subject.as_str(), of.name.as_deref(), &of.total));
    for (subject, name, total) in subjects.chain([("", Some("Total"), &costs.total)]) {
        let cost = total.cost();
        let number = |of: Option<f64>| of.map_or(Cell::Missing, Cell::Number);
        let cells = [
            Cell::Text(subject),
            name.map_or(Cell::Missing, Cell::Text),
            Cell::Integer(i64::try_from(total.runs).unwrap_or(i64::MAX)),
            Cell::Number(total.hours()),
            number(total.hourly().map(Money::units)),
            number(cost.money.map(Money::units)),
            number(cost.energy_wh),
            number(cost.carbon_g),
        ];
        writer.row(&cells).map_err(broken)?;
    }
    writer.finish().map_err(broken)
}
