//! What a program says by `TensorBoard`'s event files.

use cupola_domain::time::Timestamp;

use super::events::{Points, Wanted, unix_time};

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

/// Whether points of this time are taken.
pub(crate) fn is_time(at: Timestamp) -> bool {
    #[expect(
        clippy::cast_precision_loss,
        reason = "only its order of magnitude counts"
    )]
    let secs = at.millis() as f64 / 1000.0;
    unix_time(secs).is_ok()
}
