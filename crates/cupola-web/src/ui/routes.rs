//! The pages' share of the URL space, grouped by what they are about.

use crate::{
    router::Routes,
    ui::{
        alerts, assistant, briefs, compare, costs, credits, experiments, families, home, models,
        reports, runs, shortcuts, tasks, templates, toasts, tokens, training, verification,
        workers, workspaces,
    },
};

/// Every page, part and form.
pub(crate) fn routes() -> Routes {
    Routes::new()
        // the first page
        .merge(home::routes())
        // what can be run
        .merge(templates::routes())
        // what is wanted
        .merge(briefs::routes())
        .merge(families::routes())
        .merge(experiments::routes())
        .merge(compare::routes())
        // what is done
        .merge(tasks::routes())
        .merge(runs::routes())
        // what comes of it, and what that costs
        .merge(training::routes())
        .merge(models::routes())
        // who does it
        .merge(workers::routes())
        .merge(verification::routes())
        // what is watched elsewhere
        .merge(workspaces::routes())
        // what it costs
        .merge(costs::routes())
        .merge(credits::routes())
        // what is asked
        .merge(assistant::routes())
        .merge(reports::routes())
        // what is wrong, and who is told
        .merge(alerts::routes())
        // who may come in
        .merge(tokens::routes())
        // what helps on all of them
        .merge(shortcuts::routes())
        .merge(toasts::routes())
}
