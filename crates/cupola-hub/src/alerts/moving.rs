//! What a look decided, written: alerts moved, news told, and how far was looked, in one transaction.

use std::collections::HashSet;

use cupola_domain::{
    alert::{Alert, AlertInput, AlertState, AlertWord, Subject},
    ids::{AlertId, AlertRuleId},
    time::Timestamp,
};
use cupola_store::{
    Tx,
    alerts::{self, reading},
};

use super::{
    record, step,
    telling::{Spare, tell},
};
use crate::{Hub, HubError};

/// So many alerts are moved in one transaction, so that nobody waits for long.
const MOVES_PER_STEP: usize = 500;

/// Where nothing ended, how far was looked is written down after so many changes.
const SAVED_AT_LEAST_EVERY: i64 = 10_000;

/// One alert to move.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Move {
    rule: AlertRuleId,
    subject: Subject,
    input: AlertInput,
    /// What was found.
    text: String,
    /// What the subject is called, where its row does not say.
    label: Option<String>,
}

impl Move {
    /// The condition holds.
    pub(super) fn hold(rule: AlertRuleId, subject: Subject, text: String) -> Self {
        Self {
            rule,
            subject,
            input: AlertInput::Hold,
            text,
            label: None,
        }
    }

    /// What the subject is called.
    pub(super) fn called(mut self, label: Option<String>) -> Self {
        self.label = label;
        self
    }

    /// It holds no more.
    pub(super) fn clear(rule: AlertRuleId, subject: Subject, why: String) -> Self {
        Self {
            rule,
            subject,
            input: AlertInput::Clear(why),
            text: String::new(),
            label: None,
        }
    }
}

/// Whether to write down how far was looked: an end that was looked at must not be looked at again.
pub(super) fn is_save_due(saved: Option<i64>, seq: i64, has_ended: bool) -> bool {
    saved.is_none_or(|saved| seq > saved && (has_ended || seq - saved >= SAVED_AT_LEAST_EVERY))
}

/// Moves the alerts. How far was looked is written with the last of them, so that whoever is killed in
/// between looks again; what was opened by then is open, and opening it again changes nothing.
pub(super) fn carry_out(hub: &Hub, moves: Vec<Move>, seq: Option<i64>) -> Result<(), HubError> {
    let moves = moves.into_iter().map(|one| (one, hub.next_id()));
    let mut rest: Vec<(Move, AlertId)> = moves.collect();
    let now = hub.now();
    while rest.len() > MOVES_PER_STEP {
        let some: Vec<_> = rest.drain(..MOVES_PER_STEP).collect();
        hub.write(move |tx| move_all(tx, some, now))?;
    }
    // Each rule may put one message together.
    let mut rules: HashSet<AlertRuleId> = rest.iter().map(|(one, _)| one.rule).collect();
    rules.extend(hub.read(|tx| Ok(alerts::list_rules_with_news(tx)?))?);
    let mut spares: Vec<Spare> = rules.iter().map(|_| Spare::new(hub)).collect();
    hub.write(move |tx| {
        move_all(tx, rest, now)?;
        for id in alerts::list_rules_with_news(tx)? {
            let rule = alerts::rules::find(tx, id)?;
            if let (Some(rule), Some(spare)) = (rule, spares.pop()) {
                tell(tx, &rule, spare, now)?;
            }
        }
        if let Some(seq) = seq {
            reading::save_seq(tx, seq)?;
        }
        Ok(())
    })
}

fn move_all(tx: &mut Tx, moves: Vec<(Move, AlertId)>, now: Timestamp) -> Result<(), HubError> {
    for (one, id) in moves {
        move_one(tx, one, id, now)?;
    }
    Ok(())
}

fn move_one(tx: &mut Tx, one: Move, id: AlertId, now: Timestamp) -> Result<(), HubError> {
    let found = alerts::find_of(tx, one.rule, &one.subject)?;
    match (found, &one.input) {
        // Somebody may have resolved it meanwhile.
        (None, AlertInput::Clear(_)) => Ok(()),
        (Some(alert), AlertInput::Clear(_)) if alert.state.word() == AlertWord::Resolved => Ok(()),
        (Some(alert), AlertInput::Clear(_)) => step(tx, alert, one.input, now).map(drop),
        (Some(mut alert), _) => {
            if alert.state.word() == AlertWord::Resolved {
                alert.text = one.text;
                alert.opened_at = now;
                alert.reopened = alert.reopened.saturating_add(1);
            }
            step(tx, alert, one.input, now).map(drop)
        }
        (None, _) => {
            // Somebody may have deleted the rule meanwhile.
            if alerts::rules::find(tx, one.rule)?.is_none() {
                return Ok(());
            }
            let label = match one.label {
                Some(label) => label,
                None => label(tx, &one.subject)?,
            };
            let alert = Alert {
                id,
                rule: one.rule,
                subject: one.subject,
                label,
                text: one.text,
                state: AlertState::Open,
                opened_at: now,
                reopened: 0,
                is_news: true,
            };
            alerts::insert(tx, &alert)?;
            record(tx, &alert, now)
        }
    }
}

/// What a subject is called.
fn label(tx: &mut Tx, subject: &Subject) -> Result<String, HubError> {
    Ok(match subject {
        Subject::Run(run) => match reading::find_named(tx, *run)? {
            Some(named) => format!("{}, task {}", named.experiment, named.number),
            None => format!("run {}", run.short()),
        },
        Subject::Worker(id) => format!("worker {}", id.short()),
        Subject::Budget(id) => format!("budget {id}"),
        Subject::All => "all runs".to_owned(),
    })
}
