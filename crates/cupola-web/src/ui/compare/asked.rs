//! What an address asks to see, and the address of a view.

use cupola_domain::objective::Direction;
use cupola_hub::{charts::Across, comparison::Column};

use crate::{
    compared,
    params::Params,
    ui::{
        listing::{self, escaped},
        paths,
    },
};

/// What an address asks to see.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// Of which runs, judged by what, which curves.
    pub(super) runs: compared::Asked,
    /// Whether values are drawn on a logarithmic axis.
    pub(super) is_log: bool,
    /// In per mille.
    pub(super) smoothing: u32,
    /// What is not drawn: places with commas between.
    pub(super) hidden: Vec<usize>,
    /// The scatter's axes.
    pub(super) x: Option<Column>,
    pub(super) y: Option<Column>,
    /// What stands side by side in parallel coordinates; empty for what there is.
    pub(super) axes: Vec<Column>,
    /// Which part of which of them is looked at, as the script writes it.
    pub(super) brush: String,
    /// By what the table is sorted; none for the order of the runs.
    pub(super) sort: Option<Column>,
    pub(super) is_descending: bool,
    /// From 1.
    pub(super) page: u64,
    /// Whether columns are shown in which no run differs from the others.
    pub(super) is_all: bool,
}

/// Longer ones are no brush of this page.
const BRUSH_BYTES_MAX: usize = 2_000;

impl Asked {
    pub(super) fn read(params: &mut Params) -> Self {
        let brush = params.text("brush");
        let brush = if brush.len() > BRUSH_BYTES_MAX {
            ""
        } else {
            brush
        };
        Self {
            brush: brush.to_owned(),
            runs: compared::Asked::read(params),
            is_log: params.text("log") == "y",
            smoothing: params.optional("smooth", 0..=999).unwrap_or(0),
            hidden: params.list("hide"),
            x: params.parsed("x"),
            y: params.parsed("y"),
            axes: params.each("axes"),
            sort: params.parsed("sort"),
            is_descending: params.text("order") == "desc",
            page: listing::page(params),
            is_all: params.text("columns") == "all",
        }
    }

    /// The page of this view.
    pub(super) fn page(&self) -> String {
        self.address(paths::COMPARE)
    }

    /// A part of it.
    pub(super) fn address(&self, path: &str) -> String {
        let query = query(&self.pairs());
        if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{query}")
        }
    }

    /// The query that asks for the curves alone.
    pub(super) fn curves(&self, path: &str, series: &str) -> String {
        let overlay = &self.runs.overlay;
        let mut pairs = self.selection();
        pairs.push(("curve", series.to_owned()));
        pairs.extend(self.by());
        if overlay.axis != Across::Step {
            pairs.push(("axis", overlay.axis.as_str().to_owned()));
        }
        pairs.extend(self.window());
        format!("{path}?{}", query(&pairs))
    }

    /// What the form of the page has no field for.
    pub(super) fn hidden(&self) -> Vec<(&'static str, String)> {
        let mut pairs = self.selection();
        pairs.extend(self.window());
        pairs.extend(self.of_table());
        pairs.extend(self.of_pictures());
        pairs
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let question = &self.runs.question;
        let mut pairs = self.selection();
        let mut push = |key, value: String| {
            if !value.is_empty() {
                pairs.push((key, value));
            }
        };
        push("metric", text(question.metric.as_ref()));
        push("better", better(question.direction).to_owned());
        for (key, value) in self.by() {
            push(key, value);
        }
        push("a", question.a.clone());
        push("b", question.b.clone());
        push("curve", self.runs.overlay.series.clone());
        if self.runs.overlay.axis != Across::Step {
            push("axis", self.runs.overlay.axis.as_str().to_owned());
        }
        push("log", if self.is_log { "y" } else { "" }.to_owned());
        if self.smoothing > 0 {
            push("smooth", self.smoothing.to_string());
        }
        push("x", text(self.x.as_ref()));
        push("y", text(self.y.as_ref()));
        for column in &self.axes {
            push("axes", column.to_string());
        }
        pairs.extend(self.window());
        pairs.extend(self.of_table());
        pairs.extend(self.of_pictures());
        pairs
    }

    fn selection(&self) -> Vec<(&'static str, String)> {
        let selection = &self.runs.selection;
        let mut pairs = Vec::new();
        if !selection.runs.is_empty() {
            let runs: Vec<String> = selection.runs.iter().map(ToString::to_string).collect();
            pairs.push(("runs", runs.join(",")));
        }
        for experiment in &selection.experiments {
            pairs.push(("experiment", experiment.to_string()));
        }
        if let Some(filter) = &selection.filter {
            pairs.push(("filter", filter.to_string()));
        }
        pairs
    }

    fn by(&self) -> Vec<(&'static str, String)> {
        let by = self.runs.question.by.iter();
        by.map(|column| ("by", column.to_string())).collect()
    }

    fn window(&self) -> Vec<(&'static str, String)> {
        let overlay = &self.runs.overlay;
        let ends = [("from", overlay.from), ("to", overlay.to)];
        let said = ends
            .into_iter()
            .filter_map(|(key, end)| Some((key, end?.to_string())));
        said.collect()
    }

    fn of_table(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if let Some(sort) = &self.sort {
            pairs.push(("sort", sort.to_string()));
        }
        if self.is_descending {
            pairs.push(("order", "desc".to_owned()));
        }
        if self.page > 1 {
            pairs.push(("page", self.page.to_string()));
        }
        if self.is_all {
            pairs.push(("columns", "all".to_owned()));
        }
        pairs
    }

    fn of_pictures(&self) -> Vec<(&'static str, String)> {
        let hidden: Vec<String> = self.hidden.iter().map(ToString::to_string).collect();
        let both = [("hide", hidden.join(",")), ("brush", self.brush.clone())];
        both.into_iter()
            .filter(|(_, value)| !value.is_empty())
            .collect()
    }
}

/// `lower`, `higher` or nothing.
pub(super) const fn better(direction: Option<Direction>) -> &'static str {
    match direction {
        None => "",
        Some(Direction::Minimize) => "lower",
        Some(Direction::Maximize) => "higher",
    }
}

fn text(column: Option<&Column>) -> String {
    column.map(ToString::to_string).unwrap_or_default()
}

fn query(pairs: &[(&'static str, String)]) -> String {
    // Commas between identifiers stand as they are: an address of many runs is long enough.
    let part = |(key, value): &(&str, String)| match *key {
        "runs" | "hide" => format!("{key}={value}"),
        key => format!("{key}={}", escaped(value)),
    };
    pairs.iter().map(part).collect::<Vec<_>>().join("&")
}
