//! Series of metric points: compressed blocks, the order of a curve, summaries, and what a chart of
//! a given width needs of them. Knows neither databases nor files.

pub mod align;
pub mod block;
pub mod chart;
pub mod curve;
pub mod summary;
