//! What the address of the list asks for, and what is shown of it.

use cupola_domain::{ids::ExperimentId, time::Timestamp};
use cupola_hub::{
    Hub, HubError,
    run_search::{
        Columns, RunFound, RunSearch, RunsFound,
        filter::{Attribute, Field, Filter, FilterError, Order, Statistic},
    },
};

use super::{FoundCell, FoundColumn, FoundList, FoundRow};
use crate::{
    params::Params,
    ui::{
        components::{EmptyState, Link, Measure, Pager},
        format,
        listing::{self, ROWS, query},
        paths,
        present::{lasting, run_badge},
    },
};

/// Columns that are shown until somebody chooses: parameters and metrics of the first run.
const OF_FIRST: (usize, usize) = (3, 3);

/// The columns that are always there: what they are called and sorted by.
const FIXED: [(&str, Attribute, bool); 7] = [
    ("Run", Attribute::Created, false),
    ("Experiment", Attribute::Experiment, false),
    ("Task", Attribute::Task, false),
    ("State", Attribute::State, false),
    ("Started", Attribute::Started, false),
    ("Duration", Attribute::Duration, true),
    ("Cost", Attribute::Cost, true),
];

const EXAMPLES: [&str; 4] = [
    "state = failed",
    "params.learning_rate < 0.01 and metrics.loss.min < 2",
    "experiment ~ \"campaign\" and not state in (failed, cancelled)",
    "started > 2026-01-01 and duration > 3600",
];

/// What the address of the list asks for, as it was written.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) filter: String,
    pub(super) order: String,
    pub(super) columns: String,
    experiments: Vec<ExperimentId>,
    page: u64,
}

/// The same read.
struct Understood {
    filter: Option<Filter>,
    order: Vec<Order>,
    columns: Vec<Field>,
}

/// The words of a filter besides names, for who writes one.
pub(super) fn words() -> String {
    let fields = Attribute::ALL.map(Attribute::as_str).join(" ");
    format!("params. metrics. tags. {fields} and or not in like is missing")
}

impl Asked {
    pub(super) fn read(params: &mut Params) -> Self {
        let text = |name| params.text(name).trim().to_owned();
        let (filter, order, columns) = (text("filter"), text("order"), text("columns"));
        Self {
            filter,
            order,
            columns,
            experiments: params.list("experiments"),
            page: listing::page(params),
        }
    }

    /// The ids of the experiments, with commas between.
    pub(super) fn experiments(&self) -> String {
        let ids: Vec<_> = self.experiments.iter().map(ToString::to_string).collect();
        ids.join(",")
    }

    /// The list; what cannot be read of what is asked is said in its place.
    pub(super) fn list(&self, hub: &Hub) -> Result<FoundList, HubError> {
        let understood = match self.understand() {
            Ok(understood) => understood,
            Err(errors) => return Ok(self.refused(errors)),
        };
        let found = hub.search_runs(RunSearch {
            experiments: self.experiments.clone(),
            filter: understood.filter,
            order: understood.order.clone(),
            columns: if understood.columns.is_empty() {
                Columns::OfFirst(OF_FIRST.0, OF_FIRST.1)
            } else {
                Columns::These(understood.columns)
            },
            limit: ROWS,
            offset: (self.page - 1) * u64::from(ROWS),
        })?;
        Ok(self.shown(&found, &understood.order, hub.now()))
    }

    fn understand(&self) -> Result<Understood, Vec<String>> {
        let filter = Filter::parse(&self.filter);
        let order = Order::parse(&self.order);
        let columns = Field::parse_list(&self.columns);
        match (filter, order, columns) {
            (Ok(filter), Ok(order), Ok(columns)) => Ok(Understood {
                filter,
                order,
                columns,
            }),
            (filter, order, columns) => {
                let said = |name: &str, error: FilterError| format!("{name}, {error}");
                let errors = [
                    filter.err().map(|error| said("Filter", error)),
                    order.err().map(|error| said("Order", error)),
                    columns.err().map(|error| said("Columns", error)),
                ];
                Err(errors.into_iter().flatten().collect())
            }
        }
    }

    fn refused(&self, errors: Vec<String>) -> FoundList {
        FoundList {
            count: String::new(),
            src: self.address("/runs/list", &self.order, self.page),
            errors,
            columns: Vec::new(),
            rows: Vec::new(),
            pager: self.pager(0, None, false),
            empty: None,
            examples: examples(),
            exported: String::new(),
        }
    }

    fn shown(&self, found: &RunsFound, order: &[Order], now: Timestamp) -> FoundList {
        let rows: Vec<_> = found
            .runs
            .iter()
            .map(|run| row(run, &found.columns, now))
            .collect();
        let empty = rows.is_empty().then(|| self.empty());
        FoundList {
            count: self.count(found),
            src: self.address("/runs/list", &self.order, self.page),
            errors: Vec::new(),
            columns: self.headers(&found.columns, order),
            pager: self.pager(rows.len() as u64, found.total, found.has_more),
            examples: empty.iter().flat_map(|_| examples()).collect(),
            exported: query(&[
                ("filter", &self.filter),
                ("experiments", &self.experiments()),
            ]),
            empty,
            rows,
        }
    }

    fn count(&self, found: &RunsFound) -> String {
        let seen = (self.page - 1) * u64::from(ROWS) + found.runs.len() as u64;
        match (found.total, found.has_more) {
            (Some(total), _) => format::counted(total, "run", "runs"),
            (None, false) => format::counted(seen, "run", "runs"),
            (None, true) => format!("more than {}", format::counted(seen, "run", "runs")),
        }
    }

    fn empty(&self) -> EmptyState {
        if self.page > 1 {
            return EmptyState::new(
                "No more runs",
                "The list has become shorter than this page.",
            )
            .with_action("First page", self.address(paths::RUNS, &self.order, 1));
        }
        if self.filter.is_empty() && self.experiments.is_empty() {
            return EmptyState::new(
                "No runs yet",
                "Each attempt at a task is a run, and so is what a program logs with an MLflow client.",
            )
            .with_action("New experiment", paths::NEW_EXPERIMENT);
        }
        EmptyState::new("No run matches", "Ask for less, or for something else:")
            .with_action("All runs", paths::RUNS)
    }

    fn headers(&self, chosen: &[Field], order: &[Order]) -> Vec<FoundColumn> {
        let fixed = FIXED.iter().map(|(label, attribute, is_numeric)| {
            let field = Field::Attribute(*attribute);
            self.header((*label).to_owned(), field, order, *is_numeric)
        });
        let chosen = chosen.iter().map(|field| FoundColumn {
            is_chosen: true,
            ..self.header(field.to_string(), field.clone(), order, is_numeric(field))
        });
        fixed.chain(chosen).collect()
    }

    /// Sorts by the column, the other way round where the list is sorted by it.
    fn header(
        &self,
        label: String,
        field: Field,
        order: &[Order],
        is_numeric: bool,
    ) -> FoundColumn {
        let current = order.first().filter(|order| order.field == field);
        let asked = Order {
            field,
            is_descending: current.is_some_and(|order| !order.is_descending),
        };
        FoundColumn {
            label,
            href: self.address(paths::RUNS, &asked.to_string(), 1),
            sorted: match current {
                None => "",
                Some(order) if order.is_descending => "descending",
                Some(_) => "ascending",
            },
            is_numeric,
            is_chosen: false,
        }
    }

    fn pager(&self, rows: u64, total: Option<u64>, has_more: bool) -> Pager {
        let address = |page| self.address(paths::RUNS, &self.order, page);
        let first = (self.page - 1) * u64::from(ROWS);
        let shown = format!(
            "{}–{}",
            format::count(first + 1),
            format::count(first + rows)
        );
        Pager {
            text: match total {
                Some(total) => format!("{shown} of {}", format::count(total)),
                None => shown,
            },
            previous: (self.page > 1).then(|| address(self.page - 1)),
            next: has_more.then(|| address(self.page + 1)),
            has_pages: self.page > 1 || has_more,
        }
    }

    fn address(&self, path: &str, order: &str, page: u64) -> String {
        let page = if page > 1 {
            page.to_string()
        } else {
            String::new()
        };
        let query = query(&[
            ("filter", &self.filter),
            ("order", order),
            ("columns", &self.columns),
            ("experiments", &self.experiments()),
            ("page", &page),
        ]);
        if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        }
    }
}

fn examples() -> Vec<Link> {
    let link = |filter| {
        let query = query(&[("filter", filter)]);
        Link::new(filter, format!("{}?{query}", paths::RUNS))
    };
    EXAMPLES.into_iter().map(link).collect()
}

fn is_numeric(field: &Field) -> bool {
    matches!(field, Field::Metric(..))
}

fn row(found: &RunFound, columns: &[Field], now: Timestamp) -> FoundRow {
    let run = &found.run;
    FoundRow {
        id: run.id.into(),
        name: run.name.clone(),
        experiment: Link::new(
            &found.experiment_name,
            paths::experiment(run.experiment, ""),
        ),
        task: Link::new(found.task_number.to_string(), paths::task(run.task, "")),
        attempt: run.attempt,
        badge: run_badge(run),
        started: run.started_at.into(),
        duration: lasting(run, now),
        cost: format::amount(found.cost),
        cells: columns.iter().map(|field| cell(found, field)).collect(),
    }
}

fn cell(found: &RunFound, field: &Field) -> FoundCell {
    let of = |pairs: &[(String, String)], key: &str| {
        let found = pairs.iter().find(|(known, _)| known == key);
        text(found.map(|(_, value)| value.as_str()))
    };
    match field {
        Field::Param(key) => of(&found.params, key),
        Field::Tag(key) => of(&found.tags, key),
        Field::Metric(name, statistic) => {
            let metric = found.metrics.iter().find(|metric| metric.name == *name);
            let value = metric.and_then(|metric| match statistic {
                Statistic::Last => metric.last.map(|point| point.value),
                Statistic::Min => metric.min,
                Statistic::Max => metric.max,
            });
            let measure = Measure::from(value);
            FoundCell {
                text: measure.text,
                exact: measure.exact,
                is_numeric: true,
                is_lost: measure.is_lost,
            }
        }
        Field::Attribute(attribute) => attribute_of(found, *attribute),
    }
}

/// What the columns that are always there do not show as well.
fn attribute_of(found: &RunFound, attribute: Attribute) -> FoundCell {
    let run = &found.run;
    let at = |at: Option<Timestamp>| at.map(format::moment);
    let value = match attribute {
        Attribute::Id => Some(run.id.to_string()),
        Attribute::Name => Some(run.name.clone()).filter(|name| !name.is_empty()),
        Attribute::State => Some(run.state.word().to_string()),
        Attribute::Failure => Some(run.reason()).filter(|reason| !reason.is_empty()),
        Attribute::Experiment => Some(found.experiment_name.clone()),
        Attribute::Task => Some(found.task_number.to_string()),
        Attribute::Attempt => Some(run.attempt.to_string()),
        Attribute::Created => at(Some(run.created_at)),
        Attribute::Started => at(run.started_at),
        Attribute::Finished => at(run.finished_at),
        Attribute::Duration => run.wall_time.map(format::duration),
        Attribute::Cost => found.cost.map(|cost| cost.to_string()),
        Attribute::Worker => run.worker.map(cupola_domain::ids::WorkerId::short),
        Attribute::Seed => None,
    };
    text(value.as_deref())
}

/// A text, short.
fn text(value: Option<&str>) -> FoundCell {
    const SHOWN_CHARS: usize = 60;
    let exact = value.unwrap_or_default();
    let mut text: String = exact.chars().take(SHOWN_CHARS).collect();
    if text.len() < exact.len() {
        text.push('…');
    }
    FoundCell {
        text: match value {
            None => format::NOTHING.to_owned(),
            Some("") => "(empty)".to_owned(),
            Some(_) => text,
        },
        exact: exact.to_owned(),
        is_numeric: false,
        is_lost: false,
    }
}
