//! In which order runs come, as the parts of which the list consists and as expressions.

use cupola_domain::text::storable;
use cupola_search::filter::{Attribute, Field, Order};

use super::{
    condition::{DURATION, LASTED, UNLASTED, expression},
    place::{column, place},
    written::Written,
};

/// A part of the list. Together and in order, the parts have each run once.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part<'a> {
    /// All runs, sorted by expressions alone.
    All,
    /// The runs with a row in the field's table that satisfies `present`, in the order of an index.
    Walk {
        field: &'a Field,
        present: &'static str,
        by: &'static [&'static str],
    },
    /// The runs with a value of one of their own columns, in the order of an index.
    Own {
        present: &'static str,
        by: &'static [&'static str],
    },
    /// The runs that satisfy none of these about the field's table.
    Without {
        field: &'a Field,
        present: &'static str,
    },
    /// The runs without a value of their own column.
    WithoutOwn { absent: &'static str },
}

/// The orders that say something: nothing is left to be said after a run's own id.
pub(super) fn effective(orders: &[Order]) -> &[Order] {
    let own = |order: &Order| {
        matches!(
            order.field,
            Field::Attribute(Attribute::Created | Attribute::Id)
        )
    };
    let end = orders
        .iter()
        .position(own)
        .map_or(orders.len(), |at| at + 1);
    &orders[..end]
}

/// The parts of a list whose first order is this.
pub(super) fn parts(first: Option<&Order>) -> Vec<Part<'_>> {
    let Some(order) = first else {
        return vec![Part::Own {
            present: "",
            by: &[],
        }];
    };
    let field = &order.field;
    match field {
        Field::Metric(_, statistic) => {
            let (present, by): (_, &'static [&'static str]) = match column(*statistic) {
                "min_value" => ("o.min_value IS NOT NULL", &["o.min_value"]),
                "max_value" => ("o.max_value IS NOT NULL", &["o.max_value"]),
                _ => ("o.last_value IS NOT NULL", &["o.last_value"]),
            };
            with_and_without(field, present, by)
        }
        Field::Param(_) => vec![
            Part::Walk {
                field,
                present: "o.number IS NOT NULL",
                by: &["o.number", "SUBSTR(o.value, 1, 64)"],
            },
            Part::Walk {
                field,
                present: "o.number IS NULL",
                by: &["SUBSTR(o.value, 1, 64)"],
            },
            Part::Without { field, present: "" },
        ],
        Field::Tag(_) => with_and_without(field, "", &["SUBSTR(o.value, 1, 64)"]),
        Field::Attribute(Attribute::Created | Attribute::Id) => vec![Part::Own {
            present: "",
            by: &[],
        }],
        Field::Attribute(Attribute::Started) => vec![
            Part::Own {
                present: "run.started_at IS NOT NULL",
                by: &["run.started_at"],
            },
            Part::WithoutOwn {
                absent: "run.started_at IS NULL",
            },
        ],
        Field::Attribute(Attribute::Duration) => vec![
            Part::Own {
                present: LASTED,
                by: &[DURATION],
            },
            Part::WithoutOwn { absent: UNLASTED },
        ],
        Field::Attribute(_) => vec![Part::All],
    }
}

fn with_and_without<'a>(
    field: &'a Field,
    present: &'static str,
    by: &'static [&'static str],
) -> Vec<Part<'a>> {
    vec![
        Part::Walk { field, present, by },
        Part::Without { field, present },
    ]
}

impl Part<'_> {
    /// Writes what the part's rows come from, up to `WHERE` and the first condition; a walk sees the
    /// runs' own rows only where that is needed.
    pub(super) fn write_source(&self, to: &mut Written, needs_run: bool) {
        match self {
            Self::All => {
                to.say("run WHERE TRUE");
            }
            Self::Walk { field, present, .. } => {
                let (join, same) = if needs_run {
                    (" CROSS JOIN run", " AND run.id = o.run_id")
                } else {
                    ("", "")
                };
                write_rows(to, field, join, present);
                to.say(same);
            }
            Self::Own { present, .. } => {
                to.say("run WHERE TRUE").say(and(present)).say(present);
            }
            Self::WithoutOwn { absent } => {
                to.say("run WHERE ").say(absent);
            }
            Self::Without { field, present } => {
                to.say("run WHERE NOT EXISTS (SELECT 1 FROM ");
                write_rows(to, field, "", present);
                let owner = place(field).map_or("run_id", |place| place.owner_column);
                to.say(" AND o.").say(owner).say(" = run.id)");
            }
        }
    }

    /// The id of a run as the part's first table has it.
    pub(super) const fn id(&self) -> &'static str {
        match self {
            Self::Walk { .. } => "o.run_id",
            _ => "run.id",
        }
    }

    /// Writes what the part is sorted by, the run's id last.
    pub(super) fn write_order(&self, to: &mut Written, orders: &[Order]) {
        let first_way = way(orders.first());
        let by: &[&str] = match self {
            Self::Walk { by, .. } | Self::Own { by, .. } => by,
            _ => &[],
        };
        to.joined(by, ", ", |to, by| {
            to.say(by).say(first_way);
        });
        let rest = match self {
            Self::All => orders,
            _ => orders.get(1..).unwrap_or_default(),
        };
        let mut is_first = by.is_empty();
        for order in rest {
            for term in terms(&order.field) {
                to.say(if is_first { "" } else { ", " });
                is_first = false;
                write_term(to, &order.field, term);
                to.say(way(Some(order))).say(" NULLS LAST");
            }
        }
        to.say(if is_first { "" } else { ", " })
            .say(self.id())
            .say(way(orders.last()));
    }

    /// Writes a question for the value, as `x`, at which a walk of the part has seen so many rows. Says
    /// by which column that is; none where no one number is walked by.
    pub(super) fn write_end(
        &self,
        to: &mut Written,
        first: Option<&Order>,
        rows: i64,
    ) -> Option<&'static str> {
        let Self::Walk { field, present, by } = self else {
            return None;
        };
        let column = by[0];
        if !["o.last_value", "o.number"].contains(&column) {
            return None;
        }
        to.say("SELECT ").say(column).say(" AS x FROM ");
        write_rows(to, field, "", present);
        to.say(" ORDER BY ").say(column).say(way(first));
        to.say(" LIMIT 1 OFFSET ").integer(rows);
        Some(column)
    }
}

/// The rows of the field's table that are of the field and satisfy `present`.
fn write_rows(to: &mut Written, field: &Field, join: &str, present: &str) {
    if let Some(place) = place(field) {
        to.say(place.table)
            .say(" AS o")
            .say(join)
            .say(" WHERE o.")
            .say(place.key_column)
            .say(" = ")
            .text(storable(place.key))
            .say(if place.is_shared {
                " AND o.run_id IS NOT NULL"
            } else {
                ""
            })
            .say(and(present))
            .say(present);
    }
}

/// Without any order the latest come first.
fn way(order: Option<&Order>) -> &'static str {
    match order {
        Some(order) if !order.is_descending => " ASC",
        _ => " DESC",
    }
}

fn and(condition: &str) -> &'static str {
    if condition.is_empty() { "" } else { " AND " }
}

/// The columns of a field's table that it is sorted by; none for an attribute, which is an expression.
fn terms(field: &Field) -> &'static [&'static str] {
    match field {
        Field::Param(_) => &["number", "SUBSTR(value, 1, 64)"],
        Field::Tag(_) => &["SUBSTR(value, 1, 64)"],
        Field::Metric(_, statistic) => match column(*statistic) {
            "min_value" => &["min_value"],
            "max_value" => &["max_value"],
            _ => &["last_value"],
        },
        Field::Attribute(_) => &[""],
    }
}

fn write_term(to: &mut Written, field: &Field, term: &'static str) {
    match (field, place(field)) {
        (Field::Attribute(Attribute::Created), _) => {
            to.say("run.id");
        }
        (Field::Attribute(attribute), _) => {
            to.say(expression(*attribute));
        }
        (_, Some(place)) => {
            to.say("(SELECT ")
                .say(term)
                .say(" FROM ")
                .say(place.table)
                .say(" WHERE ")
                .say(place.owner_column)
                .say(" = run.id AND ")
                .say(place.key_column)
                .say(" = ")
                .text(storable(place.key))
                .say(")");
        }
        (_, None) => {}
    }
}
