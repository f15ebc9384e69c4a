//! What a program says by `TensorBoard`'s event files.

use super::events::{Points, Wanted};

/// Something that an event file says of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Told {
    /// Points of a series.
    Points(Points),
    /// Parts of its configuration.
    Params(Vec<(String, String)>),
    /// Something to look at or to read.
    Artifact(Wanted),
    /// The worker's own word about the files.
    Note(String),
}
