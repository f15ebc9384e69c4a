//! A row a point.

use std::io::Write;

use cupola_domain::ids::RunId;
use cupola_formats::table::{Cell, Column, Kind, Writer};
use cupola_store::series;

use super::broken_off;
use crate::{Hub, HubError};

/// Points that are read at once: whole blocks.
const POINTS: usize = 1 << 16;

/// Series of which the names are read at once.
const NAMES: i64 = 1_000;

pub(super) fn headings() -> Vec<Column> {
    vec![
        Column::new("run_id", Kind::Text),
        Column::new("name", Kind::Text),
        Column::new("step", Kind::Integer),
        Column::new("time", Kind::Time),
        Column::new("value", Kind::Number),
    ]
}

impl Hub {
    pub(super) fn write_metrics<W: Write + Send>(
        &self,
        ids: &[RunId],
        writer: &mut Writer<W>,
    ) -> Result<(), HubError> {
        for &id in ids {
            let mut after = String::new();
            loop {
                let last = after.clone();
                let series = self.read(move |tx| Ok(series::list(tx, id, &last, NAMES)?))?;
                let Some(last) = series.last() else {
                    break;
                };
                after.clone_from(&last.name);
                for series in series {
                    self.write_points(id, &series.name, writer)?;
                }
            }
        }
        Ok(())
    }

    /// Part by part: a curve that goes on meanwhile is written as far as it is when its end is read. One
    /// that was rewritten meanwhile breaks the table off, which would repeat or miss points.
    fn write_points<W: Write + Send>(
        &self,
        run: RunId,
        name: &str,
        writer: &mut Writer<W>,
    ) -> Result<(), HubError> {
        let id = run.to_string();
        let (mut from, mut revision) = (0, None);
        loop {
            let wanted = name.to_owned();
            let found = self.read(move |tx| {
                let Some(series) = series::find(tx, run, &wanted)? else {
                    return Ok(None);
                };
                let points = series::points(tx, &series, from, POINTS)?;
                Ok(Some((series.revision, points)))
            })?;
            let Some((now, points)) = found else {
                return Ok(());
            };
            if *revision.get_or_insert(now) != now {
                let message = format!(
                    "`{name}` of run `{id}` was restarted while it was written; export it again"
                );
                return Err(HubError::Conflict(message));
            }
            for point in &points {
                let cells = [
                    Cell::Text(&id),
                    Cell::Text(name),
                    Cell::Integer(point.step),
                    Cell::Time(point.time_millis),
                    Cell::Number(point.value),
                ];
                writer.row(&cells).map_err(broken_off)?;
            }
            if points.len() < POINTS {
                return Ok(());
            }
            from += points.len() as u64;
        }
    }
}
