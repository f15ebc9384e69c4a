//! What happens rather than lasts: a run that fails opens an alert, which ends when a later attempt
//! completes, when the run is removed, or when a person says so.

use std::collections::HashSet;

use cupola_domain::{
    alert::{AlertWord, Subject},
    ids::{AlertRuleId, RunId},
    run::{Failure, Outcome},
};
use cupola_search::alert::Rule;
use cupola_store::{
    Tx,
    alerts::{
        self,
        reading::{self, Changed, ChangedKind, Named},
    },
    runs,
};

use super::{
    HAPPENED_MAX, Watch,
    looking::{Sight, takes},
    moving::Move,
};
use crate::{Hub, HubError};

impl Hub {
    /// What happened to runs that ended: each failure opens an alert, and a later attempt that completes
    /// resolves it.
    pub(super) fn happened(&self, sight: &Sight) -> Result<Vec<Move>, HubError> {
        let ended = sight
            .changed
            .iter()
            .filter(|c| c.kind == ChangedKind::Ended);
        let ended: Vec<Changed> = ended.cloned().collect();
        let rules = happening(&sight.rules);
        if ended.is_empty() || rules.is_empty() {
            return Ok(Vec::new());
        }
        self.read(move |tx| {
            // What this look opens is not in the store yet, and may be made good within the same look.
            let (mut moves, mut opened) = (Vec::new(), HashSet::new());
            for changed in &ended {
                let Ok(run) = changed.subject.parse() else {
                    continue;
                };
                let Some(named) = reading::find_named(tx, run)? else {
                    continue;
                };
                for (rule, text) in failed(tx, &rules, changed, &named)? {
                    opened.insert((rule, run));
                    moves.push(Move::hold(rule, Subject::Run(run), text));
                }
                moves.extend(made_good(tx, &rules, &opened, &named)?);
            }
            Ok(moves)
        })
    }

    /// From time to time, the alerts that nobody needs any more: of runs that were removed, and the oldest
    /// of a rule that has very many.
    pub(super) fn forgotten(
        &self,
        watch: &mut Watch,
        rules: &[Rule],
    ) -> Result<Vec<Move>, HubError> {
        let rules = happening(rules);
        if rules.is_empty() || !watch.is_sweep_due(self.monotonic()) {
            return Ok(Vec::new());
        }
        self.read(move |tx| {
            let counts = alerts::count_unresolved_by_rule(tx)?;
            let mut moves = Vec::new();
            for rule in rules {
                let there = counts.get(&rule.id).copied().unwrap_or(0);
                if there == 0 {
                    continue;
                }
                let gone = alerts::list_gone(tx, rule.id, i64::MAX)?;
                let clear = |subject, why: &str| Move::clear(rule.id, subject, why.to_owned());
                let gone = gone.into_iter().map(|alert| alert.subject);
                let gone: HashSet<Subject> = gone.collect();
                let beyond = there.saturating_sub(HAPPENED_MAX);
                if beyond > 0 {
                    let beyond = i64::try_from(beyond).unwrap_or(i64::MAX);
                    let oldest = alerts::list_unresolved_of(tx, rule.id, beyond)?;
                    let why = format!("{HAPPENED_MAX} later ones of the rule are not resolved");
                    let oldest = oldest.into_iter().map(|alert| alert.subject);
                    let oldest = oldest.filter(|subject| !gone.contains(subject));
                    moves.extend(oldest.map(|subject| clear(subject, &why)));
                }
                moves.extend(
                    (gone.into_iter()).map(|subject| clear(subject, "the run was removed")),
                );
            }
            Ok(moves)
        })
    }
}

/// The rules on what happens.
fn happening(rules: &[Rule]) -> Vec<Rule> {
    let own = rules.iter().filter(|rule| rule.condition.is_happening());
    own.cloned().collect()
}

/// The rules that a failure is the business of, with what is said of it.
fn failed(
    tx: &mut Tx,
    rules: &[Rule],
    changed: &Changed,
    named: &Named,
) -> Result<Vec<(AlertRuleId, String)>, HubError> {
    let failure = match &named.outcome {
        // Its worker stopped in order: nothing is wrong with the run.
        None | Some(Outcome::Failed(Failure::HandedBack | Failure::Withdrawn)) => {
            return Ok(Vec::new());
        }
        Some(Outcome::Failed(failure)) => failure,
        Some(_) => return Ok(Vec::new()),
    };
    let text = match failure.detail() {
        detail if detail.is_empty() => format!("failed: {}", words(failure)),
        detail => format!(
            "failed: {}: {}",
            words(failure),
            cupola_domain::text::excerpt(&detail)
        ),
    };
    let mut found = Vec::new();
    let subject = Subject::Run(named.run);
    for rule in rules {
        let is_due = changed.at >= rule.created_at;
        if is_due && takes(tx, rule.condition.filter(), &subject)? {
            found.push((rule.id, text.clone()));
        }
    }
    Ok(found)
}

fn words(failure: &Failure) -> String {
    failure.kind().replace('_', " ")
}

/// The alerts of earlier attempts at what completed.
fn made_good(
    tx: &mut Tx,
    rules: &[Rule],
    opened: &HashSet<(AlertRuleId, RunId)>,
    named: &Named,
) -> Result<Vec<Move>, HubError> {
    if named.outcome != Some(Outcome::Completed) {
        return Ok(Vec::new());
    }
    let attempts = runs::list_of_task(tx, named.task)?;
    let others = attempts.iter().filter(|run| run.id != named.run);
    let mut moves = Vec::new();
    for other in others {
        for rule in rules {
            let subject = Subject::Run(other.id);
            if opened.contains(&(rule.id, other.id)) || is_unresolved(tx, rule.id, &subject)? {
                let why = "a later attempt completed".to_owned();
                moves.push(Move::clear(rule.id, subject, why));
            }
        }
    }
    Ok(moves)
}

fn is_unresolved(tx: &mut Tx, rule: AlertRuleId, subject: &Subject) -> Result<bool, HubError> {
    let found = alerts::find_of(tx, rule, subject)?;
    Ok(found.is_some_and(|alert| alert.state.word() != AlertWord::Resolved))
}
