//! Small pieces that pages are made of. Each is a struct with its own template, and stands in a page
//! as `{{ piece }}`.

mod badge;
mod bar;
mod chips;
mod config;
mod doughnut;
mod drawn;
mod empty;
mod field;
mod gauge;
mod id;
mod level_bars;
mod measure;
mod moment;
mod parallel;
mod scale;
mod scatter;
mod table;

pub use self::{
    badge::{Badge, Tone},
    bar::{Progress, StackedBar},
    chips::{Chip, Chips},
    config::{CodeBlock, ConfigTable},
    doughnut::{Doughnut, Slice},
    drawn::{Along, Drawn, DrawnCurve, RunCurve, RunCurves, listed},
    empty::EmptyState,
    field::{Field, Input, Opt},
    gauge::Gauge,
    id::{Id, Link},
    level_bars::LevelBars,
    measure::Measure,
    moment::{Lasting, Moment},
    parallel::{Parallel, Strand},
    scale::{Axis, Scale},
    scatter::{Dot, Mark, Scatter, Things, X},
    table::{Column, Pager, Sorting},
};

/// Marks a template's struct as HTML already, so that another template places it unescaped.
macro_rules! html_safe {
    ($($name:ty),+ $(,)?) => {
        $(impl askama::filters::HtmlSafe for $name {})+
    };
}
pub(crate) use html_safe;
