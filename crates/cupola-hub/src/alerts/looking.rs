//! One look at everything that rules are about: what holds is compared with the alerts that are there.
//!
//! What a look costs grows with what changed since the last one: one look at an index for each run that
//! measured something and each name that rules ask for, whatever the number of rules; comparing costs
//! nanoseconds for each value and rule that asks for it. Filters are asked only of what is beyond a
//! bound, at most once a minute.

use std::collections::{HashMap, HashSet};

use cupola_domain::{
    alert::{Alert, Subject},
    ids::{AlertRuleId, RunId, WorkerId},
    run::{Failure, Outcome},
    time::Instant,
};
use cupola_search::{
    alert::{Condition, Rule, Watched, shown},
    filter::Filter,
};
use cupola_store::{
    Tx,
    alerts::{
        self,
        reading::{self, Changed, ChangedKind, Latest, Named},
    },
    run_search, runs,
};

use super::{
    RULES_MAX, Watch,
    moving::{self, Move},
    workers::Workers,
};
use crate::{Hub, HubError};

/// So many changes are looked at at once.
const CHANGES_PER_LOOK: i64 = 20_000;

/// What the store says for a look.
struct Sight {
    rules: Vec<Rule>,
    unresolved: Vec<Alert>,
    changed: Vec<Changed>,
    running: HashSet<RunId>,
    /// The last change that is in this look.
    seq: i64,
    has_more: bool,
    saved_to: Option<i64>,
}

impl Hub {
    /// Looks at all that changed; says how many alerts were moved.
    pub(crate) fn look_after_alerts(&self) -> Result<usize, HubError> {
        let mut watch = self.watch();
        let mut moved = 0;
        loop {
            let sight = self.sight(&watch)?;
            let has_more = sight.has_more;
            moved += self.look(&mut watch, sight)?;
            if !has_more {
                return Ok(moved);
            }
        }
    }

    fn sight(&self, watch: &Watch) -> Result<Sight, HubError> {
        // What is told is committed, and so is in the snapshot that is read next.
        let told = self.last_told();
        let (read_to, saved_to) = (watch.read_to, watch.saved_to);
        self.read(move |tx| {
            let saved_to = match saved_to {
                Some(seq) => Some(seq),
                None => reading::find_seq(tx)?,
            };
            // A store that nobody looked at, or that was copied, has no past.
            let from = read_to.or(saved_to).unwrap_or(told).min(told);
            let changed = reading::list_changed(tx, from, CHANGES_PER_LOOK)?;
            let has_more = i64::try_from(changed.len()).is_ok_and(|n| n == CHANGES_PER_LOOK);
            let last = changed.last().map_or(from, |changed| changed.seq);
            let rules = alerts::rules::list(tx, RULES_MAX)?;
            let looks_at_runs = rules.iter().any(|rule| is_about_running(&rule.condition));
            Ok(Sight {
                unresolved: alerts::list_unresolved(tx, i64::MAX)?,
                running: if looks_at_runs {
                    reading::list_running(tx)?.into_iter().collect()
                } else {
                    HashSet::new()
                },
                seq: if has_more { last } else { last.max(told) },
                rules,
                changed,
                has_more,
                saved_to,
            })
        })
    }

    fn look(&self, watch: &mut Watch, sight: Sight) -> Result<usize, HubError> {
        let now = self.monotonic();
        let workers = Workers::of(self, &sight.rules)?;
        let is_new = watch.refresh(&sight.rules, &sight.running, now);
        self.take_values(watch, &sight, &workers, is_new)?;
        let mut moves = Vec::new();
        for rule in &sight.rules {
            if rule.condition.is_happening() {
                continue;
            }
            let holds = holds(watch, rule, &workers, now);
            let open = open_of(&sight.unresolved, rule.id);
            let fresh = holds
                .iter()
                .filter(|(subject, _)| !open.contains_key(subject));
            let fresh: Vec<_> = fresh.map(|(s, text)| (s.clone(), text.clone())).collect();
            for (subject, text) in self.wanted(watch, rule, fresh)? {
                moves.push(Move::hold(rule.id, subject, text));
            }
            let over = open
                .into_iter()
                .filter(|(subject, _)| !holds.contains_key(subject));
            for (subject, _) in over {
                let why = why_over(watch, rule, subject, &sight.running, &workers);
                moves.push(Move::clear(rule.id, subject.clone(), why));
            }
        }
        moves.extend(self.happened(&sight)?);
        let has_ended = sight.changed.iter().any(|c| c.kind == ChangedKind::Ended);
        watch.saved_to = sight.saved_to;
        let is_save_due = moving::is_save_due(watch.saved_to, sight.seq, has_ended);
        let count = moves.len();
        if count > 0 || is_save_due || self.has_news(&sight.rules)? {
            let seq = is_save_due.then_some(sight.seq);
            moving::carry_out(self, &workers, moves, seq)?;
            watch.saved_to = seq.or(watch.saved_to);
        }
        watch.read_to = Some(sight.seq);
        Ok(count)
    }

    /// Reads the newest values of the series that rules ask for, of what changed; of everything where a
    /// rule is new.
    fn take_values(
        &self,
        watch: &mut Watch,
        sight: &Sight,
        workers: &Workers,
        is_new: bool,
    ) -> Result<(), HubError> {
        let now = self.monotonic();
        let measured: HashSet<RunId> = subjects(&sight.changed, ChangedKind::Metrics);
        watch.hear(&measured, now);
        let runs: Vec<RunId> = if is_new {
            sight.running.iter().copied().collect()
        } else {
            measured.intersection(&sight.running).copied().collect()
        };
        let machines: Vec<WorkerId> = if is_new {
            workers.ids().collect()
        } else {
            let sampled: HashSet<WorkerId> = subjects(&sight.changed, ChangedKind::Telemetry);
            sampled.into_iter().collect()
        };
        let texts = runs.iter().map(ToString::to_string).collect();
        let latest = self.latest(texts, names(&sight.rules, Watched::is_metric))?;
        take_latest(watch, &sight.rules, &latest, now, |owner, of| {
            of.is_metric()
                .then(|| owner.parse().ok().map(Subject::Run))?
        });
        let texts = machines.iter().map(ToString::to_string).collect();
        let latest = self.latest(texts, names(&sight.rules, |of| !of.is_metric()))?;
        take_latest(watch, &sight.rules, &latest, now, |owner, of| {
            (!of.is_metric()).then(|| owner.parse().ok().map(Subject::Worker))?
        });
        Ok(())
    }

    fn latest(&self, owners: Vec<String>, names: Vec<String>) -> Result<Vec<Latest>, HubError> {
        if owners.is_empty() || names.is_empty() {
            return Ok(Vec::new());
        }
        self.read(move |tx| Ok(reading::list_latest(tx, &owners, &names)?))
    }

    /// Those of `fresh` that the rule's filter takes.
    fn wanted(
        &self,
        watch: &mut Watch,
        rule: &Rule,
        mut fresh: Vec<(Subject, String)>,
    ) -> Result<Vec<(Subject, String)>, HubError> {
        let Some(filter) = rule.condition.filter().cloned() else {
            return Ok(fresh);
        };
        fresh.retain(|(subject, _)| !watch.is_excluded(rule.id, subject));
        if fresh.is_empty() {
            return Ok(fresh);
        }
        let sorted = self.read(move |tx| {
            let mut sorted = Vec::with_capacity(fresh.len());
            for (subject, text) in fresh {
                let is_wanted = takes(tx, Some(&filter), &subject)?;
                sorted.push((is_wanted, subject, text));
            }
            Ok(sorted)
        })?;
        let (now, mut wanted) = (self.monotonic(), Vec::new());
        for (is_wanted, subject, text) in sorted {
            if is_wanted {
                wanted.push((subject, text));
            } else {
                watch.exclude(rule.id, subject, now);
            }
        }
        Ok(wanted)
    }

    /// What happened to runs that ended: each failure opens an alert, and a later attempt that completes
    /// resolves it.
    fn happened(&self, sight: &Sight) -> Result<Vec<Move>, HubError> {
        let ended = sight
            .changed
            .iter()
            .filter(|c| c.kind == ChangedKind::Ended);
        let ended: Vec<Changed> = ended.cloned().collect();
        let rules = sight
            .rules
            .iter()
            .filter(|rule| rule.condition.is_happening());
        let rules: Vec<Rule> = rules.cloned().collect();
        if ended.is_empty() || rules.is_empty() {
            return Ok(Vec::new());
        }
        let open: Vec<(AlertRuleId, Subject)> = (sight.unresolved.iter())
            .map(|alert| (alert.rule, alert.subject.clone()))
            .collect();
        self.read(move |tx| {
            let mut moves = Vec::new();
            for changed in &ended {
                let Ok(run) = changed.subject.parse() else {
                    continue;
                };
                let Some(named) = reading::find_named(tx, run)? else {
                    continue;
                };
                moves.extend(failed(tx, &rules, changed, &named)?);
                moves.extend(made_good(tx, &rules, &open, &named)?);
            }
            Ok(moves)
        })
    }

    /// Whether something was held back that may be told now.
    fn has_news(&self, rules: &[Rule]) -> Result<bool, HubError> {
        let waiting = self.read(|tx| Ok(alerts::list_rules_with_news(tx)?))?;
        let now = self.now();
        let mut own = rules.iter().filter(|rule| waiting.contains(&rule.id));
        Ok(own.any(|rule| rule.may_tell(now)))
    }
}

/// Whether a condition looks at runs while they run.
fn is_about_running(condition: &Condition) -> bool {
    match condition {
        Condition::NoData { .. } => true,
        condition => condition.watched().is_some_and(Watched::is_metric),
    }
}

/// About what a rule holds now.
fn holds(
    watch: &mut Watch,
    rule: &Rule,
    workers: &Workers,
    now: Instant,
) -> HashMap<Subject, String> {
    match &rule.condition {
        Condition::NoData { silence, .. } => {
            let silent = watch.silent(*silence, now).into_iter();
            let text = "it runs and has measured nothing since";
            silent
                .map(|run| (Subject::Run(run), text.to_owned()))
                .collect()
        }
        Condition::WorkerGone { silence } => workers.gone(*silence),
        _ => {
            let mut holds = watch.holding(rule, now);
            holds.retain(|subject, _| match subject {
                Subject::Worker(id) => workers.is_there(*id),
                _ => true,
            });
            holds
        }
    }
}

fn why_over(
    watch: &Watch,
    rule: &Rule,
    subject: &Subject,
    running: &HashSet<RunId>,
    workers: &Workers,
) -> String {
    let is_gone = match subject {
        Subject::Run(run) => (!running.contains(run)).then_some("the run has ended"),
        Subject::Worker(id) if workers.name(*id).is_none() => Some("the worker was removed"),
        Subject::Worker(id) if !workers.is_there(*id) => Some("the worker measures nothing more"),
        _ => None,
    };
    match (is_gone, watch.back(rule.id, subject)) {
        (Some(why), _) => why.to_owned(),
        (None, Some(value)) => format!("it is {} again", shown(value)),
        (None, None) => match &rule.condition {
            Condition::NoData { .. } => "it measures again".to_owned(),
            Condition::WorkerGone { .. } => "it is heard of again".to_owned(),
            _ => "it holds no more".to_owned(),
        },
    }
}

fn open_of(unresolved: &[Alert], rule: AlertRuleId) -> HashMap<&Subject, &Alert> {
    let own = unresolved.iter().filter(|alert| alert.rule == rule);
    own.map(|alert| (&alert.subject, alert)).collect()
}

/// The ids in changes of a kind, each once.
fn subjects<I: std::str::FromStr + Eq + std::hash::Hash>(
    changed: &[Changed],
    kind: ChangedKind,
) -> HashSet<I> {
    let own = changed.iter().filter(|changed| changed.kind == kind);
    own.filter_map(|changed| changed.subject.parse().ok())
        .collect()
}

/// The names of the series that rules look at, each once.
fn names(rules: &[Rule], is_wanted: impl Fn(&Watched) -> bool) -> Vec<String> {
    let watched = rules.iter().filter_map(|rule| rule.condition.watched());
    let names: HashSet<&str> = (watched.filter(|of| is_wanted(of)))
        .map(Watched::name)
        .collect();
    names.into_iter().map(str::to_owned).collect()
}

fn take_latest(
    watch: &mut Watch,
    rules: &[Rule],
    latest: &[Latest],
    now: Instant,
    subject: impl Fn(&str, &Watched) -> Option<Subject>,
) {
    let mut by_name: HashMap<&str, Vec<(&Rule, &Watched)>> = HashMap::new();
    for rule in rules {
        if let Some(of) = rule.condition.watched() {
            by_name.entry(of.name()).or_default().push((rule, of));
        }
    }
    for Latest { owner, name, value } in latest {
        for (rule, of) in by_name.get(name.as_str()).into_iter().flatten() {
            if let Some(subject) = subject(owner, of) {
                watch.take(rule, subject, *value, now);
            }
        }
    }
}

fn takes(tx: &mut Tx, filter: Option<&Filter>, subject: &Subject) -> Result<bool, HubError> {
    match (filter, subject) {
        (Some(filter), Subject::Run(run)) => Ok(run_search::satisfies(tx, *run, filter)?),
        _ => Ok(true),
    }
}

fn failed(
    tx: &mut Tx,
    rules: &[Rule],
    changed: &Changed,
    named: &Named,
) -> Result<Vec<Move>, HubError> {
    let failure = match &named.outcome {
        // Its worker stopped in order: nothing is wrong with the run.
        None | Some(Outcome::Failed(Failure::HandedBack)) => return Ok(Vec::new()),
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
    let mut moves = Vec::new();
    let subject = Subject::Run(named.run);
    for rule in rules {
        let is_due = changed.at >= rule.created_at;
        if is_due && takes(tx, rule.condition.filter(), &subject)? {
            moves.push(Move::hold(rule.id, subject.clone(), text.clone()));
        }
    }
    Ok(moves)
}

fn words(failure: &Failure) -> String {
    failure.kind().replace('_', " ")
}

/// The alerts of earlier attempts at what completed.
fn made_good(
    tx: &mut Tx,
    rules: &[Rule],
    open: &[(AlertRuleId, Subject)],
    named: &Named,
) -> Result<Vec<Move>, HubError> {
    if named.outcome != Some(Outcome::Completed) || open.is_empty() {
        return Ok(Vec::new());
    }
    let attempts = runs::list_of_task(tx, named.task)?;
    let is_earlier = |subject: &Subject| {
        let mut others = attempts.iter().filter(|run| run.id != named.run);
        others.any(|run| *subject == Subject::Run(run.id))
    };
    let own = open.iter().filter(|(rule, subject)| {
        rules.iter().any(|known| known.id == *rule) && is_earlier(subject)
    });
    let why = "a later attempt completed";
    let moves = own.map(|(rule, subject)| Move::clear(*rule, subject.clone(), why.to_owned()));
    Ok(moves.collect())
}
