//! Whether experiments are judged by the same thing: what is not, is not called better.

use cupola_domain::{experiment::Experiment, objective::Objective, text::excerpt};
use cupola_hub::comparison::{Column, Compared};

/// Why nothing may be said about better, where the runs were held against each other by objectives that
/// differ.
pub fn apart(compared: &Compared) -> Option<String> {
    let is_by_objective = matches!(&compared.metric, Some(Column::Objective));
    if is_by_objective {
        differing(&compared.experiments)
    } else {
        None
    }
}

/// Whether two experiments are judged by the same metric in the same direction, or both by nothing.
pub fn is_same(a: Option<&Objective>, b: Option<&Objective>) -> bool {
    let by = |of: &Objective| (of.metric.clone(), of.direction);
    a.map(by) == b.map(by)
}

/// What each of some experiments is judged by, where that is not the same.
pub fn differing(experiments: &[Experiment]) -> Option<String> {
    let first = experiments.first()?.objective.as_ref();
    let mut all = experiments.iter().map(|one| one.objective.as_ref());
    if all.all(|one| is_same(one, first)) {
        return None;
    }
    let each = experiments.iter().map(|one| {
        let judged = match &one.objective {
            Some(objective) => format!(
                "by {} ({})",
                excerpt(&objective.metric),
                objective.direction.as_str()
            ),
            None => "by nothing".to_owned(),
        };
        format!("`{}` {judged}", excerpt(&one.name))
    });
    let each: Vec<_> = each.collect();
    Some(format!(
        "they are judged by different things: {}",
        each.join(", ")
    ))
}
