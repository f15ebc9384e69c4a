//! One look at everything that rules are about: what holds is compared with the alerts that are there.
//!
//! What a look costs grows with what changed since the last one: one look at an index for each run that
//! measured something and each name that rules ask for, whatever the number of rules; comparing costs
//! nanoseconds for each value and rule that asks for it. Filters are asked only of what is beyond a
//! bound, at most once a minute.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use cupola_domain::{
    alert::{Alert, Subject},
    ids::{AlertRuleId, RunId, WorkerId},
    time::Instant,
};
use cupola_search::{
    alert::{Condition, CostOf, Rule, Watched},
    filter::Filter,
};
use cupola_store::{
    Tx,
    alerts::{
        self,
        reading::{self, Changed, ChangedKind, Latest},
    },
    run_search,
};

use super::{
    RULES_MAX, Watch,
    money::{FRESH_FOR, Money},
    moving::{self, Move},
    over::{Known, why_over},
    workers::Workers,
};
use crate::{Hub, HubError};

/// So many changes are looked at at once.
const CHANGES_PER_LOOK: i64 = 20_000;

/// What the store says for a look.
pub(super) struct Sight {
    pub(super) rules: Vec<Rule>,
    /// By rule, of what lasts alone: what happened is looked for when it is asked for.
    unresolved: HashMap<AlertRuleId, Vec<Alert>>,
    pub(super) changed: Vec<Changed>,
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
            let unresolved = unresolved(tx, &rules)?;
            let looks_at_runs = rules.iter().any(|rule| is_about_running(&rule.condition));
            Ok(Sight {
                unresolved,
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
        let up = watch.since_first_look(now);
        let workers = Workers::of(self, &sight.rules, up)?;
        let is_new = watch.refresh(&sight.rules, &sight.running, now);
        watch.open = sight.unresolved.keys().copied().collect();
        let money = self.money(watch, &sight.rules, is_new)?;
        self.take_values(watch, &sight, &workers, is_new)?;
        let mut moves = Vec::new();
        for rule in sight
            .rules
            .iter()
            .filter(|rule| !rule.condition.is_happening())
        {
            let mut holds = holds(watch, rule, &workers, &money, now);
            // What costs is read from time to time, and a run may have ended since.
            holds.retain(|subject, _| is_running(&sight.running, subject));
            let open = sight.unresolved.get(&rule.id);
            let open: HashSet<&Subject> = (open.into_iter().flatten())
                .map(|alert| &alert.subject)
                .collect();
            let fresh = holds.iter().filter(|(subject, _)| !open.contains(subject));
            let fresh: Vec<_> = fresh.map(|(s, text)| (s.clone(), text.clone())).collect();
            for (subject, text) in self.wanted(watch, rule, fresh)? {
                let label = match &subject {
                    Subject::Worker(id) => workers.name(*id).map(str::to_owned),
                    Subject::Budget(level) => money.name(level),
                    _ => None,
                };
                moves.push(Move::hold(rule.id, subject, text).called(label));
            }
            let known = Known {
                watch: &*watch,
                running: &sight.running,
                workers: &workers,
                now,
            };
            for subject in open
                .into_iter()
                .filter(|subject| !holds.contains_key(subject))
            {
                if let Some(why) = why_over(&known, rule, subject) {
                    moves.push(Move::clear(rule.id, subject.clone(), why));
                }
            }
        }
        moves.extend(self.happened(&sight)?);
        moves.extend(self.forgotten(watch, &sight.rules)?);
        self.write_down(watch, &sight, moves)
    }

    /// Moves the alerts, and notes how far was looked where that is due; says how many were moved.
    fn write_down(
        &self,
        watch: &mut Watch,
        sight: &Sight,
        moves: Vec<Move>,
    ) -> Result<usize, HubError> {
        let has_ended = sight.changed.iter().any(|c| c.kind == ChangedKind::Ended);
        watch.saved_to = sight.saved_to;
        let is_save_due = moving::is_save_due(watch.saved_to, sight.seq, has_ended);
        let count = moves.len();
        if count > 0 || is_save_due || self.has_news(&sight.rules)? {
            let seq = is_save_due.then_some(sight.seq);
            moving::carry_out(self, moves, seq)?;
            watch.saved_to = seq.or(watch.saved_to);
        }
        watch.read_to = Some(sight.seq);
        Ok(count)
    }

    /// What costs and budgets are: read anew from time to time, and when a rule is new.
    fn money(
        &self,
        watch: &mut Watch,
        rules: &[Rule],
        is_new: bool,
    ) -> Result<Arc<Money>, HubError> {
        let now = self.monotonic();
        if let Some((at, money)) = &watch.money
            && !is_new
            && now.since(*at) < FRESH_FOR
        {
            return Ok(Arc::clone(money));
        }
        let money = Arc::new(Money::of(self, rules)?);
        watch.money = Some((now, Arc::clone(&money)));
        Ok(money)
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
        // What was measured before this hub started may be long ago.
        let begun_after = watch.begun_after;
        let before = sight
            .changed
            .partition_point(|changed| changed.seq <= begun_after);
        let heard: HashSet<RunId> = subjects(&sight.changed[before..], ChangedKind::Metrics);
        watch.hear(&heard, now);
        let measured: HashSet<RunId> = subjects(&sight.changed, ChangedKind::Metrics);
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

    /// Whether something was held back that may be told now.
    fn has_news(&self, rules: &[Rule]) -> Result<bool, HubError> {
        let waiting = self.read(|tx| Ok(alerts::list_rules_with_news(tx)?))?;
        let now = self.now();
        let mut own = rules.iter().filter(|rule| waiting.contains(&rule.id));
        Ok(own.any(|rule| rule.may_tell(now)))
    }
}

/// What is not resolved of the rules on what lasts.
fn unresolved(tx: &mut Tx, rules: &[Rule]) -> Result<HashMap<AlertRuleId, Vec<Alert>>, HubError> {
    let counts = alerts::count_unresolved_by_rule(tx)?;
    let mut found = HashMap::new();
    for rule in rules {
        if counts.contains_key(&rule.id) && !rule.condition.is_happening() {
            let own = alerts::list_unresolved_of(tx, rule.id, i64::MAX)?;
            found.insert(rule.id, own);
        }
    }
    Ok(found)
}

/// Whether a subject is no run, or one that runs.
fn is_running(running: &HashSet<RunId>, subject: &Subject) -> bool {
    match subject {
        Subject::Run(run) => running.contains(run),
        _ => true,
    }
}

/// Whether a condition looks at runs while they run.
fn is_about_running(condition: &Condition) -> bool {
    match condition {
        Condition::NoData { .. } => true,
        Condition::Cost { of, .. } => *of == CostOf::Run,
        condition => condition.watched().is_some_and(Watched::is_metric),
    }
}

/// About what a rule holds now.
fn holds(
    watch: &mut Watch,
    rule: &Rule,
    workers: &Workers,
    money: &Money,
    now: Instant,
) -> HashMap<Subject, String> {
    match &rule.condition {
        condition @ (Condition::Cost { .. } | Condition::Budget { .. }) => money.holds(condition),
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

pub(super) fn takes(
    tx: &mut Tx,
    filter: Option<&Filter>,
    subject: &Subject,
) -> Result<bool, HubError> {
    match (filter, subject) {
        (Some(filter), Subject::Run(run)) => Ok(run_search::satisfies(tx, *run, filter)?),
        _ => Ok(true),
    }
}
