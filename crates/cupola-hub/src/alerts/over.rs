//! Whether an alert whose condition was not found to hold is over, and why.
//!
//! Who starts, or reads a rule that was edited, has not looked for long enough to say that something does
//! not last: an alert that was open stays open until there is a reason to say otherwise.

use std::{collections::HashSet, time::Duration};

use cupola_domain::{alert::Subject, ids::RunId, time::Instant};
use cupola_search::alert::{Condition, Rule, shown};

use super::{Watch, workers::Workers};

/// What a look knows.
pub(super) struct Known<'a> {
    pub(super) watch: &'a Watch,
    pub(super) running: &'a HashSet<RunId>,
    pub(super) workers: &'a Workers,
    pub(super) now: Instant,
}

/// Why an alert is over; none while that is not known.
pub(super) fn why_over(known: &Known<'_>, rule: &Rule, subject: &Subject) -> Option<String> {
    if let Some(why) = is_gone(known, rule, subject) {
        return Some(why.to_owned());
    }
    if let Some(value) = known.watch.back(rule.id, subject) {
        return Some(format!("it is {} now", shown(value)));
    }
    let is_known = |span: Duration| known.watch.since_known(rule.id, known.now) >= span;
    let (is_over, why) = match &rule.condition {
        Condition::NoData { .. } => (known.watch.was_heard(subject), "it measures again"),
        Condition::WorkerGone { silence } => (
            known.workers.was_heard(subject) || known.watch.since_first_look(known.now) >= *silence,
            "it is heard of again",
        ),
        // What is beyond the bound, though not yet for so long by what is known here, has not come back.
        Condition::Threshold { lasting, .. } => (
            is_known(*lasting) && !known.watch.is_beyond(rule.id, subject),
            "it holds no more",
        ),
        Condition::Change { within, .. } => (is_known(*within), "it holds no more"),
        _ => (true, "it holds no more"),
    };
    is_over.then(|| why.to_owned())
}

fn is_gone(known: &Known<'_>, rule: &Rule, subject: &Subject) -> Option<&'static str> {
    match subject {
        // It has ended, or its worker was lost.
        Subject::Run(run) if !known.running.contains(run) => Some("the run runs no more"),
        Subject::Worker(id) if known.workers.name(*id).is_none() => Some("the worker was removed"),
        Subject::Worker(id)
            if rule.condition.watched().is_some() && !known.workers.is_there(*id) =>
        {
            Some("the worker measures nothing more")
        }
        _ => None,
    }
}
