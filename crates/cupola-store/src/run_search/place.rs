//! Where the fields of a filter stand.

use cupola_search::filter::{Field, Statistic};

/// Where a field stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) table: &'static str,
    /// The columns of the table's key: whose it is, and the name of the value.
    pub(super) owner_column: &'static str,
    pub(super) key_column: &'static str,
    pub(super) key: &'a str,
    /// Whether not only runs have values there. Then `run_id` is NULL for the others, and the index of
    /// searches leaves them out.
    pub(super) is_shared: bool,
}

/// Where a field stands; an attribute is on the run itself.
pub(super) fn place(field: &Field) -> Option<Place<'_>> {
    let labels = |table, key| Place {
        table,
        owner_column: "run_id",
        key_column: "key",
        key,
        is_shared: false,
    };
    match field {
        Field::Param(key) => Some(labels("run_param", key)),
        Field::Tag(key) => Some(labels("run_tag", key)),
        Field::Metric(name, _) => Some(Place {
            table: "series",
            owner_column: "owner",
            key_column: "name",
            key: name,
            is_shared: true,
        }),
        Field::Attribute(_) => None,
    }
}

/// The column of `series` with a statistic.
pub(super) const fn column(statistic: Statistic) -> &'static str {
    match statistic {
        Statistic::Last => "last_value",
        Statistic::Min => "min_value",
        Statistic::Max => "max_value",
    }
}
