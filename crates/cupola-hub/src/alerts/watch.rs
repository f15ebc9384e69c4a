//! What the rules know by heart between two looks. Without a store and without a clock: both are
//! arguments, so that a test can let hours pass.
//!
//! A hub that starts knows nothing: it looks at all that runs, and the times that conditions ask for
//! begin anew.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use cupola_domain::{
    alert::Subject,
    ids::{AlertRuleId, RunId},
    time::{Instant, Timestamp},
};
use cupola_search::alert::{Condition, Rule, Swing};

/// A run that a rule's filter did not take is asked about again after this: tags may change.
const EXCLUDED_FOR: Duration = Duration::from_mins(1);

type Key = (AlertRuleId, Subject);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// The changes up to here were looked at.
    pub(super) read_to: Option<i64>,
    /// The same, as the store knows it.
    pub(super) saved_to: Option<i64>,
    /// The rules that were looked at, as they were then.
    known: HashMap<AlertRuleId, Timestamp>,
    /// When each running run measured something last.
    heard: HashMap<RunId, Instant>,
    /// Values that are beyond a threshold, and since when.
    beyond: HashMap<Key, (f64, Instant)>,
    /// Values that came back from there at the last look.
    back: HashMap<Key, f64>,
    /// Values within a time, for changes.
    swings: HashMap<Key, (f64, Swing)>,
    /// What filters did not take.
    excluded: HashMap<Key, Instant>,
}

impl Watch {
    /// Forgets rules that went or were edited, and runs that run no more. Says whether a rule is new: then
    /// everything that runs is to be looked at, and not only what changed.
    pub(super) fn refresh(
        &mut self,
        rules: &[Rule],
        running: &HashSet<RunId>,
        now: Instant,
    ) -> bool {
        let is_known = |rule: &Rule| self.known.get(&rule.id) == Some(&rule.updated_at);
        let has_new = !rules.iter().all(is_known);
        let same: HashSet<AlertRuleId> = (rules.iter().filter(|rule| is_known(rule)))
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
        self.known = rules
            .iter()
            .map(|rule| (rule.id, rule.updated_at))
            .collect();
        self.heard.retain(|run, _| running.contains(run));
        for run in running {
            self.heard.entry(*run).or_insert(now);
        }
        has_new
    }

    /// These runs measured something.
    pub(super) fn hear<'a>(&mut self, runs: impl IntoIterator<Item = &'a RunId>, now: Instant) {
        for run in runs {
            if let Some(at) = self.heard.get_mut(run) {
                *at = now;
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
                let was = self.beyond.remove(&key);
                self.back.extend(was.map(|_| (key, value)));
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
            .filter(|(_, at)| now.since(**at) >= silence);
        silent.map(|(run, _)| *run).collect()
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
    use cupola_domain::ids::Ids;

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
        edited.updated_at = Timestamp::from_millis(1);
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
