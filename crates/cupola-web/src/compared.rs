//! Which runs an address compares, and what it asks of them: the same for pages and programs.

use cupola_domain::{field::FieldError, objective::Direction};
use cupola_hub::comparison::{
    Column, Compared, Comparison, Group, OverlayAsked, Question, Selection, Verdict,
};
use cupola_hub::findings::Filter;

use crate::{params::Params, ui::format};

/// Columns of pixels unless the address says otherwise.
const COLUMNS: u32 = 400;

/// What an address asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    /// Of which runs.
    pub(crate) selection: Selection,
    /// What they are judged by, in which groups.
    pub(crate) question: Question,
    /// Which curves.
    pub(crate) overlay: OverlayAsked,
}

impl Asked {
    /// Reads `runs`, `experiment` (or `of`, which stands back when there are `runs`), `metric`,
    /// `filter`, `better`, `by`, `a`, `b`, `curve`, `axis`, `from`, `to` and `width`.
    pub(crate) fn read(params: &mut Params) -> Self {
        let mut selection = Selection {
            runs: params.list("runs"),
            experiments: params.list("experiment"),
            filter: filter(params),
        };
        if selection.runs.is_empty() {
            selection.experiments = [selection.experiments, params.list("of")].concat();
        }
        let by: Vec<Column> = params.each("by");
        let question = Question {
            metric: params.parsed("metric"),
            direction: direction(params),
            by: by.clone(),
            a: params.text("a").to_owned(),
            b: params.text("b").to_owned(),
        };
        let overlay = OverlayAsked {
            series: params.text("curve").to_owned(),
            axis: params.parsed("axis").unwrap_or_default(),
            from: params.optional("from", i64::MIN..=i64::MAX),
            to: params.optional("to", i64::MIN..=i64::MAX),
            columns: params.optional("width", 1..=4_000).unwrap_or(COLUMNS),
            by,
        };
        Self {
            selection,
            question,
            overlay,
        }
    }
}

fn filter(params: &mut Params) -> Option<Filter> {
    match Filter::parse(params.text("filter")) {
        Ok(filter) => filter,
        Err(error) => {
            params.refuse(FieldError::new("filter", error.to_string()));
            None
        }
    }
}

fn direction(params: &mut Params) -> Option<Direction> {
    match params.text("better") {
        "" => None,
        "lower" => Some(Direction::Minimize),
        "higher" => Some(Direction::Maximize),
        _ => {
            params.refuse(FieldError::new("better", "choose `lower` or `higher`"));
            None
        }
    }
}

/// What two groups held against each other come to, in plain words.
pub(crate) fn verdict_text(
    compared: &Compared,
    comparison: &Comparison,
    (a, b): (&Group, &Group),
) -> String {
    let metric = &compared.metric_name();
    let (better, worse) = match comparison.verdict {
        Verdict::ABetter => (a, b),
        Verdict::BBetter => (b, a),
        Verdict::Undecided { more_seeds } => {
            return undecided(comparison, (a, b), metric, more_seeds);
        }
    };
    let size = comparison.difference.map_or(0.0, f64::abs);
    let way = match comparison.difference.map(|difference| difference > 0.0) {
        Some(true) if comparison.verdict == Verdict::ABetter => "higher",
        Some(false) if comparison.verdict == Verdict::BBetter => "higher",
        _ => "lower",
    };
    let (better, worse, size) = (&better.label, &worse.label, format::number(size));
    if compared.is_direction_known() {
        format!("“{better}” is better than “{worse}”: its {metric} is {way} by about {size}.")
    } else {
        format!("“{better}” has a {way} {metric} than “{worse}”, by about {size}.")
    }
}

fn undecided(
    comparison: &Comparison,
    (a, b): (&Group, &Group),
    metric: &str,
    more_seeds: Option<u32>,
) -> String {
    let counts = [(a, comparison.a.count), (b, comparison.b.count)];
    if counts.iter().any(|(_, count)| *count < 2) {
        let has: Vec<String> = counts
            .iter()
            .map(|(group, count)| format!("“{}” has {count}", group.label))
            .collect();
        return format!("Needs at least 2 seeds in each group: {}.", has.join(", "));
    }
    match more_seeds {
        Some(more) => format!(
            "Not decided yet: about {} in each group would show a difference of {} in {metric}, if \
             it is real.",
            format::counted(more.into(), "more seed", "more seeds"),
            format::number(comparison.difference.map_or(0.0, f64::abs)),
        ),
        None => format!(
            "No difference in {metric} to be seen: it is so small beside the noise that no number \
             of seeds worth running would show it."
        ),
    }
}
