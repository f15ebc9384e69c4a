//! Query parameters: what a list leaves out and how much of it is asked for.
//!
//! What is `None` is not sent, and the hub's own default holds.

use serde::Serialize;

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PageFilter {
    /// Part of a name or an id.
    pub search: Option<String>,
    /// From 1.
    pub page: Option<u32>,
    /// Items a page.
    pub per_page: Option<u32>,
}

/// Which costs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CostFilter {
    /// `all`, `model`, `experiment`, `brief` or `person`.
    pub by: Option<String>,
    /// Of so many last days; of all when absent.
    pub days: Option<u32>,
}

/// Which transfers of credits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TransferFilter {
    /// Whose; one's own when absent.
    pub person: Option<String>,
    /// Everybody's.
    pub all: Option<bool>,
    /// Only of this kind.
    pub kind: Option<String>,
    /// Only those with lower numbers.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// Which checks of results.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CheckFilter {
    /// `open`, `at_work` or `settled`.
    pub stage: Option<String>,
    /// What they found.
    pub finding: Option<String>,
    /// Whose results.
    pub owner: Option<String>,
    /// Only those before this one.
    pub before: Option<String>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// Who earned the most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LeaderFilter {
    /// `owner` or `team`.
    pub by: Option<String>,
    /// Of so many last days; of all when absent.
    pub days: Option<u32>,
}

/// Which families.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FamilyFilter {
    /// One of the five words.
    pub status: Option<String>,
    /// Part of the name.
    pub search: Option<String>,
    /// From 1.
    pub page: Option<u32>,
    /// Items a page.
    pub per_page: Option<u32>,
}

/// Which experiments.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ExperimentFilter {
    /// One of the five words.
    pub status: Option<String>,
    /// Only those of this template.
    pub template: Option<String>,
    /// What briefs made too.
    pub families: Option<bool>,
    /// Part of the name or the id.
    pub search: Option<String>,
    /// A column's name; with `-` before it the other way round.
    pub sort: Option<String>,
    /// From 1.
    pub page: Option<u32>,
    /// Items a page.
    pub per_page: Option<u32>,
}

/// Which runs, in which order, and what of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RunFilter {
    /// What they satisfy: `state = completed and params.lr < 0.01`.
    pub filter: Option<String>,
    /// Fields with commas between: `metrics.loss, created desc`.
    pub order: Option<String>,
    /// Parameters, metrics and tags to give, with commas between; all when absent.
    pub columns: Option<String>,
    /// Ids with commas between.
    pub experiments: Option<String>,
    /// From 1.
    pub page: Option<u32>,
    /// Items a page.
    pub per_page: Option<u32>,
}

/// Which tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TaskFilter {
    /// Only those of this family.
    pub family_id: Option<String>,
    /// One of the five words.
    pub status: Option<String>,
    /// Part of an id or of the configuration.
    pub search: Option<String>,
    /// A column's name; with `-` before it the other way round.
    pub sort: Option<String>,
    /// From 1.
    pub page: Option<u32>,
    /// Items a page.
    pub per_page: Option<u32>,
}

/// Which results.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ResultFilter {
    /// Only those of this family.
    pub family_id: Option<String>,
    /// From 1.
    pub page: Option<u32>,
    /// Items a page.
    pub per_page: Option<u32>,
}

/// Which part of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LogFilter {
    /// Go on from here: `next` of the last part.
    pub after: Option<i64>,
    /// Lines at most.
    pub limit: Option<u32>,
}

/// Which lines of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LogsFilter {
    /// `first`, `last`, a line, `after:LINE` or `before:LINE`.
    pub from: Option<String>,
    /// Only lines of this level and louder ones.
    pub level: Option<String>,
    /// Only lines with this in them, in whatever case.
    pub text: Option<String>,
    /// Lines at most.
    pub limit: Option<u32>,
}

/// Which runs a table is of, and as what it is written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ExportFilter {
    /// `csv`, `json`, `jsonl` or `parquet`.
    pub format: Option<String>,
    /// Only these runs, with commas between.
    pub runs: Option<String>,
    /// Only the runs of these experiments, with commas between.
    pub experiments: Option<String>,
    /// Only runs that satisfy this.
    pub filter: Option<String>,
}

/// Which series, and how finely.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SeriesFilter {
    /// The series.
    pub name: String,
    /// Go on from here: `next` of the last part.
    pub after: Option<i64>,
    /// Reduce to about this many points; all of them when absent.
    pub width: Option<u32>,
}

/// Which two tasks' configurations are held against each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ComparisonFilter {
    /// A task with the first configuration.
    pub a: String,
    /// A task with the second.
    pub b: String,
}
