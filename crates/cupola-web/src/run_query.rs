//! What an address asks of all runs: `filter`, `order`, `columns`, `experiments`.

use std::str::FromStr;

use cupola_domain::{field::FieldError, ids::ExperimentId};
use cupola_hub::run_search::{
    Columns, NameKind, RunSearch,
    filter::{Field, Filter, FilterError, Order, Statistic},
};

use crate::params::Params;

/// What is asked for, without a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunQuery {
    /// Only runs of these; none for all.
    pub(crate) experiments: Vec<ExperimentId>,
    /// What they satisfy.
    pub(crate) filter: Option<Filter>,
    /// Their order.
    pub(crate) order: Vec<Order>,
    /// What is shown of them; empty where nothing is said.
    pub(crate) columns: Vec<Field>,
}

impl RunQuery {
    /// Reads it; what is wrong is refused by name.
    pub(crate) fn read(params: &mut Params) -> Self {
        Self {
            experiments: params.list("experiments"),
            filter: read(params, "filter", Filter::parse),
            order: read(params, "order", Order::parse),
            columns: read(params, "columns", Field::parse_list),
        }
    }

    /// One page of it.
    pub(crate) fn page(&self, columns: Columns, limit: u32, offset: u64) -> RunSearch {
        RunSearch {
            experiments: self.experiments.clone(),
            filter: self.filter.clone(),
            order: self.order.clone(),
            columns,
            limit,
            offset,
        }
    }
}

/// The beginning of a name that a filter may speak of: `params.l`, `metrics.`.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    pub(crate) kind: NameKind,
    pub(crate) name: String,
}

impl FromStr for Beginning {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = [
            ("params.", NameKind::Param),
            ("metrics.", NameKind::Metric),
            ("tags.", NameKind::Tag),
        ];
        let found = found
            .iter()
            .find_map(|(head, kind)| Some((*kind, text.strip_prefix(head)?)));
        let (kind, name) = found
            .ok_or_else(|| format!("is `{text}`; begin with `params.`, `metrics.` or `tags.`"))?;
        Ok(Self {
            kind,
            name: name.trim_start_matches('"').to_owned(),
        })
    }
}

/// A name as a filter says it.
pub(crate) fn named(kind: NameKind, name: String) -> Field {
    match kind {
        NameKind::Param => Field::Param(name),
        NameKind::Tag => Field::Tag(name),
        NameKind::Metric => Field::Metric(name, Statistic::Last),
    }
}

fn read<T: Default>(
    params: &mut Params,
    name: &str,
    parse: impl Fn(&str) -> Result<T, FilterError>,
) -> T {
    match parse(params.text(name)) {
        Ok(value) => value,
        Err(error) => {
            params.refuse(FieldError::new(name, error.to_string()));
            T::default()
        }
    }
}
