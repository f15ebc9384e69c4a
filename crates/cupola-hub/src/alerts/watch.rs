//! What the rules know by heart between two looks. Without a store and without a clock: both are
//! arguments, so that a test can let hours pass.
//!
//! A hub that starts knows nothing: it looks at all that runs, and the times that conditions ask for
//! begin anew. `over` says what that means for alerts that are open by then.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use cupola_domain::{
    alert::Subject,
    ids::{AlertRuleId, RunId},
    time::Instant,
};
use cupola_search::alert::{Condition, Rule, Swing};

use super::money::Money;

/// A run that a rule's filter did not take is asked about again after this: tags may change.
const EXCLUDED_FOR: Duration = Duration::from_mins(1);

/// Alerts that nobody needs any more are looked for this often.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

type Key = (AlertRuleId, Subject);

/// A rule's condition, as it was when it was looked at first.
#[derive(Debug)]
struct KnownRule {
    condition: Condition,
    since: Instant,
}

/// When a running run measured something last; when it was first seen, where it has not since.
#[derive(Debug, Clone, Copy)]
struct Heard {
    at: Instant,
    was_heard: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// The changes up to here were looked at.
    pub(super) read_to: Option<i64>,
    /// The same, as the store knows it.
    pub(super) saved_to: Option<i64>,
    /// When anything was looked at first.
    first_look: Option<Instant>,
    /// The last change that there was when the hub started.
    pub(super) begun_after: i64,
    /// When alerts that nobody needs any more were looked for.
    swept: Option<Instant>,
    /// The rules that were looked at, as they were then.
    known: HashMap<AlertRuleId, KnownRule>,
    /// What is known of each running run.
    heard: HashMap<RunId, Heard>,
    /// Values that are beyond a threshold, and since when.
    beyond: HashMap<Key, (f64, Instant)>,
    /// The rules that have open alerts.
    pub(super) open: HashSet<AlertRuleId>,
    /// Values of the last look that are within bounds, where they were not or an alert may say so.
    back: HashMap<Key, f64>,
    /// Values within a time, for changes.
    swings: HashMap<Key, (f64, Swing)>,
    /// What filters did not take.
    excluded: HashMap<Key, Instant>,
    /// What costs and budgets were, and when.
    pub(super) money: Option<(Instant, Arc<Money>)>,
}

impl Watch {
    /// Of a hub that starts, and the last change that there was by then.
    pub(crate) fn after(seq: i64) -> Self {
        Self {
            begun_after: seq,
            ..Self::default()
        }
    }

    /// Forgets rules that went or whose condition was edited, and runs that run no more. Says whether a rule is new: then
    /// everything that runs is to be looked at, and not only what changed.
    pub(super) fn refresh(
        &mut self,
        rules: &[Rule],
        running: &HashSet<RunId>,
        now: Instant,
    ) -> bool {
        self.first_look.get_or_insert(now);
        let is_known = |rule: &&Rule| {
            let known = self.known.get(&rule.id);
            known.is_some_and(|known| known.condition == rule.condition)
        };
        let same: HashSet<AlertRuleId> = (rules.iter().filter(is_known))
            .map(|rule| rule.id)
            .collect();
        let stays = |(rule, subject): &Key| {
            let runs = match subject {
                Subject::Run(run) => running.contains(run),
                _ => true,
            };
            runs && same.contains(rule)
        };
        self.beyond.retain(|key, _| stays(key));
        self.swings.retain(|key, _| stays(key));
        self.excluded
            .retain(|key, at| stays(key) && now.since(*at) < EXCLUDED_FOR);
        self.back.clear();
        let there: HashSet<AlertRuleId> = rules.iter().map(|rule| rule.id).collect();
        self.known.retain(|id, _| there.contains(id));
        for rule in rules.iter().filter(|rule| !same.contains(&rule.id)) {
            let known = KnownRule {
                condition: rule.condition.clone(),
                since: now,
            };
            self.known.insert(rule.id, known);
        }
        self.heard.retain(|run, _| running.contains(run));
        for run in running {
            let first = Heard {
                at: now,
                was_heard: false,
            };
            self.heard.entry(*run).or_insert(first);
        }
        same.len() < rules.len()
    }

    /// These runs measured something.
    pub(super) fn hear<'a>(&mut self, runs: impl IntoIterator<Item = &'a RunId>, now: Instant) {
        for run in runs {
            if let Some(heard) = self.heard.get_mut(run) {
                *heard = Heard {
                    at: now,
                    was_heard: true,
                };
            }
        }
    }

    /// The newest value of a series that a rule looks at.
    pub(super) fn take(&mut self, rule: &Rule, subject: Subject, value: f64, now: Instant) {
        let key = (rule.id, subject);
        match &rule.condition {
            Condition::Threshold { test, .. } if test.holds(value) => {
                let beyond = self.beyond.entry(key).or_insert((value, now));
                beyond.0 = value;
            }
            Condition::Threshold { .. } => {
                let was_beyond = self.beyond.remove(&key).is_some();
                // An alert may be open of which nothing is known since a start.
                if was_beyond || self.open.contains(&rule.id) {
                    self.back.insert(key, value);
                }
            }
            Condition::Change { by, within, .. } => {
                let fresh = || (value, Swing::new(*by, *within));
                let swing = self.swings.entry(key).or_insert_with(fresh);
                swing.0 = value;
            }
            _ => {}
        }
    }

    /// About what a rule on series holds now, and what there is to say of it.
    pub(super) fn holding(&mut self, rule: &Rule, now: Instant) -> HashMap<Subject, String> {
        match &rule.condition {
            Condition::Threshold { lasting, .. } => {
                let own = self.beyond.iter().filter(|((id, _), _)| *id == rule.id);
                let long = own.filter(|(_, (_, since))| now.since(*since) >= *lasting);
                let said = long.map(|((_, subject), (value, _))| {
                    (subject.clone(), rule.condition.found(*value))
                });
                said.collect()
            }
            Condition::Change { by, .. } => {
                let own = (self.swings.iter_mut()).filter(|((id, _), _)| *id == rule.id);
                let said = own.filter_map(|((_, subject), (value, swing))| {
                    let from = swing.add(now, *value)?;
                    let is_far = by.holds(from, *value);
                    is_far.then(|| (subject.clone(), rule.condition.changed(from, *value)))
                });
                said.collect()
            }
            _ => HashMap::new(),
        }
    }

    /// The runs that measured nothing for so long.
    pub(super) fn silent(&self, silence: Duration, now: Instant) -> Vec<RunId> {
        let silent = self
            .heard
            .iter()
            .filter(|(_, heard)| now.since(heard.at) >= silence);
        silent.map(|(run, _)| *run).collect()
    }

    /// For how long anything has been looked at.
    pub(super) fn since_first_look(&self, now: Instant) -> Duration {
        let first = self.first_look;
        first.map_or(Duration::ZERO, |first| now.since(first))
    }

    /// For how long a rule has been looked at with the condition that it has.
    pub(super) fn since_known(&self, rule: AlertRuleId, now: Instant) -> Duration {
        let known = self.known.get(&rule);
        known.map_or(Duration::ZERO, |known| now.since(known.since))
    }

    /// Whether a subject is no running run, or one that measured something since it was first seen.
    pub(super) fn was_heard(&self, subject: &Subject) -> bool {
        let heard = match subject {
            Subject::Run(run) => self.heard.get(run),
            _ => None,
        };
        heard.is_none_or(|heard| heard.was_heard)
    }

    /// Whether a value is beyond a threshold, for however long.
    pub(super) fn is_beyond(&self, rule: AlertRuleId, subject: &Subject) -> bool {
        self.beyond.contains_key(&(rule, subject.clone()))
    }

    /// Whether alerts that nobody needs any more are to be looked for again.
    pub(super) fn is_sweep_due(&mut self, now: Instant) -> bool {
        let is_early = |swept: Instant| now.since(swept) < SWEEP_EVERY;
        if self.swept.is_some_and(is_early) {
            return false;
        }
        self.swept = Some(now);
        true
    }

    /// The value that is within bounds again, where that is why a condition holds no more.
    pub(super) fn back(&self, rule: AlertRuleId, subject: &Subject) -> Option<f64> {
        self.back.get(&(rule, subject.clone())).copied()
    }

    /// Whether a rule's filter did not take a subject a moment ago.
    pub(super) fn is_excluded(&self, rule: AlertRuleId, subject: &Subject) -> bool {
        self.excluded.contains_key(&(rule, subject.clone()))
    }

    /// A rule's filter does not take a subject.
    pub(super) fn exclude(&mut self, rule: AlertRuleId, subject: Subject, now: Instant) {
        self.excluded.insert((rule, subject), now);
    }
}

#[cfg(test)]
mod tests {
    use cupola_domain::{ids::Ids, time::Timestamp};

    use super::*;

    fn rule(condition: &str) -> Rule {
        let at = Timestamp::from_millis(0);
        Rule {
            id: Ids::new(7).next(at),
            name: "r".to_owned(),
            condition: Condition::parse(condition).unwrap(),
            repeat: Duration::ZERO,
            targets: Vec::new(),
            muted_until: None,
            told_at: None,
            author: String::new(),
            created_at: at,
            updated_at: at,
        }
    }

    /// `0=12` is the value 12 at second 0, `30` a look at second 30; the answer is the seconds at which the
    /// condition held.
    #[track_caller]
    fn check(condition: &str, script: &str, expected: &[u64]) {
        let rule = rule(condition);
        let run: RunId = Ids::new(1).next(Timestamp::from_millis(1));
        let running = HashSet::from([run]);
        let mut watch = Watch::default();
        let mut held = Vec::new();
        for word in script.split_whitespace() {
            let (second, value) = match word.split_once('=') {
                Some((second, value)) => (second, Some(value.parse::<f64>().unwrap())),
                None => (word, None),
            };
            let second: u64 = second.parse().unwrap();
            let now = Instant::from_origin(Duration::from_secs(second));
            watch.refresh(std::slice::from_ref(&rule), &running, now);
            if let Some(value) = value {
                watch.hear([&run], now);
                watch.take(&rule, Subject::Run(run), value, now);
            }
            let holds = match rule.condition {
                Condition::NoData { silence, .. } => !watch.silent(silence, now).is_empty(),
                _ => !watch.holding(&rule, now).is_empty(),
            };
            if holds {
                held.push(second);
            }
        }
        assert_eq!(held, expected, "{condition}: {script}");
    }

    #[test]
    fn a_threshold_holds_at_once_or_after_its_time() {
        check("metric x > 10", "0=9 5=11 10 15=10 20=12", &[5, 10, 20]);
        check(
            "metric x > 10 for 1m",
            "0=11 30=12 60=13 65 70=9 75=11 130",
            &[60, 65],
        );
        check("metric x > 10 for 1m", "75=11 130 135", &[135]);
        check("metric x is nan", "0=1 5=NaN 10=2", &[5]);
    }

    #[test]
    fn a_change_holds_while_its_window_has_it() {
        check("change x +50% in 1m", "0=10 30=16 60 65 95", &[30, 60]);
        check("change x -5 in 1m", "0=10 30=5 60=4 120", &[30, 60]);
    }

    #[test]
    fn silence_is_counted_from_when_a_run_was_first_seen_running() {
        check("no data 1m", "0 59 60 65=1 70 124 125", &[60, 125]);
    }

    #[test]
    fn what_is_edited_or_ended_is_forgotten() {
        let (mut edited, mut watch) = (rule("metric x > 10"), Watch::default());
        let run: RunId = Ids::new(1).next(Timestamp::from_millis(1));
        let now = Instant::from_origin(Duration::from_secs(9));
        let running = HashSet::from([run]);
        assert!(watch.refresh(std::slice::from_ref(&edited), &running, now));
        watch.take(&edited, Subject::Run(run), 11.0, now);
        assert!(!watch.refresh(std::slice::from_ref(&edited), &running, now));
        assert_eq!(watch.holding(&edited, now).len(), 1);
        // What does not change what it looks for changes nothing.
        edited.updated_at = Timestamp::from_millis(1);
        "renamed".clone_into(&mut edited.name);
        assert!(!watch.refresh(std::slice::from_ref(&edited), &running, now));
        assert_eq!(watch.holding(&edited, now).len(), 1);
        edited.condition = Condition::parse("metric x > 10.5").unwrap();
        assert!(watch.refresh(std::slice::from_ref(&edited), &running, now));
        assert!(watch.holding(&edited, now).is_empty());
        watch.take(&edited, Subject::Run(run), 11.0, now);
        watch.exclude(edited.id, Subject::Run(run), now);
        watch.refresh(std::slice::from_ref(&edited), &HashSet::new(), now);
        assert!(watch.holding(&edited, now).is_empty());
        assert!(!watch.is_excluded(edited.id, &Subject::Run(run)));
        assert!(watch.silent(Duration::ZERO, now).is_empty());
    }
}
