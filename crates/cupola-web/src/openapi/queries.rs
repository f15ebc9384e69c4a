//! What can be asked for in an address, by operation.

/// Name and meaning of each parameter.
pub(super) type Query = &'static [(&'static str, &'static str)];

pub(super) const LIST: Query = &[
    ("page", "which page, from 1"),
    ("per_page", "items a page, 1 to 1000; 50 unless said"),
    (
        "limit",
        "at most so many items, as a bare array with the total in X-Total-Count",
    ),
    ("format", "`array` for a bare array"),
];

pub(super) const WORKSPACE_JOBS: Query = &[
    ("page", "which page, from 1"),
    ("per_page", "items a page, 1 to 1000; 50 unless said"),
    (
        "limit",
        "at most so many items, as a bare array with the total in X-Total-Count",
    ),
    ("format", "`array` for a bare array"),
    ("filter", "what jobs satisfy: `state = error and lr < 0.1`"),
    ("experiment", "only those that it names"),
    ("run", "only those that this run of the experiment names"),
];

pub(super) const WORKSPACE_LOG: Query = &[(
    "offset",
    "from which byte on; the end of one that is shorter",
)];

pub(super) const COSTS: Query = &[
    (
        "by",
        "`all`, `model`, `experiment`, `brief` or `person`; `model` unless said",
    ),
    (
        "days",
        "of so many last days, today included; all unless said",
    ),
];

pub(super) const CHECKS: Query = &[
    ("stage", "`open`, `at_work` or `settled`"),
    (
        "finding",
        "`valid`, `noisy`, `wrong_worse`, `wrong_better`, `undecided` or `withdrawn`",
    ),
    ("owner", "only those of this owner's results"),
    ("before", "only checks before this one"),
    ("limit", "at most so many, up to 200"),
];

pub(super) const CREDIT_HISTORY: Query = &[
    ("person", "whose; your own unless said"),
    ("all", "`true` for everybody's"),
    (
        "kind",
        "`grant`, `fund`, `reserve`, `post`, `void`, `release`, `clawback`, `refund` or `correction`",
    ),
    ("before", "only transfers with lower numbers"),
    ("limit", "at most so many, up to 500"),
];

pub(super) const CREDIT_LEADERS: Query = &[
    ("by", "`owner` or `team`; `owner` unless said"),
    (
        "days",
        "of so many last days, today included; all unless said",
    ),
];

pub(super) const REPORTS: Query = &[
    ("page", "which page, from 1"),
    ("per_page", "items a page, 1 to 1000; 50 unless said"),
    (
        "limit",
        "at most so many items, as a bare array with the total in X-Total-Count",
    ),
    ("format", "`array` for a bare array"),
    ("experiment", "only those that are about this one"),
];

pub(super) const REPORT: Query = &[(
    "format",
    "`markdown` or `html` for a file; `json` unless said",
)];

pub(super) const REPORT_NOW: Query = &[
    (
        "of",
        "an experiment, a family or a brief by its id or name; several are held against the first",
    ),
    ("format", "`json`, `markdown` or `html`; `json` unless said"),
];

pub(super) const SEARCH: Query = &[
    ("page", "which page, from 1"),
    ("per_page", "items a page, 1 to 1000; 50 unless said"),
    (
        "limit",
        "at most so many items, as a bare array with the total in X-Total-Count",
    ),
    ("format", "`array` for a bare array"),
    ("search", "a part of the name or the text"),
];

pub(super) const ALERTS: Query = &[
    ("page", "which page, from 1"),
    ("per_page", "items a page, 1 to 1000; 50 unless said"),
    (
        "limit",
        "at most so many items, as a bare array with the total in X-Total-Count",
    ),
    ("format", "`array` for a bare array"),
    (
        "state",
        "`open`, `acknowledged` or `resolved`, several with commas between",
    ),
];

pub(super) const FAMILIES: Query = &[
    ("page", "which page, from 1"),
    ("per_page", "items a page, 1 to 1000; 50 unless said"),
    (
        "limit",
        "at most so many items, as a bare array with the total in X-Total-Count",
    ),
    ("format", "`array` for a bare array"),
    ("search", "a part of the name"),
    (
        "status",
        "`pending`, `running`, `completed`, `failed` or `cancelled`",
    ),
];

pub(super) const EXPERIMENTS: Query = &[
    ("page", "which page, from 1"),
    ("per_page", "items a page, 1 to 1000; 50 unless said"),
    (
        "limit",
        "at most so many items, as a bare array with the total in X-Total-Count",
    ),
    ("format", "`array` for a bare array"),
    ("search", "a part of the name or the id"),
    (
        "status",
        "`pending`, `running`, `completed`, `failed` or `cancelled`",
    ),
    ("template", "only those of this template"),
    (
        "origin",
        "only those of this origin, `manual` or `file` for instance",
    ),
    ("families", "`true` for what briefs made too"),
    (
        "sort",
        "`created`, `updated` or `name`; with `-` before it the other way round",
    ),
];

pub(super) const COMPARED: Query = &[
    ("runs", "up to 1000 runs, with commas between"),
    (
        "experiment",
        "experiments or families: of each task the run that counts",
    ),
    (
        "metric",
        "what runs are judged by: `metrics.NAME`, `metrics.NAME.min`, `results.NAME`, `objective`, `duration`",
    ),
    (
        "better",
        "`lower` or `higher`; the objective's way unless said",
    ),
    (
        "by",
        "what puts runs into one group, once or several times: `params.NAME`, `tags.NAME`, `experiment`, `state`",
    ),
    ("a", "the label of the first group of the verdict"),
    ("b", "the label of the second"),
];

pub(super) const OVERLAID: Query = &[
    ("runs", "up to 1000 runs, with commas between"),
    (
        "experiment",
        "experiments or families: of each task the run that counts",
    ),
    (
        "curve",
        "the series; the one that most runs have unless said",
    ),
    ("by", "what puts runs into one group, once or several times"),
    ("axis", "`step`, `time`, `relative` or `cost`"),
    ("from", "the first step, or millisecond"),
    ("to", "the last"),
    (
        "width",
        "how many columns of pixels there are; 400 unless said, 600 at most",
    ),
];

pub(super) const RUNS_COMPARED: Query = &[("runs", "1 to 16 runs, with commas between")];

pub(super) const RUNS: Query = &[
    (
        "filter",
        "what runs satisfy: `state = completed and params.lr < 0.01`",
    ),
    (
        "order",
        "up to 4 fields, with commas between: `metrics.loss, created desc`",
    ),
    (
        "columns",
        "up to 50 parameters, metrics and tags to give, with commas between; all unless said",
    ),
    (
        "experiments",
        "only runs of these experiments, with commas between",
    ),
    ("page", "which page, from 1"),
    ("per_page", "items a page, 1 to 1000; 50 unless said"),
];

pub(super) const RUN_NAMES: Query = &[
    (
        "prefix",
        "how the names begin: `params.l`, `metrics.`, `tags.`",
    ),
    ("limit", "at most so many, 1 to 100; 20 unless said"),
];

pub(super) const TASKS: Query = &[
    ("page", "which page, from 1"),
    ("per_page", "items a page, 1 to 1000; 50 unless said"),
    (
        "limit",
        "at most so many items, as a bare array with the total in X-Total-Count",
    ),
    ("format", "`array` for a bare array"),
    ("family_id", "only those of this family"),
    ("search", "a part of an id or of the configuration"),
    (
        "status",
        "`pending`, `running`, `completed`, `failed` or `cancelled`",
    ),
    (
        "sort",
        "`created`, `priority`, `value` or `finished`; with `-` before it the other way round",
    ),
    ("order", "`asc` or `desc`"),
];

pub(super) const RESULTS: Query = &[
    ("page", "which page, from 1"),
    ("per_page", "items a page, 1 to 1000; 50 unless said"),
    (
        "limit",
        "at most so many items, as a bare array with the total in X-Total-Count",
    ),
    ("format", "`array` for a bare array"),
    ("family_id", "only those of this family"),
];

pub(super) const COMPARISON: Query = &[
    ("a", "a completed task with the first configuration"),
    ("b", "a completed task with the second"),
];

pub(super) const LOG: Query = &[
    ("after", "go on from here: `next` of the last part"),
    ("limit", "without `after`: so many of the last lines"),
];

pub(super) const LOGS: Query = &[
    (
        "from",
        "`first`, `last`, a line, `after:` or `before:` and a line; `first` unless said",
    ),
    ("level", "only lines of this level and louder ones"),
    ("text", "only lines with this in them, in whatever case"),
    ("limit", "lines at most, up to 10000; 1000 unless said"),
];

pub(super) const LOG_MATCHES: Query = &[
    (
        "after",
        "only lines behind this one: `to` of the last answer",
    ),
    ("level", "only lines of this level and louder ones"),
    ("text", "only lines with this in them, in whatever case"),
];

pub(super) const LOG_RAW: Query = &[
    ("line", "only this line, whole"),
    ("level", "only lines of this level and louder ones"),
    ("text", "only lines with this in them, in whatever case"),
];

pub(super) const SCHEMA: Query = &[(
    "format",
    "`json-schema`, which is the standard and meant unless said, or `athanor`",
)];

pub(super) const CHARTS: Query = &[
    (
        "name",
        "which series; several by saying it several times, 50 at most",
    ),
    (
        "match",
        "instead: those whose names match this regular expression, whatever the case",
    ),
    ("page", "which page of those that match, from 1"),
    ("per_page", "charts a page, 1 to 50; 24 unless said"),
    (
        "axis",
        "what the window is of: `step`, `time` (milliseconds since 1970) `relative` (milliseconds since the run began) or `cost` (millionths of the currency); `step` unless said",
    ),
    ("from", "the first place of the window"),
    ("to", "the last place of the window"),
    ("width", "columns to draw on, 1 to 10000; 1000 unless said"),
    (
        "after",
        "one for each `name`, in their order: go on from this `cursor`. Where no more points than columns follow, they alone are answered",
    ),
];

pub(super) const POINTS: Query = &[
    ("name", "which series"),
    (
        "axis",
        "what the window is of: `step`, `time`, `relative` or `cost`; `step` unless said",
    ),
    ("from", "the first place of the window"),
    ("to", "the last place of the window"),
    ("format", "`csv` or `json`; `csv` unless said"),
];

pub(super) const SERIES: Query = &[
    ("name", "which series"),
    ("after", "go on from here: `next` of the last part"),
    (
        "width",
        "columns to draw on: of each, the first, last, least and greatest points and all that \
         are not finite",
    ),
];

pub(super) const ARTIFACT: Query = &[
    ("worker_id", "the worker that has the run"),
    ("epoch", "the epoch of its lease"),
    ("size_bytes", "how many bytes come"),
    ("sha256", "what their SHA-256 is, 64 digits in lower case"),
];

pub(super) const EARNED: Query = &[(
    "run",
    "a run of the worker, of which its part is told too; may be given up to 100 times",
)];

pub(super) const RUN_RESULTS: Query = &[
    ("page", "which page, from 1"),
    ("per_page", "items a page, 1 to 1000; 50 unless said"),
    (
        "limit",
        "at most so many items, as a bare array with the total in X-Total-Count",
    ),
    ("format", "`array` for a bare array"),
    ("sort", "`key` or `time`; by time unless said"),
    ("order", "`asc` or `desc`"),
];

pub(super) const LEVEL: Query = &[
    (
        "path",
        "the JSON pointer to a value within the result; the result itself unless said",
    ),
    ("offset", "go on from here: `next` of the last part"),
];

pub(super) const EXPORT: Query = &[
    (
        "format",
        "`csv`, `json`, `jsonl` or `parquet`; CSV unless said",
    ),
    ("runs", "only these runs, with commas between"),
    (
        "experiments",
        "only the runs of these experiments, with commas between",
    ),
    ("filter", "only runs that satisfy this, as in a search"),
];

pub(super) const LIVE: Query = &[
    (
        "keys",
        "what to hear of, with commas between: `run:ID`, `task:ID`, `experiment:ID`, `tasks`, …",
    ),
    (
        "after",
        "go on after this change; the header `Last-Event-ID` says the same",
    ),
];
