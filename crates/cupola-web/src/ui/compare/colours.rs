//! Which colour a run has, the same in every picture.

use cupola_hub::comparison::Compared;

/// Colours of the palette.
const COLOURS: usize = 10;

/// With more single runs than this none has a colour of its own.
pub(super) const SINGLE_MAX: usize = 20;

/// The class of the colour at a place: `curve-3`, and `curve-3 is-dashed` in the second round.
pub(super) fn at(place: usize) -> String {
    let dashed = if place / COLOURS % 2 == 1 {
        " is-dashed"
    } else {
        ""
    };
    format!("curve-{}{dashed}", place % COLOURS + 1)
}

/// The class of each run's colour: that of its group, or its own while there are few; empty for none.
pub(super) fn of_runs(compared: &Compared) -> Vec<String> {
    let runs = compared.runs.len();
    if compared.grouping.by.is_empty() {
        let own = |place| {
            if runs <= SINGLE_MAX {
                at(place)
            } else {
                String::new()
            }
        };
        return (0..runs).map(own).collect();
    }
    let groups = compared.grouping.of_runs(runs).into_iter();
    groups
        .map(|group| group.map_or_else(String::new, at))
        .collect()
}
